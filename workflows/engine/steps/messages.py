"""What a step that sends a mail says, and to whom: the rule, as a value.

Documents hold it as `message` of a task:

    {"who": "answer", "answer": "ticket.supplier_email", "subject": "Order {number}",
     "text": "Please deliver {ticket.article}.", "files": ["ticket.quote"]}

For a company role `candidate_role` of the task names it. An answer is a person, or an e-mail
address: then the mail goes outside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from workflows.engine.process import Json, JsonObject

from .assigning import AssignRule, Who
from .message_text import MessageText, full_name, read_message_text

LONGEST_SUBJECT: Final = 200
LONGEST_TEXT: Final = 10_000
MOST_FILES: Final = 10


class Recipient(StrEnum):
    """Who gets the mail. ANSWER: a person or an address in an answer; ADDRESS: always this one."""

    REQUESTER = "requester"
    MANAGER = "manager"
    ANSWER = "answer"
    DOER = "doer"
    PERSON = "person"
    ROLE = "role"
    ADDRESS = "address"


# Which key goes with which of them.
NAMED_BY: Final = {
    Recipient.ANSWER: "answer",
    Recipient.DOER: "task",
    Recipient.PERSON: "email",
    Recipient.ADDRESS: "email",
}
_ONE_PERSON: Final = {
    Recipient.REQUESTER: Who.REQUESTER,
    Recipient.MANAGER: Who.MANAGER,
    Recipient.ANSWER: Who.ANSWER,
    Recipient.DOER: Who.DOER,
    Recipient.PERSON: Who.PERSON,
}
_KEYS: Final = ("who", "answer", "task", "email", "subject", "text", "files")


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """A mail. `named` is the path of the answer, the key of the task or the address.

    `number`: of a definition that is kept, that of the person whom it names by their address.
    """

    who: Recipient = Recipient.REQUESTER
    named: str = ""
    subject: str = ""
    text: str = ""
    files: tuple[str, ...] = ()
    number: int | None = None

    @classmethod
    def of(cls, value: object) -> Self:
        """The mail of a `message` that was checked; what it does not say is as without one."""
        said = value if isinstance(value, dict) else {}
        word = said.get("who")
        who = Recipient(word) if word in list(Recipient) else Recipient.REQUESTER
        listed = said.get("files")
        names = listed if isinstance(listed, list | tuple) else ()
        return cls(
            who=who,
            named=str(said.get(NAMED_BY.get(who, ""), "")),
            subject=_text(said.get("subject")),
            text=_text(said.get("text")),
            files=tuple(full_name(each) for each in names if isinstance(each, str)),
            number=number
            if who is Recipient.PERSON and isinstance(number := said.get("id"), int)
            else None,
        )

    @property
    def subject_read(self) -> MessageText:
        return read_message_text(self.subject)

    @property
    def text_read(self) -> MessageText:
        return read_message_text(self.text)

    @property
    def names(self) -> list[str]:
        """The answers that its texts read, each once."""
        return list(dict.fromkeys([*self.subject_read.names, *self.text_read.names]))

    @property
    def person(self) -> AssignRule | None:
        """The one person as tasks name one; None where it is for a role or an address alone."""
        who = _ONE_PERSON.get(self.who)
        return None if who is None else AssignRule(who=who, named=self.named, person=self.number)


def canonical_message(value: Json) -> Json:
    """The one spelling of a `message`: None where it says nothing."""
    if not isinstance(value, dict):
        return value or None
    made: JsonObject = {
        name: value[name] for name in _KEYS if name in value and value[name] not in (None, "", [])
    }
    for name in ("subject", "text"):
        said = made.get(name)
        if isinstance(said, str):
            made[name] = said.replace("\r\n", "\n").replace("\r", "\n").strip()
    return made or None


def roots_read(messages: Iterable[Json]) -> set[str]:
    """What the names in these messages begin with."""
    found: set[str] = set()
    for each in messages:
        if isinstance(each, dict):
            found |= {name.partition(".")[0] for name in MessageSpec.of(each).names}
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
