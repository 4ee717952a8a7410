"""The page that brings a bundle in: check it, see what it would change, make it a draft."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants.limits.bodies import LARGE_BODY
from tenants.limits.dear import Dear
from tenants.pages.buttons import ListButton
from tenants.pages.links import admin_link
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tenants.refusals import refusals
from workflows.authoring.definitions.pages.download_page import download, file_type
from workflows.authoring.importing.findings import Findings, FoundDraft, check_file, findings_of
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.importing.import_run import is_large, start_import, why_not_imported
from workflows.authoring.importing.pages.format_help import help_text
from workflows.authoring.importing.pages.problem_rows import (
    ProblemRow,
    by_sheet,
    problem_rows,
    showable,
)
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.bundles import MAX_BYTES, Problem, write_bundle
from workflows.bundles.document.errors import InvalidBundleError
from workflows.engine.process import Json
from workflows.errors import DraftChangedError, NotADraftError, UnreadableBundleError
from workflows.models import WorkflowDefinition
from workflows.workbooks import FileType, Reading, write_document, write_template

ACCEPTED: Final = ".xlsx,.ods,.json,.yaml,.yml"
# What may become of a draft that there is: the values of `apply`.
REPLACE: Final = "replace"
BESIDE: Final = "beside"
DECISIONS: Final = (REPLACE, BESIDE)
# What is read aloud on the page, by the name in its address.
HELP: Final = {
    "workbook": ("workbook-format.md", gettext_lazy("A workflow as a workbook")),
    "bundle": ("bundle-format.md", gettext_lazy("The bundle format")),
}


class ImportForm(forms.Form):
    """A bundle as a file, or as text. A file comes first: it was chosen last."""

    file = forms.FileField(label=gettext_lazy("A file"), required=False, allow_empty_file=True)
    text = forms.CharField(
        label=gettext_lazy("Or the bundle as text (JSON or YAML)"),
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 18, "spellcheck": "false", "wrap": "off", "class": "bundle-text"}
        ),
    )


@dataclass(slots=True)
class Outcome:
    """What came of a check.

    `text` is the document as the page keeps it for the next step; empty where only the file can
    be mended. `large` is the content of a file that is too large to be checked at once.
    """

    text: str = ""
    failure: str = ""
    filename: str = ""
    large: bytes = b""
    document: Json = None
    reading: Reading | None = None
    findings: Findings | None = None
    problems: list[ProblemRow] = field(default_factory=list)

    @property
    def errors(self) -> list[ProblemRow]:
        return [each for each in self.problems if each.is_error]

    @property
    def draft(self) -> FoundDraft | None:
        return self.findings.draft if self.findings is not None else None

    @property
    def is_ready(self) -> bool:
        return self.findings is not None and self.findings.can_be_applied


class Checked(Protocol):
    """What checking a file found; `document` is what is kept for the next step."""

    @property
    def document(self) -> Json: ...

    @property
    def reading(self) -> Reading: ...

    @property
    def problems(self) -> list[Problem]: ...

    def findings(self) -> Findings: ...


class Check(Protocol):
    """How a file is read and checked."""

    def __call__(self, *, content: bytes, filename: str) -> Checked: ...


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    title: str
    description: str


@register_page(WorkflowDefinition, "import/", name="workflows_workflowdefinition_import")
class ImportPage(Page):
    """GET shows the form; POST checks, and with `apply` makes the draft.

    The document stays in the text field from step to step, where it can be read and mended;
    nothing is kept on the server, and every step checks it anew.
    """

    permissions = ("workflows.add_workflowdefinition",)
    largest_body = LARGE_BODY
    dear = {"POST": Dear.ASKED}
    title = gettext_lazy("Import a workflow")
    template_name = "importing/import.html"
    list_button = ListButton(gettext_lazy("Import"), icon="upload", order=20, only_where_roomy=True)
    menu = MenuEntry(
        MenuSection.DEFINITIONS, icon="upload_file", order=40, title=gettext_lazy("Import")
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form, an example in it, or what is there to download and to read.

        `?example=name` fills the field, with `&download=json` (or another format) it is a
        file; `?template=xlsx` is the template, `?help=workbook` the description.
        """
        asked = request.GET
        if "template" in asked:
            kind = file_type(asked["template"])
            return download(write_template(kind), f"template.{kind}", kind)
        if "help" in asked:
            return self._help(asked["help"])
        name = asked.get("example", "")
        if not name:
            return self._outcome_page(Outcome())
        text = read_example(name)
        if "download" not in asked:
            return self._outcome_page(Outcome(text=text))
        kind = file_type(asked["download"])
        return download(write_document(json.loads(text), kind), f"{name}.{kind}", kind)

    def post(self, request: HttpRequest) -> HttpResponse:
        outcome = check(request)
        if outcome.large:
            run = start_import(content=outcome.large, filename=outcome.filename, user=self.person)
            return redirect("admin:workflows_workflowdefinition_import_run", run.pk)
        decision = request.POST.get("apply")
        if decision and outcome.is_ready and (decision in DECISIONS or not outcome.draft):
            return self._apply(outcome, seen_draft(request) if decision == REPLACE else None)
        return self._outcome_page(outcome)

    def _apply(self, outcome: Outcome, replaces: SeenDraft | None) -> HttpResponse:
        # Something changed since the check.
        with refusals(InvalidBundleError, DraftChangedError, NotADraftError) as refused:
            workflow = import_bundle(document=outcome.document, user=self.person, replaces=replaces)
            words = {"title": workflow.title, "version": workflow.version}
            if outcome.findings and outcome.findings.is_unchanged:
                text = _("“%(title)s” already has this content: it is version %(version)s.")
                messages.info(self.request, text % words)
            else:
                text = (
                    _("“%(title)s” has a new draft: version %(version)s. Publish it to use it.")
                    if replaces is None
                    else _("Version %(version)s of “%(title)s”, a draft, has this content now.")
                )
                messages.success(self.request, text % words)
            return redirect(admin_link(workflow))
        match refused.error:
            case InvalidBundleError(problems=problems):
                outcome.findings = findings_of(problems, reading=outcome.reading)
                outcome.problems = problem_rows(problems, outcome.text, outcome.reading)
            case DraftChangedError() | NotADraftError() as error:
                messages.error(self.request, why_not_imported(error))
        return self._outcome_page(outcome)

    def _outcome_page(self, outcome: Outcome) -> HttpResponse:
        found = outcome_context(
            outcome.findings, failure=outcome.failure, upload_form="import-form"
        )
        context = {
            "form": ImportForm(initial={"text": outcome.text}),
            "outcome": outcome,
            **found,
            "problems": outcome.problems,
            "sheets": by_sheet(outcome.problems),
            "document_id": "id_text",
            "document_is_kept": bool(outcome.text),
            "apply_form": "import-form",
            "examples": examples(),
            "file_types": list(FileType),
        }
        return self.show(**context)

    def _help(self, name: str) -> HttpResponse:
        if name not in HELP:
            raise Http404
        filename, title = HELP[name]
        try:
            text = (Path(settings.BASE_DIR) / "docs" / filename).read_text(encoding="utf-8")
        except FileNotFoundError as error:  # an installation without its documentation
            raise Http404 from error
        pages = tuple((file, f"?help={each}") for each, (file, _title) in HELP.items())
        return self.show("importing/import_help.html", title=title, help=help_text(text, pages))


