"""The kinds of cells: what the cells of each column hold.

Reading takes what a person typed and what their program made of it. Writing gives text or a
number that reading turns into exactly the same value; where there is none, the cell holds
`json:` and the value as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tenants.names import name_key
from workflows.engine.conditions.text import Names, write_expression
from workflows.engine.process import Json
from workflows.fields.field import CellForm
from workflows.workbooks.cells.approving import (
    read_approvers,
    read_never_asked,
    write_approvers,
    write_never_asked,
)
from workflows.workbooks.cells.assigned import read_assigned, write_assigned
from workflows.workbooks.cells.assisted import read_assisted, write_assisted
from workflows.workbooks.cells.edited import read_edits, write_edits
from workflows.workbooks.cells.kind import Kind, from_json
from workflows.workbooks.cells.lines import (
    read_choices,
    read_links,
    read_names,
    safe_json,
    write_choices,
    write_links,
    write_names,
)
from workflows.workbooks.cells.mails import read_mail, read_mails, write_mail, write_mails
from workflows.workbooks.cells.reminders import read_reminders, write_reminders
from workflows.workbooks.cells.rules import (
    read_checks,
    read_condition,
    read_default,
    read_formula,
    read_limit,
    read_list,
    read_shown_when,
    read_yes_or_rule,
    transform_of_cell,
    transform_written,
    write_checks,
    write_default,
    write_formula,
    write_limit,
    write_rule,
    write_yes_or_rule,
)
from workflows.workbooks.cells.single import (
    MOMENTS,
    NUMBERS,
    as_text,
    cell_form,
    key_of,
    moment_text,
    number_written,
    read_clock,
    read_duration,
    read_ends_when,
    read_item,
    read_number,
    read_place,
    read_role,
    read_roles,
    read_task_type,
    read_type,
    read_yes,
    write_duration,
    write_ends_when,
    write_item,
    write_yes,
)
from workflows.workbooks.cells.typed import read_presets, write_presets
from workflows.workbooks.formats.grid import text_of
from workflows.workbooks.formats.seen import Want

_WANTS: Final[Mapping[CellForm, Want]] = {
    **dict.fromkeys(NUMBERS, Want.NUMBER),
    **dict.fromkeys(MOMENTS, Want.MOMENT),
    CellForm.YES_NO: Want.TRUTH,
}


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
    found = from_json(text)
    return found if isinstance(found, list) else [found]


def _unchanged(text: str) -> Json:
    return text


TEXT: Final = Kind(lambda value, _scope: text_of(value), as_text)
KEY: Final = Kind(lambda value, _scope: key_of(value), as_text)
ROLE: Final = Kind(read_role, as_text)
ROLES: Final = Kind(
    read_roles, lambda value, _scope: write_names(value) if isinstance(value, list) else None
)
NUMBER: Final = Kind(read_number, number_written, wants=lambda _scope: Want.NUMBER)
DURATION: Final = Kind(read_duration, write_duration)
YES_NO: Final = Kind(read_yes, write_yes, wants=lambda _scope: Want.TRUTH)
FIELD_TYPE: Final = Kind(read_type, as_text)
TASK_TYPE: Final = Kind(read_task_type, as_text)
LIMIT: Final = Kind(
    read_limit,
    write_limit,
    wants=lambda scope: Want.MOMENT if cell_form(scope.field_type) in MOMENTS else Want.NUMBER,
)
DEFAULT: Final = Kind(
    read_default,
    write_default,
    wants=lambda scope: _WANTS.get(cell_form(scope.field_type), Want.TEXT),
)
CHOICES: Final = _lines_kind(read_choices, write_choices)
YES_NO_OR_RULE: Final = Kind(read_yes_or_rule, write_yes_or_rule, wants=lambda _scope: Want.TRUTH)
FORMULA: Final = Kind(read_formula, write_formula)
CHECKS: Final = Kind(read_checks, write_checks, _unchanged)
DAY: Final = Kind(
    lambda value, _scope: moment_text(value, CellForm.DATE),
    as_text,
    wants=lambda _scope: Want.MOMENT,
)
CLOCK: Final = Kind(read_clock, as_text, wants=lambda _scope: Want.MOMENT)
ASSIGNED: Final = Kind(
    lambda value, _scope: read_assigned(text_of(value)),
    lambda value, _scope: write_assigned(value),
)
ASSISTED: Final = Kind(
    lambda value, _scope: read_assisted(text_of(value)),
    lambda value, _scope: write_assisted(value),
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
PRESETS: Final = Kind(read_presets, write_presets, _unchanged)
KEYS: Final = Kind(
    lambda value, _scope: [key_of(str(each)) for each in read_names(text_of(value))],
    lambda value, _scope: write_names(value) if isinstance(value, list) else None,
)
NAMES: Final = Kind(
    lambda value, _scope: read_names(text_of(value)),
    lambda value, _scope: write_names(value) if isinstance(value, list) else None,
)
WORD: Final = Kind(lambda value, _scope: name_key(text_of(value)), as_text)
STATUS: Final = Kind(lambda value, _scope: text_of(value).upper(), as_text)
TRANSFORM: Final = Kind(transform_of_cell, transform_written, _unchanged)
SCHEMA: Final = Kind(
    lambda value, _scope: from_json(text_of(value)),
    lambda value, _scope: safe_json(value) if isinstance(value, dict) else None,
    _unchanged,
)
CONDITION: Final = Kind(
    read_condition, lambda value, scope: write_rule(value, Names(scope.task_keys))
)
SHOWN_WHEN: Final = Kind(
    read_shown_when, lambda value, scope: write_rule(value, Names(fields=scope.form))
)
LIST_OF: Final = Kind(
    read_list,
    lambda value, scope: write_expression(value, names=Names(scope.task_keys)),
    _unchanged,
)
PLACE: Final = Kind(read_place, as_text)
ENDS_WHEN: Final = Kind(read_ends_when, write_ends_when)
ITEM: Final = Kind(read_item, write_item)
