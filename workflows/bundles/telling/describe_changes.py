"""Differences between two versions in words that people know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.bundles.document.canonical import default_of
from workflows.bundles.document.problems import value_text
from workflows.bundles.outline.approvals import approval_labels
from workflows.bundles.outline.blocks import block_labels
from workflows.bundles.outline.failure_fields import failure_labels
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.part_labels import with_part_labels
from workflows.bundles.outline.step_outputs import done_labels, output_labels
from workflows.bundles.outline.subtickets import subticket_labels
from workflows.bundles.telling.approvals import approvers_in_words, needed_in_words, never_in_words
from workflows.bundles.telling.assignments import assignment_in_words
from workflows.bundles.telling.assistants import assistance_in_words
from workflows.bundles.telling.blocks import ends_in_words
from workflows.bundles.telling.differences import Change, ChangeKind
from workflows.bundles.telling.edits import edits_in_words
from workflows.bundles.telling.entries import (
    HITS,
    describe_rule,
    entry_words,
    row_in_words,
    showable,
    type_name,
    value_words,
    word_for,
    words_of_checks,
)
from workflows.bundles.telling.messages import message_in_words, messages_in_words
from workflows.bundles.telling.starts import start_in_words
from workflows.bundles.telling.times import reminders_in_words
from workflows.engine.conditions.sentence import (
    choice_labels,
    describe_condition,
    describe_formula,
)
from workflows.engine.conditions.text import Names, write_expression
from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.starts import StartSpec
from workflows.engine.tables.decision_table import Hit
from workflows.fields.field import LIMIT_KEYS
from workflows.fields.specs.form_rules import is_rule
from workflows.working_hours.durations import duration_in_words

# Keys of a question whose value may be a rule.
_OF_QUESTION: Final = ("computed", "required", "default", *LIMIT_KEYS)
# What the entries of a list are called in the schema of bundles.
PARTS: Final[Mapping[str | int, str]] = {
    "workflow": "workflow",
    "tasks": "task",
    "transitions": "transition",
    "ticket_types": "ticket_type",
    "fields": "field",
    "branches": "branch",
    "starts": "start",
    "table": "decision_table",
    "message": "message",
    "messages": "message_on_way",
    "inputs": "table_input",
    "outputs": "table_output",
    "rows": "table_row",
}


@dataclass(frozen=True, slots=True)
class DescribedChange:
    """One difference: what kind, where, and what stood and stands there."""

    kind: str
    where: str
    old: str
    new: str


def describe_changes(
    changes: Iterable[Change], *, old: JsonObject, new: JsonObject
) -> list[DescribedChange]:
    """The changes between two canonical bundles, in the order in which they come."""
    before, after = _Labels(old), _Labels(new)
    return [_describe_change(_with_default(each), before, after) for each in changes]


def field_labels(specs: object, prefix: str = "") -> dict[str, str]:
    """`{name: label}` of what a condition may name; the names get the prefix."""
    if not isinstance(specs, list):
        return {}
    named = [each for each in specs if isinstance(each, dict) and isinstance(each.get("name"), str)]
    labels = {f"{prefix}{each['name']}": str(each.get("label") or each["name"]) for each in named}
    return with_part_labels(labels, specs, prefix)


class _Labels:
    """What the variables of conditions are called in one version."""

    def __init__(self, document: JsonObject) -> None:
        self.document = document
        workflow, tasks = document.get("workflow"), document.get("tasks")
        self.ticket = workflow.get("fields") if isinstance(workflow, dict) else None
        self.tasks = objects_in(tasks)

    @cached_property
    def of_all_forms(self) -> dict[str, str]:
        """For the conditions of transitions, which may name every form's fields."""
        outline = Outline(self.document)
        labels = failure_labels() | block_labels(outline) | approval_labels(outline)
        labels |= subticket_labels(outline)
        labels |= _labels_of(self.ticket, "ticket.")
        for task in self.tasks:
            key, title = task.get("key"), task.get("title") or task.get("key")
            labels |= done_labels(str(key), str(title))
            labels |= choice_labels(task.get("fields"), f"tasks.{key}.")
            found = field_labels(task.get("fields"), f"tasks.{key}.")
            found |= {f"tasks.{key}.{name}": each for name, each in output_labels(task).items()}
            for name, label in found.items():
                labels[name] = _("%(field)s (%(task)s)") % {"field": label, "task": title}
        return labels

    def of_form(self, task: Json) -> dict[str, str]:
        """For when a question is asked, which depends on others of its form alone.

        `task`: the key of the task whose form it is; None for the ticket's.
        """
        if task is None:
            return _labels_of(self.ticket)
        found = [each for each in self.tasks if each.get("key") == task]
        return _labels_of(found[0].get("fields")) if found else {}

    def role_of(self, task: Json) -> str:
        """The candidate company role of the task with this key; empty: it has none."""
        found = [each for each in self.tasks if each.get("key") == task]
        return str(found[0].get("candidate_role") or "") if found else ""

    def of_place(self, place: Json) -> str:
        """A branch, as `block.branch`, or a task, as people call them."""
        if not isinstance(place, str) or not place:
            return _("the main path")
        outline = Outline(self.document)
        branch = outline.branches.get(place)
        if branch is None:
            return outline.title_of(place)
        words = {"branch": branch.entry.text("title"), "block": outline.title_of(branch.block)}
        return _("“%(branch)s” in %(block)s") % words

    def formula_in_words(self, rule: Json) -> str:
        """A formula as people write it; as JSON where that language cannot say it."""
        keys = [str(each.get("key")) for each in self.tasks]
        written = write_expression(rule, names=Names(keys)) if rule is not None else ""
        return value_text(rule) if written is None else written

    def key_at(self, path: Path) -> Json:
        """The key of the task that a path into the document leads to."""
        index = path[1] if len(path) > 1 else None
        if isinstance(index, int) and index < len(self.tasks):
            return self.tasks[index].get("key")
        return None


