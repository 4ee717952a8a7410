from __future__ import annotations


class TicketsError(Exception):
    """Something about tickets went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or " ".join((self.__doc__ or "").split()))


class MayNotSubmitError(TicketsError):
    """You may not submit tickets of this type, or it is no longer offered."""


class UnknownUploadError(TicketsError):
    """A file that this form names was not uploaded by you, or belongs to another ticket."""


class TooManySavedAnswersError(TicketsError):
    """You have saved too many tickets for later. Submit or discard some of them first."""


class ErrorAlreadyHandledError(TicketsError):
    """Somebody has already taken care of this error. Load the page again to see its state."""


class NotesMissingError(TicketsError):
    """Write down how the error was resolved: whoever meets it next will look here."""


class StepStuckError(TicketsError):
    """The step that failed is still stuck, so that the error stays open. Try the step again,
    finish it by hand, or cancel the ticket: the error is resolved by that."""


class MayNotRepairError(TicketsError):
    """Only ticket admins of this company may do this."""


class ReasonMissingError(TicketsError):
    """Say why: the reason stands in the ticket's history, for whoever asks later."""


class ChangedMeanwhileError(TicketsError):
    """Somebody changed this ticket after you opened the page. Load it again, then decide."""


class UnknownCallbackError(TicketsError):
    """There is no call that could be answered at this address."""


class CallbackTooLateError(TicketsError):
    """This call cannot be answered any more: its time is over, or its task has ended."""


class CallbackNotFittingError(TicketsError):
    """The answer does not fit what the task asks for."""


class TooManyTicketsError(TicketsError):
    """That is too many tickets for one time. Choose at most 100."""