def outcome_context(
    findings: Findings | None, *, failure: str = "", upload_form: str = ""
) -> dict[str, Any]:
    """What `_import_outcome.html` shows.

    Where there are problems to mend, the file of the `upload_form` (its id) stands above them:
    below, nobody would find it.
    """
    problems = findings.problems if findings else []
    is_to_mend = findings is not None and not findings.can_be_applied
    return {
        "upload_form": upload_form if is_to_mend else "",
        "accepted": ACCEPTED,
        "megabytes": most_bytes() // 1_000_000,
        "findings": findings,
        "failure": failure,
        "failure_title": _("This cannot be read"),
        "problems": problems,
        "sheets": by_sheet(problems),
    }


def seen_draft(request: HttpRequest) -> SeenDraft:
    """The draft that a page has shown, and that its person wants to replace.

    What cannot be read is a draft that is not there.
    """
    try:
        at = datetime.fromisoformat(request.POST.get("draft_saved_at", ""))
        return SeenDraft(int(request.POST.get("draft", "")), at)
    except ValueError:
        return SeenDraft(0, datetime.min.replace(tzinfo=UTC))


def check(request: HttpRequest, how: Check = check_file) -> Outcome:
    """Read and check what was sent; text stays on the page, whatever it is."""
    upload = request.FILES.get("file")
    data = upload.read(most_bytes() + 1) if upload else request.POST.get("text", "").encode()
    name = (upload.name or "") if upload else ""
    # Browsers send line ends as CR LF; the page counts lines by LF.
    outcome = Outcome(text=_as_text(data), filename=name)
    if upload is None and not data.strip():
        outcome.failure = _("Choose a file, or paste a bundle into the field.")
    elif len(data) > most_bytes():
        outcome.text = ""
        outcome.failure = _(
            "The bundle is larger than %(limit)s MB, which is the most that this page takes."
        ) % {"limit": most_bytes() // 1_000_000}
    elif is_large(data):
        outcome.large = data
    else:
        _check(outcome, data, how)
    return outcome


def _check(outcome: Outcome, data: bytes, how: Check) -> None:
    with refusals(UnreadableBundleError) as refused:
        checked = how(content=data, filename=outcome.filename)
        outcome.document, outcome.reading = checked.document, checked.reading
        outcome.findings = checked.findings()
        # A workbook with errors has no text that could be mended: the file must be.
        if not outcome.text and outcome.is_ready:
            outcome.text = showable(_written(checked.document))
        outcome.problems = problem_rows(checked.problems, outcome.text, checked.reading)
    outcome.failure = showable(refused.text)


def most_bytes() -> int:
    """What fits into the text field of the next step, whose size Django limits."""
    limit: int | None = getattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", None)
    return MAX_BYTES if limit is None else min(MAX_BYTES, int(limit * 0.9))


def _as_text(data: bytes) -> str:
    """The text of a file in UTF-8; empty for others, and for what no page can show."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    return "" if "\x00" in text else text.replace("\r\n", "\n")


def _written(document: Json) -> str:
    return write_bundle(document) if isinstance(document, dict) else json.dumps(document)


# The examples


def _example_dir() -> Path:
    return Path(settings.BASE_DIR) / "fixtures"


@lru_cache(maxsize=1)
def examples() -> list[Example]:
    """The bundles that come with the program."""
    found = []
    for path in sorted(_example_dir().glob("*.json")):
        workflow = json.loads(path.read_text(encoding="utf-8")).get("workflow", {})
        found.append(
            Example(path.stem, workflow.get("title", path.stem), workflow.get("description", ""))
        )
    return found


def read_example(name: str) -> str:
    """The text of an example.

    Raises:
        Http404: there is none of this name.
    """
    if name not in {each.name for each in examples()}:
        raise Http404
    return (_example_dir() / f"{name}.json").read_text(encoding="utf-8")
