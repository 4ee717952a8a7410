"""Which answers whoever submitted a ticket sees, of those that a step reads by their names."""

from __future__ import annotations

from typing import Final

from workflows.bundles.outline.blocks import ITEM, ITEM_NUMBER
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.outline import Outline
from workflows.engine.rules.compiling import compile_template
from workflows.engine.rules.transforms import check_transform, transform_variables
from workflows.fields.field import SeenBy

_TASKS: Final = "tasks"
# Of a call that failed: what it says of nobody's answers, nor of the other system's.
_OPEN_OF_FAILURE: Final = frozenset(("status", "reason"))
# What holds no answer of a task.
_OPEN: Final = frozenset(
    ("ticket", "submitter", "company", "number", ITEM_NUMBER, "today", "now", "done")
)


def is_for_requester(outline: Outline, key: str, name: str) -> bool:
    """Whether the requester sees what the step `key` reads by this name.

    That is so of what was submitted, and of questions of forms that say so (`seen_by`). An entry of
    a list is judged by the answers that the list is made of. What is not known they do not see.
    """
    behind = answers_behind(outline, key, name)
    return behind is not None and all(is_seen(outline, each) for each in behind)


def answers_behind(outline: Outline, key: str, name: str) -> frozenset[str] | None:
    """The dotted names of the answers that the step `key` reads by this one.

    That is the name itself; for the entry of a list what the list is made of, and None where that
    is not known. Never raises.
    """
    if name.partition(".")[0] != ITEM:
        return frozenset((name,))
    blocks = outline.item_blocks(key)
    if not blocks:
        return None
    rule = outline.blocks[blocks[-1]].value.get("for_each")
    if check_transform(rule) or compile_template(rule).computes_names:
        return None
    found: frozenset[str] = frozenset()
    for each in transform_variables(rule):
        behind = answers_behind(outline, blocks[-1], each)
        if behind is None:
            return None
        found |= behind
    return found


def is_seen(outline: Outline, name: str) -> bool:
    """Whether the requester sees the answer of this name, which is no entry of a list."""
    root, _dot, rest = name.partition(".")
    if root in ("failure", "failures"):
        return (rest if root == "failure" else rest.partition(".")[2]) in _OPEN_OF_FAILURE
    if root != _TASKS:
        return root in _OPEN
    key, _dot, rest = rest.partition(".")
    task = outline.task_of.get(key)
    if task is None or not task.is_form:
        return False
    field = (readable_fields(task) or {}).get(rest.partition(".")[0])
    return field is not None and field.seen_by is SeenBy.REQUESTER
