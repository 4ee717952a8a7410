"""A workflow instance is put on hold, and goes on again."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.errors import WorkflowNotRunningError
from workflows.models import TaskInstance, WorkflowStatus
from workflows.running.events.of_repairs.held import HELD
from workflows.running.events.of_repairs.resumed import RESUMED
from workflows.running.repair.guards import WAITS_OR_WORKED
from workflows.running.repair.handing_on import HandingOn


class Holding(HandingOn):
    """Stops the instance for now."""

    def hold(self, *, reason: str) -> None:
        """Move no further until `resume`.

        Raises:
            WorkflowOnHoldError: it is on hold already.
            WorkflowEndedError: it has ended.
            WorkflowNotRunningError: it has not started.
        """
        self.ensure_running()
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            raise WorkflowNotRunningError
        self.instance.hold()
        self._record(HELD, data={"reason": reason})
        self._save_instance("status")

    def resume(self, tasks: Sequence[TaskInstance], *, reason: str) -> None:
        """Go on where `hold` stopped; the caller advances, and defers the calls that are due.

        `tasks` are its current ones: see `read_current_tasks`. A form of somebody who may not be
        given it any more, or of nobody, finds a worker.

        Raises:
            WorkflowEndedError: it has ended.
            WorkflowNotRunningError: it is not on hold.
        """
        self.ensure_not_ended()
        if self.instance.status != WorkflowStatus.ON_HOLD:
            raise WorkflowNotRunningError
        self.instance.resume()
        self._record(RESUMED, data={"reason": reason})
        self._save_instance("status")
        for task in tasks:
            if task.definition.is_form and task.status in WAITS_OR_WORKED:
                self._find_worker(task, reason=reason)
