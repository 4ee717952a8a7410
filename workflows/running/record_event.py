"""An event, put into a batch together with what the app above writes with it.

`WorkflowStateManager` does so with what it moves; this is for what changes tasks of many instances,
or writes into a history what changes nothing of the instance.
"""

from __future__ import annotations

from datetime import datetime

from tenants.fast.batch import Batch
from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.events.kind import EventKind
from workflows.running.through import with_through
from workflows.running.with_event import WITH_EVENT, Happened


def record_event(
    batch: Batch,
    kind: EventKind,
    *,
    instance_id: int,
    at: datetime,
    task: TaskInstance | None = None,
    data: JsonObject | None = None,
    by: User | None = None,
    workflow_id: int | None = None,
    caused_by: User | None = None,
) -> None:
    """Have an event written with the batch; `by` is who did it (None: the system).

    `caused_by` is whose doing made the system do it, as far as others are told of it; `workflow_id`
    is as in `Happened`.
    """
    data, causing = data or {}, by or caused_by
    batch.insert_values(
        WorkflowEvent,
        workflow_instance_id=instance_id,
        task_instance_id=None if task is None else task.pk,
        kind=str(kind),
        actor_id=None if by is None else by.pk,
        at=at,
        data=with_through(data, by),
    )
    happened = Happened(
        kind=kind,
        instance_id=instance_id,
        task=task,
        data=data,
        by_id=None if causing is None else causing.pk,
        workflow_id=workflow_id,
    )
    WITH_EVENT.call_all(batch, happened)
