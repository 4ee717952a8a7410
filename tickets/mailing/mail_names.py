"""What mails to people outside are called in the outbox, and what one is about."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

# In the name of a step's mail, in the place of a person's number.
OUTSIDE: Final = "outside"
_OF_LINK: Final = re.compile(r"<outside\.([0-9]{1,18})\.")
_OF_STEP: Final = re.compile(rf"<message\.([0-9]{{1,18}})\.{OUTSIDE}\.")
_OF_WAY: Final = re.compile(
    rf"<(way\.([0-9]{{1,18}})\.([0-9]{{1,18}})\.{OUTSIDE}\.[0-9a-f]{{20}})\."
)


@dataclass(frozen=True, slots=True)
class MailOutside:
    """A mail to somebody outside: of a link to a form, of a step that sends one, or on a way.

    On a way `name` is its name, `ticket_id` the ticket's, and `task_id` that of the task which the
    way leaves: None at the start, and where it begins anywhere.
    """

    link_id: int | None = None
    task_id: int | None = None
    ticket_id: int | None = None
    name: str = ""

    @classmethod
    def read(cls, message_id: str) -> MailOutside | None:
        """What the number of a mail says; None: it goes to no one outside, or is of no ticket."""
        if found := _OF_LINK.match(message_id):
            return cls(link_id=int(found[1]))
        if found := _OF_STEP.match(message_id):
            return cls(task_id=int(found[1]))
        if found := _OF_WAY.match(message_id):
            return cls(ticket_id=int(found[2]), task_id=int(found[3]) or None, name=found[1])
        return None


def mail_of_link(link_id: int) -> str:
    return f"outside.{link_id}"


def mail_of_step(task_id: int, to: str) -> str:
    """`to` is the number of a person, or OUTSIDE."""
    return f"message.{task_id}.{to}"


def mail_on_way(ticket_id: int, task_id: int | None) -> str:
    """Another one each time: a way may be taken again, and send its mails again."""
    return f"way.{ticket_id}.{task_id or 0}.{OUTSIDE}.{secrets.token_hex(10)}"
