"""Field specs: what a form asks for, as data that people write.

A spec is ``{name, label, type, required, choices, help, default, min, max, more_than,
less_than, pattern, visible_when, fields}``. null, an empty text and an empty list count as
not given, as spreadsheets leave them. Specs may be any JSON: check_fields survives all of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from .choices import look_alike_choices
from .composed import composed
from .conditions import check_condition, has_computed_names, is_empty, variables_read
from .errors import FieldError
from .field_types import Field, FieldType
from .json_schema import (
    NOT_BLANK,
    PHONE_PATTERN,
    TIME_PATTERN,
    compile_validator,
    field_message,
    pattern_problem,
    sentence,
)
from .number_text import number_problem, possible_numbers
from .problems import Path, Problem, did_you_mean, nearest, short
from .process import Json, JsonObject
from .storable import unstorable
from .texts import gettext

MAX_FIELDS = 200
# As long as every name (tenants.names), which the engine knows nothing of.
LONGEST_LABEL = 255
MAX_RECORD_FIELDS = 50
MAX_CHOICES = 1_000
MAX_RECORDS = 500
TEXT_CHARACTERS = 2_000
LONG_TEXT_CHARACTERS = 100_000
MAX_TEXT_CHARACTERS = 1_000_000
MAX_INTEGER = 2**53 - 1  # beyond it, JavaScript and spreadsheets lose digits
MAX_NUMBER = 1e300

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_T = FieldType
_TEXTS: Final = frozenset({_T.TEXT, _T.LONG_TEXT})
_NUMBERS: Final = frozenset({_T.INTEGER, _T.NUMBER})
_MOMENTS: Final = frozenset({_T.DATE, _T.TIME, _T.DATETIME})
_COUNTED: Final = frozenset({_T.CHOICES, _T.RECORDS})
_COMMON: Final = frozenset({"name", "label", "type", "required", "help", "visible_when"})
_KEYS: Final[Mapping[str, Collection[FieldType]]] = {
    "default": frozenset(FieldType) - {_T.FILE},
    "min": _TEXTS | _NUMBERS | _MOMENTS | _COUNTED,
    "max": _TEXTS | _NUMBERS | _MOMENTS | _COUNTED,
    "more_than": _NUMBERS,
    "less_than": _NUMBERS,
    "pattern": _TEXTS,
    "choices": frozenset({_T.CHOICE, _T.CHOICES}),
    "fields": frozenset({_T.RECORDS}),
}
_LIMIT_KEYS: Final = ("min", "max", "more_than", "less_than")
_ALL_KEYS: Final = _COMMON | set(_KEYS)
_NOT_IN_RECORDS: Final = frozenset({_T.FILE, _T.RECORDS})


# What other form builders call an answer that nobody types.
_LOCKED: Final = frozenset(
    {"readonly", "disabled", "calculated", "calculatevalue", "formula", "expression", "computed"}
)
_NOT_LOCKED: Final = (
    " Answers cannot be calculated or locked: what is always the same belongs into the presets "
    "of the ticket type. Remove it."
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
    return broken or list(_list_problems(specs, (), inside_records=False))


def compile_schema(specs: object, *, exclude: Collection[str] = ()) -> JsonObject:
    """The JSON Schema (draft 2020-12) of the answers; ``exclude`` names fields not asked.

    A schema cannot say everything: Validator also enforces ``visible_when`` (a field that may be
    hidden is never in ``required`` here) and the limits of dates and times.
    """
    return fields_schema([each for each in parse_fields(specs) if each.name not in exclude])


def fields_schema(fields: Sequence[Field], *, partial: bool = False) -> JsonObject:
    """The schema of an object with these fields; a partial one may leave any of them out."""
    required: list[Json] = [
        each.name
        for each in fields
        if each.required and is_empty(each.visible_when) and not partial
    ]
    schema: JsonObject = {
        "type": "object",
        "properties": {each.name: field_schema(each) for each in fields},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return schema


def field_schema(field: Field) -> JsonObject:
    """The schema of one answer, with label and help as its title and description."""
    schema = {"title": field.label, **_SCHEMAS[field.type](field)}
    if field.help:
        schema["description"] = field.help
    if field.default is not None:
        schema["default"] = field.default
    return schema


def limit_problem(field: Field, value: Json) -> str:
    """The limits of a date or time, which JSON Schema cannot say; the value fits the schema."""
    if field.type not in _MOMENTS or not isinstance(value, str):
        return ""
    if isinstance(field.minimum, str) and _is_earlier(field.type, value, field.minimum):
        return f"Enter {field.minimum} or later."
    if isinstance(field.maximum, str) and _is_earlier(field.type, field.maximum, value):
        return f"Enter {field.maximum} or earlier."
    return ""


def _is_earlier(field_type: FieldType, text: str, other: str) -> bool:
    if field_type is FieldType.DATETIME:
        return datetime.fromisoformat(text.upper()) < datetime.fromisoformat(other.upper())
    if field_type is FieldType.TIME:
        return _with_seconds(text) < _with_seconds(other)
    return text < other


def _with_seconds(text: str) -> str:
    return f"{text}:00" if len(text) == len("14:30") else text


def _text_schema(field: Field) -> JsonObject:
    is_long = field.type is FieldType.LONG_TEXT
    schema: JsonObject = {
        "type": "string",
        "maxLength": _or(field.maximum, LONG_TEXT_CHARACTERS if is_long else TEXT_CHARACTERS),
    }
    if field.minimum is not None or field.required:
        schema["minLength"] = _or(field.minimum, 1)
    patterns: list[Json] = [{"pattern": NOT_BLANK}] if field.required else []
    if field.pattern:
        patterns.append({"pattern": field.pattern})
    if patterns:
        schema["allOf"] = patterns
    return schema


def _number_schema(field: Field) -> JsonObject:
    is_integer = field.type is FieldType.INTEGER
    bound = MAX_INTEGER if is_integer else MAX_NUMBER
    schema: JsonObject = {
        "type": "integer" if is_integer else "number",
        "minimum": _or(field.minimum, -bound),
        "maximum": _or(field.maximum, bound),
    }
    if field.more_than is not None:
        schema["exclusiveMinimum"] = field.more_than
    if field.less_than is not None:
        schema["exclusiveMaximum"] = field.less_than
    return schema


def _list_schema(field: Field, items: JsonObject, most: int) -> JsonObject:
    schema: JsonObject = {
        "type": "array",
        "items": items,
        "maxItems": _or(field.maximum, most),
    }
    if field.required and field.minimum in {None, 0}:
        schema["minItems"] = 1
    elif field.minimum is not None:
        schema["minItems"] = field.minimum
    return schema


def _choices_schema(field: Field) -> JsonObject:
    return {**_list_schema(field, _choice_schema(field), MAX_CHOICES), "uniqueItems": True}


def _choice_schema(field: Field) -> JsonObject:
    return {"enum": [value for value, _ in field.choices]}


def _file_schema(_field: Field) -> JsonObject:
    return {
        "type": "object",
        "properties": {
            "upload": {"type": "string", "format": "uuid"},
            "filename": {"type": "string", "minLength": 1, "maxLength": 255},
        },
        "required": ["upload", "filename"],
        "additionalProperties": False,
    }


def _or(limit: Json, otherwise: int | float) -> Json:
    return otherwise if limit is None else limit


_SCHEMAS: Final[Mapping[FieldType, Callable[[Field], JsonObject]]] = {
    _T.TEXT: _text_schema,
    _T.LONG_TEXT: _text_schema,
    _T.INTEGER: _number_schema,
    _T.NUMBER: _number_schema,
    _T.BOOLEAN: lambda _: {"type": "boolean"},
    _T.CHOICE: _choice_schema,
    _T.CHOICES: _choices_schema,
    _T.DATE: lambda _: {"type": "string", "format": "date"},
    _T.TIME: lambda _: {"type": "string", "pattern": TIME_PATTERN},
    _T.DATETIME: lambda _: {"type": "string", "format": "date-time"},
    _T.EMAIL: lambda _: {"type": "string", "format": "email", "maxLength": 254},
    _T.URL: lambda _: {"type": "string", "format": "uri", "maxLength": TEXT_CHARACTERS},
    _T.PHONE: lambda _: {"type": "string", "pattern": PHONE_PATTERN},
    _T.FILE: _file_schema,
    _T.RECORDS: lambda field: _list_schema(field, fields_schema(field.fields), MAX_RECORDS),
}


def _list_problems(specs: object, path: Path, *, inside_records: bool) -> Iterator[Problem]:
    if not isinstance(specs, list):
        yield Problem(path, "Give the fields as a list, one entry a field.", specs)
        return
    limit = MAX_RECORD_FIELDS if inside_records else MAX_FIELDS
    if len(specs) > limit:
        message = f"There are more than {limit} fields. Leave some out."
        yield Problem(path, message, len(specs))
        return
    names = [each.get("name") for each in specs if isinstance(each, dict)]
    known = frozenset(each for each in names if isinstance(each, str))
    seen: set[str] = set()
    for index, spec in enumerate(specs):
        place: Path = (*path, index)
        if not isinstance(spec, dict):
            yield Problem(place, "Give a field as an object with name, label and type.", spec)
            continue
        yield from _spec_problems(spec, place, inside_records=inside_records)
        yield from _visibility_problems(spec, place, known, inside_records=inside_records)
        name = spec.get("name")
        if isinstance(name, str) and name in seen:
            message = "Another field has this name too. Give each field a name of its own."
            yield Problem((*place, "name"), message, name)
        elif isinstance(name, str):
            seen.add(name)


def _spec_problems(spec: JsonObject, path: Path, *, inside_records: bool) -> Iterator[Problem]:
    found = [
        *_key_problems(spec, path),
        *_name_problems(spec, path),
        *_text_problems(spec, path),
        *_type_problems(spec, path, inside_records=inside_records),
    ]
    field_type = _type_of(spec)
    if field_type is not None:
        found += _inapplicable_problems(spec, path, field_type)
        found += _limit_problems(spec, path, field_type)
        found += _pattern_problems(spec, path, field_type)
        found += _choice_problems(spec, path, field_type)
        found += _record_problems(spec, path, field_type, inside_records=inside_records)
    yield from found
    if not found:
        yield from _default_problems(spec, path)


def _key_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    for key in spec:
        if key not in _ALL_KEYS:
            is_locked = key.lower().replace("_", "") in _LOCKED
            meant = "" if is_locked else nearest(key, _ALL_KEYS)
            message = f"A field has no “{short(key)}”."
            advice = _NOT_LOCKED if is_locked else did_you_mean(meant) or " Remove it."
            yield Problem((*path, key), message + advice, spec[key], meant)


def _name_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    name = spec.get("name")
    if _is_absent(name):
        yield Problem((*path, "name"), "Give the field a name.", name)
    elif not isinstance(name, str) or not _NAME.fullmatch(name):
        message = (
            "A name starts with a small letter and has only small letters, digits and "
            "underscores, 63 characters at most."
        )
        yield Problem((*path, "name"), message, name)


def _text_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    for key, limit in (("label", LONGEST_LABEL), ("help", 2_000)):
        value = spec.get(key)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            message = "Give “%(key)s” as text of at most %(limit)d characters."
            yield Problem((*path, key), message % {"key": key, "limit": limit}, value)
    required = spec.get("required")
    if not _is_absent(required) and not isinstance(required, bool):
        yield Problem((*path, "required"), "Give “required” as true or false.", required)


def _type_problems(spec: JsonObject, path: Path, *, inside_records: bool) -> Iterator[Problem]:
    given = spec.get("type")
    if (field_type := _type_of(spec)) is None:
        meant = nearest(given, list(FieldType))
        message = "Give the field one of these types: {types}.".format(types=", ".join(FieldType))
        yield Problem((*path, "type"), message + did_you_mean(meant), given, meant)
    elif inside_records and field_type in _NOT_IN_RECORDS:
        message = "A record cannot hold a field of type %(type)s. Move it out of the records."
        yield Problem((*path, "type"), message % {"type": field_type.value}, given)


def _inapplicable_problems(
    spec: JsonObject, path: Path, field_type: FieldType
) -> Iterator[Problem]:
    for key, types in _KEYS.items():
        if field_type not in types and not _is_absent(spec.get(key)):
            message = "A field of type %(type)s has no “%(key)s”. Remove it."
            values = {"type": field_type.value, "key": key}
            yield Problem((*path, key), message % values, spec[key])


def _limit_problems(spec: JsonObject, path: Path, field_type: FieldType) -> Iterator[Problem]:
    wrong = False
    for key in _LIMIT_KEYS:
        value = spec.get(key)
        if _is_absent(value) or field_type not in _KEYS[key]:
            continue
        if message := _bad_limit(field_type, value):
            wrong = True
            yield Problem((*path, key), message, value)
    if not wrong and (message := _contradiction(spec, field_type)):
        yield Problem((*path, "min"), message, spec.get("min"))


def _bad_limit(field_type: FieldType, value: Json) -> str:
    if field_type in _MOMENTS:
        probe = Field(name="limit", label="limit", type=field_type)
        fits = compile_validator(field_schema(probe)).is_valid(value)
        return "" if fits else f"{field_message(probe)} {_FIXED}"
    if field_type is FieldType.NUMBER:
        fits = _is_number(value) and abs(_number(value)) <= MAX_NUMBER
        return "" if fits else _no_limit(value, "Give the limit as a number.")
    if field_type is FieldType.INTEGER:
        fits = _is_whole(value) and abs(_number(value)) <= MAX_INTEGER
        return (
            ""
            if fits
            else _no_limit(value, "Give the limit as a whole number of at most 16 digits.")
        )
    most = {_T.CHOICES: MAX_CHOICES, _T.RECORDS: MAX_RECORDS}.get(field_type, MAX_TEXT_CHARACTERS)
    fits = _is_whole(value) and 0 <= _number(value) <= most
    return "" if fits else _no_limit(value, f"Give the limit as a whole number from 0 to {most}.")


_FIXED: Final = "A limit is fixed: it cannot depend on today or on another answer."


def _no_limit(value: Json, message: str) -> str:
    """Why this is no limit of a number; `message` says what is one."""
    if isinstance(value, dict):
        return f"{message} {_FIXED}"
    if isinstance(value, str) and len(possible_numbers(value)) > 1:
        return number_problem(value)
    return message


def _contradiction(spec: JsonObject, field_type: FieldType) -> str:
    if field_type in _MOMENTS:
        low, high = spec.get("min"), spec.get("max")
        both = isinstance(low, str) and isinstance(high, str) and low and high
        if both and _is_earlier(field_type, str(high), str(low)):
            return "“min” is later than “max”, so that no answer fits. Correct one of them."
        return ""
    low, high = _given(spec, "min"), _given(spec, "max")
    above, below = _given(spec, "more_than"), _given(spec, "less_than")
    pairs_fit = (
        (low is None or high is None or low <= high)
        and (above is None or high is None or above < high)
        and (low is None or below is None or low < below)
        and (above is None or below is None or above < below)
    )
    if not pairs_fit:
        return "The lowest allowed value is above the highest, so that no answer fits. Correct it."
    if field_type in _TEXTS and high is None and low is not None:
        usual = LONG_TEXT_CHARACTERS if field_type is FieldType.LONG_TEXT else TEXT_CHARACTERS
        if low > usual:
            return f"Give “max” as well: without it {usual} characters are the most."
    if spec.get("required") is True and field_type in _TEXTS | _COUNTED and high == 0:
        return "An answer is required, but “max” is 0, so that no answer fits. Correct it."
    return ""


def _given(spec: JsonObject, key: str) -> int | float | None:
    value = spec.get(key)
    return None if _is_absent(value) or not _is_number(value) else _number(value)


def _pattern_problems(spec: JsonObject, path: Path, field_type: FieldType) -> Iterator[Problem]:
    pattern = spec.get("pattern")
    if field_type not in _TEXTS or _is_absent(pattern):
        return
    message = (
        pattern_problem(pattern)
        if isinstance(pattern, str)
        else "Give the pattern as text: a regular expression."
    )
    if message:
        yield Problem((*path, "pattern"), message, pattern)


def _choice_problems(spec: JsonObject, path: Path, field_type: FieldType) -> Iterator[Problem]:
    if field_type not in _KEYS["choices"]:
        return
    choices, place = spec.get("choices"), (*path, "choices")
    if _is_absent(choices):
        yield Problem(place, "Give the choices, as a list.", choices)
        return
    if not isinstance(choices, list) or len(choices) > MAX_CHOICES:
        message = f"Give the choices as a list of at most {MAX_CHOICES}."
        yield Problem(place, message, choices)
        return
    seen: set[str] = set()
    for index, choice in enumerate(choices):
        pair = _choice(choice)
        if pair is None:
            message = "Give a choice as text, or as an object with value and label, both text."
            yield Problem((*place, index), message, choice)
        elif pair[0] in seen:
            yield Problem((*place, index), "This choice is listed twice. Remove one.", choice)
        else:
            seen.add(pair[0])
    least = _given(spec, "min")
    if least is not None and least > len(choices):
        message = "“min” asks for more answers than there are choices. Lower it."
        yield Problem((*path, "min"), message, spec.get("min"))


def _choice(choice: Json) -> tuple[str, str] | None:
    """A choice as value and label, or None where it is not one."""
    if isinstance(choice, dict):
        if not set(choice) <= {"value", "label"}:
            return None
        value = choice.get("value")
        label = value if _is_absent(choice.get("label")) else choice["label"]
    else:
        value = label = choice
    if not isinstance(value, str) or not isinstance(label, str):
        return None
    fit = len(value) <= LONGEST_LABEL and len(label) <= LONGEST_LABEL
    return (value, label) if value.strip() and fit else None


def _record_problems(
    spec: JsonObject, path: Path, field_type: FieldType, *, inside_records: bool
) -> Iterator[Problem]:
    if field_type is not FieldType.RECORDS or inside_records:
        return
    if _is_absent(spec.get("fields")):
        yield Problem((*path, "fields"), "Give the fields of a record, as a list.", None)
        return
    yield from _list_problems(spec["fields"], (*path, "fields"), inside_records=True)


def _visibility_problems(
    spec: JsonObject, path: Path, known: Collection[str], *, inside_records: bool
) -> Iterator[Problem]:
    rule, place = spec.get("visible_when"), (*path, "visible_when")
    if is_empty(rule):
        return
    if inside_records:
        message = "The fields of a record are always shown. Remove “visible_when”."
        yield Problem(place, message, rule)
        return
    if found := check_condition(rule):
        yield from (Problem(place, message, rule) for message in found)
        return
    if has_computed_names(rule):
        message = "The rule computes the name of a field. Name the field directly."
        yield Problem(place, message, rule)
    for variable in sorted(variables_read(rule)):
        name = variable.split(".", 1)[0]
        if name == spec.get("name"):
            message = "A field cannot depend on its own answer. Name another field."
            yield Problem(place, message, rule)
        elif name not in known:
            meant = nearest(name, known)
            message = f"The rule reads “{short(name)}”, but there is no such field."
            yield Problem(place, message + did_you_mean(meant), name, meant)


def _default_problems(spec: JsonObject, path: Path) -> Iterator[Problem]:
    default = spec.get("default")
    if _is_absent(default):
        return
    field = _field(spec)
    message = ""
    for error in compile_validator(field_schema(field)).iter_errors(default):
        message = sentence(error, field if not error.instance_path else None)
        break
    if message := message or limit_problem(field, default):
        text = f"The field itself refuses its default: {message}"
        yield Problem((*path, "default"), text, default)


def _parsed(specs: object) -> tuple[Field, ...]:
    return tuple(_field(each) for each in specs) if isinstance(specs, list) else ()


def _field(spec: JsonObject) -> Field:
    """A checked spec as a field."""
    given = {key: value for key, value in spec.items() if not _is_absent(value)}
    name, choices = str(given["name"]), given.get("choices", [])
    pairs = filter(None, map(_choice, choices if isinstance(choices, list) else []))
    return Field(
        name=name,
        type=FieldType(str(given["type"])),
        label=str(given.get("label", name.replace("_", " ").capitalize())),
        required=given.get("required") is True,
        help=str(given.get("help", "")),
        choices=tuple(dict(pairs).items()),  # two may have become one in composed form
        default=given.get("default"),
        minimum=_limit(given.get("min")),
        maximum=_limit(given.get("max")),
        more_than=_given(spec, "more_than"),
        less_than=_given(spec, "less_than"),
        pattern=str(given.get("pattern", "")),
        visible_when=given.get("visible_when"),
        fields=_parsed(given.get("fields")),
    )


def _limit(value: Json) -> int | float | str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        return int(value)  # the lengths of JSON Schema are integers
    return value if isinstance(value, int | float | str) else None


def _type_of(spec: JsonObject) -> FieldType | None:
    given = spec.get("type")
    return FieldType(given) if isinstance(given, str) and given in list(FieldType) else None


def _is_absent(value: Json) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Json) -> bool:
    return _is_number(value) and _number(value) == int(_number(value))


def _number(value: Json) -> int | float:
    return value if isinstance(value, int | float) else math.nan


__all__ = ["Field", "FieldType", "check_fields", "compile_schema", "parse_fields"]
