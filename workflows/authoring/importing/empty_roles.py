"""Questions for a member of a company role that nobody is in."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles import Problem, Severity
from workflows.bundles.document.problems import path_in_words
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.roles import roles_in_questions
from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject
from workflows.models import CompanyRole


def empty_role_problems(document: JsonObject, *, is_published: bool) -> list[Problem]:
    """They are errors where an answer is required and the definition is to be published."""
    named = list(roles_in_questions(Outline(document)))
    if not named:
        return []
    members = CompanyRole.members.through.objects.filter(user__is_active=True)
    filled = set(members.values_list("companyrole__name_key", flat=True).distinct())
    return [
        _problem(document, path, role, is_published=is_published)
        for path, role in named
        if name_key(role) not in filled
    ]


def _problem(document: JsonObject, path: Path, role: str, *, is_published: bool) -> Problem:
    message = _(
        "Nobody is in the company role “%(role)s” yet, so that nobody can be chosen here. "
        "Give it members."
    )
    is_needed = _spec_at(document, path).get("required") is True
    severity = Severity.ERROR if is_needed and is_published else Severity.WARNING
    problem = Problem(path, message % {"role": role}, role, severity=severity)
    return replace(problem, where=path_in_words(document, path))


def _spec_at(document: JsonObject, path: Path) -> JsonObject:
    """The spec that a path to one of its keys leads into."""
    value: Json = document
    for step in path[:-1]:
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    return value if isinstance(value, dict) else {}
