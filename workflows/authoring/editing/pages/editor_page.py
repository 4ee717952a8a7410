"""The page on which a draft is edited in full, and what leads to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _

from tenants.active_company import active_company
from tenants.models import User
from tenants.pages.detail_page import DetailPageAdmin, admin_link
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.make_workflow import (
    duplicate_workflow,
    edit_workflow,
    make_workflow,
)
from workflows.authoring.editing.pages.editor_answers import (
    VIEWS,
    RefusedError,
    may_edit,
    problems_as_json,
    read_question,
)
from workflows.authoring.editing.pages.json_form_widget import ScriptedJSONForm
from workflows.authoring.editing.save_draft import save_draft
from workflows.bundles.errors import NotStorableError
from workflows.engine.process import JsonObject
from workflows.errors import DraftChangedError, NotADraftError, NoTitleError
from workflows.forms.field_types import FIELD_TYPE_NAMES
from workflows.models import CompanyRole, WorkflowDefinition

PREFIX = "workflows_workflowdefinition"


def editor_urls(model_admin: DetailPageAdmin) -> list[URLPattern]:
    """The addresses of the editor, below those of the workflows."""
    page = _Page(model_admin)

    def own(view: Any) -> Any:
        return model_admin.admin_site.admin_view(view)

    return [
        path("new/", own(page.new), name=f"{PREFIX}_new"),
        path("<int:object_id>/edit/", own(page.edit), name=f"{PREFIX}_edit"),
        path("<int:object_id>/start-editing/", own(page.start), name=f"{PREFIX}_start_editing"),
        path("<int:object_id>/duplicate/", own(page.duplicate), name=f"{PREFIX}_duplicate"),
        *(
            path(f"editor/{name}/", own(view), name=f"{PREFIX}_editor_{name}")
            for name, view in VIEWS.items()
        ),
    ]


class _Page:
    """The views; those that change something take a POST."""

    def __init__(self, model_admin: DetailPageAdmin) -> None:
        self.model_admin = model_admin

    def new(self, request: HttpRequest) -> HttpResponse:
        """Begin a workflow with nothing but a title."""
        user = _editor(request)
        if not request.user.has_perm("workflows.add_workflowdefinition"):
            raise PermissionDenied
        problem = ""
        if request.method == "POST":
            try:
                workflow = make_workflow(title=request.POST.get("title", ""), user=user)
            except NoTitleError as error:
                problem = str(error)
            else:
                return redirect(f"admin:{PREFIX}_edit", workflow.pk)
        context = {
            **self.model_admin.admin_site.each_context(request),
            "title": _("New workflow"),
            "opts": self.model_admin.opts,
            "problem": problem,
            "typed": request.POST.get("title", ""),
        }
        return TemplateResponse(request, "editing/new_workflow.html", context)

    def start(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Edit a version: a published one through the next draft."""
        user = _editor(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        workflow = self.model_admin.find(request, str(object_id))
        draft = edit_workflow(workflow=workflow, user=user)
        if draft.pk != workflow.pk:
            words = {"version": draft.version, "old": workflow.version}
            text = _(
                "You are editing version %(version)s, a draft. Version %(old)s stays as it is "
                "until you publish the draft."
            )
            messages.info(request, text % words)
        return redirect(f"admin:{PREFIX}_edit", draft.pk)

    def duplicate(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Make another workflow with the same content."""
        user = _editor(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("workflows.add_workflowdefinition"):
            raise PermissionDenied
        workflow = self.model_admin.find(request, str(object_id))
        copy = duplicate_workflow(workflow=workflow, user=user)
        words = {"title": copy.title, "old": workflow.title}
        text = _("“%(title)s” is a workflow of its own now. Nothing changes for “%(old)s”.")
        messages.success(request, text % words)
        return redirect(f"admin:{PREFIX}_edit", copy.pk)

    def edit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """GET shows the page; POST saves the document that it sends as JSON."""
        user = _editor(request)
        workflow: WorkflowDefinition = self.model_admin.find(request, str(object_id))
        if request.method == "POST":
            return _save(request, workflow, user)
        if not workflow.is_draft:
            return redirect(admin_link(workflow))
        context = {
            **self.model_admin.admin_site.each_context(request),
            "title": workflow.title,
            "opts": self.model_admin.opts,
            "workflow": workflow,
            "back": admin_link(workflow),
            "json_forms": ScriptedJSONForm().media,
            "start": _start(request, workflow),
        }
        return TemplateResponse(request, "editing/editor.html", context)


def _editor(request: HttpRequest) -> User:
    if not may_edit(request) or not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _save(request: HttpRequest, workflow: WorkflowDefinition, user: User) -> HttpResponse:
    try:
        question = read_question(request)
        expected = _moment(question)
    except RefusedError as error:
        return _refusal(str(error), status=400)
    try:
        draft = save_draft(
            workflow=workflow,
            document=question.get("document"),
            user=user,
            expected_updated_at=expected,
        )
    except NotStorableError as error:
        text = _("Nothing was saved: mend what is marked first.")
        return _refusal(text, status=422, problems=problems_as_json(error.problems))
    except DraftChangedError as error:
        at = error.at.isoformat()
        return _refusal(_changed(error), status=409, reason="changed", updated_at=at)
    except NotADraftError:
        text = _("This version was published in the meantime, and cannot be changed any more.")
        return _refusal(text, status=409, reason="published")
    return JsonResponse({"updated_at": draft.updated_at.isoformat(), "title": draft.title})


def _refusal(message: str, *, status: int, **more: Any) -> JsonResponse:
    return JsonResponse({"message": message, **more}, status=status)


def _moment(question: JsonObject) -> datetime:
    text = question.get("expected_updated_at")
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or not is_aware(found):
        raise RefusedError(_("The time of the version that was edited is missing."))
    return found


def _changed(error: DraftChangedError) -> str:
    words = {"when": date_format(localtime(error.at), "DATETIME_FORMAT"), "who": str(error.by)}
    if error.by is None:
        return _("This draft was changed elsewhere (%(when)s) after you opened it.") % words
    return _("%(who)s has saved this draft (%(when)s) after you opened it.") % words


def _start(request: HttpRequest, workflow: WorkflowDefinition) -> dict[str, Any]:
    """What the page's script begins with."""
    company = active_company(request)
    versions = WorkflowDefinition.objects.versions_of(workflow.key).exclude(pk=workflow.pk)
    return {
        "document": export_bundle(workflow=workflow),
        "updated_at": workflow.updated_at.isoformat(),
        # Whose typing is kept in this browser: never shown to another person or company.
        "owner": f"{company.schema_name if company else ''}:{request.user.pk}:{workflow.pk}",
        "version": workflow.version,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "key_is_fixed": versions.exists(),
        "has_published": versions.published().exists(),
        "roles": [
            {"name": each.name, "description": each.description}
            for each in CompanyRole.objects.order_by("name")
        ],
        "field_types": [[key.value, str(name)] for key, name in FIELD_TYPE_NAMES.items()],
        "urls": {
            "save": reverse(f"admin:{PREFIX}_edit", args=(workflow.pk,)),
            "login": reverse("admin:login"),
            "tests": reverse(f"admin:{PREFIX}_tests", args=(workflow.pk,)),
            **{name: reverse(f"admin:{PREFIX}_editor_{name}") for name in VIEWS},
        },
    }
