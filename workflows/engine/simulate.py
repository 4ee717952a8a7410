"""What a process would do with given answers: nothing is saved, and no call is made.

The steps are those of the real path (`decide`, the forms' validators, the transforms), so that
a simulation goes as a ticket would go.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any

from .answered import answer_in, output_of
from .approvals import ApprovalSpec, Approvers, CastVote, Needed, approval_output, vote_key
from .at_once import AtOnceError, carry_out
from .blocks import (
    BlockSpec,
    BranchRun,
    BranchState,
    Entered,
    block_output,
    enter_approval,
    enter_block,
    is_over,
    outputs_after,
    vote_in,
)
from .clock import Clock
from .conditions import is_empty, one_budget
from .decide import Decision, decide, decide_cancel, decide_failure, decide_timeout
from .errors import FieldError, SchemaError, TransformError
from .failure import Failure, FailureReason
from .problems import FieldProblem
from .process import EndOutcome, Json, JsonObject, Process
from .schema_validation import SchemaValidator
from .storable import unstorable
from .task_types import TaskType
from .texts import gettext
from .transforms import apply_transform

MAX_STEPS = 200
# Nobody did anything, as far as a simulation knows: it has no people and no clock.
_NOBODY: JsonObject = {"by": {"email": "", "name": ""}, "at": "2026-01-01T00:00:00+00:00"}
CALLBACK_URL = "https://ticketflower.example/callback"
# What a call without an input transform sends; workflows/actions/input.py does the same.
SENT_BY_DEFAULT = ("number", "ticket", "tasks", "item", "item_number", "callback")


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
class Answer:
    """What comes of one visit of a task: its output, or why the call failed for good.

    It has failed where it has an ``error``, a ``reason`` or a ``status``; without a reason that is
    the one of the status. Its output is then the answer that came, where one did.

    ``at`` is when that was, where somebody knows.

    With ``after``, a duration, neither: the task has not ended by then. Where no transition leaves
    it then, it goes on, and the next answer counts for the same visit. Answers with the same number
    as ``visit`` are for one visit only: what is left of them when it ends is dropped.

    ``items`` says for which entry of a list, where there is a branch for each: its number, from 1;
    in nested ones several, the outermost first. Empty: the first that waits.
    With ``cancel`` the ticket is withdrawn or cancelled while it is at the task. ``by`` is who
    did it, which nothing here reads; ``given_to`` whom it must be given to, likewise.
    ``edits`` are the earlier answers that the task changes, {``ticket.amount``: new answer}.

    An answer to an approval is a vote: ``by`` says whose, by e-mail address or name. Empty: that of
    the first who has not voted. ``asked`` is how many people the approval asks, if that is known.
    """

    task: str
    output: JsonObject = field(default_factory=dict)
    error: str = ""
    after: str = ""
    visit: int | None = None
    status: int | None = None
    reason: str = ""
    items: tuple[int, ...] = ()
    cancel: bool = False
    by: str = ""
    given_to: str = ""
    edits: JsonObject = field(default_factory=dict)
    at: datetime | None = None
    asked: int = 0

    @classmethod
    def failed(
        cls,
        task: str,
        failure: Failure,
        *,
        visit: int | None = None,
        items: tuple[int, ...] = (),
    ) -> Answer:
        """That the call failed so; of its answer what is no object is left out."""
        return cls(
            task,
            failure.answer if isinstance(failure.answer, dict) else {},
            error=failure.message,
            visit=visit,
            status=failure.status,
            reason=failure.reason.value,
            items=items,
        )

    @property
    def failure(self) -> Failure | None:
        """Why the call failed for good; None where it did not."""
        if not (self.error or self.reason or self.status is not None):
            return None
        return Failure(
            FailureReason.named(self.reason) or FailureReason.of_status(self.status),
            message=self.error or gettext("The call failed."),
            status=self.status,
            answer=self.output or None,
        )


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of a task's changes of earlier answers: new ones, or why they were refused."""

    ticket: JsonObject
    outputs: JsonObject
    refused: tuple[FieldProblem, ...] = ()


# Takes the ticket's answers, the outputs of the tasks, and the changes.
type ChangeAnswers = Callable[[JsonObject, JsonObject, JsonObject], Edited]


