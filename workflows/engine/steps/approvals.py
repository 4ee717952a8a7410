"""Approvals: a step that asks several people, and is decided as soon as nothing can change that.

An approval is a block (see blocks.py) with one branch for each approver, in which stands one form:
their vote. Documents hold it as parts of a task:

    {"approvers": {"role": "Managers"}, "needed": 2, "order": "together", "never": ["requester"]}

The form of the votes is a task of its own, which no document has: `vote_document` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workflows.engine.process import (
    REQUESTER,
    TASKS,
    USUAL_NEVER,
    VOTES,
    ApprovalSpec,
    Approvers,
    Json,
    JsonObject,
    Needed,
    needed_of,
    never_of,
    vote_key,
)
from workflows.engine.task_types import APPROVAL_TYPES, VOTE_TYPES
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop

__all__ = [
    "NOTE_FIELD",
    "OUTPUT_SCHEMA",
    "OWN_FIELDS",
    "REASON_FIELD",
    "REQUESTER",
    "TASKS",
    "USUAL_NEVER",
    "VOTES",
    "VOTE_CHOICES",
    "VOTE_FIELD",
    "VOTE_LABELS",
    "ApprovalSpec",
    "Approvers",
    "CastVote",
    "Needed",
    "Vote",
    "answers_of_vote",
    "approval_key",
    "approval_output",
    "decided",
    "needed_of",
    "never_of",
    "vote_document",
    "vote_fields",
    "vote_fields_in_words",
    "vote_key",
    "with_votes",
]

# The questions that every vote asks.
VOTE_FIELD: Final = "vote"
REASON_FIELD: Final = "comment"
NOTE_FIELD: Final = "note"
OWN_FIELDS: Final = (VOTE_FIELD, REASON_FIELD, NOTE_FIELD)
# What a ticket admin enters in the place of the votes.
OUTPUT_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean"},
        "yes": {"type": "integer", "minimum": 0},
        "no": {"type": "integer", "minimum": 0},
        "votes": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["approved"],
}


class Vote(StrEnum):
    """What an approver says."""

    APPROVE = "approve"
    REFUSE = "refuse"


def decided(*, needed: int, count: int, yes: int, no: int) -> bool | None:
    """What `count` approvers have decided, of whom `needed` must approve; None: it is open.

    It is decided as soon as no vote that is still to come could change it.
    """
    if yes >= needed:
        return True
    return False if count - no < needed else None


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote as it was cast. `voted_for` is who was asked, where somebody else has voted."""

    output: Mapping[str, Json]
    by: Json = None
    at: str = ""
    voted_for: Json = None

    @property
    def approves(self) -> bool:
        return self.output.get(VOTE_FIELD) == Vote.APPROVE

    def as_json(self) -> JsonObject:
        said = dict(self.output)
        comment = said.pop(REASON_FIELD, None) or said.pop(NOTE_FIELD, None) or ""
        said.pop(NOTE_FIELD, None)
        vote: JsonObject = {"by": self.by, "vote": said.pop(VOTE_FIELD, None)}
        vote |= {"comment": comment, "at": self.at}
        if self.voted_for is not None:
            vote["for"] = self.voted_for
        return {**said, **vote}


def answers_of_vote(vote: Mapping[str, Json]) -> JsonObject:
    """What was answered in a vote, as its form asks it; `vote` is one of those of an output."""
    said = {name: value for name, value in vote.items() if name not in ("by", "at", "for")}
    comment = said.pop(REASON_FIELD, "")
    refuses = said.get(VOTE_FIELD) == Vote.REFUSE
    return {**said, **({REASON_FIELD if refuses else NOTE_FIELD: comment} if comment else {})}


def approval_output(spec: ApprovalSpec, votes: Sequence[CastVote], *, count: int) -> JsonObject:
    """What an approval has brought, for `tasks.<approval>`; `votes` in the order of casting."""
    yes = sum(each.approves for each in votes)
    needed = spec.needed_among(count)
    return {
        "approved": yes >= needed,
        "yes": yes,
        "no": len(votes) - yes,
        "votes": [each.as_json() for each in votes],
    }


def approval_key(key: str) -> str:
    """The key of the approval whose votes these are; empty: it is no such key."""
    approval, dot, votes = key.partition(".")
    return approval if dot and votes == VOTES else ""


# How the own questions of every vote are called, and what can be chosen. Documents and published
# versions have them in English; whoever reads them has them in the language that is theirs.
VOTE_LABELS: Final[Mapping[str, str]] = {
    VOTE_FIELD: gettext_noop("Vote"),
    REASON_FIELD: gettext_noop("Why do you refuse?"),
    NOTE_FIELD: gettext_noop("Comment"),
}
VOTE_CHOICES: Final[Mapping[str, str]] = {
    Vote.APPROVE: gettext_noop("Approve"),
    Vote.REFUSE: gettext_noop("Refuse"),
}


def vote_fields(more: Json = None) -> list[Json]:
    """The form of a vote, with the further questions of its approval, as it is stored."""
    refuses: Json = {"==": [{"var": VOTE_FIELD}, Vote.REFUSE.value]}
    approves: Json = {"==": [{"var": VOTE_FIELD}, Vote.APPROVE.value]}
    return [
        {
            "name": VOTE_FIELD,
            "label": VOTE_LABELS[VOTE_FIELD],
            "type": "choice",
            "required": True,
            "choices": [{"value": each.value, "label": VOTE_CHOICES[each]} for each in Vote],
            "seen_by": "requester",
        },
        {
            "name": REASON_FIELD,
            "label": VOTE_LABELS[REASON_FIELD],
            "type": "long_text",
            "required": True,
            "visible_when": refuses,
            "seen_by": "requester",
        },
        {
            "name": NOTE_FIELD,
            "label": VOTE_LABELS[NOTE_FIELD],
            "type": "long_text",
            "visible_when": approves,
            "seen_by": "requester",
        },
        *(more if isinstance(more, list) else ()),
    ]


def vote_fields_in_words(fields: Json) -> list[Json]:
    """The form of a vote in the language of whoever reads it now, whichever it is stored in."""
    return [_in_words(each) for each in fields] if isinstance(fields, list) else []


def _in_words(spec: Json) -> Json:
    name = spec.get("name") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(name, str) or name not in VOTE_LABELS:
        return spec
    made: JsonObject = {**spec, "label": _(VOTE_LABELS[name])}
    if name == VOTE_FIELD:
        made["choices"] = [{"value": each.value, "label": _(VOTE_CHOICES[each])} for each in Vote]
    return made


def vote_document(task: Mapping[str, Json]) -> JsonObject:
    """The task that the votes of an approval are, as a document would hold it."""
    key = vote_key(str(task.get("key") or ""))
    never: list[Json] = [*never_of(task.get("never"))]
    return {
        "key": key,
        "title": task.get("title") or "",
        "description": task.get("description") or "",
        "ext_ref": task.get("ext_ref") or [],
        "task_type": VOTE_TYPES[0].value,
        "fields": vote_fields(task.get("fields")),
        "edit_layout": task.get("edit_layout") or "",
        "display_layout": task.get("display_layout") or "",
        "due_in": task.get("due_in") or "",
        "reminders": task.get("reminders"),
        "branch": key,
        "assign_to": {
            "who": "answer",
            "answer": "item",
            "never": never,
        },
    }


def with_votes(tasks: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """The tasks of a document, each approval followed by its votes."""
    for task in tasks:
        yield task
        if task.get("task_type") in APPROVAL_TYPES:
            yield vote_document(task)
