from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class ReasonTooLongError(TicketsError):
    field = "reason"
    message = _("The reason is too long: at most %(most)s characters.")

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
