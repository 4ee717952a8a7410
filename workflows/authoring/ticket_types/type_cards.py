"""What subjects that stand above add to the page of a ticket type: they register it here."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils.safestring import SafeString

from tenants.hooks import Hook
from workflows.models import TicketDefinition

# A card, for whoever looks at the page; empty where there is nothing to be said. Both are shown
# above what the page says of its versions, in the order in which they were registered.
TYPE_CARDS: Final[Hook[[HttpRequest, TicketDefinition], SafeString]] = Hook()
