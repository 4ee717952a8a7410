"""What the app above writes with an event: in its batch, so that a step costs no statement more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tenants.fast.batch import Batch
from tenants.hooks import Hook
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.events.kind import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What an event says, before it is written. `by_id` is who caused it (None: the system).

    `workflow_id` is the version that the instance runs on, which may be another than that of
    `task`, an earlier visit; None where a task is only given to somebody.
    `started_by_id` is the task of another instance that has started this one, as a sub-ticket.
    `gives_to_found`: the task is given to whom the batch finds when it is written, if anybody;
    the data says nothing of it yet. A statement that is added to the batch may read FOUND.
    Of a block that has ended: `brought` are the outputs that are read on its path from then on, and
    `last_tasks` those at which its branches stood, as they are.
    """

    kind: EventKind
    instance_id: int
    task: TaskInstance | None = None
    data: JsonObject = field(default_factory=dict)
    by_id: int | None = None
    workflow_id: int | None = None
    started_by_id: int | None = None
    gives_to_found: bool = False
    brought: JsonObject = field(default_factory=dict)
    last_tasks: Sequence[TaskInstance] = ()


# An app above registers its functions while it starts.
WITH_EVENT: Hook[[Batch, Happened], None] = Hook()
