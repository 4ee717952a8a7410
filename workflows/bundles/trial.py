"""Running a definition without tickets: one try, or its test cases. Pure over the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.canonical import END, START, default_of
from workflows.bundles.given import Given
from workflows.bundles.outline import outcome_of
from workflows.bundles.problems import Problem, path_in_words
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.approvals import vote_fields_in_words, vote_key, with_votes
from workflows.engine.blocks import BlockSpec, branch_of
from workflows.engine.clock import NAMES as NAMES_OF_TIME
from workflows.engine.clock import Clock
from workflows.engine.conditions import is_empty, one_budget
from workflows.engine.edits import Edit, by_owner, edits_of, place_of, with_owner
from workflows.engine.errors import FieldError, TransformError
from workflows.engine.problems import FieldProblem, quoted
from workflows.engine.process import (
    EndOutcome,
    Json,
    JsonObject,
    Process,
    TaskSpec,
    TransitionSpec,
)
from workflows.engine.simulate import (
    Answer,
    ChangeAnswers,
    Edited,
    Outcome,
    Simulation,
    TaskRules,
    read_answers,
    simulate,
)
from workflows.engine.subtickets import OUTPUT_SCHEMA as OF_SUBTICKET
from workflows.engine.subtickets import completed
from workflows.engine.task_types import VOTE_TYPES, TaskType
from workflows.engine.transforms import apply_transform
from workflows.fields.asked_again import (
    AskedAgain,
    PartOfForm,
    apply_changes,
    asked_again,
    problems_of_changes,
)
from workflows.fields.facts import Facts
from workflows.fields.registry import MADE_UP
from workflows.fields.validation import Validator
from workflows.working_hours.durations import duration_in_words

EXAMPLE_COMPANY: Final = "Example"
EXAMPLE_NUMBER: Final = 1
EXAMPLE_SUBMITTER: Final[Mapping[str, str]] = {
    "email": "submitter@example.com",
    "first_name": "Sam",
    "last_name": "Example",
}
# Test cases run while somebody waits for the page: more work than this is not begun.
MAX_STEPS_OF_ALL_CASES: Final = 5_000


class Trial:
    """A definition that can be tried, made of a document in canonical form.

    The document may be a draft that has problems: what is wrong comes out when it is reached.
    `known` is what was found of what the document names (`references_in`), with the time at which
    it is tried; that is now where it says none. Answers that are complete, as those of tickets,
    are not judged by it again.
    """

    def __init__(
        self,
        document: JsonObject,
        *,
        company_name: str = EXAMPLE_COMPANY,
        known: Facts = MADE_UP,
    ) -> None:
        self.document = document
        self.company_name = company_name
        self.clock = known.clock or Clock(timezone.now())
        self.known = replace(known, trusts_answers=True, clock=self.clock)
        workflow = document.get("workflow")
        self.workflow: JsonObject = workflow if isinstance(workflow, dict) else {}
        tasks = map(_in_words, with_votes(_entries(document, "tasks")))
        self.tasks = {str(each.get("key")): each for each in tasks}
        self.ticket_types = {
            str(each.get("key")): each for each in _entries(document, "ticket_types")
        }
        self.cases = _entries(document, "tests")
        self.process = Process(
            key=str(self.workflow.get("key", "")),
            title=str(self.workflow.get("title", "")),
            tasks={key: _spec(key, task) for key, task in self.tasks.items()},
            transitions=tuple(map(_transition, _entries(document, "transitions"))),
        )
        self.forms = {
            key: _Form(task.get("fields", []), self.known) for key, task in self.tasks.items()
        }
        self.rules = {
            key: _rules(task, self.forms[key], self._change_answers(key))
            for key, task in self.tasks.items()
        }
        self._ticket_forms: dict[str, _Form] = {}

    @property
    def reads_clock(self) -> bool:
        """Whether some rule of the document may read the time."""
        waiting: list[Json] = [self.document]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                waiting.extend(value.values())
                read = value.get("var", value.get("val"))
                names = read if isinstance(read, list) else [read]
                if any(each in NAMES_OF_TIME for each in names if isinstance(each, str)):
                    return True
            elif isinstance(value, list):
                waiting.extend(value)
        return False

    @property
    def fields(self) -> Json:
        """The field specs of the ticket's form."""
        return self.workflow.get("fields", [])

    def fields_of(self, key: str) -> Json:
        """The field specs of a task's form."""
        return self.tasks.get(key, {}).get("fields", [])

    def title_of(self, key: str) -> str:
        return str(self.tasks.get(key, {}).get("title") or key)

    def presets(self, ticket_type: str) -> JsonObject:
        found = self.ticket_types.get(ticket_type, {}).get("presets")
        return found if isinstance(found, dict) else {}

    def refusals(
        self, ticket: JsonObject, *, ticket_type: str = "", clock: Clock | None = None
    ) -> list[FieldProblem]:
        """What is wrong with the answers on the ticket's form, at this time.

        Raises FieldError where the form itself is wrong.
        """
        return self.ticket_form(ticket_type).refusals(ticket, clock)

    def ticket_form(self, ticket_type: str = "") -> _Form:
        if ticket_type not in self._ticket_forms:
            presets = self.presets(ticket_type)
            self._ticket_forms[ticket_type] = _Form(self.fields, self.known, presets=presets)
        return self._ticket_forms[ticket_type]

    def facts(
        self,
        ticket: JsonObject,
        *,
        ticket_type: str = "",
        submitter: Mapping[str, Json] | None = None,
        number: int = EXAMPLE_NUMBER,
        clock: Clock | None = None,
    ) -> JsonObject:
        """The context of conditions and transforms, without `tasks`."""
        who = dict[str, Json](submitter or EXAMPLE_SUBMITTER)
        return {
            "ticket": self.ticket_form(ticket_type).with_presets(ticket, clock),
            "submitter": {name: who.get(name, "") for name in EXAMPLE_SUBMITTER},
            "company": {"name": self.company_name},
            "number": number,
        }

    def output_of(self, key: str, body: Json, *, context: JsonObject) -> JsonObject:
        """What is kept of another system's answer, as workflows/actions/output.py makes it.

        Raises TransformError.
        """
        task = self.tasks[key]
        if self.rules[key].task_type.is_subticket:
            return completed(body if isinstance(body, dict) else {})
        template, response = task.get("output_transform"), dict[str, Json](body=body)
        if is_empty(template):
            return body if isinstance(body, dict) else {"response": body}
        if not self.rules[key].task_type.is_answered_later:
            response["status"] = 200
        known: JsonObject = {**context, **self.clock.as_json(), "response": response}
        output = apply_transform(template, known, working_time=self.clock.working_time)
        if not isinstance(output, dict):
            raise TransformError(_("The output transform must make an object."))
        return output

    def run(
        self, *, facts: JsonObject, answers: Iterable[Answer], clock: Clock | None = None
    ) -> Simulation:
        """`clock`: when the ticket was submitted; now, where it is None."""
        clock = clock or self.clock
        taken_in = [self._taken_in(each, clock) for each in answers]
        return simulate(self.process, facts=facts, tasks=self.rules, answers=taken_in, clock=clock)

    # Earlier answers that a task shows

    def edits_of(self, key: str) -> tuple[Edit, ...]:
        """The answers that a task shows again; none of a call."""
        is_form = _type_of(self.tasks[key]).is_form
        return edits_of(self.tasks[key].get("edits")) if is_form else ()

    def asked_again(
        self, key: str, *, ticket: JsonObject, outputs: JsonObject, only_seen: Collection[str] = ()
    ) -> tuple[AskedAgain, ...]:
        """What the form of a task shows of these earlier answers.

        `only_seen` are questions whose answers the ticket type sets. Raises FieldError where one of
        the forms is wrong.
        """
        return asked_again(
            self.edits_of(key),
            ticket=ticket,
            outputs=outputs,
            form_of=self._whole_form,
            title_of=lambda task: self.title_of(task) if task else _("What was submitted"),
            only_seen=only_seen,
        )

    def _whole_form(self, key: str) -> Validator | None:
        if not key:
            return self.ticket_form().validator
        return self.forms[key].validator if key in self.forms else None

    def _change_answers(self, key: str) -> ChangeAnswers | None:
        if not self.edits_of(key):
            return None

        def change(ticket: JsonObject, outputs: JsonObject, changes: JsonObject) -> Edited:
            asked = self.asked_again(key, ticket=ticket, outputs=outputs)
            taken_in = self.changes_taken_in(asked, changes)
            facts = self._facts_of_part
            refused = problems_of_changes(asked, taken_in, facts)
            if refused:
                return Edited(ticket, outputs, tuple(refused))
            made = {"": ticket, **outputs}
            made |= {each.task: each.after for each in apply_changes(asked, taken_in, facts)}
            ticket_now = made.pop("")
            return Edited(ticket_now if isinstance(ticket_now, dict) else ticket, made)

        return change

    def _facts_of_part(self, _part: PartOfForm, _changes: JsonObject) -> Facts:
        return self.known

    def changes_taken_in(self, asked: Iterable[AskedAgain], changes: JsonObject) -> JsonObject:
        """Changes as a test case writes them, as a ticket would keep them."""
        owned, made = by_owner(changes), dict(changes)
        for each in asked:
            own = owned.get(each.task, {})
            given: JsonObject = {name: value for name, value in own.items() if value is not None}
            made |= with_owner(each.task, each.part.taken_in(given, self.known))
        return made

    def changes_given_out(self, changes: JsonObject) -> JsonObject:
        """Changes of a ticket as a test case writes them."""
        made = dict(changes)
        for task, own in by_owner(changes).items():
            form = self.ticket_form() if not task else self.forms.get(task)
            if form is not None:
                given: JsonObject = {n: value for n, value in own.items() if value is not None}
                made |= with_owner(task, form.given_out(given))
        return made

    def output_given_out(self, answer: Answer) -> JsonObject:
        """What came of a task, as a test case writes it."""
        form = self._form_of(answer.task)
        return answer.output if form is None else form.given_out(answer.output)

    def _taken_in(self, answer: Answer, clock: Clock) -> Answer:
        form = self._form_of(answer.task)
        if form is None:
            return answer
        at = clock if answer.at is None else replace(clock, now=answer.at)
        return replace(answer, output=form.taken_in(answer.output, at))

    def _form_of(self, key: str) -> _Form | None:
        """The form of a task; None where it is a call, or there is none."""
        if self.rules.get(key, TaskRules()).task_type.is_approval:
            key = vote_key(key)
        rules = self.rules.get(key)
        return self.forms[key] if rules is not None and rules.task_type.is_form else None

    def facts_of_test_case(self, case: JsonObject) -> JsonObject:
        """What conditions of the test case read besides tasks, on the day that it names."""
        clock = clock_of_case(case, self.clock)
        ticket, submitter = case.get("ticket", {}), case.get("submitter")
        return self.facts(
            ticket if isinstance(ticket, dict) else {},
            ticket_type=str(case.get("ticket_type", "")),
            submitter=submitter if isinstance(submitter, dict) else None,
            clock=clock,
        )

    def run_test_case(self, case: JsonObject) -> Simulation:
        """What comes out for the answers of a test case, on the day that it names."""
        clock = clock_of_case(case, self.clock)
        answers = read_answers(case.get("answers"))
        return self.run(facts=self.facts_of_test_case(case), answers=answers, clock=clock)


