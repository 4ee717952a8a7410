"""A workflow instance ends early: it is cancelled, taken back, or a duplicate."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.errors import WorkflowEndedError
from workflows.fields.field import SeenBy
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.events.kind import EventKind
from workflows.running.events.of_tickets.cancelled import CANCELLED
from workflows.running.events.of_tickets.duplicate import DUPLICATE
from workflows.running.events.of_tickets.withdrawn import WITHDRAWN
from workflows.running.repair.guards import Guards


class Endings(Guards):
    """Ends the instance before its end."""

    def cancel(self, *, reason: str) -> list[TaskInstance]:
        """End it here, with all of its unfinished tasks, which are returned.

        Where its workflow has ways to clean up it `is_to_clean_up` then: the caller advances.
        Whoever submitted the ticket reads the reason: the caller has said so.

        Raises:
            WorkflowEndedError: it has ended already.
        """
        return self._end_early(CANCELLED, reason=reason)

    def withdraw(self, *, reason: str) -> list[TaskInstance]:
        """As `cancel`, by whoever submitted the ticket: `actor`, as the caller has checked.

        Raises:
            WorkflowEndedError: it has ended already.
        """
        return self._end_early(WITHDRAWN, reason=reason)

    def close_as_duplicate(self, *, of: int, called: str, reason: str) -> list[TaskInstance]:
        """As `cancel`: the ticket `of`, which people call `called`, is about the same.

        Raises:
            WorkflowEndedError: it has ended already.
        """
        return self._end_early(DUPLICATE, reason=reason, data={"of": of, "called": called})

    def _end_early(
        self, kind: EventKind, *, reason: str, data: JsonObject | None = None
    ) -> list[TaskInstance]:
        self.ensure_not_ended()
        if self.instance.cleans_up:
            raise WorkflowEndedError
        unfinished = (
            TaskInstance.objects.filter(workflow_instance=self.instance)
            .unfinished()
            .select_related("definition")
            .order_by("pk")
            .select_for_update(of=("self",), no_key=True)
        )
        tasks = list(unfinished)
        for task in tasks:
            task.cancel(now=self.now)
            self._batch.update(task, "status", "completed_at")
        if any(task.definition.is_block for task in tasks):
            for path in self.positions.paths.values():
                if path.is_open:
                    path.cancel(now=self.now)
                    self._batch.update(path, "status", "ended_at")
        told: JsonObject = {"reason": reason, "seen_by": SeenBy.REQUESTER.value, **(data or {})}
        current = self.instance.current_task
        if current is not None and self._has_cancel_ways(current):
            told["at"] = current.pk
            self.instance.clean_up()
            self._record(kind, data=told)
            self._save_instance("status", "current_task", "was_cancelled")
            return tasks
        self.instance.cancel(now=self.now)
        self._record(kind, data=told)
        self._save_instance("status", "completed_at")
        return tasks

    def _has_cancel_ways(self, task: TaskInstance) -> bool:
        process = definition_of(self.instance.workflow_id).process
        return bool(process.cancel_ways(task.definition.key))
