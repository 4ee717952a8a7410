"""Blocks: a step that holds branches, each a small flow of its own.

A block has its branches side by side, or one branch for each item of a list (`for_each`). It ends
by its own rule (`ends_when`), and no path leaves it but by that. Documents hold it as parts of a
task:

    {"branches": [{"key": "it", "title": "IT", "start": "account"}], "ends_when": "all"}

A branch with `ends_block` ends the block with itself: what accompanies it is cancelled then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workflows.engine.errors import ConditionError, TransformError
from workflows.engine.process import (
    DEEPEST,
    HIGHEST_MOST,
    USUAL_MOST,
    BlockSpec,
    BranchSpec,
    Json,
    JsonObject,
    Order,
    Process,
    Until,
    branch_of,
    ends_when_of,
)
from workflows.engine.rules.clock import Clock, with_time
from workflows.engine.rules.data import prepare
from workflows.engine.rules.evaluate import evaluate_condition
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.texts import gettext as _
from workflows.engine.times.calendar import WorkingTime

from .approvals import VOTE_FIELD, VOTES, ApprovalSpec, CastVote, Vote, approval_output, decided
from .approvals import vote_key as key_of_votes

__all__ = [
    "DEEPEST",
    "HIGHEST_MOST",
    "USUAL_MOST",
    "BlockSpec",
    "BranchRun",
    "BranchSpec",
    "BranchState",
    "Entered",
    "Order",
    "Until",
    "block_output",
    "branch_of",
    "ends_when_of",
    "enter_approval",
    "enter_block",
    "is_over",
    "outputs_after",
    "vote_in",
]


@dataclass(frozen=True, slots=True)
class BranchRun:
    """One run of a branch: `number` counts them from 1, `item` is that of the list.

    `begins`: it begins at once; else when those before it have ended.
    """

    key: str
    number: int
    start: str
    item: Json = None
    begins: bool = True


@dataclass(frozen=True, slots=True)
class Entered:
    """What happens when a block is entered: its runs, or why it cannot be (`error`).

    `left_out` are the keys of the branches whose condition is not true.
    """

    runs: tuple[BranchRun, ...] = ()
    left_out: tuple[str, ...] = ()
    error: str = ""


def enter_block(
    process: Process, block_key: str, context: JsonObject, clock: Clock | None = None
) -> Entered:
    """Which branches begin, by what is known now; `clock` is what rules know of time.

    Never raises for what a definition holds.
    """
    task = process.tasks.get(block_key)
    spec = None if task is None else task.block
    if task is None or spec is None or not spec.branches:
        message = _("The block “%(block)s” has no branches. Correct the workflow definition.")
        return Entered(error=message % {"block": _title(process, block_key)})
    unknown = next((each for each in spec.branches if each.start not in process.tasks), None)
    if unknown is not None:
        message = _(
            "The branch “%(branch)s” of “%(block)s” begins with the task “%(task)s”, which does "
            "not exist. Correct the workflow definition."
        )
        words = {"branch": unknown.title or unknown.key, "task": unknown.start}
        return Entered(error=message % {**words, "block": _title(process, block_key)})
    known = with_time(context, clock)
    working_time = None if clock is None else clock.working_time
    return (
        _one_for_each(process, block_key, spec, known, working_time)
        if spec.is_list
        else _side_by_side(process, block_key, spec, known, working_time)
    )


def enter_approval(process: Process, key: str, approvers: Sequence[Json]) -> Entered:
    """The votes that are asked for, of these people; as `enter_block`."""
    task = process.tasks.get(key)
    spec = None if task is None else task.block
    if spec is None or spec.approval is None:
        return enter_block(process, key, {})
    words: dict[str, object] = {"block": _title(process, key), "count": len(approvers)}
    if len(approvers) > HIGHEST_MOST:
        message = _("“%(block)s” may ask %(most)d people, and would ask %(count)d.")
        return Entered(error=message % {**words, "most": HIGHEST_MOST})
    needed = spec.approval.fewest
    if len(approvers) < needed:
        message = _(
            "“%(block)s” needs %(needed)d people who approve, and there is nobody who may."
            if not approvers
            else "“%(block)s” needs %(needed)d people who approve, and only %(count)d may."
        )
        advice = _(
            "Switched-off people, those who do no tasks, and whoever the approval must not ask do "
            "not count. See to it that there are enough, then try again; or finish the approval "
            "by hand."
        )
        return Entered(error=f"{message % {**words, 'needed': needed}} {advice}")
    return Entered(
        runs=tuple(
            BranchRun(VOTES, number, key_of_votes(key), item=person, begins=_begins(spec, number))
            for number, person in enumerate(approvers, start=1)
        )
    )


def _side_by_side(
    process: Process,
    key: str,
    spec: BlockSpec,
    context: JsonObject,
    working_time: WorkingTime | None,
) -> Entered:
    left_out: list[str] = []
    begin: list[BranchSpec] = []
    try:
        conditional = any(each.when is not None for each in spec.branches)
        data = prepare(context if conditional else {}, working_time=working_time)
        for each in spec.branches:
            if evaluate_condition(each.when, data):
                begin.append(each)
            else:
                left_out.append(each.key)
    except ConditionError as error:
        message = _(
            "Which branches of “%(block)s” begin cannot be decided. %(reason)s Correct the "
            "ticket's data or the workflow definition, then try again."
        )
        return Entered(error=message % {"block": _title(process, key), "reason": error})
    runs = (
        BranchRun(each.key, number, each.start, begins=_begins(spec, number))
        for number, each in enumerate(begin, start=1)
    )
    return Entered(runs=tuple(runs), left_out=tuple(left_out))


def _one_for_each(
    process: Process,
    key: str,
    spec: BlockSpec,
    context: JsonObject,
    working_time: WorkingTime | None,
) -> Entered:
    words: dict[str, object] = {"block": _title(process, key)}
    try:
        is_empty_list = _is_unanswered(spec.for_each, context)
        items = [] if is_empty_list else _list(spec.for_each, context, working_time)
    except TransformError as error:
        message = _(
            "The list of “%(block)s” cannot be read. %(reason)s Correct the ticket's data or the "
            "workflow definition, then try again."
        )
        return Entered(error=message % {**words, "reason": error})
    if items is None:
        message = _(
            "“%(block)s” has a branch for each item of a list, but what stands there is no list. "
            "Correct the ticket's data or the workflow definition, then try again."
        )
        return Entered(error=message % words)
    if len(items) > spec.bound:
        message = _(
            "“%(block)s” may have %(most)d items, but its list has %(count)d. Shorten the list in "
            "the ticket's data, or allow more in the workflow definition, then try again."
        )
        return Entered(error=message % {**words, "most": spec.bound, "count": len(items)})
    branch = spec.branches[0]
    runs = (
        BranchRun(branch.key, number, branch.start, item, begins=_begins(spec, number))
        for number, item in enumerate(items, start=1)
    )
    return Entered(runs=tuple(runs))


def _begins(spec: BlockSpec, number: int) -> bool:
    return number == 1 or spec.order is Order.TOGETHER


def _list(
    for_each: Json, context: JsonObject, working_time: WorkingTime | None
) -> list[Json] | None:
    """Raises TransformError. A list that is null has no items."""
    found = apply_transform(for_each, context, working_time=working_time)
    if found is None:
        return []
    return found if isinstance(found, list) else None


def _is_unanswered(for_each: Json, context: JsonObject) -> bool:
    """Whether it names an answer that nobody gave, beside others that are there: no items."""
    name = for_each.get("var") if isinstance(for_each, dict) and len(for_each) == 1 else None
    if not isinstance(name, str):
        return False
    *before, last = name.split(".")
    holder: Json = context
    for each in before:
        holder = holder.get(each) if isinstance(holder, dict) else None
    return bool(before) and isinstance(holder, dict) and last not in holder


@dataclass(frozen=True, slots=True)
class BranchState:
    """A run of a branch, as far as it has come. `outputs` are those of its tasks, by their keys."""

    key: str
    number: int
    item: Json = None
    ended: bool = False
    cancelled: bool = False
    label: str = ""
    outcome: str = ""
    outputs: Mapping[str, Json] | None = None


def is_over(block: BlockSpec, states: Iterable[BranchState]) -> bool:
    """Whether a block ends: enough of its branches have ended, or none is left that could."""
    runs = list(states)
    ended = sum(each.ended for each in runs)
    if block.approval is not None and any(each.ended for each in runs):
        return _is_decided(block.approval, runs)
    if all(each.ended or each.cancelled for each in runs):
        return True
    ending = block.ending
    if ending and any(each.ended and each.key in ending for each in runs):
        return True
    match block.ends_when:
        case Until.ANY:
            return ended >= 1
        case int() as number:
            return ended >= number
    return False


def _is_decided(approval: ApprovalSpec, runs: Sequence[BranchState]) -> bool:
    votes = [vote_in(each).get(VOTE_FIELD) for each in runs if each.ended]
    yes = votes.count(Vote.APPROVE)
    count = len(runs)
    needed = approval.needed_among(count)
    found = decided(needed=needed, count=count, yes=yes, no=len(votes) - yes)
    return found is not None or all(each.ended or each.cancelled for each in runs)


def vote_in(state: BranchState) -> Mapping[str, Json]:
    """The answers of the vote in a run of an approval: the one output that it has."""
    found = next(iter((state.outputs or {}).values()), None)
    return found if isinstance(found, dict) else {}


def votes_output(block: BlockSpec, states: Sequence[BranchState]) -> JsonObject:
    """What an approval has brought, by the votes alone: of each who was asked, in their order."""
    votes = [CastVote(vote_in(each), by=each.item) for each in states if each.ended]
    return approval_output(block.approval or ApprovalSpec(), votes, count=len(states))


def block_output(block: BlockSpec, states: Sequence[BranchState]) -> JsonObject:
    """What a block has brought, for `tasks.<block>`: of each branch, or of each item in order."""
    runs = sorted(states, key=lambda each: each.number)
    ended = sum(each.ended for each in runs)
    if block.approval is not None:
        return votes_output(block, runs)
    if block.is_list:
        items: list[Json] = [
            {**(each.outputs or {}), "item": each.item, **_said_of(each)} for each in runs
        ]
        return {"items": items, "ended": ended}
    branches: dict[str, Json] = {each.key: {"ended": False} for each in block.branches}
    branches |= {each.key: _said_of(each) for each in runs}
    return {"branches": branches, "ended": ended}


def _said_of(state: BranchState) -> dict[str, Json]:
    if not state.ended:
        return {"ended": False}
    return {"ended": True, "label": state.label, "outcome": state.outcome}


def outputs_after(block: BlockSpec, states: Sequence[BranchState]) -> JsonObject:
    """The outputs of the tasks inside, which are read by their keys when a block has ended.

    Those of a list stand in the output of the block.
    """
    if block.is_list:
        return {}
    found: JsonObject = {}
    for each in sorted(states, key=lambda each: each.number):
        found |= each.outputs or {}
    return found


def _title(process: Process, key: str) -> str:
    task = process.tasks.get(key)
    return (task.title if task else "") or key
