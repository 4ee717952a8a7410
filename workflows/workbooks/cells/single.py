"""Cells with one value: a key, a role, a number, yes or no, a date or a time."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.document.synonyms import field_type_of, task_type_of
from workflows.engine.errors import DurationError
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json
from workflows.engine.times.timing import Moment
from workflows.engine.values.number_text import NumberTextError, parse_number
from workflows.fields.field import CellForm
from workflows.fields.registry import TYPES
from workflows.workbooks.cells.kind import Scope
from workflows.workbooks.cells.lines import UnreadableCellError, read_names
from workflows.workbooks.cells.zone import in_zone_of_cells
from workflows.workbooks.formats.grid import CellValue, text_of
from workflows.workbooks.formats.sheet import Written

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
YES: Final = frozenset({"yes", "y", "true", "1", "x", "✓", "✔", "required"})
NO: Final = frozenset({"no", "n", "false", "0", "-", "–", "optional"})  # noqa: RUF001
NUMBERS: Final = frozenset({CellForm.NUMBER, CellForm.WHOLE_NUMBER})
_LENGTH_OF_DATE: Final = len("2026-01-31")
MOMENTS: Final = frozenset({CellForm.DATE, CellForm.TIME, CellForm.MOMENT})
_CLOCK: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::00)?")


def key_of(value: CellValue) -> str:
    """A key; what a program or a keyboard made of it (a capital, wide letters) is undone."""
    text = text_of(value)
    return name_key(text) if _KEY.fullmatch(name_key(text)) else text


def as_text(value: Json, _scope: Scope) -> Written:
    return value if isinstance(value, str) else None


def read_role(value: CellValue, scope: Scope) -> Json:
    return _known_role(text_of(value), scope)


def _known_role(name: str, scope: Scope) -> str:
    """The role as the sheet Company roles spells it."""
    if name in scope.roles:
        return name
    return next((each for each in scope.roles if name_key(each) == name_key(name)), name)


def read_roles(value: CellValue, scope: Scope) -> Json:
    return [_known_role(str(each), scope) for each in read_names(text_of(value))]


def read_number(value: CellValue, scope: Scope) -> Json:
    """A number; whole, but for the limits of a field of numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableCellError(
            _("Write a number here."), found=text_of(value), expected=_("a number")
        )
    if not isinstance(value, str):
        return value
    try:
        return parse_number(value, whole=cell_form(scope.field_type) is not CellForm.NUMBER)
    except NumberTextError as error:
        raise unreadable_number(error, value) from error


def unreadable_number(error: NumberTextError, text: str) -> UnreadableCellError:
    return UnreadableCellError(str(error), found=short(text), expected=_("a number"))


def number_written(value: Json, _scope: Scope) -> Written:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Spreadsheets keep 15 digits; more stay text.
    return repr(value) if len(re.sub(r"\D", "", repr(value))) > 15 else value


def read_yes(value: CellValue, _scope: Scope) -> Json:
    if isinstance(value, bool):
        return value
    text = name_key(text_of(value))
    if text in YES:
        return True
    if text in NO:
        return False
    raise UnreadableCellError(
        _("Write yes or no.") + did_you_mean(nearest(text, ("yes", "no"))),
        found=text_of(value),
        expected=_("yes or no"),
        nearest=nearest(text, ("yes", "no")),
    )


def write_yes(value: Json, _scope: Scope) -> Written:
    return {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None


def read_type(value: CellValue, _scope: Scope) -> Json:
    return field_type_of(text_of(value))


def read_task_type(value: CellValue, _scope: Scope) -> Json:
    return task_type_of(text_of(value))


def cell_form(field_type: str) -> CellForm:
    """How the cell of a type's answers looks; that of a text, where nobody knows the type."""
    found = TYPES.get(field_type)
    return found.cell if found is not None else CellForm.TEXT


def moment_text(value: CellValue, form: CellForm) -> str:
    """A date or time as a form gives it, whatever the cell made of it."""
    if form is CellForm.DATE and isinstance(value, datetime):
        return value.date().isoformat()
    if form is CellForm.TIME and isinstance(value, datetime):
        return text_of(value.time())
    if form is CellForm.MOMENT and isinstance(value, date):
        return in_zone_of_cells(
            value if isinstance(value, datetime) else datetime.combine(value, time())
        )
    text = text_of(value)
    if form is CellForm.MOMENT and len(text) > _LENGTH_OF_DATE:
        try:
            return in_zone_of_cells(datetime.fromisoformat(text), text)
        except ValueError:
            return text
    return text


def read_place(value: CellValue, _scope: Scope) -> Json:
    """`block.branch`; what a program or a keyboard made of it is undone."""
    return name_key(text_of(value))


def read_ends_when(value: CellValue, _scope: Scope) -> Json:
    text = name_key(text_of(value))
    return int(text) if text.isdecimal() else text


def write_ends_when(value: Json, _scope: Scope) -> Written:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def read_item(value: CellValue, _scope: Scope) -> Json:
    """A number, or several with commas between them."""
    names = [str(each) for each in read_names(text_of(value))]
    if not names or not all(each.isdecimal() for each in names):
        message = _("Write the number of the entry, counted from 1.")
        raise UnreadableCellError(message, found=text_of(value), expected=_("a number"))
    numbers: list[Json] = [int(each) for each in names]
    return numbers[0] if len(numbers) == 1 else numbers


def write_item(value: Json, _scope: Scope) -> Written:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_duration(value: CellValue, _scope: Scope) -> Json:
    """“2 days 4 hours” as P2DT4H; “3 days before ticket.return_date” likewise."""
    try:
        return Moment.read(text_of(value)).iso
    except DurationError as error:
        message = _(
            "Write a time such as 2 days 4 hours (working time), 30 minutes clock time, or 3 days "
            "before ticket.return_date at 09:00."
        )
        raise UnreadableCellError(message) from error


def write_duration(value: Json, _scope: Scope) -> Written:
    try:
        return Moment.parse(value).text if isinstance(value, str) and value else None
    except DurationError:
        return None


def read_clock(value: CellValue, _scope: Scope) -> Json:
    """A time of day with two digits each; what is none stays as it is, for the check."""
    text = str(moment_text(value, CellForm.TIME))
    match = _CLOCK.fullmatch(text.strip())
    return f"{int(match[1]):02}:{match[2]}" if match else text
