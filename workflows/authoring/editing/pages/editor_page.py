"""The page on which a draft is edited in full, and what leads to it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.companies.active_company import active_company
from tenants.companies.language_and_zone import company_zone
from tenants.errors import TooDearError
from tenants.limits.bodies import LARGE_BODY
from tenants.limits.dear import Dear
from tenants.models import User
from tenants.pages.buttons import Button, ListButton
from tenants.pages.links import admin_link
from tenants.pages.once import run_once, sent_token, stored_result, token_of
from tenants.pages.page import ObjectPage, Page, register_page
from tenants.pages.refusals import refusal_as_json
from tenants.refusals import Refusals, refusals
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import (
    create_workflow,
    duplicate_workflow,
    edit_workflow,
)
from workflows.authoring.editing.pages.editor_requests import (
    QUESTIONS,
    moment_of,
    problems_as_json,
    read_question,
)
from workflows.authoring.editing.pages.json_form_widget import ScriptedJSONForm
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.importing.started_types import started_types
from workflows.bundles.document.errors import NotStorableError
from workflows.bundles.outline.subtickets import outcome_choices
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.errors import DraftChangedError, DraftGoneError, NotADraftError
from workflows.failure_reasons import PARTS, reason_choices
from workflows.fields.on_screen.screens import editor_facts
from workflows.icons import ICONS
from workflows.layouts.on_page import layouts_on
from workflows.models import CompanyRole, WorkflowDefinition
from workflows.priorities import Priority, priority_choices
from workflows.running.people.assistants import accounts_of_assistants
from workflows.task_types import SCREENS

PREFIX = "workflows_workflowdefinition"


class _EditorPage(ObjectPage):
    """About one version of a workflow, for who may change it."""

    permissions: ClassVar[tuple[str, ...]] = ("workflows.change_workflowdefinition",)
    largest_body = LARGE_BODY

    object: WorkflowDefinition


@register_page(WorkflowDefinition, "new/", name="workflows_workflowdefinition_new")
class NewWorkflowPage(Page):
    """Begin a workflow with nothing but a title."""

    permissions = ("workflows.add_workflowdefinition", "workflows.change_workflowdefinition")
    title = gettext_lazy("New workflow")
    template_name = "editing/new_workflow.html"
    list_button = ListButton(gettext_lazy("New workflow"), icon="add", order=30, is_main=True)

    def get(self, request: HttpRequest) -> HttpResponse:
        token = token_of(request)
        made = stored_result(request, token=token)
        if made is not None:
            return self._made_before(made)
        return self.show(problem="", typed="", token=token)

    def post(self, request: HttpRequest) -> HttpResponse:
        title, token = request.POST.get("title", ""), sent_token(request)

        def make() -> int:
            return create_workflow(title=title, user=self.person).pk

        with refusals() as refused:
            made, is_new = run_once(request, token=token, act=make)
            return redirect(f"admin:{PREFIX}_edit", made) if is_new else self._made_before(made)
        return self.show(problem=refused.text, typed=title, token=token)

    def _made_before(self, workflow_id: int) -> HttpResponse:
        """Somebody came back to the form that they have sent."""
        messages.info(self.request, _("You have made this workflow already: this is it."))
        return redirect(f"admin:{PREFIX}_edit", workflow_id)


@register_page(
    WorkflowDefinition, "<int:object_id>/duplicate/", name="workflows_workflowdefinition_duplicate"
)
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


@register_page(
    WorkflowDefinition,
    "<int:object_id>/start-editing/",
    name="workflows_workflowdefinition_start_editing",
)
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


@register_page(
    WorkflowDefinition, "<int:object_id>/edit/", name="workflows_workflowdefinition_edit"
)
class EditorPage(_EditorPage):
    """GET shows the editor of a draft; POST saves the document that it sends as JSON."""

    dear = {"POST": Dear.WHILE_TYPING}
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

    def find(self, **arguments: Any) -> None:
        try:
            super().find(**arguments)
        except Http404:
            if self.request.method != "POST":
                raise
            raise DraftGoneError from None

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return _save(request, self.object, self.person)

    def turn_away_for_now(self, refused: Refusals[TooDearError]) -> HttpResponse:
        return refusal_as_json(refused)

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        if isinstance(refused.error, DraftGoneError):
            answer = refusal_as_json(refused, **words_of_the_editor(refused.error))
            # Nobody can tell it from one that never was, or is of another company.
            answer.status_code = HTTPStatus.NOT_FOUND
            return answer
        return super().refused(refused)


def _is_draft(obj: Model | None) -> bool:
    return isinstance(obj, WorkflowDefinition) and obj.is_draft


def _save(request: HttpRequest, workflow: WorkflowDefinition, user: User) -> HttpResponse:
    with refusals() as refused:
        question = read_question(request)
        draft = save_draft(
            workflow=workflow,
            document=question.get("document"),
            user=user,
            expected_updated_at=moment_of(question, "expected_updated_at"),
        )
        return JsonResponse({"updated_at": draft.updated_at.isoformat(), "title": draft.title})
    return refusal_as_json(refused, **words_of_the_editor(refused.error))


def words_of_the_editor(error: Exception | None) -> dict[str, Any]:
    """What the script does with a refusal, and what is said otherwise here."""
    match error:
        case NotStorableError():
            text = _("Nothing was saved: fix what is marked first.")
            return {"message": text, "problems": problems_as_json(error.problems)}
        case DraftChangedError():
            return {"reason": "changed", "updated_at": error.at.isoformat()}
        case NotADraftError():
            text = _("This version was published in the meantime, and cannot be changed any more.")
            return {"message": text, "reason": "published"}
        case DraftGoneError():
            text = _("This draft was deleted in the meantime.")
            return {"message": text, "reason": "deleted"}
    return {}


def _start(request: HttpRequest, workflow: WorkflowDefinition) -> dict[str, Any]:
    """What the page's script begins with."""
    layouts_on(request)  # the preview: its page allows no other frame
    company = active_company(request)
    versions = WorkflowDefinition.objects.versions_of(workflow.key).exclude(pk=workflow.pk)
    return {
        "document": export_bundle(workflow=workflow),
        "updated_at": workflow.updated_at.isoformat(),
        # Whose typing is kept in this browser: never shown to another person or company.
        "owner": f"{company.schema_name if company else ''}:{request.user.pk}:{workflow.pk}",
        "version": workflow.version,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        # What was typed into other versions of it and never saved may be in this browser, too.
        "key": workflow.key,
        "drafts": list(versions.drafts().values_list("pk", flat=True)),
        "key_is_fixed": versions.exists(),
        "has_published": versions.published().exists(),
        "roles": [
            {"name": each.name, "description": each.description}
            for each in CompanyRole.objects.order_by("name")
        ],
        "assistants": [each.name for each in accounts_of_assistants(timezone.now())],
        "started_types": started_types(),
        "subticket_outcomes": [list(each) for each in outcome_choices()],
        "priorities": [[value, str(name)] for value, name in priority_choices()],
        "usual_priority": Priority.NORMAL.value,
        "icons": list(ICONS),
        # Moments are typed and shown in it, whatever the browser's is.
        "zone": str(company_zone()),
        "failure_reasons": [[value, str(name)] for value, name in reason_choices()],
        "failure_parts": [[name, str(PARTS[name])] for name in ("status", "reason", "message")],
        "outcomes": [[each.value, str(screen.choice)] for each, screen in OUTCOMES.items()],
        "task_types": [
            {
                "name": task_type.value,
                "chip": str(screen.chip),
                "choice": str(screen.choice),
                "is_form": task_type.is_form,
                "is_call": task_type.is_call,
                "is_block": task_type.is_block,
                "is_at_once": task_type.is_at_once,
                "uses": task_type.rules.uses,
                "is_wait": task_type.is_wait,
                "is_approval": task_type.is_approval,
                "is_subticket": task_type.is_subticket,
                "can_fail": task_type.can_fail,
                "is_answered_later": task_type.is_answered_later,
                "can_be_left": task_type.rules.can_be_left,
            }
            for task_type, screen in SCREENS.items()
            if task_type.rules.is_written
        ],
        **editor_facts(),
        "urls": {
            "save": reverse(f"admin:{PREFIX}_edit", args=(workflow.pk,)),
            "login": reverse("admin:login"),
            "layout_frame": reverse("layout_frame"),
            "carry": reverse(f"admin:{PREFIX}_editor_carry"),
            "tests": reverse(f"admin:{PREFIX}_tests", args=(workflow.pk,)),
            **{name: reverse(f"admin:{PREFIX}_editor_{name}") for name in QUESTIONS},
        },
    }