def clock_of_case(case: JsonObject, otherwise: Clock) -> Clock:
    """What a test case knows of time: the day that it names, or else the day of the run."""
    today = case.get("today")
    try:
        day = date.fromisoformat(today) if isinstance(today, str) and today else None
    except ValueError:
        day = None
    return otherwise if day is None else Clock.at_noon(day, otherwise.working_time)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a ticket came: the tasks that it reached, and how it ended there.

    `outcome` is that of the end; empty where nobody asks for it.
    """

    path: tuple[str, ...]
    status: str
    end: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class TestCaseResult:
    """What came of a test case. `divergence` is the number of the first step that differs.

    It counts from 0; None: the steps are the same. `reason` says in one sentence what went
    wrong, and is empty where the case passes. `found` is None where it could not be run.
    """

    index: int
    name: str
    expected: Arrival
    found: Arrival | None
    reason: str = ""
    divergence: int | None = None
    simulation: Simulation | None = None

    @property
    def has_passed(self) -> bool:
        return not self.reason


def run_document_test_cases(
    document: JsonObject,
    *,
    company_name: str = EXAMPLE_COMPANY,
    known: Facts = MADE_UP,
    max_steps: int = MAX_STEPS_OF_ALL_CASES,
) -> list[TestCaseResult]:
    """Run the test cases of a document that has no errors; their rules have one budget."""
    with one_budget():
        return _run_cases(document, company_name, known, max_steps)


def _run_cases(
    document: JsonObject, company_name: str, known: Facts, max_steps: int
) -> list[TestCaseResult]:
    trial = Trial(document, company_name=company_name, known=known)
    results: list[TestCaseResult] = []
    for index, case in enumerate(trial.cases):
        if max_steps <= 0:
            reason = _("The test cases together take too many steps: this one was not run.")
            results.append(_not_run(index, case, reason))
            continue
        result = run_test_case(trial, index, case)
        max_steps -= len(result.simulation.steps) if result.simulation else 1
        results.append(result)
    return results


def run_test_case(trial: Trial, index: int, case: JsonObject) -> TestCaseResult:
    key, ticket = str(case.get("ticket_type", "")), case.get("ticket", {})
    if key and key not in trial.ticket_types:
        reason = _("There is no ticket type “%(key)s”, so that this was not run.") % {"key": key}
        return _not_run(index, case, reason)
    try:
        answers = ticket if isinstance(ticket, dict) else {}
        clock = clock_of_case(case, trial.clock)
        refused = trial.refusals(answers, ticket_type=key, clock=clock)
    except FieldError as error:
        return _not_run(index, case, str(error))
    if refused:
        return _not_run(index, case, _refusal(_("The ticket's form"), trial.fields, refused))
    simulation = trial.run_test_case(case)
    expected = _expected(case)
    outcome = (simulation.end_outcome or "") if expected.outcome else ""
    found = Arrival(simulation.path, simulation.outcome.value, simulation.end_label, str(outcome))
    divergence = _first_divergence(expected, found)
    reason = _reason(trial, expected, simulation, divergence)
    if not reason:
        given = Given(trial, simulation, trial.facts_of_test_case(case))
        reason = " ".join(given.problems(case))
    name = str(case.get("name", ""))
    return TestCaseResult(index, name, expected, found, reason, divergence, simulation)


def test_case_failures(document: JsonObject, results: Iterable[TestCaseResult]) -> list[Problem]:
    """The test cases that do not pass, as problems with their places."""
    return [
        replace(problem, where=path_in_words(document, problem.path))
        for each in results
        if not each.has_passed
        for problem in [
            Problem(
                ("tests", each.index),
                each.reason,
                arrival_in_one_line(each.found) if each.found else None,
                arrival_in_one_line(each.expected),
            )
        ]
    ]


def arrival_in_one_line(arrival: Arrival) -> str:
    """An arrival in one line: `approve > order > end (ordered)`."""
    steps = [START, *arrival.path]
    if arrival.status == Outcome.COMPLETED:
        said = ", ".join(filter(None, (arrival.end, arrival.outcome)))
        steps.append(f"{END} ({said})" if said else END)
    else:
        steps[-1] = f"{steps[-1]} ({arrival.status})"
    return " > ".join(steps)


def _first_divergence(expected: Arrival, found: Arrival) -> int | None:
    for number, (wanted, got) in enumerate(zip(expected.path, found.path, strict=False)):
        if wanted != got:
            return number
    if expected.path != found.path:
        return min(len(expected.path), len(found.path))
    return None


def _reason(trial: Trial, expected: Arrival, simulation: Simulation, divergence: int | None) -> str:
    last = simulation.last_step
    if simulation.outcome is Outcome.REFUSED and last.task is not None:
        form, refused = trial.title_of(last.task), last.refused
        specs = trial.fields_of(last.task)
        if (asked := place_of(refused[0].field)) is not None:
            task, field = asked
            specs = trial.fields_of(task) if task else trial.fields
            refused = (replace(refused[0], field=field),)
        return _refusal(_("The form of “%(task)s”") % {"task": form}, specs, refused)
    if divergence is not None:
        return _divergence_reason(trial, expected, simulation, divergence)
    place = {"place": _("the start") if last.task is None else quoted(trial.title_of(last.task))}
    if simulation.outcome != expected.status:
        if simulation.outcome is Outcome.WAITING and simulation.last_step.times:
            text = _("%(place)s is not left after %(time)s, so that the ticket waits there.")
            time = duration_in_words(simulation.last_step.times[-1].after)
            return text % {**place, "time": time}
        return {
            Outcome.COMPLETED: _("After %(place)s the ticket reaches the end."),
            Outcome.CANCELLED: _("After %(place)s the ticket is cancelled, and it ends there."),
            Outcome.WAITING: _("There is no answer for %(place)s, so that the ticket waits there."),
            Outcome.ERROR: _("The ticket stops at %(place)s: %(error)s"),
        }[simulation.outcome] % {**place, "error": simulation.error}
    if expected.end and name_key(expected.end) != name_key(simulation.end_label):
        return _("After %(place)s it ends as “%(found)s”, not as “%(wanted)s”.") % {
            **place,
            "found": simulation.end_label,
            "wanted": expected.end,
        }
    if expected.outcome and expected.outcome != simulation.end_outcome:
        return _("After %(place)s the outcome is %(found)s, not %(wanted)s.") % {
            **place,
            "found": outcome_in_words(simulation.end_outcome or ""),
            "wanted": outcome_in_words(expected.outcome),
        }
    return ""


def outcome_in_words(outcome: str) -> str:
    """What people read for the outcome of an end; what is none as it is."""
    known = outcome in tuple(EndOutcome)
    return str(OUTCOMES[EndOutcome(outcome)].name) if known else outcome


def _divergence_reason(trial: Trial, expected: Arrival, simulation: Simulation, number: int) -> str:
    words = {
        "place": _step_before(trial, simulation.path, number),
        "found": _step_at(trial, simulation.path, simulation.outcome, number),
        "wanted": _step_at(trial, expected.path, expected.status, number),
    }
    text = _("After %(place)s the ticket goes to %(found)s, not to %(wanted)s.") % words
    if simulation.error and number == len(simulation.path):
        text = _("After %(place)s it stops, and does not come to %(wanted)s: %(error)s") % {
            **words,
            "error": simulation.error,
        }
    elif simulation.outcome is Outcome.WAITING and number == len(simulation.path):
        text = _(
            "There is no answer for %(place)s, so that the transition to %(wanted)s is not taken."
        )
        text %= words
    return text


def _step_before(trial: Trial, path: Sequence[str], number: int) -> str:
    """The step before the step of this number."""
    return quoted(trial.title_of(path[number - 1])) if number > 0 else _("the start")


def _step_at(trial: Trial, path: Sequence[str], status: str, number: int) -> str:
    if number < len(path):
        return quoted(trial.title_of(path[number]))
    if status == Outcome.CANCELLED:
        return _("the end of a cancelled ticket")
    return _("the end") if status == Outcome.COMPLETED else _("nowhere")


def _refusal(form: str, specs: Json, refused: Sequence[FieldProblem]) -> str:
    first = refused[0]
    return _("%(form)s refuses the answer to “%(field)s”: %(message)s") % {
        "form": form,
        "field": _title_of_question(specs, first.field),
        "message": first.message,
    }


def _title_of_question(specs: Json, field: str) -> str:
    """What people call a question; inside records, with the row: “Items, 1, Price”."""
    words: list[str] = []
    for step in field.split("."):
        entries = (
            [each for each in specs if isinstance(each, dict)] if isinstance(specs, list) else []
        )
        spec = next((each for each in entries if each.get("name") == step), None)
        if spec is not None:
            specs = spec.get("fields", [])
        label = spec.get("label") if spec is not None else None
        words.append(str(int(step) + 1) if step.isdecimal() else str(label or step))
    return ", ".join(words)


def _not_run(index: int, case: JsonObject, reason: str) -> TestCaseResult:
    return TestCaseResult(index, str(case.get("name", "")), _expected(case), None, reason)


def _expected(case: JsonObject) -> Arrival:
    expect = case.get("expect")
    document = expect if isinstance(expect, dict) else {}
    path = document.get("path")
    return Arrival(
        path=tuple(str(key) for key in path) if isinstance(path, list) else (),
        status=str(document.get("status", default_of("test_expectation", "status"))),
        end=str(document.get("end") or ""),
        outcome=str(document.get("outcome") or ""),
    )


def _entries(document: JsonObject, name: str) -> list[JsonObject]:
    found = document.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _in_words(task: JsonObject) -> JsonObject:
    """A vote asks in the language of whoever tries it."""
    if task.get("task_type") not in VOTE_TYPES:
        return task
    return {**task, "fields": vote_fields_in_words(task.get("fields"))}


def _type_of(task: JsonObject) -> TaskType:
    if task.get("task_type") in VOTE_TYPES:  # which are made with their approvals
        return VOTE_TYPES[0]
    return TaskType.named(task.get("task_type")) or TaskType.FORM


def _spec(key: str, task: JsonObject) -> TaskSpec:
    task_type = _type_of(task)
    return TaskSpec(
        key=key,
        title=str(task.get("title", "")),
        task_type=task_type,
        block=_block(key, task, task_type),
        branch=branch_of(str(task.get("branch") or "")),
    )


def _block(key: str, task: JsonObject, task_type: TaskType) -> BlockSpec | None:
    if task_type.is_approval:
        return BlockSpec.of_approval(key, task)
    return BlockSpec.of(task) if task_type.is_block else None


def _rules(task: JsonObject, form: _Form, change_answers: ChangeAnswers | None) -> TaskRules:
    return TaskRules(
        task_type=_type_of(task),
        check_form=form.refusals,
        input_schema=task.get("input_schema"),
        output_schema=OF_SUBTICKET if _type_of(task).is_subticket else task.get("output_schema"),
        waits=task.get("wait_for_end") is not False,
        input_transform=task.get("input_transform"),
        values=task.get("values"),
        table=task.get("table"),
        change_answers=change_answers,
        is_answered=_type_of(task).is_wait and bool(task.get("answered_by")),
    )


class _Form:
    """A form of the document, compiled when it is asked first: a draft's may be wrong."""

    def __init__(self, fields: Json, known: Facts, *, presets: JsonObject | None = None) -> None:
        self._fields = fields
        self._known = known
        self._presets = presets or {}

    @cached_property
    def validator(self) -> Validator:
        """Raises FieldError where the form is wrong."""
        return Validator(self._fields or [], presets=self._presets)

    def refusals(self, answers: JsonObject, clock: Clock | None = None) -> list[FieldProblem]:
        """What is wrong with answers; raises FieldError where the form itself is wrong."""
        return self.validator.validate(self.taken_in(answers, clock), self._at(clock))

    def taken_in(self, answers: JsonObject, clock: Clock | None = None) -> JsonObject:
        """Answers of the document as a ticket would keep them, with what is calculated."""
        known = self._at(clock)
        try:
            return self.validator.settled(self.validator.taken_in(answers, known), known)
        except FieldError:
            return answers

    def _at(self, clock: Clock | None) -> Facts:
        return self._known if clock is None else replace(self._known, clock=clock)

    def given_out(self, answers: JsonObject) -> JsonObject:
        """Answers of a ticket as the document writes them: without what is calculated."""
        try:
            return self.validator.given_out(self.validator.typed(answers))
        except FieldError:
            return answers

    def with_presets(self, answers: JsonObject, clock: Clock | None = None) -> JsonObject:
        try:
            presets = self.validator.presets_taken_in(self._known)
        except FieldError:
            presets = self._presets
        return {**presets, **self.taken_in(answers, clock)}


def _transition(each: JsonObject) -> TransitionSpec:
    source, target = str(each.get("from")), str(each.get("to"))
    priority = each.get("priority", 0)
    return TransitionSpec(
        from_task=None if source == START else source,
        to_task=None if target == END else target,
        condition=each.get("condition"),
        priority=priority if isinstance(priority, int) else 0,
        label=str(each.get("label", "")),
        after=str(each.get("after", "")),
        on_failure=each.get("on_failure") is True,
        on_cancel=each.get("on_cancel") is True,
        outcome=outcome_of(each),
        messages=each.get("messages"),
    )
