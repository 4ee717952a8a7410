from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class OfferOverError(TicketsError):
    message = _(
        "This task is not the assistant's any more: somebody has taken it, it was answered, or its "
        "time is over."
    )
    status = HTTPStatus.CONFLICT


class CompletionFailedError(TicketsError):
    """Nobody has foreseen it; the ticket error that was kept says what it was."""

    message = _(
        "Your answers are kept, but the task could not be completed with them. A ticket admin has "
        "been told, and tries again when the cause is fixed: you need not fill it in again."
    )
