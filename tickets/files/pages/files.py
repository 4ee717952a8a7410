from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import Page, register_page, with_pages
from tickets.models import FileUpload
from tickets.taking_part.access import access_to, has_or_had_task

DOWNLOADED = declare("files.downloaded", gettext_lazy("Downloaded a file"))

NO_FILE = uuid.UUID(int=0)


@admin.register(FileUpload)
class FileUploadAdmin(CompanyModelAdmin):
    """No screen, only the download: files are found on the pages of their tickets."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return with_pages(self, [])


@register_page(FileUpload, "<uuid:key>/", name="tickets_fileupload_download")
class DownloadPage(Page):
    """Hands a file to whoever may see it; others cannot tell that it exists."""

    # Who sees the ticket sees its files: `find` decides, and says to all others the same.
    permissions = ()

    upload: FileUpload

    def turn_away(self) -> HttpResponse:
        raise Http404

    def find(self, **arguments: Any) -> None:
        uploads = FileUpload.objects.select_related("ticket", "message__ticket")
        found = uploads.filter(uuid=arguments["key"]).first()
        if found is None or not may_download(found, self.person):
            raise Http404
        self.upload = found

    def get(self, request: HttpRequest, **arguments: Any) -> FileResponse:
        try:
            content = self.upload.file.open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        ticket = self.upload.ticket
        record(
            DOWNLOADED,
            about=self.upload,
            ticket=None if ticket is None else str(ticket),
            is_own=self.upload.uploaded_by_id == self.person.pk,
        )
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


def may_download(upload: FileUpload, user: object) -> bool:
    """The uploader, the ticket's submitter, its workers of now and before, and ticket admins.

    A file that came with a message is for those who may read that.
    """
    if not isinstance(user, User):
        return False
    ticket = upload.ticket
    if upload.message is not None:
        return access_to(upload.message.ticket, user).may_read(upload.message)
    if user.pk == upload.uploaded_by_id or (ticket and user.pk == ticket.created_by_id):
        return True
    if user.has_perm("tickets.view_ticket"):
        return True
    return ticket is not None and has_or_had_task(ticket, user)


def download_base() -> str:
    """What stands before a file's key in its address, for templates."""
    address = reverse("admin:tickets_fileupload_download", args=(NO_FILE,))
    return address.removesuffix(f"{NO_FILE}/")
