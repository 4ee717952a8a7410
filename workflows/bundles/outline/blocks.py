"""What can be read of blocks: of their branches, and of the entries of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.outline.entries import Branch
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.outline import Outline
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.conditions.sentence import choice_labels
from workflows.engine.process import EndOutcome, Json
from workflows.fields.field import Field
from workflows.fields.registry import TYPES

ITEM: Final = "item"
ITEM_NUMBER: Final = "item_number"
# What there is of a block that has ended, and of each of its branches.
PARTS: Final = ("branches", "ended")
PARTS_WITH_ITEMS: Final = ("items", "ended")
OF_BRANCH: Final = ("ended", "label", "outcome")


def item_field(outline: Outline, block: str) -> Field | None:
    """What an entry of the list of a block is, as a question; None where that is not known.

    Of records it has the columns, and no type that says more.
    """
    found = list_field(outline, block)
    if found is None:
        return None
    if found.fields:
        return found
    if found.choices:
        return Field(ITEM, TYPES["choice"], found.label, required=True, choices=found.choices)
    return None


def list_field(outline: Outline, block: str) -> Field | None:
    """The question whose answer is the list; None where it is no single answer of a form."""
    task = outline.blocks.get(block)
    rule = task.value.get("for_each") if task is not None else None
    name = rule.get("var") if isinstance(rule, dict) and list(rule) == ["var"] else None
    if isinstance(name, list) and name:
        name = name[0]
    if not isinstance(name, str):
        return None
    root, _dot, rest = name.partition(".")
    if root == "ticket":
        return (outline.fields or {}).get(rest)
    if root == "tasks":
        key, _dot, rest = rest.partition(".")
        inner = outline.task_of.get(key)
        return (readable_fields(inner) or {}).get(rest) if inner is not None else None
    return None


def items_read(outline: Outline, key: str) -> dict[str, Field]:
    """What can be read of the entry in whose branch a task stands, by dotted names."""
    blocks = outline.item_blocks(key)
    return _of_items(outline, blocks[-1]) if blocks else {}


def _of_items(outline: Outline, block: str) -> dict[str, Field]:
    number = _("Number of the entry")
    found = {ITEM_NUMBER: Field(ITEM_NUMBER, TYPES["integer"], number, required=True)}
    field = item_field(outline, block)
    if field is not None and field.fields:
        found |= {f"{ITEM}.{each.name}": each for each in field.fields}
    elif field is not None:
        found[ITEM] = field
    return found


def block_fields(outline: Outline) -> dict[str, Field]:
    """What can be read of blocks that have ended, as questions, by dotted names."""
    found: dict[str, Field] = {}
    for key in outline.blocks:
        title = {"title": outline.blocks[key].text("title") or key}
        label = _("How many branches of %(title)s have ended") % title
        found[f"tasks.{key}.ended"] = Field("ended", TYPES["integer"], label, required=True)
        for branch in () if outline.has_items(key) else outline.branches_of(key):
            name = f"tasks.{key}.branches.{branch.entry.text('key')}"
            found |= {f"{name}.{each.name}": each for each in _of_branch(branch, title)}
    return found


def _of_branch(branch: Branch, title: Mapping[str, str]) -> tuple[Field, ...]:
    words = {"branch": branch.entry.text("title") or branch.name, **title}
    outcomes = tuple((each.value, str(OUTCOMES[each].name)) for each in EndOutcome)
    ended = _("%(branch)s has ended (%(title)s)") % words
    label = _("How %(branch)s ended (%(title)s)") % words
    outcome = _("Outcome of %(branch)s (%(title)s)") % words
    return (
        Field("ended", TYPES["boolean"], ended, required=True),
        Field("label", TYPES["text"], label, required=True),
        Field("outcome", TYPES["choice"], outcome, choices=outcomes),
    )


def block_labels(outline: Outline) -> dict[str, str]:
    """What is called how in a condition of what `block_fields` and `items_read` have."""
    found = block_fields(outline)
    labels: dict[str, str] = {}
    for key in outline.blocks:
        if outline.has_items(key):
            for name, field in _of_items(outline, key).items():
                found.setdefault(name, field)
                labels.setdefault(ITEM, outline.branches_of(key)[0].entry.text("title") or ITEM)
    for name, field in found.items():
        label = field.label or field.name
        if name.startswith(f"{ITEM}."):
            label = _("%(field)s (of the entry)") % {"field": label}
        labels.setdefault(name, label)
        choices: list[Json] = [{"value": value, "label": label} for value, label in field.choices]
        prefix = name.removesuffix(field.name)
        labels |= choice_labels([{"name": field.name, "choices": choices}], prefix)
    return labels
