from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import AuditKind, declare
from tenants.audit.record import record
from tenants.errors import StorageAwayError
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import Page, register_page, with_pages
from tickets.files.access import may_have, with_what_decides
from tickets.models import FileUpload

VIEWED = declare("files.viewed", gettext_lazy("Looked at a file"))
DOWNLOADED = declare("files.downloaded", gettext_lazy("Downloaded a file"))

NO_FILE = uuid.UUID(int=0)


@admin.register(FileUpload)
class FileUploadAdmin(CompanyModelAdmin):
    """No screen, only the download: files are found on the pages of their tickets."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return with_pages(self, [])


class OneFilePage(Page):
    """A page about a file, for whoever may have it; others cannot tell that it exists."""

    # Who may see the file is decided by `find`, which says to all others the same.
    permissions = ()

    upload: FileUpload

    def turn_away(self) -> HttpResponse:
        raise Http404

    def find(self, **arguments: Any) -> None:
        uploads = with_what_decides(FileUpload.objects.all())
        found = uploads.filter(uuid=arguments["key"]).first()
        if found is None or not may_have(found, self.person):
            raise Http404
        self.upload = found

    def open(self) -> File[bytes]:
        """Raises Http404 where the storage has lost it."""
        try:
            content: File[bytes] = self.upload.file.open("rb")
        except (FileNotFoundError, ValueError) as error:  # ValueError: there never was one
            raise Http404 from error
        except OSError as error:
            raise StorageAwayError from error
        return content

    def note(self, kind: AuditKind, upload: FileUpload | None = None) -> None:
        """Into the audit log."""
        file = self.upload if upload is None else upload
        record(
            kind,
            about=file,
            ticket=None if file.ticket is None else str(file.ticket),
            is_own=file.uploaded_by_id == self.person.pk,
        )


@register_page(FileUpload, "<uuid:key>/", name="tickets_fileupload_download")
class DownloadPage(OneFilePage):
    """Hands a file to whoever may see it."""

    def get(self, request: HttpRequest, **arguments: Any) -> FileResponse:
        content = self.open()
        self.note(DOWNLOADED)
        # Never shown in the page: a customer's HTML or SVG would run as ours.
        response = FileResponse(
            content,
            as_attachment=True,
            filename=self.upload.filename,
            content_type="application/octet-stream",
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = "private, no-store"
        return response


def download_base() -> str:
    """What stands before a file's key in its address, for templates."""
    address = reverse("admin:tickets_fileupload_download", args=(NO_FILE,))
    return address.removesuffix(f"{NO_FILE}/")
