"""What several subjects refuse of tickets; what one alone does stands in its own `errors.py`."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tenants.errors import TicketFlowerError


class TicketsError(TicketFlowerError):
    """Something about tickets is refused."""

    message = _("This is not possible for this ticket.")


class NotYourTicketError(TicketsError):
    message = _("Somebody else submitted this ticket.")
    status = HTTPStatus.FORBIDDEN


class ReasonMissingError(TicketsError):
    message = _("Say why: the reason stands in the ticket's history, for whoever asks later.")
    field = "reason"


class TooManyTicketsError(TicketsError):
    """`most` is how many may be chosen."""

    message = _("That is too many tickets for one time. Choose at most %(most)d.")

    def __init__(self, *, most: int) -> None:
        self.most = most
        super().__init__()
