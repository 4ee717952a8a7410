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
from typing import TYPE_CHECKING, Final

from .task_types import APPROVAL_TYPES, VOTE_TYPES
from .texts import gettext as _

if TYPE_CHECKING:
    from .process import Json, JsonObject

# How documents say whom a task is never given to: the requester, whoever did a task.
REQUESTER: Final = "requester"
TASKS: Final = "tasks."
# The branch of an approval, and what the key of its votes ends with.
VOTES: Final = "vote"
# The questions that every vote asks.
VOTE_FIELD: Final = "vote"
REASON_FIELD: Final = "comment"
NOTE_FIELD: Final = "note"
OWN_FIELDS: Final = (VOTE_FIELD, REASON_FIELD, NOTE_FIELD)
# Whom an approval never asks, where it does not say: whoever submitted the ticket.
USUAL_NEVER: Final = (REQUESTER,)


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


class Needed(StrEnum):
    """How many must approve, where it is no number."""

    ONE = "one"
    ALL = "all"


class Approvers(StrEnum):
    """Who is asked: what `approvers` has one of."""

    ROLE = "role"
    PEOPLE = "people"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class ApprovalSpec:
    """Who approves, and how many must.

    `people` are e-mail addresses, or a rule that yields people. `never_tasks` are the keys of
    tasks: whoever did one of them is not asked.
    """

    who: Approvers = Approvers.ROLE
    people: Json = None
    needed: int | Needed = Needed.ONE
    never_requester: bool = True
    never_tasks: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Json]) -> ApprovalSpec:
        """Of a task's document; what does not fit is as if it was not said."""
        approvers = said.get("approvers")
        named = approvers if isinstance(approvers, dict) else {}
        who = next((each for each in Approvers if each in named), Approvers.ROLE)
        never = never_of(said.get("never"))
        return cls(
            who=who,
            people=named.get(Approvers.PEOPLE.value),
            needed=needed_of(said.get("needed")),
            never_requester=REQUESTER in never,
            never_tasks=tuple(each.removeprefix(TASKS) for each in never if each != REQUESTER),
        )

    def needed_among(self, count: int) -> int:
        """How many of so many approvers must approve."""
        match self.needed:
            case Needed.ALL:
                return max(count, 1)
            case int() as number:
                return number
        return 1

    @property
    def fewest(self) -> int:
        """So many approvers it cannot do without."""
        return self.needed_among(1)


def never_of(said: object) -> tuple[str, ...]:
    """Whom an approval never asks; an empty list says that everybody may be asked."""
    return tuple(map(str, said)) if isinstance(said, list | tuple) else USUAL_NEVER


def needed_of(said: object) -> int | Needed:
    """What `needed` says, as a number or as its text; ONE where it says nothing that fits."""
    text = str(said) if isinstance(said, int | str) and not isinstance(said, bool) else ""
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    return Needed.ALL if text == Needed.ALL else Needed.ONE


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


def vote_key(approval: str) -> str:
    """The key of the task that its votes are. No key of a document has a dot."""
    return f"{approval}.{VOTES}"


def approval_key(key: str) -> str:
    """The key of the approval whose votes these are; empty: it is no such key."""
    approval, dot, votes = key.partition(".")
    return approval if dot and votes == VOTES else ""


def vote_fields(more: Json = None) -> list[Json]:
    """The form of a vote, with the further questions of its approval."""
    refuses: Json = {"==": [{"var": VOTE_FIELD}, Vote.REFUSE.value]}
    approves: Json = {"==": [{"var": VOTE_FIELD}, Vote.APPROVE.value]}
    return [
        {
            "name": VOTE_FIELD,
            "label": _("Vote"),
            "type": "choice",
            "required": True,
            "choices": [
                {"value": Vote.APPROVE.value, "label": _("Approve")},
                {"value": Vote.REFUSE.value, "label": _("Refuse")},
            ],
            "seen_by": "requester",
        },
        {
            "name": REASON_FIELD,
            "label": _("Why do you refuse?"),
            "type": "long_text",
            "required": True,
            "visible_when": refuses,
            "seen_by": "requester",
        },
        {
            "name": NOTE_FIELD,
            "label": _("Comment"),
            "type": "long_text",
            "visible_when": approves,
            "seen_by": "requester",
        },
        *(more if isinstance(more, list) else ()),
    ]


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
