"""To which assistant a task is offered first, in a cell: a line each.

    Invoice bot
    30 minutes
    unchecked
    5 tries

Only the name is needed. Without `unchecked` a person checks what it answers.
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.problems import short
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.assisting import USUAL_MINUTES, USUAL_TRIES, Assistance
from workflows.workbooks.cells.lines import UnreadableCellError

_NUMBER: Final = re.compile(r"(\d{1,6})\s*(minutes?|mins?|min|hours?|h|tries|try)", re.IGNORECASE)
_CHECKED: Final = {"checked": True, "unchecked": False, "not checked": False}
_HOUR: Final = 60


def read_assisted(text: str) -> Json:
    """The `assistant` in a cell.

    Raises:
        UnreadableCellError: it names no account, or a line says nothing that is known.
    """
    name, *lines = filter(None, map(str.strip, re.split(r"[\n;]", text)))
    made: JsonObject = {"account": name}
    for line in lines:
        if line.lower() in _CHECKED:
            made["checked"] = _CHECKED[line.lower()]
        elif found := _NUMBER.fullmatch(line):
            made |= _numbered(int(found[1]), found[2].lower())
        else:
            message = _("“%(line)s” says nothing about an assistant.") % {"line": short(line)}
            advice = _("Write the name, and then lines such as 30 minutes, unchecked or 5 tries.")
            raise UnreadableCellError(f"{message} {advice}", found=line)
    return made


def _numbered(number: int, unit: str) -> JsonObject:
    if unit.startswith("tr"):
        return {"tries": number}
    return {"minutes": number * (_HOUR if unit.startswith("h") else 1)}


def write_assisted(value: Json) -> str | None:
    """The lines that `read_assisted` reads as this value."""
    said = Assistance.of(value)
    if said is None or not isinstance(value, dict):
        return None
    lines = [said.account]
    if said.minutes != USUAL_MINUTES:
        lines.append(f"{said.minutes} minutes")
    if not said.is_checked:
        lines.append("unchecked")
    if said.tries != USUAL_TRIES:
        lines.append(f"{said.tries} tries")
    return "\n".join(lines)
