"""A call that has failed for good, as the ways out of it see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .process import Json, JsonObject


class FailureReason(StrEnum):
    """Why a call failed. Documents and the history name it so; how it is shown stands elsewhere.

    What is a fault of the definition or of this system has none of these.
    """

    REFUSED = "refused"  # a status that is no success, and not one that may pass
    UNAVAILABLE = "unavailable"  # 408, 429 or 5xx, until the retries were used up
    NO_ANSWER = "no_answer"  # not in time, or broken off
    UNREACHABLE = "unreachable"  # no connection, or none that can be trusted
    UNUSABLE_ANSWER = "unusable_answer"  # a success that says nothing the task can keep
    CANCELLED = "cancelled"  # of a sub-ticket: it was withdrawn or cancelled

    @classmethod
    def named(cls, name: object) -> FailureReason | None:
        return next((each for each in cls if each == name), None)

    @classmethod
    def of_status(cls, status: int | None) -> FailureReason:
        """The reason that goes with a status; refused where there is none."""
        if status is not None and 200 <= status < 300:
            return cls.UNUSABLE_ANSWER
        return cls.UNAVAILABLE if is_temporary(status) else cls.REFUSED


# What a condition may read of it.
FAILURE_PARTS: Final = ("status", "reason", "message", "answer")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed for good.

    ``status`` is that of the last answer, None where none came. ``message`` is a sentence for
    people. ``answer`` is the JSON of that answer, None where it was none or was too large.
    """

    reason: FailureReason
    message: str = ""
    status: int | None = None
    answer: Json = None

    def as_json(self) -> JsonObject:
        """As conditions read it, and as it is kept in the history."""
        return {
            "status": self.status,
            "reason": self.reason.value,
            "message": self.message,
            "answer": self.answer,
        }

    @classmethod
    def read(cls, kept: Json) -> Failure | None:
        """The failure that `as_json` wrote; None where it is none."""
        if not isinstance(kept, dict):
            return None
        reason, status = FailureReason.named(kept.get("reason")), kept.get("status")
        if reason is None:
            return None
        is_status = isinstance(status, int) and not isinstance(status, bool)
        return cls(
            reason,
            message=str(kept.get("message") or ""),
            status=status if is_status and isinstance(status, int) else None,
            answer=kept.get("answer"),
        )


def is_temporary(status: int | None) -> bool:
    """Whether a call that was answered so may succeed later: 408, 429 and 5xx."""
    return status is not None and (status in (408, 429) or 500 <= status < 600)
