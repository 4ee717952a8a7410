"""Tasks: one's own and those of the pool, and what one does with them."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.limits.bodies import LARGE_BODY
from tenants.models import User
from tenants.refusals import refusals
from tenants.tokens.scopes import Scope
from tickets.api.messages import WrittenMessage, form_token
from tickets.api.shapes import DoneTask, Person, ShownAnswer, TaskRow
from tickets.conversation.ask_requester import ask_requester as ask
from tickets.conversation.go_on import go_on_without_answer as go_on
from tickets.conversation.sign_message import signed
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.following.pages.workers import MOST_WORKERS
from tickets.models import AssistantOffer, SavedAnswers, Ticket
from tickets.models.assistant_offer import LONGEST_REASON
from tickets.saving.save_answers import save_task_answers
from tickets.seeing import MOST_ANSWERED, visible_answers
from tickets.seeing.task_holders import is_still_theirs, still_theirs
from tickets.working.answer_offer import answer_offer, hand_back
from tickets.working.complete_many import (
    MOST_AT_ONCE,
    CompletedTask,
    complete_many,
    form_of,
    same_form,
)
from tickets.working.complete_task import complete_task as complete
from tickets.working.complete_task import start_task as start
from tickets.working.hand_over import hand_over
from tickets.working.pages.worker_page import WorkerPage, with_ticket
from tickets.working.take_over import take_over, tasks_to_stand_in_for
from workflows.engine.values.frozen import thawed
from workflows.errors import MayNotClaimError, MayNotTakeOverError, TaskNotWorkableError
from workflows.forms import show_answers
from workflows.models import TaskInstance, TaskStatus
from workflows.models.task_instance import ALIVE
from workflows.running.definition_cache import definition_of
from workflows.running.people.candidates import candidates_of
from workflows.running.people.deputies import people_who_named
from workflows.running.pool import claim_task as claim
from workflows.running.pool import pool_of
from workflows.running.pool import release_task as release

router = Router(tags=["Tasks"])
MAY_READ = ("tickets.view_mytask",)
MAY_WORK = WorkerPage.permissions


class Which(StrEnum):
    TO_DO = "to_do"
    POOL = "pool"
    STANDING_IN = "standing_in"
    OFFERED = "offered"
    DONE = "done"


class Tasks(Schema):
    items: list[TaskRow]
    next: str | None


class TaskDetail(TaskRow):
    description: str
    submitted: list[ShownAnswer] = Field(description="What the ticket's requester answered.")
    earlier: list[DoneTask] = Field(
        max_length=MOST_ANSWERED,
        description="What came of earlier tasks, as far as you see it: the last round first.",
    )
    earlier_is_cut: bool = Field(
        description="Whether there are more earlier tasks than are told: the newest are."
    )
    answers: dict[str, Any] = Field(description="JSON Schema (2020-12) of what completes it.")
    questions: list[dict[str, Any]]
    saved: dict[str, Any] | None = Field(description="What was saved for later; null: nothing.")


class Output(Sent):
    answers: dict[str, Any] = Field(description="By the names of the questions.")
    changes: dict[str, Any] = Field(
        default={},
        description="Earlier answers to change, where the task shows some: {ticket.amount: 5}.",
    )


class SavedOutput(Sent):
    answers: dict[str, Any]


class HandOver(Sent):
    to: Number = Field(description="The number of a colleague who may do this task.")
    reason: str = Field(min_length=1, max_length=2_000)


class HandBack(Sent):
    reason: str = Field(
        min_length=1, max_length=LONGEST_REASON, description="Why, for the person who does it now."
    )


class Colleagues(Schema):
    items: list[Person]


class ForMany(Sent):
    tasks: list[Number] = Field(min_length=1, max_length=MOST_AT_ONCE)
    answers: dict[str, Any] = Field(description="Of each of them, by the names of the questions.")


class CompletedOne(Schema):
    task: int
    refusal: str = Field(description="Why it was not completed; empty: it was.")

    @classmethod
    def of(cls, done: CompletedTask) -> CompletedOne:
        return cls(task=done.task.pk, refusal=str(done.refusal))


class CompletedMany(Schema):
    items: list[CompletedOne]


class Question(Sent):
    text: str = Field(min_length=1, max_length=10_000)


@operation(router, "GET", "/tasks", scope=Scope.TASKS_READ, answer=Tasks, permissions=MAY_READ)
def list_tasks(
    request: HttpRequest,
    which: Which = Which.TO_DO,
    limit: Limit = 50,
    after: Cursor = "",
) -> Tasks:
    """List your tasks, the oldest first: to do, done, or in the pool for you to claim.

    “standing_in”: those of people who are away, and for whom you may take them over.
    Of a service account also those that are offered to it, which others have.
    """
    person = holder_in(request).user
    items, more = listed(
        _tasks(person, which),
        after=after,
        limit=limit,
        show=partial(_row, person),
        newest_first=False,
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
    """Read a task of yours, or one that is offered to you, with its form and what you may see."""
    person = holder_in(request).user
    task = _own_or_offered(person, task_id)
    ticket: Ticket = task.workflow_instance.ticket
    form = definition_of(task.definition.workflow_id).task_form(task.definition)
    saved = SavedAnswers.objects.of(person).filter(task=task).first()
    specs = task.definition.fields if isinstance(task.definition.fields, list) else []
    earlier, is_cut = visible_answers(person, ticket, before=task)
    return TaskDetail(
        **TaskRow.values_of(task, seen_by=person),
        description=task.definition.description,
        submitted=[
            ShownAnswer.of(each) for each in show_answers(ticket.workflow.fields, ticket.data)
        ],
        earlier=[DoneTask.of(each) for each in earlier],
        earlier_is_cut=is_cut,
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
    return _row(person, _own(person, task_id))


@operation(
    router, "POST", "/tasks/{task_id}/take-over", scope=Scope.TASKS_WRITE, answer=TaskRow,
    permissions=MAY_WORK,
)  # fmt: skip
def take_over_task(request: HttpRequest, task_id: Number) -> TaskRow:
    """Take a task over from somebody for whom you stand in, or that a reminder has offered."""
    person = holder_in(request).user
    task = with_ticket(TaskInstance.objects.all()).filter(pk=task_id).first()
    if task is None:
        raise Http404
    with refusals(MayNotTakeOverError) as hidden:
        take_over(task=task, by=person, now=timezone.now())
    if hidden.error:
        raise Http404
    return _row(person, _own(person, task_id))


@operation(
    router, "POST", "/tasks/{task_id}/start", scope=Scope.TASKS_WRITE, answer=TaskRow,
    permissions=MAY_WORK,
)  # fmt: skip
def start_task(request: HttpRequest, task_id: Number) -> TaskRow:
    """Note that you have begun a task of yours."""
    person = holder_in(request).user
    start(task=_own(person, task_id), user=person)
    return _row(person, _own(person, task_id))


@operation(
    router, "POST", "/tasks/{task_id}/go-on", scope=Scope.TASKS_WRITE, answer=TaskRow,
    permissions=MAY_WORK,
)  # fmt: skip
def go_on_without_answer(request: HttpRequest, task_id: Number) -> TaskRow:
    """Go on with a task of yours that waits for an answer of the requester, without it."""
    person = holder_in(request).user
    go_on(task=_own(person, task_id), user=person, now=timezone.now())
    return _row(person, _own(person, task_id))


@operation(
    router, "GET", "/tasks/{task_id}/colleagues", scope=Scope.TASKS_READ, answer=Colleagues,
    permissions=MAY_WORK,
)  # fmt: skip
def list_colleagues(request: HttpRequest, task_id: Number) -> Colleagues:
    """List to whom you may hand a task of yours."""
    person = holder_in(request).user
    people = candidates_of(_own(person, task_id)).people_to_hand_to().exclude(pk=person.pk)
    return Colleagues(items=[Person.of(each) for each in people.order_by("pk")[:MOST_WORKERS]])


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

    The same answers again, as the answer to the first was lost, are answered as the first were. A
    task that is offered to a service account is answered for whoever has it: where `is_checked`,
    as a suggestion, and the task stays theirs.
    """
    person = holder_in(request).user
    task = _own_or_offered(person, task_id)
    if task.assigned_to_id != person.pk:
        return _answer_offer(person, task, output)
    ticket: Ticket = task.workflow_instance.ticket
    answers = ensure_uploads_fit(task.definition.fields, output.answers, user=person, ticket=ticket)
    with refusals(TaskNotWorkableError) as lost:
        complete(task=task, output=answers, user=person, changes=output.changes)
    task.refresh_from_db()
    if lost.error is not None and not _was_completed_with(answers, task, person):
        raise lost.error
    return _row(person, task)


