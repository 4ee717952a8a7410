from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class UnknownCallbackError(TicketsError):
    message = _("There is no call that could be answered at this address.")
    status = HTTPStatus.NOT_FOUND


class CallbackTooLateError(TicketsError):
    message = _("This call cannot be answered any more: its time is over, or its task has ended.")
    status = HTTPStatus.GONE


class CallbackNotFittingError(TicketsError):
    message = _("The answer does not fit what the task asks for.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
