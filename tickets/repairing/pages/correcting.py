"""The repairs: when each applies, what it asks for, and the service that it calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import User
from tickets.errors import ErrorAlreadyHandledError
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import (
    correct_task_input,
    correct_task_output,
    correct_ticket_data,
)
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.pages.forms import (
    AUTOMATIC,
    RepairForm,
    add_document,
    add_then_retry,
    add_worker,
)
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.repair import marker_of, resolved_message
from tickets.repairing.retry_step import retry_step
from workflows.engine.process import Json, JsonObject, TaskType
from workflows.errors import (
    CannotReassignError,
    InputNotCorrectableError,
    NothingToRetryError,
    OutputReplacedError,
    TaskNotWorkableError,
    WorkflowEndedError,
    WorkflowNotRunningError,
    WorkflowOnHoldError,
)
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


class RepairPage:
    """One repair of one ticket. `task` and `error` are what it is about, where it is."""

    verb: ClassVar[str]
    title: ClassVar[StrOrPromise]
    text: ClassVar[StrOrPromise]
    button: ClassVar[StrOrPromise]
    done: ClassVar[StrOrPromise]
    icon: ClassVar[str]
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
    def of(cls, ticket: Ticket, subject_id: int | None) -> RepairPage:
        """The page of an address. Raises Http404."""
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

    def _status(self) -> WorkflowStatus:
        return self.ticket.status

    def _unless_ended(self) -> str:
        return str(WorkflowEndedError()) if self.ticket.has_ended else ""

    def _unless_stopped(self) -> str:
        if self._status() == WorkflowStatus.ON_HOLD:
            return str(WorkflowOnHoldError())
        return self._unless_ended()

    def _retryable(self) -> TicketError | None:
        """The error that may be retried after a correction."""
        return first_retryable(self.ticket)

    def _then_retry(self, sent: Sent) -> TicketError | None:
        return self._retryable() if sent.cleaned.get("then_retry") else None


class _TaskPage(RepairPage):
    task: TaskInstance

    @classmethod
    def of(cls, ticket: Ticket, subject_id: int | None) -> RepairPage:
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


class Retry(RepairPage):
    """The step that failed, again."""

    verb = "retry"
    title = gettext_lazy("Try again")
    text = gettext_lazy(
        "The step that failed is done once more, and that step only. If it fails again, there is"
        " a new error."
    )
    button = gettext_lazy("Try again")
    done = gettext_lazy("The step is tried again.")
    icon = "refresh"
    error: TicketError

    @classmethod
    def of(cls, ticket: Ticket, subject_id: int | None) -> RepairPage:
        errors = TicketError.objects.select_related("task__definition", "task__assigned_to")
        error = errors.filter(pk=subject_id or 0, ticket=ticket).first()
        if error is None:
            raise Http404
        return cls(ticket, error=error, task=error.task)

    @property
    def subject_id(self) -> int:
        return self.error.pk

    def refusal(self) -> str:
        if self.error.is_resolved:
            return resolved_message(self.error) or str(ErrorAlreadyHandledError())
        stopped = self._unless_stopped()
        if stopped or is_retryable(self.error, self.ticket):
            return stopped
        return str(NothingToRetryError())

    def act(self, sent: Sent) -> None:
        retry_step(error=self.error, by=sent.by, reason=sent.reason, expected=sent.expected)


class CorrectData(RepairPage):
    """What was submitted."""

    verb = "data"
    title = gettext_lazy("Correct what was submitted")
    text = gettext_lazy(
        "The new answers count from now on. What has been decided or sent already stays as it is."
        " The history keeps the old and the new values."
    )
    button = gettext_lazy("Save the correction")
    done = gettext_lazy("What was submitted is corrected.")
    icon = "edit_note"

    def refusal(self) -> str:
        return self._unless_ended()

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        if self._retryable() is not None:
            add_then_retry(form)
        return form

    def answers_form(self, **sent: Any) -> AnswersForm | None:
        presets = self.ticket.definition.presets
        # As the ticket has them, as the service does: its type may have other presets by now.
        kept = {key: self.ticket.data[key] for key in presets if key in self.ticket.data}
        specs = self.ticket.workflow.fields
        return AnswersForm(specs, presets=kept, initial_answers=self.ticket.data, **sent)

    def act(self, sent: Sent) -> None:
        correct_ticket_data(
            ticket=self.ticket,
            data=sent.answers,
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
            then_retry=self._then_retry(sent),
        )


class _OutputPage(_TaskPage):
    """A page that asks for a task's output: its form, or JSON for a call's."""

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        if not self.task.definition.is_form:
            add_document(
                form,
                label=_("What the other system would have given back"),
                help_text=_(
                    'As JSON, for example {"id": 7}; {} if nothing of it is needed. '
                    "It must be what the task's output schema asks for."
                ),
                first=self.task.output_data,
            )
        return form

    def answers_form(self, **sent: Any) -> AnswersForm | None:
        if not self.task.definition.is_form:
            return None
        output = self.task.output_data
        first = output if isinstance(output, dict) else {}
        return AnswersForm(self.task.definition.fields, initial_answers=first, **sent)

    @property
    def schema(self) -> Json:
        return None if self.task.definition.is_form else self.task.definition.output_schema

    def _output(self, sent: Sent) -> JsonObject:
        return sent.answers if self.task.definition.is_form else sent.document


class CorrectOutput(_OutputPage):
    """What a task that is done has said."""

    verb = "output"
    title = gettext_lazy("Correct what came of this task")
    text = gettext_lazy(
        "The new output counts for the conditions and calls that follow. What has been decided or"
        " sent already stays as it is. The history keeps both."
    )
    button = gettext_lazy("Save the correction")
    done = gettext_lazy("The output of the task is corrected.")
    icon = "edit_note"

    def refusal(self) -> str:
        return self._unless_ended() or ("" if self._counts() else str(OutputReplacedError()))

    def _counts(self) -> bool:
        instance, key = self.ticket.workflow_instance, self.task.definition.key
        if instance is None or key not in instance.data:
            return False
        visits = TaskInstance.objects.filter(
            workflow_instance=instance,
            definition__key=key,
            output_data__isnull=False,
        )
        newest = visits.order_by("-pk").values_list("pk", flat=True).first()
        return newest == self.task.pk

    def form(self, data: Any = None) -> RepairForm:
        form = super().form(data)
        if self._retryable() is not None:
            add_then_retry(form)
        return form

    def act(self, sent: Sent) -> None:
        correct_task_output(
            task=self.task,
            output=self._output(sent),
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
            then_retry=self._then_retry(sent),
        )


class CorrectInput(_TaskPage):
    """What a call sends."""

    verb = "input"
    title = gettext_lazy("Correct what is sent")
    text = gettext_lazy(
        "From the next attempt on this call sends what stands here, for this ticket only. If the"
        " mistake is in what was submitted or in an earlier task, rather correct it there."
    )
    button = gettext_lazy("Save the correction")
    done = gettext_lazy("What the call sends is corrected.")
    icon = "upload"

    def refusal(self) -> str:
        definition = self.task.definition
        if definition.task_type != TaskType.SYNC_ACTION or self.task.status != TaskStatus.ERROR:
            return str(InputNotCorrectableError())
        return self._unless_stopped()

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        add_document(
            form,
            label=_("What is sent"),
            help_text=_("As JSON. It must be what the task's input schema asks for."),
            first=self.task.input_data,
        )
        if self._retryable() is not None:
            add_then_retry(form)
        return form

    @property
    def schema(self) -> Json:
        return self.task.definition.input_schema

    def act(self, sent: Sent) -> None:
        correct_task_input(
            task=self.task,
            body=sent.document,
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
            then_retry=self._then_retry(sent),
        )


class Finish(_OutputPage):
    """A step, done by hand."""

    verb = "finish"
    title = gettext_lazy("Finish this step by hand")
    text = gettext_lazy(
        "You give the output in the place of the worker or of the other system. The step counts"
        " as done, and the ticket moves on. If a call is under way, its answer changes nothing"
        " any more."
    )
    button = gettext_lazy("Finish the step")
    done = gettext_lazy("The step is finished, and the ticket moves on.")
    icon = "check"

    def refusal(self) -> str:
        if self.task.status not in UNFINISHED:
            return str(TaskNotWorkableError())
        return self._unless_stopped()

    def act(self, sent: Sent) -> None:
        finish_task_by_hand(
            task=self.task,
            output=self._output(sent),
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
        )


class Reassign(_TaskPage):
    """A form, given to somebody else."""

    verb = "reassign"
    title = gettext_lazy("Give it to somebody else")
    text = gettext_lazy(
        "Whoever has the task now loses it. Only people who may be given it are listed, those"
        " who are there and have the least to do first."
    )
    button = gettext_lazy("Give it")
    done = gettext_lazy("The task has changed hands.")
    icon = "switch_account"

    def refusal(self) -> str:
        if not self.task.definition.is_form or self.task.status not in UNFINISHED:
            return str(CannotReassignError())
        return self._unless_ended()

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        role = self.task.definition.candidate_role
        add_worker(form, role=role, has_it=self.task.assigned_to_id)
        return form

    def act(self, sent: Sent) -> None:
        chosen: str = sent.cleaned["worker"]
        to = None if chosen == AUTOMATIC else User.objects.get(pk=int(chosen))
        reassign_task(task=self.task, to=to, by=sent.by, reason=sent.reason, expected=sent.expected)


class Hold(RepairPage):
    """Stopped for now."""

    verb = "hold"
    title = gettext_lazy("Put on hold")
    text = gettext_lazy(
        "Nobody can work on the ticket and no call begins until you let it go on. The answer of"
        " a call that is under way is kept."
    )
    button = gettext_lazy("Put on hold")
    done = gettext_lazy("The ticket is on hold.")
    icon = "pause"

    def refusal(self) -> str:
        stopped = self._unless_stopped()
        if stopped or self._status() == WorkflowStatus.IN_PROGRESS:
            return stopped
        return str(WorkflowNotRunningError())

    def act(self, sent: Sent) -> None:
        hold_ticket(ticket=self.ticket, by=sent.by, reason=sent.reason, expected=sent.expected)


class Resume(RepairPage):
    """On again."""

    verb = "resume"
    title = gettext_lazy("Let it go on")
    text = gettext_lazy("The ticket goes on where it was put on hold.")
    button = gettext_lazy("Let it go on")
    done = gettext_lazy("The ticket goes on.")
    icon = "play_arrow"

    def refusal(self) -> str:
        ended = self._unless_ended()
        if ended or self._status() == WorkflowStatus.ON_HOLD:
            return ended
        return str(WorkflowNotRunningError())

    def act(self, sent: Sent) -> None:
        resume_ticket(ticket=self.ticket, by=sent.by, reason=sent.reason, expected=sent.expected)


class Cancel(RepairPage):
    """The end, before its time."""

    verb = "cancel"
    title = gettext_lazy("Cancel the ticket")
    text = gettext_lazy(
        "The ticket ends here for good: its open tasks end, its errors are resolved, and nobody"
        " can take it up again."
    )
    button = gettext_lazy("Cancel the ticket")
    done = gettext_lazy("The ticket is cancelled.")
    icon = "block"
    is_danger = True

    def refusal(self) -> str:
        return self._unless_ended()

    def act(self, sent: Sent) -> None:
        cancel_ticket(ticket=self.ticket, by=sent.by, reason=sent.reason, expected=sent.expected)


PAGES: Final[Mapping[str, type[RepairPage]]] = {
    page.verb: page
    for page in (
        Retry, CorrectData, CorrectOutput, CorrectInput, Finish, Reassign, Hold, Resume, Cancel,
    )
}  # fmt: skip


def is_retryable(error: TicketError, ticket: Ticket) -> bool:
    """Whether the step of the error can be tried again as the ticket stands."""
    if error.is_resolved or ticket.status in (
        WorkflowStatus.ON_HOLD,
        WorkflowStatus.COMPLETED,
        WorkflowStatus.CANCELLED,
    ):
        return False
    if error.task is None:
        return ticket.status == WorkflowStatus.NOT_STARTED
    instance = ticket.workflow_instance
    is_current = instance is not None and instance.current_task_id == error.task_id
    return is_current and error.task.status == TaskStatus.ERROR


def first_retryable(ticket: Ticket) -> TicketError | None:
    errors = ticket.errors.unresolved().select_related("task__definition").order_by("-pk")
    return next((each for each in errors if is_retryable(each, ticket)), None)


def open_repairs(
    ticket: Ticket, *, task: TaskInstance | None = None, error: TicketError | None = None
) -> list[RepairPage]:
    """What can be done now about a ticket, from its page or that of its task or error.

    The ticket is fetched with its workflow instance.
    """
    return [page for page in _pages(ticket, task, error) if not page.refusal()]


def _pages(
    ticket: Ticket, task: TaskInstance | None, error: TicketError | None
) -> Iterator[RepairPage]:
    retryable = error or first_retryable(ticket)
    if retryable is not None and (task is None or retryable.task_id in (None, task.pk)):
        yield Retry(ticket, error=retryable, task=retryable.task)
    yield CorrectData(ticket)
    if task is not None:
        yield CorrectInput(ticket, task=task)
        yield CorrectOutput(ticket, task=task)
        yield Finish(ticket, task=task)
        yield Reassign(ticket, task=task)
    yield Resume(ticket)
    yield Hold(ticket)
    yield Cancel(ticket)
