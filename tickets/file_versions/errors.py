from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class FilesOfEndedTicketError(TicketsError):
    message = _(
        "This ticket has ended: its files stay as they are. Write a message, and send the file "
        "with it."
    )
    field = "file"