def _answer_offer(account: User, task: TaskInstance, output: Output) -> TaskRow:
    answer_offer(
        task=task,
        account=account,
        output=output.answers,
        changes=output.changes,
        now=timezone.now(),
    )
    answered = with_ticket(TaskInstance.objects.filter(pk=task.pk))
    return _row(account, _with_offer(answered).get())


@operation(
    router, "POST", "/tasks/{task_id}/hand-back", scope=Scope.TASKS_WRITE, answer=None, status=204,
    permissions=MAY_WORK,
)  # fmt: skip
def hand_back_task(request: HttpRequest, task_id: Number, given: HandBack) -> None:
    """Hand a task that is offered to your service account back to whoever has it."""
    account = holder_in(request).user
    task = _with_offer(_offered_to(account)).filter(pk=task_id).first()
    if task is None:
        raise Http404
    hand_back(task=task, account=account, reason=given.reason, now=timezone.now())


@operation(
    router, "POST", "/bulk-completions", scope=Scope.TASKS_WRITE, answer=CompletedMany,
    permissions=MAY_WORK, largest_body=LARGE_BODY,
)  # fmt: skip
def complete_tasks(request: HttpRequest, many: ForMany) -> CompletedMany:
    """Complete tasks of yours that ask the same with the same answers, each by itself."""
    person = holder_in(request).user
    numbers = list(dict.fromkeys(many.tasks))
    own = still_theirs(person, with_ticket(TaskInstance.objects.assigned_to(person)))
    found = own.select_related("assigned_to", "definition__workflow").in_bulk(numbers)
    if len(found) < len(numbers):
        raise Http404
    tasks = [found[number] for number in numbers]
    fitting, left_out = same_form(tasks, form_of(tasks))
    done = complete_many(tasks=fitting, output=many.answers, user=person)
    return CompletedMany(items=[CompletedOne.of(each) for each in (*done, *left_out)])


