"""The types of questions that there are: one for each folder beside this module with `rules.py`.

This is the pure half; `on_screen/screens.py` finds what people see of them in the same folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from workflows import fields
from workflows.engine.process import Json, JsonObject
from workflows.fields.facts import Facts, Reference
from workflows.fields.field import FieldType, SpecKey


def modules_of_types(name: str) -> Iterator[ModuleType]:
    """The module of this name in the folder of each type that has one.

    A folder is a type where it has `rules.py`; in the others stands what the types share.
    """
    for each in iter_modules(fields.__path__):
        path = f"{fields.__name__}.{each.name}"
        if each.ispkg and each.name != "tests":
            found = {inner.name for inner in iter_modules(import_module(path).__path__)}
            if {"rules", name} <= found:
                yield import_module(f"{path}.{name}")


def _found() -> Iterator[FieldType]:
    for module in modules_of_types("rules"):
        found = module.TYPE
        if not isinstance(found, FieldType) or module.__name__.split(".")[-2] != found.key:
            raise TypeError(f"{module.__name__}.TYPE declares no type that is called as its folder")
        yield found


# In the order in which lists show them.
TYPES: Final[Mapping[str, FieldType]] = {
    each.key: each for each in sorted(_found(), key=lambda each: each.order)
}
# The keys that single types bring, each once.
OWN_KEYS: Final[Mapping[str, SpecKey]] = {
    own.key: own for each in TYPES.values() for own in each.own_keys
}


def type_of(spec: Mapping[str, Json]) -> FieldType | None:
    """The type that a spec names, where there is one."""
    given = spec.get("type")
    return TYPES.get(given) if isinstance(given, str) else None


def _made_up(reference: Reference) -> JsonObject:
    return TYPES[reference.type].made_up(reference)


# Where there is no database to ask: whatever is named is there.
MADE_UP: Final = Facts(make_up=_made_up)