def _labels_of(specs: object, prefix: str = "") -> dict[str, str]:
    return field_labels(specs, prefix) | choice_labels(specs, prefix)


def _describe_change(change: Change, before: _Labels, after: _Labels) -> DescribedChange:
    kind = change.kind
    where = before if kind is ChangeKind.REMOVED else after  # into which the path leads
    task = where.key_at(change.path) if change.path[:1] == ("tasks",) else None
    return DescribedChange(
        kind=kind.value,
        where=showable(change.where),
        old=_words(change, change.old, before, task) if kind is not ChangeKind.ADDED else "",
        new=_words(change, change.new, after, task) if kind is not ChangeKind.REMOVED else "",
    )


def _with_default(change: Change) -> Change:
    """A bundle leaves out what has its default; for people that is a value like any other."""
    path = change.path
    if change.kind is ChangeKind.CHANGED or len(path) < 2 or not isinstance(path[-1], str):
        return change
    owner = path[-3] if isinstance(path[-2], int) and len(path) > 2 else path[-2]
    default = default_of(PARTS[owner], path[-1]) if owner in PARTS else None
    if default is None:
        return change
    if change.kind is ChangeKind.ADDED:
        return replace(change, kind=ChangeKind.CHANGED, old=default)
    return replace(change, kind=ChangeKind.CHANGED, new=default)


def _words(change: Change, value: Json, labels: _Labels, task: Json) -> str:
    path = change.path
    if _is_formula(path):
        return showable(labels.formula_in_words(value))
    if path[2:3] == ("table",):
        return showable(_table_words(path, value, labels))
    name = str(path[-1]) if path else ""
    if (describe := _IN_WORDS.get(name)) is not None:
        return showable(describe(value, labels, task))
    if name in _OF_QUESTION and (is_rule(value) or value == []):
        return showable(describe_rule(name, value, labels.of_form(task)))
    if name == "checks" and isinstance(value, list):
        return showable("; ".join(words_of_checks(value, labels.of_form(task))))
    if name == "type":
        return type_name(value)
    if name and (word := word_for(name, value)):
        return word
    if name in ("after", "due_in", "wait") and isinstance(value, str) and value:
        return showable(duration_in_words(value, labels.of_all_forms))
    if name == "reminders" and value:
        return showable("; ".join(reminders_in_words(value, labels.of_all_forms)))
    if isinstance(value, dict) and path and isinstance(path[-1], int):
        return showable(_words_of_entry(str(path[-2]), value, labels))
    return showable(value_words(value))


