from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class TooManySavedAnswersError(TicketsError):
    message = _("You have saved too many tickets for later. Submit or discard some of them first.")
