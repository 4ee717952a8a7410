"""What came of a simulation: its steps, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from workflows.engine.decide import Decision
from workflows.engine.failure import Failure
from workflows.engine.problems import FieldProblem
from workflows.engine.process import EndOutcome, Json, JsonObject

from .answers import Answer


class Outcome(StrEnum):
    """How a simulation ended.

    WAITING: the last task has no answer. REFUSED: its form refuses the answer that it has.
    CANCELLED: it was withdrawn or cancelled, and what follows of that is done.
    """

    COMPLETED = "COMPLETED"
    WAITING = "WAITING"
    REFUSED = "REFUSED"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class TimeOver:
    """A time by which a task had not ended, and what its transitions of that time said."""

    after: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Step:
    """The start (``task`` is None) or one visit of a task.

    ``data`` holds the latest output of each task after this step, as ``tasks`` in a context.
    ``sends`` is what the call of an action would send. ``output`` is None where the step was
    not done: ``timeout_taken``, ``failure``, ``error`` or ``refused`` says why, or nothing does,
    and the answer is missing. ``decision`` is what comes next. ``times`` are those that passed, in
    order. ``note`` is what a step that is done at once says of itself: see `Made`.

    ``items`` are the numbers of the entries in whose branches it stands, the outermost first, and
    ``item`` is the innermost entry. With ``is_cancelled`` its block ended before it was done.
    ``cancels``: the ticket was cancelled at it. ``answer`` is the one that it took.
    """

    task: str | None
    data: JsonObject
    output: JsonObject | None = None
    sends: JsonObject | None = None
    decision: Decision | None = None
    error: str = ""
    refused: tuple[FieldProblem, ...] = ()
    times: tuple[TimeOver, ...] = ()
    failure: Failure | None = None
    items: tuple[int, ...] = ()
    item: Json = None
    is_cancelled: bool = False
    note: JsonObject = field(default_factory=dict)
    cancels: bool = False
    answer: Answer | None = None
    # The ticket's answers after this step, and what it changed of earlier ones.
    ticket: JsonObject = field(default_factory=dict)
    edits: JsonObject = field(default_factory=dict)
    is_vote: bool = False

    @property
    def timeout_taken(self) -> str:
        """The duration after which the task was left, not done; else empty."""
        if self.failure is not None or self.is_cancelled or self.cancels:
            return ""
        was_left = self.output is None and self.decision is not None and not self.decision.error
        return self.times[-1].after if was_left else ""


@dataclass(frozen=True, slots=True)
class Simulation:
    """The steps that were gone, in the order in which they began, and how it ended.

    ``end_label`` and ``end_outcome`` are those of the end that was reached, where one was.
    ``used`` are the answers that counted, in the order of the steps; ``unused`` those that
    nobody asked for. ``stopped_at`` is the index of the step at which it ended, and ``open`` are
    those of the steps that wait for an answer. Where a step failed in a branch others may still
    wait; ``open_blocks`` are the blocks around them. ``data`` is that of the main path's tasks.
    """

    steps: tuple[Step, ...]
    outcome: Outcome
    end_label: str = ""
    error: str = ""
    unused: tuple[Answer, ...] = ()
    used: tuple[Answer, ...] = ()
    end_outcome: EndOutcome | None = None
    stopped_at: int = -1
    open: tuple[int, ...] = ()
    open_blocks: tuple[int, ...] = ()
    data: JsonObject = field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """The keys of the tasks that were reached, in order; without the votes of approvals."""
        return tuple(step.task for step in self.steps if step.task is not None and not step.is_vote)

    @property
    def last_step(self) -> Step:
        return self.steps[self.stopped_at]

    @property
    def waiting(self) -> tuple[Step, ...]:
        """The steps that wait for an answer; of a block, the steps in it."""
        return tuple(self.steps[index] for index in self.open)

    @property
    def waiting_for(self) -> str | None:
        """The task that is to be answered next: where several wait, the first."""
        if self.outcome is Outcome.REFUSED:
            return self.last_step.task
        return self.waiting[0].task if self.open else None
