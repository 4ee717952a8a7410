from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class StartNotRunningError(TicketsError):
    message = _("This recurring start is not there any more, or its ticket type is not offered.")


class StartPersonError(TicketsError):
    field = "person"
    message = _("Name somebody of this company who may submit this ticket type.")
