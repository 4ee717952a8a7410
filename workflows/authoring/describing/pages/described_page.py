"""The page of a description: how far the model is, and then what it has drafted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.pages.links import admin_link
from tenants.pages.page import Page, register_page
from tenants.refusals import refusals
from workflows.authoring.definitions.additions import Panel, panels
from workflows.authoring.describing.ask_model import chat_model
from workflows.authoring.describing.describe import (
    KEPT,
    LONGEST_REMARK,
    MOST_ROUNDS,
    ask_for_changes,
    end_abandoned_drafting,
    keep_draft,
    throw_away,
    try_again,
)
from workflows.authoring.describing.pages.describe_page import DESCRIBED, PAGE
from workflows.authoring.describing.pages.draft_shown import draft_shown
from workflows.authoring.importing.import_run import why_not_imported
from workflows.authoring.importing.pages.import_page import DECISIONS, REPLACE, seen_draft
from workflows.bundles.document.errors import InvalidBundleError
from workflows.errors import DraftChangedError, NotADraftError
from workflows.models import DescribedProcess, WorkflowDefinition


class _DescribedPage(Page):
    """About what a person has described: nobody else sees it until it is a draft."""

    permissions = ("workflows.add_workflowdefinition",)

    described: DescribedProcess

    def find(self, **arguments: Any) -> None:
        rows = DescribedProcess.objects.select_related("definition", "created_by")
        row = rows.filter(pk=arguments["described_id"], created_by=self.person).first()
        if row is None:
            raise Http404
        self.described = end_abandoned_drafting(described=row)

    def back(self) -> HttpResponse:
        return redirect(f"admin:{DESCRIBED}", self.described.pk)


@register_page(WorkflowDefinition, "described/<int:described_id>/", name=DESCRIBED)
class DescribedPage(_DescribedPage):
    """GET shows it; a POST with `act` decides what becomes of it."""

    title = gettext_lazy("Describe your process")
    template_name = "describing/described.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        match request.POST.get("act"):
            case "keep":
                return self._keep()
            case "change":
                return self._change()
            case "again":
                try_again(described=self.described, user=self.person)
            case "throw_away":
                throw_away(described=self.described)
                messages.success(request, _("It is thrown away."))
                return redirect(f"admin:{PAGE}")
        return self.back()

    def _keep(self) -> HttpResponse:
        decision = self.request.POST.get("apply", "")
        shown = draft_shown(self.described)
        if shown is not None and shown.draft is not None and decision not in DECISIONS:
            return self.back()  # made since the page was shown, which asks now
        replaces = seen_draft(self.request) if decision == REPLACE else None
        with refusals(InvalidBundleError, DraftChangedError, NotADraftError) as refused:
            made = keep_draft(described=self.described, user=self.person, replaces=replaces)
            words = {"title": made.title, "version": made.version}
            text = _("“%(title)s” has a draft: version %(version)s. Publish it to use it.")
            messages.success(self.request, text % words)
            return redirect(admin_link(made))
        error = refused.error
        if isinstance(error, DraftChangedError | NotADraftError):
            messages.error(self.request, why_not_imported(error))
        else:
            messages.error(self.request, refused.text)
        return self.back()

    def _change(self) -> HttpResponse:
        remark = self.request.POST.get("remark", "")
        with refusals() as refused:
            ask_for_changes(described=self.described, remark=remark, user=self.person)
            return self.back()
        # What was typed stays.
        return self._page(remark=remark, problem=refused.text)

    def _page(self, **more: str) -> HttpResponse:
        state_url = reverse(f"admin:{DESCRIBED}_state", args=(self.described.pk,))
        return self.show(state_url=state_url, **_context(self.described), **more)


@register_page(WorkflowDefinition, "described/<int:described_id>/state/", name=f"{DESCRIBED}_state")
class DescribedState(_DescribedPage):
    """The same as a piece of HTML, for progress.js."""

    def get(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        html = render_to_string("describing/_state.html", _context(self.described), request)
        return JsonResponse({"html": html, "over": not self.described.is_running})


def _context(described: DescribedProcess) -> dict[str, Any]:
    shown = None if described.is_running else draft_shown(described)
    return {
        "described": described,
        "described_url": reverse(f"admin:{DESCRIBED}", args=(described.pk,)),
        "definition_url": admin_link(described.definition) if described.definition else "",
        "most_rounds": MOST_ROUNDS,
        "percent": min(95, 5 + described.round * 100 // MOST_ROUNDS),
        "longest_remark": LONGEST_REMARK,
        "has_model": chat_model() is not None,
        "kept_until": described.created_at + KEPT,
        "shown": shown,
        **(shown.parts if shown is not None else {}),
    }


@panels.register
def origin_panel(request: HttpRequest, workflow: WorkflowDefinition) -> Panel | None:
    """Where a version comes from that a model has drafted."""
    described = workflow.described_by.select_related("created_by").first()
    if described is None:
        return None
    context = {"described": described, "is_own": described.created_by == request.user}
    html = render_to_string("describing/_origin.html", context, request)
    return Panel(html, order=30)
