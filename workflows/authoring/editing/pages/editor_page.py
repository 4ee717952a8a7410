"""The page on which a draft is edited in full, and what leads to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.active_company import active_company
from tenants.models import User
from tenants.pages.buttons import Button, ListButton
from tenants.pages.links import admin_link
from tenants.pages.page import ObjectPage, Page, register_page
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.make_workflow import (
    duplicate_workflow,
    edit_workflow,
    make_workflow,
)
from workflows.authoring.editing.pages.editor_answers import (
    QUESTIONS,
    RefusedError,
    problems_as_json,
    read_question,
)
from workflows.authoring.editing.pages.json_form_widget import ScriptedJSONForm
from workflows.authoring.editing.save_draft import save_draft
from workflows.bundles.errors import NotStorableError
from workflows.engine.process import JsonObject
from workflows.errors import DraftChangedError, NotADraftError, NoTitleError, WorkflowsError
from workflows.fields.screens import editor_facts
from workflows.models import CompanyRole, WorkflowDefinition

PREFIX = "workflows_workflowdefinition"


class _EditorPage(ObjectPage):
    """About one version of a workflow, for who may change it."""

    permissions: ClassVar[tuple[str, ...]] = ("workflows.change_workflowdefinition",)
    refusals = (WorkflowsError,)

    object: WorkflowDefinition


@register_page(WorkflowDefinition, "new/", name=f"{PREFIX}_new")
class NewWorkflowPage(Page):
    """Begin a workflow with nothing but a title."""

    permissions = ("workflows.add_workflowdefinition", "workflows.change_workflowdefinition")
    title = gettext_lazy("New workflow")
    template_name = "editing/new_workflow.html"
    list_button = ListButton(gettext_lazy("New workflow"), icon="add", order=30, is_main=True)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(problem="", typed="")

    def post(self, request: HttpRequest) -> HttpResponse:
        title = request.POST.get("title", "")
        try:
            workflow = make_workflow(title=title, user=self.person)
        except NoTitleError as error:
            return self.show(problem=str(error), typed=title)
        return redirect(f"admin:{PREFIX}_edit", workflow.pk)


@register_page(WorkflowDefinition, "<int:object_id>/duplicate/", name=f"{PREFIX}_duplicate")
class DuplicatePage(_EditorPage):
    """POST makes another workflow with the same content."""

    http_method_names = ["post"]
    permissions = ("workflows.add_workflowdefinition", "workflows.change_workflowdefinition")
    button = Button(gettext_lazy("Duplicate"), icon="content_copy", order=50, posts=True)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        copy = duplicate_workflow(workflow=self.object, user=self.person)
        words = {"title": copy.title, "old": self.object.title}
        text = _("“%(title)s” is a workflow of its own now. Nothing changes for “%(old)s”.")
        messages.success(request, text % words)
        return redirect(f"admin:{PREFIX}_edit", copy.pk)


@register_page(WorkflowDefinition, "<int:object_id>/start-editing/", name=f"{PREFIX}_start_editing")
class StartEditingPage(_EditorPage):
    """POST leads to the editor: of a published version to that of the next draft."""

    http_method_names = ["post"]
    button = Button(gettext_lazy("Edit"), icon="edit", order=60, posts=True, is_main=True)

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().is_offered(request, obj) and not _is_draft(obj)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        draft = edit_workflow(workflow=self.object, user=self.person)
        if draft.pk != self.object.pk:
            words = {"version": draft.version, "old": self.object.version}
            text = _(
                "You are editing version %(version)s, a draft. Version %(old)s stays as it is "
                "until you publish the draft."
            )
            messages.info(request, text % words)
        return redirect(f"admin:{PREFIX}_edit", draft.pk)


@register_page(WorkflowDefinition, "<int:object_id>/edit/", name=f"{PREFIX}_edit")
class EditorPage(_EditorPage):
    """GET shows the editor of a draft; POST saves the document that it sends as JSON."""

    template_name = "editing/editor.html"
    button = Button(gettext_lazy("Edit"), icon="edit", order=60, is_main=True)

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().is_offered(request, obj) and _is_draft(obj)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        workflow = self.object
        if not workflow.is_draft:
            return self.back()
        return self.show(
            title=workflow.title,
            original=None,
            workflow=workflow,
            back=admin_link(workflow),
            json_forms=ScriptedJSONForm().media,
            start=_start(request, workflow),
        )

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return _save(request, self.object, self.person)


def _is_draft(obj: Model | None) -> bool:
    return isinstance(obj, WorkflowDefinition) and obj.is_draft


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
        **editor_facts(),
        "urls": {
            "save": reverse(f"admin:{PREFIX}_edit", args=(workflow.pk,)),
            "login": reverse("admin:login"),
            "tests": reverse(f"admin:{PREFIX}_tests", args=(workflow.pk,)),
            **{name: reverse(f"admin:{PREFIX}_editor_{name}") for name in QUESTIONS},
        },
    }
