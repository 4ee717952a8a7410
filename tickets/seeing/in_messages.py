"""Which answers may stand in a mail that a step of the process sends."""

from __future__ import annotations

from typing import Final

from tickets.models import Ticket
from tickets.seeing.viewer import Viewer
from workflows.bundles.outline.for_requester import is_for_requester
from workflows.bundles.outline.outline import Outline
from workflows.bundles.telling.message_answers import MessageAnswers
from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of

_READ: Final = (
    *("key", "title", "task_type", "fields", "values", "table"),
    *("branch", "branches", "for_each"),
)


class AnswersInMail(MessageAnswers):
    """The answers in a mail about a ticket, to somebody who looks at it as `viewer`.

    `context` is what conditions read at the step. To the requester only those go that they see of
    the ticket, too: what the team alone sees counts as no answer. To whom else a mail goes is said
    by whoever has published the workflow, and so is what stands in it.
    """

    def __init__(
        self, ticket: Ticket, task: TaskInstance, context: JsonObject, *, viewer: Viewer
    ) -> None:
        known = definition_of(task.workflow_instance.workflow_id)
        rows: list[Json] = [
            {name: getattr(each, name) for name in _READ} for each in known.tasks.values()
        ]
        outline = Outline({"workflow": {"fields": known.workflow.fields}, "tasks": rows})
        super().__init__(outline, task.definition.key, context, number=ticket.number)
        self._outline = outline
        self._key = task.definition.key
        self._is_limited = viewer is Viewer.REQUESTER

    def may_go(self, name: str, field: Field | None) -> bool:
        return not self._is_limited or is_for_requester(self._outline, self._key, name)
