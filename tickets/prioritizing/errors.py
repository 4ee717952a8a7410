from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class MayNotPrioritizeError(TicketsError):
    message = _("Only whoever has a task of the ticket, and ticket admins, set its priority.")
    status = HTTPStatus.FORBIDDEN
