"""The page of one file: what it shows, its versions, and the upload of a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.errors import CompanyLimitError, StorageAwayError
from tenants.limits.bodies import SMALL_BODY
from tenants.models import User
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_in
from tenants.refusals import refusals
from tickets.conversation.pages.conversation_page import ticket_address
from tickets.conversation.pages.timeline import conversation_address
from tickets.file_versions.accepted_types import accepted_types
from tickets.file_versions.add_version import add_version
from tickets.files.access import FileAccess, FileRow
from tickets.files.heads import head_of, head_or_nothing
from tickets.files.keep_file import keep_file
from tickets.files.pages.files import OneFilePage
from tickets.files.pages.inline_page import LARGEST_SHOWN
from tickets.models import FileUpload
from workflows.fields.file.accepted import in_words
from workflows.fields.file.content import Content, content_of, is_looked_at_everywhere
from workflows.fields.file.file_input import checked, refusal_of_type

ADDRESS: Final = "admin:tickets_fileupload_file"


@dataclass(frozen=True, slots=True)
class Preview:
    """How a file is shown in a page: as an image, as a PDF document, or not at all."""

    upload: FileUpload
    content: Content | None

    @property
    def is_shown(self) -> bool:
        return self.content is not None and self.content.is_shown

    @property
    def is_image(self) -> bool:
        return self.is_shown and self.content is not None and self.content.is_image

    @property
    def is_pdf(self) -> bool:
        return self.is_shown and not self.is_image

    @property
    def address(self) -> str:
        return reverse("admin:tickets_fileupload_inline", args=(self.upload.uuid,))


def preview_of(upload: FileUpload) -> Preview:
    """By the content; nothing of one that the storage has lost, or that is too large."""
    if upload.size > LARGEST_SHOWN:
        return Preview(upload, None)
    try:
        return Preview(upload, content_of(head_of(upload)))
    except (OSError, ValueError):
        return Preview(upload, None)


class VersionForm(forms.Form):
    """A new version: a file, or the key of one that was kept already."""

    file = forms.FileField(label=gettext_lazy("New version"), required=False)

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        person: User | None = None,
        accepted: Sequence[str] = (),
    ) -> None:
        super().__init__(data, files)
        self._person = person
        self._accepted = accepted
        self.kept: FileUpload | None = None

    @property
    def accept(self) -> str:
        """For the attribute of the input."""
        return ",".join(self._accepted)

    @property
    def takes(self) -> str:
        return in_words(self._accepted)

    @property
    def limit(self) -> str:
        return filesizeformat(settings.MAX_UPLOAD_BYTES)

    def clean_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["file"]
        return None if file is None else checked(file, self._accepted)

    def clean(self) -> None:
        self.kept = self._kept_before()
        if not self.errors and not self.cleaned_data.get("file") and self.kept is None:
            self.add_error("file", _("Choose a file."))

    def keep(self) -> UUID | None:
        """The key of what was chosen; None where it is refused, which the form shows then."""
        file = self.cleaned_data.get("file")
        if file is None or self._person is None:
            return None if self.kept is None else self.kept.uuid
        with refusals(CompanyLimitError, StorageAwayError) as refused:
            key = UUID(str(keep_file(file=file, user=self._person)["upload"]))
            self.kept = FileUpload.objects.get(uuid=key)
            return key
        self.add_error("file", ValidationError(refused.text))
        return None

    def _kept_before(self) -> FileUpload | None:
        try:
            key = UUID(str(self.data.get("kept") or ""))
        except ValueError:
            return None
        if self.data.get("drop") == str(key):
            return None
        found = FileUpload.objects.filter(uploaded_by=self._person, uuid=key).first()
        if found is None or not self._accepted:
            return found
        is_known = is_looked_at_everywhere(found.filename)
        head = None if is_known else head_or_nothing(found)
        if refusal := refusal_of_type(self._accepted, found.filename, head):
            self.add_error("file", refusal)
            return None
        return found


class FilePages(OneFilePage):
    """What the pages of a file have in common."""

    access: FileAccess | None = None

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if self.upload.ticket is not None:
            self.access = FileAccess(self.upload.ticket, self.person)

    def versions(self) -> list[FileUpload]:
        """Those that this person may have, the newest first."""
        first = self.upload.first_version
        if self.access is None:
            return [self.upload]
        later = FileUpload.objects.filter(first=first) | FileUpload.objects.filter(pk=first.pk)
        rows = later.select_related("ticket", "first", "message", "uploaded_by").order_by(
            "-version"
        )
        return [each for each in rows if self.access.may_have(each)]


@register_page(FileUpload, "<uuid:key>/file/", name="tickets_fileupload_file")
class FilePage(FilePages):
    """GET shows a file and its versions; POST puts a new version beside them."""

    template_name = "file_versions/file.html"
    largest_body = settings.MAX_UPLOAD_BYTES + SMALL_BODY

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._page(VersionForm(accepted=accepted_types(self.upload)))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = VersionForm(
            request.POST,
            request.FILES,
            person=self.person,
            accepted=accepted_types(self.upload),
        )
        key = form.keep() if form.is_valid() else None
        if key is None:
            return self._page(form)
        with refusals_in(form):
            added = add_version(of=self.upload, upload=key, user=self.person)
            text = _("“%(name)s” is now version %(version)s.")
            messages.success(request, text % {"name": added.filename, "version": added.version})
            return redirect(ADDRESS, added.uuid)
        return self._page(form)

    def _ticket_address(self) -> str:
        ticket = self.upload.ticket
        if ticket is None:
            return ""
        found = ticket_address(ticket, self.person)
        if found or self.access is None or not self.access.access:
            return found
        return conversation_address(ticket)

    def _page(self, form: VersionForm) -> HttpResponse:
        upload, ticket = self.upload, self.upload.ticket
        versions = self.versions()
        may_add = (
            ticket is not None and self.access is not None and self.access.may_add_version(upload)
        )
        return self.show(
            title=upload.filename,
            upload=upload,
            row=FileRow(versions),
            preview=preview_of(upload),
            ticket=ticket,
            ticket_address=self._ticket_address(),
            may_add=may_add and ticket is not None and not ticket.has_ended,
            has_ended=may_add and ticket is not None and ticket.has_ended,
            form=form,
            most_bytes=settings.MAX_UPLOAD_BYTES,
        )
