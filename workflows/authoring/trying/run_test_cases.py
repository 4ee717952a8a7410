from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.utils import timezone

from tenants.models import Company
from workflows.authoring.definitions.export_bundle import export_bundle, with_types_of_published
from workflows.bundles import (
    Problem,
    TestCaseResult,
    Trial,
    canonical,
    errors_of,
    run_document_test_cases,
)
from workflows.bundles.outline.named import references_in
from workflows.engine.process import JsonObject
from workflows.engine.rules.reads import reads_working_days
from workflows.fields.facts import Facts
from workflows.fields.in_database.look_up import look_up
from workflows.models import WorkflowDefinition
from workflows.working_hours.company_clock import company_clock


def run_test_cases(*, workflow: WorkflowDefinition) -> list[TestCaseResult]:
    """Run the test cases of a definition; nothing is saved and no call is made."""
    return run_test_cases_of_document(
        with_types_of_published(workflow.key, export_bundle(workflow=workflow))
    )


def run_test_cases_of_document(document: JsonObject) -> list[TestCaseResult]:
    """Run the test cases of a canonical bundle as a ticket of this company would run."""
    name = Company.objects.current().name
    return run_document_test_cases(document, company_name=name, known=_known(document))


def run_test_cases_of_draft(
    document: JsonObject, problems: Iterable[Problem]
) -> list[TestCaseResult]:
    """Run the test cases of a bundle that is being edited; none while something else is wrong.

    `problems` are those of the document. Those of the test cases themselves do no harm: a case
    whose answers a form refuses says so.
    """
    cases = document.get("tests", [])
    if any(each.path[:1] != ("tests",) for each in errors_of(problems)):
        return []
    if not isinstance(cases, list) or not all(isinstance(each, dict) for each in cases):
        return []
    rest = canonical({name: value for name, value in document.items() if name != "tests"})
    workflow = rest["workflow"]
    key = str(workflow.get("key", "")) if isinstance(workflow, dict) else ""
    return run_test_cases_of_document({**with_types_of_published(key, rest), "tests": cases})


def trial_of(workflow: WorkflowDefinition) -> Trial:
    """The definition, draft or not, to be tried as a ticket of this company would run."""
    document = with_types_of_published(workflow.key, export_bundle(workflow=workflow))
    return Trial(document, company_name=Company.objects.current().name, known=_known(document))


def _known(document: JsonObject) -> Facts:
    """What a document names, and the time of the company; its working days where they count."""
    clock = company_clock(timezone.now(), counts_days=reads_working_days(document))
    return replace(look_up(references_in(document)), clock=clock)
