"""The recurring starts of a ticket type, on its page."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from tickets.models import RecurringStart
from tickets.starting.pages.starts_pages import StartsPage, moment_in_words
from workflows.authoring.ticket_types.type_cards import TYPE_CARDS
from workflows.bundles.telling.starts import start_in_words
from workflows.engine.starts import starts_of
from workflows.models import BusinessCalendar, TicketDefinition


@TYPE_CARDS.register
def starts_card(request: HttpRequest, definition: TicketDefinition) -> SafeString:
    """Empty where none starts by itself. Two queries, however many do.

    Of a version that is not offered it says what that says, and nothing of what happens.
    """
    specs = list(starts_of(definition.starts))
    if not specs:
        return SafeString("")
    kept: dict[str, RecurringStart] = {}
    if definition.is_active:
        rows = RecurringStart.objects.filter(type_key=definition.key).select_related("person")
        kept = {each.key: each for each in rows}
    zone = BusinessCalendar.objects.current().working_time().zone
    may_open = definition.is_active and StartsPage.admits(request)
    starts = []
    for spec in specs:
        start = kept.get(spec.key)
        address = reverse(
            "admin:workflows_ticketdefinition_start", args=[definition.pk, spec.key]
        ) if may_open else ""  # fmt: skip
        due = None if start is None else start.next_at
        starts.append(
            {
                "title": spec.title or definition.title,
                "when": start_in_words(spec),
                "start": start,
                "next_at": "" if due is None else moment_in_words(due, zone),
                "url": address,
            }
        )
    context = {"starts": starts, "is_offered": definition.is_active, "may_open": may_open}
    return render_to_string("starting/_card.html", context, request)
