"""A process as the engine sees it: the values behind a workflow definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from workflows.engine.times.timing import Moment

from .errors import DurationError
from .task_types import TaskType
from .texts import gettext as _

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
type JsonObject = dict[str, Json]


def objects_in(value: Json) -> list[JsonObject]:
    """The objects of a list, without what else stands in it; nothing where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


class EndOutcome(StrEnum):
    """What an end of a process means for whoever asked. Documents and the database name it so."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"

    @classmethod
    def named(cls, name: object) -> EndOutcome:
        """The outcome of this name. Good where there is none: so ends were before they said it."""
        return cls(str(name)) if name in cls.__members__.values() else cls.GOOD


# Blocks: see steps/blocks.py for what they do. So deep they may stand in each other.
DEEPEST: Final = 5
# How many items a list may have where the block does not say, and the most that it may say.
USUAL_MOST: Final = 50
HIGHEST_MOST: Final = 200


class Until(StrEnum):
    """When a block ends, where it names no number."""

    ALL = "all"
    ANY = "any"


class Order(StrEnum):
    """How the branches of a list go."""

    TOGETHER = "together"
    IN_ORDER = "in_order"


@dataclass(frozen=True, slots=True)
class BranchSpec:
    """A branch: its first task, and the condition without which it does not begin.

    `ends_block`: when it has ended, the block has, whatever still runs beside it.
    """

    key: str
    title: str = ""
    start: str = ""
    when: Json = None
    ends_block: bool = False

    @property
    def name(self) -> str:
        """What people call it. That of an approval has no title: it is a word of ours."""
        return self.title or (_("Vote") if self.key == VOTES else self.key)


# How documents say whom a task is never given to: the requester, whoever did a task.
REQUESTER: Final = "requester"
TASKS: Final = "tasks."
# The branch of an approval, and what the key of its votes ends with.
_MOST_DIGITS: Final = 9
VOTES: Final = "vote"
# Whom an approval never asks, where it does not say: whoever submitted the ticket.
USUAL_NEVER: Final = (REQUESTER,)


class Needed(StrEnum):
    """How many must approve, where it is no number."""

    ONE = "one"
    ALL = "all"


class Approvers(StrEnum):
    """Who is asked: what `approvers` has one of."""

    ROLE = "role"
    PEOPLE = "people"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class ApprovalSpec:
    """Who approves, and how many must.

    `people` are e-mail addresses, or a rule that yields people. `never_tasks` are the keys of
    tasks: whoever did one of them is not asked.
    """

    who: Approvers = Approvers.ROLE
    people: Json = None
    needed: int | Needed = Needed.ONE
    never_requester: bool = True
    never_tasks: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Json]) -> ApprovalSpec:
        """Of a task's document; what does not fit is as if it was not said."""
        approvers = said.get("approvers")
        named = approvers if isinstance(approvers, dict) else {}
        who = next((each for each in Approvers if each in named), Approvers.ROLE)
        never = never_of(said.get("never"))
        return cls(
            who=who,
            people=named.get(Approvers.PEOPLE.value),
            needed=needed_of(said.get("needed")),
            never_requester=REQUESTER in never,
            never_tasks=tuple(each.removeprefix(TASKS) for each in never if each != REQUESTER),
        )

    def needed_among(self, count: int) -> int:
        """How many of so many approvers must approve."""
        match self.needed:
            case Needed.ALL:
                return max(count, 1)
            case int() as number:
                return number
        return 1

    @property
    def fewest(self) -> int:
        """So many approvers it cannot do without."""
        return self.needed_among(1)


def never_of(said: object) -> tuple[str, ...]:
    """Whom an approval never asks; an empty list says that everybody may be asked."""
    return tuple(map(str, said)) if isinstance(said, list | tuple) else USUAL_NEVER


def needed_of(said: object) -> int | Needed:
    """What `needed` says, as a number or as its text; ONE where it says nothing that fits."""
    number = number_in(said)
    if isinstance(number, int) and number >= 1:
        return number
    return Needed.ALL if said == Needed.ALL else Needed.ONE


