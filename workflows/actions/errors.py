from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.engine.failure import Failure, FailureReason
from workflows.engine.process import Json
from workflows.errors import WorkflowsError


class ActionError(WorkflowsError):
    """A call failed. Whoever raises it says why, for people.

    `detail` is for the log: more words, but never a query string, a header or a request's body,
    which may hold secrets. `reason` says what of the other system failed, with the status that it
    `answered_with` and the JSON of its `answer`; None: the fault is the definition's or ours.
    """

    message = _("The call to the other system failed.")

    def __init__(
        self,
        said: str = "",
        *,
        detail: str = "",
        reason: FailureReason | None = None,
        answered_with: int | None = None,
        answer: Json = None,
    ) -> None:
        super().__init__(said)
        # Part of it may come from the other system, and Postgres keeps no NUL.
        self.detail = detail.replace("\x00", "\ufffd")
        self.reason = reason
        self.answered_with = answered_with
        self.answer = answer

    def failure(self, *, message: str) -> Failure | None:
        """What the ways out of the call are told; None: it is no failure of the other system."""
        if self.reason is None:
            return None
        return Failure(self.reason, message=message, status=self.answered_with, answer=self.answer)


class TemporaryActionError(ActionError):
    """The call failed in a way that may pass: the same call may succeed later.

    `retry_after` is how many seconds the other system asks to wait; None where it does not say.
    """

    message = _("The call to the other system failed. It may succeed later.")

    def __init__(
        self,
        said: str = "",
        *,
        detail: str = "",
        reason: FailureReason | None = None,
        answered_with: int | None = None,
        answer: Json = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(
            said, detail=detail, reason=reason, answered_with=answered_with, answer=answer
        )
        self.retry_after = retry_after
