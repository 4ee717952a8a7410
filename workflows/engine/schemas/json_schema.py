"""JSON Schema: the one module that talks to the schema library, and its errors in our words.

Patterns run in linear time, whatever they are; nothing is ever fetched; formats are checked. What
a pattern, a schema and a check cost is found out before: see pattern_cost.py and schema_cost.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema_rs import Draft202012Validator, EmailOptions, RegexOptions, ValidationError

from workflows.engine.errors import CheckError, SchemaError
from workflows.engine.problems import short
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.bounds import size_of
from workflows.engine.texts import gettext, gettext_noop
from workflows.engine.values.frozen import thawed
from workflows.engine.values.number_text import write_number

from .pattern_cost import MOST_BYTES_OF_FORM, MOST_BYTES_OF_PATTERN, pattern_cost
from .schema_cost import (
    BYTES_OF_ERRORS_A_CHARACTER,
    MOST_BYTES_OF_ERRORS,
    SAFE_PRODUCT,
    TooDeepError,
    TooMuchToCheckError,
    are_errors_small,
    check_visits,
    schema_cost,
)

MAX_PATTERN_CHARACTERS = 500
NOT_BLANK: Final = r"\S"
# A form has up to 200 questions, each of up to 50 columns.
MOST_PARTS_OF_FORM: Final = 100_000
MOST_BYTES_COMPILED: Final = MOST_BYTES_OF_FORM + MOST_PARTS_OF_FORM * 2_000
TOO_LARGE: Final = gettext_noop(
    "The schema is too large. Make it simpler, or its patterns shorter."
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].*)?", re.DOTALL)


class SchemaChecker:
    """A compiled schema, which begins no check that would take too much time or memory.

    `size` is an estimate of its bytes. `is_ours`: nobody else wrote the schema, so that it takes
    no longer than what is checked is long; only the memory of its errors is bounded.
    """

    __slots__ = ("_checker", "_cost", "_schema", "is_ours", "size")

    def __init__(self, schema: JsonObject, *, is_ours: bool) -> None:
        try:
            self._cost = schema_cost(schema)
        except TooDeepError as error:
            raise SchemaError(gettext(TOO_LARGE)) from error
        if not is_ours and (
            self._cost.parts > MOST_PARTS_OF_FORM or self._cost.size > MOST_BYTES_COMPILED
        ):
            raise SchemaError(gettext(TOO_LARGE))
        self.is_ours = is_ours
        self.size = self._cost.size
        self._schema = schema
        self._checker = _compile(schema)

    def is_valid(self, data: Any) -> bool:
        """Raises CheckError: it would take too much to find out."""
        if not self.is_ours:
            self._check_work(size_of(data), data)
        return self._checker.is_valid(data)

    def iter_errors(self, data: Any) -> Iterator[ValidationError]:
        """What is wrong; where that would be too much to keep, the first of it.

        Raises CheckError: it would take too much to find out.
        """
        if self.is_valid(data):
            return
        if self._are_errors_small(size_of(data), data):
            yield from self._checker.iter_errors(data)
            return
        try:
            self._checker.validate(data)
        except ValidationError as error:
            yield error

    def _check_work(self, size: int, data: Json) -> None:
        if (self._cost.parts + self._cost.positions) * size > SAFE_PRODUCT:
            try:
                check_visits(self._schema, data)
            except (TooMuchToCheckError, RecursionError) as error:
                raise CheckError from error

    def _are_errors_small(self, size: int, data: Json) -> bool:
        roughly = BYTES_OF_ERRORS_A_CHARACTER * self._cost.parts * size
        roughly += self._cost.positions * size  # each error names what it was compared with
        return roughly <= MOST_BYTES_OF_ERRORS or are_errors_small(self._schema, data)


def compile_validator(schema: JsonObject, *, is_ours: bool = False) -> SchemaChecker:
    """Compile a schema; raise jsonschema_rs.ValidationError or SchemaError where it is wrong."""
    return SchemaChecker(schema, is_ours=is_ours)


def _compile(schema: JsonObject) -> Draft202012Validator:
    """The one place where a schema, or a pattern, is compiled."""
    try:
        return Draft202012Validator(
            thawed(schema),  # of lists that are frozen it would know nothing
            validate_formats=True,
            formats={"uri": is_web_address, "date": _is_date, "date-time": _is_moment},
            pattern_options=RegexOptions(size_limit=2_000_000, dfa_size_limit=2_000_000),
            email_options=EmailOptions(
                require_tld=True, allow_domain_literal=False, allow_display_text=False
            ),
            offline=True,
        )
    except ValidationError:
        raise
    except ValueError as error:
        raise SchemaError from error
    except BaseException as error:
        # The library's panic is no Exception, so that nothing else catches it.
        if isinstance(error, MemoryError) or type(error).__name__ == "PanicException":
            raise SchemaError(gettext(TOO_LARGE)) from error
        raise


def is_web_address(text: str) -> bool:
    """Whether this is an absolute http or https address: ``uri`` alone admits javascript:."""
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port_is_valid


@lru_cache(maxsize=2_000)  # sentences, by patterns of at most 500 characters
def _compile_pattern(pattern: str) -> str:
    if pattern_cost(pattern).size > MOST_BYTES_OF_PATTERN:
        return gettext(
            "The pattern is too large once its repetitions are written out. Write + in place of a "
            "repetition that counts, such as {1,40}, and give “max” to limit the length."
        )
    try:
        compile_validator({"pattern": pattern})
    except (ValidationError, SchemaError):
        return gettext(
            "The pattern is not a regular expression that can be used. It may not look ahead or "
            "behind or refer back to a group, and its repetitions must stay small."
        )
    return ""


def pattern_problem(pattern: str) -> str:
    """Why a pattern cannot be used, or an empty string."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        return gettext("The pattern is longer than %(most)s characters. Make it shorter.") % {
            "most": MAX_PATTERN_CHARACTERS
        }
    return _compile_pattern(pattern)


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text)) and _library_accepts("date", text) and text >= "0001"


