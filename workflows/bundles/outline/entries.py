"""One entry of a document, such as a task or a transition, read leniently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workflows.engine.problems import Path
from workflows.engine.process import JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.task_types import TaskType


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a list, and where it stands."""

    path: Path
    value: JsonObject
    # What was found out about it: a document that is looked at does not change.
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def text(self, name: str) -> str:
        """The text under this name; empty where there is none."""
        found = self.value.get(name)
        return found if isinstance(found, str) else ""

    @property
    def task_type(self) -> TaskType | None:
        """Of a task; None where there is no type of this name."""
        return TaskType.named(self.value.get("task_type"))

    @property
    def is_on_failure(self) -> bool:
        """Of a transition: whether it is taken when a call has failed for good."""
        return self.value.get("on_failure") is True

    @property
    def is_on_cancel(self) -> bool:
        """Of a transition: whether it is taken when the ticket is withdrawn or cancelled."""
        return self.value.get("on_cancel") is True

    @property
    def is_usual(self) -> bool:
        """Of a transition: whether it is taken when the task has been completed."""
        return not (self.text("after") or self.is_on_failure or self.is_on_cancel)

    @property
    def is_form(self) -> bool:
        """Whether this is a task that a person does."""
        return self.task_type is not None and self.task_type.is_form

    @property
    def is_block(self) -> bool:
        """Whether this is a task whose branches run side by side."""
        return self.task_type is not None and self.task_type.has_branches

    @property
    def is_approval(self) -> bool:
        """Whether this is a task that people vote on."""
        return self.task_type is not None and self.task_type.is_approval

    @property
    def is_call(self) -> bool:
        """Whether this is a task for which another system is called."""
        return self.task_type is not None and self.task_type.is_call

    @property
    def is_subticket(self) -> bool:
        """Whether this is a step that starts a ticket of another type."""
        return self.task_type is not None and self.task_type.is_subticket

    @property
    def can_fail(self) -> bool:
        """Whether a transition may leave it that is taken when it has failed."""
        return self.task_type is not None and self.task_type.can_fail

    @property
    def is_at_once(self) -> bool:
        """Whether this is a step that the engine does when it is reached."""
        return self.task_type is not None and self.task_type.is_at_once

    @property
    def is_decision(self) -> bool:
        """Whether a decision table says what comes of it."""
        return self.task_type is not None and self.task_type.is_decision

    @property
    def sets_values(self) -> bool:
        """Whether formulas say what comes of it."""
        return self.task_type is not None and self.task_type.sets_values

    @property
    def is_answered_later(self) -> bool:
        """Whether this is a task whose call is answered by a callback."""
        return self.task_type is not None and self.task_type.is_answered_later


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a block: its own entry, and the key of the block."""

    block: str
    entry: Entry

    @property
    def name(self) -> str:
        """As the tasks in it name it: `prepare.it`."""
        return f"{self.block}.{self.entry.text('key')}"

    @property
    def start(self) -> str:
        return self.entry.text("start")

    @property
    def always_runs(self) -> bool:
        return is_empty(self.entry.value.get("when"))

    @property
    def ends_block(self) -> bool:
        """Whether the block ends with it, whatever runs beside it."""
        return self.entry.value.get("ends_block") is True
