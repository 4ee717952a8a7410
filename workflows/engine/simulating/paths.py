"""Where a simulation stands: its main path, the branches of blocks, the visits of tasks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from workflows.engine.process import EndOutcome, Json, JsonObject
from workflows.engine.steps.blocks import BlockSpec, BranchRun, BranchState

from .answers import Answer


class PathState(Enum):
    """What has become of a path."""

    WAITING = auto()  # it has not begun
    RUNNING = auto()
    STUCK = auto()  # by an error
    ENDED = auto()
    CANCELLED = auto()


@dataclass(slots=True, eq=False)
class SimulatedPath:
    """The main path, or one run of a branch (``run``) of a block that was begun (``block``)."""

    data: JsonObject  # of the tasks around it, and its own
    counted: Counter[str] = field(default_factory=Counter)  # the visits on it alone
    run: BranchRun | None = None
    block: SimulatedVisit | None = None
    own: JsonObject = field(default_factory=dict)
    # What came of the visits on it before those of `own`.
    earlier: dict[str, list[Json]] = field(default_factory=dict)
    state: PathState = PathState.RUNNING
    visit: SimulatedVisit | None = None
    label: str = ""
    outcome: EndOutcome = EndOutcome.GOOD

    @property
    def is_item(self) -> bool:
        return self.block is not None and self.block.spec.is_list

    @property
    def items(self) -> tuple[int, ...]:
        """The numbers of the entries around it, the outermost first."""
        around = self.block.path.items if self.block is not None else ()
        return (*around, self.run.number) if self.is_item and self.run is not None else around

    @property
    def innermost(self) -> BranchRun | None:
        """The run for an entry of a list that is nearest around."""
        if self.is_item:
            return self.run
        return self.block.path.innermost if self.block is not None else None

    def keep(self, outputs: JsonObject) -> None:
        for key in outputs:
            if key in self.own:
                self.earlier.setdefault(key, []).append(self.own[key])
        self.own = {**self.own, **outputs}
        self.data = {**self.data, **outputs}

    def change(self, outputs: JsonObject) -> None:
        """Put these in the place of what is read here: each where it stands.

        That is on this path or on one around it, and it is read in all branches inside that one.
        """
        for key, output in outputs.items():
            if key in self.data and self.data[key] != output:
                owner = self
                while key not in owner.own and owner.block is not None:
                    owner = owner.block.path
                owner.own = {**owner.own, key: output}
                owner.read_anew(key, output)

    def read_anew(self, key: str, output: Json) -> None:
        """Have this output read on the path, and in the branches inside that have none of it."""
        self.data = {**self.data, key: output}
        for branch in self.visit.branches if self.visit is not None else ():
            if key not in branch.own:
                branch.read_anew(key, output)

    def as_state(self) -> BranchState:
        run = self.run or BranchRun("", 0, "")
        return BranchState(
            run.key,
            run.number,
            run.item,
            ended=self.state is PathState.ENDED,
            cancelled=self.state is PathState.CANCELLED,
            label=self.label,
            outcome=self.outcome.value,
            outputs=self.own,
        )


@dataclass(slots=True, eq=False)
class SimulatedVisit:
    """A task that has begun and is not over; of a block, with its branches."""

    key: str
    path: SimulatedPath
    index: int  # of its step
    visit: int | None = None
    has_answers: bool = False
    spec: BlockSpec = field(default_factory=BlockSpec)
    branches: list[SimulatedPath] = field(default_factory=list)
    cast: list[SimulatedPath] = field(
        default_factory=list
    )  # the branches in the order of their ends

    def takes(self, answer: Answer) -> bool:
        if self.has_answers and answer.visit != self.visit:
            return False
        own = self.path.items
        block = self.path.block
        is_vote = block is not None and block.spec.approval is not None
        if is_vote and answer.by and not self.is_asked(answer.by):
            return False
        return not answer.items or own[-len(answer.items) :] == answer.items

    def is_asked(self, name: str) -> bool:
        """Whether it is the vote of this person; of somebody unknown any will do."""
        person = self.path.run.item if self.path.run is not None else None
        known = [str(each) for each in person.values()] if isinstance(person, dict) else []
        return not known or name in known
