"""The test cases of a definition: what came of each, and for drafts, the small changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.limits.dear import Dear
from tenants.pages.buttons import Button
from tenants.pages.page import register_page
from workflows.authoring.trying.change_test_cases import (
    delete_test_case,
    expect_current_result,
    rename_test_case,
)
from workflows.authoring.trying.pages.base_page import TRYING, TryingPage
from workflows.authoring.trying.run_test_cases import run_test_cases, trial_of
from workflows.bundles import TestCaseResult, Trial
from workflows.bundles.trying.cases import Arrival, outcome_in_words
from workflows.engine.simulate import Outcome
from workflows.models import WorkflowDefinition


@dataclass(frozen=True, slots=True)
class Place:
    """One step, as the page shows it; `is_divergence` where found and expected differ."""

    title: str
    is_divergence: bool


@dataclass(frozen=True, slots=True)
class CaseRow:
    result: TestCaseResult
    ticket_type: str
    expected: Sequence[Place]
    found: Sequence[Place]


@register_page(
    WorkflowDefinition, "<int:object_id>/tests/", name="workflows_workflowdefinition_tests"
)
class TestCasesPage(TryingPage):
    """GET runs them all and shows what came; POST changes one of a draft.

    It renames it, deletes it, or lets it expect the result that it has now.
    """

    dear = {"GET": Dear.ASKED, "POST": Dear.ASKED}
    title = gettext_lazy("Test cases")
    button = Button(gettext_lazy("Test cases"), icon="checklist", order=20, group=TRYING)
    template_name = "trying/test_cases.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        trial = trial_of(self.workflow)
        results = run_test_cases(workflow=self.workflow)
        rows = [_row(trial, each) for each in results]
        passed = sum(each.has_passed for each in results)
        return self.show(rows=rows, passed=passed, failed=len(rows) - passed)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        name = request.POST.get("name", "")
        if "delete" in request.POST:
            delete_test_case(workflow=self.workflow, name=name)
            messages.success(request, _("The test case is deleted."))
        elif "expect" in request.POST:
            expect_current_result(workflow=self.workflow, name=name)
            messages.success(request, _("The test case expects the result that it has now."))
        else:
            new_name = request.POST.get("new_name", "")
            rename_test_case(workflow=self.workflow, name=name, new_name=new_name)
            messages.success(request, _("The test case has its new name."))
        return self.back()

    def back(self) -> HttpResponse:
        return redirect(self.request.path)


def _row(trial: Trial, result: TestCaseResult) -> CaseRow:
    key = str(trial.cases[result.index].get("ticket_type", ""))
    title = str(trial.ticket_types.get(key, {}).get("title") or key)
    return CaseRow(
        result=result,
        ticket_type=title,
        expected=_places(trial, result.expected, result),
        found=_places(trial, result.found, result) if result.found else (),
    )


def _places(trial: Trial, arrival: Arrival, result: TestCaseResult) -> list[Place]:
    titles = [trial.title_of(key) for key in arrival.path]
    if arrival.status == Outcome.COMPLETED:
        said = ", ".join(filter(None, (arrival.end, outcome_in_words(arrival.outcome))))
        titles.append(_("end: %(label)s") % {"label": said} if said else _("end"))
    elif arrival.status == Outcome.WAITING:
        titles.append(_("waits"))
    elif arrival.status == Outcome.CANCELLED:
        end = arrival.end
        titles.append(_("cancelled: %(label)s") % {"label": end} if end else _("cancelled"))
    else:
        titles.append(_("stops with an error"))
    divergence = result.divergence
    if divergence is None and not result.has_passed:
        divergence = len(arrival.path)
    return [Place(title, number == divergence) for number, title in enumerate(titles)]