@dataclass(slots=True)
class TaskRules:
    """What judges a task's output, and makes what its call sends."""

    task_type: TaskType = TaskType.FORM
    # What is wrong with the answers on a form; raises FieldError where the form itself is.
    check_form: Callable[[JsonObject, Clock | None], Sequence[FieldProblem]] = lambda *_given: ()
    input_schema: Json = None
    output_schema: Json = None
    input_transform: Json = None
    # Of a step that is done at once.
    values: Json = None
    table: Json = None
    # Of a form that shows earlier answers; raises FieldError where a form is wrong.
    change_answers: ChangeAnswers | None = None
    # A wait that a message may end.
    is_answered: bool = False
    _validator: SchemaValidator | None = None

    def refusals(self, output: JsonObject, clock: Clock | None = None) -> Sequence[FieldProblem]:
        """What is wrong with an output.

        Raises FieldError or SchemaError where the definition itself is wrong.
        """
        if self.task_type.is_form:
            return self.check_form(output, clock)
        if self._validator is None:
            schema = self.output_schema
            self._validator = SchemaValidator({} if is_empty(schema) else schema)
        return self._validator.validate(output)


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


def simulate(
    process: Process,
    *,
    facts: JsonObject,
    tasks: Mapping[str, TaskRules],
    answers: Iterable[Answer] = (),
    max_steps: int = MAX_STEPS,
    clock: Clock | None = None,
) -> Simulation:
    """Go from the start to the end, to an error, or to where an answer is missing.

    ``facts`` is the context without ``tasks``; what it holds of the ticket has been validated.
    Each visit of a task takes the next of its answers. A time that passes (`Answer.after`) is
    over together with every shorter one of the task. More than ``max_steps`` tasks are an error:
    the process goes round in circles. Where branches run side by side, the first answer that one of
    them waits for happens first; a step that fails stops its branch, and the others go on.
    ``clock`` is what rules know of time, until an answer says when it was given (`Answer.at`).
    Never raises for what a definition, its data or the answers contain.
    """
    with one_budget():
        return _Run(process, facts, tasks, answers, clock).run_to_end(max_steps)


class _State(Enum):
    """What has become of a path."""

    WAITING = auto()  # it has not begun
    RUNNING = auto()
    STUCK = auto()  # by an error
    ENDED = auto()
    CANCELLED = auto()


@dataclass(slots=True, eq=False)
class _Path:
    """The main path, or one run of a branch (``run``) of a block that was begun (``block``)."""

    data: JsonObject  # of the tasks around it, and its own
    counted: Counter[str] = field(default_factory=Counter)  # the visits on it alone
    run: BranchRun | None = None
    block: _Visit | None = None
    own: JsonObject = field(default_factory=dict)
    state: _State = _State.RUNNING
    visit: _Visit | None = None
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
        self.own = {**self.own, **outputs}
        self.data = {**self.data, **outputs}

    def change(self, outputs: JsonObject) -> None:
        """Put these in the place of what is there, on this path and on those around it."""
        changed = {
            key: each
            for key, each in outputs.items()
            if key in self.data and self.data[key] != each
        }
        self.own = {key: changed.get(key, each) for key, each in self.own.items()}
        self.data = {key: changed.get(key, each) for key, each in self.data.items()}
        if changed and self.block is not None:
            self.block.path.change(changed)

    def as_state(self) -> BranchState:
        run = self.run or BranchRun("", 0, "")
        return BranchState(
            run.key,
            run.number,
            run.item,
            ended=self.state is _State.ENDED,
            cancelled=self.state is _State.CANCELLED,
            label=self.label,
            outcome=self.outcome.value,
            outputs=self.own,
        )


@dataclass(slots=True, eq=False)
class _Visit:
    """A task that has begun and is not over; of a block, with its branches."""

    key: str
    path: _Path
    index: int  # of its step
    visit: int | None = None
    has_answers: bool = False
    spec: BlockSpec = field(default_factory=BlockSpec)
    branches: list[_Path] = field(default_factory=list)
    cast: list[_Path] = field(default_factory=list)  # the branches in the order of their ends

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


