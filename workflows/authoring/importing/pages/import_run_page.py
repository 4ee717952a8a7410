"""The page of a large file that the worker checks and applies."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.pages.links import admin_link
from tenants.pages.page import Page, register_page
from workflows.authoring.importing.findings import Findings
from workflows.authoring.importing.import_run import apply_import, end_abandoned_import
from workflows.authoring.importing.pages.import_page import DECISIONS, REPLACE, outcome_context
from workflows.models import ImportRun, WorkflowDefinition
from workflows.models.import_run import ImportStatus

PAGE = "workflows_workflowdefinition_import_run"


class _RunPage(Page):
    """About a person's own import: what they uploaded concerns nobody else until it is a draft."""

    permissions = ("workflows.add_workflowdefinition",)

    run: ImportRun

    def find(self, **arguments: Any) -> None:
        runs = ImportRun.objects.select_related("definition").defer("content")
        run = runs.filter(pk=arguments["run_id"], created_by=self.person).first()
        if run is None:
            raise Http404
        self.run = end_abandoned_import(run=run)

    def back(self) -> HttpResponse:
        return redirect(f"admin:{PAGE}", self.run.pk)


@register_page(
    WorkflowDefinition, "imports/<int:run_id>/", name="workflows_workflowdefinition_import_run"
)
class ImportRunPage(_RunPage):
    """How far it is; a POST applies it."""

    title = gettext_lazy("Import a workflow")
    template_name = "importing/import_run.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        state_url = reverse(f"admin:{PAGE}_state", args=(self.run.pk,))
        return self.show(state_url=state_url, **_context(self.run))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        findings = Findings.from_json(self.run.findings)
        decision = request.POST.get("apply")
        # Where there is a draft nobody decides for the person what becomes of it.
        if findings.draft is None or decision in DECISIONS:
            apply_import(run=self.run, is_replacing=decision == REPLACE)
        return self.back()


@register_page(
    WorkflowDefinition,
    "imports/<int:run_id>/state/",
    name="workflows_workflowdefinition_import_run_state",
)
class ImportRunState(_RunPage):
    """The same as a piece of HTML, for progress.js."""

    def get(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        html = render_to_string("importing/_import_run_state.html", _context(self.run), request)
        return JsonResponse({"html": html, "over": not self.run.is_running})


def _context(run: ImportRun) -> dict[str, Any]:
    findings = Findings.from_json(run.findings) if run.findings else None
    failed = run.status == ImportStatus.FAILED
    return {
        **outcome_context(findings, failure=run.failure, upload_form="upload-form"),
        "failure_title": _("This was not imported") if failed else _("This cannot be read"),
        "run": run,
        "run_url": reverse(f"admin:{PAGE}", args=(run.pk,)),
        "definition_url": admin_link(run.definition) if run.definition else "",
        "apply_form": "apply-form",
    }
