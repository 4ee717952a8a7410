from __future__ import annotations

from django.utils.translation import gettext as _

from tenants.pages.badges import badge
from workflows.models import TicketDefinition


def active_badge(definition: TicketDefinition) -> str:
    return badge(_("Active"), "good") if definition.is_active else badge(_("Not active"))
