"""What comes next in a process: the decision, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.rules.clock import Clock
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.data import PreparedData, prepare
from workflows.engine.rules.evaluate import evaluate_condition
from workflows.engine.rules.reads import variables_read
from workflows.engine.steps.approvals import VOTE_FIELD, Vote

from .errors import ConditionError
from .failure import Failure
from .process import EndOutcome, Json, JsonObject, Process, TransitionSpec
from .texts import gettext as _

_NOTHING: Final = prepare({})


@dataclass(frozen=True, slots=True)
class TriedTransition:
    """One transition that was looked at. ``result`` is None where ``error`` says why."""

    from_task: str | None
    to_task: str | None
    label: str
    priority: int
    condition: Json
    result: bool | None
    error: str = ""

    def as_json(self) -> JsonObject:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is next: tasks, the end, or an error; and the transitions tried, in order.

    Exactly one of ``next_tasks``, ``is_end`` and ``error`` says something (none of them, where
    a task is not left although its time is over or its call has failed). ``next_tasks`` has one
    key for now; it is a tuple so that parallel branches will not change its shape. ``end_label``
    and ``outcome`` are those of the transition to the end.
    """

    next_tasks: tuple[str, ...] = ()
    is_end: bool = False
    end_label: str = ""
    outcome: EndOutcome = EndOutcome.GOOD
    error: str = ""
    tried: tuple[TriedTransition, ...] = ()
    # The date that the conditions could read; empty where they read none.
    today: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether no transition was taken, and none had to be: see `decide_timeout`."""
        return not (self.next_tasks or self.is_end or self.error)

    def as_json(self) -> JsonObject:
        """The decision as it is kept in the history."""
        said: JsonObject = {"today": self.today} if self.today else {}
        return {
            **said,
            "next_tasks": list(self.next_tasks),
            "is_end": self.is_end,
            "end_label": self.end_label,
            "error": self.error,
            "tried": [each.as_json() for each in self.tried],
        }


def decide(
    process: Process, ended_task: str | None, context: JsonObject, clock: Clock | None = None
) -> Decision:
    """Choose the transition that leaves ``ended_task`` (None: the start).

    Lowest priority first, equal ones as listed; the first whose condition is true wins. A
    condition that cannot be decided ends the search with an error, because the right transition may
    have been that one. Those that wait for a time or a failure are none of these: see
    `decide_timeout` and `decide_failure`. Never raises for what a definition or its data contain.
    `clock` is what the conditions know of time: without it they can read none.
    """
    if ended_task is not None and ended_task not in process.tasks:
        message = _(
            "The workflow “%(workflow)s” has no task “%(task)s”. Cancel the ticket, or publish a "
            "version of the workflow that has it."
        )
        return Decision(error=message % {"workflow": _workflow_name(process), "task": ended_task})
    if ended_task is not None and process.tasks[ended_task].task_type.is_vote:
        return _voted(ended_task, context)
    leaving = [
        each for each in process.transitions if each.from_task == ended_task and each.is_usual
    ]
    if not leaving:
        message = _(
            "No transition leaves %(task)s. Add one in the workflow definition: to the next task, "
            "or to the end."
        )
        return Decision(error=message % {"task": _task_name(process, ended_task)})
    try:
        data = _prepared(context, leaving, clock)
    except ConditionError as error:
        return Decision(error=_failed(process, ended_task, error))
    return _dated(_choose_transition(process, ended_task, leaving, data), clock)


def _voted(vote: str, context: JsonObject) -> Decision:
    """A vote ends its branch."""
    tasks = context.get("tasks")
    output = tasks.get(vote) if isinstance(tasks, dict) else None
    refuses = isinstance(output, dict) and output.get(VOTE_FIELD) == Vote.REFUSE
    return Decision(is_end=True, outcome=EndOutcome.BAD if refuses else EndOutcome.GOOD)


def decide_timeout(
    process: Process, task: str, after: str, context: JsonObject, clock: Clock | None = None
) -> Decision:
    """Choose the transition that leaves ``task`` because it has not ended within ``after``.

    As `decide`, among the transitions of exactly this duration. Where none of their conditions is
    true the decision says nothing but what was tried: the task goes on.
    """
    leaving = [
        each for each in process.transitions if each.from_task == task and each.after == after
    ]
    return _choose_if_any(process, task, leaving, context, clock)


def decide_failure(
    process: Process, task: str, failure: Failure, context: JsonObject, clock: Clock | None = None
) -> Decision:
    """Choose the transition that leaves ``task`` because its call has failed for good.

    As `decide`, among the transitions for a failure, whose conditions may read ``failure`` too.
    Where there is none, or none of their conditions is true, the decision says nothing but what was
    tried: somebody must look after the failure.
    """
    leaving = [each for each in process.transitions if each.from_task == task and each.on_failure]
    known: JsonObject = {**context, "failure": failure.as_json()}
    return _choose_if_any(process, task, leaving, known, clock)


def decide_cancel(
    process: Process, task: str, context: JsonObject, clock: Clock | None = None
) -> Decision:
    """Choose the transition that is taken as the ticket was withdrawn or cancelled at ``task``.

    The first whose condition is true: of those of the task, then of those from anywhere. Where none
    is, the decision says nothing but what was tried: there is nothing to clean up.
    """
    ways = process.cancel_ways(task)
    tried: tuple[TriedTransition, ...] = ()
    for source in (task, None):
        leaving = [each for each in ways if each.from_task == source]
        decision = _choose_if_any(process, task, leaving, context, clock)
        tried += decision.tried
        if not decision.is_silent:
            return replace(decision, tried=tried)
    return Decision(tried=tried)


def _choose_if_any(
    process: Process,
    task: str,
    leaving: list[TransitionSpec],
    context: JsonObject,
    clock: Clock | None,
) -> Decision:
    """The first whose condition is true; a silent decision where none is."""
    try:
        data = _prepared(context, leaving, clock)
    except ConditionError as error:
        return Decision(error=_failed(process, task, error))
    decision = _dated(_choose_transition(process, task, leaving, data), clock)
    if decision.error and all(each.result is False for each in decision.tried):
        return Decision(tried=decision.tried)
    return decision


def _prepared(
    context: JsonObject, leaving: list[TransitionSpec], clock: Clock | None
) -> PreparedData:
    """The context for the conditions; transitions without any go on whatever it holds."""
    if all(is_empty(each.condition) for each in leaving):
        return _NOTHING
    if clock is None:
        return prepare(context)
    return prepare({**context, **clock.as_json()}, working_time=clock.working_time)


def _dated(decision: Decision, clock: Clock | None) -> Decision:
    """With the date that it was decided by, where a condition was asked that reads the time."""
    if clock is None or not any(_reads_time(each.condition) for each in decision.tried):
        return decision
    return replace(decision, today=clock.today.isoformat())


def _reads_time(condition: Json) -> bool:
    try:
        return not variables_read(condition).isdisjoint(NAMES_OF_TIME)
    except ConditionError:
        return False


def _choose_transition(
    process: Process,
    ended_task: str | None,
    leaving: list[TransitionSpec],
    data: PreparedData,
) -> Decision:
    tried: list[TriedTransition] = []
    for transition in sorted(leaving, key=lambda each: each.priority):
        try:
            result = evaluate_condition(transition.condition, data)
        except ConditionError as error:
            tried.append(_tried(transition, None, str(error)))
            return Decision(error=_failed(process, ended_task, error), tried=tuple(tried))
        tried.append(_tried(transition, result))
        if result:
            return _taken(process, transition, tuple(tried))
    message = _(
        "After %(task)s none of the conditions was true, so that no transition leads "
        "on. Correct the ticket's data, or add a transition without a condition, then try again."
    )
    words = {"task": _task_name(process, ended_task)}
    return Decision(error=message % words, tried=tuple(tried))


def _taken(
    process: Process, transition: TransitionSpec, tried: tuple[TriedTransition, ...]
) -> Decision:
    if transition.to_task is None:
        return Decision(
            is_end=True, end_label=transition.label, outcome=transition.outcome, tried=tried
        )
    if transition.to_task not in process.tasks:
        message = _(
            "The transition from %(task)s leads to the task “%(missing)s”, which does not exist. "
            "Correct the workflow definition."
        )
        words = {"task": _task_name(process, transition.from_task), "missing": transition.to_task}
        return Decision(error=message % words, tried=tried)
    return Decision(next_tasks=(transition.to_task,), tried=tried)


def _tried(transition: TransitionSpec, result: bool | None, error: str = "") -> TriedTransition:
    return TriedTransition(
        from_task=transition.from_task,
        to_task=transition.to_task,
        label=transition.label,
        priority=transition.priority,
        condition=transition.condition,
        result=result,
        error=error,
    )


def _failed(process: Process, ended_task: str | None, error: ConditionError) -> str:
    message = _(
        "What follows %(task)s cannot be decided. %(reason)s Correct the ticket's data or the "
        "workflow definition, then try again."
    )
    return message % {"task": _task_name(process, ended_task), "reason": error}


def _task_name(process: Process, key: str | None) -> str:
    if key is None:
        return _("the start")
    task = process.tasks.get(key)
    return _("the task “%(title)s”") % {"title": (task.title if task else "") or key}


def _workflow_name(process: Process) -> str:
    return process.title or process.key
