from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class CannotReopenError(TicketsError):
    message = _(
        "This ticket cannot be reopened: it runs, it ended too long ago, or tickets of its type "
        "are not reopened. You can copy it into a new one."
    )


class ReopenedAlreadyError(TicketsError):
    """`number` is what people call the follow-up ticket."""

    message = _("You have reopened this ticket already: its follow-up is ticket %(number)s.")

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class MayNotSubmitError(TicketsError):
    message = _("You may not submit tickets of this type, or it is no longer offered.")


class MayNotSubmitForError(TicketsError):
    message = _(
        "You cannot submit this for this person: both of you must be allowed to, or you must be a "
        "ticket admin and they must be."
    )
    status = HTTPStatus.FORBIDDEN


class NoSuchRequesterError(TicketsError):
    message = _("Nobody with this e-mail address may submit tickets here. Choose somebody else.")
    field = "person"


class SubmissionFailedError(TicketsError):
    """Nobody has foreseen it, and nothing was saved; the log says what it was."""

    message = _(
        "The ticket could not be submitted, because something is wrong with TicketFlower. Nothing "
        "of it was saved, and all that you typed is still here. Try again in a moment. Should it "
        "not help, save it for later, and tell a ticket admin."
    )
