"""Numbers in a document that a person types as text: 1,5 and 1 000 are texts in YAML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.number_text import NumberTextError, parse_number
from workflows.fields.registry import type_of

_WHOLE: Final = frozenset(
    {
        ("tasks", "timeout_seconds"),
        ("tasks", "retries"),
        ("tasks", "most"),
        ("transitions", "priority"),
        ("ticket_types", "reopen_days"),
    }
)


def read_typed_numbers(document: Json, texts: Iterable[Path]) -> None:
    """Put numbers in the place of these texts, wherever the document asks for a number.

    What cannot be read stays as it is, for the check to say what is wrong with it.
    """
    for path in texts:
        text = _at(document, path)
        whole = _is_whole(document, path) if isinstance(text, str) else None
        target = _at(document, path[:-1])
        if whole is None or not isinstance(text, str):
            continue
        try:
            number = parse_number(text, whole=whole)
        except NumberTextError:
            continue
        if isinstance(target, dict):
            target[str(path[-1])] = number


def _is_whole(document: Json, path: Path) -> bool | None:
    """Whether the number that stands here must be whole; None where none is asked for."""
    match path:
        case (str(part), int(), str(name)) if (part, name) in _WHOLE:
            return True
        case ("ticket_types", int(), "starts", int(), "working_day"):
            return True
        case ("ticket_types", int(), "starts", int(), "answers", *inside):
            return _of_answer(_at(document, ("workflow", "fields")), inside)
        case ("ticket_types", int(), "presets", *inside) | ("tests", int(), "ticket", *inside):
            return _of_answer(_at(document, ("workflow", "fields")), inside)
        case ("tests", int(), "answers", int(), "output", *inside):
            task = _at(document, (*path[:4], "task"))
            return _of_answer(_fields_of_task(document, task), inside)
        case (*_, "fields", int(), "default", int(), str()):
            fields = _at(document, (*path[:-3], "fields"))
            return _of_answer(fields, path[-1:])
        case (*_, "fields", int(), str(name)):
            return _of_spec(_at(document, path[:-1]), name)
    return None


def _of_spec(spec: Json, name: str) -> bool | None:
    found = type_of(spec) if isinstance(spec, dict) else None
    return found.asks_for_number(name) if found is not None else None


def _of_answer(fields: Json, steps: Iterable[str | int]) -> bool | None:
    """`steps`: the name of a field, or of a records field, a number, and a name inside."""
    match list(steps):
        case [str(name)]:
            return _of_spec(_named(fields, name), "default")
        case [str(name), int(), str(inner)]:
            spec = _named(fields, name)
            return _of_spec(_named(spec.get("fields"), inner), "default")
    return None


def _fields_of_task(document: Json, key: Json) -> Json:
    tasks = _at(document, ("tasks",))
    for task in tasks if isinstance(tasks, list) else []:
        if isinstance(task, dict) and task.get("key") == key:
            return task.get("fields")
    return None


def _named(fields: Json, name: str) -> JsonObject:
    for spec in fields if isinstance(fields, list) else []:
        if isinstance(spec, dict) and spec.get("name") == name:
            return spec
    return {}


def _at(document: Json, path: Path) -> Json:
    value = document
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
