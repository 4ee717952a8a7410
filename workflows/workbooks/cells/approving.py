"""Who approves, and who never does, in a cell.

    role Managers
    manager
    people in ticket.reviewers
    ann@example.com

The last is a line for each person. Who is never asked: `requester`, `review` (whoever did that
task), a line each, or `nobody`.
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.conditions.text import (
    ConditionTextError,
    Names,
    parse_expression,
    write_expression,
)
from workflows.engine.problems import short
from workflows.engine.process import Json
from workflows.workbooks.cells.assigned import read_never, write_never
from workflows.workbooks.cells.lines import UnreadableCellError

_IN: Final = "people in "
_ROLE: Final = re.compile(r"(?:company )?role(?::\s*|\s+)(.+)", re.IGNORECASE)
_MANAGER: Final = frozenset(
    {"manager", "the manager", "requester's manager", "the requester's manager"}
)
_NOBODY: Final = "nobody"


def read_approvers(text: str, names: Names) -> Json:
    """The `approvers` in a cell.

    Raises:
        UnreadableCellError: it says nothing that is known.
    """
    if text.lower() in _MANAGER:
        return {"manager": True}
    if found := _ROLE.fullmatch(text):
        return {"role": found[1].strip()}
    if text.lower().startswith(_IN):
        try:
            return {"people": parse_expression(text[len(_IN) :].strip(), names=names)}
        except ConditionTextError as error:
            raise UnreadableCellError(
                str(error), found=text, expected=error.expected, nearest=error.nearest
            ) from error
    people = [each.strip() for each in re.split(r"[\n;,]", text) if each.strip()]
    if all("@" in each for each in people):
        return {"people": list[Json](people)}
    message = _("“%(text)s” does not say who approves.") % {"text": short(text)}
    advice = _("Write role and its name, manager, people in an answer, or e-mail addresses.")
    raise UnreadableCellError(f"{message} {advice}", found=text)


def write_approvers(value: Json, names: Names) -> str | None:
    """The lines that `read_approvers` reads as this value."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    people = value.get("people")
    if value.get("manager") is True:
        return "manager"
    if isinstance(role := value.get("role"), str) and role and role == " ".join(role.split()):
        return f"role {role}"
    if isinstance(people, list) and people and all(_is_plain(each) for each in people):
        return "\n".join(str(each) for each in people)
    if isinstance(people, dict) and (text := write_expression(people, names=names)) is not None:
        return f"{_IN}{text}"
    return None


def _is_plain(value: Json) -> bool:
    return isinstance(value, str) and "@" in value and not re.search(r"[\s;,]", value)


def read_never_asked(text: str) -> Json:
    """The `never` of an approval in a cell."""
    if text.strip().lower() == _NOBODY:
        return []
    return [read_never(each.strip()) for each in re.split(r"[\n;,]", text) if each.strip()]


def write_never_asked(value: Json) -> str | None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    return "\n".join(write_never(str(each)) for each in value) or _NOBODY
