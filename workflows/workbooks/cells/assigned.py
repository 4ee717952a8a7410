"""Whom a task is given to, in a cell: a line each.

    manager
    otherwise: role
    never: requester, review
    in turn

The first line is one of `requester`, `manager`, `answer ticket.approver`, `doer review`,
`person wendy@example.com`; it is left out where a group is given the task at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.assigning import GROUPS, NAMED_BY, REQUESTER, TASKS, Mode, Who
from workflows.workbooks.cells.lines import UnreadableCellError

_OTHERWISE: Final = "otherwise"
_NEVER: Final = "never"
_MODE: Final = "mode"
_MODES: Final = {Mode.FEWEST_OPEN: "fewest open", Mode.IN_TURN: "in turn", Mode.NOBODY: "nobody"}
_WHO: Final = {
    **{each.value: each.value for each in Who if each is not Who.GROUP},
    **{each: each for each in GROUPS},
    "submitter": "requester",
    "the requester": "requester",
    "the requester's manager": "manager",
    "requester's manager": "manager",
    "field": "answer",
}


def read_assigned(text: str) -> Json:
    """The `assign_to` in a cell.

    Raises:
        UnreadableCellError: a line says nothing that is known.
    """
    made: JsonObject = {}
    for line in filter(None, (each.strip() for each in re.split(r"[\n;]", text))):
        made |= _line(line)
    return made


def _line(line: str) -> JsonObject:
    name, colon, rest = (each.strip() for each in line.partition(":"))
    name = name.lower()
    if colon and name in (_OTHERWISE, "fallback"):
        return {"fallback": rest.lower()}
    if colon and name == _NEVER:
        return {"never": [read_never(each.strip()) for each in rest.split(",") if each.strip()]}
    wanted = rest if colon and name == _MODE else line
    for mode, words in _MODES.items():
        if wanted.lower().replace("_", " ") == words:
            return {"mode": mode.value}
    if colon and name in ("who", "to"):
        line = rest
    word, _space, named = line.partition(" ")
    if line.lower() in _WHO:
        return {"who": _WHO[line.lower()]}
    who = _WHO.get(word.lower().rstrip(":"))
    key = NAMED_BY.get(Who(who)) if who in list(Who) else None
    if who is None or key is None:
        known = [*_WHO, _OTHERWISE, _NEVER, *_MODES.values()]
        meant = nearest(word.lower(), known)
        message = _("“%(line)s” does not say whom the task is given to.") % {"line": short(line)}
        advice = did_you_mean(meant) or " " + _(
            "Write a line such as: manager, or: otherwise: role, or: never: requester."
        )
        raise UnreadableCellError(message + advice, found=line, nearest=meant)
    return {"who": who, key: named.strip()}


def write_never(name: str) -> str:
    """Whom a task is never given to, as `read_never` reads it."""
    return name.removeprefix(TASKS)


def read_never(name: str) -> str:
    """One of those whom a task is never given to."""
    if name.lower() == REQUESTER or name.startswith(TASKS):
        return name.lower()
    return f"{TASKS}{name.lower()}"


def write_assigned(value: Json) -> str | None:
    """The lines that `read_assigned` reads as this value."""
    if not isinstance(value, dict) or not all(
        isinstance(each, str | list) for each in value.values()
    ):
        return None
    return "\n".join(_lines(value))


def _lines(value: JsonObject) -> Iterator[str]:
    who = str(value.get("who", ""))
    named = value.get(NAMED_BY.get(Who(who), "")) if who in list(Who) else None
    if who:
        yield f"{who} {named}" if named else who
    if fallback := value.get("fallback"):
        yield f"{_OTHERWISE}: {fallback}"
    never = value.get("never")
    if isinstance(never, list) and never:
        names = (str(each) for each in never)
        yield f"{_NEVER}: {', '.join(write_never(each) for each in names)}"
    if (mode := str(value.get("mode", ""))) in list(Mode):
        yield _MODES[Mode(mode)]