@operation(
    router, "POST", "/tasks/{task_id}/hand-on", scope=Scope.TASKS_WRITE, answer=None, status=204,
    permissions=MAY_WORK,
)  # fmt: skip
def hand_on_task(request: HttpRequest, task_id: Number, given: HandOver) -> None:
    """Hand a task of yours to a colleague, with the reason."""
    person = holder_in(request).user
    task = _own(person, task_id)
    colleague = User.objects.filter(pk=given.to, company=holder_in(request).company).first()
    if colleague is None or not candidates_of(task).may_be_handed(colleague):
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
    if which is Which.OFFERED:
        return _with_offer(_offered_to(person))
    if which is Which.POOL:
        return _with_offer(with_ticket(pool_of(person)))
    if which is Which.STANDING_IN:
        absent = people_who_named(person)
        theirs = tasks_to_stand_in_for(deputy=person, people=absent)
        return _with_offer(with_ticket(theirs if absent else theirs.none()))
    own = still_theirs(person, with_ticket(TaskInstance.objects.assigned_to(person)))
    statuses = [TaskStatus.COMPLETED] if which is Which.DONE else list(ALIVE)
    return _with_offer(own.filter(status__in=statuses))


def _with_offer(tasks: QuerySet[Any]) -> QuerySet[Any]:
    return tasks.select_related("assigned_to", "assistant_offer")


def _offered_to(account: User) -> QuerySet[Any]:
    """What is offered to a service account now; to others nothing is."""
    offers = AssistantOffer.objects.open(now=timezone.now()).of_account(account)
    return with_ticket(TaskInstance.objects.filter(pk__in=offers.values("task")))


def _own_or_offered(person: User, number: int) -> TaskInstance:
    """Raises Http404: the person has no such task, and none is offered to them."""
    found: TaskInstance | None = None
    if person.is_account:
        found = _with_offer(_offered_to(person)).filter(pk=number).first()
    return found or _own(person, number)


def _own(person: User, number: int) -> TaskInstance:
    """Raises Http404: the person has no such task."""
    own = _with_offer(with_ticket(TaskInstance.objects.assigned_to(person)))
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


def _row(person: User, task: TaskInstance) -> TaskRow:
    return TaskRow(**TaskRow.values_of(task, seen_by=person))
