"""What the command palette (Ctrl+K) finds: screens, and the tickets and tasks that one may open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from project.admin_site.navigation import sections_for
from tenants.companies.active_company import active_company
from tenants.errors import TooDearError
from tenants.limits.dear import Dear, count_dear
from tenants.models import User
from tenants.names import name_key
from tickets.finding.find_tickets import Scope, SearchTooWideError, find_tickets
from tickets.finding.query import Query, read_query
from tickets.finding.where_found import Hit, where_found
from tickets.models import MyTicket, Ticket
from tickets.models.ticket import TicketQuerySet
from workflows.models import TaskInstance, WorkflowDefinition

# How many of each kind are shown, and how much of what was typed is looked for.
LIMIT = 5
LONGEST_TERM = 100


def find(request: HttpRequest, term: str) -> list[SearchResult]:
    """Look for what was typed: in screens and workflows by their titles, in tickets everywhere."""
    term = term.replace("\x00", "").strip()[:LONGEST_TERM]
    if not term or not isinstance(request.user, User):
        return []
    results = list(_screens(request, term))
    if (company := active_company(request)) is not None:
        query = read_query(term)
        with suppress(SearchTooWideError, TooDearError):
            count_dear(Dear.WHILE_TYPING, person_id=request.user.pk, schema=company.schema_name)
            results += _tickets(request.user, query)
            results += _tasks(request.user, term, query)
        results += _workflows(request.user, term)
    return results


def _screens(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    for section, links in sections_for(request):
        for link in links:
            if name_key(term) in name_key(str(link.entry.title)):
                yield SearchResult(
                    title=str(link.entry.title),
                    description=str(section.title or _("Start")),
                    link=link.url,
                    icon=link.entry.icon,
                )


def _tickets(user: User, query: Query) -> Iterator[SearchResult]:
    tickets: TicketQuerySet
    if user.has_perm("tickets.view_ticket"):
        tickets, scope = Ticket.objects.all(), Scope.TEAM
        screen, kind = "admin:tickets_ticket_change", _("Ticket")
    elif user.has_perm("tickets.view_myticket"):
        tickets, scope = MyTicket.objects.submitted_by(user), Scope.REQUESTER
        screen, kind = "admin:tickets_myticket_change", _("My ticket")
    else:
        return
    for ticket, hit in _found(query, tickets, scope):
        description = kind if hit is None else f"{kind} · {hit.in_words}"
        yield _result(str(ticket), description, screen, ticket.pk, "confirmation_number")


def _found(
    query: Query, tickets: TicketQuerySet, scope: Scope
) -> Iterator[tuple[Ticket, Hit | None]]:
    found = find_tickets(query, tickets=tickets, scope=scope)
    rows = tickets.filter(pk__in=found.numbers).select_related("created_by").order_by("-pk")
    shown = list(rows[:LIMIT])
    hits = where_found(query, shown, found=found, scope=scope)
    for ticket in shown:
        yield ticket, hits.get(ticket.pk)


def _tasks(user: User, term: str, query: Query) -> Iterator[SearchResult]:
    if not user.has_perm("tickets.view_mytask"):
        return
    inbox = TaskInstance.objects.inbox(user)
    tickets = Ticket.objects.filter(workflow_instance__in=inbox.values("workflow_instance"))
    found = find_tickets(query, tickets=tickets, scope=Scope.TEAM)
    matches = Q(definition__title__icontains=term)
    matches |= Q(workflow_instance__ticket__in=found.numbers)
    tasks = inbox.filter(matches)
    rows = tasks.select_related("definition", "workflow_instance__ticket").order_by("pk")
    for task in rows[:LIMIT]:
        # Many tasks have the same title: their tickets tell them apart.
        ticket = task.workflow_instance.ticket
        kind = _("My task for %(ticket)s") % {"ticket": ticket}
        yield _result(str(task), kind, "admin:tickets_mytask_change", task.pk, "task_alt")


def _workflows(user: User, term: str) -> Iterator[SearchResult]:
    if not user.has_perm("workflows.view_workflowdefinition"):
        return
    for workflow in WorkflowDefinition.objects.filter(title__icontains=term)[:LIMIT]:
        yield _result(
            str(workflow),
            _("Workflow"),
            "admin:workflows_workflowdefinition_change",
            workflow.pk,
            "account_tree",
        )


def _result(title: str, kind: str, screen: str, pk: int, icon: str) -> SearchResult:
    return SearchResult(title=title, description=kind, link=reverse(screen, args=[pk]), icon=icon)
