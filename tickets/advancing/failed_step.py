"""A step that failed in a way that nobody has foreseen: what of it, and what to look at."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Final

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from tickets.models import ErrorType, Ticket
from workflows.engine.problems import quoted
from workflows.models import CompanyRole, TaskDefinition, TaskInstance
from workflows.running.state_manager import WorkflowStateManager
from workflows.running.step_part import StepPart

# The database cannot be reached, or has no room: it says nothing about the ticket.
UNREACHABLE: Final = (OperationalError, InterfaceError)
LONGEST_REASON = 300

ERROR_TYPES: Final = {
    StepPart.INSTANCE: ErrorType.WORKFLOW_CREATION,
    StepPart.DECISION: ErrorType.WORKFLOW_TRANSITION,
    StepPart.TASK: ErrorType.TASK_CREATION,
    StepPart.MOVE: ErrorType.WORKFLOW_TRANSITION,
    StepPart.ASSIGNMENT: ErrorType.WORKFLOW_TRANSITION,
    StepPart.END: ErrorType.WORKFLOW_TRANSITION,
}


@dataclass(frozen=True, slots=True)
class FailedStep:
    """What a ticket error says of it. `message` is for a ticket admin, `trace` for a developer."""

    part: StepPart
    message: str
    trace: str

    @classmethod
    def of(
        cls,
        error: Exception,
        ticket: Ticket,
        manager: WorkflowStateManager | None,
        *,
        left: TaskInstance | None = None,
    ) -> FailedStep:
        """`manager` is what tried the step, in parts; None: there is no workflow instance yet.

        `left` is the task that was to be left.
        """
        part = StepPart.INSTANCE if manager is None else manager.part
        following = None if manager is None else manager.next_definition
        message = _what_to_look_at(part, ticket, left, following)
        return cls(part, with_reason(message, error), _trace_of(error))

    @property
    def error_type(self) -> ErrorType:
        return ERROR_TYPES[self.part]

    def is_without_instance(self, ticket: Ticket) -> bool:
        """Whether there is not even a workflow instance that could be noted as failed."""
        return self.part is StepPart.INSTANCE and ticket.workflow_instance_id is None


def _what_to_look_at(
    part: StepPart, ticket: Ticket, left: TaskInstance | None, following: TaskDefinition | None
) -> str:
    words = {
        "workflow": str(ticket.workflow),
        "left": _("the start") if left is None else quoted(left.definition.title),
        "task": "" if following is None else following.title,
        "role": "" if following is None else _role_of(following),
    }
    return _sentence(part, has_role=bool(words["role"])) % words


def _role_of(task: TaskDefinition) -> str:
    roles = CompanyRole.objects.filter(pk=task.candidate_role_id or 0)
    return roles.values_list("name", flat=True).first() or ""


def _sentence(part: StepPart, *, has_role: bool) -> str:
    match part:
        case StepPart.INSTANCE:
            return _(
                "The workflow “%(workflow)s” could not be started: its state could not be saved."
            )
        case StepPart.DECISION:
            return _(
                "It could not be decided where the ticket goes from %(left)s. Look at the"
                " transitions that lead on from there, and at the data that their conditions read."
            )
        case StepPart.TASK:
            return _(
                "The task “%(task)s” could not be made. Look at its definition: when it is due,"
                " after what time it is left, and what it calls."
            )
        case StepPart.MOVE:
            return _("The ticket could not move on from %(left)s.")
        case StepPart.ASSIGNMENT:
            if has_role:
                return _(
                    "“%(task)s” could not be given to anybody. Look at the company role “%(role)s”"
                    " and at the task workers in it."
                )
            return _("“%(task)s” could not be given to anybody. Look at the task workers.")
        case StepPart.END:
            return _("The ticket could not be ended after %(left)s.")


def with_reason(message: str, error: Exception) -> str:
    """The message, with what refused and why, and with whom to ask."""
    words = {"message": message, "reason": reason_of(error)}
    if isinstance(error, DatabaseError):
        return (
            _(
                "%(message)s The database refused it: “%(reason)s”. Ask whoever looks after the"
                " database what was changed there, and try again when it is fixed."
            )
            % words
        )
    return (
        _(
            "%(message)s The program met a fault: “%(reason)s”. Give the trace to whoever looks"
            " after TicketFlower, and try again when it is fixed."
        )
        % words
    )


def reason_of(error: BaseException) -> str:
    """The first line of what the database says, or the kind of an error and what it says."""
    first = next(iter(str(error).strip().splitlines()), "").rstrip(" .")
    if not isinstance(error, DatabaseError) or not first:
        first = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return first if len(first) <= LONGEST_REASON else f"{first[:LONGEST_REASON]}…"


def _trace_of(error: Exception) -> str:
    return "".join(traceback.format_exception(error))
