from __future__ import annotations

from workflows.errors import WorkflowsError


class ActionError(WorkflowsError):
    """The call to the other system failed.

    The message is for people. `detail` is for the log: more words, but never a query string,
    a header or a request's body, which may hold secrets.
    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        # Part of it may come from the other system, and Postgres keeps no NUL.
        self.detail = detail.replace("\x00", "\ufffd")


class TemporaryActionError(ActionError):
    """The call failed in a way that may pass: the same call may succeed later.

    `retry_after` is how many seconds the other system asks to wait; None where it does not say.
    """

    def __init__(self, message: str, *, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after
