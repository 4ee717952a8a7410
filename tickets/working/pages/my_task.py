from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from tenants.active_company import active_company
from tenants.fast.prepared import PreparedQuery
from tenants.models import User
from tenants.pages.badges import badge, clipped
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.tabs import TabbedChangeList, is_archive
from tickets.errors import UnknownUploadError
from tickets.files.pages.uploads import UploadKeeper
from tickets.following.pages import progress
from tickets.following.pages.badges import due_badge, task_badge
from tickets.models import MyTask, SavedAnswers, Ticket
from tickets.saving.pages.saved import (
    continued_form,
    forget_typed,
    is_saving,
    tell_of_changes,
    tell_saved,
)
from tickets.saving.save_answers import discard_saved_answers, save_task_answers
from tickets.submitting.pages.ticket_form import visible_answer
from tickets.working.complete_task import complete_task, start_task
from workflows.engine.errors import FieldError
from workflows.engine.process import TaskType
from workflows.errors import (
    InvalidDataError,
    MayNotClaimError,
    NotYourTaskError,
    TaskNotWorkableError,
    TaskTakenError,
)
from workflows.forms import AnswersForm, show_answers
from workflows.models import TaskStatus
from workflows.models.task_instance import WORKABLE
from workflows.people.change_people import give_back_tasks, set_availability
from workflows.running.pool import claim_task, release_task

