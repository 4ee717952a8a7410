"""Assistants that a document names: whether this company has such a service account."""

from __future__ import annotations

from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.bundles import Problem, Severity
from workflows.bundles.document.problems import path_in_words
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import did_you_mean, nearest
from workflows.engine.process import JsonObject
from workflows.engine.steps.assisting import Assistance
from workflows.running.people.assistants import account_named, accounts_of_assistants


def assistant_account_problems(document: JsonObject) -> list[Problem]:
    """Warnings: without the account people do the task, as it is while the assistant is away.

    One query where the document names an assistant, else none.
    """
    named = [
        (task, said.account)
        for task in Outline(document).tasks
        if (said := Assistance.of(task.value.get("assistant"))) is not None
    ]
    if not named:
        return []
    accounts = accounts_of_assistants(timezone.now())
    found = []
    for task, name in named:
        if account_named(name, accounts) is not None:
            continue
        known = [each.name for each in accounts]
        meant = nearest(name, known)
        message = _(
            "The company has no service account “%(name)s”, or more than one, that is on and has a "
            "token of an assistant: until then people do the task."
        ) % {"name": name}
        path = (*task.path, "assistant", "account")
        text = message + (did_you_mean(meant) if meant != name else "")
        problem = Problem(path, text, name, ", ".join(known), severity=Severity.WARNING)
        found.append(replace(problem, where=path_in_words(document, path)))
    return found
