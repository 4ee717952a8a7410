"""What the cells of each column hold: how each kind is read and written.

Reading takes what a person typed and what their program made of it. Writing gives text or a
number that reading turns into exactly the same value; where there is none, the cell holds
`json:` and the value as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.document.synonyms import field_type_of, task_type_of
from workflows.engine.conditions.text import (
    RESPONSE,
    ROOTS,
    ConditionTextError,
    Names,
    parse_condition,
    parse_expression,
    write_condition,
    write_expression,
)
from workflows.engine.errors import DurationError
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json
from workflows.engine.rules.data import compact
from workflows.engine.rules.reads import is_call
from workflows.engine.steps.subtickets import ROOT as SUBTICKET
from workflows.engine.times.timing import Moment
from workflows.engine.values.number_text import (
    AmbiguousNumberError,
    NumberTextError,
    parse_number,
    write_number,
)
from workflows.fields.field import CellForm
from workflows.fields.registry import TYPES
from workflows.workbooks.approving import (
    read_approvers,
    read_never_asked,
    write_approvers,
    write_never_asked,
)
from workflows.workbooks.assigned import read_assigned, write_assigned
from workflows.workbooks.edited import read_edits, write_edits
from workflows.workbooks.formats.grid import CellValue, cleaned, text_of
from workflows.workbooks.formats.seen import Want
from workflows.workbooks.formats.sheet import Written
from workflows.workbooks.lines import (
    UnreadableCellError,
    quoted,
    read_assignments,
    read_choices,
    read_links,
    read_names,
    read_transform,
    safe_json,
    unquoted,
    write_assignments,
    write_choices,
    write_links,
    write_names,
    write_transform,
)
from workflows.workbooks.mails import read_mail, read_mails, write_mail, write_mails
from workflows.workbooks.reminders import read_reminders, write_reminders
from workflows.workbooks.zone import in_zone_of_cells

JSON_MARK: Final = "json:"
LONG_TEXT: Final = re.compile(r"long text ([0-9]{1,6})", re.IGNORECASE)
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PLAIN: Final = re.compile(r"[\n\t -~\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_EXCEL_ESCAPE: Final = re.compile(r"_x[0-9A-Fa-f]{4}_")
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "✓", "✔", "required"})
_NO: Final = frozenset({"no", "n", "false", "0", "-", "–", "optional"})  # noqa: RUF001
_ANY: Final = "any"
_NUMBERS: Final = frozenset({CellForm.NUMBER, CellForm.WHOLE_NUMBER})
_LENGTH_OF_DATE: Final = len("2026-01-31")
_MOMENTS: Final = frozenset({CellForm.DATE, CellForm.TIME, CellForm.MOMENT})
_WANTS: Final[Mapping[CellForm, Want]] = {
    **dict.fromkeys(_NUMBERS, Want.NUMBER),
    **dict.fromkeys(_MOMENTS, Want.MOMENT),
    CellForm.YES_NO: Want.TRUTH,
}
# What a formula begins with in a cell for a number or a time: a name or a bracket, or JSON.
_BEGINS_FORMULA: Final = re.compile(r"[^\W\d]|[({]")
_SAYS_RULE: Final = re.compile(r"[=<>≤≥≠({]|\w\s+\w")
_ONE_WORD: Final = re.compile(r"\w+")
_CLOCK: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::00)?")
_LEADING_ZERO: Final = re.compile(r"[+-]?0[0-9]+")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in a cell may mean.

    `field_type` is the type of the row's own field, `form` the names of all fields of its form;
    `ticket` has the type of each field of the ticket, or of the form that a test answers;
    `untyped` says that a value of an unknown name is what it looks like, as of a call's output.
    """

    task_keys: Collection[str] = ()
    ticket: Mapping[str, str] = field(default_factory=dict)
    roles: Collection[str] = ()
    form: Collection[str] = ()
    field_type: str = ""
    untyped: bool = False

    @property
    def names(self) -> Names:
        return Names(self.task_keys, roots=(*ROOTS, RESPONSE, SUBTICKET))


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` raises UnreadableCellError; `write` gives None where it has no words for a value.

    `wants` says what a cell must show, so that what its program made of it can be told.
    `refused` makes, of a text that could not be read, a value that every check refuses.
    """

    read: Callable[[CellValue, Scope], Json]
    write: Callable[[Json, Scope], Written]
    refused: Callable[[str], Json] = lambda text: {"unreadable": text}
    wants: Callable[[Scope], Want] = lambda _scope: Want.TEXT


def read_cell(kind: Kind, value: CellValue, scope: Scope) -> Json:
    """The value in a cell; None for a blank one.

    Raises:
        UnreadableCellError: it cannot be read.
    """
    if isinstance(value, str):
        value = cleaned(value)
        if not value:
            return None
        if value[: len(JSON_MARK)].lower() == JSON_MARK:
            return _json(value[len(JSON_MARK) :])
    return kind.read(value, scope)


def write_cell(kind: Kind, value: Json, scope: Scope) -> Written:
    """What to put into a cell, so that `read_cell` gives this value."""
    if value is None:
        return None
    written = kind.write(value, scope)
    if written is not None and _is_kept(written):
        try:
            if _same(read_cell(kind, written, scope), value):
                return written
        except UnreadableCellError:
            pass
    return f"{JSON_MARK} {safe_json(value)}"


def _same(one: Json, other: Json) -> bool:
    """Whether two values are equal; unlike Python, JSON tells true from 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_kept(written: str | int | float) -> bool:
    """Whether every spreadsheet keeps it as it is."""
    if not isinstance(written, str):
        return True
    return (
        written == cleaned(written)
        and _PLAIN.fullmatch(written) is not None
        and _EXCEL_ESCAPE.search(written) is None
        and LONG_TEXT.fullmatch(written) is None
    )


def key_of(value: CellValue) -> str:
    """A key; what a program or a keyboard made of it (a capital, wide letters) is undone."""
    text = text_of(value)
    return name_key(text) if _KEY.fullmatch(name_key(text)) else text


def _json(text: str) -> Json:
    try:
        found: Json = json.loads(text, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        column = f" {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableCellError(
            _("This is not written as JSON. The mistake is near character%(column)s.")
            % {"column": column or " 1"},
            found=short(text),
            expected="JSON",
        ) from error
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _as_text(value: Json, _scope: Scope) -> Written:
    return value if isinstance(value, str) else None


def _read_role(value: CellValue, scope: Scope) -> Json:
    return _known_role(text_of(value), scope)


def _known_role(name: str, scope: Scope) -> str:
    """The role as the sheet Company roles spells it."""
    if name in scope.roles:
        return name
    return next((each for each in scope.roles if name_key(each) == name_key(name)), name)


def _read_roles(value: CellValue, scope: Scope) -> Json:
    return [_known_role(str(each), scope) for each in read_names(text_of(value))]


def _read_number(value: CellValue, scope: Scope) -> Json:
    """A number; whole, but for the limits of a field of numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableCellError(
            _("Write a number here."), found=text_of(value), expected=_("a number")
        )
    if not isinstance(value, str):
        return value
    try:
        return parse_number(value, whole=_cell_form(scope.field_type) is not CellForm.NUMBER)
    except NumberTextError as error:
        raise _unreadable_number(error, value) from error


def _unreadable_number(error: NumberTextError, text: str) -> UnreadableCellError:
    return UnreadableCellError(str(error), found=short(text), expected=_("a number"))


def _write_number(value: Json, _scope: Scope) -> Written:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Spreadsheets keep 15 digits; more stay text.
    return repr(value) if len(re.sub(r"\D", "", repr(value))) > 15 else value


def _read_yes(value: CellValue, _scope: Scope) -> Json:
    if isinstance(value, bool):
        return value
    text = name_key(text_of(value))
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise UnreadableCellError(
        _("Write yes or no.") + did_you_mean(nearest(text, ("yes", "no"))),
        found=text_of(value),
        expected=_("yes or no"),
        nearest=nearest(text, ("yes", "no")),
    )


def _write_yes(value: Json, _scope: Scope) -> Written:
    return {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None


def _read_type(value: CellValue, _scope: Scope) -> Json:
    return field_type_of(text_of(value))


def _read_task_type(value: CellValue, _scope: Scope) -> Json:
    return task_type_of(text_of(value))


def read_typed(value: CellValue, field_type: str) -> Json:
    """A value of a field. What does not fit its type stays text: the check says what is wrong."""
    form = _cell_form(field_type)
    if form in _NUMBERS:
        return _typed_number(value, whole=form is CellForm.WHOLE_NUMBER)
    if form is CellForm.YES_NO:
        try:
            return _read_yes(value, Scope())
        except UnreadableCellError:
            return text_of(value)
    if form is CellForm.NAMES:
        return read_names(text_of(value))
    if form is CellForm.JSON:
        return _json(text_of(value))
    if form in _MOMENTS:
        return _moment_text(value, form)
    return text_of(value)


def _cell_form(field_type: str) -> CellForm:
    """How the cell of a type's answers looks; that of a text, where nobody knows the type."""
    found = TYPES.get(field_type)
    return found.cell if found is not None else CellForm.TEXT


def _typed_number(value: CellValue, *, whole: bool) -> Json:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return parse_number(text_of(value), whole=whole)
    except NumberTextError:
        return text_of(value)


def _moment_text(value: CellValue, form: CellForm) -> str:
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


def write_typed(value: Json, field_type: str) -> Written:
    form = _cell_form(field_type)
    if isinstance(value, bool):
        return _write_yes(value, Scope()) if form is CellForm.YES_NO else None
    if isinstance(value, int | float):
        return _write_number(value, Scope()) if form in _NUMBERS else None
    if isinstance(value, list) and form is CellForm.NAMES:
        return write_names(value)
    if isinstance(value, dict | list):
        return safe_json(value)
    return value


def _read_limit(value: CellValue, scope: Scope) -> Json:
    form = _cell_form(scope.field_type)
    if (formula := _formula_in(value, scope)) is not None:
        return formula
    if form in _MOMENTS:
        return _moment_text(value, form)
    return _read_number(value, scope)


def _write_limit(value: Json, scope: Scope) -> Written:
    if isinstance(value, dict):
        return _write_formula(value, scope)
    return _as_text(value, scope) if isinstance(value, str) else _write_number(value, scope)


def _read_default(value: CellValue, scope: Scope) -> Json:
    formula = _formula_in(value, scope)
    return read_typed(value, scope.field_type) if formula is None else formula


def _write_default(value: Json, scope: Scope) -> Written:
    if is_call(value) and _cell_form(scope.field_type) in {*_NUMBERS, *_MOMENTS}:
        return _write_formula(value, scope)
    return write_typed(value, scope.field_type)


def _formula_in(value: CellValue, scope: Scope) -> Json:
    """The formula in a cell for a number, a date or a time; None where it has no formula."""
    form = _cell_form(scope.field_type)
    if not isinstance(value, str) or form not in {*_NUMBERS, *_MOMENTS}:
        return None
    if not _BEGINS_FORMULA.match(value):
        return None
    try:
        found = parse_expression(value, names=Names(fields=scope.form))
    except ConditionTextError as error:
        if _ONE_WORD.fullmatch(value.strip()):
            return None  # of it whoever reads values says more
        raise _unreadable_rule(error, value) from error
    return found if isinstance(found, dict) else None


def _read_formula(value: CellValue, scope: Scope) -> Json:
    text = text_of(value)
    try:
        return parse_expression(text, names=Names(fields=scope.form))
    except ConditionTextError as error:
        raise _unreadable_rule(error, text) from error


def _write_formula(value: Json, scope: Scope) -> Written:
    text = write_expression(value, names=Names(fields=scope.form))
    return safe_json(value) if text is None and isinstance(value, dict) else text


def _read_yes_or_rule(value: CellValue, scope: Scope) -> Json:
    if isinstance(value, bool) or name_key(text_of(value)) in {*_YES, *_NO}:
        return _read_yes(value, scope)
    if not _SAYS_RULE.search(text_of(value)):
        return _read_yes(value, scope)  # which says what is wrong with it
    return _read_shown_when(value, scope)


def _write_yes_or_rule(value: Json, scope: Scope) -> Written:
    if isinstance(value, dict):
        return _write_rule(value, Names(fields=scope.form))
    return _write_yes(value, scope)


def _read_checks(value: CellValue, scope: Scope) -> Json:
    """`condition | message`, a line each."""
    text = text_of(value)
    if text.startswith("["):
        return _json(text)
    made: list[Json] = []
    for line in filter(None, map(cleaned, text.split("\n"))):
        condition, sign, message = line.rpartition("|")
        if not sign or not condition.strip() or not message.strip():
            raise UnreadableCellError(
                _("Write a check as “condition | what to do”, each on its own line."),
                found=short(line),
                expected=_("condition | what to do"),
            )
        rule = _condition(condition, Names(fields=scope.form))
        made.append({"condition": rule, "message": unquoted(cleaned(message))})
    return made


def _write_checks(value: Json, scope: Scope) -> Written:
    lines: list[str] = []
    for each in value if isinstance(value, list) else []:
        rule = each.get("condition") if isinstance(each, dict) else None
        message = each.get("message") if isinstance(each, dict) else None
        text = write_condition(rule, fields=scope.form)
        if text is None or not isinstance(message, str):
            return safe_json(value) if isinstance(value, list) else None
        lines.append(f"{text} | {message}")
    return "\n".join(lines)


def _lines_kind(
    read: Callable[[str], list[Json]], write: Callable[[list[Json]], str | None]
) -> Kind:
    return Kind(
        lambda value, _scope: list[Json](read(text_of(value))),
        lambda value, _scope: write(value) if isinstance(value, list) else None,
    )


def _read_links(text: str) -> list[Json]:
    if not text.startswith(("{", "[")):
        return read_links(text)
    found = _json(text)
    return found if isinstance(found, list) else [found]


def _read_presets(value: CellValue, scope: Scope) -> Json:
    text = text_of(value)
    if text.startswith("{"):
        return _json(text)
    return read_assignments(text, lambda name, written: _preset(written, _type_of(name, scope)))


def _type_of(name: str, scope: Scope) -> str:
    return scope.ticket.get(name, _ANY if scope.untyped else "")


def _preset(written: str, field_type: str) -> Json:
    if field_type == _ANY:
        return _read_any(written)
    if _cell_form(field_type) is CellForm.NAMES:
        return read_typed(written, field_type)
    return read_typed(unquoted(written), field_type)


def _read_any(written: str) -> Json:
    """A value without a type: a number, yes or no, JSON, or else a text."""
    text = unquoted(written)
    if text != written:
        return text
    if text.startswith(("{", "[")):
        return _json(text)
    if text.lower() in {"yes", "no", "true", "false"}:
        return text.lower() in {"yes", "true"}
    if _LEADING_ZERO.fullmatch(text):
        return text  # a code of digits
    try:
        return parse_number(text)
    except AmbiguousNumberError as error:
        raise _unreadable_number(error, text) from error
    except NumberTextError:
        return text


def _write_any(value: Json) -> Written:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe_json(value) if isinstance(value, dict | list) else value


def _is_read_as(text: str, field_type: str, value: Json) -> bool:
    try:
        return compact(_preset(text, field_type)) == compact(value)
    except UnreadableCellError:
        return False


def _write_presets(value: Json, scope: Scope) -> Written:
    if not isinstance(value, dict):
        return None

    def write(name: str, preset: Json) -> str | None:
        field_type = _type_of(name, scope)
        found = _write_any(preset) if field_type == _ANY else write_typed(preset, field_type)
        if found is None:
            return None
        text = found if isinstance(found, str) else write_number(found)
        if _cell_form(field_type) is CellForm.NAMES:
            return (
                ", ".join(quoted(str(each)) for each in read_names(text)) if "\n" in text else text
            )
        kept = text == cleaned(text) and "\n" not in text and _is_kept(text)
        sure = kept and _is_read_as(text, field_type, preset)
        return text if sure or not isinstance(preset, str) else quoted(preset)

    return write_assignments(value, write)


def _read_transform(value: CellValue, scope: Scope) -> Json:
    text = text_of(value)
    return _json(text) if text.startswith("{") else read_transform(text, scope.names)


def _write_transform(value: Json, scope: Scope) -> Written:
    return write_transform(value, scope.names) if isinstance(value, dict) else None


def _read_condition(value: CellValue, scope: Scope) -> Json:
    return _condition(text_of(value), Names(scope.task_keys))


def _read_shown_when(value: CellValue, scope: Scope) -> Json:
    return _condition(text_of(value), Names(fields=scope.form))


def _condition(text: str, names: Names) -> Json:
    try:
        return parse_condition(text, task_keys=names.task_keys, fields=names.fields)
    except ConditionTextError as error:
        raise _unreadable_rule(error, text) from error


def _unreadable_rule(error: ConditionTextError, text: str) -> UnreadableCellError:
    return UnreadableCellError(
        str(error), found=short(text, 200), expected=error.expected, nearest=error.nearest
    )


def _read_list(value: CellValue, scope: Scope) -> Json:
    """Where a list stands, such as ticket.lines."""
    try:
        return parse_expression(text_of(value), names=Names(scope.task_keys))
    except ConditionTextError as error:
        raise UnreadableCellError(
            str(error), found=text_of(value), expected=error.expected, nearest=error.nearest
        ) from error


def _read_place(value: CellValue, _scope: Scope) -> Json:
    """`block.branch`; what a program or a keyboard made of it is undone."""
    return name_key(text_of(value))


def _read_ends_when(value: CellValue, _scope: Scope) -> Json:
    text = name_key(text_of(value))
    return int(text) if text.isdecimal() else text


def _write_ends_when(value: Json, _scope: Scope) -> Written:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _read_item(value: CellValue, _scope: Scope) -> Json:
    """A number, or several with commas between them."""
    names = [str(each) for each in read_names(text_of(value))]
    if not names or not all(each.isdecimal() for each in names):
        message = _("Write the number of the entry, counted from 1.")
        raise UnreadableCellError(message, found=text_of(value), expected=_("a number"))
    numbers: list[Json] = [int(each) for each in names]
    return numbers[0] if len(numbers) == 1 else numbers


def _write_item(value: Json, _scope: Scope) -> Written:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _write_rule(value: Json, names: Names) -> Written:
    text = write_condition(value, task_keys=names.task_keys, fields=names.fields)
    return safe_json(value) if text is None and isinstance(value, dict) else text


def _read_duration(value: CellValue, _scope: Scope) -> Json:
    """“2 days 4 hours” as P2DT4H; “3 days before ticket.return_date” likewise."""
    try:
        return Moment.read(text_of(value)).iso
    except DurationError as error:
        message = _(
            "Write a time such as 2 days 4 hours (working time), 30 minutes clock time, or 3 days "
            "before ticket.return_date at 09:00."
        )
        raise UnreadableCellError(message) from error


def _write_duration(value: Json, _scope: Scope) -> Written:
    try:
        return Moment.parse(value).text if isinstance(value, str) and value else None
    except DurationError:
        return None


def _read_clock(value: CellValue, _scope: Scope) -> Json:
    """A time of day with two digits each; what is none stays as it is, for the check."""
    text = str(_moment_text(value, CellForm.TIME))
    match = _CLOCK.fullmatch(text.strip())
    return f"{int(match[1]):02}:{match[2]}" if match else text


def _unchanged(text: str) -> Json:
    return text


TEXT: Final = Kind(lambda value, _scope: text_of(value), _as_text)
KEY: Final = Kind(lambda value, _scope: key_of(value), _as_text)
ROLE: Final = Kind(_read_role, _as_text)
ROLES: Final = Kind(
    _read_roles, lambda value, _scope: write_names(value) if isinstance(value, list) else None
)
NUMBER: Final = Kind(_read_number, _write_number, wants=lambda _scope: Want.NUMBER)
DURATION: Final = Kind(_read_duration, _write_duration)
YES_NO: Final = Kind(_read_yes, _write_yes, wants=lambda _scope: Want.TRUTH)
FIELD_TYPE: Final = Kind(_read_type, _as_text)
TASK_TYPE: Final = Kind(_read_task_type, _as_text)
LIMIT: Final = Kind(
    _read_limit,
    _write_limit,
    wants=lambda scope: Want.MOMENT if _cell_form(scope.field_type) in _MOMENTS else Want.NUMBER,
)
DEFAULT: Final = Kind(
    _read_default,
    _write_default,
    wants=lambda scope: _WANTS.get(_cell_form(scope.field_type), Want.TEXT),
)
CHOICES: Final = _lines_kind(read_choices, write_choices)
YES_NO_OR_RULE: Final = Kind(_read_yes_or_rule, _write_yes_or_rule, wants=lambda _scope: Want.TRUTH)
FORMULA: Final = Kind(_read_formula, _write_formula)
CHECKS: Final = Kind(_read_checks, _write_checks, _unchanged)
DAY: Final = Kind(
    lambda value, _scope: _moment_text(value, CellForm.DATE),
    _as_text,
    wants=lambda _scope: Want.MOMENT,
)
CLOCK: Final = Kind(_read_clock, _as_text, wants=lambda _scope: Want.MOMENT)
ASSIGNED: Final = Kind(
    lambda value, _scope: read_assigned(text_of(value)),
    lambda value, _scope: write_assigned(value),
)
REMINDERS: Final = Kind(
    lambda value, _scope: read_reminders(text_of(value)),
    lambda value, _scope: write_reminders(value),
)
MAIL: Final = Kind(
    lambda value, _scope: read_mail(text_of(value)),
    lambda value, _scope: write_mail(value),
)
MAILS: Final = Kind(
    lambda value, _scope: read_mails(text_of(value)),
    lambda value, _scope: write_mails(value),
)
EDITS: Final = Kind(
    lambda value, _scope: read_edits(text_of(value)),
    lambda value, _scope: write_edits(value),
)
APPROVERS: Final = Kind(
    lambda value, scope: read_approvers(text_of(value), Names(scope.task_keys)),
    lambda value, scope: write_approvers(value, Names(scope.task_keys)),
)
NEVER: Final = Kind(
    lambda value, _scope: read_never_asked(text_of(value)),
    lambda value, _scope: write_never_asked(value),
)
LINKS: Final = _lines_kind(_read_links, write_links)
PRESETS: Final = Kind(_read_presets, _write_presets, _unchanged)
KEYS: Final = Kind(
    lambda value, _scope: [key_of(str(each)) for each in read_names(text_of(value))],
    lambda value, _scope: write_names(value) if isinstance(value, list) else None,
)
NAMES: Final = Kind(
    lambda value, _scope: read_names(text_of(value)),
    lambda value, _scope: write_names(value) if isinstance(value, list) else None,
)
WORD: Final = Kind(lambda value, _scope: name_key(text_of(value)), _as_text)
STATUS: Final = Kind(lambda value, _scope: text_of(value).upper(), _as_text)
TRANSFORM: Final = Kind(_read_transform, _write_transform, _unchanged)
SCHEMA: Final = Kind(
    lambda value, _scope: _json(text_of(value)),
    lambda value, _scope: safe_json(value) if isinstance(value, dict) else None,
    _unchanged,
)
CONDITION: Final = Kind(
    _read_condition, lambda value, scope: _write_rule(value, Names(scope.task_keys))
)
SHOWN_WHEN: Final = Kind(
    _read_shown_when, lambda value, scope: _write_rule(value, Names(fields=scope.form))
)
LIST_OF: Final = Kind(
    _read_list,
    lambda value, scope: write_expression(value, names=Names(scope.task_keys)),
    _unchanged,
)
PLACE: Final = Kind(_read_place, _as_text)
ENDS_WHEN: Final = Kind(_read_ends_when, _write_ends_when)
ITEM: Final = Kind(_read_item, _write_item)
