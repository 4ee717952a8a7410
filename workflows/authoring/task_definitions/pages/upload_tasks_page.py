"""The page that puts a file of task definitions into a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from tenants.errors import TicketFlowerError
from tenants.limits.dear import Dear
from tenants.pages.buttons import ListButton
from tenants.pages.links import admin_link
from tenants.pages.page import Page, register_page
from tenants.refusals import refusals
from workflows.authoring.definitions.pages.download_page import download, file_type
from workflows.authoring.importing.findings import findings_of
from workflows.authoring.importing.import_run import LARGE_TEXT, LARGE_WORKBOOK
from workflows.authoring.importing.pages.import_page import (
    ACCEPTED,
    ImportForm,
    Outcome,
    check,
    seen_draft,
)
from workflows.authoring.importing.pages.problem_rows import by_sheet, problem_rows
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.task_definitions.changeable import changeable_versions, version_to_change
from workflows.authoring.task_definitions.check_tasks import CheckedTasks, check_tasks
from workflows.authoring.task_definitions.save_tasks import save_tasks
from workflows.bundles.document.errors import NotStorableError
from workflows.errors import NotADraftError
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.workbooks import FileType, write_tasks_template

if TYPE_CHECKING:
    _VersionField = forms.ModelChoiceField[WorkflowDefinition]
else:
    _VersionField = forms.ModelChoiceField


class WorkflowField(_VersionField):
    """The versions whose tasks can be changed, and what changing them would do."""

    def label_from_instance(self, obj: WorkflowDefinition) -> str:
        if obj.is_draft:
            return _("%(workflow)s, a draft") % {"workflow": obj}
        return _("%(workflow)s, published: a new draft is made") % {"workflow": obj}


class UploadTasksForm(ImportForm):
    """A file of task definitions, or its text, and the version that it is for."""

    workflow = WorkflowField(
        label=gettext_lazy("Workflow"),
        queryset=WorkflowDefinition.objects.none(),
        empty_label=gettext_lazy("Choose a workflow"),
        widget=UnfoldAdminSelectWidget,
        error_messages={
            "required": gettext_lazy("Choose the workflow that the tasks are for."),
            "invalid_choice": gettext_lazy(
                "The tasks of this version can no longer be changed. Choose again."
            ),
        },
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["workflow"].queryset = changeable_versions()  # type: ignore[attr-defined]
        self.fields["text"].label = _("Or the task definitions as text (JSON or YAML)")


@register_page(TaskDefinition, "upload/", name="workflows_taskdefinition_upload")
class UploadTasksPage(Page):
    """GET shows the form; POST checks, and with `apply` puts the tasks into the draft.

    The text stays in its field from step to step; nothing is kept on the server, and every step
    checks it anew.
    """

    permissions = ("workflows.view_taskdefinition", "workflows.change_workflowdefinition")
    dear = {"POST": Dear.ASKED}
    title = gettext_lazy("Upload task definitions")
    template_name = "task_definitions/upload.html"
    list_button = ListButton(gettext_lazy("Upload"), icon="upload", order=10)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form (`?workflow=` chooses a version), or the template (`?template=xlsx`)."""
        if "template" in request.GET:
            kind = file_type(request.GET["template"])
            return download(write_tasks_template(kind), f"task-definitions-template.{kind}", kind)
        return self._page(Outcome(), _asked_for(request.GET.get("workflow", "")))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadTasksForm(request.POST, request.FILES)
        form.is_valid()  # what is in the file, the check says
        workflow = form.cleaned_data.get("workflow")
        if workflow is None and (moved := _asked_for(request.POST.get("workflow", ""))):
            text = _("The tasks are changed in %(workflow)s now. See what the file would do there.")
            messages.warning(request, text % {"workflow": moved})
            return self._check_again(moved)
        if workflow is None:
            outcome = Outcome(text=request.POST.get("text", ""))
            return self._page(outcome, None, errors=form["workflow"].errors)
        checking = _Checking(workflow)
        outcome = check(request, checking.check)
        if outcome.large:
            outcome.failure = _(
                "This file is too large to be checked at once. Split it: tasks that are not in a "
                "file stay as they are."
            )
        if request.POST.get("apply") and outcome.is_ready and outcome.reading is not None:
            return self._apply(outcome, checking)
        return self._page(outcome, workflow, checked=checking.checked)

    def _apply(self, outcome: Outcome, checking: _Checking) -> HttpResponse:
        assert checking.checked is not None  # noqa: S101 - it is ready
        with refusals(TicketFlowerError) as refused:
            draft = save_tasks(
                tasks=checking.checked.of_file, user=self.person, seen=seen_draft(self.request)
            )
            words = {"workflow": draft}
            if checking.checked.counts["new"] or checking.checked.counts["changed"]:
                text = _("%(workflow)s, a draft, has these tasks now. Publish it to use them.")
                messages.success(self.request, text % words)
            else:
                messages.info(self.request, _("%(workflow)s has these tasks already.") % words)
            return redirect(admin_link(draft))
        if isinstance(refused.error, NotStorableError):
            found = refused.error.problems
            outcome.findings = findings_of(found, reading=outcome.reading)
            outcome.problems = problem_rows(found, outcome.text, outcome.reading)
            return self._page(outcome, checking.workflow)
        messages.error(self.request, _why_not_saved(refused.error, refused.text))
        # What is there now, and what the file would do to that.
        workflow = version_to_change(checking.workflow)
        if workflow is None:
            return self._page(Outcome(text=outcome.text), None)
        return self._check_again(workflow)

    def _check_again(self, workflow: WorkflowDefinition) -> HttpResponse:
        again = _Checking(workflow)
        return self._page(check(self.request, again.check), workflow, checked=again.checked)

    def _page(
        self,
        outcome: Outcome,
        workflow: WorkflowDefinition | None,
        *,
        checked: CheckedTasks | None = None,
        errors: Any = (),
    ) -> HttpResponse:
        findings = outcome.findings
        is_to_mend = findings is not None and not findings.can_be_applied
        return self.show(
            form=UploadTasksForm(initial={"text": outcome.text, "workflow": workflow}),
            workflow_errors=errors,
            workflow=workflow,
            seen=SeenDraft.of(workflow) if workflow is not None else None,
            checked=checked,
            findings=findings,
            failure=outcome.failure,
            failure_title=_("This cannot be read"),
            problems=outcome.problems,
            sheets=by_sheet(outcome.problems),
            upload_form="upload-form" if is_to_mend else "",
            document_id="id_text",
            document_is_kept=bool(outcome.text),
            accepted=ACCEPTED,
            kilobytes=LARGE_TEXT // 1_000,
            workbook_kilobytes=LARGE_WORKBOOK // 1_000,
            file_types=list(FileType),
        )


class _Checking:
    """Checks files for one version, and keeps what it found."""

    def __init__(self, workflow: WorkflowDefinition) -> None:
        self.workflow = workflow
        self.checked: CheckedTasks | None = None

    def check(self, *, content: bytes, filename: str) -> CheckedTasks:
        self.checked = check_tasks(content=content, filename=filename, workflow=self.workflow)
        return self.checked


def _asked_for(pk: str) -> WorkflowDefinition | None:
    """The version that an address names, or the one in which its tasks are changed."""
    if not (pk.isascii() and pk.isdigit() and len(pk) <= 18):
        return None
    found = WorkflowDefinition.objects.filter(pk=int(pk)).first()
    return version_to_change(found) if found is not None else None


def _why_not_saved(error: Exception | None, text: str) -> str:
    if isinstance(error, NotADraftError):
        text = _("The workflow was published, retired or deleted in the meantime.")
    return _("%(reason)s Nothing was changed. See below what the file would do now.") % {
        "reason": text
    }
