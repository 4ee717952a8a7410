"""Operators that take the values of their arguments: the values in a list, and the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .failures import Reason, Unfit
from .moments import (
    difference_of_times,
    duration_of,
    duration_over,
    duration_text,
    duration_times,
    formatted,
    moment_of,
    parsed,
    sum_of_times,
)
from .numbers import (
    MOST_ROUNDED_DIGITS,
    Number,
    added,
    comparable,
    divided,
    is_number,
    multiplied,
    number_of,
    remainder,
    rounded_down,
    rounded_to,
    rounded_up,
    strict_number,
    subtracted,
    whole_number,
)
from .steps import Run
from .values import strictly_equal, text_of

type Values = list[Any]
type Function = Callable[[Values, Run], Any]
type _Two = Callable[[Number, Number], Number]


def must_be_number(value: Any) -> Number:
    number = number_of(value)
    if number is None:
        raise Unfit(Reason.NOT_A_NUMBER)
    return number


# Numbers


def add(values: Values, run: Run) -> Any:
    given = _counted(values, run)
    if not given:
        return 0
    found = given[0] if len(given) > 1 else must_be_number(given[0])
    for each in given[1:]:
        found = _plus(found, each)
    return found


def multiply(values: Values, run: Run) -> Any:
    if len(values) == 2:
        one, other = values
        for duration, factor in ((one, other), (other, one)):
            seconds, number = duration_of(duration), number_of(factor)
            if seconds is not None and number is not None:
                return duration_times(seconds, number)
    return _folded(multiplied, 1, values, run)


def subtract(values: Values, run: Run) -> Any:
    if len(values) == 1 and not isinstance(values[0], list):
        return subtracted(0, must_be_number(values[0]))
    given = _counted(values, run)
    if not given:
        raise Unfit
    found = given[0] if len(given) > 1 else must_be_number(given[0])
    for each in given[1:]:
        found = _minus(found, each)
    return found


def divide(values: Values, run: Run) -> Any:
    if len(values) == 1 and not isinstance(values[0], list):
        return divided(1, must_be_number(values[0]))
    if len(values) == 2 and (seconds := duration_of(values[0])) is not None:
        return duration_over(seconds, must_be_number(values[1]))
    return _from_the_left(divided, values, run)


def modulo(values: Values, run: Run) -> Any:
    given = _listed(values)
    if len(given) < 2:
        raise Unfit
    return _from_the_left(remainder, values, run)


def largest(values: Values, run: Run) -> Any:
    return _extreme(values, run, max)


def smallest(values: Values, run: Run) -> Any:
    return _extreme(values, run, min)


def absolute(values: Values, run: Run) -> Any:
    return _each_number(_absolute, values)


def ceil(values: Values, run: Run) -> Any:
    return _each_number(rounded_up, values)


def floor(values: Values, run: Run) -> Any:
    return _each_number(rounded_down, values)


def round_half_up(values: Values, run: Run) -> Any:
    """A number, and to how many digits after the point; half away from zero, as with money."""
    digits = whole_number(values[1]) if len(values) > 1 else 0
    if digits is None or not 0 <= digits <= MOST_ROUNDED_DIGITS:
        raise Unfit
    if values[0] is None:
        return None
    return rounded_to(must_be_number(values[0]), digits)


def _absolute(number: Number) -> Number:
    return subtracted(0, number) if number < 0 else number


def _plus(one: Any, other: Any) -> Any:
    if type(one) is int and type(other) is int:
        return added(one, other)
    mine, theirs = number_of(one), number_of(other)
    if mine is not None and theirs is not None:
        return added(mine, theirs)
    return _moved(sum_of_times(one, other))


def _minus(one: Any, other: Any) -> Any:
    mine, theirs = number_of(one), number_of(other)
    if mine is not None and theirs is not None:
        return subtracted(mine, theirs)
    return _moved(difference_of_times(one, other))


def _moved(found: str | None) -> str:
    if found is None:
        raise Unfit(Reason.NOT_A_NUMBER)
    return found


def _folded(two: _Two, start: int, values: Values, run: Run) -> Number:
    given = _counted(values, run)
    found: Number = start
    for each in given:
        found = two(found, must_be_number(each))
    return found


def _from_the_left(two: _Two, values: Values, run: Run) -> Number:
    given = _counted(values, run)
    if not given:
        raise Unfit
    found = must_be_number(given[0])
    for each in given[1:]:
        found = two(found, must_be_number(each))
    return found


def _extreme(values: Values, run: Run, of: Callable[..., Any]) -> Any:
    given = _listed(values)
    if not given or not all(map(is_number, given)):
        raise Unfit
    run.go_over(len(given))
    return of(given, key=lambda each: comparable(must_be_number(each)))


def _each_number(one: Callable[[Number], Number], values: Values) -> Any:
    found = []
    for each in values:
        number = strict_number(each)
        if number is None:
            raise Unfit
        found.append(one(number))
    return found[0] if len(found) == 1 else found


def _listed(values: Values) -> Values:
    """The values of one argument that is a list, or of several arguments."""
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def _counted(values: Values, run: Run) -> Values:
    given = _listed(values)
    run.go_over(len(given))
    return given


# Yes or no


def negate(values: Values, run: Run) -> bool:
    return not (values and values[0])


def is_truthy(values: Values, run: Run) -> bool:
    return bool(values and values[0])


def is_in(values: Values, run: Run) -> bool:
    if len(values) < 2:
        return False
    item, group = values
    if isinstance(group, str):
        run.write(len(group))
        return isinstance(item, str) and item in group
    if not isinstance(group, list):
        return False
    run.go_over(len(group))
    return any(strictly_equal(each, item, run.go_over) for each in group)


def starts_with(values: Values, run: Run) -> bool:
    return _text(values[0], run).startswith(_text(values[1], run))


def ends_with(values: Values, run: Run) -> bool:
    return _text(values[0], run).endswith(_text(values[1], run))


# Texts


def concatenate(values: Values, run: Run) -> str:
    parts: list[str] = []
    for each in values:
        if isinstance(each, list):
            run.go_over(len(each))
            parts.extend(_text(part, run) for part in each)
        else:
            parts.append(_text(each, run))
    return "".join(parts)


def substring(values: Values, run: Run) -> str:
    text = _text(values[0], run) if values else ""
    start = (whole_number(values[1]) if len(values) > 1 else None) or 0
    length = whole_number(values[2]) if len(values) > 2 else None
    first = max(len(text) + start, 0) if start < 0 else start
    if length is None:
        return text[first:]
    last = len(text) + length if length < 0 else first + length
    return text[first : max(last, first)]


def upper(values: Values, run: Run) -> str:
    return _text(values[0], run).upper()


def lower(values: Values, run: Run) -> str:
    return _text(values[0], run).lower()


def trim(values: Values, run: Run) -> str:
    return _text(values[0], run).strip()


def split(values: Values, run: Run) -> list[str]:
    text, separator = _text(values[0], run), text_of(values[1])
    if not text:
        return [""]
    run.go_over(len(text) if not separator else text.count(separator))
    return list(text) if not separator else text.split(separator)


def _text(value: Any, run: Run) -> str:
    text = text_of(value)
    # To write a list or an object out takes longer than to copy a text.
    run.write(len(text) * (16 if isinstance(value, list | dict) else 1))
    return text


def length(values: Values, run: Run) -> int:
    if not isinstance(values[0], str | list):
        raise Unfit
    return len(values[0])


def type_name(values: Values, run: Run) -> str:
    value = values[0] if values else None
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "number"
    if isinstance(value, list):
        return "array"
    if isinstance(value, dict):
        return "object"
    if moment_of(value) is not None:
        return "datetime"
    return "string" if duration_of(value) is None else "duration"


# Lists and objects


def merge(values: Values, run: Run) -> list[Any]:
    found: list[Any] = []
    for each in values:
        if isinstance(each, list):
            run.go_over(len(each))
            found.extend(each)
        else:
            found.append(each)
    return found


def cut(values: Values, run: Run) -> Any:
    """A part of a list or a text: from, to and step, as Python counts them."""
    given = values[0]
    if given is None:
        return None
    if not isinstance(given, list | str):
        raise Unfit
    start, end, step = (_place(values, index) for index in (1, 2, 3))
    if step == 0:
        raise Unfit
    run.go_over(len(given))
    return given[start:end:step]


def keys(values: Values, run: Run) -> list[str]:
    return list(_object(values[0], run))


def values_of(values: Values, run: Run) -> list[Any]:
    return list(_object(values[0], run).values())


def entries(values: Values, run: Run) -> list[Any]:
    found = _object(values[0], run)
    return [{"key": key, "value": value} for key, value in found.items()]


def _object(value: Any, run: Run) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unfit
    run.go_over(len(value))
    return value


def _place(values: Values, index: int) -> int | None:
    given = values[index] if len(values) > index else None
    found = whole_number(given)
    if given is not None and found is None:
        raise Unfit
    return found


# Times


def moment(values: Values, run: Run) -> Any:
    if moment_of(values[0]) is None:
        raise Unfit
    return values[0]


def duration(values: Values, run: Run) -> str:
    seconds = duration_of(values[0])
    if seconds is None:
        raise Unfit
    return duration_text(seconds)


def read_date(values: Values, run: Run) -> str:
    return parsed(values[0], values[1])


def write_date(values: Values, run: Run) -> str:
    if isinstance(values[1], str):
        run.go_over(len(values[1]))
    return formatted(values[0], values[1])


OF_MANY: Final = frozenset({"+", "*", "max", "min"})
"""Operators that take several arguments, and not one list that stands in the rule."""
