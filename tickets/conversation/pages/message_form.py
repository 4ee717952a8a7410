"""The form in which people write on a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants.errors import CompanyLimitError, StorageAwayError
from tenants.models import User
from tenants.pages.numbers import number_in
from tenants.refusals import refusals
from tickets.conversation.errors import SameNameError
from tickets.conversation.write_message import MOST_FILES
from tickets.files.access import FileAccess, files_of
from tickets.files.keep_file import keep_file
from tickets.models import FileUpload, Ticket, Visibility
from tickets.taking_part.access import Access
from workflows.fields.file.file_input import checked


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if files else []


class FilesField(forms.FileField):
    """Several files."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        return [super(FilesField, self).clean(each, initial) for each in data or []]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that the form names, and the newest one of its name that the ticket has.

    `answer` says whether it is a new version of that: yes, no, or empty where nobody has said it.
    """

    upload: FileUpload
    twin: FileUpload | None = None
    answer: str = ""


class TextForm(forms.Form):
    """The text of a message alone. How long it may be is the service's to say."""

    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )


class MessageForm(TextForm):
    """A message with its files.

    A file that came with a form which could not be sent is kept, and named by it (`kept`), so that
    it need not be chosen again.
    """

    visibility = forms.ChoiceField(
        label=gettext_lazy("Who reads it"),
        choices=[
            (Visibility.PUBLIC, gettext_lazy("Everybody on this ticket")),
            (Visibility.INTERNAL, gettext_lazy("The team only")),
        ],
        widget=forms.RadioSelect,
        initial=Visibility.PUBLIC,
    )
    attachments = FilesField(label=gettext_lazy("Files"), required=False)

    def __init__(
        self, data: Any = None, files: Any = None, *, access: Access, person: User, token: str
    ) -> None:
        super().__init__(data, files)
        self.token = token
        self._person = person
        self.kept: list[FileUpload] = []
        self._twins: dict[UUID, FileUpload] = {}
        if not access.internal:
            # Who cannot choose writes to everybody; the service asks again.
            del self.fields["visibility"]

    @property
    def asks(self) -> int | None:
        """The task that is to wait for the requester's answer."""
        return number_in(str(self.data.get("asks") or ""))

    @property
    def limit(self) -> str:
        return filesizeformat(settings.MAX_UPLOAD_BYTES)

    @property
    def most_bytes(self) -> int:
        return int(settings.MAX_UPLOAD_BYTES)

    @property
    def most_files(self) -> int:
        return MOST_FILES

    @property
    def chosen_visibility(self) -> Visibility:
        return Visibility(self.cleaned_data.get("visibility") or Visibility.PUBLIC)

    @property
    def keys(self) -> list[UUID]:
        return [each.uuid for each in self.kept]

    def clean_attachments(self) -> list[UploadedFile]:
        files: list[UploadedFile] = self.cleaned_data["attachments"]
        for file in files:
            if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
                raise forms.ValidationError(
                    _("“%(name)s” is too large. At most %(limit)s are allowed.")
                    % {"name": file.name, "limit": self.limit}
                )
        return [checked(each) for each in files]

    @property
    def kept_files(self) -> list[KeptFile]:
        """With the question of each whether it is a new version."""
        return [
            KeptFile(each, self._twins.get(each.uuid), self._answer(each)) for each in self.kept
        ]

    @property
    def firsts(self) -> dict[UUID, int]:
        """Of each file that is to be a new version, the number of the first one."""
        return {
            each.upload.uuid: each.twin.first_version.pk
            for each in self.kept_files
            if each.twin is not None and each.answer == "yes"
        }

    def find_twins(self, ticket: Ticket) -> None:
        """Ask about files of whose name the ticket has one: none becomes a version silently."""
        if ticket.has_ended or not self.kept or "visibility" in self.errors:
            return
        own = {each.pk for each in self.kept}
        access = FileAccess(ticket, self._person)
        is_public = self.chosen_visibility == Visibility.PUBLIC
        newest = {
            row.newest.filename.casefold(): row.newest
            for row in files_of(ticket, self._person)
            if row.newest.pk not in own and access.is_for_requester(row.newest) is is_public
        }
        for each in self.kept:
            twin = newest.get(each.filename.casefold())
            if twin is None or each.ticket_id is not None:
                continue
            self._twins[each.uuid] = twin
            if not self._answer(each):
                self.add_error("attachments", str(SameNameError(each.filename)))

    def _answer(self, upload: FileUpload) -> str:
        answer = str(self.data.get(f"version-{upload.uuid}") or "")
        return answer if answer in ("yes", "no") else ""

    def keep_files(self) -> None:
        """Keep what was chosen, beside what is kept of an earlier try."""
        self.kept = self._kept_before()
        chosen = self.cleaned_data.get("attachments") or []
        if len(chosen) + len(self.kept) > MOST_FILES:
            text = _("A message has at most %(most)s files. Send the others with another one.")
            self.add_error("attachments", text % {"most": MOST_FILES})
            return
        for file in chosen:
            with refusals(CompanyLimitError, StorageAwayError) as refused:
                value = keep_file(file=file, user=self._person)
                self.kept.append(FileUpload.objects.get(uuid=str(value["upload"])))
            if refused.error:
                self.add_error("attachments", refused.text)

    def _kept_before(self) -> list[FileUpload]:
        keys = []
        sent: Any = self.data
        dropped = set(sent.getlist("drop"))
        for key in sent.getlist("kept")[: MOST_FILES + 1]:
            if key not in dropped:
                try:
                    keys.append(UUID(key))
                except ValueError:
                    continue
        own = FileUpload.objects.filter(uploaded_by=self._person, uuid__in=keys)
        # With those of the message that this form has made already: it may be sent twice.
        sent_already = Q(message__written_by=self._person, message__token=self.token)
        return list(own.filter(Q(ticket=None) | sent_already).order_by("pk"))
