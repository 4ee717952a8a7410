"""The text of a message: what stands in braces is an answer, which is put in when it is sent.

    Dear {ticket.supplier_name or "Sir or Madam"}, please deliver until {ticket.wanted_by}.

A name is what conditions call the answer; that of a task may be left without `tasks.` before it.
No answer leaves nothing, or the text after `or`. A brace that is meant as one is written twice.
Nothing else is a command, and nothing of an answer is read as one: what was checked cannot fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from workflows.engine.problems import short
from workflows.engine.texts import gettext as _

# What names begin with that are none of a task.
ROOTS: Final = (
    *("ticket", "tasks", "submitter", "company", "number", "item", "item_number"),
    *("today", "now", "done", "failure", "failures"),
)
MOST_PLACEHOLDERS: Final = 200
# Of one answer, and of a whole text, in characters.
LONGEST_ANSWER: Final = 10_000
LONGEST_MADE: Final = 60_000
_PARTS: Final = re.compile(r"\{\{|\}\}|\{([^{}\n]{0,400})\}|[{}]")
_INSIDE: Final = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_]{0,62}(?:\.[A-Za-z0-9_]{1,63}){0,9})\s*"
    r"(?:or\s+(?:\"([^\"]{0,200})\"|“([^”“]{0,200})[”“]|„([^“”]{0,200})[“”])\s*)?"
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An answer in a text. `name` is its whole name, such as `tasks.review.amount`."""

    name: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class MessageText:
    """A text that was read. `problems` says of each thing that is none what to do about it."""

    parts: tuple[str | Placeholder, ...]
    problems: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The answers that it reads, each once."""
        return list(dict.fromkeys(each.name for each in self.placeholders))

    @property
    def placeholders(self) -> Iterator[Placeholder]:
        return (each for each in self.parts if isinstance(each, Placeholder))

    def filled(self, answer: Callable[[str], str]) -> str:
        """The text with its answers; `answer` gives that of a name as people read it, or nothing.

        Cut at LONGEST_MADE characters.
        """
        made: list[str] = []
        length = 0
        for part in self.parts:
            text = part if isinstance(part, str) else _cut(answer(part.name), LONGEST_ANSWER)
            if isinstance(part, Placeholder) and not text.strip():
                text = part.default
            made.append(text)
            length += len(text)
            if length > LONGEST_MADE:
                break
        return _cut("".join(made), LONGEST_MADE)


def full_name(name: str) -> str:
    """`review.amount` as `tasks.review.amount`; what begins otherwise stays."""
    return name if name.partition(".")[0] in ROOTS else f"tasks.{name}"


def read_message_text(text: str) -> MessageText:
    """Read a text. It never fails: what is no placeholder stays as it stands, with a problem."""
    parts: list[str | Placeholder] = []
    problems: list[str] = []
    at = count = 0
    for found in _PARTS.finditer(text):
        parts.append(text[at : found.start()])
        at = found.end()
        written = found[0]
        if written in ("{{", "}}"):
            parts.append(written[0])
            continue
        inside = _INSIDE.fullmatch(found[1]) if found[1] is not None else None
        if inside is None:
            parts.append(written)
            problems.append(_problem(written))
            continue
        count += 1
        default = next((each for each in inside.groups()[1:] if each is not None), "")
        parts.append(Placeholder(full_name(inside[1]), default))
    parts.append(text[at:])
    if count > MOST_PLACEHOLDERS:
        message = _("The text names answers more than %(most)d times. Name fewer.")
        problems.append(message % {"most": MOST_PLACEHOLDERS})
    return MessageText(tuple(each for each in parts if each != ""), tuple(problems))


def _problem(written: str) -> str:
    if len(written) == 1:
        message = _("A single “%(brace)s” says nothing. Write it twice, or name an answer: %(how)s")
        return message % {"brace": written, "how": "{ticket.amount}"}
    message = _("“%(written)s” names no answer. Write %(how)s, or each brace twice.")
    how = '{ticket.amount}, {review.note or "none"}'
    return message % {"written": short(written), "how": how}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
