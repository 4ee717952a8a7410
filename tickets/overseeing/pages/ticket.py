from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.expressions import OrderBy
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tenants.models import User
from tenants.pages.badges import badge, clipped
from tenants.pages.links import admin_link
from tenants.pages.page import list_buttons_of
from tenants.pages.paging import PagedChangeList
from tickets.conversation.pages.timeline import Conversation
from tickets.file_versions.pages.ticket_files import shown_files
from tickets.files.pages.files import download_base
from tickets.finding.find_tickets import Scope
from tickets.finding.pages.counted_filters import (
    EndedFilter,
    EndFilter,
    SubmittedFilter,
    WorkflowFilter,
)
from tickets.finding.pages.filters import (
    DueTicketFilter,
    HasErrorsFilter,
    OutcomeFilter,
    PriorityFilter,
    RatingFilter,
    SubmitterFilter,
    TicketStatusFilter,
    TicketTypeFilter,
)
from tickets.finding.pages.search import FindsInTickets, where_it_is
from tickets.following.pages import progress
from tickets.following.pages.answers_cell import answers_cell
from tickets.following.pages.badges import (
    assistant_badge,
    due_badge,
    error_badge,
    failed_calls,
    priority_of_row,
    task_badge,
    ticket_badge,
)
from tickets.following.pages.branches import branches_of, item_of
from tickets.following.pages.history import WholeHistory
from tickets.linking.pages.links_section import Links
from tickets.models import ListOfViews, Rating, Ticket, TicketError
from tickets.models.assistant_offer import answered_by
from tickets.models.ticket import TicketQuerySet
from tickets.moving.pages.move_page import move_address, newer_version
from tickets.overseeing.exports import TicketResource
from tickets.overseeing.pages.bulk_change_page import BulkChangeAdmin
from tickets.overseeing.pages.ticket_columns import (
    ANSWER,
    COLUMN,
    COLUMNS,
    FIRST,
    answer_column,
    chosen_columns,
    exported_columns,
    offered_columns,
    shows_answers,
)
from tickets.prioritizing.pages.priority_page import ShownPriority
from tickets.repairing.pages.all_repairs import open_repairs
from tickets.repairing.pages.base_page import RepairingPage
from tickets.saved_views.pages.views_bar import ViewsBar
from tickets.seeing import Rounds, in_rounds, newest_visits, viewer_of
from workflows.flat import FlatExportAdmin
from workflows.layouts.columns import layouts_of
from workflows.models import TaskInstance, WorkflowDefinition
from workflows.models.task_instance import UNFINISHED
from workflows.priorities import urgency
from workflows.running.people.why_waiting import WhyWaiting, why_waiting

DUE: Final = "workflow_instance__current_task__due_at"
STATUS: Final = "workflow_instance__status"


