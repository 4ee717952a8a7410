"""The tasks that one was given, what one may claim, and what one has done: the list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants.companies.active_company import active_company
from tenants.models import User
from tenants.pages.badges import badge, clipped
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.paging import count_in_words, count_up_to
from tenants.pages.tabs import TabbedChangeList, is_archive
from tickets.finding.find_tickets import Scope
from tickets.finding.pages.filters import DueFilter
from tickets.finding.pages.search import FindsInTickets, add_number, where_it_is
from tickets.following.pages.answers_cell import answers_cell
from tickets.following.pages.badges import assistant_badge, due_badge, priority_of_row, task_badge
from tickets.following.pages.branches import item_of
from tickets.models import ListOfViews, MyTask, SavedAnswers, Ticket
from tickets.saved_views.pages.views_bar import ViewsBar
from tickets.seeing.task_holders import still_theirs
from tickets.working.complete_many import MOST_AT_ONCE
from tickets.working.pages.complete_many_page import TASK
from tickets.working.pages.worker_page import NEXT, WorkerPage, with_ticket
from workflows.layouts.columns import layouts_of
from workflows.models import TaskStatus
from workflows.models.task_instance import ALIVE, WORKABLE
from workflows.priorities import urgency
from workflows.running.people.candidates_in_sql import in_pool_of
from workflows.running.people.deputies import people_who_named

POOL = "pool"
TICKET = "workflow_instance__ticket"


def is_pool(request: HttpRequest) -> bool:
    return bool(request.GET.get(POOL))


class TaskChangeList(TabbedChangeList):
    """The tabs of one's own tasks."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        found.pop(NEXT, None)
        return found

    @property
    def next_task(self) -> MyTask | None:
        """What to do next, for whoever has just completed a task: the first that can be done."""
        if not self.is_next:
            return None
        return next((each for each in self.result_list if each.is_workable), None)

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        self.is_next = NEXT in request.GET and not is_archive(request)
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        return rows


class PoolChangeList(TabbedChangeList):
    """The tab of what the person may claim: other people's tasks, or rather nobody's."""

    is_pool = True

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        found.pop(POOL, None)
        found.pop(NEXT, None)
        return found

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        self.root_queryset = self.model_admin.pool(request)
        self.is_archive = False
        rows: QuerySet[Any] = super(TabbedChangeList, self).get_queryset(request, *args, **kwargs)
        return rows


