"""What the history alone says of a workflow instance.

Every change of an instance writes its event in the same transaction, so that replaying the
events must give the stored state: what checks that nothing went past the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from workflows.engine.process import JsonObject
from workflows.errors import HistoryError
from workflows.models import (
    EventKind,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.models.task_instance import UNFINISHED


@dataclass(slots=True)
class TaskState:
    """A task instance, as far as its history tells."""

    key: str
    status: str = TaskStatus.PENDING.value
    assigned_to: int | None = None


@dataclass(slots=True)
class State:
    """A workflow instance, as far as its history tells. `tasks` is {task instance id: state}.

    `version` is that of the workflow, once it has started.
    """

    status: str = WorkflowStatus.NOT_STARTED.value
    version: int | None = None
    current_task: int | None = None
    end_label: str = ""
    data: JsonObject = field(default_factory=dict)
    tasks: dict[int, TaskState] = field(default_factory=dict)

    def task_of(self, event: WorkflowEvent) -> TaskState:
        """Raises HistoryError."""
        task = self.tasks.get(event.task_instance_id or 0)
        if task is None:
            raise HistoryError
        return task


def replay(events: Iterable[WorkflowEvent]) -> State:
    """The state that the events of one instance lead to, oldest first.

    Raises:
        HistoryError: the events are not the whole history.
    """
    state = State()
    for event in events:
        try:
            apply = _EFFECTS.get(EventKind(event.kind))
            if apply is not None:
                apply(state, event)
        # An unknown kind, or one whose data is not what it must be.
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HistoryError from error
    return state


def replay_all(instances: Sequence[WorkflowInstance]) -> dict[int, State | HistoryError]:
    """The state that the history of each instance tells, by its id; one query for all."""
    events = WorkflowEvent.objects.filter(workflow_instance__in=instances)
    told: dict[int, State | HistoryError] = {instance.pk: State() for instance in instances}
    of_instance = groupby(
        events.order_by("workflow_instance", "pk").iterator(chunk_size=1_000),
        key=lambda event: event.workflow_instance_id,
    )
    for pk, its_events in of_instance:
        try:
            told[pk] = replay(its_events)
        except HistoryError as error:
            told[pk] = error
    return told


def stored_state(instance: WorkflowInstance) -> State:
    """The same of the instance as it is stored, for comparing."""
    return stored_states([instance])[instance.pk]


def stored_states(instances: Sequence[WorkflowInstance]) -> dict[int, State]:
    """`stored_state` of each, by its id; one query for all. Fetch them with their workflow."""
    states = {
        instance.pk: State(
            status=str(instance.status),
            version=instance.workflow.version if instance.started_at is not None else None,
            current_task=instance.current_task_id,
            end_label=instance.end_label,
            data=instance.data,
        )
        for instance in instances
    }
    tasks = TaskInstance.objects.filter(workflow_instance__in=instances)
    columns = ("workflow_instance", "pk", "definition__key", "status", "assigned_to")
    for instance_id, pk, key, status, assigned_to in tasks.values_list(*columns):
        states[instance_id].tasks[pk] = TaskState(key, status=status, assigned_to=assigned_to)
    return states


def _started(state: State, event: WorkflowEvent) -> None:
    state.status = WorkflowStatus.IN_PROGRESS.value
    state.version = event.data.get("version")


def _version_changed(state: State, event: WorkflowEvent) -> None:
    if state.version is None:  # the version that it starts on is told by the start
        return
    if state.version != event.data["from"]:
        raise HistoryError
    state.version = event.data["to"]


def _moved(state: State, event: WorkflowEvent) -> None:
    made = event.data.get("made", [])
    for each in made:
        state.tasks[each["task"]] = TaskState(key=each["key"])
        state.current_task = each["task"]
    if not made and not event.data.get("is_end"):
        raise HistoryError


def _assigned(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status, task.assigned_to = TaskStatus.OPEN.value, event.data["to_id"]


def _released(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status, task.assigned_to = TaskStatus.PENDING.value, None


def _task_completed(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.data[task.key] = event.data["output"]


def _failed(state: State, event: WorkflowEvent) -> None:
    if event.task_instance_id is not None:
        state.task_of(event).status = TaskStatus.ERROR.value


def _retried(state: State, event: WorkflowEvent) -> None:
    if event.task_instance_id is not None:
        state.task_of(event).status = event.data["status"]


def _changed(state: State, event: WorkflowEvent) -> None:
    if event.data.get("what") == "output":
        state.data[state.task_of(event).key] = event.data["new"]


def _cancelled(state: State, event: WorkflowEvent) -> None:
    state.status = WorkflowStatus.CANCELLED.value
    for task in state.tasks.values():
        if task.status in UNFINISHED:
            task.status = TaskStatus.CANCELLED.value


def _completed(state: State, event: WorkflowEvent) -> None:
    state.status, state.end_label = WorkflowStatus.COMPLETED.value, event.data.get("label", "")


def _becomes(status: WorkflowStatus) -> Callable[[State, WorkflowEvent], None]:
    def apply(state: State, event: WorkflowEvent) -> None:
        state.status = status.value

    return apply


def _task_becomes(status: TaskStatus) -> Callable[[State, WorkflowEvent], None]:
    def apply(state: State, event: WorkflowEvent) -> None:
        state.task_of(event).status = status.value

    return apply


_EFFECTS: Mapping[EventKind, Callable[[State, WorkflowEvent], None]] = {
    EventKind.STARTED: _started,
    EventKind.VERSION_CHANGED: _version_changed,
    EventKind.MOVED: _moved,
    EventKind.ASSIGNED: _assigned,
    EventKind.RELEASED: _released,
    EventKind.TASK_STARTED: _task_becomes(TaskStatus.IN_PROGRESS),
    EventKind.CALLED: _task_becomes(TaskStatus.IN_PROGRESS),
    EventKind.ACCEPTED: _task_becomes(TaskStatus.PENDING),
    EventKind.TASK_COMPLETED: _task_completed,
    EventKind.FAILED: _failed,
    EventKind.RETRIED: _retried,
    EventKind.CHANGED: _changed,
    EventKind.HELD: _becomes(WorkflowStatus.ON_HOLD),
    EventKind.RESUMED: _becomes(WorkflowStatus.IN_PROGRESS),
    EventKind.TIMED_OUT: _task_becomes(TaskStatus.CANCELLED),
    EventKind.CANCELLED: _cancelled,
    EventKind.COMPLETED: _completed,
}
