from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class CannotRateError(TicketsError):
    message = _("This ticket cannot be rated, or not any more.")


class CommentTooLongError(TicketsError):
    message = _("The comment is too long: at most %(most)s characters.")
    field = "comment"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
