"""The reminders of a task, in a cell: a line each.

    1 day before due: worker
    4 hours: manager
    2 days: role IT managers, add: It is late.
    3 days: deputy, give
    4 days: person mara@example.com, add

A line says when, a colon, and who is told: worker, requester, manager, deputy, ticket admins, role
with the name of a company role, or person with an e-mail address. With `add` the members of the
role may do the task as well, or the manager, the deputy or the person who is told; with `give` the
deputy is given it. A text of one's own stands after another colon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.errors import MomentError
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.reminders import Tell
from workflows.engine.times.timing import Moment
from workflows.workbooks.cells.lines import UnreadableCellError

_WORDS: Final = ("add", "give")
_TELL: Final = {
    **{each.value.replace("_", " "): each for each in Tell},
    "ticket admin": Tell.TICKET_ADMINS,
    "admins": Tell.TICKET_ADMINS,
    "submitter": Tell.REQUESTER,
}
_LAST_WORD: Final = re.compile(rf",\s*({'|'.join(_WORDS)})$", re.IGNORECASE)
# Not the colon of a time of day.
_COLON: Final = re.compile(r":(?![0-9]{2}(?![0-9]))")


def read_reminders(text: str) -> Json:
    """The `reminders` in a cell.

    Raises:
        UnreadableCellError: a line says nothing that is known.
    """
    return [_read(each) for each in filter(None, map(str.strip, text.splitlines()))]


def _read(line: str) -> JsonObject:
    when, *rest = _COLON.split(line, maxsplit=2)
    try:
        made: JsonObject = {"when": Moment.read(when).iso}
    except MomentError as error:
        message = _("“%(line)s” does not say when. Write a line such as 1 day before due: worker.")
        raise UnreadableCellError(message % {"line": short(line)}, found=line) from error
    said = rest[0].strip() if rest else ""
    while found := _LAST_WORD.search(said):
        said, made[found[1].lower()] = said[: found.start()].strip(), True
    if said:
        made |= _who(said, line)
    if len(rest) > 1 and rest[1].strip():
        made["text"] = rest[1].strip()
    return made


def _who(said: str, line: str) -> JsonObject:
    found: JsonObject = {}
    for part in (each.strip() for each in said.split(" + ")):
        word = part.lower().replace("_", " ")
        if word in _TELL:
            found["tell"] = _TELL[word].value
        elif word.startswith("person "):
            found |= {"tell": Tell.PERSON.value, "person": part[len("person ") :].strip()}
        elif word.startswith("role "):
            found["role"] = part[len("role ") :].strip()
            found.setdefault("tell", Tell.ROLE.value)
        else:
            meant = nearest(word, [*_TELL])
            message = _("“%(line)s” does not say who is told.") % {"line": short(line)}
            advice = did_you_mean(meant) or " " + _(
                "Write worker, requester, manager, deputy, ticket admins, role and its name, or "
                "person and their e-mail address."
            )
            raise UnreadableCellError(message + advice, found=line, nearest=meant)
    return found


def write_reminders(value: Json) -> str | None:
    """The lines that `read_reminders` reads as this value; None where none would."""
    if not isinstance(value, list):
        return None
    lines = list(_lines(value))
    if None in lines:
        return None
    return "\n".join(each for each in lines if each is not None) or None


def _lines(value: list[Json]) -> Iterator[str | None]:
    for each in value:
        yield _line(each) if isinstance(each, dict) else None


def _line(value: JsonObject) -> str | None:
    try:
        when = Moment.parse(str(value.get("when", ""))).text
    except MomentError:
        return None
    tell, role = str(value.get("tell") or Tell.WORKER), value.get("role")
    if tell not in list(Tell) or (value.get("person") and tell != Tell.PERSON):
        return None
    if tell == Tell.PERSON and value.get("person"):
        who = [f"person {value['person']}"]
    else:
        who = [] if tell == Tell.ROLE and role else [tell.replace("_", " ")]
    who += [f"role {role}"] if role else []
    said = "".join([" + ".join(who), *(f", {each}" for each in _WORDS if value.get(each) is True)])
    text = value.get("text")
    line = f"{when}: {said}" + (f": {text}" if text else "")
    try:
        is_same = _read(line) == {"tell": tell, **value}
    except UnreadableCellError:
        return None
    return line if is_same and "\n" not in line else None
