"""Approvals in words: who approves, how many must, and who never may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.engine.conditions.sentence import describe_condition
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.steps.approvals import Approvers, Needed, needed_of, never_of
from workflows.engine.steps.assigning import REQUESTER, TASKS

_NEEDED: Final = {
    Needed.ONE: gettext_lazy("one must approve"),
    Needed.ALL: gettext_lazy("all must approve"),
}


def approval_in_words(task: Mapping[str, Json], labels: Mapping[str, str]) -> list[str]:
    """What an approval says, a line each; `labels` as for conditions."""
    lines = [_("approved by: %(people)s") % {"people": approvers_in_words(task, labels)}]
    lines.append(needed_in_words(task.get("needed")))
    if task.get("order") == "in_order":
        lines.append(_("one after the other"))
    lines.append(never_in_words(task.get("never"), labels))
    if task.get("hide_answers") is True:
        lines.append(_("votes stay hidden from the other approvers until it is decided"))
    return lines


def never_in_words(never: Json, labels: Mapping[str, str]) -> str:
    """Whom an approval never asks."""
    named = never_of(never)
    words = [
        _("never the requester") if REQUESTER in named else _("the requester may approve, too")
    ]
    for each in named:
        if each != REQUESTER:
            did = labels.get(each, each.removeprefix(TASKS))
            words.append(_("never whoever did %(task)s") % {"task": did})
    return ", ".join(words)


def approvers_in_words(task: Mapping[str, Json], labels: Mapping[str, str]) -> str:
    """Who is asked, in a few words."""
    approvers = task.get("approvers")
    said: JsonObject = approvers if isinstance(approvers, dict) else {}
    if role := said.get(Approvers.ROLE.value):
        return str(role)
    if said.get(Approvers.MANAGER.value):
        return _("the requester's manager")
    people = said.get(Approvers.PEOPLE.value)
    if isinstance(people, list):
        return ", ".join(str(each) for each in people) or _("nobody")
    if is_empty(people):
        return _("nobody")
    name = people.get("var") if isinstance(people, dict) else None
    named = labels.get(str(name)) or describe_condition(people, labels)
    return _("the people in %(named)s") % {"named": named}


def needed_in_words(needed: Json) -> str:
    """How many must approve."""
    found = needed_of(needed)
    if isinstance(found, Needed):
        return str(_NEEDED[found])
    return _("%(count)d must approve") % {"count": found} if found > 1 else str(_NEEDED[Needed.ONE])
