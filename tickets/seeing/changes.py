"""What a person may see of answers that were changed: as they were, and as they became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.seeing.answers import shown_answers, shown_output
from tickets.seeing.viewer import Viewer
from workflows.engine.process import Json, JsonObject
from workflows.fields.on_screen.shown import Shown
from workflows.forms import show_answers
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.events.kind import data_of
from workflows.running.events.of_repairs.changed import CHANGED, is_of_step


@dataclass(frozen=True, slots=True)
class ChangedAnswers:
    """The answers before and after, those that this viewer may see, by their questions."""

    before: Sequence[Shown] = ()
    after: Sequence[Shown] = ()

    @property
    def pairs(self) -> list[tuple[str, Shown | None, Shown | None]]:
        """Each question whose answer reads differently now; None: there was none, or is none."""
        old = {each.label: each for each in self.before}
        new = {each.label: each for each in self.after}
        return [
            (label, old.get(label), new.get(label))
            for label in dict.fromkeys([*old, *new])
            if old.get(label) != new.get(label)
        ]


NOTHING = ChangedAnswers()


def changed_answers(event: WorkflowEvent, *, ticket_fields: Json, viewer: Viewer) -> ChangedAnswers:
    """What this viewer sees of the answers that an event has changed: the one place that says it.

    The team sees all. The requester sees what a task has changed: of what was submitted everything,
    of the answers of tasks those to questions that are for them (`seen_by`). What a ticket admin
    has corrected is the team's. No query: fetch the event with its task and its definition.
    What was erased is not there any more.
    """
    if event.kind != CHANGED or viewer is Viewer.NOBODY:
        return NOTHING
    if viewer is not Viewer.TEAM and not is_of_step(event):
        return NOTHING
    data, task = data_of(event), event.task_instance
    return ChangedAnswers(
        _shown(data, "old", task, ticket_fields, viewer),
        _shown(data, "new", task, ticket_fields, viewer),
    )


def _shown(
    data: JsonObject, name: str, task: TaskInstance | None, ticket_fields: Json, viewer: Viewer
) -> list[Shown]:
    """What was changed (`old` or `new`): of the ticket, of a task, or of what is sent."""
    said = data.get(name)
    values = said if isinstance(said, dict) else {}
    if data.get("what") == "ticket":
        return show_answers(ticket_fields, values)
    if data.get("what") == "output" and task is not None and task.definition.is_form:
        return shown_output(task.definition, values, viewer=viewer)
    return shown_answers([], values, viewer=viewer)
