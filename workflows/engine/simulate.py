"""What a process would do with given answers: nothing is saved, and no call is made.

The steps are those of the real path (`decide`, the forms' validators, the transforms), so that
a simulation goes as a ticket would go.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from .clock import Clock
from .conditions import is_empty, one_budget
from .decide import Decision, decide, decide_failure, decide_timeout
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
CALLBACK_URL = "https://ticketflower.example/callback"
# What a call without an input transform sends; workflows/actions/input.py does the same.
SENT_BY_DEFAULT = ("number", "ticket", "tasks", "callback")


class Outcome(StrEnum):
    """How a simulation ended.

    WAITING: the last task has no answer. REFUSED: its form refuses the answer that it has.
    """

    COMPLETED = "COMPLETED"
    WAITING = "WAITING"
    REFUSED = "REFUSED"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of one visit of a task: its output, or why the call failed for good.

    It has failed where it has an ``error``, a ``reason`` or a ``status``; without a reason that is
    the one of the status. Its output is then the answer that came, where one did.

    ``at`` is when that was, where somebody knows.

    With ``after``, a duration, neither: the task has not ended by then. Where no transition leaves
    it then, it goes on, and the next answer counts for the same visit. Answers with the same number
    as ``visit`` are for one visit only: what is left of them when it ends is dropped.
    """

    task: str
    output: JsonObject = field(default_factory=dict)
    error: str = ""
    after: str = ""
    visit: int | None = None
    status: int | None = None
    reason: str = ""
    at: datetime | None = None

    @classmethod
    def failed(cls, task: str, failure: Failure, *, visit: int | None = None) -> Answer:
        """That the call failed so; of its answer what is no object is left out."""
        return cls(
            task,
            failure.answer if isinstance(failure.answer, dict) else {},
            error=failure.message,
            visit=visit,
            status=failure.status,
            reason=failure.reason.value,
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


@dataclass(slots=True)
class TaskRules:
    """What judges a task's output, and makes what its call sends."""

    task_type: TaskType = TaskType.FORM
    # What is wrong with the answers on a form; raises FieldError where the form itself is.
    check_form: Callable[[JsonObject, Clock | None], Sequence[FieldProblem]] = lambda *_given: ()
    input_schema: Json = None
    output_schema: Json = None
    input_transform: Json = None
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
    order.
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

    @property
    def timeout_taken(self) -> str:
        """The duration after which the task was left, not done; else empty."""
        if self.failure is not None:
            return ""
        was_left = self.output is None and self.decision is not None and not self.decision.error
        return self.times[-1].after if was_left else ""


@dataclass(frozen=True, slots=True)
class Simulation:
    """The steps that were gone, and how it ended.

    ``end_label`` and ``end_outcome`` are those of the end that was reached, where one was.
    ``used`` are the answers that counted, in the order of the steps; ``unused`` those that
    nobody asked for.
    """

    steps: tuple[Step, ...]
    outcome: Outcome
    end_label: str = ""
    error: str = ""
    unused: tuple[Answer, ...] = ()
    used: tuple[Answer, ...] = ()
    end_outcome: EndOutcome | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The keys of the tasks that were reached, in order."""
        return tuple(step.task for step in self.steps if step.task is not None)

    @property
    def last_step(self) -> Step:
        return self.steps[-1]

    @property
    def waiting_for(self) -> str | None:
        """The task whose form is to be filled in next."""
        return self.last_step.task if self.outcome in (Outcome.WAITING, Outcome.REFUSED) else None


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
    the process goes round in circles. ``clock`` is what rules know of time, until an answer says
    when it was given (`Answer.at`). Never raises for what a definition, its data or the
    answers contain.
    """
    with one_budget():
        return _Run(process, facts, tasks, answers, clock).run_to_end(max_steps)


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
        self.answers: dict[str, deque[Answer]] = {}
        for answer in answers:
            self.answers.setdefault(answer.task, deque()).append(answer)
        self.used: list[Answer] = []
        self.data: JsonObject = {}
        self.visits = Counter[str]()
        self.steps: list[Step] = []

    def run_to_end(self, max_steps: int) -> Simulation:
        decision = self._decide(None)
        self.steps.append(Step(None, self.data, output={}, decision=decision))
        while not (decision.is_end or decision.error):
            key = decision.next_tasks[-1]
            if len(self.steps) > max_steps:
                return self._ended(
                    Outcome.ERROR,
                    error=gettext("It went through %(count)d tasks without an end and was stopped.")
                    % {"count": max_steps},
                )
            step, outcome = self._visit(key)
            self.steps.append(step)
            if step.decision is None:
                return self._ended(outcome, error=step.error)
            decision = step.decision
        if decision.error:
            return self._ended(Outcome.ERROR, error=decision.error)
        return replace(
            self._ended(Outcome.COMPLETED, end_label=decision.end_label),
            end_outcome=decision.outcome,
        )

    def _visit(self, key: str) -> tuple[Step, Outcome]:
        """One task; the outcome counts where the step has no decision."""
        self.visits[key] += 1
        rules = self.tasks.get(key) or TaskRules()
        sends: JsonObject | None = None
        if not rules.task_type.is_form:
            sends, error = self._body_to_send(rules)
            if error:
                return Step(key, self.data, sends=sends, error=error), Outcome.ERROR
        times, answer = self._next_answer(key)
        step = Step(key, self.data, sends=sends, times=times)
        if times and not times[-1].decision.is_silent:
            return replace(step, decision=times[-1].decision), Outcome.COMPLETED
        if answer is None:
            return step, Outcome.WAITING
        if answer.failure is not None:
            return self._failed(step, answer.failure)
        try:
            refused = tuple(rules.refusals(answer.output, self.clock))
        except (FieldError, SchemaError) as error:
            return replace(step, error=str(error)), Outcome.ERROR
        if refused:
            return self._refused(step, rules, refused, answer.output)
        self.data = {**self.data, key: answer.output}
        decision = self._decide(key)
        step = replace(step, data=self.data, output=answer.output, decision=decision)
        return step, Outcome.COMPLETED

    def _refused(
        self, step: Step, rules: TaskRules, refused: tuple[FieldProblem, ...], output: JsonObject
    ) -> tuple[Step, Outcome]:
        """A person is asked again; an output that a call gives is an error."""
        if rules.task_type.is_form:
            return replace(step, refused=refused), Outcome.REFUSED
        error = gettext("The output does not fit the output schema. %(problems)s") % {
            "problems": _sentences(refused)
        }
        step = replace(step, refused=refused)
        if rules.task_type.is_answered_later:  # another answer may come
            return replace(step, error=error), Outcome.ERROR
        failure = Failure(FailureReason.UNUSABLE_ANSWER, error, 200, output or None)
        return self._failed(step, failure)

    def _failed(self, step: Step, failure: Failure) -> tuple[Step, Outcome]:
        """A call that has failed for good: an error, where no transition is taken for it."""
        key = step.task or ""
        decision = decide_failure(self.process, key, failure, self._context(), self.clock)
        step = replace(step, failure=failure)
        if decision.error or decision.is_silent:
            error = " ".join(filter(None, (failure.message, decision.error)))
            return replace(step, error=error), Outcome.ERROR
        return replace(step, decision=decision), Outcome.COMPLETED

    def _next_answer(self, key: str) -> tuple[tuple[TimeOver, ...], Answer | None]:
        """The times that pass at this visit, and what comes of it; None where it is left first."""
        times: list[TimeOver] = []
        waiting = self.answers.get(key, deque())
        visit = waiting[0].visit if waiting else None
        while waiting and waiting[0].visit == visit:
            answer = waiting.popleft()
            self.used.append(answer)
            if answer.at is not None and self.clock is not None:
                self.clock = replace(self.clock, now=answer.at)
            if not answer.after:
                return tuple(times), answer
            for after in self.process.timeouts_until(key, answer.after):
                if after in {each.after for each in times}:
                    continue
                decision = decide_timeout(self.process, key, after, self._context(), self.clock)
                times.append(TimeOver(after, decision))
                if not decision.is_silent:
                    while visit is not None and waiting and waiting[0].visit == visit:
                        waiting.popleft()
                    return tuple(times), None
        return tuple(times), None

    def _decide(self, ended_task: str | None) -> Decision:
        return decide(self.process, ended_task, self._context(), self.clock)

    def _context(self) -> JsonObject:
        """What conditions of transitions read."""
        return {**self.facts, "tasks": self.data, "visits": self.process.visits(self.visits)}

    def _body_to_send(self, rules: TaskRules) -> tuple[JsonObject | None, str]:
        """What a call would send, and why it could not be made."""
        times = {} if self.clock is None else self.clock.as_json()
        working_time = None if self.clock is None else self.clock.working_time
        context: JsonObject = {**self.facts, "tasks": self.data, **times}
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

    def _ended(self, outcome: Outcome, *, end_label: str = "", error: str = "") -> Simulation:
        unused = tuple(answer for waiting in self.answers.values() for answer in waiting)
        return Simulation(
            tuple(self.steps), outcome, end_label, error, unused, used=tuple(self.used)
        )


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
                answer = Answer(str(each["task"]), output, error, after, reason=reason or "")
                found.append(replace(answer, status=status))
    return found


def _sentences(problems: Iterable[FieldProblem]) -> str:
    return " ".join(
        f"{each.field}: {each.message}" if each.field else each.message
        for each in list(problems)[:5]
    )
