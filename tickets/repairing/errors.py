from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class ErrorAlreadyHandledError(TicketsError):
    message = _(
        "Somebody has already taken care of this error. Load the page again to see its state."
    )


class NotesMissingError(TicketsError):
    message = _("Write down how the error was resolved: whoever meets it next will look here.")
    field = "notes"


class StepStuckError(TicketsError):
    message = _(
        "The step that failed is still stuck, so that the error stays open. Try the step again, "
        "finish it by hand, or cancel the ticket: the error is resolved by that."
    )


class MayNotRepairError(TicketsError):
    message = _("Only ticket admins of this company may do this.")


class BeginnerMayNotRepairError(TicketsError):
    """What is left would be refused one by one, as it is done in the name of who has begun it."""

    message = _(
        "%(person)s, who began this, is no ticket admin any more. Choose what is left in its list, "
        "and begin anew."
    )

    def __init__(self, person: str) -> None:
        super().__init__()
        self.person = person


class RepairFailedError(TicketsError):
    """Nobody has foreseen it: what is repaired may not be mended yet."""

    message = _(
        "This could not be done, and nothing was changed: “%(reason)s”. Fix the cause, then try "
        "again."
    )
    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class ChangedMeanwhileError(TicketsError):
    message = _(
        "Somebody changed this ticket after you opened the page. Load it again, then decide."
    )


class ErrorGoneError(TicketsError):
    message = _("This error is no longer there.")


class MailGoneError(TicketsError):
    message = _(
        "This mail is not kept any more, so that it cannot be sent again. Write to the person "
        "yourself, and note the error as resolved."
    )
    status = HTTPStatus.GONE


class NoAddressError(TicketsError):
    message = _("Type an e-mail address, such as name@example.com.")
    field = "to"
