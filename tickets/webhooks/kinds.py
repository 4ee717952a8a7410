"""The kinds of events that webhooks tell of, each declared once.

What is said of an event besides the ticket stands in `about`; docs/webhooks.md says it to whoever
receives it. A key stays what it is: other systems know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from tickets.models.webhook import TEST_EVENT
from workflows.models import WorkflowStatus

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Subject(StrEnum):
    """What a kind of event is about."""

    TICKET = "ticket"
    TASK = "task"
    MESSAGE = "message"
    ERROR = "error"
    DEFINITION = "definition"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class WebhookKind:
    """`title` is what it is called, `when` says when it comes.

    `status` is the one that the ticket has by it; None: the one that it has when it is sent.
    """

    key: str
    title: StrPromise
    when: StrPromise
    status: WorkflowStatus | None = None

    @property
    def subject(self) -> Subject:
        return Subject(self.key.partition(".")[0])


SUBMITTED: Final = WebhookKind(
    "ticket.submitted",
    _("Ticket submitted"),
    _("A ticket was submitted, and its workflow has started."),
    WorkflowStatus.IN_PROGRESS,
)
MOVED: Final = WebhookKind(
    "ticket.moved",
    _("Ticket moved on"),
    _("The workflow has moved on to its next tasks."),
    WorkflowStatus.IN_PROGRESS,
)
COMPLETED: Final = WebhookKind(
    "ticket.completed",
    _("Ticket completed"),
    _("The workflow has come to an end."),
    WorkflowStatus.COMPLETED,
)
CANCELLED: Final = WebhookKind(
    "ticket.cancelled",
    _("Ticket cancelled"),
    _("The ticket was cancelled, withdrawn, or closed as a duplicate."),
    WorkflowStatus.CANCELLED,
)
HELD: Final = WebhookKind(
    "ticket.held",
    _("Ticket put on hold"),
    _("A ticket admin has put the ticket on hold."),
    WorkflowStatus.ON_HOLD,
)
RESUMED: Final = WebhookKind(
    "ticket.resumed",
    _("Ticket goes on"),
    _("A ticket that was on hold goes on."),
    WorkflowStatus.IN_PROGRESS,
)
PRIORITY_CHANGED: Final = WebhookKind(
    "ticket.priority_changed",
    _("Priority changed"),
    _("Somebody has changed the priority of the ticket."),
)
CORRECTED: Final = WebhookKind(
    "ticket.corrected",
    _("Answers changed"),
    _("What was submitted, or what came of a task, was corrected or changed."),
)
RETRIED: Final = WebhookKind(
    "ticket.retried",
    _("Step tried again"),
    _("A ticket admin has a step tried again that went wrong."),
)
TASK_ASSIGNED: Final = WebhookKind(
    "task.assigned",
    _("Task assigned"),
    _("A task was given to somebody, or somebody has taken it."),
)
TASK_RELEASED: Final = WebhookKind(
    "task.released",
    _("Task given back"),
    _("A task was given back, or taken away, and waits for somebody."),
)
TASK_COMPLETED: Final = WebhookKind(
    "task.completed",
    _("Task completed"),
    _("Somebody has completed a task, or a call to another system was answered."),
)
TASK_TIMED_OUT: Final = WebhookKind(
    "task.timed_out",
    _("Task not done in time"),
    _("A task was not done in time, and was left."),
)
MESSAGE_WRITTEN: Final = WebhookKind(
    "message.written",
    _("Message written"),
    _("Somebody has written a message or an internal note on a ticket."),
)
MESSAGE_HIDDEN: Final = WebhookKind(
    "message.hidden",
    _("Message hidden"),
    _("A ticket admin has hidden a message."),
)
ERROR_RAISED: Final = WebhookKind(
    "error.raised",
    _("Error raised"),
    _("Something went wrong with a ticket, and a ticket admin is needed."),
)
ERROR_RESOLVED: Final = WebhookKind(
    "error.resolved",
    _("Error noted as resolved"),
    _("A ticket admin has noted an error as resolved."),
)
DEFINITION_PUBLISHED: Final = WebhookKind(
    "definition.published",
    _("Workflow published"),
    _("A version of a workflow was published."),
)
DEFINITION_RETIRED: Final = WebhookKind(
    "definition.retired",
    _("Workflow retired"),
    _("A workflow was retired: its ticket types are not offered any more."),
)
# Not to be chosen: it is sent when somebody asks for it.
TEST: Final = WebhookKind(TEST_EVENT, _("Test"), _("Somebody has sent a test."))

WEBHOOK_KINDS: Final[dict[str, WebhookKind]] = {
    each.key: each
    for each in (
        SUBMITTED,
        MOVED,
        COMPLETED,
        CANCELLED,
        HELD,
        RESUMED,
        PRIORITY_CHANGED,
        CORRECTED,
        RETRIED,
        TASK_ASSIGNED,
        TASK_RELEASED,
        TASK_COMPLETED,
        TASK_TIMED_OUT,
        MESSAGE_WRITTEN,
        MESSAGE_HIDDEN,
        ERROR_RAISED,
        ERROR_RESOLVED,
        DEFINITION_PUBLISHED,
        DEFINITION_RETIRED,
    )
}


def title_of(key: str) -> str:
    """What people read of a kind; its key, where a newer program has written it."""
    if key == TEST.key:
        return str(TEST.title)
    found = WEBHOOK_KINDS.get(key)
    return key if found is None else str(found.title)
