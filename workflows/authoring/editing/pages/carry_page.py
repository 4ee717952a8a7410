"""What was typed into a draft that is none any more becomes the next draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.limits.bodies import LARGE_BODY
from tenants.limits.dear import Dear
from tenants.pages.page import ScriptPage, register_page
from tenants.pages.refusals import refusal_as_json
from tenants.refusals import Refusals
from workflows.authoring.editing.carry_draft import carry_draft
from workflows.authoring.editing.pages.editor_page import words_of_the_editor
from workflows.authoring.editing.pages.editor_requests import moment_of, read_question
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.engine.process import Json
from workflows.errors import DraftThereError
from workflows.models import WorkflowDefinition

EDITOR = "admin:workflows_workflowdefinition_edit"


@register_page(
    WorkflowDefinition, "editor/carry/", name="workflows_workflowdefinition_editor_carry"
)
class CarryScript(ScriptPage):
    """POST keeps the document that it sends as JSON; the answer says where it is edited now.

    The question has the `key` of the workflow, the `document`, and with `replaces` (`draft`,
    `updated_at`) the draft that the person has agreed to replace.
    """

    permissions = ("workflows.add_workflowdefinition", "workflows.change_workflowdefinition")
    dear = {"POST": Dear.WHILE_TYPING}
    largest_body = LARGE_BODY

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        question = read_question(request)
        key = question.get("key")
        draft = carry_draft(
            key=key if isinstance(key, str) else "",
            document=question.get("document"),
            user=self.person,
            replaces=_seen(question.get("replaces")),
        )
        text = _("What you typed is kept in version %(version)s, a draft.")
        messages.success(request, text % {"version": draft.version})
        return JsonResponse(
            {
                "url": reverse(EDITOR, args=(draft.pk,)),
                "draft": draft.pk,
                "updated_at": draft.updated_at.isoformat(),
            }
        )

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        error = refused.error
        if not isinstance(error, DraftThereError):
            return refusal_as_json(refused, **words_of_the_editor(error))
        at, url = error.at.isoformat(), reverse(EDITOR, args=(error.pk,))
        return refusal_as_json(refused, reason="there", draft=error.pk, updated_at=at, url=url)


def _seen(question: Json) -> SeenDraft | None:
    if not isinstance(question, dict):
        return None
    draft = question.get("draft")
    return SeenDraft(draft, moment_of(question, "updated_at")) if isinstance(draft, int) else None
