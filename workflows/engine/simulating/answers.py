"""The answers with which a process is tried, and how they are read from a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from workflows.engine.failure import Failure, FailureReason
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext
from workflows.engine.values.storable import unstorable


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of one visit of a task: its output, or why the call failed for good.

    It has failed where it has an ``error``, a ``reason`` or a ``status``; without a reason that is
    the one of the status. Its output is then the answer that came, where one did.

    ``at`` is when that was, where somebody knows.

    With ``after``, a duration, neither: the task has not ended by then. Where no transition leaves
    it then, it goes on, and the next answer counts for the same visit. Answers with the same number
    as ``visit`` are for one visit only: what is left of them when it ends is dropped.

    ``items`` says for which entry of a list, where there is a branch for each: its number, from 1;
    in nested ones several, the outermost first. Empty: the first that waits.
    With ``cancel`` the ticket is withdrawn or cancelled while it is at the task. ``by`` is who
    did it, which nothing here reads; ``given_to`` whom it must be given to, likewise.
    ``edits`` are the earlier answers that the task changes, {``ticket.amount``: new answer}.

    An answer to an approval is a vote: ``by`` says whose, by e-mail address or name. Empty: that of
    the first who has not voted. ``asked`` is how many people the approval asks, if that is known.
    """

    task: str
    output: JsonObject = field(default_factory=dict)
    error: str = ""
    after: str = ""
    visit: int | None = None
    status: int | None = None
    reason: str = ""
    items: tuple[int, ...] = ()
    cancel: bool = False
    by: str = ""
    given_to: str = ""
    edits: JsonObject = field(default_factory=dict)
    at: datetime | None = None
    asked: int = 0

    @classmethod
    def failed(
        cls,
        task: str,
        failure: Failure,
        *,
        visit: int | None = None,
        items: tuple[int, ...] = (),
    ) -> Answer:
        """That the call failed so; of its answer what is no object is left out."""
        return cls(
            task,
            failure.answer if isinstance(failure.answer, dict) else {},
            error=failure.message,
            visit=visit,
            status=failure.status,
            reason=failure.reason.value,
            items=items,
        )

    @property
    def failure(self) -> Failure | None:
        """Why the call failed for good; None where it did not."""
        if not (self.error or self.reason or self.status is not None):
            return None
        return Failure(
            FailureReason.named(self.reason) or FailureReason.of_status(self.status),
            message=self.error or gettext("The call failed."),
            status=self.status,
            answer=self.output or None,
        )


def read_answers(document: Json) -> list[Answer]:
    """The answers of a test case, or of any other JSON; what is no answer is left out."""
    found: list[Answer] = []
    for each in document if isinstance(document, list) else []:
        if isinstance(each, dict) and isinstance(each.get("task"), str):
            output, error = each.get("output", {}), each.get("error", "")
            after = each.get("after", "")
            if not (isinstance(error, str) and isinstance(after, str)):
                continue
            status, reason = each.get("status"), FailureReason.named(each.get("reason"))
            if isinstance(status, bool) or not isinstance(status, int):
                status = None
            if isinstance(output, dict) and not any(unstorable(output)):
                edits = each.get("edits")
                if not isinstance(edits, dict) or any(unstorable(edits)):
                    edits = {}
                answer = Answer(
                    str(each["task"]),
                    output,
                    error,
                    after,
                    status=status,
                    reason=reason or "",
                    items=_items_of(each.get("item", each.get("items"))),
                    cancel=each.get("cancel") is True,
                    by=_text(each.get("by")),
                    given_to=_text(each.get("given_to")),
                    edits=edits,
                )
                found.append(answer)
    return found


def _items_of(value: Json | tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of entries: one, or several, the outermost first."""
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(each for each in listed if isinstance(each, int) and not isinstance(each, bool))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