class TicketChangeList(PagedChangeList):
    """All tickets; which columns it shows is no filter."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        found = why_waiting(_task_of(each) for each in rows)
        for each in rows:
            task = _task_of(each)
            each.why_waiting = found.get(task.pk) if task is not None else None
        self.result_list = rows

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(COLUMNS, None)
        return found

    def rows_of_page(self) -> QuerySet[Any]:
        """By due date and by status, the keys of a page come from where an index has that order.

        In one order with all others Postgres would put every ticket there is.
        """
        match self.queryset.query.order_by:
            case [str(first), *_rest] if first.removeprefix("-") == DUE:
                keys = self._keys_by_due(first)
            case [str(first), *_rest] if first.removeprefix("-") == STATUS:
                keys = self._keys_by_status(first)
            case _:
                return super().rows_of_page()
        places = [When(pk=key, then=place) for place, key in enumerate(keys)]
        order = Case(*places, default=0) if places else "pk"
        return self.queryset.filter(pk__in=keys).order_by(order)

    def _keys_by_due(self, order: str) -> list[int]:
        """Of the few tasks that are due, by their index. All other tickets, also those that have
        ended, follow: the newest first."""
        task = "workflow_instance__current_task__"
        is_due = Q(**{f"{task}status__in": UNFINISHED, f"{task}due_at__isnull": False})
        # The same the other way round: from the tasks, which have an index of what is due.
        task = "workflow_instance__tasks"
        is_its_task = Q(
            **{
                task: F("workflow_instance__current_task"),
                f"{task}__status__in": UNFINISHED,
                f"{task}__due_at__isnull": False,
            }
        )
        direction = "-" if order.startswith("-") else ""
        due = self.queryset.filter(is_its_task).order_by(f"{direction}{task}__due_at", "-pk")
        return self._keys_of(due, self.queryset.exclude(is_due).order_by("-pk"))

    def _keys_by_status(self, order: str) -> list[int]:
        """Of the workflow instances, which have an index of their status: the newest first.

        What is equal is the other way round, too, where the last status comes first. Tickets whose
        workflow has not begun stand at the end that they had without this.
        """
        started = self.queryset.filter(**{f"{STATUS}__isnull": False})
        others = self.queryset.filter(workflow_instance=None)
        if order.startswith("-"):
            return self._keys_of(
                others.order_by("pk"), started.order_by(order, "workflow_instance_id")
            )
        return self._keys_of(
            started.order_by(order, "-workflow_instance_id"), others.order_by("-pk")
        )

    def _keys_of(self, first: QuerySet[Any], then: QuerySet[Any]) -> list[int]:
        """The keys of the page, where the rows of `then` follow those of `first`."""
        begin = 0 if self.show_all else (self.page_num - 1) * self.list_per_page
        end = begin + (self.list_max_show_all if self.show_all else self.list_per_page)
        found = list(first.values_list("pk", flat=True)[begin:end])
        if len(found) < end - begin:
            before = len(found) + begin if found else first.count()
            rest = then.values_list("pk", flat=True)
            found += rest[max(begin - before, 0) : end - before]
        return found

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """What is equal is the other way round, too, where the least urgent come first.

        So one index does for both, however many tickets there are.
        """
        found: list[Any] = list(super().get_ordering(request, queryset))
        match found:
            case [OrderBy(descending=True, expression=Case()), *_rest]:
                return [found[0], "pk"]
        return found


@admin.register(Ticket)
class TicketAdmin(FindsInTickets, FlatExportAdmin, BulkChangeAdmin):
    """Everybody's tickets, for ticket admins."""

    list_title = gettext_lazy("All tickets")
    resource_classes = [TicketResource]
    export_help = gettext_lazy(
        "A workbook has a sheet with all tickets, and one for each ticket type with a column for "
        "each question of all its versions. Tables of records have sheets of their own, with the "
        "ticket's number in each row. As CSV these are several files in a .zip. As JSON it is one "
        "list, with the answers of each ticket under “Data” as they are kept. Of files that were "
        "submitted, only the names are in it."
    )
    change_list_template = "overseeing/ticket_list.html"
    change_form_template = "overseeing/ticket.html"
    list_display = (
        "number_column",
        "type_column",
        "submitter_column",
        "status_column",
        "priority_column",
        "where_column",
        "due_column",
        "submitted_column",
    )
    list_filter = (
        TicketStatusFilter,
        OutcomeFilter,
        PriorityFilter,
        TicketTypeFilter,
        DueTicketFilter,
        HasErrorsFilter,
        SubmitterFilter,
        RatingFilter,
        SubmittedFilter,
        EndedFilter,
        EndFilter,
        WorkflowFilter,
    )
    list_filter_submit = True
    search_fields = ("title",)  # which has the search shown: see FindsInTickets
    search_scope = Scope.TEAM
    search_help_text = gettext_lazy("Search numbers, people, answers, messages")
    ordering = ("-pk",)
    not_listed = (
        *layouts_of("definition", "workflow_instance__current_task__definition"),
        "workflow__display_layout",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        errors = TicketError.objects.unresolved().filter(ticket=OuterRef("pk"))
        tickets: TicketQuerySet = super().get_queryset(request)  # type: ignore[assignment]
        found = tickets.with_progress().annotate(is_stuck=Exists(errors))
        return found.select_related("workflow") if shows_answers(request) else found

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TicketChangeList]:
        return TicketChangeList

    def export_resource(self, request: HttpRequest) -> TicketResource:
        return TicketResource(exported_columns(request))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        titles = dict(offered_columns(request))
        return [
            FIRST,
            *(
                answer_column(name, titles[name]) if name.startswith(ANSWER) else name
                for name in chosen_columns(request)
            ),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        if chosen := request.GET.getlist(COLUMN):
            query = request.GET.copy()
            query.pop(COLUMN)
            query[COLUMNS] = ",".join(chosen)
            return redirect(f"{request.path}?{query.urlencode()}")
        shown = chosen_columns(request)
        context = {
            "buttons": list_buttons_of(request, Ticket),
            "views_bar": ViewsBar(request, ListOfViews.ALL_TICKETS),
            "columns": [(name, title, name in shown) for name, title in offered_columns(request)],
            "kept_parameters": [
                (name, value)
                for name, value in request.GET.items()
                if name not in (COLUMNS, COLUMN, "p")
            ],
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @display(description=gettext_lazy("Ticket"), ordering="pk", header=True)
    def number_column(self, ticket: Ticket) -> list[str]:
        return [clipped(ticket.title), format_html("{}{}", ticket.number, where_it_is(ticket))]

    # Neither this nor the next is sorted by: Postgres would look up the title, or the address, of
    # every ticket there is. Filters find those of one type or person.
    @display(description=gettext_lazy("Type"))
    def type_column(self, ticket: Ticket) -> str:
        return ticket.definition.title

    @display(description=gettext_lazy("Submitted by"))
    def submitter_column(self, ticket: Ticket) -> str:
        return str(ticket.created_by)

    @display(description=gettext_lazy("Status"), ordering=STATUS)
    def status_column(self, ticket: Ticket) -> str:
        status = ticket_badge(ticket)
        if not getattr(ticket, "is_stuck", False):
            return status
        return format_html("{} {}", status, badge(_("Error"), "bad"))

    @display(
        description=gettext_lazy("Priority"),
        ordering=urgency("priority"),
    )
    def priority_column(self, ticket: Ticket) -> str:
        return priority_of_row(ticket)

    @display(description=gettext_lazy("Due"), ordering=DUE)
    def due_column(self, ticket: Ticket) -> str:
        """When the task is due where it stands: that is what it waits for."""
        task = _task_of(ticket)
        return "-" if task is None else due_badge(task, now=timezone.now())

    @display(description=gettext_lazy("Changed"), ordering="workflow_instance__updated_at")
    def changed_column(self, ticket: Ticket) -> Any:
        instance = ticket.workflow_instance
        return ticket.updated_at if instance is None else instance.updated_at

    @display(description=gettext_lazy("Answers"))
    def answers_column(self, ticket: Ticket) -> str:
        return answers_cell(ticket, ticket.workflow) or "-"

    @display(description=gettext_lazy("Where it is"))
    def where_column(self, ticket: Ticket) -> str:
        where = progress.position_in_words(ticket) or _outcome(ticket) or "-"
        why: WhyWaiting | None = getattr(ticket, "why_waiting", None)
        return where if why is None else format_html('{}<div class="soft">{}</div>', where, why)

    @display(description=gettext_lazy("Submitted"), ordering="created_at")
    def submitted_column(self, ticket: Ticket) -> Any:
        return ticket.created_at

    def page_context(self, request: HttpRequest, obj: Ticket) -> dict[str, Any]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(pk=obj.workflow_id)
        current = obj.workflow_instance.current_task if obj.workflow_instance else None
        newer = newer_version(obj) if RepairingPage.admits(request) else None
        return {
            "repairs": open_repairs(obj, task=current) if RepairingPage.admits(request) else [],
            "newer": newer,
            "move_url": f"{move_address(newer)}?ticket={obj.pk}" if newer else "",
            "title": str(obj),
            "subtitle": None,
            "ticket": obj,
            "workflow": workflow,
            "badge": ticket_badge(obj),
            "priority": ShownPriority(
                obj, may_change=not obj.has_ended and RepairingPage.admits(request)
            ),
            "where": progress.position_in_words(obj),
            "branches": branches_of(obj),
            "why_waiting": why_waiting([task]).get(task.pk) if (task := _task_of(obj)) else None,
            "outcome": _outcome(obj),
            "picture": progress.picture(obj),
            **progress.submitted(obj),
            **_talk(request, obj, workflow),
            "tasks": _tasks_of(obj),
            "ticket_errors": [
                {"error": each, "badge": error_badge(each), "link": admin_link(each)}
                for each in obj.errors.select_related("task__definition")
            ],
            "rating": Rating.objects.filter(ticket=obj).first() if obj.has_ended else None,
            "file_url": download_base(),
            "may_see_tasks": request.user.has_perm("workflows.view_taskinstance"),
            "may_see_errors": request.user.has_perm("tickets.view_ticketerror"),
            "may_see_definitions": request.user.has_perm("workflows.view_workflowdefinition"),
        }


def _tasks_of(ticket: Ticket) -> Rounds[dict[str, Any]]:
    """What the page lists of the tasks, in rounds where the ticket went round."""
    instance = ticket.workflow_instance
    if instance is None:
        return Rounds()
    tasks = TaskInstance.objects.filter(workflow_instance=instance)
    newest, left_out = newest_visits(
        tasks.select_related("definition", "assigned_to", "assistant_offer")
    )
    failed = failed_calls(newest)
    rows = [
        {
            "task": each,
            "item": item_of(each),
            "badge": task_badge(each, failed=failed),
            "link": admin_link(each),
            "assistant": assistant_badge(each, now=timezone.now()),
            "answered_by": answered_by(each),
        }
        for each in newest
    ]
    return in_rounds(rows, _task_in, instance, left_out=left_out)


def _task_in(row: dict[str, Any]) -> TaskInstance:
    task: TaskInstance = row["task"]
    return task


def _talk(request: HttpRequest, ticket: Ticket, workflow: WorkflowDefinition) -> dict[str, Any]:
    """What is said on the ticket, and what it is linked to."""
    if not isinstance(request.user, User):
        return {}
    history = WholeHistory(
        workflow, ticket.workflow_instance_id, viewer=viewer_of(request.user, ticket)
    )
    conversation = Conversation(request, ticket, request.user, history=history)
    links = Links(ticket, request.user, conversation.access)
    files = shown_files(ticket, request.user, conversation.access)
    return {"conversation": conversation, "links": links, **files}


def _task_of(ticket: Ticket) -> TaskInstance | None:
    """Where it stands; None where it has ended."""
    instance = ticket.workflow_instance
    if instance is None or instance.current_task is None or ticket.has_ended:
        return None
    instance.current_task.workflow_instance = instance  # or it would be asked for
    return instance.current_task


def _outcome(ticket: Ticket) -> str:
    return ticket.workflow_instance.end_label if ticket.workflow_instance else ""
