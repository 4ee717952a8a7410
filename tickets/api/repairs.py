"""Repairing a ticket: what was submitted, what its tasks brought, and who has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.limits.bodies import LARGE_BODY
from tenants.models import User
from tenants.tokens.scopes import Scope
from tickets.api.as_read import as_read, etag_of_ticket
from tickets.api.errors import MAY_REPAIR, Reason
from tickets.api.shapes import Person, TicketDetail
from tickets.api.tickets import detail_of, seen_ticket
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.following.pages.workers import MOST_WORKERS
from tickets.models import Ticket, TicketError
from tickets.repairing.correct_data import (
    correct_task_input,
    correct_task_output,
    correct_ticket_data,
)
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.pages.all_repairs import open_repairs
from tickets.repairing.pages.repair_verb import RepairVerb, first_retryable
from tickets.repairing.reassign_task import reassign_task as reassign
from workflows.engine.task_types import FORM_TYPES
from workflows.models import TaskInstance
from workflows.running.people.candidates import candidates_of

router = Router(tags=["Errors and repair"])
MAY_READ: Final = ("tickets.view_ticket", "workflows.view_taskinstance")


class OpenRepair(Schema):
    """Something that could be done now. `task` and `error` are what it is about, where it is."""

    repair: str = Field(
        description="retry, data, output, input, finish, end-wait, reassign, hold, resume, cancel."
    )
    title: str
    task: int | None
    error: int | None

    @classmethod
    def of(cls, verb: RepairVerb) -> OpenRepair:
        return cls(
            repair=verb.verb,
            title=str(verb.title),
            task=None if verb.task is None else verb.task.pk,
            error=None if verb.error is None else verb.error.pk,
        )


class OpenRepairs(Schema):
    items: list[OpenRepair]


class TaskOfTicket(Schema):
    """A task of a ticket, whoever has it."""

    id: int
    key: str
    title: str
    type: str = Field(description="Such as FORM, SYNC_ACTION, ASYNC_ACTION.")
    status: str
    assigned_to: Person | None
    due_at: datetime | None
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def values_of(cls, task: TaskInstance) -> dict[str, Any]:
        return {
            "id": task.pk,
            "key": task.definition.key,
            "title": task.definition.title,
            "type": str(task.definition.task_type),
            "status": str(task.status),
            "assigned_to": None if task.assigned_to is None else Person.of(task.assigned_to),
            "due_at": task.due_at,
            "created_at": task.created_at,
            "completed_at": task.completed_at,
        }


class TasksOfTicket(Schema):
    items: list[TaskOfTicket]
    next: str | None


class TaskToRepair(TaskOfTicket):
    input: dict[str, Any] | None = Field(description="What a call sends.")
    output: dict[str, Any] | None = Field(description="What came of it; null: nothing yet.")
    may_be_given_to: list[Person] = Field(description="Of a form: who may have it.")
    repairs: list[OpenRepair] = Field(description="What could be done about it now.")


class CorrectedAnswers(Reason):
    answers: dict[str, Any] = Field(description="All of them, by the names of the questions.")
    then_retry: bool = Field(default=False, description="Then try the step that failed again.")


class CorrectedOutput(Reason):
    output: dict[str, Any] = Field(description="Of a form: the answers. All of it.")
    then_retry: bool = Field(default=False, description="Then try the step that failed again.")


class CorrectedInput(Reason):
    input: dict[str, Any] = Field(description="What the call sends from now on: all of it.")
    then_retry: bool = Field(default=False, description="Then try the step that failed again.")


class Finished(Reason):
    output: dict[str, Any] = Field(
        default={}, description="What its worker or the other system would have given."
    )


class Reassigned(Reason):
    to: Number | None = Field(
        default=None, description="The number of a person; null: whose turn it is."
    )


@operation(
    router, "GET", "/tickets/{ticket_id}/repairs", scope=Scope.ERRORS_READ, answer=OpenRepairs,
    permissions=MAY_REPAIR,
)  # fmt: skip
def list_open_repairs(
    request: HttpRequest, response: HttpResponse, ticket_id: Number
) -> OpenRepairs:
    """List what could be done about a ticket now, but for its tasks. The ETag is for repairs."""
    ticket = _ticket(request, ticket_id)
    response["ETag"] = etag_of_ticket(ticket)
    return OpenRepairs(items=[OpenRepair.of(each) for each in open_repairs(ticket)])


@operation(
    router, "GET", "/tickets/{ticket_id}/tasks", scope=Scope.TASKS_READ, answer=TasksOfTicket,
    permissions=MAY_READ,
)  # fmt: skip
def list_tasks_of_ticket(
    request: HttpRequest, ticket_id: Number, limit: Limit = 50, after: Cursor = ""
) -> TasksOfTicket:
    """List the tasks of a ticket, whoever has them, the oldest first."""
    items, more = listed(
        _tasks(_ticket(request, ticket_id)),
        after=after,
        limit=limit,
        show=lambda task: TaskOfTicket(**TaskOfTicket.values_of(task)),
        newest_first=False,
    )
    return TasksOfTicket(items=items, next=more)


@operation(
    router, "GET", "/tickets/{ticket_id}/tasks/{task_id}", scope=Scope.ERRORS_READ,
    answer=TaskToRepair, permissions=(*MAY_READ, *MAY_REPAIR),
)  # fmt: skip
def get_task_of_ticket(
    request: HttpRequest, response: HttpResponse, ticket_id: Number, task_id: Number
) -> TaskToRepair:
    """Read a task of a ticket for its repair. The ETag is that of the ticket."""
    ticket = _ticket(request, ticket_id)
    task = _task(ticket, task_id)
    response["ETag"] = etag_of_ticket(ticket)
    verbs = [each for each in open_repairs(ticket, task=task) if each.task is not None]
    is_form = task.definition.task_type in FORM_TYPES
    people = candidates_of(task).people_to_hand_to() if is_form else User.objects.none()
    return TaskToRepair(
        **TaskOfTicket.values_of(task),
        input=task.input_data if isinstance(task.input_data, dict) else None,
        output=task.output_data if isinstance(task.output_data, dict) else None,
        may_be_given_to=[Person.of(each) for each in people.order_by("pk")[:MOST_WORKERS]],
        repairs=[OpenRepair.of(each) for each in verbs],
    )


@operation(
    router, "PUT", "/tickets/{ticket_id}/answers", scope=Scope.ERRORS_REPAIR, answer=TicketDetail,
    permissions=MAY_REPAIR, versioned=True, largest_body=LARGE_BODY,
)  # fmt: skip
def correct_answers(
    request: HttpRequest, ticket_id: Number, corrected: CorrectedAnswers
) -> TicketDetail:
    """Correct what was submitted. What has been decided or sent already stays as it is."""
    person, ticket = holder_in(request).user, _ticket(request, ticket_id)
    fields = ticket.workflow.fields
    answers = ensure_uploads_fit(fields, corrected.answers, user=person, ticket=ticket)
    with as_read(request) as expected:
        correct_ticket_data(
            ticket=ticket,
            data=answers,
            by=person,
            reason=corrected.reason,
            expected=expected,
            then_retry=_retried(ticket, wanted=corrected.then_retry),
        )
    return detail_of(person, ticket_id)


@operation(
    router, "PUT", "/tickets/{ticket_id}/tasks/{task_id}/output", scope=Scope.ERRORS_REPAIR,
    answer=TicketDetail, permissions=MAY_REPAIR, versioned=True, largest_body=LARGE_BODY,
)  # fmt: skip
def correct_output(
    request: HttpRequest, ticket_id: Number, task_id: Number, corrected: CorrectedOutput
) -> TicketDetail:
    """Correct what came of a task, for the conditions and calls that follow."""
    person, ticket = holder_in(request).user, _ticket(request, ticket_id)
    task = _task(ticket, task_id)
    output = _with_files(task, corrected.output, ticket=ticket, person=person)
    with as_read(request) as expected:
        correct_task_output(
            task=task,
            output=output,
            by=person,
            reason=corrected.reason,
            expected=expected,
            then_retry=_retried(ticket, wanted=corrected.then_retry),
        )
    return detail_of(person, ticket_id)


@operation(
    router, "PUT", "/tickets/{ticket_id}/tasks/{task_id}/input", scope=Scope.ERRORS_REPAIR,
    answer=TicketDetail, permissions=MAY_REPAIR, versioned=True, largest_body=LARGE_BODY,
)  # fmt: skip
def correct_input(
    request: HttpRequest, ticket_id: Number, task_id: Number, corrected: CorrectedInput
) -> TicketDetail:
    """Let a call that failed send something else, for this ticket only."""
    person, ticket = holder_in(request).user, _ticket(request, ticket_id)
    with as_read(request) as expected:
        correct_task_input(
            task=_task(ticket, task_id),
            body=corrected.input,
            by=person,
            reason=corrected.reason,
            expected=expected,
            then_retry=_retried(ticket, wanted=corrected.then_retry),
        )
    return detail_of(person, ticket_id)


@operation(
    router, "POST", "/tickets/{ticket_id}/tasks/{task_id}/finish", scope=Scope.ERRORS_REPAIR,
    answer=TicketDetail, permissions=MAY_REPAIR, versioned=True, once=True,
    largest_body=LARGE_BODY,
)  # fmt: skip
def finish_task(
    request: HttpRequest, ticket_id: Number, task_id: Number, finished: Finished
) -> TicketDetail:
    """Finish a step in the place of its worker or of the other system, or end a wait."""
    person, ticket = holder_in(request).user, _ticket(request, ticket_id)
    task = _task(ticket, task_id)
    output = _with_files(task, finished.output, ticket=ticket, person=person)
    with as_read(request) as expected:
        finish_task_by_hand(
            task=task, output=output, by=person, reason=finished.reason, expected=expected
        )
    return detail_of(person, ticket_id)


@operation(
    router, "POST", "/tickets/{ticket_id}/tasks/{task_id}/reassign", scope=Scope.ERRORS_REPAIR,
    answer=TicketDetail, permissions=MAY_REPAIR, versioned=True, once=True,
)  # fmt: skip
def reassign_task(
    request: HttpRequest, ticket_id: Number, task_id: Number, given: Reassigned
) -> TicketDetail:
    """Give a form to somebody else. Against the rule of its task, too: the history says so."""
    person, ticket = holder_in(request).user, _ticket(request, ticket_id)
    to = None
    if given.to is not None:
        to = User.objects.filter(pk=given.to, company=holder_in(request).company).first()
        if to is None:
            raise Http404
    with as_read(request) as expected:
        reassign(
            task=_task(ticket, task_id),
            to=to,
            by=person,
            reason=given.reason,
            expected=expected,
            from_deputy=True,
            against_rule=True,
        )
    return detail_of(person, ticket_id)


def _ticket(request: HttpRequest, number: int) -> Ticket:
    """Raises Http404, as `seen_ticket` does."""
    return seen_ticket(holder_in(request).user, number)[0]


def _tasks(ticket: Ticket) -> Any:
    tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance_id or 0)
    return tasks.select_related("definition__candidate_role", "assigned_to", "path")


def _task(ticket: Ticket, number: int) -> TaskInstance:
    """Raises Http404: the ticket has no such task."""
    found: TaskInstance | None = _tasks(ticket).filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _with_files(
    task: TaskInstance, output: dict[str, Any], *, ticket: Ticket, person: User
) -> dict[str, Any]:
    """The files that an output of a form names, called as they are kept."""
    if not task.definition.is_form:
        return output
    return ensure_uploads_fit(task.definition.fields, output, user=person, ticket=ticket)


def _retried(ticket: Ticket, *, wanted: bool) -> TicketError | None:
    """As the pages of corrections offer it: the newest error that can be tried again."""
    return first_retryable(ticket) if wanted else None
