"""What mails to people outside are called in the outbox, and which task one is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# In the name of a step's mail, in the place of a person's number.
OUTSIDE: Final = "outside"
_OF_LINK: Final = re.compile(r"<outside\.([0-9]{1,18})\.")
_OF_STEP: Final = re.compile(rf"<message\.([0-9]{{1,18}})\.{OUTSIDE}\.")


@dataclass(frozen=True, slots=True)
class MailOutside:
    """A mail to somebody outside: of a link to a form, or of a step that sends a mail."""

    link_id: int | None = None
    task_id: int | None = None

    @classmethod
    def read(cls, message_id: str) -> MailOutside | None:
        """What the number of a mail says; None: it goes to no one outside, or is of no ticket."""
        if found := _OF_LINK.match(message_id):
            return cls(link_id=int(found[1]))
        if found := _OF_STEP.match(message_id):
            return cls(task_id=int(found[1]))
        return None


def mail_of_link(link_id: int) -> str:
    return f"outside.{link_id}"


def mail_of_step(task_id: int, to: str) -> str:
    """`to` is the number of a person, or OUTSIDE."""
    return f"message.{task_id}.{to}"
