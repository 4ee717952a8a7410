"""Running the test cases of a document, and what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.document.canonical import END, START, default_of
from workflows.bundles.document.problems import Problem, path_in_words
from workflows.bundles.trying.given import Given
from workflows.bundles.trying.trial import EXAMPLE_COMPANY, Trial, clock_of_case
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem, quoted
from workflows.engine.process import EndOutcome, Json, JsonObject
from workflows.engine.rules.budget import one_budget
from workflows.engine.simulate import Outcome, Simulation
from workflows.engine.steps.edits import place_of
from workflows.fields.facts import Facts
from workflows.fields.registry import MADE_UP
from workflows.working_hours.durations import duration_in_words

# Test cases run while somebody waits for the page: more work than this is not begun.
MAX_STEPS_OF_ALL_CASES: Final = 5_000


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