@admin.register(MyTask)
class MyTaskAdmin(FindsInTickets, CompanyModelAdmin):
    """The tasks that one was given: a list to work off, and the page that carries one out."""

    may_change = True
    actions = ("complete_chosen",)
    change_list_template = "working/my_task_list.html"
    list_display = (
        *("task", "ticket", "type", "requester", "answers", "priority", "due"),
        *("waiting", "claim", "completed"),
    )
    list_display_links = ("task",)
    list_filter = (DueFilter,)
    list_filter_submit = True
    # Of the pool, whose tickets the person does not see yet; see `get_search_results`.
    search_fields = ("definition__title", f"{TICKET}__title")
    search_scope = Scope.TEAM
    search_help_text = _("Search numbers, people, answers, messages")
    ticket_field = f"{TICKET}__pk"
    not_listed = (
        *layouts_of("definition", f"{TICKET}__definition"),
        "workflow_instance__workflow__display_layout",
    )

    # Whose tasks

    def get_queryset(self, request: HttpRequest) -> QuerySet[MyTask]:
        everybodys: Any = super().get_queryset(request)
        saved = SavedAnswers.objects.filter(task=OuterRef("pk"), user=request.user.pk)
        tasks: QuerySet[MyTask] = with_ticket(everybodys.assigned_to(request.user))
        if isinstance(request.user, User):
            tasks = still_theirs(request.user, tasks)
        tasks = tasks.select_related("assistant_offer")
        return tasks.annotate(is_saved=Exists(saved))

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TabbedChangeList]:
        return PoolChangeList if is_pool(request) else TaskChangeList

    def tab(self, tasks: QuerySet[MyTask], *, archive: bool) -> QuerySet[MyTask]:
        if archive:
            return tasks.filter(status=TaskStatus.COMPLETED)
        # With those that wait for an answer: they come back by themselves.
        return tasks.filter(status__in=ALIVE)

    def pool(self, request: HttpRequest) -> QuerySet[Any]:
        """What the person may claim, or take over."""
        if not isinstance(request.user, User) or active_company(request) is None:
            return MyTask.objects.none()
        tasks = with_ticket(in_pool_of(request.user, MyTask.objects.on_offer()))
        found: QuerySet[Any] = tasks.select_related("assigned_to").annotate(
            is_on_offer=Value(value=True)
        )
        return found

    def get_list_display(self, request: HttpRequest) -> list[str]:
        if is_pool(request):
            # What was answered is for whoever has it.
            return ["task", "ticket", "type", "requester", "priority", "due", "waiting", "claim"]
        if is_archive(request):
            return ["task", "ticket", "type", "requester", "completed"]
        return ["task", "ticket", "type", "requester", "answers", "priority", "due"]

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """To do: what is overdue comes first, then by priority, then what waits the longest."""
        if is_archive(request):
            return ["-completed_at", "-pk"]
        overdue = Q(due_at__lt=timezone.now())
        # Nothing can be done about what waits for an answer.
        standing = Case(
            When(status=TaskStatus.PENDING, assigned_to__isnull=False, then=Value(2)),
            When(overdue, then=Value(0)),
            default=Value(1),
        )
        return [standing.asc(), urgency(f"{TICKET}__priority").asc(), "created_at", "pk"]

    # Several at once

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        if is_pool(request) or is_archive(request) or not WorkerPage.admits(request):
            return {}
        # The next Django says where they are shown; this one knows no such parameter.
        located = () if action_location is None else (action_location,)
        found: dict[str, Any] = super().get_actions(request, *located)
        return found

    @action(description=_("Complete together"))
    def complete_chosen(
        self, request: HttpRequest, queryset: QuerySet[MyTask]
    ) -> HttpResponse | None:
        """To the one form for all that were chosen, which says what cannot be completed so."""
        chosen = queryset.values_list("pk", flat=True)[: MOST_AT_ONCE + 1]
        numbers = list(chosen)
        if len(numbers) > MOST_AT_ONCE:
            text = gettext("Choose at most %(most)d tasks at once.") % {"most": MOST_AT_ONCE}
            messages.warning(request, text)
            return None
        return redirect(reverse("admin:tickets_mytask_complete_many", query={TASK: numbers}))

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        # The page of a task is for whoever has it.
        return None if is_pool(request) else self.list_display_links

    def searched_tickets(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return Ticket.objects.filter(workflow_instance__in=queryset.values("workflow_instance"))

    def ticket_of(self, row: Any) -> Ticket:
        ticket: Ticket = row.workflow_instance.ticket
        return ticket

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """In the tickets, and in the titles of the tasks; of the pool by what its list shows."""
        of_titles, _may_repeat = super(FindsInTickets, self).get_search_results(
            request, queryset, search_term
        )
        if is_pool(request):
            return add_number(queryset, of_titles, search_term, self.ticket_field), False
        found, _may_repeat = super().get_search_results(request, queryset, search_term)
        return found | of_titles, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            "title": gettext("My tasks"),
            "subtitle": None,
            "worker": user,
            "may_act": WorkerPage.admits(request),
            "stands_in_for": people_who_named(user) if active_company(request) else [],
            "open_count": MyTask.objects.inbox(user).count(),
            "tabs": self._tabs(request),
            "views_bar": ViewsBar(request, ListOfViews.MY_TASKS),
            **self._answers_of_lost_tasks(request, user),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def _answers_of_lost_tasks(
        self, request: HttpRequest, user: User
    ) -> dict[str, list[SavedAnswers]]:
        """Answers to tasks that the person cannot complete: a retry takes those that are kept."""
        if is_pool(request) or is_archive(request) or active_company(request) is None:
            return {}
        saved = list(SavedAnswers.objects.of_unworkable_tasks(user))
        kept = [each for each in saved if each.wait_for_retry]
        return {"kept_answers": kept, "lost_answers": [each for each in saved if each not in kept]}

    def _tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        pool, archive = is_pool(request), is_archive(request)
        # Of a pool that is full nobody waits for the last one.
        waiting = count_up_to(self.pool(request))
        return [
            {"query": "", "title": gettext("To do"), "is_current": not pool and not archive},
            {
                "query": f"{POOL}=1",
                "title": gettext("Pool"),
                "is_current": pool,
                "count": count_in_words(waiting) if waiting else "",
            },
            {"query": "archive=1", "title": gettext("Done"), "is_current": archive and not pool},
        ]

    @display(description=_("Task"), ordering="definition__title")
    def task(self, task: MyTask) -> SafeString:
        item = item_of(task)
        title, worker = task.definition.title, task.assigned_to_id
        shown = [clipped(f"{title}: {item}" if item else title)]
        if worker is not None and getattr(task, "is_on_offer", False):
            words = {"person": str(task.assigned_to)}
            shown.append(badge(gettext("%(person)s has it") % words, "info"))
        elif task.status in (TaskStatus.IN_PROGRESS, TaskStatus.PENDING) and worker:
            shown.append(task_badge(task))
        if at_it := assistant_badge(task, now=timezone.now()):
            shown.append(at_it)
        if getattr(task, "is_saved", False) and task.status in WORKABLE:
            shown.append(badge(gettext("Answers saved"), "info"))
        return format_html_join(" ", "{}", ((each,) for each in shown))

    @display(description=_("Ticket"), ordering=f"{TICKET}__id")
    def ticket(self, task: MyTask) -> SafeString:
        ticket = task.workflow_instance.ticket
        return format_html("{}{}", clipped(ticket), where_it_is(task))

    @display(description=_("Type"), ordering=f"{TICKET}__definition__title")
    def type(self, task: MyTask) -> SafeString:
        return clipped(task.workflow_instance.ticket.definition.title)

    @display(description=_("Requester"), ordering=f"{TICKET}__created_by__first_name")
    def requester(self, task: MyTask) -> SafeString:
        return clipped(task.workflow_instance.ticket.created_by)

    @display(description=_("Answers"))
    def answers(self, task: MyTask) -> SafeString | str:
        return answers_cell(task.workflow_instance.ticket, task.workflow_instance.workflow)

    @display(description=_("Priority"), ordering=urgency(f"{TICKET}__priority"))
    def priority(self, task: MyTask) -> SafeString | str:
        return priority_of_row(task.workflow_instance.ticket)

    @display(description=_("Waits since"), ordering="created_at")
    def waiting(self, task: MyTask) -> Any:
        return task.created_at

    @display(description="")
    def claim(self, task: MyTask) -> SafeString:
        address, text = "admin:tickets_mytask_claim", gettext("Claim")
        if task.assigned_to_id is not None:
            address, text = "admin:tickets_mytask_take_over", gettext("Take over")
        # The list stands in a form already, so that the button names its own.
        return format_html(
            '<button class="tk-button" type="submit" form="pool-form" formaction="{}">{}</button>',
            reverse(address, args=(task.pk,)),
            text,
        )

    @display(description=_("Due"), ordering="due_at")
    def due(self, task: MyTask) -> SafeString | str:
        return due_badge(task, now=timezone.now())

    @display(description=_("Completed"), ordering="completed_at")
    def completed(self, task: MyTask) -> Any:
        return task.completed_at
