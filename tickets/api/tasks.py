"""Tasks: one's own and those of the pool, and what one does with them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.limits.bodies import LARGE_BODY
from tenants.models import User
from tenants.refusals import refusals
from tenants.tokens.scopes import Scope
from tickets.api.messages import WrittenMessage, form_token
from tickets.api.shapes import DoneTask, ShownAnswer, TaskRow
from tickets.conversation.ask_requester import ask_requester as ask
from tickets.conversation.sign_message import signed
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.models import SavedAnswers, Ticket
from tickets.saving.save_answers import save_task_answers
from tickets.seeing import visible_answers
from tickets.seeing.task_holders import is_still_theirs, still_theirs
from tickets.working.complete_task import complete_task as complete
from tickets.working.hand_over import hand_over
from tickets.working.pages.worker_page import WorkerPage, with_ticket
from workflows.engine.values.frozen import thawed
from workflows.errors import MayNotClaimError, TaskNotWorkableError
from workflows.forms import show_answers
from workflows.models import TaskInstance, TaskStatus
from workflows.models.task_instance import ALIVE
from workflows.running.definition_cache import definition_of
from workflows.running.people.candidates import candidates_of
from workflows.running.pool import claim_task as claim
from workflows.running.pool import pool_of
from workflows.running.pool import release_task as release

router = Router(tags=["Tasks"])
MAY_READ = ("tickets.view_mytask",)
MAY_WORK = WorkerPage.permissions


class Which(StrEnum):
    TO_DO = "to_do"
    POOL = "pool"
    DONE = "done"


class Tasks(Schema):
    items: list[TaskRow]
    next: str | None


class TaskDetail(TaskRow):
    description: str
    submitted: list[ShownAnswer] = Field(description="What the ticket's requester answered.")
    earlier: list[DoneTask] = Field(description="What came of earlier tasks, as far as you see it.")
    answers: dict[str, Any] = Field(description="JSON Schema (2020-12) of what completes it.")
    questions: list[dict[str, Any]]
    saved: dict[str, Any] | None = Field(description="What was saved for later; null: nothing.")


class Output(Schema):
    answers: dict[str, Any] = Field(description="By the names of the questions.")
    changes: dict[str, Any] = Field(
        default={},
        description="Earlier answers to change, where the task shows some: {ticket.amount: 5}.",
    )


class SavedOutput(Schema):
    answers: dict[str, Any]


class HandOver(Schema):
    to: Number = Field(description="The number of a colleague who may do this task.")
    reason: str = Field(min_length=1, max_length=2_000)


class Question(Schema):
    text: str = Field(min_length=1, max_length=10_000)


@operation(router, "GET", "/tasks", scope=Scope.TASKS_READ, answer=Tasks, permissions=MAY_READ)
def list_tasks(
    request: HttpRequest,
    which: Which = Which.TO_DO,
    limit: Limit = 50,
    after: Cursor = "",
) -> Tasks:
    """List your tasks, the oldest first: to do, done, or in the pool for you to claim."""
    person = holder_in(request).user
    items, more = listed(
        _tasks(person, which), after=after, limit=limit, show=_row, newest_first=False
    )
    return Tasks(items=items, next=more)


@operation(
    router,
    "GET",
    "/tasks/{task_id}",
    scope=Scope.TASKS_READ,
    answer=TaskDetail,
    permissions=MAY_READ,
)
def get_task(request: HttpRequest, task_id: Number) -> TaskDetail:
    """Read a task of yours, with its form and what you may see of its ticket."""
    person = holder_in(request).user
    task = _own(person, task_id)
    ticket: Ticket = task.workflow_instance.ticket
    form = definition_of(task.definition.workflow_id).task_form(task.definition)
    saved = SavedAnswers.objects.of(person).filter(task=task).first()
    specs = task.definition.fields if isinstance(task.definition.fields, list) else []
    return TaskDetail(
        **TaskRow.values_of(task),
        description=task.definition.description,
        submitted=[
            ShownAnswer.of(each) for each in show_answers(ticket.workflow.fields, ticket.data)
        ],
        earlier=[DoneTask.of(each) for each in visible_answers(person, ticket, before=task)],
        answers=thawed(form.schema),
        questions=[each for each in specs if isinstance(each, dict)],
        saved=None if saved is None else saved.answers,
    )


@operation(
    router, "POST", "/tasks/{task_id}/claim", scope=Scope.TASKS_WRITE, answer=TaskRow,
    permissions=MAY_WORK,
)  # fmt: skip
def claim_task(request: HttpRequest, task_id: Number) -> TaskRow:
    """Claim a task of the pool."""
    person = holder_in(request).user
    task = with_ticket(TaskInstance.objects.all()).filter(pk=task_id).first()
    if task is None:
        raise Http404
    with refusals(MayNotClaimError) as hidden:
        claim(task=task, user=person, now=timezone.now())
    if hidden.error:
        raise Http404
    return _row(_own(person, task_id))


@operation(
    router, "POST", "/tasks/{task_id}/release", scope=Scope.TASKS_WRITE, answer=None, status=204,
    permissions=MAY_WORK,
)  # fmt: skip
def release_task(request: HttpRequest, task_id: Number) -> None:
    """Give a task back to the pool."""
    person = holder_in(request).user
    release(task=_own(person, task_id), user=person, now=timezone.now())


@operation(
    router, "PUT", "/tasks/{task_id}/saved", scope=Scope.TASKS_WRITE, answer=SavedOutput,
    permissions=MAY_WORK, largest_body=LARGE_BODY,
)  # fmt: skip
def save_task(request: HttpRequest, task_id: Number, saved: SavedOutput) -> SavedOutput:
    """Save a half-filled form of a task for later. Nothing of it is checked yet."""
    person = holder_in(request).user
    kept = save_task_answers(task=_own(person, task_id), answers=saved.answers, user=person)
    return SavedOutput(answers=kept.answers)


@operation(
    router, "POST", "/tasks/{task_id}/complete", scope=Scope.TASKS_WRITE, answer=TaskRow,
    permissions=MAY_WORK, largest_body=LARGE_BODY,
)  # fmt: skip
def complete_task(request: HttpRequest, task_id: Number, output: Output) -> TaskRow:
    """Complete a task of yours. The workflow takes its next step.

    The same answers again, as the answer to the first was lost, are answered as the first were.
    """
    person = holder_in(request).user
    task = _own(person, task_id)
    ticket: Ticket = task.workflow_instance.ticket
    answers = ensure_uploads_fit(task.definition.fields, output.answers, user=person, ticket=ticket)
    with refusals(TaskNotWorkableError) as lost:
        complete(task=task, output=answers, user=person, changes=output.changes)
    task.refresh_from_db()
    if lost.error is not None and not _was_completed_with(answers, task, person):
        raise lost.error
    return _row(task)


@operation(
    router, "POST", "/tasks/{task_id}/hand-on", scope=Scope.TASKS_WRITE, answer=None, status=204,
    permissions=MAY_WORK,
)  # fmt: skip
def hand_on_task(request: HttpRequest, task_id: Number, given: HandOver) -> None:
    """Hand a task of yours to a colleague, with the reason."""
    person = holder_in(request).user
    task = _own(person, task_id)
    colleague = User.objects.filter(pk=given.to, company=holder_in(request).company).first()
    if colleague is None or not candidates_of(task).may_have(colleague):
        raise Http404
    hand_over(task=task, to=colleague, by=person, reason=given.reason, now=timezone.now())


@operation(
    router, "POST", "/tasks/{task_id}/ask", scope=Scope.TASKS_WRITE, answer=WrittenMessage,
    status=201, permissions=MAY_WORK, once=True,
)  # fmt: skip
def ask_requester(request: HttpRequest, task_id: Number, question: Question) -> WrittenMessage:
    """Ask the requester. The task waits for the answer, and its time stops."""
    holder = holder_in(request)
    person = holder.user
    written = ask(
        task=_own(person, task_id),
        user=person,
        text=signed(question.text, assistant=holder.token.assistant, person=person),
        token=form_token(request),
        now=timezone.now(),
    )
    return WrittenMessage(id=written.message.pk, named_nobody=written.strangers)


def _tasks(person: User, which: Which) -> Any:
    if which is Which.POOL:
        return with_ticket(pool_of(person)).select_related("assigned_to")
    own = still_theirs(person, with_ticket(TaskInstance.objects.assigned_to(person)))
    statuses = [TaskStatus.COMPLETED] if which is Which.DONE else list(ALIVE)
    return own.filter(status__in=statuses).select_related("assigned_to")


def _own(person: User, number: int) -> TaskInstance:
    """Raises Http404: the person has no such task."""
    own = with_ticket(TaskInstance.objects.assigned_to(person)).select_related("assigned_to")
    task: TaskInstance | None = own.filter(pk=number).first()
    if task is None:
        raise Http404
    if not is_still_theirs(person, task, task.workflow_instance.ticket.created_by_id):
        raise Http404
    return task


def _was_completed_with(answers: dict[str, Any], task: TaskInstance, person: User) -> bool:
    """Whether this person has completed it with the same before: that is no mistake."""
    is_theirs = task.status == TaskStatus.COMPLETED and task.assigned_to_id == person.pk
    return is_theirs and task.output_data == answers


def _row(task: TaskInstance) -> TaskRow:
    return TaskRow(**TaskRow.values_of(task))
