"""What a document names that stands in a company's database, such as people by e-mail address."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.outline import Outline
from workflows.engine.process import JsonObject, objects_in
from workflows.engine.steps.edits import by_owner
from workflows.fields.facts import Reference
from workflows.fields.field import Field


def references_in(document: object) -> frozenset[Reference]:
    """What must be looked up before a document is checked or run; mostly nothing.

    Survives any document. It is named by defaults, presets and the answers of test cases.
    """
    outline = Outline(document if isinstance(document, dict) else {})
    return frozenset(
        reference
        for form, answers in _answered_forms(outline)
        for field in (readable_fields(form) or {}).values()
        for reference in _named_by(field, answers)
    )


def _answered_forms(outline: Outline) -> Iterator[tuple[Entry, list[JsonObject]]]:
    """Each form with the answers to it that stand in the document."""
    tests = [each.value for each in outline.tests]
    presets = [each.value.get("presets") for each in outline.ticket_types]
    given = [each for test in tests for each in objects_in(test.get("answers"))]
    changes = [by_owner(each) for each in objects_in([each.get("edits") for each in given])]
    types = [each.value for each in outline.ticket_types]
    started = [each.get("answers") for own in types for each in objects_in(own.get("starts"))]
    tickets = [*presets, *started, *(each.get("ticket") for each in tests)]
    yield outline.workflow, objects_in([*tickets, *(each.get("") for each in changes)])
    for key, task in outline.task_of.items():
        outputs = [each.get("output") for each in given if each.get("task") == key]
        yield task, objects_in([*outputs, *(each.get(key) for each in changes)])


def _named_by(field: Field, answers: list[JsonObject]) -> Iterator[Reference]:
    for value in [field.default, *(each.get(field.name) for each in answers)]:
        if value is not None:
            yield from field.type.references(field, value)
    for column in field.fields:
        yield from _named_by(column, [])
