from __future__ import annotations


class TicketsError(Exception):
    """Something about tickets went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class MayNotSubmitError(TicketsError):
    """You may not submit tickets of this type, or it is no longer offered."""


class UnknownUploadError(TicketsError):
    """A file that this form names was not uploaded by you, or belongs to another ticket."""