class _Run:
    def __init__(
        self,
        process: Process,
        facts: JsonObject,
        tasks: Mapping[str, TaskRules],
        answers: Iterable[Answer],
        clock: Clock | None,
    ) -> None:
        self.clock = clock
        self.process = process
        self.facts = facts
        self.tasks = tasks
        self.answers: dict[str, deque[tuple[int, Answer]]] = {}
        for number, answer in enumerate(answers):
            answer = self._as_vote(answer)
            self.answers.setdefault(answer.task, deque()).append((number, answer))
        self.used: list[Answer] = []
        self.main = _Path({})
        self.visits = Counter[str]()  # on all paths
        self.steps: list[Step] = []
        self.waiting: list[_Visit] = []  # in the order in which they began
        self.to_do: deque[tuple[_Path, Decision]] = deque()
        self.errors: list[tuple[_Path, int, str]] = []
        self.is_cancelled = False
        self.failures: JsonObject = {}

    def run_to_end(self, max_steps: int) -> Simulation:
        decision = self._decide(self.main, None)
        start = Step(None, self.main.data, output={}, decision=decision, ticket=self._ticket())
        self.steps.append(start)
        self._follow(self.main, 0, decision)
        while self.main.state is _State.RUNNING:
            if self.to_do:
                path, decision = self.to_do.popleft()
                if path.state is not _State.RUNNING:
                    continue
                if len(self.steps) > max_steps:
                    text = gettext(
                        "It went through %(count)d tasks without an end and was stopped."
                    )
                    return self._ended(Outcome.ERROR, error=text % {"count": max_steps})
                self._begin(path, decision.next_tasks[-1])
            elif (found := self._next_answer()) is not None:
                visit, answer = found
                if not self._take(visit, answer):
                    return self._ended(Outcome.REFUSED, at=visit.index)
            elif (wait := self._first_wait()) is not None:
                self._end_wait(wait)
            else:
                break
        if self.main.state is _State.ENDED and self.is_cancelled:
            at = self.main.visit.index if self.main.visit else 0
            return self._ended(Outcome.CANCELLED, at=at, end_label=self.main.label)
        if self.main.state is _State.ENDED:
            return replace(
                self._ended(
                    Outcome.COMPLETED,
                    at=self.main.visit.index if self.main.visit else 0,
                    end_label=self.main.label,
                ),
                end_outcome=self.main.outcome,
            )
        for path, index, error in self.errors:
            if path.state is _State.STUCK:
                return self._ended(Outcome.ERROR, at=index, error=error)
        return self._ended(Outcome.WAITING, at=self._first_open())

    # Going on

    def _follow(self, path: _Path, index: int, decision: Decision) -> None:
        """What comes after a step of a path."""
        if decision.error:
            self._stop(path, index, decision.error)
        elif decision.is_end:
            path.state = _State.ENDED
            path.label, path.outcome = decision.end_label, decision.outcome
            if path.block is not None:
                path.block.cast.append(path)
                self._branch_ended(path.block)
        else:
            self.to_do.append((path, decision))

    def _stop(self, path: _Path, index: int, error: str) -> None:
        path.state = _State.STUCK
        self.errors.append((path, index, error))

    def _begin(self, path: _Path, key: str) -> None:
        path.counted[key] += 1
        self.visits[key] += 1
        rules = self.tasks.get(key) or TaskRules()
        index = len(self.steps)
        run = path.innermost
        step = Step(
            key,
            path.data,
            items=path.items,
            item=run.item if run is not None else None,
            ticket=self._ticket(),
            is_vote=rules.task_type.is_vote,
        )
        self.steps.append(step)
        visit = path.visit = _Visit(key, path, index)
        if rules.task_type.is_block:
            self._enter(visit)
            return
        if rules.task_type.is_at_once:
            self._do_at_once(visit, rules)
            return
        if rules.task_type.is_call:
            sends, error = self._body_to_send(path, rules)
            self.steps[index] = replace(step, sends=sends, error=error)
            if error:
                self._stop(path, index, error)
                return
        self.waiting.append(visit)

    def _enter(self, visit: _Visit) -> None:
        """Begin the branches of a block."""
        path, task = visit.path, self.process.tasks.get(visit.key)
        context = self._context(path)
        approval = task.block.approval if task is not None and task.block is not None else None
        if approval is None:
            entered = enter_block(self.process, visit.key, context, self.clock)
        else:
            entered = self._asked(visit.key, approval, context)
        if entered.error:
            self._change(visit, error=entered.error)
            self._stop(path, visit.index, entered.error)
            return
        visit.spec = (task.block if task is not None else None) or BlockSpec()
        for run in entered.runs:
            state = _State.RUNNING if run.begins else _State.WAITING
            branch = _Path(path.data, run=run, block=visit, state=state)
            visit.branches.append(branch)
        self.waiting.append(visit)
        for branch in visit.branches:
            if branch.state is _State.RUNNING:
                self._begin_branch(branch)
        self._branch_ended(visit)

    def _asked(self, key: str, approval: ApprovalSpec, context: JsonObject) -> Entered:
        """Whom an approval asks: who is known, and for a role as many as the answers speak of."""
        try:
            found = _approvers(approval, context)
        except TransformError as error:
            return Entered(error=str(error))
        if found is None:
            said = [answer for _number, answer in self.answers.get(vote_key(key), ())]
            by = dict.fromkeys(each.by for each in said if each.by)
            numbers = [each.items[-1] for each in said if each.items]
            known = max((each.asked for each in said), default=0)
            count = known or max(usual_approvers(approval), len(by), *numbers, 0)
            found = [{"name": name} for name in by]
            found += [{} for _more in range(count - len(found))]
        return enter_approval(self.process, key, found)

    def _as_vote(self, answer: Answer) -> Answer:
        """An answer to an approval is one of its votes, but for a time that passes."""
        task = self.process.tasks.get(answer.task)
        is_approval = task is not None and task.task_type.is_approval
        return (
            replace(answer, task=vote_key(answer.task))
            if is_approval and not answer.after
            else answer
        )

    def _begin_branch(self, branch: _Path) -> None:
        branch.state = _State.RUNNING
        start = branch.run.start if branch.run is not None else ""
        self.to_do.append((branch, Decision(next_tasks=(start,))))

    def _branch_ended(self, block: _Visit) -> None:
        """Look whether a block is over; else begin its next branch, where they go in order."""
        states = [each.as_state() for each in block.branches]
        if not is_over(block.spec, states):
            under_way = (_State.RUNNING, _State.STUCK)
            later = [each for each in block.branches if each.state is _State.WAITING]
            if later and not any(each.state in under_way for each in block.branches):
                self._begin_branch(later[0])
            return
        path = block.path
        self._close(block)
        output = block_output(block.spec, states)
        if block.spec.approval is not None:
            votes = [
                CastVote(vote_in(each.as_state()), each.run.item if each.run is not None else None)
                for each in block.cast
            ]
            output = approval_output(block.spec.approval, votes, count=len(states))
        path.keep({**outputs_after(block.spec, states), block.key: output})
        self._done(block, output)

    def _close(self, visit: _Visit) -> None:
        """It is over; what is still under way inside is cancelled."""
        if visit in self.waiting:
            self.waiting.remove(visit)
        for branch in visit.branches:
            if branch.state is _State.ENDED:
                continue
            was, branch.state = branch.state, _State.CANCELLED
            inner = branch.visit
            if was in (_State.RUNNING, _State.STUCK) and inner is not None:
                self._close(inner)
                if self.steps[inner.index].decision is None:
                    self._change(inner, is_cancelled=True)

    def _done(self, visit: _Visit, output: JsonObject) -> None:
        path = visit.path
        decision = self._decide(path, visit.key)
        self._change(visit, data=path.data, output=output, decision=decision, ticket=self._ticket())
        self._follow(path, visit.index, decision)

    def _change(self, visit: _Visit, **values: Any) -> None:
        self.steps[visit.index] = replace(self.steps[visit.index], **values)

    # Answers

    def _next_answer(self) -> tuple[_Visit, Answer] | None:
        """The first answer that something waits for, taken out of those that are left."""
        asking: dict[str, list[_Visit]] = {}
        for visit in self.waiting:
            asking.setdefault(visit.key, []).append(visit)
        found: list[tuple[int, _Visit, Answer]] = []
        for key, visits in asking.items():
            for number, answer in self.answers.get(key, ()):
                taker = next((each for each in visits if each.takes(answer)), None)
                if taker is not None and (answer.after or not taker.branches):
                    found.append((number, taker, answer))
                    break
        if not found:
            return None
        number, visit, answer = min(found, key=lambda each: each[0])
        self.answers[visit.key].remove((number, answer))
        self.used.append(answer)
        if answer.at is not None and self.clock is not None:
            self.clock = replace(self.clock, now=answer.at)
        visit.visit, visit.has_answers = answer.visit, True
        return visit, answer

    def _first_wait(self) -> _Visit | None:
        """The first wait that is under way: it ends by itself, once nothing else is answered."""
        rules = ((each, self.tasks.get(each.key)) for each in self.waiting)
        waits = (each for each, found in rules if found and found.task_type.is_wait)
        return next(waits, None)

    def _end_wait(self, visit: _Visit) -> None:
        rules = self.tasks.get(visit.key)
        output = output_of(None) if rules is not None and rules.is_answered else {}
        self._close(visit)
        visit.path.keep({visit.key: output})
        self._done(visit, output)

    def _take(self, visit: _Visit, answer: Answer) -> bool:
        """Let an answer count; False where a form refuses it."""
        path, step = visit.path, self.steps[visit.index]
        rules = self.tasks.get(visit.key) or TaskRules()
        if answer.after:
            self._pass(visit, answer.after)
            return True
        step = self.steps[visit.index] = replace(step, answer=answer)
        if answer.cancel:
            self._cancel(visit)
            return True
        if answer.failure is not None:
            self._failed(visit, answer.failure)
            return True
        given: JsonObject | None = answer.output
        if rules.is_answered:
            given = answer_in(answer.output)
        try:
            refused = () if given is None else tuple(rules.refusals(given, self.clock))
            edited = self._changed(path, rules, answer.edits)
        except (FieldError, SchemaError) as error:
            self._broken(visit, str(error))
            return True
        refused += edited.refused
        if refused and rules.task_type.is_form:  # a person is asked again
            self.steps[visit.index] = replace(step, refused=refused)
            return False
        if refused:
            self._refused_output(visit, rules, refused, answer.output)
            return True
        self._close(visit)
        self.facts = {**self.facts, "ticket": edited.ticket}
        path.change(edited.outputs)
        output = output_of(given) if rules.is_answered else answer.output
        path.keep({visit.key: output})
        self._change(visit, edits=answer.edits)
        self._done(visit, output)
        return True

    def _ticket(self) -> JsonObject:
        found = self.facts.get("ticket")
        return found if isinstance(found, dict) else {}

    def _changed(self, path: _Path, rules: TaskRules, changes: JsonObject) -> Edited:
        """The answers after a task's changes."""
        before = self._ticket()
        if rules.change_answers is None:
            refused = [
                FieldProblem(
                    "", gettext("This task changes no earlier answers: %(name)s") % {"name": n}
                )
                for n in changes
            ]
            return Edited(before, path.data, tuple(refused))
        return rules.change_answers(before, path.data, changes)

    def _cancel(self, visit: _Visit) -> None:
        """The ticket is withdrawn or cancelled; the second time that changes nothing."""
        if self.is_cancelled:
            return
        self.is_cancelled = True
        while visit.path.block is not None:
            visit = visit.path.block
        self._change(visit, cancels=True)
        decision = decide_cancel(self.process, visit.key, self._context(self.main), self.clock)
        if decision.is_silent:
            decision = replace(decision, is_end=True)
        self._close(visit)
        self._drop_rest(visit)
        self._change(visit, decision=decision)
        self._follow(self.main, visit.index, decision)

    def _do_at_once(self, visit: _Visit, rules: TaskRules) -> None:
        """A step of the engine's own needs no answer; one that was given counts for nothing."""
        path = visit.path
        if self.answers.get(visit.key):
            self.answers[visit.key].popleft()
        try:
            made = carry_out(
                rules.task_type,
                values=rules.values,
                table=rules.table,
                context=self._context(path),
                clock=self.clock,
            )
        except AtOnceError as error:
            self._broken(visit, str(error))
            return
        path.keep({visit.key: made.output})
        self._change(visit, note=made.note)
        self._done(visit, made.output)

    def _broken(self, visit: _Visit, error: str) -> None:
        self._close(visit)
        self._change(visit, error=error)
        self._stop(visit.path, visit.index, error)

    def _refused_output(
        self,
        visit: _Visit,
        rules: TaskRules,
        refused: tuple[FieldProblem, ...],
        output: JsonObject,
    ) -> None:
        """An output that a call gives, and that does not fit, is an error."""
        error = gettext("The output does not fit the output schema. %(problems)s") % {
            "problems": _sentences(refused)
        }
        self._change(visit, refused=refused)
        if rules.task_type.is_answered_later:  # another answer may come
            self._broken(visit, error)
        else:
            self._failed(visit, Failure(FailureReason.UNUSABLE_ANSWER, error, 200, output or None))

    def _failed(self, visit: _Visit, failure: Failure) -> None:
        """A call that has failed for good: an error, where no transition is taken for it."""
        path, context = visit.path, self._context(visit.path)
        decision = decide_failure(self.process, visit.key, failure, context, self.clock)
        self._change(visit, failure=failure)
        if decision.error or decision.is_silent:
            self._broken(visit, " ".join(filter(None, (failure.message, decision.error))))
            return
        self._close(visit)
        # What was decided just now has read those before it.
        self.failures = {**self.failures, visit.key: failure.as_json()}
        self._change(visit, decision=decision)
        self._follow(path, visit.index, decision)

    def _pass(self, visit: _Visit, until: str) -> None:
        """Let a time pass: it may be left, undone, or it goes on."""
        path = visit.path
        for after in self.process.timeouts_until(visit.key, until):
            times = self.steps[visit.index].times
            if after in {each.after for each in times}:
                continue
            decision = decide_timeout(
                self.process, visit.key, after, self._context(path), self.clock
            )
            self._change(visit, times=(*times, TimeOver(after, decision)))
            if decision.is_silent:
                continue
            states = [each.as_state() for each in visit.branches]
            self._close(visit)
            self._drop_rest(visit)
            if visit.branches:
                path.keep(outputs_after(visit.spec, states))
            self._change(visit, decision=decision)
            self._follow(path, visit.index, decision)
            return

    def _drop_rest(self, visit: _Visit) -> None:
        """Of the answers that are for one visit alone, when it has been left."""
        waiting = self.answers.get(visit.key)
        while visit.visit is not None and waiting and waiting[0][1].visit == visit.visit:
            waiting.popleft()

    # What rules read

    def _decide(self, path: _Path, ended_task: str | None) -> Decision:
        return decide(self.process, ended_task, self._context(path), self.clock)

    def _context(self, path: _Path) -> JsonObject:
        """What conditions of transitions read."""
        return {
            **self._values(path),
            "visits": self.process.visits(self._counted(path)),
            "done": dict.fromkeys(path.data, _NOBODY),
            "failures": self.failures,
        }

    def _counted(self, path: _Path) -> Counter[str]:
        """On the main path all visits; in a branch those on it and on the paths around it."""
        if path.block is None:
            return self.visits
        found = Counter(path.counted)
        around: _Path | None = path.block.path
        while around is not None:
            found.update(around.counted)
            around = around.block.path if around.block is not None else None
        return found

    def _values(self, path: _Path) -> JsonObject:
        """What conditions and transforms read, without what only one of them does."""
        values: JsonObject = {**self.facts, "tasks": path.data}
        if (run := path.innermost) is not None:
            values |= {"item": run.item, "item_number": run.number}
        return values

    def _body_to_send(self, path: _Path, rules: TaskRules) -> tuple[JsonObject | None, str]:
        """What a call would send, and why it could not be made."""
        context = self._values(path)
        working_time = None if self.clock is None else self.clock.working_time
        context |= {} if self.clock is None else self.clock.as_json()
        if rules.task_type.is_answered_later:
            context["callback"] = {"url": CALLBACK_URL}
        if is_empty(rules.input_transform):
            body: Json = {name: context[name] for name in SENT_BY_DEFAULT if name in context}
        else:
            try:
                body = apply_transform(rules.input_transform, context, working_time=working_time)
            except TransformError as error:
                return None, gettext("What the call sends could not be put together. %(error)s") % {
                    "error": error
                }
        if not isinstance(body, dict):
            return None, gettext("The input transform must make an object.")
        schema = rules.input_schema
        try:
            problems = SchemaValidator({} if is_empty(schema) else schema).validate(body)
        except SchemaError as error:
            return body, str(error)
        if problems:
            return (
                body,
                gettext("What the call sends does not fit its input schema. %(problems)s")
                % {"problems": _sentences(problems)},
            )
        return body, ""

    # The end

    def _open(self) -> Iterator[_Visit]:
        """What waits for an answer: not the blocks, which wait for what is in them."""
        return (each for each in self.waiting if not each.branches)

    def _first_open(self) -> int:
        return next((each.index for each in self._open()), len(self.steps) - 1)

    def _ended(
        self, outcome: Outcome, *, at: int = -1, end_label: str = "", error: str = ""
    ) -> Simulation:
        unused = tuple(answer for waiting in self.answers.values() for _number, answer in waiting)
        is_over = outcome is Outcome.COMPLETED or self.main.state is _State.STUCK
        return Simulation(
            tuple(self.steps),
            outcome,
            end_label,
            error,
            unused,
            used=tuple(self.used),
            stopped_at=at if at >= 0 else len(self.steps) - 1,
            open=() if is_over or at < 0 else tuple(each.index for each in self._open()),
            open_blocks=()
            if is_over or at < 0
            else tuple(each.index for each in self.waiting if each.branches),
            data=self.main.data,
        )


