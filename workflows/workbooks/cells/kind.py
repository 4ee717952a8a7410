"""A kind of cell: how it is read, and written so that it is read as the same value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.conditions.text import RESPONSE, ROOTS, Names
from workflows.engine.problems import short
from workflows.engine.process import Json
from workflows.engine.steps.subtickets import ROOT as SUBTICKET
from workflows.workbooks.cells.lines import UnreadableCellError, safe_json
from workflows.workbooks.formats.grid import CellValue, cleaned
from workflows.workbooks.formats.seen import Want
from workflows.workbooks.formats.sheet import Written

JSON_MARK: Final = "json:"
LONG_TEXT: Final = re.compile(r"long text ([0-9]{1,6})", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[\n\t -~\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_EXCEL_ESCAPE: Final = re.compile(r"_x[0-9A-Fa-f]{4}_")


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
            return from_json(value[len(JSON_MARK) :])
    return kind.read(value, scope)


def write_cell(kind: Kind, value: Json, scope: Scope) -> Written:
    """What to put into a cell, so that `read_cell` gives this value."""
    if value is None:
        return None
    written = kind.write(value, scope)
    if written is not None and is_kept(written):
        try:
            if _same(read_cell(kind, written, scope), value):
                return written
        except UnreadableCellError:
            pass
    return f"{JSON_MARK} {safe_json(value)}"


def _same(one: Json, other: Json) -> bool:
    """Whether two values are equal; unlike Python, JSON tells true from 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def is_kept(written: str | int | float) -> bool:
    """Whether every spreadsheet keeps it as it is."""
    if not isinstance(written, str):
        return True
    return (
        written == cleaned(written)
        and _PLAIN.fullmatch(written) is not None
        and _EXCEL_ESCAPE.search(written) is None
        and LONG_TEXT.fullmatch(written) is None
    )


def from_json(text: str) -> Json:
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
