from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class MayNotLinkError(TicketsError):
    message = _("You cannot change what this ticket is linked to.")
    status = HTTPStatus.FORBIDDEN


class NoSuchTicketError(TicketsError):
    message = _("There is no ticket %(number)s that you may see. Check the number.")
    field = "number"
    status = HTTPStatus.NOT_FOUND

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class LinkToItselfError(TicketsError):
    message = _("That is this very ticket. Write the number of another one.")
    field = "number"


class LinkedAlreadyError(TicketsError):
    message = _("It is linked to ticket %(number)s already.")
    field = "number"

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class MayNotMarkDuplicateError(TicketsError):
    message = _("Only ticket admins, and who has a task of the ticket to do, can say this.")
    status = HTTPStatus.FORBIDDEN


class TooManyLinksError(TicketsError):
    message = _(
        "Ticket %(number)s is linked to %(most)d tickets, and cannot be linked to more. Take a "
        "link away first."
    )
    field = "number"

    def __init__(self, number: str, most: int) -> None:
        super().__init__()
        self.number = number
        self.most = most


class NotOfOtherTeamError(TicketsError):
    message = _(
        "You are not of the team of ticket %(number)s. Ask a ticket admin to say that this one is "
        "its duplicate."
    )
    field = "number"
    status = HTTPStatus.FORBIDDEN

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class DuplicateInCircleError(TicketsError):
    message = _("Ticket %(number)s is itself a duplicate of this one. Choose another.")
    field = "number"

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number
