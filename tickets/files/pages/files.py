from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import Page, register_page, with_pages
from tickets.models import FileUpload
from tickets.seeing import Viewer, uploads_for_requester, viewer_of
from tickets.taking_part.access import access_to

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

    # Who may see the file is decided by `find`, which says to all others the same.
    permissions = ()

    upload: FileUpload

    def turn_away(self) -> HttpResponse:
        raise Http404

    def find(self, **arguments: Any) -> None:
        found = _with_ticket().filter(uuid=arguments["key"]).first()
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


def _with_ticket() -> QuerySet[FileUpload]:
    return FileUpload.objects.select_related(
        "ticket__workflow", "ticket__workflow_instance", "message__ticket"
    )


def may_download(upload: FileUpload, user: object) -> bool:
    """Whoever uploaded it, the ticket's team, and the requester if it is an answer for them.

    A file that came with a message is for those who may read that.
    """
    if not isinstance(user, User):
        return False
    if upload.message is not None:
        return access_to(upload.message.ticket, user).may_read(upload.message)
    ticket = upload.ticket
    if user.pk == upload.uploaded_by_id or user.has_perm("tickets.view_ticket"):
        return True
    if ticket is None:
        return False
    viewer = viewer_of(user, ticket)
    is_for_requester = viewer is Viewer.REQUESTER and upload.uuid in uploads_for_requester(ticket)
    return viewer is Viewer.TEAM or is_for_requester


def download_base() -> str:
    """What stands before a file's key in its address, for templates."""
    address = reverse("admin:tickets_fileupload_download", args=(NO_FILE,))
    return address.removesuffix(f"{NO_FILE}/")
