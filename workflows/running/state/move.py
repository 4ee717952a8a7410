"""What a step did."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflows.models import TaskInstance


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that could not be taken: a sentence for people, and the task that is in ERROR.

    `is_of_task`: the task itself could not be begun, such as a block; else it is to be left.
    """

    error: str
    task: TaskInstance | None = None
    is_of_task: bool = False


@dataclass(slots=True)
class Move:
    """What `advance` did.

    Of each of the `failures` the caller keeps a ticket error in the same transaction. Of
    `new_tasks` the caller sets the timers, likewise; `calls` are those of them that are actions,
    whose jobs it defers. `cancelled` are the tasks that stood in branches which are not waited for
    any more; `cancelled_in_error` those of them whose errors are to be closed. `decided` says of
    the paths (ids) of votes that an approval took no more, whether it is approved.
    """

    moved: bool = False
    ended: bool = False
    failures: list[FailedStep] = field(default_factory=list)
    calls: list[TaskInstance] = field(default_factory=list)
    new_tasks: list[TaskInstance] = field(default_factory=list)
    cancelled: list[TaskInstance] = field(default_factory=list)
    cancelled_in_error: list[TaskInstance] = field(default_factory=list)
    decided: dict[int, bool] = field(default_factory=dict)

    @property
    def error(self) -> str:
        """Why the task that was to be left could not be; empty where it could."""
        return self.failures[0].error if self.failures else ""
