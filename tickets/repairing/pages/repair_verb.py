"""What each repair of a ticket says of itself: when it applies, what it asks, what it does.

A page of its own asks why, and POSTs; the services check again and decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import Http404
from django.urls import reverse

from tenants.models import User
from tickets.models import ErrorType, SavedAnswers, Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.pages.forms import RepairForm
from tickets.repairing.send_again import may_send_again
from workflows.engine.process import JsonObject
from workflows.errors import WorkflowEndedError, WorkflowOnHoldError
from workflows.forms import AnswersForm
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.models.task_instance import UNFINISHED

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent and is in order."""

    by: User
    reason: str
    expected: str
    cleaned: Mapping[str, Any]
    answers: JsonObject = field(default_factory=dict)

    @property
    def document(self) -> JsonObject:
        document: JsonObject = self.cleaned["document"]
        return document


class RepairVerb:
    """One repair of one ticket. `task` and `error` are what it is about, where it is."""

    verb: ClassVar[str]
    # Some say more about the error at hand.
    title: StrOrPromise
    text: StrOrPromise
    button: StrOrPromise
    done: StrOrPromise
    icon: str
    is_danger: ClassVar[bool] = False

    def __init__(
        self, ticket: Ticket, *, task: TaskInstance | None = None, error: TicketError | None = None
    ) -> None:
        self.ticket = ticket
        self.task = task
        self.error = error

    @cached_property
    def marker(self) -> str:
        return marker_of(self.ticket)

    @classmethod
    def of(cls, ticket: Ticket, subject_id: int | None) -> RepairVerb:
        """The repair that an address names. Raises Http404."""
        if subject_id is not None:
            raise Http404
        return cls(ticket)

    @property
    def subject_id(self) -> int | None:
        return None

    @property
    def url(self) -> str:
        return self._address("admin:tickets_ticket_repair")

    @property
    def visible_url(self) -> str:
        return self._address("admin:tickets_ticket_repair_visible")

    def _address(self, name: str) -> str:
        ids = [self.ticket.pk, self.verb, self.subject_id or 0]
        return reverse(name, args=ids)

    def refusal(self) -> str:
        """Why it cannot be done now; empty where it can. The service decides again."""
        return ""

    def form(self, data: Any = None) -> RepairForm:
        return RepairForm(data)

    def answers_form(self, **_sent: Any) -> AnswersForm | None:
        """The form of the definition that is filled in; None where there is none.

        Raises:
            FieldError: the definition's fields are broken.
        """
        return None

    def act(self, sent: Sent) -> None:
        raise NotImplementedError

    # What several of them ask

    def unless_ended(self) -> str:
        return str(WorkflowEndedError()) if self.ticket.has_ended else ""

    def unless_stopped(self) -> str:
        if self.ticket.status == WorkflowStatus.ON_HOLD:
            return str(WorkflowOnHoldError())
        return self.unless_ended()

    def retryable(self) -> TicketError | None:
        """The error that may be retried after a correction."""
        return first_retryable(self.ticket)

    def then_retry(self, sent: Sent) -> TicketError | None:
        return self.retryable() if sent.cleaned.get("then_retry") else None


class TaskVerb(RepairVerb):
    task: TaskInstance

    @classmethod
    def of(cls, ticket: Ticket, subject_id: int | None) -> RepairVerb:
        tasks = TaskInstance.objects.select_related("definition__candidate_role", "assigned_to")
        task = tasks.filter(
            pk=subject_id or 0, workflow_instance=ticket.workflow_instance_id or 0
        ).first()
        if task is None:
            raise Http404
        return cls(ticket, task=task)

    @property
    def subject_id(self) -> int:
        return self.task.pk


def kept_answers(task: TaskInstance | None) -> SavedAnswers | None:
    """What the worker of an unfinished form has completed it with, in vain."""
    if task is None or not task.definition.is_form or task.status not in UNFINISHED:
        return None
    return SavedAnswers.objects.sent_for(task)


def is_retryable(error: TicketError, ticket: Ticket) -> bool:
    """Whether the step of the error can be tried again as the ticket stands."""
    if error.error_type == ErrorType.DELIVERY:
        return not error.is_resolved and may_send_again(error, ticket)
    if error.is_resolved or ticket.status in (
        WorkflowStatus.ON_HOLD,
        WorkflowStatus.COMPLETED,
        WorkflowStatus.CANCELLED,
    ):
        return False
    if error.task is None:
        return ticket.is_to_begin
    instance = ticket.workflow_instance
    is_current = instance is not None and error.task.is_current_of(instance)
    return is_current and (error.task.status == TaskStatus.ERROR or error.is_unmarked)


def first_retryable(ticket: Ticket) -> TicketError | None:
    errors = (
        ticket.errors.unresolved().select_related("task__definition", "task__path").order_by("-pk")
    )
    return next((each for each in errors if is_retryable(each, ticket)), None)
