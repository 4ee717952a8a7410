from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class UnknownUploadError(TicketsError):
    """A file that a form names was not uploaded by this person, or belongs to another ticket."""

    message = _("A file was lost on the way. Choose it again.")


class TooManyVersionsError(TicketsError):
    message = _("A file has at most %(most)s versions. Send this one with a message.")
    field = "file"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
