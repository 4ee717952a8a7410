from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from tenants.roles import sync_system_roles


class TicketsConfig(AppConfig):
    """Ticket types, tickets, their errors, and the jobs that move them."""

    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        # The last app with models: when its turn comes, the permissions of all apps are there.
        post_migrate.connect(sync_system_roles, sender=self, dispatch_uid="sync_system_roles")
