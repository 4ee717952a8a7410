"""Finding the choice that somebody means who did not click it: in a file, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenants.names import name_key
from workflows.engine.problems import Path, Problem, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.texts import gettext
from workflows.fields.registry import type_of
from workflows.fields.shared.listed import known_choice


def look_alike_choices(specs: object, path: Path = ()) -> Iterator[Problem]:
    """Choices of one question that nobody can tell apart. Survives any specs."""
    for index, spec in enumerate(specs if isinstance(specs, list) else []):
        if not isinstance(spec, dict):
            continue
        place: Path = (*path, index)
        if _has(spec, "choices"):
            yield from _look_alikes(spec.get("choices"), (*place, "choices"))
        elif _has(spec, "fields"):
            yield from look_alike_choices(spec.get("fields"), (*place, "fields"))


def _look_alikes(choices: Json, path: Path) -> Iterator[Problem]:
    values: dict[str, str] = {}
    labels: set[str] = set()
    for index, each in enumerate(choices if isinstance(choices, list) else []):
        for value, label in _pairs([each]):
            if not name_key(label):
                message = gettext("Nothing of this choice can be seen. Give it words.")
                yield Problem((*path, index), message, each)
            elif other := values.get(name_key(value)):
                message = gettext(
                    "This choice looks like “%(other)s”. Remove one, or rename it."
                ) % {"other": short(other)}
                yield Problem((*path, index), message, each)
            elif name_key(label) in labels:
                message = gettext(
                    "Another choice is shown as “%(label)s” too. Give it other words."
                ) % {"label": short(label)}
                yield Problem((*path, index), message, each)
            values.setdefault(name_key(value), value)
            labels.add(name_key(label))


def with_known_choices(specs: Json, answers: JsonObject) -> JsonObject:
    """The answers, with each choice spelt as the form spells it. Survives any specs."""
    by_name = {str(each.get("name")): each for each in objects_in(specs)}
    return {
        name: _spelt(by_name[name], value) if name in by_name else value
        for name, value in answers.items()
    }


def with_known_defaults(specs: Json) -> Json:
    """The field specs, with each default that is a choice spelt as the choice."""
    if not isinstance(specs, list):
        return specs
    return [_with_known_default(each) if isinstance(each, dict) else each for each in specs]


def _with_known_default(spec: JsonObject) -> JsonObject:
    made = dict(spec)
    if "default" in spec:
        made["default"] = _spelt(spec, spec["default"])
    if "fields" in spec:
        made["fields"] = with_known_defaults(spec["fields"])
    return made


def _spelt(spec: Mapping[str, Json], value: Json) -> Json:
    if _has(spec, "fields") and isinstance(value, list):
        fields = spec.get("fields")
        return [with_known_choices(fields, e) if isinstance(e, dict) else e for e in value]
    if not _has(spec, "choices"):
        return value
    choices = _pairs(spec.get("choices"))
    if isinstance(value, list):
        return [known_choice(each, choices) if isinstance(each, str) else each for each in value]
    return known_choice(value, choices) if isinstance(value, str) else value


def _has(spec: Mapping[str, Json], key: str) -> bool:
    """Whether questions of this type have such a key."""
    found = type_of(spec)
    return found is not None and key in found.keys


def _pairs(choices: Json) -> list[tuple[str, str]]:
    found = []
    for each in choices if isinstance(choices, list) else []:
        value = each.get("value") if isinstance(each, dict) else each
        label = each.get("label") if isinstance(each, dict) else None
        if isinstance(value, str):
            found.append((value, label if isinstance(label, str) and label else value))
    return found
