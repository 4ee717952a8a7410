"""The page of a large file that the worker checks and applies."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from tenants.active_company import active_company
from tenants.pages.detail_page import DetailPageAdmin, admin_link
from workflows.authoring.importing.findings import Findings
from workflows.authoring.importing.import_run import apply_import, look_after
from workflows.authoring.importing.pages.import_page import outcome_context
from workflows.errors import ImportGoneError
from workflows.models import ImportRun
from workflows.models.import_run import ImportStatus

PAGE = "workflows_workflowdefinition_import_run"


def import_run_urls(model_admin: DetailPageAdmin) -> list[URLPattern]:
    def page(request: HttpRequest, run_id: int) -> HttpResponse:
        """How far it is; a POST applies it."""
        run = _find(request, run_id)
        if request.method == "POST":
            return _apply(request, run)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        context = {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": _("Import a workflow"),
            "state_url": reverse(f"admin:{PAGE}_state", args=(run.pk,)),
            **_context(run),
        }
        return TemplateResponse(request, "importing/import_run.html", context)

    def state(request: HttpRequest, run_id: int) -> HttpResponse:
        """The same as a piece of HTML, for progress.js."""
        run = _find(request, run_id)
        html = render_to_string("importing/_import_run_state.html", _context(run), request)
        return JsonResponse({"html": html, "over": not run.is_running})

    wrap = model_admin.admin_site.admin_view
    return [
        path("imports/<int:run_id>/", wrap(page), name=PAGE),
        path("imports/<int:run_id>/state/", wrap(state), name=f"{PAGE}_state"),
    ]


def _apply(request: HttpRequest, run: ImportRun) -> HttpResponse:
    try:
        run = apply_import(run=run)
    except ImportGoneError as error:
        messages.error(request, str(error))
    return redirect(f"admin:{PAGE}", run.pk)


def _find(request: HttpRequest, run_id: int) -> ImportRun:
    """A person's own import: what they uploaded concerns nobody else until it is a draft."""
    if active_company(request) is None or not request.user.has_perm(
        "workflows.add_workflowdefinition"
    ):
        raise PermissionDenied
    runs = ImportRun.objects.select_related("definition").defer("content")
    run = runs.filter(pk=run_id, created_by=request.user.pk).first()
    if run is None:
        raise Http404
    return look_after(run=run)


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
