"""Checking a document, trying a version, running its test cases: nothing is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tenants.mcp.tool import Call, JsonObject, Tool
from tenants.tokens.scopes import Scope
from workflows.authoring.definitions.pages.transition_rows import condition_labels
from workflows.authoring.trying.pages.try_steps import StepRow, step_rows
from workflows.authoring.trying.run_test_cases import run_test_cases, trial_of
from workflows.authoring.trying.try_state import submitter_texts
from workflows.bundles import TestCaseResult, Trial, errors_of
from workflows.bundles.trying.trial import EXAMPLE_SUBMITTER, clock_of_case
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem
from workflows.engine.simulate import Simulation, Step, read_answers
from workflows.errors import InvalidDataError, WorkflowsError
from workflows.fields.answers.validation import validator_for
from workflows.mcp.as_json import (
    ANY_OBJECT,
    FLAG,
    OBJECTS,
    TEXT,
    TEXTS,
    FormInWords,
    cut,
    result_of,
    shown_as_json,
    tried_as_json,
)
from workflows.mcp.definitions import DOCUMENT, checked
from workflows.mcp.versions import VERSION, WORKFLOW, version_as_json, version_of

# Of one check, errors first: who has mended these sees the others.
MOST_PROBLEMS: Final = 100
MOST_STEPS: Final = 60
# Made of a document: nobody reads these, and a schema could not say them.
_LEFT_OUT: Final = frozenset({"sheet", "row", "column", "heading", "at", "is_error"})


def _check_bundle(call: Call) -> JsonObject:
    found = checked(call.object("document"))
    findings = found.findings()
    rows = [(each.is_error, _problem(asdict(each))) for each in findings.problems]
    cases = found.preview.cases
    return {
        "is_ok": not errors_of(found.problems),
        "errors": [row for is_error, row in rows if is_error][:MOST_PROBLEMS],
        "warnings": [row for is_error, row in rows if not is_error][:MOST_PROBLEMS],
        "tests": results_as_json(cases),
        "changes": [asdict(each) for each in findings.changes[:MOST_PROBLEMS]],
        "new_company_roles": findings.new_company_roles,
        "compared_with": findings.current,
    }


def _problem(row: dict[str, Any]) -> JsonObject:
    return {name: value for name, value in row.items() if value and name not in _LEFT_OUT}


CHECK_BUNDLE: Final = Tool(
    name="check_bundle",
    title="Check a document",
    description=(
        "Everything that is wrong with a process, each with its place, what to do and the word "
        "that was probably meant; what its test cases come to; and what differs from the version "
        "that counts now. Nothing is saved. Mend and check again until there are no errors; "
        "warnings are what a person should know."
    ),
    scope=Scope.DEFINITIONS_READ,
    permissions=("workflows.add_workflowdefinition",),
    function=_check_bundle,
    is_dear=True,
    arguments={"document": DOCUMENT},
    required=("document",),
    output=result_of(
        is_ok=FLAG,
        errors=OBJECTS,
        warnings=OBJECTS,
        tests=OBJECTS,
        changes=OBJECTS,
        new_company_roles=TEXTS,
        compared_with=TEXT,
    ),
)


def results_as_json(cases: Sequence[TestCaseResult]) -> list[JsonObject]:
    return [
        {
            "name": each.name,
            "has_passed": each.has_passed,
            "reason": cut(each.reason),
            "path": list(each.found.path) if each.found else [],
            "status": str(each.found.status) if each.found else "",
        }
        for each in cases
    ]


def _run_test_cases(call: Call) -> JsonObject:
    workflow = version_of(call)
    cases = results_as_json(run_test_cases(workflow=workflow))
    passed = sum(bool(each["has_passed"]) for each in cases)
    return {
        **version_as_json(workflow),
        "tests": cases,
        "has_passed": bool(cases) and passed == len(cases),
    }


RUN_TEST_CASES: Final = Tool(
    name="run_test_cases",
    title="Run test cases",
    description=(
        "Run the test cases that a version of a workflow brings. Nothing is saved and no call is "
        "made. A version without test cases has not passed."
    ),
    scope=Scope.DEFINITIONS_DRAFT,
    permissions=("workflows.change_workflowdefinition",),
    function=_run_test_cases,
    is_dear=True,
    arguments={"workflow": WORKFLOW, "version": VERSION},
    required=("workflow",),
    output=result_of(("key", "version", "tests", "has_passed"), tests=OBJECTS, has_passed=FLAG),
)


class FormBrokenError(WorkflowsError):
    message = _("A form of this version is broken. Check the document, and mend its questions.")


def _try_draft(call: Call) -> JsonObject:
    workflow = version_of(call)
    trial = trial_of(workflow)
    chosen = call.text("ticket_type") or next(iter(trial.ticket_types), "")
    clock = clock_of_case({"today": call.text("today")}, trial.clock)
    ticket = call.object("ticket")
    try:
        refused = trial.refusals(ticket, ticket_type=chosen, clock=clock)
    except FieldError as error:
        raise FormBrokenError(str(error)) from error
    if refused:
        raise InvalidDataError(refused)
    who = call.object("submitter") or dict(EXAMPLE_SUBMITTER)
    facts = trial.facts(ticket, ticket_type=chosen, submitter=submitter_texts(who), clock=clock)
    answers = read_answers(call.arguments.get("answers"))
    simulation = trial.run(facts=facts, answers=answers, clock=clock)
    shown = trial.ticket_form(chosen).with_presets(ticket, clock)
    rows = step_rows(trial, simulation, ticket=shown, labels=condition_labels(workflow))
    return {
        **version_as_json(workflow),
        "outcome": simulation.outcome.value,
        "end": simulation.end_label,
        "error": simulation.error,
        "path": list(simulation.path)[:MOST_STEPS],
        "steps": [_step(each) for each in rows[:MOST_STEPS]],
        "waiting_for": [_waiting(trial, each) for each in _open(simulation)],
        "unused_answers": [each.task for each in simulation.unused][:MOST_STEPS],
    }


def _open(simulation: Simulation) -> list[Step]:
    """With what a form has refused: it is filled in again."""
    refused = [simulation.last_step] if simulation.last_step.refused else []
    return [*refused, *simulation.waiting][:MOST_STEPS]


def _step(row: StepRow) -> JsonObject:
    return {
        "title": row.title,
        "answers": shown_as_json(row.answers),
        "decisions": tried_as_json(row.tried),
        "error": row.error or row.failure,
        "note": row.note,
    }


def _waiting(trial: Trial, step: Step) -> JsonObject:
    key = step.task or ""
    made: JsonObject = {"task": key, "title": trial.title_of(key), "items": list(step.items)}
    if trial.rules[key].task_type.is_form:
        try:
            form = validator_for(trial.fields_of(key))
        except FieldError as error:
            return {**made, "problems": [{"place": "", "message": str(error)}]}
        made["form"] = FormInWords(form).as_json()
    return {**made, "problems": [_refusal(each) for each in step.refused]}


def _refusal(problem: FieldProblem) -> JsonObject:
    return {"place": problem.field, "message": problem.message}


TRY_DRAFT: Final = Tool(
    name="try_draft",
    title="Try a version",
    description=(
        "Go through a version of a workflow with made-up answers, as a ticket would: nothing is "
        "saved, no call is made and nobody is told. You get each step with the conditions that "
        "were looked at, where it waits with the form that is asked there, and how it ends. Add "
        "what the next step answers to `answers`, and call again."
    ),
    scope=Scope.DEFINITIONS_DRAFT,
    permissions=("workflows.change_workflowdefinition",),
    function=_try_draft,
    is_dear=True,
    arguments={
        "workflow": WORKFLOW,
        "version": VERSION,
        "ticket_type": {
            "type": "string",
            "maxLength": 63,
            "description": "The key of the ticket type; left out: the first.",
        },
        "ticket": {"type": "object", "description": "The answers of the ticket's form, by name."},
        "answers": {
            "type": "array",
            "maxItems": 200,
            "description": (
                "What comes of the tasks, in order, as test cases write it: "
                '{"task": key, "output": {...}}, or for a call that fails {"task": key, "error": '
                '"...", "status": 500}, or where time passes {"task": key, "after": "P2D"}.'
            ),
            "items": {
                "type": "object",
                "properties": {"task": TEXT, "output": ANY_OBJECT},
                "required": ["task"],
            },
        },
        "submitter": {
            "type": "object",
            "description": "Who submits it: email, first_name, last_name; left out: an example.",
            "properties": {"email": TEXT, "first_name": TEXT, "last_name": TEXT},
            "additionalProperties": False,
        },
        "today": {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "The day on which it happens, such as 2026-10-30; left out: today.",
        },
    },
    required=("workflow", "ticket"),
    output=result_of(
        ("outcome", "path", "steps", "waiting_for"),
        outcome={
            "type": "string",
            "enum": ["COMPLETED", "WAITING", "REFUSED", "ERROR", "CANCELLED"],
        },
        end=TEXT,
        error=TEXT,
        path=TEXTS,
        steps=OBJECTS,
        waiting_for=OBJECTS,
        unused_answers=TEXTS,
    ),
)
TOOLS: Final = (CHECK_BUNDLE, TRY_DRAFT, RUN_TEST_CASES)
