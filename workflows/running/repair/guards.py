"""Whether a workflow instance still runs; and in whose name something is done to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tenants.models import User
from workflows.errors import WorkflowEndedError, WorkflowOnHoldError
from workflows.models import TaskStatus, WorkflowStatus
from workflows.models.workflow_instance import ENDED
from workflows.running.state_manager import WorkflowStateManager

WAITS_OR_WORKED = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING)


class Guards(WorkflowStateManager):
    """Refuses what a workflow instance that has ended, or is on hold, does not stand."""

    def ensure_not_ended(self) -> None:
        """Raises WorkflowEndedError."""
        if self.instance.status in ENDED:
            raise WorkflowEndedError

    def ensure_running(self) -> None:
        """Raises WorkflowEndedError, or WorkflowOnHoldError."""
        self.ensure_not_ended()
        if self.instance.status == WorkflowStatus.ON_HOLD:
            raise WorkflowOnHoldError

    @contextmanager
    def _acting(self, who: User | None) -> Iterator[None]:
        """What is done inside is another's doing (None: the system's)."""
        actor, self.actor = self.actor, who
        try:
            yield
        finally:
            self.actor = actor
