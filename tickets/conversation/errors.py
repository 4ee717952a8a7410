from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class MayNotWriteError(TicketsError):
    message = _("You take no part in this ticket any more, so that you cannot write here.")
    status = HTTPStatus.FORBIDDEN


class EmptyMessageError(TicketsError):
    field = "text"
    message = _("Write something, or attach a file.")


class MessageTooLongError(TicketsError):
    field = "text"
    message = _(
        "This is too long by %(excess)s characters: a message has at most %(longest)s. Attach the "
        "rest as a file."
    )

    def __init__(self, length: int, longest: int) -> None:
        super().__init__()
        self.longest, self.excess = longest, length - longest


class TooManyMessagesError(TicketsError):
    field = "text"
    message = _(
        "You have written %(most)s messages within an hour, which is as many as may be. Send this "
        "one a little later: what you typed is still here."
    )

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class TooManyFilesError(TicketsError):
    message = _("A message has at most %(most)s files. Send the others with another one.")
    field = "attachments"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class SameNameError(TicketsError):
    message = _(
        "This ticket has a file “%(name)s” already. Say at yours whether it is a new version of "
        "that, and send the message again."
    )
    field = "attachments"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class CannotAskOneselfError(TicketsError):
    message = _("You submitted this ticket yourself: there is nobody to ask.")


class RequesterGoneError(TicketsError):
    message = _(
        "%(person)s, who submitted this ticket, cannot answer any more: their account is switched "
        "off. Write it down without letting the task wait."
    )

    def __init__(self, person: object) -> None:
        super().__init__()
        self.person = person


class QuestionInternalError(TicketsError):
    message = _(
        "An internal note cannot ask whoever submitted the ticket: they do not read it. Write to "
        "everybody, or let the task not wait."
    )
    field = "visibility"


class NotYourMessageError(TicketsError):
    message = _("Only who wrote a message may edit it.")
    status = HTTPStatus.FORBIDDEN


class MessageHiddenError(TicketsError):
    message = _("This message was hidden meanwhile, so that it cannot be changed.")


class TooManyEditsError(TicketsError):
    message = _("This message was edited too often. Write another one.")


class MayNotHideError(TicketsError):
    message = _("Only ticket admins may hide messages.")
    status = HTTPStatus.FORBIDDEN
