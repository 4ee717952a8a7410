"""The earlier answers that a task shows again, in a cell: a line each.

    ticket.amount
    ticket.reason: see
    review.note

A name alone is a question of the ticket. Without `see` the answer may be changed.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from workflows.bundles.document.our_words import read_edit
from workflows.bundles.document.synonyms import edit_mode_of
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.edits import EditMode, canonical_edits, edits_of
from workflows.workbooks.cells.lines import UnreadableCellError

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,2}")


def read_edits(text: str) -> Json:
    """The `edits` in a cell.

    Raises:
        UnreadableCellError: a line names nothing.
    """
    return [_line(each) for each in filter(None, map(str.strip, re.split(r"[\n;,]", text)))]


def _line(line: str) -> JsonObject:
    named, _colon, mode = (each.strip() for each in line.lower().partition(":"))
    word = edit_mode_of(mode) if mode else EditMode.CHANGE.value
    if not _NAME.fullmatch(named) or word not in list(EditMode):
        meant = nearest(mode, list(EditMode)) if mode else ""
        message = _("“%(line)s” names no earlier answer.") % {"line": short(line)}
        advice = did_you_mean(meant) or " " + _(
            "Write a line such as: ticket.amount, or review.note, or ticket.reason: see."
        )
        raise UnreadableCellError(message + advice, found=line, nearest=meant)
    made = canonical_edits([read_edit(f"{named}: {word}")])
    found = made[0] if isinstance(made, list) else {}
    return found if isinstance(found, dict) else {}


def write_edits(value: Json) -> str | None:
    """The lines that `read_edits` reads as this value."""
    if not isinstance(value, list):
        return None
    lines = []
    for edit in edits_of(value):
        name = f"{edit.task or 'ticket'}.{edit.field}"
        lines.append(name if edit.may_change else f"{name}: {edit.mode.value}")
    return "\n".join(lines) if len(lines) == len(value) else None
