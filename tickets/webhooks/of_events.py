"""What webhooks are told of the steps of a ticket: noted in the statement of the step itself.

No reason, no text and no answer stands in what is noted, and of people their numbers only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.utils import timezone

from tenants.fast.batch import Batch
from tenants.models import User
from tickets.models import Message
from tickets.models.ticket_error import ERROR_KEPT, TicketError
from tickets.webhooks import kinds
from tickets.webhooks.capture import note, note_with_batch
from tickets.webhooks.kinds import WebhookKind
from workflows.authoring.publishing.definition_changed import DEFINITION_CHANGED
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.models import TaskInstance, WorkflowDefinition
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_people.released import RELEASED
from workflows.running.events.of_repairs.changed import CHANGED
from workflows.running.events.of_repairs.error_resolved import ERROR_RESOLVED
from workflows.running.events.of_repairs.held import HELD
from workflows.running.events.of_repairs.resumed import RESUMED
from workflows.running.events.of_repairs.retried import RETRIED
from workflows.running.events.of_steps.completed import COMPLETED
from workflows.running.events.of_steps.moved import MOVED
from workflows.running.events.of_steps.started import STARTED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.events.of_steps.timed_out import TIMED_OUT
from workflows.running.events.of_talk.message_hidden import MESSAGE_HIDDEN
from workflows.running.events.of_tickets.cancelled import CANCELLED
from workflows.running.events.of_tickets.duplicate import DUPLICATE
from workflows.running.events.of_tickets.priority_changed import PRIORITY_CHANGED
from workflows.running.events.of_tickets.withdrawn import WITHDRAWN
from workflows.running.with_event import WITH_EVENT, Happened

# What is noted besides who did it and which task it was; None: nothing is.
type _Says = Callable[[Happened], JsonObject | None]


def _nothing_more(happened: Happened) -> JsonObject:
    return {}


def _data(*names: str) -> _Says:
    """These values of the event, which are neither texts of people nor answers."""

    def says(happened: Happened) -> JsonObject:
        return {name: happened.data[name] for name in names if name in happened.data}

    return says


def _next_tasks(happened: Happened) -> JsonObject | None:
    made = [each for each in objects_in(happened.data.get("made")) if "task" in each]
    if not made or happened.data.get("cleans_up"):
        return None
    tasks: list[Json] = [{"id": each["task"], "key": each.get("key")} for each in made]
    return {"next_tasks": tasks}


def _given_to(happened: Happened) -> JsonObject:
    return {"to": happened.data.get("to_id")}


def _ended_as(how: str) -> _Says:
    return lambda happened: {"how": how}


def _id_of(what: str, name: str) -> _Says:
    return lambda happened: {what: {"id": happened.data.get(name)}}


# By the events of the history: the kind, and what is said.
_OF_EVENTS: Final[dict[str, tuple[WebhookKind, _Says]]] = {}


def _tells(event: str, kind: WebhookKind, says: _Says = _nothing_more) -> None:
    _OF_EVENTS[event] = (kind, says)


_tells(STARTED, kinds.SUBMITTED)
_tells(MOVED, kinds.MOVED, _next_tasks)
_tells(COMPLETED, kinds.COMPLETED, _data("label", "outcome"))
_tells(CANCELLED, kinds.CANCELLED, _ended_as("cancelled"))
_tells(WITHDRAWN, kinds.CANCELLED, _ended_as("withdrawn"))
_tells(DUPLICATE, kinds.CANCELLED, _ended_as("duplicate"))
_tells(HELD, kinds.HELD)
_tells(RESUMED, kinds.RESUMED)
_tells(PRIORITY_CHANGED, kinds.PRIORITY_CHANGED, _data("old", "new"))
_tells(CHANGED, kinds.CORRECTED, _data("what"))
_tells(ASSIGNED, kinds.TASK_ASSIGNED, _given_to)
_tells(RELEASED, kinds.TASK_RELEASED)
_tells(TASK_COMPLETED, kinds.TASK_COMPLETED)
_tells(TIMED_OUT, kinds.TASK_TIMED_OUT)
_tells(MESSAGE_HIDDEN, kinds.MESSAGE_HIDDEN, _id_of("message", "message"))
_tells(RETRIED, kinds.RETRIED)
_tells(ERROR_RESOLVED, kinds.ERROR_RESOLVED, _id_of("error", "error_id"))


@WITH_EVENT.register
def note_with_event(batch: Batch, happened: Happened) -> None:
    kind, says = _OF_EVENTS.get(happened.kind, (None, _nothing_more))
    said = None if kind is None else says(happened)
    if kind is None or said is None:
        return
    about = {**said, **_task(happened.task), "by": happened.by_id}
    note_with_batch(
        batch,
        kind,
        instance_id=happened.instance_id,
        about=about,
        to_found=happened.gives_to_found and happened.kind == ASSIGNED,
    )


def _task(task: TaskInstance | None) -> JsonObject:
    if task is None:
        return {}
    definition = task.definition
    return {"task": {"id": task.pk, "key": definition.key, "title": definition.title}}


@ERROR_KEPT.register
def note_error(error: TicketError) -> None:
    about: JsonObject = {
        "error": {"id": error.pk, "type": error.error_type},
        **_task(error.task),
    }
    note(kinds.ERROR_RAISED, ticket=error.ticket, now=timezone.now(), about=about)


def note_message(message: Message) -> None:
    """A message that somebody has written; its text is read when it is sent, if at all."""
    about: JsonObject = {
        "message": {"id": message.pk, "visibility": message.visibility.lower()},
        "by": message.written_by_id,
    }
    note(kinds.MESSAGE_WRITTEN, ticket=message.ticket, now=message.written_at, about=about)


@DEFINITION_CHANGED.register
def note_definition(workflow: WorkflowDefinition, by: User | None) -> None:
    kind = kinds.DEFINITION_PUBLISHED if workflow.is_published else kinds.DEFINITION_RETIRED
    at = workflow.published_at if workflow.is_published else workflow.retired_at
    about: JsonObject = {
        "definition": {
            "key": workflow.key,
            "version": workflow.version,
            "title": workflow.title,
        },
        "by": None if by is None else by.pk,
    }
    note(kind, now=at or timezone.now(), about=about)
