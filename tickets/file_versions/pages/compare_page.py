"""Two versions of a file beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from tenants.pages.numbers import number_in
from tenants.pages.page import register_page
from tickets.file_versions.compare_texts import MOST_BYTES, Line, compare_lines, text_of
from tickets.file_versions.pages.file_page import FilePages, Preview, preview_of
from tickets.files.pages.files import VIEWED
from tickets.models import FileUpload
from workflows.fields.file.content import HEAD, content_of


@dataclass(frozen=True, slots=True)
class Side:
    upload: FileUpload
    preview: Preview
    lines: list[str] | None


@register_page(FileUpload, "<uuid:key>/compare/", name="tickets_fileupload_compare")
class ComparePage(FilePages):
    """GET shows the versions `old` and `new` (numbers); else the newest and the one before it."""

    template_name = "file_versions/compare.html"
    title = gettext_lazy("Compare versions")

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        versions = self.versions()
        by_number = {each.version: each for each in versions}
        asked_old, asked_new = (
            by_number.get(number_in(request.GET.get(name, "")) or 0) for name in ("old", "new")
        )
        new = asked_new or versions[0]
        before = [each for each in versions if each.version < new.version] or versions[1:]
        old = asked_old or (before[0] if before else None)
        if old is None:
            raise Http404
        sides = [self._side(each) for each in (old, new)]
        for each in sides:
            if each.lines is not None:
                self.note(VIEWED, each.upload)
        return self.show(
            upload=self.upload,
            versions=versions,
            sides=sides,
            are_shown=all(each.preview.is_shown for each in sides),
            **_compared(*sides),
        )

    def _side(self, upload: FileUpload) -> Side:
        """What may be a text is read whole, once: it is small."""
        if upload.size > MOST_BYTES:
            return Side(upload, preview_of(upload), None)
        content = _content_of(upload)
        if content is None:
            return Side(upload, Preview(upload, None), None)
        preview = Preview(upload, content_of(content[:HEAD]))
        return Side(upload, preview, None if preview.is_shown else text_of(content))


def _compared(old: Side, new: Side) -> dict[str, Any]:
    if old.lines is None or new.lines is None:
        return {"are_texts": False}
    lines: list[Line] = compare_lines(old.lines, new.lines)
    return {"are_texts": True, "lines": lines}


def _content_of(upload: FileUpload) -> bytes | None:
    try:
        with upload.file.open("rb") as opened:
            content: bytes = opened.read(MOST_BYTES + 1)
            return content
    except (OSError, ValueError):
        return None
