from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from django.contrib import admin
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import AuditKind, declare
from tenants.audit.record import record
from tenants.errors import StorageAwayError, TicketFlowerError
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import Page, register_page, with_pages
from tenants.refusals import Refusals
from tickets.files.access import may_have, with_what_decides
from tickets.files.heads import head_of
from tickets.models import FileUpload
from workflows.fields.file.content import Content, content_of
from workflows.fields.file.file_input import safe_filename

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

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        """The reason, as a page of its own: files have no list to go back to."""
        error = refused.error
        answer = self.show(
            "files/refused.html",
            title=gettext_lazy("Not available at this moment"),
            upload=self.upload,
            text=refused.text,
            address=self.request.path,
        )
        answer.status_code = error.status if isinstance(error, TicketFlowerError) else 503
        answer["Cache-Control"] = "no-store"
        return answer

    def filename(self, ending: str = "") -> str:
        """What it is called in a header: rows that were restored have any name. With an `ending`,
        that one in the place of its own."""
        name = safe_filename(self.upload.filename)
        return f"{PurePath(name).stem}{ending}" if ending else name

    def open(self) -> File[bytes]:
        """Raises Http404 where the storage has lost it."""
        with _storage_errors():
            content: File[bytes] = self.upload.file.open("rb")
            return content

    def content(self) -> Content | None:
        """What it is by its first bytes. Raises Http404 where the storage has lost it."""
        with _storage_errors():
            return content_of(head_of(self.upload))

    def note(self, kind: AuditKind, upload: FileUpload | None = None) -> None:
        """Into the audit log."""
        file = self.upload if upload is None else upload
        record(
            kind,
            about=file,
            ticket=None if file.ticket is None else str(file.ticket),
            is_own=file.uploaded_by_id == self.person.pk,
        )


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, ValueError) as error:  # ValueError: there never was one
        raise Http404 from error
    except OSError as error:
        raise StorageAwayError from error


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
            filename=self.filename(),
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
