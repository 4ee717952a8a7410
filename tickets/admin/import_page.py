"""The page that brings a bundle in: check it, see what it would change, make it a draft."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants.active_company import active_company
from tenants.models import User
from tickets.admin.detail_page import DetailPageAdmin, admin_link
from tickets.admin.problem_rows import ProblemRow, problem_rows, showable
from tickets.services import BundlePreview, import_bundle, preview_bundle
from workflows.bundles import MAX_BYTES, read_bundle, write_bundle
from workflows.engine.process import Json
from workflows.errors import InvalidBundleError, UnreadableBundleError

MOST_CHANGES = 300


class ImportForm(forms.Form):
    """A bundle as a file, or as text. A file comes first: it was chosen last."""

    file = forms.FileField(label=gettext_lazy("A file"), required=False, allow_empty_file=True)
    text = forms.CharField(
        label=gettext_lazy("The bundle as text"),
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 18, "spellcheck": "false", "wrap": "off", "class": "bundle-text"}
        ),
    )


@dataclass(slots=True)
class Outcome:
    """What came of a check. `text` is the document as the page keeps it for the next step."""

    text: str = ""
    document: Json = None
    failure: str = ""
    preview: BundlePreview | None = None
    problems: list[ProblemRow] = field(default_factory=list)

    @property
    def errors(self) -> list[ProblemRow]:
        return [each for each in self.problems if each.is_error]


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    title: str
    description: str


class ImportPage(View):
    """GET shows the form; POST checks, and with `apply` makes the draft.

    The document stays in the text field from step to step, where it can be read and mended;
    nothing is kept on the server, and every step checks it anew.
    """

    model_admin: DetailPageAdmin | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if active_company(request) is None or not request.user.has_perm(
            "workflows.add_workflowdefinition"
        ):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form, or an example in it (`?example=name`, with `&download=1` as a file)."""
        name = request.GET.get("example", "")
        if not name:
            return self._page(request, Outcome())
        text = read_example(name)
        if "download" not in request.GET:
            return self._page(request, Outcome(text=text))
        return HttpResponse(
            text,
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        outcome = check(request)
        if "apply" in request.POST and outcome.preview and outcome.preview.can_be_imported:
            return self._apply(request, outcome)
        return self._page(request, outcome)

    def _apply(self, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        user = request.user if isinstance(request.user, User) else None
        try:
            workflow = import_bundle(document=outcome.document, user=user)
        except InvalidBundleError as error:  # somebody changed something since the check
            outcome.problems = problem_rows(error.problems, outcome.text)
            return self._page(request, outcome)
        words = {"title": workflow.title, "version": workflow.version}
        if outcome.preview and outcome.preview.is_unchanged:
            text = _("“%(title)s” already has this content: it is version %(version)s.")
            messages.info(request, text % words)
        else:
            text = _("“%(title)s” has a new draft: version %(version)s. Publish it to use it.")
            messages.success(request, text % words)
        return redirect(admin_link(workflow))

    def _page(self, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        assert self.model_admin is not None  # noqa: S101 - given to as_view
        preview = outcome.preview
        ready = preview is not None and not outcome.errors
        context = {
            **self.model_admin.admin_site.each_context(request),
            "title": _("Import a workflow"),
            "opts": self.model_admin.opts,
            "form": ImportForm(initial={"text": outcome.text}),
            "outcome": outcome,
            "ready": ready,
            "failed_cases": sum(not each.has_passed for each in preview.cases) if preview else 0,
            "changes": _changes(preview) if preview and ready else [],
            "more_changes": max(len(preview.changes) - MOST_CHANGES, 0) if preview else 0,
            "examples": examples(),
            "megabytes": most_bytes() // 1_000_000,
        }
        return TemplateResponse(request, "tickets/definitions/import.html", context)


def check(request: HttpRequest) -> Outcome:
    """Read and check what was sent; whatever it is, it stays on the page."""
    upload = request.FILES.get("file")
    data = upload.read(most_bytes() + 1) if upload else request.POST.get("text", "").encode()
    # Browsers send line ends as CR LF; the page counts lines by LF.
    outcome = Outcome(text=_as_text(data))
    if upload is None and not data.strip():
        outcome.failure = _("Choose a file, or paste a bundle into the field.")
        return outcome
    if len(data) > most_bytes():
        outcome.text = ""
        outcome.failure = _(
            "The bundle is larger than %(limit)s MB, which is the most that this page takes."
        ) % {"limit": most_bytes() // 1_000_000}
        return outcome
    try:
        outcome.document = read_bundle(data)
    except UnreadableBundleError as error:
        outcome.failure = showable(str(error))
        return outcome
    outcome.text = outcome.text or showable(_written(outcome.document))
    outcome.preview = preview_bundle(document=outcome.document)
    outcome.problems = problem_rows(outcome.preview.problems, outcome.text)
    return outcome


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


def _changes(preview: BundlePreview) -> list[dict[str, str]]:
    return [
        {
            "kind": each.kind.value,
            "where": showable(each.where),
            "place": showable(each.place),
            "old": showable(each.old_text),
            "new": showable(each.new_text),
        }
        for each in preview.changes[:MOST_CHANGES]
    ]


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
