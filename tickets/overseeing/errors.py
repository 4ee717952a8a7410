from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class TicketGoneError(TicketsError):
    message = _("This ticket is no longer there.")