def _is_moment(text: str) -> bool:
    # A leap second is valid RFC 3339, but neither Python nor Postgres can keep one.
    return text >= "0001" and text[17:19] != "60" and _library_accepts("date-time", text)


def _library_accepts(name: str, text: str) -> bool:
    return _FORMATS[name].is_valid(text)


_FORMATS: Final[Mapping[str, Draft202012Validator]] = {
    name: Draft202012Validator({"format": name}, validate_formats=True, offline=True)
    for name in ("date", "date-time")
}
_TYPES: Final = {
    "string": gettext_noop("text"),
    "integer": gettext_noop("a whole number"),
    "number": gettext_noop("a number"),
    "boolean": gettext_noop("yes or no"),
    "array": gettext_noop("a list"),
    "object": gettext_noop("a group of named values"),
    "null": gettext_noop("nothing"),
}
# What to do about a value that does not have a format.
FORMAT_SENTENCES: Final[Mapping[str, str]] = {
    "date": gettext_noop("Enter a date, such as 2026-03-31."),
    "time": gettext_noop("Enter a time with its zone, such as 14:30:00Z."),
    "date-time": gettext_noop(
        "Enter a date and a time with its zone, such as 2026-03-31T14:30:00Z."
    ),
    "email": gettext_noop("Enter an e-mail address, such as name@example.com."),
    "uri": gettext_noop("Enter a web address that starts with http:// or https://."),
}
_WRONG_FORM: Final = gettext_noop("This does not have the form that is asked for.")
REQUIRED: Final = gettext_noop("Answer this question: an answer is required.")
_LIMITS: Final = {
    "minimum": gettext_noop("Enter a number of at least %(limit)s."),
    "maximum": gettext_noop("Enter a number of at most %(limit)s."),
    "exclusiveMinimum": gettext_noop("Enter a number greater than %(limit)s."),
    "exclusiveMaximum": gettext_noop("Enter a number less than %(limit)s."),
    "minProperties": gettext_noop("Give at least %(limit)s values."),
    "maxProperties": gettext_noop("Give at most %(limit)s values."),
}
_COUNTS: Final = {
    "minLength": (
        gettext_noop("Enter at least one character."),
        gettext_noop("Enter at least %(limit)s characters."),
    ),
    "maxLength": (
        gettext_noop("Enter at most one character."),
        gettext_noop("Enter at most %(limit)s characters."),
    ),
    "minItems": (
        gettext_noop("Give at least one entry."),
        gettext_noop("Give at least %(limit)s entries."),
    ),
    "maxItems": (
        gettext_noop("Give at most one entry."),
        gettext_noop("Give at most %(limit)s entries."),
    ),
}
_NOT_VALID: Final = gettext_noop("This value is not valid. Correct it.")
_OTHERS: Final = {
    "uniqueItems": gettext_noop("Give each entry only once."),
    "anyOf": gettext_noop("This does not fit any of the allowed forms. Correct it."),
    "oneOf": gettext_noop("This does not fit exactly one of the allowed forms. Correct it."),
    "not": gettext_noop("This value is not allowed here. Enter another."),
    "contains": gettext_noop("One entry that is needed is missing from this list."),
    "falseSchema": gettext_noop("Leave this out: no value is allowed here."),
    "propertyNames": gettext_noop("A name in here is not allowed. Correct it."),
    "unevaluatedItems": gettext_noop("Leave out the entries that are not asked for."),
    "unevaluatedProperties": gettext_noop("Leave out the values that are not asked for."),
}