def number_in(said: object) -> object:
    """A small number that is written as a text; anything else as it is, True and False as None."""
    if isinstance(said, bool):
        return None
    is_number = isinstance(said, str) and said.isdecimal() and len(said) <= _MOST_DIGITS
    return int(str(said)) if is_number else said


def vote_key(approval: str) -> str:
    """The key of the task that its votes are. No key of a document has a dot."""
    return f"{approval}.{VOTES}"


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """What a block holds. `ends_when` is a number of branches, or one of `Until`.

    `for_each` is where the list stands, a value as in a transform; None: each branch runs once.
    `most` bounds the list; None: USUAL_MOST. `approval` says who approves, where it is an approval:
    its list is then that of the approvers.
    """

    branches: tuple[BranchSpec, ...] = ()
    ends_when: int | Until = Until.ALL
    for_each: Json = None
    order: Order = Order.TOGETHER
    most: int | None = None
    hide_answers: bool = False
    approval: ApprovalSpec | None = None

    @classmethod
    def of_approval(cls, key: str, said: Mapping[str, Json]) -> Self:
        """The block that an approval is; `said` is its document."""
        return cls(
            branches=(BranchSpec(VOTES, start=vote_key(key)),),
            for_each=True,
            order=Order.IN_ORDER if said.get("order") == Order.IN_ORDER else Order.TOGETHER,
            most=HIGHEST_MOST,
            hide_answers=said.get("hide_answers") is True,
            approval=ApprovalSpec.of(said),
        )

    @classmethod
    def of(cls, said: Mapping[str, Json]) -> Self:
        """The block of a task's document; what does not fit is as if it was not said."""
        branches = said.get("branches")
        most, order = said.get("most"), said.get("order")
        return cls(
            branches=tuple(
                BranchSpec(
                    key=str(each.get("key") or ""),
                    title=str(each.get("title") or ""),
                    start=str(each.get("start") or ""),
                    when=each.get("when"),
                    ends_block=each.get("ends_block") is True,
                )
                for each in (branches if isinstance(branches, list) else [])
                if isinstance(each, dict)
            ),
            ends_when=ends_when_of(said.get("ends_when")),
            for_each=said.get("for_each") or None,
            order=Order.IN_ORDER if order == Order.IN_ORDER else Order.TOGETHER,
            most=most if isinstance(most, int) and not isinstance(most, bool) else None,
            hide_answers=said.get("hide_answers") is True,
        )

    @property
    def is_list(self) -> bool:
        """Whether it has one branch for each item of a list."""
        return self.for_each is not None

    @property
    def bound(self) -> int:
        return min(self.most or USUAL_MOST, HIGHEST_MOST)

    @property
    def ending(self) -> frozenset[str]:
        """The keys of the branches with which the block ends, whatever runs beside them."""
        return frozenset(each.key for each in self.branches if each.ends_block)

    def branch(self, key: str) -> BranchSpec | None:
        return next((each for each in self.branches if each.key == key), None)


def ends_when_of(said: object) -> int | Until:
    """What `ends_when` says, as a number or as its text; ALL where it says nothing that fits."""
    number = number_in(said)
    if isinstance(number, int) and number >= 1:
        return number
    return Until.ANY if said == Until.ANY else Until.ALL


