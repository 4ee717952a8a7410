"""Field specs: what a form asks for, as data that people write.

A spec is ``{name, label, type, required, choices, help, default, min, max, more_than,
less_than, pattern, visible_when, seen_by, listed, computed, checks, fields}``, and what single
types add to that. `form_rules.py` says which of these may be formulas. null, an empty text and an
empty list count as not given, as spreadsheets leave them. Specs may be any JSON: check_fields
survives all of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import partial
from typing import Final

from tenants.names import LONGEST_NAME
from workflows.engine.errors import FieldError
from workflows.engine.problems import Path, Problem, did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.reads import is_call
from workflows.engine.schemas.json_schema import (
    MAX_PATTERN_CHARACTERS,
    CheckError,
    compile_validator,
)
from workflows.engine.schemas.pattern_cost import (
    MOST_BYTES_OF_FORM,
    MOST_BYTES_OF_PATTERN,
    pattern_cost,
)
from workflows.engine.texts import gettext, gettext_noop
from workflows.engine.values.composed import composed
from workflows.engine.values.frozen import frozen
from workflows.engine.values.storable import unstorable
from workflows.fields.field import COMMON_KEYS, LIMIT_KEYS, Field, FieldType, Holds, SeenBy
from workflows.fields.registry import OWN_KEYS, TYPES, type_of
from workflows.fields.sentences import answer_sentence
from workflows.fields.shared.listed import choice_of
from workflows.fields.shared.spec_values import MAX_INTEGER, given_number, is_absent
from workflows.fields.specs.form_rules import (
    Readable,
    checks_in,
    circle_problems,
    formula_problems,
    is_rule,
    rule_problems,
)
from workflows.fields.specs.known_choices import look_alike_choices
from workflows.fields.specs.schema import document_schema, fields_schema

MAX_FIELDS = 200
MAX_RECORD_FIELDS = 50
MAX_TEXTS = 20  # of a key of one type that holds a list

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_COMMON: Final = frozenset(COMMON_KEYS)
# The keys that some types have, in the order in which they are named.
_KEYS: Final = (
    *("default", "min", "max", "more_than", "less_than", "pattern", "choices", "fields"),
    *OWN_KEYS,
)
PATTERNS_TOO_LARGE: Final = gettext_noop(
    "The patterns up to here are too large together. Write + in place of a repetition that "
    "counts, such as {1,40}, and give “max” to limit the length."
)
_ALL_KEYS: Final = _COMMON | frozenset(_KEYS)


# What other form builders call an answer that nobody changes.
_LOCKED: Final = frozenset({"readonly", "disabled"})
_NOT_LOCKED: Final = gettext_noop(
    " Answers cannot be locked: what is always the same belongs into the presets of the ticket "
    "type, and what follows from other answers into “computed”. Remove it."
)


def check_fields(specs: object) -> list[Problem]:
    """Everything that is wrong with a list of field specs; never raises."""
    return _problems_of(specs) or list(look_alike_choices(specs))


def parse_fields(specs: object) -> tuple[Field, ...]:
    """The specs as fields; raise FieldError with the first problem where there is one.

    Choices that look alike are let through: a version that was published with them goes on.
    """
    for problem in _problems_of(specs):
        message = gettext("The fields are not valid at “%(place)s”: %(problem)s")
        raise FieldError(message % {"place": short(problem.place), "problem": problem.message})
    return _parsed(composed(specs) if isinstance(specs, list) else [])


def _problems_of(specs: object) -> list[Problem]:
    broken = [Problem(path, message) for path, message in unstorable(specs)]
    return (
        broken
        or list(_pattern_problems(specs))
        or list(_list_problems(specs, (), inside_records=False))
        or list(circle_problems(_parsed(specs)))
    )


def patterns_in(specs: object) -> Iterator[tuple[Path, str]]:
    """The patterns of a list of field specs and of the records in it; it may be any JSON."""
    for index, spec in enumerate(specs if isinstance(specs, list) else []):
        if isinstance(spec, dict):
            if isinstance(pattern := spec.get("pattern"), str):
                yield (index, "pattern"), pattern
            for path, inner in patterns_in(spec.get("fields")):
                yield (index, "fields", *path), inner


def _pattern_problems(specs: object) -> Iterator[Problem]:
    """Patterns that are too large together; asked before one of them is compiled."""
    total = 0
    for path, pattern in patterns_in(specs):
        if len(pattern) > MAX_PATTERN_CHARACTERS:
            continue  # said where it stands, and not compiled
        total += min(pattern_cost(pattern).size, MOST_BYTES_OF_PATTERN)
        if total > MOST_BYTES_OF_FORM:
            yield Problem(path, gettext(PATTERNS_TOO_LARGE), pattern)


def compile_schema(specs: object, *, exclude: Collection[str] = ()) -> JsonObject:
    """The JSON Schema (draft 2020-12) of the answers; ``exclude`` names fields not asked.

    A schema cannot say everything: Validator also enforces ``visible_when`` (a field that may be
    hidden is never in ``required`` here) and the limits of dates and times.
    """
    return fields_schema([each for each in parse_fields(specs) if each.name not in exclude])


def _list_problems(
    specs: object, path: Path, *, inside_records: bool, outside: Collection[str] = ()
) -> Iterator[Problem]:
    """`outside` are the questions beside the records, whose answers the rules inside may read."""
    if not isinstance(specs, list):
        yield Problem(path, gettext("Give the fields as a list, one entry a field."), specs)
        return
    limit = MAX_RECORD_FIELDS if inside_records else MAX_FIELDS
    if len(specs) > limit:
        message = gettext("There are more than %(limit)s fields. Leave some out.") % {
            "limit": limit
        }
        yield Problem(path, message, len(specs))
        return
    names = [each.get("name") for each in specs if isinstance(each, dict)]
    known = frozenset(each for each in names if isinstance(each, str))
    single = frozenset(
        str(each["name"])
        for each in specs
        if isinstance(each, dict) and isinstance(each.get("name"), str) and not each.get("fields")
    )
    seen: set[str] = set()
    for index, spec in enumerate(specs):
        place: Path = (*path, index)
        if not isinstance(spec, dict):
            yield Problem(
                place, gettext("Give a field as an object with name, label and type."), spec
            )
            continue
        tables = known - single - frozenset(outside)
        readable = Readable(known | frozenset(outside), spec.get("name"), tables)
        yield from _spec_problems(
            spec, place, readable, inside_records=inside_records, outside=single
        )
        yield from _visibility_problems(spec, place, readable, inside_records=inside_records)
        name = spec.get("name")
        if isinstance(name, str) and name in seen:
            message = gettext("Another field has this name too. Give each field a name of its own.")
            yield Problem((*place, "name"), message, name)
        elif isinstance(name, str):
            seen.add(name)


def _spec_problems(
    spec: JsonObject,
    path: Path,
    readable: Readable,
    *,
    inside_records: bool,
    outside: Collection[str],
) -> Iterator[Problem]:
    found = [
        *_key_problems(spec, path),
        *_name_problems(spec, path),
        *_text_problems(spec, path),
        *_seen_by_problems(spec, path, inside_records=inside_records),
        *_listed_problems(spec, path, inside_records=inside_records),
        *_type_problems(spec, path, inside_records=inside_records),
    ]
    field_type = type_of(spec)
    if field_type is not None:
        found += _inapplicable_problems(spec, path, field_type)
        found += _limit_problems(spec, path, field_type)
        found += formula_problems(spec, path, field_type, readable)
        found += _own_key_problems(spec, path, field_type)
        if field_type.in_records or not inside_records:
            inside = partial(_list_problems, inside_records=True, outside=outside)
            found += field_type.spec_problems(spec, path, inside)
    yield from found
    if not found:
        yield from _default_problems(spec, path)


def _key_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    for key in spec:
        if key not in _ALL_KEYS:
            is_locked = key.lower().replace("_", "") in _LOCKED
            meant = "" if is_locked else nearest(key, _ALL_KEYS)
            message = gettext("A field has no “%(key)s”.") % {"key": short(key)}
            advice = (
                gettext(_NOT_LOCKED) if is_locked else did_you_mean(meant) or gettext(" Remove it.")
            )
            yield Problem((*path, key), message + advice, spec[key], meant)


def _name_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    name = spec.get("name")
    if is_absent(name):
        yield Problem((*path, "name"), gettext("Give the field a name."), name)
    elif not isinstance(name, str) or not _NAME.fullmatch(name):
        message = gettext(
            "A name starts with a small letter and has only small letters, digits and "
            "underscores, 63 characters at most."
        )
        yield Problem((*path, "name"), message, name)


def _text_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    for key, limit in (("label", LONGEST_NAME), ("help", 2_000)):
        value = spec.get(key)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            message = gettext("Give “%(key)s” as text of at most %(limit)d characters.")
            yield Problem((*path, key), message % {"key": key, "limit": limit}, value)
    required = spec.get("required")
    if not is_absent(required) and not isinstance(required, bool | dict):
        message = gettext("Give “required” as true or false, or as a condition.")
        yield Problem((*path, "required"), message, required)


def _seen_by_problems(spec: JsonObject, path: Path, *, inside_records: bool) -> Iterator[Problem]:
    given, place = spec.get("seen_by"), (*path, "seen_by")
    if is_absent(given):
        return
    if inside_records:
        message = gettext(
            "A record is seen as a whole. Give “seen_by” to the question that asks for them."
        )
        yield Problem(place, message, given)
    elif given not in tuple(SeenBy):
        meant = nearest(given, tuple(SeenBy))
        message = gettext("Give “seen_by” as one of these: {words}.").format(
            words=", ".join(SeenBy)
        )
        yield Problem(place, message + did_you_mean(meant), given, meant)


def _listed_problems(spec: JsonObject, path: Path, *, inside_records: bool) -> Iterator[Problem]:
    given, place = spec.get("listed"), (*path, "listed")
    if is_absent(given):
        return
    if not isinstance(given, bool):
        yield Problem(place, gettext("Give “listed” as true or false."), given)
    elif (given and inside_records) or (
        given and (field_type := type_of(spec)) is not None and "fields" in field_type.all_keys
    ):
        message = gettext("A list has no room for records. Remove “listed” here.")
        yield Problem(place, message, given)


def _type_problems(spec: JsonObject, path: Path, *, inside_records: bool) -> Iterator[Problem]:
    given = spec.get("type")
    if (field_type := type_of(spec)) is None:
        meant = nearest(given, TYPES)
        message = gettext("Give the field one of these types: {types}.").format(
            types=", ".join(TYPES)
        )
        yield Problem((*path, "type"), message + did_you_mean(meant), given, meant)
    elif inside_records and not field_type.in_records:
        message = gettext(
            "A record cannot hold a field of type %(type)s. Move it out of the records."
        )
        yield Problem((*path, "type"), message % {"type": field_type}, given)


def _inapplicable_problems(
    spec: JsonObject, path: Path, field_type: FieldType
) -> Iterator[Problem]:
    for key in _KEYS:
        if key not in field_type.all_keys and not is_absent(spec.get(key)):
            message = gettext("A field of type %(type)s has no “%(key)s”. Remove it.")
            yield Problem((*path, key), message % {"type": field_type, "key": key}, spec[key])


def _limit_problems(spec: JsonObject, path: Path, field_type: FieldType) -> Iterator[Problem]:
    wrong = False
    for key in LIMIT_KEYS:
        value = spec.get(key)
        if is_absent(value) or key not in field_type.keys:
            continue
        if isinstance(value, dict) and field_type.has_limit_rules:
            continue  # a formula, which has its own check
        if message := field_type.limit_problem(value):
            wrong = True
            yield Problem((*path, key), message, value)
    if not wrong and (message := field_type.contradiction(spec)):
        yield Problem((*path, "min"), message, spec.get("min"))


def _own_key_problems(spec: JsonObject, path: Path, field_type: FieldType) -> Iterator[Problem]:
    for own in field_type.own_keys:
        value = spec.get(own.key)
        if own.holds is Holds.TEXTS:
            if not is_absent(value) and not _are_texts(value):
                message = gettext("Give “%(key)s” as a list of at most %(most)d texts.")
                words: dict[str, object] = {"key": own.key, "most": MAX_TEXTS}
                yield Problem((*path, own.key), message % words, value)
            continue
        # A definition that is kept names a company role by its number.
        is_number = isinstance(value, int) and not isinstance(value, bool)
        fits = isinstance(value, str) and len(value) <= LONGEST_NAME and value == value.strip()
        if is_absent(value) or fits or (is_number and own.holds is Holds.COMPANY_ROLE):
            continue
        message = gettext(
            "Give “%(key)s” as text of at most %(longest)d characters, without blanks around it."
        )
        words = {"key": own.key, "longest": LONGEST_NAME}
        yield Problem((*path, own.key), message % words, value)


def _are_texts(value: Json) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_TEXTS
        and all(isinstance(each, str) and each == each.strip() != "" for each in value)
    )


def _visibility_problems(
    spec: JsonObject, path: Path, readable: Readable, *, inside_records: bool
) -> Iterator[Problem]:
    rule, place = spec.get("visible_when"), (*path, "visible_when")
    if is_empty(rule):
        return
    if inside_records:
        message = gettext("The fields of a record are always shown. Remove “visible_when”.")
        yield Problem(place, message, rule)
        return
    yield from rule_problems(rule, place, readable)


def _default_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    default = spec.get("default")
    if is_absent(default) or is_call(default):
        return
    field = _field(spec)
    message = ""
    try:
        checker = compile_validator(document_schema(field), is_ours=True)
        for error in checker.iter_errors(default):
            message = answer_sentence(error, field if not error.instance_path else None)
            break
    except CheckError as error:
        message = str(error)
    if message := message or field.type.problem(field, default):
        text = gettext("The field itself refuses its default: %(message)s") % {"message": message}
        yield Problem((*path, "default"), text, default)


def _parsed(specs: object) -> tuple[Field, ...]:
    return tuple(_field(each) for each in specs) if isinstance(specs, list) else ()


def _field(spec: JsonObject) -> Field:
    """A checked spec as a field."""
    given = {key: value for key, value in spec.items() if not is_absent(value)}
    name, choices = str(given["name"]), given.get("choices", [])
    default = given.get("default")
    pairs = filter(None, map(choice_of, choices if isinstance(choices, list) else []))
    return Field(
        name=name,
        type=TYPES[str(given["type"])],
        label=str(given.get("label", name.replace("_", " ").capitalize())),
        required=given.get("required") is True,
        required_when=rule if isinstance(rule := given.get("required"), dict) else None,
        help=str(given.get("help", "")),
        choices=tuple(dict(pairs).items()),  # two may have become one in composed form
        default=None if is_call(default) else default,
        default_rule=default if is_call(default) else None,
        limit_rules=frozen({key: given[key] for key in LIMIT_KEYS if is_rule(given.get(key))}),
        computed=given.get("computed"),
        checks=tuple(checks_in(given.get("checks"))),
        minimum=_limit(given.get("min")),
        maximum=_limit(given.get("max")),
        more_than=given_number(spec, "more_than"),
        less_than=given_number(spec, "less_than"),
        pattern=str(given.get("pattern", "")),
        visible_when=given.get("visible_when"),
        seen_by=SeenBy(str(given.get("seen_by", SeenBy.TEAM))),
        listed=given.get("listed") is True,
        fields=_parsed(given.get("fields")),
        settings=frozen({key: given[key] for key in OWN_KEYS if key in given}),
    )


def _limit(value: Json) -> int | float | str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        return int(value)  # the lengths of JSON Schema are integers
    return value if isinstance(value, int | float | str) else None


__all__ = ["Field", "check_fields", "compile_schema", "parse_fields"]
