"""To which assistant a form is offered before its person does it, as a definition says it: a value.

Documents hold it as `assistant` of a task:

    {"account": "Invoice bot", "minutes": 30, "checked": true, "tries": 3}

`account` is the name of a service account. Whoever has the task answers for it all the time: the
assistant acts for them. What it answers is a suggestion that they check; with `checked` false it
completes the task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

USUAL_MINUTES: Final = 60
MOST_MINUTES: Final = 7 * 24 * 60
USUAL_TRIES: Final = 3
MOST_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Assistance:
    """`tries` is how many answers that do not fit the form the assistant may send."""

    account: str
    minutes: int = USUAL_MINUTES
    is_checked: bool = True
    tries: int = USUAL_TRIES

    @classmethod
    def of(cls, value: object) -> Self | None:
        """The `assistant` of a task, which may be wrong; None where it names no account."""
        if not isinstance(value, dict):
            return None
        account = value.get("account")
        if not isinstance(account, str) or not account.strip():
            return None
        return cls(
            account=account,
            minutes=_number(value.get("minutes"), USUAL_MINUTES, MOST_MINUTES),
            is_checked=value.get("checked") is not False,
            tries=_number(value.get("tries"), USUAL_TRIES, MOST_TRIES),
        )


def _number(value: object, usual: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return usual
    return min(max(value, 1), most)
