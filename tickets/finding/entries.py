"""What a search finds of a ticket, and who finds it: one entry for each thing of it.

Who sees what says `tickets.seeing`. What a requester does not see is in other entries than what
they see, so that no search of theirs reads it. Files' contents, what calls send and bring back,
and what stood there before a correction or an edit are in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from tickets.finding.plain_text import on_one_line, plain_text, words_of
from tickets.models import FoundBy, Message, Ticket, Visibility
from tickets.seeing import Viewer, shown_output, submitted_answers
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.approvals import VOTE_CHOICES, VOTE_FIELD, VOTE_LABELS
from workflows.fields.field import SeenBy
from workflows.forms import Shown
from workflows.models import TaskDefinition

# In characters: what comes after them is not found.
LONGEST_PART: Final = 10_000
LONGEST_ENTRY: Final = 20_000

_BETWEEN: Final = " / "  # the same text in several languages

TICKET: Final = "ticket"
REASON: Final = "reason"


class Place(StrEnum):
    """What a part of an entry is. It stands in the database."""

    TITLE = "title"
    TYPE = "type"
    ANSWER = "answer"
    VOTE = "vote"  # an answer to a question that every vote asks: the label is its name
    MESSAGE = "message"
    NOTE = "note"
    FILE = "file"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class Part:
    """A text as people read it, and what it is; `label` is the question of an answer."""

    place: Place
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: `source` names the thing among those of its ticket."""

    source: str
    found_by: FoundBy
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "\n".join(each.text for each in self.parts)

    @property
    def places(self) -> list[Json]:
        return [[str(each.place), each.label] for each in self.parts]

    @property
    def plain(self) -> str:
        return plain_text(self.text)

    def words(self, plain: str) -> str:
        """Those of its plain text as the index has them, with blanks between them."""
        mark = mark_of(self.found_by)
        return " ".join(sorted(mark + each for each in words_of(plain)))


def mark_of(found_by: FoundBy) -> str:
    """What stands before each word: a search reads the words of whom it is for, and no others."""
    return found_by.value[0].lower()


def entry_of_ticket(ticket: Ticket) -> Entry:
    """Its title, its type and what was submitted. No query: fetch it with its type and workflow."""
    parts = [Part(Place.TITLE, ticket.title), *_parts_of(submitted_answers(ticket))]
    if ticket.definition.title != ticket.title:
        parts.insert(1, Part(Place.TYPE, ticket.definition.title))
    return Entry(TICKET, FoundBy.REQUESTER, tuple(_bounded(parts)))


def source_of_task(task_id: int) -> str:
    return f"task/{task_id}"


def source_of_answers(key: str) -> str:
    return f"answers/{key}"


def source_of_message(message_id: int) -> str:
    return f"message/{message_id}"


def entry_of_task(definition: TaskDefinition, task_id: int, output: Json) -> Entry | None:
    """What its team finds of one visit of a form."""
    return _entry_of_answers(source_of_task(task_id), definition, [output], Viewer.TEAM)


def entry_of_answers(definition: TaskDefinition, *outputs: Json) -> Entry | None:
    """What the requester finds of what came of a form, as it counts now; of a list of each item."""
    source = source_of_answers(definition.key)
    return _entry_of_answers(source, definition, outputs, Viewer.REQUESTER)


def entries_of_answers(found: Iterable[tuple[TaskDefinition, JsonObject]]) -> Iterator[Entry]:
    """Those of outputs, one for each task."""
    outputs: dict[str, tuple[TaskDefinition, list[JsonObject]]] = {}
    for definition, output in found:
        outputs.setdefault(definition.key, (definition, []))[1].append(output)
    for definition, each in outputs.values():
        if (entry := entry_of_answers(definition, *each)) is not None:
            yield entry


def _entry_of_answers(
    source: str, definition: TaskDefinition, outputs: Iterable[Json], viewer: Viewer
) -> Entry | None:
    if not definition.is_form:
        return None
    shown = (part for each in outputs for part in _shown_of(definition, each, viewer))
    parts = _bounded(shown)
    found_by = FoundBy.TEAM if viewer is Viewer.TEAM else FoundBy.REQUESTER
    return _entry(source, found_by, parts)


def _shown_of(definition: TaskDefinition, output: Json, viewer: Viewer) -> Iterable[Part]:
    parts = _parts_of(shown_output(definition, output, viewer=viewer))
    return map(_of_vote, parts) if definition.is_vote else parts


def _of_vote(part: Part) -> Part:
    """Questions of ours, and what is chosen, have the words of whoever looks: see `in_words`."""
    name = next((key for key, label in VOTE_LABELS.items() if gettext(label) == part.label), "")
    if not name:
        return part
    text = part.text
    if name == VOTE_FIELD:
        text = next(
            (_all_words(each) for each in VOTE_CHOICES.values() if gettext(each) == text), text
        )
    return Part(Place.VOTE, text, name)


def _all_words(text: str) -> str:
    """A text of ours in each language, in which somebody may look for it: English comes first."""
    found = [text]
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.append(gettext(text))
    return _BETWEEN.join(dict.fromkeys(found))


def in_words(place: str, label: str, text: str) -> tuple[str, str]:
    """The question and the text of a part in the language of whoever reads it now."""
    if place != Place.VOTE:
        return label, text
    if label == VOTE_FIELD:
        stored = text.partition(_BETWEEN)[0]
        text = gettext(stored) if stored in VOTE_CHOICES.values() else text
    return gettext(VOTE_LABELS.get(label, label)), text


def entry_of_message(message: Message, filenames: Iterable[str]) -> Entry | None:
    """None of one that is hidden."""
    if message.is_hidden:
        return None
    is_public = message.visibility == Visibility.PUBLIC
    place = Place.MESSAGE if is_public else Place.NOTE
    parts = [Part(place, message.text), *(Part(Place.FILE, each) for each in filenames)]
    found_by = FoundBy.REQUESTER if is_public else FoundBy.TEAM
    return _entry(source_of_message(message.pk), found_by, _bounded(parts))


def entry_of_reason(data: Json) -> Entry | None:
    """Why the ticket was cancelled, of what its event says."""
    if not isinstance(data, dict):
        return None
    is_told = data.get("seen_by") == SeenBy.REQUESTER
    found_by = FoundBy.REQUESTER if is_told else FoundBy.TEAM
    return _entry(REASON, found_by, _bounded([Part(Place.REASON, str(data.get("reason") or ""))]))


def _entry(source: str, found_by: FoundBy, parts: Iterable[Part]) -> Entry | None:
    found = tuple(parts)
    return Entry(source, found_by, found) if found else None


def _parts_of(answers: Iterable[Shown]) -> Iterator[Part]:
    for answer in answers:
        place = Place.FILE if answer.kind == "file" else Place.ANSWER
        texts = [answer.text] if answer.text else list(answer.items)
        texts += [cell.text for row in answer.rows for cell in row if cell.kind != "file"]
        yield Part(place, " ".join(each for each in texts if each), answer.label)
        for row in answer.rows:
            for cell in row:
                if cell.kind == "file":
                    yield Part(Place.FILE, cell.text, cell.label)


def _bounded(parts: Iterable[Part]) -> Iterator[Part]:
    room = LONGEST_ENTRY
    for each in parts:
        text = on_one_line(each.text)[: min(LONGEST_PART, room)]
        if text:
            room -= len(text)
            yield Part(each.place, text, each.label)
