"""What conditions can read of the engine's own steps, as of the answers of a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.outline import Outline
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.tables.decision_cells import CELL_TYPES, CellType
from workflows.engine.tables.decision_table import ROW, ROWS, Hit
from workflows.fields.field import Field
from workflows.fields.registry import TYPES

_OF_CELLS = {
    CellType.TEXT: "text",
    CellType.NUMBER: "number",
    CellType.YES_NO: "boolean",
    CellType.DATE: "date",
}
# A question whose answers are a list.
_LIST = "choices"


def output_fields(task: Entry) -> dict[str, Field] | None:
    """What a task's output has, by name; None where that is not known.

    Of a step that sets values only the names are known: see `values_set`.
    """
    if task.is_form:
        return readable_fields(task)
    if task.is_decision:
        return _of_table(task.value.get("table"))
    return None


def values_set(task: Entry) -> JsonObject | None:
    """The formulas of a step that sets values; None where it is no such step, or not valid."""
    values = task.value.get("values")
    is_one = task.sets_values and isinstance(values, dict)
    return values if is_one and isinstance(values, dict) else None


def _of_table(table: Json) -> dict[str, Field]:
    found = table if isinstance(table, dict) else {}
    collects = Hit.named(found.get("hit")) is Hit.COLLECT
    made: dict[str, Field] = {}
    for column in objects_in(found.get("outputs")):
        name, label = column.get("name"), column.get("label")
        if not isinstance(name, str) or not name:
            continue
        kind = CELL_TYPES.get(str(column.get("type") or ""), CellType.TEXT)
        type_key = _LIST if collects else _OF_CELLS[kind]
        title = label if isinstance(label, str) and label else name
        made[name] = Field(name, TYPES[type_key], title, required=True)
    number = (ROWS, _LIST, _("Rows that fit")) if collects else (ROW, "integer", _("Row that fits"))
    made[number[0]] = Field(number[0], TYPES[number[1]], number[2], required=True)
    return made


def tables(outline: Outline) -> Iterator[Entry]:
    """The tasks that are decision tables."""
    return (each for each in outline.tasks if each.is_decision)


def output_specs(task: Mapping[str, Json]) -> list[Json]:
    """What a step of the engine's own gives, as questions by which it is shown; else nothing."""
    entry = Entry((), dict(task))
    if entry.is_decision:
        fields = (output_fields(entry) or {}).values()
        return [
            {"name": each.name, "label": each.label, "type": each.type.key}
            for each in fields
            if each.type.key != _LIST
        ]
    return []


def output_labels(task: Mapping[str, Json]) -> dict[str, str]:
    """`{name: label}` of what a step of the engine's own gives; none of another task.

    `task` is one of a document, which may be wrong in any place.
    """
    entry = Entry((), dict(task))
    if (values := values_set(entry)) is not None:
        return {name: name.replace("_", " ").capitalize() for name in values}
    if entry.is_decision:
        return {name: field.label for name, field in (output_fields(entry) or {}).items()}
    return {}


def done_labels(key: str, title: str) -> dict[str, str]:
    """What people read for `done` of a task (who did it, and when), and for `earlier`."""
    words = {"task": title or key}
    return {
        f"earlier.{key}": _("earlier visits of “%(task)s”") % words,
        f"done.{key}.by.email": _("e-mail address of whoever did “%(task)s”") % words,
        f"done.{key}.by.name": _("name of whoever did “%(task)s”") % words,
        f"done.{key}.at": _("time at which “%(task)s” was done") % words,
    }
