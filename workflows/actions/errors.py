from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.errors import WorkflowsError


class ActionError(WorkflowsError):
    """A call failed. Whoever raises it says why, for people.

    `detail` is for the log: more words, but never a query string, a header or a request's body,
    which may hold secrets.
    """

    message = _("The call to the other system failed.")

    def __init__(self, said: str = "", *, detail: str = "") -> None:
        super().__init__(said)
        # Part of it may come from the other system, and Postgres keeps no NUL.
        self.detail = detail.replace("\x00", "\ufffd")


class TemporaryActionError(ActionError):
    """The call failed in a way that may pass: the same call may succeed later.

    `retry_after` is how many seconds the other system asks to wait; None where it does not say.
    """

    message = _("The call to the other system failed. It may succeed later.")

    def __init__(
        self, said: str = "", *, detail: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(said, detail=detail)
        self.retry_after = retry_after
