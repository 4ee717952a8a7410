from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class UnknownAddressError(TicketsError):
    message = _("No tickets are taken at this address.")
    status = HTTPStatus.NOT_FOUND


class NotSignedError(TicketsError):
    message = _(
        "The message is not signed with the secret of this address, or its time is more than five "
        "minutes away from ours."
    )
    status = HTTPStatus.UNAUTHORIZED


class MessageUsedError(TicketsError):
    message = _("Another message had this webhook-id. Give each message its own.")
    status = HTTPStatus.CONFLICT


class NotJsonObjectError(TicketsError):
    message = _("Send an object with “answers”, an object of names and values, and “title” or not.")
    no_files = _("Files cannot be sent here. Leave this answer out.")
    status = HTTPStatus.BAD_REQUEST


class AnswerFormError(TicketsError):
    message = _("Send an object with “key”, a text or a number, and “answer”, an object, or not.")
    status = HTTPStatus.BAD_REQUEST


class NobodyWaitsError(TicketsError):
    message = _("No step waits for an answer with this key, or not any more.")
    status = HTTPStatus.NOT_FOUND


class SeveralWaitError(TicketsError):
    message = _("More than one step waits for an answer with this key: none was answered.")
    status = HTTPStatus.CONFLICT


class OnHoldError(TicketsError):
    message = _("The ticket is on hold. Send the answer again later.")
    status = HTTPStatus.SERVICE_UNAVAILABLE


class NoSuchQuestionError(TicketsError):
    message = _("Choose questions that this ticket type asks.")


class WayInPersonError(TicketsError):
    message = _("The person as whose ticket this would come may not submit it.")
    status = HTTPStatus.FORBIDDEN