def _words_of_entry(part: str, entry: JsonObject, labels: _Labels) -> str:
    """A whole entry of the list `part`."""
    if part == "starts":
        return start_in_words(StartSpec.of(entry))
    if part == "messages":
        return "; ".join(messages_in_words([entry], labels.of_all_forms))
    return ", ".join(entry_words(entry, labels.of_all_forms))


def _condition_words(value: Json, labels: _Labels, _task: Json) -> str:
    return describe_condition(value, labels.of_all_forms)


def _place_words(value: Json, labels: _Labels, _task: Json) -> str:
    return labels.of_place(value)


# How the value of a part is told: by the part's name, of the value, in the labels of its side and
# with the key of the task that it belongs to.
_IN_WORDS: Final[Mapping[str, Callable[[Json, _Labels, Json], str]]] = {
    "condition": _condition_words,
    "when": _condition_words,
    "visible_when": lambda value, labels, task: describe_condition(value, labels.of_form(task)),
    "assign_to": lambda value, labels, task: assignment_in_words(
        value, labels.role_of(task), labels.of_all_forms
    ),
    "assistant": lambda value, _labels, _task: assistance_in_words(value) or value_words(value),
    "edits": lambda value, labels, _task: (
        edits_in_words(value, labels.of_all_forms) or value_words(value)
    ),
    "for_each": lambda value, labels, _task: _list_in_words(value, labels.of_all_forms),
    "ends_when": lambda value, _labels, _task: ends_in_words(value),
    "approvers": lambda value, labels, _task: approvers_in_words(
        {"approvers": value}, labels.of_all_forms
    ),
    "message": lambda value, labels, task: (
        message_in_words(value, labels.role_of(task), labels.of_all_forms)
        if isinstance(value, dict)
        else value_words(value)
    ),
    "needed": lambda value, _labels, _task: needed_in_words(value),
    "never": lambda value, labels, _task: never_in_words(value, labels.of_all_forms),
    "branch": _place_words,
    "start": _place_words,
}


def _list_in_words(value: Json, labels: Mapping[str, str]) -> str:
    """Where a list stands: by the name of its question, where it is one."""
    name = value.get("var") if isinstance(value, dict) else None
    known = labels.get(name) if isinstance(name, str) else None
    return value_words(None) if value is None else known or describe_formula(value, labels)


def _is_formula(path: Path) -> bool:
    """Whether a formula stands here: what a step sets, or what an input of a table reads."""
    is_of_task = path[:1] == ("tasks",) and len(path) > 3
    return is_of_task and (path[2] == "values" or (path[2] == "table" and path[-1] == "value"))


def _table_words(path: Path, value: Json, labels: _Labels) -> str:
    """A part of a decision table, or all of it."""
    if path[-1] == "hit":
        return str(HITS[Hit.named(value)])
    if isinstance(value, dict) and ("when" in value or "then" in value):
        return row_in_words(value)
    if isinstance(value, dict) and "rows" in value:
        rows = objects_in(value["rows"])
        text = ngettext("a table of %(count)d row", "a table of %(count)d rows", len(rows))
        return text % {"count": len(rows)}
    if isinstance(value, dict) and "name" in value:
        title = str(value.get("label") or value["name"])
        reads = value.get("value")
        return f"{title}: {labels.formula_in_words(reads)}" if reads is not None else title
    if isinstance(value, dict):
        return ", ".join(f"{name}: {value_words(each)}" for name, each in value.items())
    return value_words(value)
