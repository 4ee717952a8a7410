"""The page of one task: what to do, its form, saved for later, completed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from tenants.fast.prepared import PreparedQuery
from tenants.limits.bodies import FILES_BODY, LARGE_BODY
from tenants.pages.links import admin_link
from tenants.pages.numbers import number_in
from tenants.pages.page import ObjectPage, Page, register_page
from tenants.refusals import refusals
from tickets.conversation.pages.timeline import Conversation
from tickets.editing.change_answers import earlier_answers
from tickets.editing.errors import AnswersChangedMeanwhileError
from tickets.editing.kept_changes import (
    asked_and_shown,
    by_forms,
    changes_of,
    fitting_changes,
    kept_changes,
    own_answers,
    seen_of,
)
from tickets.file_versions.pages.ticket_files import shown_files
from tickets.files.errors import UnknownUploadError
from tickets.files.pages.uploads import UploadKeeper
from tickets.following.pages import progress
from tickets.following.pages.badges import due_badge, task_badge
from tickets.following.pages.branches import item_of
from tickets.linking.pages.links_section import Links
from tickets.models import MyTask, SavedAnswers, Ticket
from tickets.models.assistant_offer import offer_of
from tickets.prioritizing.pages.priority_page import ShownPriority
from tickets.saving.pages.saved import (
    continued_form,
    forget_typed,
    goes_on,
    is_saving,
    show_saved_message,
    warn_of_form_changes,
)
from tickets.saving.save_answers import save_task_answers
from tickets.seeing import (
    Viewer,
    answers_in_rounds,
    handover_of,
    hidden_tasks,
    output_layout,
    shown_answers,
    shown_output,
    submitted_about,
    viewer_of,
)
from tickets.seeing.task_holders import is_still_theirs
from tickets.working.complete_task import complete_task, start_task
from tickets.working.errors import CompletionFailedError
from tickets.working.pages.assistant_note import note_of
from tickets.working.pages.worker_page import NEXT, WorkerPage, with_ticket
from workflows.engine.errors import FieldError
from workflows.engine.steps.assigning import Who
from workflows.engine.task_types import FORM_TYPES
from workflows.errors import InvalidDataError, NotYourTaskError, TaskNotWorkableError
from workflows.forms import AnswersForm, EditsForm, Shown, visible_answer
from workflows.layouts.given import Layout, edit_layout
from workflows.models import TaskStatus
from workflows.models.task_instance import WORKABLE
from workflows.running.events.of_people.assigned import ASSIGNED


@register_page(MyTask, "<path:object_id>/change/", name="tickets_mytask_change")
class WorkPage(Page):
    """GET shows a task, with what was saved of it; POST completes it, or saves its form."""

    permissions = ("tickets.view_mytask",)
    largest_body = FILES_BODY
    template_name = "working/my_task.html"

    task: MyTask

    @property
    def may_change(self) -> bool:
        return self.request.user.has_perm("tickets.change_mytask")

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        object_id = unquote(str(arguments["object_id"]))
        saved = self._saved(object_id)
        if saved is not None:
            return self._continue(saved)
        self._take(self.screen.get_object(request, object_id))
        is_workable = self.task.status in WORKABLE and self.may_change
        return self._task_page(self._first_form() if is_workable else None)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not self.may_change:
            raise PermissionDenied
        self._take(self._sent_task(unquote(str(arguments["object_id"]))))
        form = self._form(data=request.POST, files=request.FILES, keeper=self._keeper())
        if form is None:
            return self._task_page(None)
        if is_saving(request):
            return self._save(form)
        if not (form.is_valid() & self.edits.is_valid()):
            return self._task_page(form)
        return self._complete(form)

    def _complete(self, form: AnswersForm) -> HttpResponse:
        task = self.task
        with (
            refusals() as lost,
            refusals(InvalidDataError, UnknownUploadError) as wrong,
        ):
            complete_task(
                task=task,
                output=form.answers(),
                user=self.person,
                changes=self.edits.changes(),
                seen=self.edits.seen,
            )
        if wrong.error:
            return self._refused(form, wrong.error)
        if isinstance(lost.error, CompletionFailedError):
            return self._to_kept_answers()
        if lost.error:
            task.refresh_from_db()
            if self._is_kept_already(form):
                return self._to_kept_answers()
            if not self._was_already_submitted(form):
                return self._task_page(form, lost=lost.text)
        names = {"task": task.definition.title, "number": ticket_of(task).number}
        text = gettext("“%(task)s” of ticket %(number)s is done. Thank you.")
        messages.success(self.request, text % names)
        next_one = reverse("admin:tickets_mytask_changelist", query={NEXT: 1})
        return forget_typed(redirect(next_one), form_name(task))

    def _refused(self, form: AnswersForm, error: Exception) -> HttpResponse:
        """The page again, with each problem beside its question."""
        if isinstance(error, InvalidDataError):
            form.add_problems(self.edits.add_problems(error.problems))
        else:
            form.add_refusal(error)
        if isinstance(error, AnswersChangedMeanwhileError):
            self.edits.look_again()
        return self._task_page(form)

    def _to_kept_answers(self) -> HttpResponse:
        """To this page once more, which says that the answers are kept."""
        page = redirect("admin:tickets_mytask_change", self.task.pk)
        return forget_typed(page, form_name(self.task))

    def _is_kept_already(self, form: AnswersForm) -> bool:
        """Whether this form was sent in vain already, and is kept: a double click is no mistake."""
        sent = SavedAnswers.objects.sent_for(self.task)
        return (
            sent is not None
            and sent.user_id == self.person.pk
            and own_answers(sent.answers) == form.answers()
            and changes_of(sent.answers) == self.edits.changes()
        )

    def _was_already_submitted(self, form: AnswersForm) -> bool:
        """Whether this form completed the task already: a double click is no mistake."""
        task = self.task
        return (
            task.status == TaskStatus.COMPLETED
            and task.assigned_to_id == self.person.pk
            and task.output_data == form.answers()
        )

    # Saving for later

    def _save(self, form: AnswersForm) -> HttpResponse:
        """Keep the form as it is; only what no database could hold is refused."""
        with refusals() as lost, refusals(InvalidDataError) as wrong:
            changes = kept_changes(self.edits.changes_so_far(), self.edits.seen)
            answers = {**form.answers_so_far(), **changes}
            save_task_answers(task=self.task, answers=answers, user=self.person)
            show_saved_message(self.request, form, more=self.edits.refused_files())
            here = redirect("admin:tickets_mytask_change", self.task.pk)
            answer = here if goes_on(self.request) else self.back()
            return forget_typed(answer, form_name(self.task))
        form.show_only(wrong.error)
        self.edits.show_only(None)
        if lost.error:
            self.task.refresh_from_db()
        return self._task_page(form, lost=lost.text)

    def _saved(self, object_id: str) -> SavedAnswers | None:
        """What this person has saved of a task, also of one that is no longer theirs."""
        number = number_in(object_id)
        if number is None:
            return None
        tasks = SavedAnswers.objects.of(self.person).filter(task=number)
        return tasks.select_related("task").first()

    def _continue(self, saved: SavedAnswers) -> HttpResponse:
        """The task with the answers as the person left them."""
        self._take(with_ticket(MyTask.objects.filter(saved_answers=saved)).first())
        form = self._form_with(saved)
        if form is None:
            return self._task_page(None, saved=saved)
        if self.task.assigned_to_id != self.person.pk:
            return self._task_page(form, lost=str(NotYourTaskError()), saved=saved)
        if self.task.status == TaskStatus.ERROR and saved.wait_for_retry:
            return self._task_page(None, saved=saved)
        if self.task.waits_for_answer:
            return self._task_page(None, saved=saved)
        if not self.task.is_workable:
            return self._task_page(form, lost=str(TaskNotWorkableError()), saved=saved)
        warn_of_form_changes(self.request, saved, asked_and_shown(self.task.definition))
        return self._task_page(form, saved=saved)

    def _form_with(self, saved: SavedAnswers) -> AnswersForm | None:
        """The form with these answers, as far as they fit; None where its fields are broken."""
        with refusals(FieldError):
            form = continued_form(saved, self.task.definition.fields, keeper=self._keeper())
            asked = earlier_answers(self.task, ticket_of(self.task))
            self.edits = EditsForm(
                asked,
                first=fitting_changes(saved.answers, asked, self._keeper()),
                seen=seen_of(saved.answers),
            )
            return form
        return None

    def _first_form(self) -> AnswersForm | None:
        """The empty form, or with what an assistant has suggested."""
        offer = offer_of(self.task)
        if offer is None or not offer.is_suggestion:
            return self._form()
        return self._form_with(
            SavedAnswers(user=self.person, task=self.task, answers=offer.answers)
        )

    # The task

    def _take(self, task: object) -> None:
        if not isinstance(task, MyTask):
            raise Http404
        self.task = task
        self.edits = EditsForm(())

    def _sent_task(self, object_id: str) -> MyTask | None:
        """The task of a form that was sent, also when it was given to somebody else meanwhile.

        What was typed must not be lost; the service then refuses to complete the task.
        """
        number = number_in(object_id)
        if number is None:
            return None
        own = _assigned.first(number, self.person.pk)
        if isinstance(own, MyTask):
            return own if self._is_seen(own) else None
        forms = MyTask.objects.filter(definition__task_type__in=FORM_TYPES).select_related(
            "definition", "workflow_instance__ticket__definition", "workflow_instance__workflow"
        )
        task = forms.filter(pk=number).first()
        if not isinstance(task, MyTask):
            return None
        given = task.events.filter(kind=ASSIGNED, data__to_id=self.person.pk)
        return task if given.exists() and self._is_seen(task) else None

    def _is_seen(self, task: MyTask) -> bool:
        return is_still_theirs(self.person, task, ticket_of(task).created_by_id)

    def _form(self, **sent: Any) -> AnswersForm | None:
        """The task's form; None where its definition's fields are broken.

        With it, `edits` are the earlier answers that it shows.
        """
        with refusals(FieldError):
            form = AnswersForm(self.task.definition.fields, **sent)
            asked = earlier_answers(self.task, ticket_of(self.task))
            self.edits = EditsForm(asked, **sent)
            return form
        return None

    def _keeper(self) -> UploadKeeper:
        return UploadKeeper(user=self.person, ticket=ticket_of(self.task))

    def _task_page(
        self, form: AnswersForm | None, *, lost: str = "", saved: SavedAnswers | None = None
    ) -> HttpResponse:
        task, ticket = self.task, ticket_of(self.task)
        is_mine = task.assigned_to_id == self.person.pk and self._is_seen(task)
        may_work = is_mine and task.status in WORKABLE and self.may_change
        is_conditional = form is not None and (form.is_conditional or self.edits.is_conditional)
        visible_url = reverse("admin:tickets_mytask_visible", args=(task.pk,))
        context = {
            "title": task.definition.title,
            "item": item_of(task),
            "original": task,
            "task": task,
            "ticket": ticket,
            "badge": task_badge(task),
            "due": due_badge(task, now=timezone.now()) if task.due_at else "",
            "references": progress.references(task.definition.ext_ref),
            "form": form,
            "edits": self.edits,
            "form_name": form_name(task),
            "saved": saved,
            "is_kept": saved is not None and saved.wait_for_retry,
            "lost": lost,
            "may_complete": may_work and form is not None and not lost,
            "is_broken": may_work and form is None,
            "waits": is_mine and task.waits_for_answer,
            "may_release": may_work and not lost and self._may_give_away,
            "may_start": may_work and task.status == TaskStatus.OPEN and not lost,
            "visible_url": visible_url if may_work and is_conditional else "",
            "edit_layout": self._layout(form, ticket, is_mine=is_mine),
        }
        if is_mine:
            context["assistant"] = note_of(task, offer_of(task))
            context |= self._ticket_context(ticket, saved)
        return self.show(**context)

    @property
    def _may_give_away(self) -> bool:
        """Whether somebody else could have the task: not one for the requester alone."""
        return WorkerPage.admits(self.request) and not self._is_for_requester_alone

    @property
    def _is_for_requester_alone(self) -> bool:
        rule = self.task.definition.rule
        return rule.who is Who.REQUESTER and not rule.has_group

    def _layout(self, form: AnswersForm | None, ticket: Ticket, *, is_mine: bool) -> Layout | None:
        """What draws the form; beside it stands what was submitted, for who has the task."""
        source = self.task.definition.edit_layout
        if form is None or not source:
            return None
        return edit_layout(source, form, about=submitted_about(ticket) if is_mine else None)

    def _ticket_context(self, ticket: Ticket, saved: SavedAnswers | None) -> dict[str, Any]:
        """What only the worker who has the task may see of its ticket."""
        task = self.task
        conversation = Conversation(
            self.request,
            ticket,
            self.person,
            history=progress.Moments(
                ticket,
                viewer_of(self.person, ticket, task=task),
                hidden_tasks(self.person, ticket),
            ),
            task=task if task.is_workable else None,
        )
        return {
            **progress.submitted(ticket),
            "priority": ShownPriority(
                ticket,
                may_change=task.is_alive and self.may_change and not self._is_for_requester_alone,
            ),
            "handover": handover_of(task, to=self.person) if task.is_alive else None,
            "earlier": answers_in_rounds(self.person, ticket, before=task),
            "picture": progress.picture(ticket),
            "conversation": conversation,
            "links": Links(ticket, self.person, conversation.access),
            **shown_files(ticket, self.person, conversation.access),
            "now": progress.moment_of_now(ticket),
            "output_layout": output_layout(task.definition, task.output_data, viewer=Viewer.TEAM),
            "output": shown_output(task.definition, task.output_data, viewer=Viewer.TEAM),
            "sent": self._sent(saved),
        }

    def _sent(self, saved: SavedAnswers | None) -> list[Shown]:
        """What the person has sent in vain: their own answers, and those that they changed."""
        if saved is None:
            return []
        workflow_id = self.task.workflow_instance.workflow_id
        return [
            each
            for specs, answers in by_forms(self.task.definition, workflow_id, saved.answers)
            for each in shown_answers(specs, answers, viewer=Viewer.TEAM)
        ]


@register_page(MyTask, "<int:object_id>/start/", name="tickets_mytask_start")
class StartPage(ObjectPage):
    """POST notes that the worker has begun."""

    http_method_names = ["post"]
    permissions = ("tickets.view_mytask", "tickets.change_mytask")
    refusal_level = messages.WARNING

    def back(self) -> HttpResponse:
        return redirect("admin:tickets_mytask_changelist")

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        start_task(task=self.object, user=self.person)
        return redirect(admin_link(self.object))


@register_page(MyTask, "<int:object_id>/visible/", name="tickets_mytask_visible")
class WorkVisible(ObjectPage):
    """Which questions are shown for the answers so far; forms.js asks."""

    http_method_names = ["post"]
    permissions = ("tickets.view_mytask",)
    largest_body = LARGE_BODY

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        keeper = UploadKeeper(user=self.person, ticket=ticket_of(self.object))
        definition = self.object.definition
        with refusals(FieldError):
            asked = earlier_answers(self.object, ticket_of(self.object))
            return visible_answer(definition.fields, data=request.POST, keeper=keeper, asked=asked)
        raise Http404


_assigned = PreparedQuery(
    lambda pk, user_id: with_ticket(MyTask.objects.filter(pk=pk, assigned_to=user_id)),
    slots=2,
    constants=FORM_TYPES,
)


def form_name(task: MyTask) -> str:
    """What typed.js calls the form of a task."""
    return f"task.{task.pk}"


def ticket_of(task: MyTask) -> Ticket:
    ticket: Ticket = task.workflow_instance.ticket
    return ticket
