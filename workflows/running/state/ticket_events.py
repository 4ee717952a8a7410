"""What the history says of the ticket itself."""

from __future__ import annotations

from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.priorities import Priority
from workflows.running.events.of_repairs.changed import CHANGED
from workflows.running.events.of_tickets.came_in import CAME_IN
from workflows.running.events.of_tickets.priority_changed import PRIORITY_CHANGED
from workflows.running.events.of_tickets.submitted_for import SUBMITTED_FOR
from workflows.running.events.of_tickets.submitted_outside import SUBMITTED_OUTSIDE
from workflows.running.state.outputs import changed_in
from workflows.running.state.writing import InstanceWriter


class TicketEvents(InstanceWriter):
    """Writes down what happened to the ticket; the caller changes it."""

    def submitted_for(self, requester: User, *, by: User) -> None:
        """Note that somebody submitted the ticket in the place of its requester."""
        actor, self.actor = self.actor, by
        data: JsonObject = {"to": str(requester), "to_id": requester.pk}
        self._record(SUBMITTED_FOR, data=data)
        self.actor = actor
        self._save()

    def submitted_outside(self) -> None:
        """Note that somebody outside has begun the ticket, in the name of its requester."""
        self._record(SUBMITTED_OUTSIDE)
        self._save()

    def came_in(self, data: JsonObject) -> None:
        """Note that no hand has submitted the ticket: see the event."""
        self._record(CAME_IN, data=data)
        self._save()

    def record_ticket_change(self, *, old: JsonObject, new: JsonObject, step: TaskInstance) -> None:
        """Write into the history what `step` has changed of what was submitted.

        The caller changes the ticket itself: `update_with_next_write`.
        """
        change: JsonObject = {"what": "ticket", "old": old, "new": new, **changed_in(step)}
        self._record(CHANGED, data=change)
        self._save_instance()

    def record_priority(self, *, old: Priority, new: Priority, reason: str = "") -> None:
        """Write into the history that the ticket's priority was changed."""
        change: JsonObject = {"old": old.value, "new": new.value}
        if reason:
            change["reason"] = reason
        self._record(PRIORITY_CHANGED, data=change)
        self._save_instance()
