"""A file as pages show it: images and PDF documents, and nothing else."""

from __future__ import annotations

from typing import Any, Final

from django.http import FileResponse, Http404, HttpRequest

from tenants.pages.page import register_page
from tickets.files.pages.files import VIEWED, OneFilePage
from tickets.models import FileUpload

# In bytes. What browsers scale is sent whole: larger images are downloaded.
LARGEST_SHOWN: Final = 20 * 1024 * 1024
# Images need nothing at all. A PDF has no `sandbox`: viewers of browsers refuse to run then, but
# for the newest. They run nothing of a document as ours. What stands around it in Chromium has a
# style and an object; without 'self' as an ancestor our page could not frame it.
_IMAGE_POLICY: Final = "default-src 'none'; frame-ancestors 'self'; sandbox"
_PDF_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self';"
    " frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)


@register_page(FileUpload, "<uuid:key>/inline/", name="tickets_fileupload_inline")
class InlinePage(OneFilePage):
    """Hands out an image or a PDF document to be shown; what it is, is decided by its content."""

    def get(self, request: HttpRequest, **arguments: Any) -> FileResponse:
        # What is too large to be shown is not fetched to be looked at either.
        found = self.content() if self.upload.size <= LARGEST_SHOWN else None
        if found is None or not found.is_shown:
            raise Http404
        content = self.open()
        self.note(VIEWED)
        response = FileResponse(
            content,
            filename=self.filename(found.ending),
            content_type=found.mime,
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = _IMAGE_POLICY if found.is_image else _PDF_POLICY
        response["X-Frame-Options"] = "SAMEORIGIN"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Cache-Control"] = "private, no-store"
        return response