POOL = "pool"
# Fewer than a bigint has, so that Postgres takes every number that is left.
MOST_DIGITS = 18


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
    # Of one person: there are few, and Unfold says "N results" where it is told no total.
    show_full_result_count = True
    actions = None
    change_list_template = "working/my_task_list.html"
    list_display = ("task", "ticket", "state", "since", "due", "completed")
    list_display_links = ("task",)
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
        tasks: QuerySet[MyTask] = _with_ticket(everybodys.assigned_to(request.user))
        return tasks.annotate(is_saved=Exists(saved))

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TabbedChangeList]:
        return PoolChangeList if is_pool(request) else TabbedChangeList

    def tab(self, tasks: QuerySet[MyTask], *, archive: bool) -> QuerySet[MyTask]:
        if archive:
            return tasks.filter(status=TaskStatus.COMPLETED)
        return tasks.filter(status__in=WORKABLE)

    def pool(self, request: HttpRequest) -> QuerySet[Any]:
        """What the person may claim."""
        if not isinstance(request.user, User) or active_company(request) is None:
            return MyTask.objects.none()
        return _with_ticket(MyTask.objects.pool(request.user))

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
        user = self._worker(request)
        context = {
            "title": gettext("My tasks"),
            "subtitle": None,
            "worker": user,
            "may_act": self._may_act(request),
            "open_count": MyTask.objects.inbox(user).count(),
            "tabs": self._tabs(request),
            "lost_answers": self._lost_answers(request, user),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def _lost_answers(self, request: HttpRequest, user: User) -> list[SavedAnswers]:
        """Answers that were saved for a task which the person cannot complete any more."""
        if is_pool(request) or is_archive(request) or active_company(request) is None:
            return []
        return list(SavedAnswers.objects.of_lost_tasks(user))

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

    def _may_act(self, request: HttpRequest) -> bool:
        """A superuser who looks into a company is no worker of it."""
        user = request.user
        return self.has_change_permission(request) and not user.is_superuser

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

    # One task

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:task_id>/start/",
                wrap(require_POST(self.start_view)),
                name="tickets_mytask_start",
            ),
            path(
                "availability/",
                wrap(require_POST(self.availability_view)),
                name="tickets_mytask_availability",
            ),
            path("hand-on/", wrap(require_POST(self.hand_on_view)), name="tickets_mytask_hand_on"),
            path(
                "<int:task_id>/claim/",
                wrap(require_POST(self.claim_view)),
                name="tickets_mytask_claim",
            ),
            path(
                "<int:task_id>/release/",
                wrap(require_POST(self.release_view)),
                name="tickets_mytask_release",
            ),
            path(
                "<int:task_id>/visible/",
                wrap(require_POST(self.visible_view)),
                name="tickets_mytask_visible",
            ),
            path(
                "<int:task_id>/discard/",
                wrap(require_POST(self.discard_view)),
                name="tickets_mytask_discard",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of a task; a POST completes it."""
        user = self._worker(request)
        if request.method == "POST":
            return self._complete(request, user, self._find_sent(request, user, object_id))
        saved = self._saved(user, object_id) if active_company(request) is not None else None
        if saved is not None:
            return self._continue(request, user, saved)
        task = self._find(request, object_id)
        form = self._form(task) if self._may_work(request, task) else None
        return self._task_page(request, task, form)

    def _complete(self, request: HttpRequest, user: User, task: MyTask) -> HttpResponse:
        keeper = UploadKeeper(user=user, ticket=_ticket_of(task))
        form = self._form(task, data=request.POST, files=request.FILES, keeper=keeper)
        if form is None:
            return self._task_page(request, task, None)
        if is_saving(request):
            return self._save(request, user, task, form)
        if not form.is_valid():
            return self._task_page(request, task, form)
        try:
            complete_task(task=task, output=form.answers(), user=user)
        except InvalidDataError as error:
            form.add_problems(error.problems)
            return self._task_page(request, task, form)
        except UnknownUploadError:
            form.add_error(None, gettext("A file was lost on the way. Choose it again."))
            return self._task_page(request, task, form)
        except (NotYourTaskError, TaskNotWorkableError) as error:
            task.refresh_from_db()
            if not _is_the_same_again(task, form, user):
                return self._task_page(request, task, form, lost=str(error))
        names = {"task": task.definition.title, "number": _ticket_of(task).pk}
        text = gettext("“%(task)s” of ticket #%(number)s is done. Thank you.")
        messages.success(request, text % names)
        return forget_typed(redirect("admin:tickets_mytask_changelist"), _form_name(task))

    # Saving for later

    def _save(
        self, request: HttpRequest, user: User, task: MyTask, form: AnswersForm
    ) -> HttpResponse:
        """Keep the form as it is; only what no database could hold is refused."""
        try:
            save_task_answers(task=task, answers=form.answers_so_far(), user=user)
        except InvalidDataError as error:
            form.show_only(error.problems)
            return self._task_page(request, task, form)
        except (NotYourTaskError, TaskNotWorkableError) as error:
            task.refresh_from_db()
            form.show_only([])
            return self._task_page(request, task, form, lost=str(error))
        tell_saved(request, form)
        return forget_typed(redirect("admin:tickets_mytask_changelist"), _form_name(task))

    def _saved(self, user: User, object_id: str) -> SavedAnswers | None:
        """What this person has saved of a task, also of one that is no longer theirs."""
        named = unquote(object_id)
        if not (named.isascii() and named.isdigit()) or len(named) > MOST_DIGITS:
            return None
        tasks = SavedAnswers.objects.of(user).filter(task=int(named))
        return tasks.select_related("task").first()

    def _continue(self, request: HttpRequest, user: User, saved: SavedAnswers) -> HttpResponse:
        """The task with the answers as the person left them."""
        task = _with_ticket(MyTask.objects.filter(saved_answers=saved)).first()
        if not isinstance(task, MyTask):
            raise Http404
        keeper = UploadKeeper(user=user, ticket=_ticket_of(task))
        try:
            form: AnswersForm | None = continued_form(saved, task.definition.fields, keeper=keeper)
        except FieldError:
            return self._task_page(request, task, None, saved=saved)
        if task.assigned_to_id != user.pk:
            return self._task_page(request, task, form, lost=str(NotYourTaskError()), saved=saved)
        if not task.is_workable:
            lost = str(TaskNotWorkableError())
            return self._task_page(request, task, form, lost=lost, saved=saved)
        tell_of_changes(request, saved, task.definition.fields)
        return self._task_page(request, task, form, saved=saved)

    def discard_view(self, request: HttpRequest, task_id: int) -> HttpResponse:
        """Throw away what was saved of a task."""
        user = self._worker(request)
        if active_company(request) is None:
            raise Http404
        saved = self._saved(user, str(_in_range(task_id)))
        if saved is None:
            raise Http404
        discard_saved_answers(saved=saved)
        messages.success(request, gettext("Your saved answers were discarded."))
        return redirect("admin:tickets_mytask_changelist")

    def start_view(self, request: HttpRequest, task_id: int) -> HttpResponse:
        """Note that the worker has begun."""
        user = self._worker(request)
        if not self.has_change_permission(request):
            raise PermissionDenied
        task = self._find(request, str(task_id))
        try:
            start_task(task=task, user=user)
        except (NotYourTaskError, TaskNotWorkableError) as error:
            messages.warning(request, str(error))
            return redirect("admin:tickets_mytask_changelist")
        return redirect("admin:tickets_mytask_change", task.pk)

    def availability_view(self, request: HttpRequest) -> HttpResponse:
        """Note that the worker is away, or back."""
        user = self._acting(request)
        is_available = request.POST.get("available") == "yes"
        set_availability(user=user, is_available=is_available, now=timezone.now(), actor=user)
        if is_available:
            text = gettext("Welcome back. What waited for somebody is given out again.")
        else:
            text = gettext("You are away now, and are given no new tasks.")
        messages.success(request, text)
        return redirect("admin:tickets_mytask_changelist")

    def hand_on_view(self, request: HttpRequest) -> HttpResponse:
        """Give all open tasks back at once."""
        user = self._acting(request)
        count = give_back_tasks(user=user, now=timezone.now(), actor=user)
        text = ngettext(
            "%(count)d task was handed on.", "%(count)d tasks were handed on.", count
        ) % {"count": count}
        messages.success(request, text)
        return redirect("admin:tickets_mytask_changelist")

    def claim_view(self, request: HttpRequest, task_id: int) -> HttpResponse:
        """Take a task out of the pool."""
        user = self._acting(request)
        # Looked up outside the pool too: who comes second is told, and not that it never was.
        task = _with_ticket(MyTask.objects.all()).filter(pk=_in_range(task_id)).first()
        if task is None:
            raise Http404
        try:
            claim_task(task=task, user=user, now=timezone.now())
        except MayNotClaimError:
            raise Http404 from None
        except (TaskTakenError, TaskNotWorkableError) as error:
            messages.warning(request, str(error))
            return redirect(f"{reverse('admin:tickets_mytask_changelist')}?{POOL}=1")
        messages.success(request, gettext("“%(task)s” is yours now.") % {"task": task})
        return redirect("admin:tickets_mytask_change", task.pk)

    def release_view(self, request: HttpRequest, task_id: int) -> HttpResponse:
        """Put a task back into the pool."""
        user = self._acting(request)
        task = self._find(request, str(_in_range(task_id)))
        try:
            release_task(task=task, user=user, now=timezone.now())
        except (NotYourTaskError, TaskNotWorkableError) as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, gettext("You gave “%(task)s” back.") % {"task": task})
            return forget_typed(redirect("admin:tickets_mytask_changelist"), _form_name(task))
        return redirect("admin:tickets_mytask_changelist")

    def _acting(self, request: HttpRequest) -> User:
        user = self._worker(request)
        if not self._may_act(request):
            raise PermissionDenied
        return user

    def visible_view(self, request: HttpRequest, task_id: int) -> JsonResponse:
        """Which questions are shown for the answers so far; forms.js asks."""
        user = self._worker(request)
        task = self._find(request, str(task_id))
        keeper = UploadKeeper(user=user, ticket=_ticket_of(task))
        return visible_answer(task.definition.fields, {}, request.POST, keeper=keeper)

    def _worker(self, request: HttpRequest) -> User:
        if not self.has_view_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _find(self, request: HttpRequest, object_id: str) -> MyTask:
        task = self.get_object(request, unquote(object_id))
        if not isinstance(task, MyTask):
            raise Http404
        return task

    def _find_sent(self, request: HttpRequest, user: User, object_id: str) -> MyTask:
        """The task of a form that was sent, also when it was given to somebody else meanwhile.

        What was typed must not be lost; the service then refuses to complete the task.
        """
        if not self.has_change_permission(request):
            raise PermissionDenied
        own = _own_task(object_id, user) or self.get_object(request, unquote(object_id))
        if isinstance(own, MyTask):
            return own
        if not object_id.isascii() or not object_id.isdigit() or len(object_id) > MOST_DIGITS:
            raise Http404
        forms = MyTask.objects.filter(definition__task_type=TaskType.FORM).select_related(
            "definition", "workflow_instance__ticket__definition", "workflow_instance__workflow"
        )
        task = forms.filter(pk=int(object_id)).first()
        given = task.events.filter(kind="ASSIGNED", data__to_id=user.pk).exists() if task else False
        if not isinstance(task, MyTask) or not given:
            raise Http404
        return task

    def _may_work(self, request: HttpRequest, task: MyTask) -> bool:
        return task.status in WORKABLE and self.has_change_permission(request)

    def _form(self, task: MyTask, **sent: Any) -> AnswersForm | None:
        """The task's form; None where its definition's fields are broken."""
        try:
            return AnswersForm(task.definition.fields, **sent)
        except FieldError:
            return None

    def _task_page(
        self,
        request: HttpRequest,
        task: MyTask,
        form: AnswersForm | None,
        *,
        lost: str = "",
        saved: SavedAnswers | None = None,
    ) -> HttpResponse:
        is_mine = task.assigned_to_id == getattr(request.user, "pk", None)
        ticket = _ticket_of(task)
        may_work = is_mine and self._may_work(request, task)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": task.definition.title,
            "original": task,
            "task": task,
            "ticket": ticket,
            "badge": task_badge(task),
            "references": progress.references(task.definition.ext_ref),
            "form": form,
            "form_name": _form_name(task),
            "saved": saved,
            "lost": lost,
            "may_complete": may_work and form is not None and not lost,
            "is_broken": may_work and form is None,
            "may_release": may_work and not lost and self._may_act(request),
            "may_start": may_work and task.status == TaskStatus.OPEN and not lost,
            "visible_url": self._visible_url(task, form) if may_work else "",
        }
        if is_mine:
            context |= self._ticket_context(ticket, task)
        return TemplateResponse(request, "working/my_task.html", context)

    def _ticket_context(self, ticket: Ticket, task: MyTask) -> dict[str, Any]:
        """What only the worker who has the task may see of its ticket."""
        return {
            **progress.submitted(ticket),
            "earlier": progress.finished_tasks(ticket, before=task),
            "picture": progress.picture(ticket),
            "output": show_answers(task.definition.fields, task.output_data or {}),
        }

    def _visible_url(self, task: MyTask, form: AnswersForm | None) -> str:
        if form is None or not form.is_conditional:
            return ""
        return reverse("admin:tickets_mytask_visible", args=(task.pk,))


def _with_ticket(tasks: QuerySet[Any]) -> QuerySet[Any]:
    """Those that a person can work on, with what the pages show of them."""
    return tasks.filter(
        definition__task_type=TaskType.FORM, workflow_instance__ticket__isnull=False
    ).select_related(
        "definition", "workflow_instance__ticket__definition", "workflow_instance__workflow"
    )


_assigned = PreparedQuery(
    lambda pk, user_id: _with_ticket(MyTask.objects.filter(pk=pk, assigned_to=user_id)), slots=2
)


def _own_task(object_id: str, user: User) -> MyTask | None:
    """The task that the address names, where the person has it."""
    is_number = object_id.isascii() and object_id.isdigit() and len(object_id) <= MOST_DIGITS
    return _assigned.first(int(object_id), user.pk) if is_number else None


def _form_name(task: MyTask) -> str:
    """What typed.js calls the form of a task."""
    return f"task.{task.pk}"


def _in_range(task_id: int) -> int:
    """An id that a person may have typed: more digits than a row can have are no row."""
    if task_id >= 2**63:
        raise Http404
    return task_id


def _ticket_of(task: MyTask) -> Ticket:
    ticket: Ticket = task.workflow_instance.ticket
    return ticket


def _is_the_same_again(task: MyTask, form: AnswersForm, user: User) -> bool:
    """Whether this form completed the task already: a double click is no mistake."""
    return (
        task.status == TaskStatus.COMPLETED
        and task.assigned_to_id == user.pk
        and task.output_data == form.answers()
    )
