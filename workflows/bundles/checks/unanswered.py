"""Reading answers that may not be there: which are certain, and what rules do about the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.engine.problems import Path, short
from workflows.engine.process import Json
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.reads import columns_read, variables_read
from workflows.fields.field import Field

GUARDS: Final = ("missing", "missing_some", "exists")


def is_certain(field: Field, fields: Mapping[str, Field]) -> bool:
    """Whether a question, one of `fields`, always has an answer once its form is sent."""
    return is_empty(field.visible_when) and (
        field.required or (field.is_computed and _is_calculated(field, fields, ()))
    )


def _is_calculated(field: Field, fields: Mapping[str, Field], seen: tuple[str, ...]) -> bool:
    if field.name in seen:
        return False
    return not any(_unanswered(field.computed, fields, (*seen, field.name)))


def _unanswered(
    rule: Json, fields: Mapping[str, Field], seen: tuple[str, ...] = ()
) -> Iterator[str]:
    """What a rule of a form reads without a fallback, and that may have no answer."""
    fallbacks = names_with_fallback(rule)
    for variable in sorted(variables_read(rule)):
        field = fields.get(variable.partition(".")[0])
        if field is None:
            if variable not in NAMES_OF_TIME:
                yield variable
        elif not has_fallback(variable, fallbacks) and not _has_answer(field, fields, seen):
            yield variable
    for rows, column in sorted(columns_read(rule)):
        table = fields.get(rows)
        columns = {each.name: each for each in table.fields} if table is not None else {}
        inner = columns.get(column.partition(".")[0])
        known = {**fields, **columns}
        if inner is not None and column not in fallbacks and not _has_answer(inner, known, seen):
            yield f"{rows}.{column}"


def _has_answer(field: Field, fields: Mapping[str, Field], seen: tuple[str, ...]) -> bool:
    if not is_empty(field.visible_when):
        return False
    return field.required or (field.is_computed and _is_calculated(field, fields, seen))


def form_warnings(form: Entry) -> Iterator[Problem]:
    """Checks, and answers that must be calculated, which read what may have no answer."""
    fields = readable_fields(form) or {}
    for index, field in enumerate(fields.values()):
        path: Path = (*form.path, "fields", index)
        yield from _warnings(field, fields, path)
        inside = {**fields, **{each.name: each for each in field.fields}}
        for number, column in enumerate(field.fields):
            yield from _warnings(column, inside, (*path, "fields", number))


def _warnings(field: Field, fields: Mapping[str, Field], path: Path) -> Iterator[Problem]:
    for number, check in enumerate(field.checks):
        for name in _unanswered(check.condition, fields):
            if name == field.name:
                continue  # without this answer there is nothing to check
            message = _(
                "The check reads “%(name)s”, which may have no answer: it is not made then. Give a "
                "default, such as %(name)s (or 0), or make that question required."
            )
            yield Problem(
                (*path, "checks", number, "condition"),
                message % {"name": short(name)},
                name,
                severity=Severity.WARNING,
            )
    for name in _unanswered(field.computed, fields) if field.is_computed and field.required else ():
        message = _(
            "The formula reads “%(name)s”, which may have no answer: the form is refused then. "
            "Give a default, such as %(name)s (or 0), or make that question required."
        )
        yield Problem(
            (*path, "computed"), message % {"name": short(name)}, name, severity=Severity.WARNING
        )


def names_with_fallback(rule: Json) -> set[str]:
    """The variables that a rule reads with a default, or asks about before it reads them.

    A name counts wherever in the rule its fallback stands: this decides about a warning only.
    """
    found: set[str] = set()
    waiting: list[Json] = [rule]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
            for operator, arguments in value.items():
                found |= _names_with_fallback_in(operator, arguments)
    return found


def _names_with_fallback_in(operator: str, arguments: Json) -> set[str]:
    if operator == "var" and isinstance(arguments, list) and len(arguments) > 1:
        return {arguments[0]} if isinstance(arguments[0], str) else set()
    if operator == "exists" and isinstance(arguments, list):
        return {".".join(each for each in arguments if isinstance(each, str))}
    if operator in GUARDS:
        return set(_texts(arguments))
    return set()


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def has_fallback(variable: str, with_fallback: Collection[str]) -> bool:
    """Whether the variable, or a part of its path, is among these."""
    steps = variable.split(".")
    return any(".".join(steps[: index + 1]) in with_fallback for index in range(len(steps)))
