"""What the tickets say of definitions, on whose pages it is shown."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.companies.active_company import active_company
from tickets.models import Ticket
from tickets.models.ticket import ticket_number
from workflows.authoring.definitions.additions import (
    Sample,
    latest_sample,
    running_count,
    uses_of_draft,
)
from workflows.models import WorkflowDefinition
from workflows.working_hours.company_clock import company_clock

MOST_SHOWN = 5


@uses_of_draft.register
def tickets_of_draft(workflow: WorkflowDefinition) -> Iterator[str]:
    tickets = Ticket.objects.filter(Q(workflow=workflow) | Q(definition__workflow=workflow))
    shown = sorted(tickets.order_by("pk").values_list("pk", flat=True)[:MOST_SHOWN])
    if not shown:
        return
    count = tickets.count()
    words = {"count": count, "names": ", ".join(ticket_number(number) for number in shown)}
    if count > len(shown):
        yield _("%(count)d tickets use it, among them %(names)s.") % words
    else:
        yield ngettext("A ticket uses it: %(names)s.", "Tickets use it: %(names)s.", count) % words


@running_count.register
def running_tickets(workflow: WorkflowDefinition) -> int:
    return Ticket.objects.running().filter(workflow__key=workflow.key).count()


@latest_sample.register
def latest_ticket(request: HttpRequest, key: str) -> Sample | None:
    """None for who may not see tickets."""
    company = active_company(request)
    if company is None or not request.user.has_perm("tickets.view_ticket"):
        return None
    tickets = Ticket.objects.filter(workflow__key=key)
    ticket = tickets.select_related("workflow_instance", "created_by").order_by("-pk").first()
    if ticket is None:
        return None
    data = ticket.workflow_instance.data if ticket.workflow_instance else {}
    times = company_clock(timezone.now(), counts_days=False).as_json()
    return Sample({**ticket.facts(company), "tasks": data, **times}, number=ticket.pk)
