"""The rules of a document as sentences and as text, for the page that edits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.bundles.outline.approvals import approval_labels
from workflows.bundles.outline.blocks import block_labels
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.failure_fields import failure_labels
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.part_labels import with_part_labels
from workflows.bundles.outline.step_outputs import done_labels, output_labels
from workflows.bundles.outline.subtickets import subticket_labels
from workflows.engine.conditions.sentence import (
    choice_labels,
    describe_condition,
    describe_formula,
)
from workflows.engine.conditions.text import write_condition
from workflows.engine.problems import Path
from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.engine.values.storable import unstorable
from workflows.fields.field import LIMIT_KEYS
from workflows.fields.specs.form_rules import rules_in


@dataclass(frozen=True, slots=True)
class ReadableRule:
    """`text` is None where the readable language cannot say the rule."""

    path: Path
    sentence: str
    text: str | None


def readable_rules(document: object) -> Iterator[ReadableRule]:
    """Every condition and every “shown when” of a document that may be wrong in any place."""
    if any(unstorable(document)) or not isinstance(document, dict):
        return
    outline = Outline(document)
    labels = condition_labels(outline)
    keys = list(outline.task_of)
    for each in outline.transitions:
        rule = each.value.get("condition")
        if not is_empty(rule):
            yield ReadableRule(
                (*each.path, "condition"),
                describe_condition(rule, labels),
                write_condition(rule, task_keys=keys),
            )
    for branch in outline.branches.values():
        rule = branch.entry.value.get("when")
        if not is_empty(rule):
            yield ReadableRule(
                (*branch.entry.path, "when"),
                describe_condition(rule, labels),
                write_condition(rule, task_keys=keys),
            )
    for form in (outline.workflow, *outline.tasks):
        yield from _of_form(form)


def _of_form(form: Entry) -> Iterator[ReadableRule]:
    yield from _of_questions(form, {}, [])


def _of_questions(
    form: Entry, outside: Mapping[str, str], names: Sequence[str]
) -> Iterator[ReadableRule]:
    """The rules of questions, and of the columns of their records; `outside` of these labels."""
    labels = {**outside, **field_labels(form)} | choice_labels(form.value.get("fields"))
    known = [*names, *(name for name in field_labels(form) if "." not in name)]
    for path, spec in _fields(form):
        for steps, rule in rules_in(spec):
            is_formula = steps[0] in ("computed", "default", *LIMIT_KEYS)
            describe = describe_formula if is_formula else describe_condition
            yield ReadableRule(
                (*path, *steps), describe(rule, labels), write_condition(rule, fields=known)
            )
        if isinstance(spec.get("fields"), list):
            yield from _of_questions(Entry(path, dict(spec)), labels, known)


def condition_labels(outline: Outline) -> dict[str, str]:
    """What the variables of the conditions are called on the forms."""
    labels = failure_labels() | block_labels(outline) | approval_labels(outline)
    labels |= subticket_labels(outline)
    labels |= {f"ticket.{name}": text for name, text in field_labels(outline.workflow).items()}
    labels |= choice_labels(outline.workflow.value.get("fields"), "ticket.")
    for key, task in outline.task_of.items():
        title = task.text("title") or key
        labels |= done_labels(key, title)
        labels |= choice_labels(task.value.get("fields"), f"tasks.{key}.")
        for name, label in {**field_labels(task), **output_labels(task.value)}.items():
            labels[f"tasks.{key}.{name}"] = _("%(field)s (%(task)s)") % {
                "field": label,
                "task": title,
            }
    return labels


def field_labels(form: Entry) -> dict[str, str]:
    """`{name: label}` of the fields of a form, and of the parts of their answers."""
    labels = {
        name: label
        for _path, spec in _fields(form)
        if isinstance(name := spec.get("name"), str)
        and (label := str(spec.get("label") or name.replace("_", " ").capitalize()))
    }
    return with_part_labels(labels, form.value.get("fields"))


def _fields(form: Entry) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    specs = form.value.get("fields")
    for index, spec in enumerate(specs if isinstance(specs, list) else []):
        if isinstance(spec, dict):
            yield (*form.path, "fields", index), spec
