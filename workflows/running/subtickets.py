"""What sub-tickets do to the instances around them: to the one that starts, and to the other."""

from __future__ import annotations

from typing import Any

from workflows.engine.process import JsonObject
from workflows.engine.steps.subtickets import knows_outcome
from workflows.models import (
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.models.workflow_instance import ENDED
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_repairs.retried import RETRIED
from workflows.running.events.of_tickets.started_by import STARTED_BY
from workflows.running.events.of_tickets.subticket_ended import SUBTICKET_ENDED
from workflows.running.events.of_tickets.subticket_started import SUBTICKET_STARTED
from workflows.running.looking_back.who_did import done_by
from workflows.running.workflow_repair import WorkflowRepair


class SubticketManager(WorkflowRepair):
    """The state manager of an instance that has a step which starts another, or is that other.

    Never of both at once: a transaction locks one of them.
    """

    # Of the instance that has the step

    def is_at(self, task: TaskInstance) -> bool:
        """Whether the instance stands at a step that has not ended, whoever it waits for."""
        self.positions.know(task)
        return task.is_alive and self.positions.is_current(task)

    def note_started(self, task: TaskInstance, *, ticket: int, called: str) -> None:
        """Note that the step has started the ticket of this number.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        task.start(now=self.now)
        self._batch.update(task, "status", "started_at")
        data: JsonObject = {"ticket": ticket, "called": called}
        if not task.definition.wait_for_end:
            data["waits"] = False
        self._record(SUBTICKET_STARTED, task=task, data=data)
        self._save()

    def end_step(self, task: TaskInstance, *, output: JsonObject, ticket: int, called: str) -> None:
        """Complete the step with what came of its ticket; the caller advances.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        self.positions.know(task)
        task.complete(output=output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {task.definition.key: output})
        self._done_now[task.definition.key] = done_by(None, self.now)
        data: JsonObject = {"output": output, "ticket": ticket, "called": called}
        if output.get("label"):
            data["label"] = output["label"]
        self._record(SUBTICKET_ENDED, task=task, data=data)
        self._save_instance()

    def takes_cancelled(self, task: TaskInstance) -> bool:
        """Whether the step may end with a ticket that was cancelled: see `knows_outcome`.

        Not where there is a way for its failure: that is what is meant then.
        """
        if self.has_failure_ways(task):
            return False
        process = definition_of(self.instance.workflow_id).process
        return knows_outcome(process, task.definition.key)

    # Of the instance that was started

    def set_started_by(self, task: TaskInstance, *, ticket: int, called: str) -> None:
        """Say which step of which ticket has started this instance, before it begins.

        Raises:
            IntegrityError: the step has started another one.
        """
        self.instance.started_by = task
        self._batch.update(self.instance, "started_by")
        data: JsonObject = {"ticket": ticket, "called": called, "step": task.definition.title}
        self._record(STARTED_BY, data=data)
        self._save_instance()


def subticket_of(task_id: int) -> Any:
    """The instance that a step has started; None: there is none. Not locked."""
    return WorkflowInstance.objects.filter(started_by=task_id).select_related("ticket").first()


def forget_given_up(task_id: int) -> None:
    """Have a step that is tried again start another ticket in the place of a cancelled one.

    And of one that has ended, where the step starts tickets of another type now: its ticket was
    moved to another version. The old one stays what it is, and the history names it. Else one that
    runs, or has come to its end, is what the step waits for; as one that has ended only after
    somebody tried again.

    It writes to the instance that was started: call it outside of any transaction that has locked
    the one with the step.
    """
    other = subticket_of(task_id)
    if other is None or other.status not in ENDED:
        return
    task = TaskInstance.objects.select_related("definition").get(pk=task_id)
    is_wanted = other.ticket.definition.key == task.definition.ticket_type
    if not is_waiting_to_start(task) or (is_wanted and other.status != WorkflowStatus.CANCELLED):
        return
    events = WorkflowEvent.objects.filter(task_instance=task, kind=RETRIED)
    if events.filter(at__gte=other.completed_at).exists():
        WorkflowInstance.objects.filter(pk=other.pk, started_by=task).update(started_by=None)


def depth_of(instance: WorkflowInstance, *, most: int) -> int:
    """How many tickets stand above one: 0 where no ticket has started it. A query for each.

    Counted up to `most`: what an archive claims may go round in a circle.
    """
    depth, started_by = 0, instance.started_by_id
    while started_by is not None and depth < most:
        depth += 1
        above = WorkflowInstance.objects.filter(tasks__pk=started_by)
        started_by = above.values_list("started_by", flat=True).first()
    return depth


def count_started(instance: WorkflowInstance) -> int:
    """How many tickets the steps of an instance have started."""
    return WorkflowInstance.objects.filter(started_by__workflow_instance=instance).count()


def is_waiting_to_start(task: TaskInstance) -> bool:
    """Whether the ticket of a step is still to be started, or to be noted."""
    return bool(task.status == TaskStatus.PENDING)
