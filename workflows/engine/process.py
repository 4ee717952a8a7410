"""A process as the engine sees it: the values behind a workflow definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
type JsonObject = dict[str, Json]


class TaskType(StrEnum):
    """How a task gets its output."""

    FORM = "FORM"
    SYNC_ACTION = "SYNC_ACTION"
    ASYNC_ACTION = "ASYNC_ACTION"


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One step of a process, as far as a decision needs it."""

    key: str
    title: str = ""
    task_type: TaskType = TaskType.FORM


@dataclass(frozen=True, slots=True)
class TransitionSpec:
    """A way from one task to the next.

    ``from_task`` is None for a transition that leaves the start, ``to_task`` is None
    for one that reaches the end. ``condition`` is a JsonLogic rule; None, ``{}`` and
    ``""`` are the empty condition, which is always true. The lowest ``priority`` is
    tried first; equal priorities are tried in the order in which they are listed.

    ``after`` is a duration (see calendar.py): the way is then taken when ``from_task`` has not
    ended by that time, and never when it has. Empty: the other way round.
    """

    from_task: str | None
    to_task: str | None
    condition: Json = None
    priority: int = 0
    label: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """One version of a workflow definition, whole."""

    key: str
    version: int = 1
    title: str = ""
    tasks: Mapping[str, TaskSpec] = field(default_factory=dict)
    transitions: tuple[TransitionSpec, ...] = ()

    def timeouts(self, task: str) -> tuple[str, ...]:
        """The durations after which a task that has not ended may be left; each once."""
        found = (each.after for each in self.transitions if each.from_task == task and each.after)
        return tuple(dict.fromkeys(found))
