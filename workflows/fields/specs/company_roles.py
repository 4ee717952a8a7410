"""Company roles that questions name, whatever the type and the key.

Documents name a role as people do. A definition that is kept has its number, so that renaming
the role changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Holds
from workflows.fields.registry import type_of


def roles_in(specs: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """The places in specs where a role is named, and how; the specs may be wrong."""
    for index, spec in enumerate(specs if isinstance(specs, list) else []):
        if isinstance(spec, dict):
            for key in _keys_of(spec):
                if spec.get(key) not in (None, ""):
                    yield (*path, index, key), spec[key]
            yield from roles_in(spec.get("fields"), (*path, index, "fields"))


def with_roles(specs: Json, change: Callable[[Json], Json]) -> Json:
    """The specs with every role that they name changed."""
    if not isinstance(specs, list):
        return specs
    return [_with_roles(each, change) if isinstance(each, dict) else each for each in specs]


def _with_roles(spec: JsonObject, change: Callable[[Json], Json]) -> JsonObject:
    made = {
        key: change(value) if key in _keys_of(spec) and value not in (None, "") else value
        for key, value in spec.items()
    }
    if "fields" in made:
        made["fields"] = with_roles(made["fields"], change)
    return made


def _keys_of(spec: JsonObject) -> list[str]:
    found = type_of(spec)
    own = found.own_keys if found is not None else ()
    return [each.key for each in own if each.holds is Holds.COMPANY_ROLE]
