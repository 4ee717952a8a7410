"""The first page after log-in: what waits for this person, by what they may do.

Each part is a few queries and a few rows; the screens behind the links have the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.companies.active_company import active_company
from tenants.companies.company_limits import uses_of
from tenants.jobs import has_worker
from tenants.models import Company, User
from tenants.pages.paging import GLANCE, count_in_words, count_up_to
from tenants.roles import SystemRole
from tickets.finding.pages.filters import end_of_day
from tickets.models import MyTicket, Ticket, TicketError
from workflows.layouts.columns import layouts_of
from workflows.models import TaskInstance, TicketDefinition, WorkflowDefinition
from workflows.running.people.workers import eligible_workers
from workflows.running.pool import pool_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# After so long without a sign of any worker, those who can do something about it are told.
WORKER_MISSING = timedelta(minutes=1)
# Rows of a list, and of the superuser's list of companies.
_LONG_OF_TICKETS: Final = layouts_of("definition", "workflow_instance__current_task__definition")
ROWS = 5
COMPANY_ROWS = 20
# What runs is counted further than what is to be done.
MOST_RUNNING = 999
# Of what waits for somebody so many are looked at, the oldest first.
MOST_WAITING = 500
# Once a company has done its first steps it is not asked about them for this long (seconds).
DONE_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Step:
    """One of the first steps of a company. An empty `url`: somebody else must do it."""

    title: StrOrPromise
    hint: StrOrPromise
    done: bool
    url: str


@dataclass(frozen=True)
class Figure:
    """A number with its meaning, and the screen that lists what was counted."""

    label: StrOrPromise
    count: int
    url: str
    is_alarming: bool = False
    most: int = GLANCE

    @property
    def text(self) -> str:
        """“12”, or “99+”: beyond that nobody counts."""
        return count_in_words(self.count, self.most)


@dataclass(frozen=True)
class FigureGroup:
    """Numbers of one kind of work."""

    title: StrOrPromise
    figures: list[Figure]


@dataclass(frozen=True)
class UnderstaffedRole:
    """A company role (empty: any) whose waiting tasks nobody could be given.

    `is_empty`: nobody in it may ever be given one; otherwise all of them are away. Unless `is_all`
    there are more tasks than were counted.
    """

    role: str
    count: int
    oldest: datetime
    is_empty: bool
    is_all: bool


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's `DASHBOARD_CALLBACK`: adds the parts that this person has a use for."""
    user = request.user
    if not isinstance(user, User):
        return context
    context["roles"] = _role_names(user)
    company = active_company(request)
    if company is None:
        return context | _installation() | {"worker_is_missing": not has_worker(WORKER_MISSING)}
    if user.has_perm("tickets.add_myticket"):
        context |= _my_tickets(user)
    if user.has_perm("tickets.view_mytask"):
        context |= _my_tasks(user)
    if user.has_perm("tickets.view_ticketerror"):
        context |= _all_work()
    if user.has_perm("workflows.change_workflowdefinition"):
        context |= _workflows()
    if user.has_perm("tenants.change_user"):
        context |= _people(company, user) | {"worker_is_missing": not has_worker(WORKER_MISSING)}
        context["near_limits"] = [use for use in uses_of(company) if use.is_near]
    names = ("my_task_figures", "my_ticket_figures", "all_work_figures")
    context["figure_groups"] = [context[name] for name in names if name in context]
    return context


def _role_names(user: User) -> list[str]:
    if user.is_superuser:
        return [_("Superuser")]
    return [str(role.label) for role in SystemRole if user.has_role(role)]


def _my_tickets(user: User) -> dict[str, Any]:
    own = MyTicket.objects.submitted_by(user)
    running = own.running().with_progress().defer(*_LONG_OF_TICKETS).order_by("-pk")
    return {
        "shows_my_tickets": True,
        "ticket_types": list(
            TicketDefinition.objects.submittable_by(user).defer(
                "edit_layout", "display_layout", "workflow__display_layout"
            )[:ROWS]
        ),
        "running_tickets": list(running[:ROWS]),
        "my_ticket_figures": FigureGroup(
            gettext_lazy("My tickets"),
            [
                _figure(
                    gettext_lazy("Wait for my answer"),
                    own.waiting_for_requester(),
                    "admin:tickets_myticket_changelist",
                    {"needs": "me"},
                    is_alarming=True,
                ),
                _figure(
                    gettext_lazy("Running"), own.running(), "admin:tickets_myticket_changelist"
                ),
            ],
        ),
    }


