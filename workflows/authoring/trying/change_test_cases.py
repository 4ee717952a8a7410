"""Adding, recording anew, renaming and deleting the test cases of a draft, and what they expect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.names import LONGEST_NAME, name_key, plain_name
from workflows.authoring.trying.run_test_cases import run_test_cases, trial_of
from workflows.bundles.document.canonical import SCHEMA, canonical
from workflows.bundles.trying.trial import clock_of_case
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.simulate import Answer, Outcome, Simulation
from workflows.engine.steps.approvals import approval_key
from workflows.engine.values.storable import unstorable
from workflows.errors import (
    CaseNameInUseError,
    InvalidCaseNameError,
    InvalidDataError,
    NotADraftError,
    TooManyCasesError,
    UnknownCaseError,
)
from workflows.models import WorkflowDefinition

TEST_CASES_CHANGED = declare("definitions.test_cases_changed", _("Changed test cases"))


@transaction.atomic
def add_test_case(
    *,
    workflow: WorkflowDefinition,
    name: str,
    ticket_type: str,
    ticket: JsonObject,
    submitter: Mapping[str, str],
    answers: Iterable[Answer],
    today: str = "",
) -> JsonObject:
    """Keep a try as a test case, which expects what the draft does now.

    The caller has validated the answers. Returns the case as a bundle has it.

    Raises:
        NotADraftError: a published version never changes.
        InvalidCaseNameError, CaseNameInUseError, TooManyCasesError: see there.
        InvalidDataError: a form refuses an answer.
    """
    draft = _locked(workflow)
    cases = list(draft.test_cases)
    if len(cases) >= _most_cases():
        raise TooManyCasesError
    name = _checked_name(name, cases)
    case = _recorded(draft, name, ticket_type, ticket, submitter, answers, today)
    _save_cases(draft, [*cases, case])
    return case


@transaction.atomic
def record_test_case_again(
    *,
    workflow: WorkflowDefinition,
    name: str,
    ticket_type: str,
    ticket: JsonObject,
    submitter: Mapping[str, str],
    answers: Iterable[Answer],
    today: str = "",
) -> JsonObject:
    """Let a try take the place of the test case of this name: like add_test_case.

    Raises:
        NotADraftError, UnknownCaseError: see there.
        InvalidDataError: a form refuses an answer.
    """
    draft = _locked(workflow)
    old = _named(draft, name)
    case = _recorded(draft, name, ticket_type, ticket, submitter, answers, today)
    _save_cases(draft, [case if each is old else each for each in draft.test_cases])
    return case


@transaction.atomic
def expect_current_result(*, workflow: WorkflowDefinition, name: str) -> None:
    """Let a test case expect what the draft does now.

    Raises:
        NotADraftError, UnknownCaseError: see there.
        InvalidDataError: a form refuses an answer, so that there is no result.
    """
    draft = _locked(workflow)
    case = _named(draft, name)
    index = [each is case for each in draft.test_cases].index(True)
    result = run_test_cases(workflow=draft)[index]
    if result.found is None or result.simulation is None:
        raise InvalidDataError([FieldProblem("", result.reason)])
    if result.simulation.outcome is Outcome.REFUSED:
        raise InvalidDataError(list(result.simulation.last_step.refused))
    case["expect"] = _expectation_of(result.simulation)
    _save_cases(draft, list(draft.test_cases))


@transaction.atomic
def rename_test_case(*, workflow: WorkflowDefinition, name: str, new_name: str) -> None:
    """Give a test case another name.

    Raises:
        NotADraftError, UnknownCaseError, InvalidCaseNameError, CaseNameInUseError: see there.
    """
    draft = _locked(workflow)
    case = _named(draft, name)
    others = [each for each in draft.test_cases if each is not case]
    case["name"] = _checked_name(new_name, others)
    _store(draft)


@transaction.atomic
def delete_test_case(*, workflow: WorkflowDefinition, name: str) -> None:
    """Take a test case away.

    Raises:
        NotADraftError, UnknownCaseError: see there.
    """
    draft = _locked(workflow)
    case = _named(draft, name)
    draft.test_cases = [each for each in draft.test_cases if each is not case]
    _store(draft)


def _whose(answer: Answer) -> JsonObject:
    """For which entry of a list it is, or whose vote."""
    made: JsonObject = {"item": list[Json](answer.items)} if answer.items else {}
    return {**made, "by": answer.by} if answer.by else made


def _recorded(
    draft: WorkflowDefinition,
    name: str,
    ticket_type: str,
    ticket: JsonObject,
    submitter: Mapping[str, str],
    answers: Iterable[Answer],
    today: str,
) -> JsonObject:
    """The case that answers like this, and expects what the draft does now."""
    trial, answers = trial_of(draft), list(answers)
    clock = clock_of_case({"today": today}, trial.clock)
    case: JsonObject = {
        "name": name,
        "ticket": trial.ticket_form(ticket_type).given_out(ticket),
        "submitter": dict[str, Json](submitter),
        "answers": [
            {
                "task": approval_key(each.task) or each.task,
                "output": trial.output_given_out(each),
                "edits": trial.changes_given_out(each.edits),
                "error": each.error,
                "after": each.after,
                **({"item": list[Json](each.items)} if each.items else {}),
                "cancel": each.cancel,
                "by": each.by,
                "given_to": each.given_to,
                **_failure_of(each),
            }
            for each in answers
        ],
    }
    if ticket_type:
        case["ticket_type"] = ticket_type
    if trial.reads_clock:  # or it would come out otherwise on another day
        case["today"] = clock.today.isoformat()
    facts = trial.facts(
        ticket, ticket_type=ticket_type, submitter=dict[str, Json](submitter), clock=clock
    )
    simulation = trial.run(facts=facts, answers=answers, clock=clock)
    if simulation.outcome is Outcome.REFUSED:  # the draft was changed since the answer was given
        raise InvalidDataError(list(simulation.last_step.refused))
    case["expect"] = _expectation_of(simulation)
    return case


def _failure_of(answer: Answer) -> JsonObject:
    made: JsonObject = {}
    if answer.status is not None:
        made["status"] = answer.status
    if answer.reason:
        made["reason"] = str(answer.reason)
    return made


def _expectation_of(simulation: Simulation) -> JsonObject:
    made: JsonObject = {
        "path": list[Json](simulation.path),
        "end": simulation.end_label,
        "status": simulation.outcome.value,
    }
    if simulation.end_outcome is not None:
        made["outcome"] = simulation.end_outcome.value
    return made


def _save_cases(draft: WorkflowDefinition, cases: list[JsonObject]) -> None:
    made = canonical({"tests": list[Json](cases)})["tests"]
    draft.test_cases = made if isinstance(made, list) else []
    _store(draft)


def _store(draft: WorkflowDefinition) -> None:
    draft.save(update_fields=["test_cases", "updated_at"])
    count = len(draft.test_cases)
    record(TEST_CASES_CHANGED, about=draft, key=draft.key, version=draft.version, count=count)


def _locked(workflow: WorkflowDefinition) -> WorkflowDefinition:
    draft = WorkflowDefinition.objects.select_for_update().get(pk=workflow.pk)
    if not draft.is_draft:
        raise NotADraftError
    return draft


def _named(draft: WorkflowDefinition, name: str) -> JsonObject:
    for each in draft.test_cases:
        if isinstance(each, dict) and each.get("name") == name:
            return each
    raise UnknownCaseError


def _checked_name(name: str, others: list[JsonObject]) -> str:
    name = plain_name(" ".join(name.split()))
    if not name or len(name) > LONGEST_NAME or any(unstorable(name)):
        raise InvalidCaseNameError(most=LONGEST_NAME)
    if name_key(name) in {name_key(str(each.get("name"))) for each in others}:
        raise CaseNameInUseError
    return name


def _most_cases() -> int:
    """What the format of a bundle allows."""
    properties = SCHEMA["properties"]
    tests = properties.get("tests") if isinstance(properties, dict) else None
    most = tests.get("maxItems") if isinstance(tests, dict) else None
    return most if isinstance(most, int) else 0
