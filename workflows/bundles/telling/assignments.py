"""Whom the tasks are given to, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.outline.blocks import block_labels
from workflows.bundles.outline.kinds import fields_by_name
from workflows.bundles.outline.outline import Outline
from workflows.bundles.telling.approvals import approvers_in_words
from workflows.engine.problems import quoted, short
from workflows.engine.process import Json
from workflows.engine.steps.assigning import TASKS, AssignRule, Mode, Who

_WHO = {
    Who.REQUESTER: gettext_lazy("the requester"),
    Who.MANAGER: gettext_lazy("the requester's manager"),
    Who.ANSWER: gettext_lazy("the person in %(named)s"),
    Who.DOER: gettext_lazy("whoever did %(named)s"),
    Who.PERSON: "%(named)s",
    Who.OUTSIDE: gettext_lazy("somebody outside: the address in %(named)s"),
}
_MODES = {
    Mode.FEWEST_OPEN: "",
    Mode.IN_TURN: gettext_lazy("in turn"),
    Mode.NOBODY: gettext_lazy("waits until somebody claims it"),
}


def assignment_in_words(value: Json, role: str, labels: Mapping[str, str]) -> str:
    """Whom a task is given to, in one line.

    `labels` are what people call tasks and questions, by `tasks.key`, `ticket.name` and
    `tasks.key.name`.
    """
    rule = AssignRule.of(value)
    group = role or _("every task worker")
    if rule.is_for_group:
        words = [group]
    else:
        named = f"{TASKS}{rule.named}" if rule.who is Who.DOER else rule.named
        words = [str(_WHO[rule.who]) % {"named": labels.get(named, rule.named)}]
        if rule.has_group:
            other = _("every task worker") if rule.is_for_anybody else group
            words.append(_("otherwise %(group)s") % {"group": other})
    if rule.never_requester:
        words.append(_("never the requester"))
    for key in rule.never_tasks:
        did = labels.get(f"{TASKS}{key}", key)
        words.append(_("never whoever did %(task)s") % {"task": did})
    if mode := str(_MODES[rule.mode]):
        words.append(mode)
    return ", ".join(words)


def approval_notes(document: object) -> dict[str, str]:
    """For the picture: {task key: line}, of the approvals: who is asked."""
    outline = Outline(document if isinstance(document, dict) else {})
    labels = _labels(outline) if outline.approvals else {}
    return {key: approvers_in_words(each.value, labels) for key, each in outline.approvals.items()}


def assignments_in_words(document: object) -> dict[str, str]:
    """{task key: whom it is given to}, of the tasks that have a rule of their own.

    The document may be wrong in any place.
    """
    outline = Outline(document if isinstance(document, dict) else {})
    ruled = {
        key: task
        for key, task in outline.task_of.items()
        if isinstance(task.value.get("assign_to"), dict) and task.is_form
    }
    labels = _labels(outline) if ruled else {}
    return {
        key: assignment_in_words(task.value["assign_to"], task.text("candidate_role"), labels)
        for key, task in ruled.items()
    }


def _labels(outline: Outline) -> dict[str, str]:
    labels = block_labels(outline)
    labels |= {f"{TASKS}{key}": outline.title_of(key) for key in outline.task_of}
    for name, field in fields_by_name(outline).items():
        labels[name] = quoted(short(field.label or field.name))
    return labels
