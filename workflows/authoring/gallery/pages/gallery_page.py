"""The gallery: ready processes, shown with pictures, and made the company's own by one click."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.limits.dear import Dear
from tenants.pages.buttons import ListButton
from tenants.pages.links import admin_link
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tenants.refusals import Refusals
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.field_rows import field_table
from workflows.authoring.definitions.pages.references import Reference, references
from workflows.authoring.gallery.pages.process_rows import case_row, role_rows, task_row
from workflows.authoring.gallery.processes import GalleryProcess, find_process, gallery
from workflows.authoring.importing.findings import FoundDraft
from workflows.authoring.importing.import_bundle import BundlePreview, import_bundle, preview_bundle
from workflows.authoring.importing.import_run import why_not_imported
from workflows.authoring.importing.pages.import_page import DECISIONS, REPLACE, seen_draft
from workflows.authoring.importing.pages.problem_rows import problem_rows
from workflows.bundles import write_bundle
from workflows.bundles.telling.assignments import assignments_in_words
from workflows.bundles.telling.describe_changes import field_labels
from workflows.bundles.telling.edits import all_edits_in_words
from workflows.errors import DraftChangedError, NotADraftError
from workflows.models import CompanyRole, WorkflowDefinition

PREFIX = "workflows_workflowdefinition_gallery"


@dataclass(frozen=True, slots=True)
class Card:
    """A process in the list; `own` is the company's version that counts, if it has one."""

    process: GalleryProcess
    own: WorkflowDefinition | None

    @property
    def badge(self) -> str:
        return definition_badge(self.own) if self.own else ""


class _GalleryPage(Page):
    """Whoever may make workflows may look at the gallery; nothing here is of any company."""

    permissions = ("workflows.add_workflowdefinition",)
    title = gettext_lazy("Gallery")


class _ProcessPage(_GalleryPage):
    """About one process of the gallery."""

    process: GalleryProcess

    def find(self, **arguments: Any) -> None:
        found = find_process(arguments["process"])
        if found is None:
            raise Http404
        self.process = found

    def back(self) -> HttpResponse:
        return redirect(f"admin:{PREFIX}_process", process=self.process.name)


@register_page(WorkflowDefinition, "gallery/", name="workflows_workflowdefinition_gallery")
class GalleryPage(_GalleryPage):
    """All processes, by what they are for."""

    template_name = "gallery/all.html"
    list_button = ListButton(
        gettext_lazy("Gallery"),
        icon="collections_bookmark",
        order=10,
        only_where_roomy=True,
        when_empty=gettext_lazy("Choose from the gallery"),
    )
    menu = MenuEntry(MenuSection.DEFINITIONS, icon="collections_bookmark", order=30)

    def get(self, request: HttpRequest) -> HttpResponse:
        own = _own_versions([each.key for group in gallery() for each in group.processes])
        groups = [
            {
                "title": group.title,
                "cards": [Card(each, own.get(each.key)) for each in group.processes],
            }
            for group in gallery()
        ]
        return self.show(groups=groups)


@register_page(
    WorkflowDefinition,
    "gallery/<slug:process>/",
    name="workflows_workflowdefinition_gallery_process",
)
class ProcessPage(_ProcessPage):
    """A process in full, and what using it would do here."""

    dear = {"GET": Dear.ASKED}
    template_name = "gallery/process.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        found = self.process
        missing = _missing(found)
        preview = preview_bundle(
            document=found.document, beside=[each.document for each in missing]
        )
        words = assignments_in_words(found.document)
        again = all_edits_in_words(found.document)
        return self.show(
            title=found.title,
            process=found,
            missing=missing,
            preview=preview,
            draft=FoundDraft.of(preview.draft) if preview.draft is not None else None,
            same=_same_version(found, preview),
            problems=problem_rows(preview.errors),
            picture=found.picture(),
            references=_references(found),
            fields=field_table(found.trial.fields, field_labels(found.trial.fields)),
            tasks=[task_row(each, words, again) for each in found.tasks],
            roles=role_rows(found, preview),
            cases=[case_row(found, each) for each in found.case_results],
        )


@register_page(
    WorkflowDefinition,
    "gallery/<slug:process>/use/",
    name="workflows_workflowdefinition_gallery_use",
)
class UsePage(_ProcessPage):
    """POST makes it a draft of the company's own, unless it has it already."""

    dear = {"POST": Dear.ASKED}
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        missing = _missing(self.process)
        preview = preview_bundle(
            document=self.process.document, beside=[each.document for each in missing]
        )
        decision = request.POST.get("apply")
        if preview.draft is not None and decision not in DECISIONS:
            return self.back()  # made since the page was shown, which asks now
        replaces = seen_draft(request) if decision == REPLACE else None
        with transaction.atomic():
            for each in missing:
                import_bundle(document=each.document, user=self.person)
            workflow = import_bundle(
                document=self.process.document, user=self.person, replaces=replaces
            )
        words = {"title": workflow.title, "version": workflow.version}
        if preview.is_unchanged:
            text = _("Your company already has “%(title)s” like this: it is version %(version)s.")
            messages.info(request, text % words)
        else:
            messages.success(request, _what_next(workflow))
        if missing:
            titles = ", ".join(each.title for each in missing)
            text = _(
                "%(titles)s came with it, as drafts: it starts their tickets. Publish them first."
            )
            messages.info(request, text % {"titles": titles})
        return redirect(admin_link(workflow))

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        if not isinstance(refused.error, DraftChangedError | NotADraftError):
            return super().refused(refused)
        messages.error(self.request, why_not_imported(refused.error))
        return self.back()


@register_page(
    WorkflowDefinition,
    "gallery/<slug:process>/download/",
    name="workflows_workflowdefinition_gallery_download",
)
class DownloadProcessPage(_ProcessPage):
    """The process as a bundle."""

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return HttpResponse(
            write_bundle(self.process.document),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{self.process.name}.json"'},
        )


def _missing(process: GalleryProcess) -> list[GalleryProcess]:
    """Of the processes whose tickets it starts, those that the company has in no version."""
    if not process.starts:
        return []
    own = _own_versions([each.key for each in process.starts])
    return [each for each in process.starts if each.key not in own]


def _own_versions(keys: Collection[str]) -> dict[str, WorkflowDefinition]:
    """By key: the published version, else the newest."""
    found: dict[str, WorkflowDefinition] = {}
    for each in WorkflowDefinition.objects.filter(key__in=keys).order_by("-version"):
        if each.key not in found or each.is_published:
            found[each.key] = each
    return found


def _same_version(process: GalleryProcess, preview: BundlePreview) -> WorkflowDefinition | None:
    """The company's version with this very content."""
    if not preview.is_unchanged:
        return None
    versions = WorkflowDefinition.objects.versions_of(process.key)
    return versions.filter(version=preview.version).first()


def _what_next(workflow: WorkflowDefinition) -> str:
    roles = CompanyRole.objects.filter(task_definitions__workflow=workflow, members=None)
    names = ", ".join(roles.order_by("name").distinct().values_list("name", flat=True))
    words = {"title": workflow.title, "roles": names}
    if names:
        text = _(
            "“%(title)s” is now your own, as a draft. Change what is different in your company, "
            "see to it that people are put into the company roles %(roles)s, and publish it."
        )
    else:
        text = _(
            "“%(title)s” is now your own, as a draft. Change what is different in your company, "
            "and publish it."
        )
    return text % words


def _references(process: GalleryProcess) -> list[Reference]:
    return references(process.workflow.get("ext_ref", []))
