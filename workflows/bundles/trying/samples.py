"""Made-up answers: what a transform is tried with while there is no ticket to try it with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workflows.bundles.outline.blocks import ITEM, ITEM_NUMBER, item_field
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import output_fields, values_set
from workflows.engine.process import EndOutcome, Json, JsonObject
from workflows.engine.simulate import CALLBACK_URL
from workflows.engine.steps.subtickets import ROOT, has_ended
from workflows.fields.field import Field
from workflows.fields.shared.samples import sample_answer

_KINDS: Final[Mapping[str, Json]] = {
    "string": "Some text",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}
MAX_DEPTH: Final = 8


def sample_context(document: object, *, task_key: str, answer: bool) -> JsonObject:
    """What the transforms of a task can read, made up from the types of the fields.

    `answer`: for the output transform, which reads the answer of the call, too. Survives any
    document. The tasks are those that can have been done before; all, where that is not known.
    """
    outline = Outline(document if isinstance(document, dict) else {})
    known = outline.before.get(task_key, set()) if outline.is_connected else set(outline.task_of)
    context: JsonObject = {
        "ticket": sample_answers(outline.fields),
        "tasks": {key: _output(outline, key) for key in outline.task_of if key in known},
        "submitter": {
            "email": "submitter@example.com",
            "first_name": "Sam",
            "last_name": "Example",
        },
        "company": {"name": "Example"},
        "number": 1,
        "today": "2026-03-31",
        "now": "2026-03-31T12:00:00Z",
    }
    if blocks := outline.item_blocks(task_key):
        context |= {ITEM: _entry(outline, blocks[-1]), ITEM_NUMBER: 1}
    task = outline.task_of.get(task_key)
    if task is not None and task.is_at_once:
        someone: JsonObject = {"email": "worker@example.com", "name": "Wendy Example"}
        one: JsonObject = {"by": someone, "at": "2026-01-31T10:00:00+00:00"}
        context["visits"] = dict.fromkeys(outline.task_of, 0)
        context["earlier"] = {key: [] for key in outline.task_of}
        context["done"] = {key: one for key in outline.task_of if key in known}
    return {**context, **call_values(task, answer=answer)} if task else context


def call_values(task: Entry, *, answer: bool) -> JsonObject:
    """What only the transforms of a call can read: its answer, or its callback's address."""
    later = task.is_answered_later
    if task.is_subticket:
        ended = has_ended(1, outcome=EndOutcome.GOOD.value, label="Some text")
        return {ROOT: {**ended, "ticket": {}, "tasks": {}}} if answer else {}
    if not answer:
        return {"callback": {"url": CALLBACK_URL}} if later else {}
    # Without an output transform the output is the body: its schema is the best guess.
    body = {} if task.value.get("output_transform") else _of_schema(task.value.get("output_schema"))
    return {"response": {"body": body} if later else {"status": 200, "body": body}}


def sample_answers(fields: Mapping[str, Field] | None) -> JsonObject:
    return {name: sample_answer(field) for name, field in (fields or {}).items()}


def _entry(outline: Outline, block: str) -> Json:
    """An entry of the list of a block."""
    field = item_field(outline, block)
    if field is None:
        return {}
    if field.fields:
        return sample_answers({each.name: each for each in field.fields})
    return sample_answer(field)


def _of_block(outline: Outline, key: str) -> Json:
    """What comes of a block: as if each branch had ended, and the list had one entry."""
    branches = outline.branches_of(key)
    ended: JsonObject = {"ended": True, "label": "", "outcome": "good"}
    if not outline.has_items(key):
        by_key: JsonObject = {each.entry.text("key"): ended for each in branches}
        return {"branches": by_key, "ended": len(branches)}
    names = {each.name for each in branches}
    inside = [own for own, name in outline.branch_of.items() if name in names]
    outputs = {own: _output(outline, own) for own in inside if own not in outline.blocks}
    return {"items": [{**outputs, "item": _entry(outline, key), **ended}], "ended": 1}


def _output(outline: Outline, key: str) -> Json:
    task = outline.task_of[key]
    if task.is_block:
        return _of_block(outline, key)
    if task.is_at_once:
        named = dict.fromkeys(values_set(task) or {}, "Some text")
        return {**named, **sample_answers(output_fields(task))}
    if task.is_subticket:
        kept = task.value.get("output_transform")
        names = kept if isinstance(kept, dict) else ()
        more: JsonObject = {name: "Some text" for name in names}  # noqa: C420 - other types, too
        return has_ended(1, outcome=EndOutcome.GOOD.value, label="Some text", kept=more)
    if task.is_approval:
        return {"approved": True, "yes": 1, "no": 0, "votes": []}
    if task.is_form:
        return sample_answers(readable_fields(task))
    found = _of_schema(task.value.get("output_schema"))
    kept = task.value.get("output_transform")
    if not found and isinstance(kept, dict):
        return dict.fromkeys(kept, "Some text")
    return found


def _of_schema(schema: Json, depth: int = 0) -> Json:
    """A value that a JSON Schema describes, as far as it says so plainly."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return {}
    for name in ("default", "const"):
        if name in schema:
            return schema[name]
    options, kind = schema.get("enum"), schema.get("type")
    if isinstance(options, list) and options:
        return options[0]
    properties = schema.get("properties")
    if isinstance(properties, dict):
        return {name: _of_schema(each, depth + 1) for name, each in properties.items()}
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    return _KINDS.get(kind, {}) if isinstance(kind, str) else {}
