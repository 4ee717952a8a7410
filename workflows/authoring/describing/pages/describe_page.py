"""The page on which somebody tells what happens today, and a model drafts a workflow of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from tenants.models import User
from tenants.pages.buttons import ListButton
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.once import run_once, sent_token, stored_result, token_of
from tenants.pages.page import Page, register_page
from tenants.refusals import refusals
from workflows.authoring.describing.ask_model import chat_model
from workflows.authoring.describing.describe import LONGEST_TEXT, MOST_ROUNDS, start_drafting
from workflows.authoring.importing.pages.format_help import help_text
from workflows.models import DescribedProcess, WorkflowDefinition

PAGE: Final = "workflows_workflowdefinition_describe"
DESCRIBED: Final = "workflows_workflowdefinition_described"
# How an assistant of one's own is connected.
GUIDE: Final = "assistants.md"
MOST_LISTED: Final = 20


def own_descriptions(person: User) -> list[DescribedProcess]:
    """The latest that this person has described: what they wrote concerns nobody else."""
    rows = DescribedProcess.objects.filter(created_by=person).select_related("definition")
    return list(rows.defer("answer", "complaint")[:MOST_LISTED])


@register_page(WorkflowDefinition, "describe/", name=PAGE)
class DescribePage(Page):
    """GET is the form, and with `?help` how to connect an assistant of one's own; POST begins."""

    permissions = ("workflows.add_workflowdefinition",)
    title = gettext_lazy("Describe your process")
    template_name = "describing/describe.html"
    list_button = ListButton(
        gettext_lazy("Describe your process"), icon="edit_note", order=15, only_where_roomy=True
    )
    menu = MenuEntry(MenuSection.DEFINITIONS, icon="edit_note", order=35)

    def get(self, request: HttpRequest) -> HttpResponse:
        if "help" in request.GET:
            return self._help()
        token = token_of(request)
        begun = stored_result(request, token=token)
        if begun is not None:
            return redirect(f"admin:{DESCRIBED}", begun)
        return self._form(token=token)

    def post(self, request: HttpRequest) -> HttpResponse:
        token = sent_token(request)
        text, sends_roles = request.POST.get("text", ""), "sends_roles" in request.POST

        def start() -> int:
            return start_drafting(text=text, sends_roles=sends_roles, user=self.person).pk

        with refusals() as refused:
            begun, _is_new = run_once(request, token=token, act=start)
            return redirect(f"admin:{DESCRIBED}", begun)
        # What was typed stays.
        return self._form(token=token, text=text, sends_roles=sends_roles, problem=refused.text)

    def _form(
        self, *, token: str, text: str = "", sends_roles: bool = False, problem: str = ""
    ) -> HttpResponse:
        model = chat_model()
        return self.show(
            model_name=model.name if model is not None else "",
            token=token,
            text=text,
            sends_roles=sends_roles,
            problem=problem,
            longest_text=LONGEST_TEXT,
            most_rounds=MOST_ROUNDS,
            has_guide=_guide().is_file(),
            described=own_descriptions(self.person),
        )

    def _help(self) -> HttpResponse:
        try:
            text = _guide().read_text(encoding="utf-8")
        except FileNotFoundError as error:  # an installation without its documentation
            raise Http404 from error
        return self.show("describing/assistants.html", help=help_text(text, ()))


def _guide() -> Path:
    return Path(settings.BASE_DIR) / "docs" / GUIDE
