"""What becomes of a task that is worked on: begun, done, in error, or due later."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.errors import OtherInstanceError, TaskNotWorkableError, WorkflowOnHoldError
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.running.events.of_people.offer_ended import OFFER_ENDED
from workflows.running.events.of_people.offered import OFFERED
from workflows.running.events.of_people.reminded import REMINDED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.events.of_steps.task_started import TASK_STARTED
from workflows.running.events.of_steps.times_moved import TIMES_MOVED
from workflows.running.looking_back.who_did import done_by
from workflows.running.state.failing import Failing
from workflows.running.state.outputs import OutputKeeper


class TaskChanger(OutputKeeper, Failing):
    """Changes a task on which somebody works."""

    def ensure_workable(self, task: TaskInstance) -> None:
        """For a task that is to be worked on or completed.

        Raises:
            TaskNotWorkableError: it has ended, or the workflow does not run.
            WorkflowOnHoldError: the workflow was put on hold.
        """
        if task.workflow_instance_id != self.instance.pk:
            raise OtherInstanceError
        alive = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING)
        if task.status not in alive:
            raise TaskNotWorkableError
        # What comes of a call that was made before the workflow was put on hold counts.
        if self.instance.status == WorkflowStatus.ON_HOLD and task.definition.is_form:
            raise WorkflowOnHoldError
        if self.instance.status not in (WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD):
            raise TaskNotWorkableError

    def start_task(self, task: TaskInstance) -> None:
        """Note that somebody works on the task, or that a call begins.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        if task.status == TaskStatus.IN_PROGRESS:
            return
        task.start(now=self.now)
        self._batch.update(task, "status", "started_at")
        self._record(TASK_STARTED, task=task)
        self._save()

    def complete_task(
        self, task: TaskInstance, *, output: JsonObject, by_contact: bool = False
    ) -> None:
        """Save a task's output, which the caller has validated; `advance` then moves on.

        `by_contact`: whoever was sent the task has answered it, from outside.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        self._complete(task, output=output, by_contact=by_contact)

    def _complete(
        self, task: TaskInstance, *, output: JsonObject, by_contact: bool = False
    ) -> None:
        self.positions.know(task)
        task.complete(output=output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {task.definition.key: output})
        self._done_now[task.definition.key] = done_by(self.actor, self.now)
        more: JsonObject = {"by_contact": True} if by_contact else {}
        self._record(TASK_COMPLETED, task=task, data={"output": output, **more})
        self._save_instance()

    def fail_task(self, task: TaskInstance, *, reason: str) -> None:
        """Put a task that could not be done into ERROR; the caller keeps a ticket error.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        self.positions.know(task)
        self._fail(task, data={"error": reason})

    def save_times(self, task: TaskInstance) -> None:
        """Let a task be due, or wait, until another time, as an answer says another date now."""
        self._batch.update(task, "due_at", "waits_until")
        times = {"due": task.due_at, "until": task.waits_until}
        said: JsonObject = {name: at.isoformat() for name, at in times.items() if at is not None}
        self._record(TIMES_MOVED, task=task, data=said)
        self._save()

    def remind(
        self,
        task: TaskInstance,
        *,
        data: JsonObject,
        adds: int | None,
        adds_person: int | None = None,
    ) -> None:
        """Note that people were reminded of a task that waits, or told that it does.

        `adds` is the number of the company role whose members may do it as well from now on,
        `adds_person` that of a person who may.
        """
        if adds is not None:
            task.added_roles = sorted({*(task.added_roles or ()), adds})
            self._batch.update(task, "added_roles")
        if adds_person is not None:
            task.added_people = sorted({*(task.added_people or ()), adds_person})
            self._batch.update(task, "added_people")
        self._record(REMINDED, task=task, data=data)
        self._save()

    def offer(self, task: TaskInstance, *, data: JsonObject) -> None:
        """Note that an assistant may do a task, for whoever has it."""
        self._record(OFFERED, task=task, data=data)
        self._save()

    def end_offer(self, task: TaskInstance, *, data: JsonObject) -> None:
        """Note that an assistant is not at a task any more, which stays as it is."""
        self._record(OFFER_ENDED, task=task, data=data)
        self._save()
