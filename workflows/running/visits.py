"""How often a ticket comes to a task, and the bound that a process in circles meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from workflows.engine.decide import Decision
from workflows.models import Path, TaskInstance, TaskStatus, WorkflowInstance
from workflows.running.definition_cache import definition_of
from workflows.running.keys_now import KeyNow


def count_visits(instance: WorkflowInstance, outwards: Collection[Path] = ()) -> Counter[str]:
    """How often each task was begun, by its key now; those that were cancelled count, too.

    `outwards` are the paths from a branch to the main one: of other branches nothing counts.
    """
    tasks = TaskInstance.objects.filter(workflow_instance=instance)
    if outwards:
        tasks = tasks.filter(Q(path=None) | Q(path__in=[each.pk for each in outwards]))
    definitions = tasks.values("definition_id", "definition__key", "definition__workflow_id")
    rows = list(definitions.annotate(count=Count("pk"), one=Min("pk")).order_by())
    older = [row["one"] for row in rows if row["definition__workflow_id"] != instance.workflow_id]
    keys: dict[int, str] = {}
    if older:  # the instance was moved, and tasks may be called something else now
        keys.update(tasks.filter(pk__in=older).values_list("pk", KeyNow()))
    counted: Counter[str] = Counter()
    for row in rows:
        counted[keys.get(row["one"], row["definition__key"])] += row["count"]
    return counted


def bounded(
    decision: Decision,
    instance: WorkflowInstance,
    ended_task: TaskInstance | None,
    *,
    outwards: Collection[Path] = (),
    write: Callable[[], None] | None = None,
) -> Decision:
    """The decision; an error in its place where the ticket has gone in circles for too long.

    The tasks are counted only where the next one may have been there before: whatever was done has
    an output, and what is left undone has none. `outwards` are the paths from a branch to the main
    one; `write` writes what was made and is not in the database yet.
    """
    if ended_task is None or not decision.next_tasks:
        return decision
    was_done = ended_task.status == TaskStatus.COMPLETED
    outputs = next((each.data for each in outwards), instance.data)
    if was_done and not any(key in outputs for key in decision.next_tasks):
        return decision
    if write is not None:
        write()
    visits = count_visits(instance, outwards)
    often = [key for key in decision.next_tasks if visits[key] >= settings.TICKET_MOST_VISITS]
    if often:
        error = _(
            "The ticket has come to the task “%(task)s” %(count)d times, which is the limit: its "
            "workflow goes in circles. Correct the data that its conditions read, and try again, "
            "or cancel the ticket. (Whoever runs TicketFlower can raise TICKET_MOST_VISITS.)"
        ) % {
            "task": definition_of(instance.workflow_id).tasks[often[0]].title,
            "count": settings.TICKET_MOST_VISITS,
        }
    elif _tasks_of(instance, visits, outwards) >= settings.TICKET_MOST_TASKS:
        error = _(
            "The ticket has had %(count)d tasks, which is the limit: its workflow goes in circles. "
            "Correct the data that its conditions read, and try again, or cancel the ticket. "
            "(Whoever runs TicketFlower can raise TICKET_MOST_TASKS.)"
        ) % {"count": settings.TICKET_MOST_TASKS}
    else:
        return decision
    return replace(decision, next_tasks=(), error=error)


def _tasks_of(instance: WorkflowInstance, visits: Counter[str], outwards: Collection[Path]) -> int:
    """All tasks that the ticket has had, those of other branches too."""
    if not outwards:
        return sum(visits.values())
    return TaskInstance.objects.filter(workflow_instance=instance).count()