def branch_of(said: str) -> tuple[str, str] | None:
    """The block and the branch that a task's `branch` names; None: it is on the main path."""
    block, dot, branch = said.partition(".")
    return (block, branch) if block and dot and branch else None


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One step of a process, as far as a decision needs it.

    `block` is what a block holds. `branch` is where the step stands, as the keys of a block and of
    one of its branches; None: on the main path.
    """

    key: str
    title: str = ""
    task_type: TaskType = TaskType.FORM
    block: BlockSpec | None = None
    branch: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TransitionSpec:
    """A transition from one task to the next.

    ``from_task`` is None for a transition that leaves the start, ``to_task`` is None
    for one that reaches the end. ``condition`` is a JsonLogic rule; None, ``{}`` and
    ``""`` are the empty condition, which is always true. The lowest ``priority`` is
    tried first; equal priorities are tried in the order in which they are listed.

    ``after`` is a moment (see times/timing.py): the transition is then taken when ``from_task`` has
    not ended by that time, and never when it has. Empty: the other way round.

    With ``on_failure`` it is taken when the call of ``from_task`` has failed for good, and never
    when that has succeeded; its condition may read ``failure`` (see failure.py).

    With ``on_cancel`` it is taken when the ticket is withdrawn or cancelled while it is at
    ``from_task``; where that is None, wherever the ticket is by then. It leads into a flow of its
    own, which cleans up: its end is the end of a cancelled ticket.

    ``outcome`` counts where ``to_task`` is None.
    """

    from_task: str | None
    to_task: str | None
    condition: Json = None
    priority: int = 0
    label: str = ""
    after: str = ""
    on_failure: bool = False
    on_cancel: bool = False
    outcome: EndOutcome = EndOutcome.GOOD

    @property
    def is_usual(self) -> bool:
        """Whether it is taken when the task is completed."""
        return not (self.after or self.on_failure or self.on_cancel)


@dataclass(frozen=True, slots=True)
class Process:
    """One version of a workflow definition, whole."""

    key: str
    version: int = 1
    title: str = ""
    tasks: Mapping[str, TaskSpec] = field(default_factory=dict)
    transitions: tuple[TransitionSpec, ...] = ()

    def on_main_path(self, task: str) -> str:
        """The task itself, or the outermost block in which it stands."""
        seen = {task}
        while (spec := self.tasks.get(task)) is not None and spec.branch is not None:
            task = spec.branch[0]
            if task in seen:  # a definition that nobody has checked
                break
            seen.add(task)
        return task

    def visits(self, counted: Mapping[str, int]) -> JsonObject:
        """How often each of its tasks was begun, as conditions read it; 0 where it never was."""
        return {key: counted.get(key, 0) for key in self.tasks}

    def has_failure_ways(self, task: str) -> bool:
        """Whether a transition leaves the task when its call has failed for good."""
        return any(each.from_task == task and each.on_failure for each in self.transitions)

    def cancel_ways(self, task: str) -> list[TransitionSpec]:
        """What may be taken when the ticket is cancelled at this task, in the order it is tried.

        First those of the task itself, then those from anywhere.
        """
        ways = sorted(filter(_is_on_cancel, self.transitions), key=lambda each: each.priority)
        own = [each for each in ways if each.from_task == task]
        return own + [each for each in ways if each.from_task is None]

    def timeouts(self, task: str) -> tuple[str, ...]:
        """The moments at which a task that has not ended may be left; each once."""
        found = (each.after for each in self.transitions if each.from_task == task and each.after)
        return tuple(dict.fromkeys(found))

    def timeouts_until(self, task: str, after: str) -> tuple[str, ...]:
        """Those of its moments that are over once `after` is: first the shorter ones, then it.

        Of “2 days” and “9 hours” no one but a company's working hours says which is shorter:
        such a one is left out, and so are those that are counted from an answer.
        """
        shorter = [each for each in self.timeouts(task) if _is_shorter(each, after)]
        until = [each for each in self.timeouts(task) if each == after]
        return (*sorted(shorter, key=_length), *until)


def _is_on_cancel(transition: TransitionSpec) -> bool:
    return transition.on_cancel


def _length(after: str) -> tuple[int, int]:
    moment = Moment.parse(after)
    if moment.anchor or moment.time:
        raise DurationError
    return moment.duration.days, moment.duration.minutes


def _is_shorter(one: str, other: str) -> bool:
    """Whether it is whatever the working hours are; never where one of them is no duration."""
    try:
        (days, minutes), (more_days, more_minutes) = _length(one), _length(other)
        is_comparable = Moment.parse(one).by_clock == Moment.parse(other).by_clock
    except DurationError:
        return False
    return one != other and is_comparable and days <= more_days and minutes <= more_minutes
