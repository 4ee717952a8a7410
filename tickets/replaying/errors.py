from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class MayNotReplayError(TicketsError):
    message = _(
        "Replaying computes from what people answered: it needs the right to see all tickets, too. "
        "Ask an admin of your company for the role of ticket admin."
    )
    status = HTTPStatus.FORBIDDEN
