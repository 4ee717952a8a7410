"""Which page a notice leads to, for one person."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from tenants.models import User
from tickets.models import Notice, Webhook
from tickets.notices.kinds.due_soon import DUE_SOON
from tickets.notices.kinds.kind import Place
from tickets.notices.kinds.overdue import OVERDUE
from tickets.notices.kinds.task_offered import TASK_OFFERED
from tickets.notices.words import kind_of, message_of_notice
from tickets.seeing.task_holders import still_theirs
from workflows.models import TaskInstance

DASHBOARD = "admin:index"


def address_for(notice: Notice, person: User) -> str:
    """The page that the notice is about, or the nearest to it that this person may see.

    Fetch the notice with its ticket. It may ask the database.
    """
    wanted = kind_of(notice).declared.leads_to
    found = dict(_pages(notice, person))
    return found.get(wanted) or next(iter(found.values()), reverse(DASHBOARD))


def _pages(notice: Notice, person: User) -> Iterator[tuple[Place, str]]:
    """The pages about its ticket that the person may see."""
    ticket = notice.ticket
    if ticket is None:
        if kind_of(notice).declared.leads_to is Place.STANDING_IN:
            yield from _standing_in(person)
        if kind_of(notice).declared.leads_to is Place.STARTS:
            yield from _starts(person)
        if kind_of(notice).declared.leads_to is Place.WEBHOOK:
            yield from _webhook(notice, person)
        return
    if ticket.created_by_id == person.pk and person.has_perm("tickets.view_myticket"):
        yield Place.MY_TICKET, reverse("admin:tickets_myticket_change", args=[ticket.pk])
    if person.has_perm("tickets.view_mytask"):
        given = TaskInstance.objects.filter(
            workflow_instance=ticket.workflow_instance_id, assigned_to=person
        )
        own = still_theirs(person, given)  # who is no task worker any more does not see the rest
        tasks = list(own.order_by("-pk").values_list("pk", flat=True))
        if tasks:
            named = notice.about.get("task")
            task = named if named in tasks else tasks[0]
            yield Place.TASK, reverse("admin:tickets_mytask_change", args=[task])
    if kind_of(notice) == TASK_OFFERED and person.has_perm("tickets.view_mytask"):
        yield Place.POOL, reverse("admin:tickets_mytask_changelist", query={"pool": 1})
    if person.has_perm("tickets.view_ticket"):
        yield Place.TICKET, reverse("admin:tickets_ticket_change", args=[ticket.pk])
    if message_of_notice(notice):
        yield Place.MESSAGES, reverse("admin:tickets_message_conversation", args=[ticket.pk])
    elif kind_of(notice) in (DUE_SOON, OVERDUE):
        yield from _standing_in(person)


def _standing_in(person: User) -> Iterator[tuple[Place, str]]:
    if person.has_perm("tickets.view_mytask"):
        yield Place.STANDING_IN, reverse("admin:tickets_mytask_standing_in")


def _starts(person: User) -> Iterator[tuple[Place, str]]:
    if person.has_perm("tickets.change_ticket"):
        yield Place.STARTS, reverse("admin:workflows_ticketdefinition_starts")


def _webhook(notice: Notice, person: User) -> Iterator[tuple[Place, str]]:
    named = notice.about.get("webhook")
    known = isinstance(named, int) and Webhook.objects.filter(pk=named).exists()
    if known and person.has_perm("tickets.view_webhook"):
        yield Place.WEBHOOK, reverse("admin:tickets_webhook_change", args=[named])


def part_of_page(notice: Notice) -> str:
    """Where on the page it stands that the notice is about: the end of an address."""
    message = message_of_notice(notice)
    return f"#message-{message}" if message else ""
