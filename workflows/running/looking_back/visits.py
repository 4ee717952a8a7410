"""How often a ticket comes to a task, and the bound that a process in circles meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from workflows.engine.decide import Decision
from workflows.models import Path, TaskInstance, TaskStatus, WorkflowInstance
from workflows.running.definition_cache import definition_of
from workflows.running.looking_back.keys_now import KeyNow


def count_visits(
    instance: WorkflowInstance,
    outwards: Collection[Path] = (),
    *,
    without: Collection[TaskInstance] = (),
) -> Counter[str]:
    """How often each task was begun, by its key now; those that were cancelled count, too.

    `outwards` are the paths from a branch to the main one: of other branches nothing counts.
    `without` are tasks that are left out.
    """
    tasks = TaskInstance.objects.filter(workflow_instance=instance)
    if without:
        tasks = tasks.exclude(pk__in=[task.pk for task in without])
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


class Visits:
    """The same of an instance, also of tasks that are not written yet.

    They are counted once, and only if somebody asks.
    """

    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance
        self._made: list[TaskInstance] = []
        self._counted: dict[tuple[int, ...], Counter[str]] = {}

    def add(self, task: TaskInstance) -> None:
        """A task was made, which will be written."""
        self._made.append(task)
        for paths, counted in self._counted.items():
            if _is_on(task, paths):
                counted[task.definition.key] += 1

    @property
    def made(self) -> int:
        """How many tasks were made that are not counted in the database yet."""
        return len(self._made)

    def forget(self) -> None:
        """Something else may have been written since."""
        self._counted.clear()

    def counted(self, outwards: Collection[Path] = ()) -> Counter[str]:
        """How often each task was begun, on these paths: see `count_visits`."""
        paths = tuple(each.pk for each in outwards)
        if paths not in self._counted:
            found = count_visits(self._instance, outwards, without=self._made)
            found.update(task.definition.key for task in self._made if _is_on(task, paths))
            self._counted[paths] = found
        return self._counted[paths]


def _is_on(task: TaskInstance, paths: tuple[int, ...]) -> bool:
    return not paths or task.path_id is None or task.path_id in paths


def bounded(
    decision: Decision,
    instance: WorkflowInstance,
    ended_task: TaskInstance | None,
    counting: Visits,
    *,
    outwards: Collection[Path] = (),
) -> Decision:
    """The decision; an error in its place where the ticket has gone in circles for too long.

    The tasks are counted only where the next one may have been there before: whatever was done has
    an output, and what is left undone has none. `outwards` are the paths from a branch to the main
    one.
    """
    if ended_task is None or not decision.next_tasks:
        return decision
    was_done = ended_task.status == TaskStatus.COMPLETED
    outputs = next((each.data for each in outwards), instance.data)
    if was_done and not any(key in outputs for key in decision.next_tasks):
        return decision
    visits = counting.counted(outwards)
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