def _my_tasks(user: User) -> dict[str, Any]:
    inbox = TaskInstance.objects.inbox(user)
    tasks = inbox.select_related("definition", "workflow_instance__ticket").defer(
        *layouts_of("definition")
    )
    to_do, now = TaskInstance.objects.to_do(user), timezone.now()
    address = "admin:tickets_mytask_changelist"
    return {
        "shows_my_tasks": True,
        "open_tasks": list(tasks.order_by("created_at", "pk")[:ROWS]),
        "my_task_figures": FigureGroup(
            gettext_lazy("My tasks"),
            [
                _figure(
                    gettext_lazy("Overdue"),
                    to_do.filter(due_at__lt=now),
                    address,
                    {"due": "overdue"},
                    is_alarming=True,
                ),
                _figure(
                    gettext_lazy("Due today"),
                    to_do.filter(due_at__gte=now, due_at__lt=end_of_day(now)),
                    address,
                    {"due": "today"},
                ),
                _figure(gettext_lazy("To do"), to_do, address),
                _figure(
                    gettext_lazy("In the pool"),
                    pool_of(user),
                    address,
                    {"pool": "1"},
                ),
            ],
        ),
    }


def _figure(
    label: StrOrPromise,
    rows: QuerySet[Any],
    url_name: str,
    query: Mapping[str, str] | None = None,
    *,
    is_alarming: bool = False,
    most: int = GLANCE,
) -> Figure:
    """The rows that the list at the address shows, counted so far as anybody reads it."""
    count = count_up_to(rows, most)
    url = reverse(url_name, query=dict(query or {}))
    return Figure(label, count, url, is_alarming=is_alarming and count > 0, most=most)


def _all_work() -> dict[str, Any]:
    waiting, now = TaskInstance.objects.unassigned(), timezone.now()
    unfinished = TaskInstance.objects.unfinished()
    tasks = "admin:workflows_taskinstance_changelist"
    return {
        "shows_all_work": True,
        "all_work_figures": FigureGroup(
            gettext_lazy("All work"),
            [
                _figure(
                    gettext_lazy("Errors to repair"),
                    TicketError.objects.unresolved(),
                    "admin:tickets_ticketerror_changelist",
                    is_alarming=True,
                ),
                _figure(
                    gettext_lazy("Tasks that wait for a worker"),
                    waiting,
                    tasks,
                    {"status": "UNASSIGNED"},
                    is_alarming=True,
                ),
                _figure(
                    gettext_lazy("Overdue tasks"),
                    unfinished.filter(due_at__lt=now),
                    tasks,
                    {"due": "overdue"},
                    is_alarming=True,
                ),
                _figure(
                    gettext_lazy("Tasks due today"),
                    unfinished.filter(due_at__gte=now, due_at__lt=end_of_day(now)),
                    tasks,
                    {"due": "today"},
                ),
                _figure(
                    gettext_lazy("Running tickets"),
                    Ticket.objects.running(),
                    "admin:tickets_ticket_changelist",
                    {"status": "RUNNING"},
                    most=MOST_RUNNING,
                ),
            ],
        ),
        "latest_errors": list(
            TicketError.objects.unresolved().select_related("ticket").order_by("-pk")[:ROWS]
        ),
        "understaffed_roles": _understaffed_roles(),
        "waiting_url": reverse(
            "admin:workflows_taskinstance_changelist", query={"status": "UNASSIGNED"}
        ),
        "waiting_tasks": list(
            waiting.select_related("definition__candidate_role", "workflow_instance__ticket").defer(
                *layouts_of("definition")
            )[:ROWS]
        ),
    }


