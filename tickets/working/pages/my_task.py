"""The tasks that one was given, what one may claim, and what one has done: the list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.active_company import active_company
from tenants.models import User
from tenants.pages.badges import badge, clipped
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.tabs import TabbedChangeList, is_archive
from tickets.finding.pages.filters import DueFilter
from tickets.following.pages.badges import due_badge, task_badge
from tickets.models import MyTask, SavedAnswers
from tickets.working.pages.worker_page import WorkerPage, with_ticket
from workflows.models import TaskStatus
from workflows.models.task_instance import ALIVE, WORKABLE

POOL = "pool"


def is_pool(request: HttpRequest) -> bool:
    return bool(request.GET.get(POOL))


class PoolChangeList(TabbedChangeList):
    """The tab of what the person may claim: other people's tasks, or rather nobody's."""

    is_pool = True

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        found.pop(POOL, None)
        return found

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        self.root_queryset = self.model_admin.pool(request)
        self.is_archive = False
        rows: QuerySet[Any] = super(TabbedChangeList, self).get_queryset(request, *args, **kwargs)
        return rows


@admin.register(MyTask)
class MyTaskAdmin(CompanyModelAdmin):
    """The tasks that one was given: a list to work off, and the page that carries one out."""

    may_change = True
    actions = None
    change_list_template = "working/my_task_list.html"
    list_display = ("task", "ticket", "state", "since", "due", "completed")
    list_display_links = ("task",)
    list_filter = (DueFilter,)
    list_filter_submit = True
    search_fields = (
        "definition__title",
        "workflow_instance__ticket__title",
        "=workflow_instance__ticket__id",
    )
    ordering = ("-pk",)

    # Whose tasks

    def get_queryset(self, request: HttpRequest) -> QuerySet[MyTask]:
        everybodys: Any = super().get_queryset(request)
        saved = SavedAnswers.objects.filter(task=OuterRef("pk"), user=request.user.pk)
        tasks: QuerySet[MyTask] = with_ticket(everybodys.assigned_to(request.user))
        return tasks.annotate(is_saved=Exists(saved))

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TabbedChangeList]:
        return PoolChangeList if is_pool(request) else TabbedChangeList

    def tab(self, tasks: QuerySet[MyTask], *, archive: bool) -> QuerySet[MyTask]:
        if archive:
            return tasks.filter(status=TaskStatus.COMPLETED)
        # With those that wait for an answer: they come back by themselves.
        return tasks.filter(status__in=ALIVE)

    def pool(self, request: HttpRequest) -> QuerySet[Any]:
        """What the person may claim."""
        if not isinstance(request.user, User) or active_company(request) is None:
            return MyTask.objects.none()
        return with_ticket(MyTask.objects.pool(request.user))

    def get_list_display(self, request: HttpRequest) -> list[str]:
        if is_pool(request):
            return ["task", "ticket", "waiting", "due", "claim"]
        left_out = {"state", "since", "due"} if is_archive(request) else {"completed"}
        return [name for name in self.list_display if name not in left_out]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        # The page of a task is for whoever has it.
        return None if is_pool(request) else self.list_display_links

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> Any:
        return super().get_search_results(request, queryset, search_term.replace("#", " "))

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
            "open_count": MyTask.objects.inbox(user).count(),
            "tabs": self._tabs(request),
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
        return [
            {"query": "", "title": gettext("To do"), "is_current": not pool and not archive},
            {
                "query": f"{POOL}=1",
                "title": gettext("Pool"),
                "is_current": pool,
                "count": self.pool(request).count(),
            },
            {"query": "archive=1", "title": gettext("Done"), "is_current": archive and not pool},
        ]

    @display(description=_("Task"), ordering="definition__title")
    def task(self, task: MyTask) -> SafeString:
        title = clipped(task.definition.title)
        if not getattr(task, "is_saved", False) or task.status not in WORKABLE:
            return title
        return format_html("{} {}", title, badge(gettext("Answers saved"), "info"))

    @display(description=_("Ticket"), ordering="workflow_instance__ticket__id")
    def ticket(self, task: MyTask) -> SafeString:
        return clipped(task.workflow_instance.ticket)

    @display(description=_("Status"), ordering="status")
    def state(self, task: MyTask) -> SafeString:
        return task_badge(task)

    @display(description=_("Yours since"), ordering="assigned_at")
    def since(self, task: MyTask) -> Any:
        return task.assigned_at

    @display(description=_("Waits since"), ordering="created_at")
    def waiting(self, task: MyTask) -> Any:
        return task.created_at

    @display(description="")
    def claim(self, task: MyTask) -> SafeString:
        # The list stands in a form already, so that the button names its own.
        return format_html(
            '<button class="tk-button" type="submit" form="pool-form" formaction="{}">{}</button>',
            reverse("admin:tickets_mytask_claim", args=(task.pk,)),
            gettext("Claim"),
        )

    @display(description=_("Due"), ordering="due_at")
    def due(self, task: MyTask) -> SafeString | str:
        return due_badge(task, now=timezone.now())

    @display(description=_("Completed"), ordering="completed_at")
    def completed(self, task: MyTask) -> Any:
        return task.completed_at