def usual_approvers(approval: ApprovalSpec) -> int:
    """How many people an approval asks in a simulation, where nobody knows how many there are.

    One more than must approve, so that a refusal can be seen, too; one where one is enough.
    """
    if isinstance(approval.needed, int) and approval.needed > 1:
        return approval.needed + 1
    return 1 if approval.needed != Needed.ALL else 2


def _approvers(approval: ApprovalSpec, context: JsonObject) -> list[Json] | None:
    """Those whom an approval names; None: how many they are stands in no document."""
    if approval.who is Approvers.MANAGER:
        return [{}]
    if approval.who is not Approvers.PEOPLE:
        return None
    people = approval.people
    if isinstance(people, list):
        return [{"email": each} for each in people]
    found = apply_transform(people, context)
    listed = found if isinstance(found, list) else [found]
    return [each if isinstance(each, dict) else {"email": each} for each in listed if each]


def read_answers(document: Json) -> list[Answer]:
    """The answers of a test case, or of any other JSON; what is no answer is left out."""
    found: list[Answer] = []
    for each in document if isinstance(document, list) else []:
        if isinstance(each, dict) and isinstance(each.get("task"), str):
            output, error = each.get("output", {}), each.get("error", "")
            after = each.get("after", "")
            if not (isinstance(error, str) and isinstance(after, str)):
                continue
            status, reason = each.get("status"), FailureReason.named(each.get("reason"))
            if isinstance(status, bool) or not isinstance(status, int):
                status = None
            if isinstance(output, dict) and not any(unstorable(output)):
                edits = each.get("edits")
                if not isinstance(edits, dict) or any(unstorable(edits)):
                    edits = {}
                answer = Answer(
                    str(each["task"]),
                    output,
                    error,
                    after,
                    status=status,
                    reason=reason or "",
                    items=_items_of(each.get("item", each.get("items"))),
                    cancel=each.get("cancel") is True,
                    by=_text(each.get("by")),
                    given_to=_text(each.get("given_to")),
                    edits=edits,
                )
                found.append(answer)
    return found


def _items_of(value: Json | tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of entries: one, or several, the outermost first."""
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(each for each in listed if isinstance(each, int) and not isinstance(each, bool))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _sentences(problems: Iterable[FieldProblem]) -> str:
    return " ".join(
        f"{each.field}: {each.message}" if each.field else each.message
        for each in list(problems)[:5]
    )
