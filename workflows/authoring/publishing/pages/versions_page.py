"""The versions of a workflow: comparing, deleting and retiring them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.limits.dear import Dear
from tenants.pages.links import admin_link
from tenants.pages.numbers import number_in
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_as_messages
from workflows.authoring.definitions.additions import running_count
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.definition_page import DefinitionPage
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.publishing.compare_versions import compare_in_words
from workflows.authoring.publishing.delete_draft import delete_draft, uses_of_draft
from workflows.authoring.publishing.pages.change_rows import change_rows
from workflows.authoring.publishing.retire_workflow import retire_workflow
from workflows.bundles import ChangeKind
from workflows.errors import DraftGoneError, NotADraftError, NotPublishedError
from workflows.models import DefinitionStatus, TicketDefinition, WorkflowDefinition
from workflows.picture.graph import draw_process

PREFIX: Final = "workflows_workflowdefinition"
MOST_CHANGES: Final = 500


def versions_of(workflow: WorkflowDefinition) -> list[dict[str, Any]]:
    """The versions of a workflow as its page lists them, the newest first."""
    versions = WorkflowDefinition.objects.versions_of(workflow.key)
    compare = reverse(f"admin:{PREFIX}_compare", args=[workflow.pk])
    return [
        {
            "workflow": each,
            "badge": definition_badge(each),
            "link": admin_link(each),
            "is_this": each.pk == workflow.pk,
            "compare_url": "" if each.pk == workflow.pk else f"{compare}?with={each.pk}",
        }
        for each in versions.select_related("created_by", "published_by", "retired_by")
    ]


@register_page(
    WorkflowDefinition,
    "<int:object_id>/compare/",
    name="workflows_workflowdefinition_compare",
)
class ComparePage(DefinitionPage):
    """GET `?with=<id>`: what is different between two versions of one workflow."""

    dear = {"GET": Dear.ASKED}
    title = gettext_lazy("Compare versions")
    template_name = "publishing/compare.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        versions = versions_of(self.workflow)
        other = self._other(request, versions)
        context: dict[str, Any] = {"versions": versions, "other": other, "compared": []}
        if other is not None:
            context |= self._comparison(other)
        return self.show(**context)

    def _other(
        self, request: HttpRequest, versions: Sequence[dict[str, Any]]
    ) -> WorkflowDefinition | None:
        """The version of the address; without one, the one before this; None: there is none.

        Raises:
            Http404: it is no version of this workflow.
        """
        asked = request.GET.get("with")
        found = [each["workflow"] for each in versions]
        if asked is None:
            others = [each for each in found if each.pk != self.workflow.pk]
            before = [each for each in others if each.version < self.workflow.version]
            return next(iter(before or reversed(others)), None)
        number = number_in(asked)
        chosen = [each for each in found if each.pk == number]
        if not chosen:
            raise Http404
        return WorkflowDefinition.objects.with_tasks_and_transitions().get(pk=chosen[0].pk)

    def _comparison(self, other: WorkflowDefinition) -> dict[str, Any]:
        old, new = sorted((other, self.workflow), key=lambda each: each.version)
        rows = change_rows(compare_in_words(old=old, new=new))
        kinds = [row.kind for row in rows]
        return {
            "old": old,
            "new": new,
            "compared": [_version(old), _version(new)],
            "changes": rows[:MOST_CHANGES],
            "hidden_change_count": max(len(rows) - MOST_CHANGES, 0),
            "counts": {kind.value: kinds.count(kind.value) for kind in ChangeKind},
        }


def _version(workflow: WorkflowDefinition) -> dict[str, SafeString | WorkflowDefinition | str]:
    # Named with its version: two pictures of one page may show the same.
    process = replace(workflow.process(), title=str(workflow))
    return {
        "workflow": workflow,
        "badge": definition_badge(workflow),
        "link": admin_link(workflow),
        "picture": draw_process(process),
    }


@register_page(
    WorkflowDefinition,
    "<int:object_id>/delete-draft/",
    name="workflows_workflowdefinition_delete_draft",
)
class DeleteDraftPage(DefinitionPage):
    """GET says what would be deleted, POST deletes it."""

    title = gettext_lazy("Delete this draft")
    template_name = "publishing/delete_draft.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not self.workflow.is_draft:
            messages.warning(request, str(NotADraftError()))
            return self.back()
        types = self.workflow.ticket_definitions.order_by("title")
        uses = uses_of_draft(workflow=self.workflow)
        return self.show(ticket_types=types, uses=uses)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        words = {"title": self.workflow.title, "version": self.workflow.version}
        with refusals_as_messages(request, DraftGoneError, level=messages.INFO) as gone:
            delete_draft(workflow=self.workflow)
        if gone.error:
            return redirect(f"admin:{PREFIX}_changelist")
        messages.success(request, _("Draft version %(version)s of “%(title)s” is deleted.") % words)
        rest = WorkflowDefinition.objects.latest(self.workflow.key)
        return redirect(admin_link(rest) if rest else f"admin:{PREFIX}_changelist")


@register_page(
    WorkflowDefinition,
    "<int:object_id>/stop-offering/",
    name="workflows_workflowdefinition_stop_offering",
)
class StopOfferingPage(DefinitionPage):
    """GET says what would be offered no more, POST retires the version."""

    title = gettext_lazy("Stop offering it")
    template_name = "publishing/stop_offering.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if not self.workflow.is_published:
            messages.warning(request, str(NotPublishedError()))
            return self.back()
        types = TicketDefinition.objects.active().filter(workflow__key=self.workflow.key)
        running = sum(running_count.call_all(self.workflow))
        return self.show(ticket_types=types.order_by("title"), running=running)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        retire_workflow(workflow=self.workflow, user=self.person)
        text = _("“%(title)s” is no longer offered. Running tickets go on to their end.")
        messages.success(request, text % {"title": self.workflow.title})
        return self.back()


@register_page(
    WorkflowDefinition,
    "<int:object_id>/bring-back/",
    name="workflows_workflowdefinition_bring_back",
)
class BringBackPage(DefinitionPage):
    """POST copies a retired version as the next draft of its workflow."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        words = {"version": self.workflow.version}
        if self.workflow.status != DefinitionStatus.RETIRED:
            messages.error(request, _("Version %(version)s is not retired.") % words)
            return self.back()
        draft = new_draft(workflow=self.workflow, user=self.person)
        text = _(
            "Version %(version)s is back as version %(draft)s, a draft. Publish it, and it is "
            "offered again."
        )
        messages.success(request, text % {**words, "draft": draft.version})
        return redirect(admin_link(draft))
