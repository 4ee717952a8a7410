from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket


class MyTicket(Ticket):
    """A ticket on the screens of the person who submitted it, with permissions of its own."""

    class Meta:
        proxy = True
        verbose_name = _("my ticket")
        verbose_name_plural = _("my tickets")
