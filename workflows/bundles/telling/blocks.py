"""Blocks and their branches in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from workflows.engine.conditions.sentence import describe_condition, describe_formula
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.rules.compiling import is_empty


def branches_in_words(
    block: JsonObject, labels: Mapping[str, str], titles: Mapping[str, str]
) -> list[str]:
    """What a block says besides its branches, a line each; `titles` are those of tasks by key."""
    lines: list[str] = []
    if not is_empty(rule := block.get("for_each")):
        name = rule.get("var") if isinstance(rule, dict) else None
        listed = labels.get(str(name)) or describe_formula(rule, labels)
        lines.append(_("for each of: %(list)s") % {"list": listed})
        lines.append(_("at most %(most)s") % {"most": block.get("most") or 50})
    if block.get("order") == "in_order":
        lines.append(_("one after the other"))
    for branch in objects_in(block.get("branches")):
        words: dict[str, object] = {
            "branch": branch.get("title") or branch.get("key") or "",
            "start": titles.get(str(branch.get("start")), str(branch.get("start") or "")),
        }
        text = _("%(branch)s: begins with %(start)s") % words
        if not is_empty(branch.get("when")):
            condition = describe_condition(branch.get("when"), labels)
            text = _("%(text)s, where %(condition)s") % {"text": text, "condition": condition}
        if branch.get("ends_block") is True:
            text = _("%(text)s; when it has ended, the block has") % {"text": text}
        lines.append(text)
    lines.append(ends_in_words(block.get("ends_when")))
    if block.get("hide_answers") is True:
        lines.append(_("answers stay hidden from the other branches until it has ended"))
    return lines


def ends_in_words(ends_when: Json) -> str:
    """When a block ends, as people read it."""
    if ends_when in (None, "", "all"):
        return _("ends when all have ended")
    if ends_when == "any":
        return _("ends when one of them has ended")
    return _("ends when %(count)s of them have ended") % {"count": ends_when}
