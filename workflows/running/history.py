"""What the history alone says of a workflow instance.

Every change of an instance writes its event in the same transaction, so that replaying the
events must give the stored state: what checks that nothing went past the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from workflows.errors import HistoryError
from workflows.models import Path, TaskInstance, WorkflowEvent, WorkflowInstance
from workflows.running.events.kind import kind_named
from workflows.running.events.state import PathState, State, TaskState

# How many are read at a time: one may hold two versions of all that a form takes.
EVENTS = 200


def replay(events: Iterable[WorkflowEvent]) -> State:
    """The state that the events of one instance lead to, oldest first.

    Raises:
        HistoryError: the events are not the whole history.
    """
    state = State()
    for event in events:
        try:
            kind_named(event.kind).rules.effect(state, event)
        # Its data is not what it must be.
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HistoryError from error
    return state


def replay_all(instances: Sequence[WorkflowInstance]) -> dict[int, State | HistoryError]:
    """The state to which the history of each instance leads, by its id; one query for all."""
    events = WorkflowEvent.objects.filter(workflow_instance__in=instances).defer("seals")
    replayed: dict[int, State | HistoryError] = {each.pk: State() for each in instances}
    of_instance = groupby(
        events.order_by("workflow_instance", "pk").iterator(chunk_size=EVENTS),
        key=lambda event: event.workflow_instance_id,
    )
    for pk, its_events in of_instance:
        try:
            replayed[pk] = replay(its_events)
        except HistoryError as error:
            replayed[pk] = error
    return replayed


def stored_state(instance: WorkflowInstance) -> State:
    """The same of the instance as it is stored, for comparing."""
    return stored_states([instance])[instance.pk]


def stored_states(instances: Sequence[WorkflowInstance]) -> dict[int, State]:
    """`stored_state` of each, by its id; one query for all. Fetch them with their workflow.

    A second query where there are branches.
    """
    states = {
        instance.pk: State(
            status=str(instance.status),
            version=instance.workflow.version if instance.started_at is not None else None,
            current_task=instance.current_task_id,
            end_label=instance.end_label,
            outcome=instance.outcome,
            data=instance.data,
        )
        for instance in instances
    }
    tasks = TaskInstance.objects.filter(workflow_instance__in=instances)
    columns = ("workflow_instance", "pk", "definition__key", "status", "assigned_to", "path")
    in_branches = set()
    for instance_id, pk, key, status, assigned_to, path in tasks.values_list(*columns):
        states[instance_id].tasks[pk] = TaskState(key, status, assigned_to, path)
        if path is not None:
            in_branches.add(instance_id)
    paths = Path.objects.filter(workflow_instance__in=in_branches) if in_branches else ()
    for each in paths:
        states[each.workflow_instance_id].paths[each.pk] = PathState(
            block=each.block_task_id,
            branch=each.branch,
            number=each.number,
            item=each.item,
            status=str(each.status),
            current_task=each.current_task_id,
            end_label=each.end_label,
            outcome=each.outcome,
            data=each.data,
        )
    return states