def sentence(error: ValidationError) -> str:
    """What to do about a library error, for the person who answers."""
    keyword = error.kind.name
    details: dict[str, object] = error.kind.as_dict()
    if keyword in _COUNTS:
        one, many = _COUNTS[keyword]
        limit = details["limit"]
        return gettext(one) if limit == 1 else gettext(many) % {"limit": limit}
    if keyword in _LIMITS:
        return gettext(_LIMITS[keyword]) % {"limit": plain_number(details["limit"])}
    if keyword == "multipleOf":
        return gettext("Enter a multiple of {step}.").format(
            step=plain_number(details["multiple_of"])
        )
    if keyword == "type":
        return _type_sentence(details["types"])
    if keyword == "required":
        return gettext(REQUIRED)
    if keyword in {"enum", "const"}:
        return options_sentence(details.get("options", [details.get("expected_value")]))
    if keyword == "pattern":
        return _pattern_sentence(error)
    if keyword == "format":
        return gettext(FORMAT_SENTENCES.get(str(details["format"]), _WRONG_FORM))
    return gettext(_OTHERS.get(keyword, _NOT_VALID))


def plain_number(value: object) -> str:
    """A limit as people write it: 5, not 5.0, and nothing that may be two numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return write_number(value)
    return str(value)


def _type_sentence(types: object) -> str:
    known = [str(each) for each in types] if isinstance(types, list) else []
    known.sort(key="null".__eq__)
    names = [gettext(_TYPES[each]) if each in _TYPES else each for each in known]
    return gettext("Give {types} here.").format(types=gettext(" or ").join(names))


def options_sentence(options: object) -> str:
    """That one of these is to be chosen; there may be too many to name."""
    if not isinstance(options, list) or len(options) > 12:
        return gettext("Choose one of the options.")
    return gettext("Choose one of these: {options}.").format(
        options=", ".join(short(_shown(each)) for each in options),
    )


def _shown(option: Json) -> str:
    if isinstance(option, bool):
        return gettext("yes") if option else gettext("no")
    return gettext("nothing") if option is None else plain_number(option)


def _pattern_sentence(error: ValidationError) -> str:
    if error.kind.as_dict().get("pattern") == NOT_BLANK:
        return (
            gettext(REQUIRED)
            if not error.instance
            else gettext("Enter some text: spaces alone are no answer.")
        )
    return gettext(_WRONG_FORM)


__all__ = [
    "FORMAT_SENTENCES",
    "REQUIRED",
    "CheckError",
    "SchemaChecker",
    "ValidationError",
    "compile_validator",
    "options_sentence",
    "pattern_problem",
    "sentence",
]
