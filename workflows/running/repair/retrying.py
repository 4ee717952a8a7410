"""What has failed is tried again."""

from __future__ import annotations

from collections.abc import Callable

from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.errors import NothingToRetryError
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.running.events.of_repairs.retried import RETRIED
from workflows.running.people.candidates import may_have
from workflows.running.repair.guards import WAITS_OR_WORKED
from workflows.running.repair.handing_on import HandingOn


class Retrying(HandingOn):
    """Tries again what has failed, or goes on in its place."""

    def retry_start(self, *, reason: str) -> None:
        """Note that the start, or what follows of a cancel, is tried again; the caller advances.

        Raises:
            NothingToRetryError: the workflow has started in the meantime.
            WorkflowEndedError: it was cancelled.
        """
        self.ensure_running()
        is_to_start = self.instance.status == WorkflowStatus.NOT_STARTED
        if not (is_to_start or self.instance.is_to_clean_up):
            raise NothingToRetryError
        self._record(RETRIED, data={"reason": reason})
        self._save()

    def retry_transition(self, task: TaskInstance, *, reason: str) -> None:
        """The task's output stands, and the next transition is decided again; the caller advances.

        Raises:
            NothingToRetryError: the task is not in ERROR (any more), or has no output.
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
        """
        self._ensure_failed(task)
        if task.output_data is None:
            raise NothingToRetryError
        task.retry_transition()
        self._save_retried(task, reason=reason)

    def retry_task(self, task: TaskInstance, *, reason: str) -> None:
        """Do the task again: the caller defers an action's call. A form goes to whoever had it.

        Raises:
            NothingToRetryError: the task is not in ERROR (any more).
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
        """
        self._ensure_failed(task)
        had_it = task.assigned_to
        task.retry()
        task.completed_at = None
        if task.definition.is_block and self.positions.of_block(task):
            task.start(now=self.now)  # its branches go on; what has failed was its time
        self._save_retried(task, reason=reason)
        if task.definition.is_form:
            may = had_it is not None and may_have(task, had_it)
            self._assign_or_release(task, had_it if may else None, reason=reason)

    def complete_kept(
        self,
        task: TaskInstance,
        *,
        output: JsonObject,
        by: User,
        reason: str,
        write_changes: Callable[[], None] = lambda: None,
    ) -> None:
        """Complete a form in error with what its worker has sent, and the caller checked.

        The caller advances. `write_changes` writes what else the form changes, as its worker's.

        Raises:
            NothingToRetryError: the task is not in ERROR (any more).
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
        """
        self._ensure_failed(task)
        retried: JsonObject = {"status": str(task.status), "reason": reason}
        self._record(RETRIED, task=task, data=retried)
        with self._acting(by):
            write_changes()
            self._complete(task, output=output)

    def catch_up_failure(self, task: TaskInstance, *, reason: str) -> None:
        """Put the current task into ERROR, which the database has refused when it failed.

        One that has ended otherwise, or is in ERROR, is left alone.
        """
        failed = (*WAITS_OR_WORKED, TaskStatus.COMPLETED)
        if task.status in failed and self.positions.is_current(task):
            with self._acting(None):
                self._fail(task, data={"error": reason})

    def _ensure_failed(self, task: TaskInstance) -> None:
        self.ensure_running()
        if task.status != TaskStatus.ERROR or not self.positions.is_current(task):
            raise NothingToRetryError

    def _save_retried(self, task: TaskInstance, *, reason: str) -> None:
        self._batch.update(task, "status", "completed_at")
        self._record(RETRIED, task=task, data={"status": str(task.status), "reason": reason})
        self._save_instance()
