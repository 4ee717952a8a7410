"""The gallery: ready processes, shown with pictures, and made the company's own by one click."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from tenants.active_company import active_company
from tenants.models import User
from tenants.names import name_key
from tenants.pages.detail_page import DetailPageAdmin, admin_link
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.definition_rows import (
    FieldTable,
    Reference,
    field_table,
    references,
)
from workflows.authoring.gallery.processes import GalleryProcess, find_process, gallery
from workflows.authoring.importing.import_bundle import BundlePreview, import_bundle, preview_bundle
from workflows.authoring.importing.pages.problem_rows import problem_rows
from workflows.bundles import CaseResult, write_bundle
from workflows.bundles.errors import InvalidBundleError
from workflows.bundles.tell_changes import field_labels
from workflows.engine.process import JsonObject, TaskType
from workflows.models import CompanyRole, WorkflowDefinition

PREFIX = "workflows_workflowdefinition_gallery"


def gallery_urls(model_admin: DetailPageAdmin) -> list[URLPattern]:
    """The addresses of the gallery, below those of the workflows."""
    page = _GalleryPages(model_admin)

    def own(view: Any) -> Any:
        return model_admin.admin_site.admin_view(view)

    return [
        path("gallery/", own(page.all), name=PREFIX),
        path("gallery/<slug:process>/", own(page.one), name=f"{PREFIX}_process"),
        path("gallery/<slug:process>/use/", own(page.use), name=f"{PREFIX}_use"),
        path("gallery/<slug:process>/download/", own(page.download), name=f"{PREFIX}_download"),
    ]


@dataclass(frozen=True, slots=True)
class Card:
    """A process in the list; `own` is the company's version that counts, if it has one."""

    process: GalleryProcess
    own: WorkflowDefinition | None

    @property
    def badge(self) -> str:
        return definition_badge(self.own) if self.own else ""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as it is read before it is anybody's."""

    key: str
    title: str
    description: str
    kind: str
    is_form: bool
    role: str
    address: str
    fields: FieldTable

    @property
    def question_count(self) -> int:
        return sum(1 for each in self.fields.rows if each.depth == 0)


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A company role that the process needs; `is_new`: using the process makes it."""

    name: str
    description: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A test case in words: the titles of the tasks that it goes through, and its end."""

    name: str
    steps: list[str]
    end: str
    has_passed: bool


class _GalleryPages:
    """Whoever may make workflows may look at the gallery; nothing here is of any company."""

    def __init__(self, model_admin: DetailPageAdmin) -> None:
        self.model_admin = model_admin

    def all(self, request: HttpRequest) -> HttpResponse:
        _demand_permission(request)
        own = _own_versions([each.key for group in gallery() for each in group.processes])
        groups = [
            {
                "title": group.title,
                "cards": [Card(each, own.get(each.key)) for each in group.processes],
            }
            for group in gallery()
        ]
        context = {"title": _("Gallery"), "groups": groups}
        return self._answer(request, "gallery/all.html", context)

    def one(self, request: HttpRequest, process: str) -> HttpResponse:
        """A process in full, and what using it would do here."""
        _demand_permission(request)
        found = _find(process)
        preview = preview_bundle(document=found.document)
        new_roles = {name_key(name) for name in preview.new_company_roles}
        if not preview.can_be_imported:
            new_roles = set()
        context = {
            "title": found.title,
            "process": found,
            "preview": preview,
            "same": _same_version(found, preview),
            "problems": problem_rows(preview.errors),
            "picture": found.picture(),
            "references": _references(found),
            "fields": field_table(found.trial.fields, field_labels(found.trial.fields)),
            "tasks": [_task_row(each) for each in found.tasks],
            "roles": [
                RoleRow(
                    name=str(each["name"]),
                    description=str(each.get("description", "")),
                    is_new=name_key(str(each["name"])) in new_roles,
                )
                for each in found.company_roles
            ],
            "cases": [_case_row(found, each) for each in found.case_results],
        }
        return self._answer(request, "gallery/process.html", context)

    def use(self, request: HttpRequest, process: str) -> HttpResponse:
        """Make it a draft of the company's own, unless it has it already."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        _demand_permission(request)
        found = _find(process)
        preview = preview_bundle(document=found.document)
        user = request.user if isinstance(request.user, User) else None
        try:
            workflow = import_bundle(document=found.document, user=user)
        except InvalidBundleError as error:
            messages.error(request, str(error))
            return redirect(f"admin:{PREFIX}_process", process=found.name)
        words = {"title": workflow.title, "version": workflow.version}
        if preview.is_unchanged:
            text = _("Your company already has “%(title)s” like this: it is version %(version)s.")
            messages.info(request, text % words)
        else:
            messages.success(request, _what_next(workflow))
        return redirect(admin_link(workflow))

    def download(self, request: HttpRequest, process: str) -> HttpResponse:
        """The process as a bundle."""
        _demand_permission(request)
        found = _find(process)
        return HttpResponse(
            write_bundle(found.document),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{found.name}.json"'},
        )

    def _answer(
        self, request: HttpRequest, template: str, context: dict[str, Any]
    ) -> TemplateResponse:
        shell = self.model_admin.admin_site.each_context(request)
        return TemplateResponse(
            request, template, {**shell, "opts": self.model_admin.opts, **context}
        )


def _demand_permission(request: HttpRequest) -> None:
    if active_company(request) is None or not request.user.has_perm(
        "workflows.add_workflowdefinition"
    ):
        raise PermissionDenied


def _find(name: str) -> GalleryProcess:
    found = find_process(name)
    if found is None:
        raise Http404
    return found


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


def _task_row(task: JsonObject) -> TaskRow:
    specs = task.get("fields", [])
    kind = TaskType(str(task.get("task_type", TaskType.FORM)))
    names = {
        TaskType.FORM: _("Form"),
        TaskType.SYNC_ACTION: _("Call to another system"),
        TaskType.ASYNC_ACTION: _("Call to another system, answered later"),
    }
    return TaskRow(
        key=str(task["key"]),
        title=str(task["title"]),
        description=str(task.get("description", "")),
        kind=names[kind],
        is_form=kind is TaskType.FORM,
        role=str(task.get("candidate_role", "")),
        address=str(task.get("action_url", "")),
        fields=field_table(specs, field_labels(specs)),
    )


def _case_row(process: GalleryProcess, result: CaseResult) -> CaseRow:
    titles = [process.trial.title_of(key) for key in result.expected.path]
    end = result.expected.end
    if result.expected.status == "WAITING":
        end = _("waits there")
    elif result.expected.status == "ERROR":
        end = _("stops with an error")
    return CaseRow(result.name, titles, end or _("the end"), result.has_passed)
