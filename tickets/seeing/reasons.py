"""Why a ticket ended before its time, and why somebody was given a task."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tenants.models import User
from tickets.models import Ticket
from tickets.seeing.viewer import Viewer
from workflows.engine.process import Json
from workflows.fields.field import SeenBy
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_tickets.cancelled import CANCELLED
from workflows.running.events.of_tickets.duplicate import DUPLICATE
from workflows.running.events.of_tickets.withdrawn import WITHDRAWN


@dataclass(frozen=True, slots=True)
class Handover:
    """Who gave a task to its worker, and why."""

    by: User | None
    reason: str


# The kinds of events that end a ticket before its time.
ENDINGS: Final = (str(CANCELLED), str(DUPLICATE), str(WITHDRAWN))


def cancel_reason(ticket: Ticket, *, viewer: Viewer) -> str:
    """The reason for which the ticket was cancelled; empty where there is none to be seen.

    The requester sees it where whoever wrote it was told so: older ones are the team's. One query
    where the ticket is cancelled, else none.
    """
    if viewer is Viewer.NOBODY or not ticket.is_cancelled:
        return ""
    events = WorkflowEvent.objects.filter(
        workflow_instance=ticket.workflow_instance_id, kind__in=ENDINGS
    )
    for data in events.values_list("data", flat=True)[:1]:
        is_told = isinstance(data, dict) and data.get("seen_by") == SeenBy.REQUESTER
        if isinstance(data, dict) and (is_told or viewer is Viewer.TEAM):
            return str(data.get("reason") or "")
    return ""


def cancel_reasons(instances: Collection[int]) -> list[tuple[int, Json]]:
    """What was said when these workflow instances were cancelled, and who may see it."""
    events = WorkflowEvent.objects.filter(workflow_instance__in=instances, kind__in=ENDINGS)
    return list(events.values_list("workflow_instance_id", "data"))


def handover_of(task: TaskInstance, *, to: User) -> Handover | None:
    """Why this person was given the task that they have; None where nobody said why.

    For nobody else: the reason is not the requester's. One query where they have the task.
    """
    if task.assigned_to_id != to.pk:
        return None
    given = WorkflowEvent.objects.filter(
        workflow_instance=task.workflow_instance_id, task_instance=task.pk, kind=ASSIGNED
    )
    event = given.select_related("actor").order_by("-pk").first()
    if event is None or not isinstance(event.data, dict) or event.data.get("to_id") != to.pk:
        return None
    reason = str(event.data.get("reason") or "")
    return Handover(event.actor, reason) if reason else None
