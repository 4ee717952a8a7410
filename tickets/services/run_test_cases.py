from __future__ import annotations

from tenants.models import Company
from tickets.services.export_bundle import export_bundle, with_types_of_published
from workflows.bundles import CaseResult, Trial, run_cases
from workflows.engine.process import JsonObject
from workflows.models import WorkflowDefinition


def run_test_cases(*, workflow: WorkflowDefinition) -> list[CaseResult]:
    """Run the test cases of a definition; nothing is saved and no call is made."""
    return run_cases_of(with_types_of_published(workflow.key, export_bundle(workflow=workflow)))


def run_cases_of(document: JsonObject) -> list[CaseResult]:
    """Run the test cases of a canonical bundle as a ticket of this company would run."""
    return run_cases(document, company_name=Company.objects.current().name)


def trial_of(workflow: WorkflowDefinition) -> Trial:
    """The definition, draft or not, to be tried as a ticket of this company would run."""
    document = with_types_of_published(workflow.key, export_bundle(workflow=workflow))
    return Trial(document, company_name=Company.objects.current().name)