def _understaffed_roles() -> list[UnderstaffedRole]:
    """The company roles that lack people, those with most tasks first.

    Of the tasks that wait the longest: however many there are, no more are looked at. Two or three
    queries.
    """
    role, name = "definition__candidate_role", "definition__candidate_role__name"
    oldest_first = TaskInstance.objects.unassigned()[: MOST_WAITING + 1]
    waiting = list(oldest_first.values_list(role, name, "definition__assign_to", "created_at"))
    is_all = len(waiting) <= MOST_WAITING
    found: dict[int | None, _Waiting] = {}
    for key, title, rule, since in waiting[:MOST_WAITING]:
        if _is_of_group(rule):
            found.setdefault(key, _Waiting(title or "", since)).count += 1
    rows = sorted(found.items(), key=lambda each: (-each[1].count, each[1].oldest))[:ROWS]
    roles = [key for key, _row in rows]
    members = dict(
        eligible_workers(None)
        .filter(company_roles__in=[role for role in roles if role is not None])
        .order_by()
        .values_list("company_roles")
        .annotate(count=Count("pk", distinct=True))
    )
    anybody = eligible_workers(None).exists() if None in roles else False
    return [
        UnderstaffedRole(
            role=row.name,
            count=row.count,
            oldest=row.oldest,
            is_empty=not (anybody if key is None else members.get(key)),
            is_all=is_all,
        )
        for key, row in rows
    ]


@dataclass(slots=True)
class _Waiting:
    """What of the tasks that wait is for a company role."""

    name: str
    oldest: datetime
    count: int = 0


def _is_of_group(rule: Any) -> bool:
    """Whether whoever is in the group may be given a task with this rule."""
    if not isinstance(rule, dict) or "who" not in rule:
        return True
    return bool(rule.get("fallback") == "role")


def _workflows() -> dict[str, Any]:
    newest_first = WorkflowDefinition.objects.order_by("-updated_at")
    return {
        "shows_workflows": True,
        "drafts": list(newest_first.drafts()[:ROWS]),
        "published": list(newest_first.published()[:ROWS]),
    }


def _people(company: Company, user: User) -> dict[str, Any]:
    people = User.objects.of_company(company).active()
    return {
        "shows_people": True,
        "people_count": people.count(),
        "people_without_roles": list(people.filter(groups=None)[:ROWS]),
        "first_steps": _first_steps(company, user),
    }


def _first_steps(company: Company, user: User) -> list[Step]:
    """What a fresh company does first; empty once all of it is done."""
    if cache.get("first_steps_done"):
        return []
    # The founder, who has every role, is one of them.
    people = User.objects.of_company(company).active()
    with_roles = people.filter(groups__isnull=False).distinct()
    steps = [
        Step(
            gettext_lazy("Bring in a workflow"),
            gettext_lazy("Choose a ready one from the gallery or import a file, and publish it."),
            WorkflowDefinition.objects.published().exists(),
            _if_permitted(
                user,
                "workflows.add_workflowdefinition",
                "admin:workflows_workflowdefinition_gallery",
            ),
        ),
        Step(
            gettext_lazy("Add your people"),
            gettext_lazy("Everybody who submits tickets or does tasks has a log-in of their own."),
            people.count() > 1,
            _if_permitted(user, "tenants.add_user", "admin:tenants_user_changelist"),
        ),
        Step(
            gettext_lazy("Give them roles"),
            gettext_lazy("A task worker is given tasks; a user submits tickets."),
            with_roles.count() > 1,
            _if_permitted(user, "tenants.change_user", "admin:tenants_user_changelist"),
        ),
        Step(
            gettext_lazy("Submit the first ticket"),
            gettext_lazy("See it travel through the workflow, task by task."),
            Ticket.objects.exists(),
            _if_permitted(user, "tickets.add_myticket", "admin:tickets_myticket_submit"),
        ),
    ]
    if all(step.done for step in steps):
        cache.set("first_steps_done", True, DONE_SECONDS)
        return []
    return steps


def _if_permitted(user: User, permission: str, url_name: str) -> str:
    return reverse(url_name) if user.has_perm(permission) else ""


def _installation() -> dict[str, Any]:
    """For a superuser outside every company: who is here, and nothing of what they do."""
    companies = Company.objects.annotate(
        people_count=Count("users", filter=Q(users__is_active=True))
    ).order_by("-created_at", "-pk")
    return {
        "shows_installation": True,
        "companies": list(companies[:COMPANY_ROWS]),
        "company_count": companies.count(),
    }
