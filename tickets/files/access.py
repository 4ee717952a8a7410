"""Who may have a file: the one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from tenants.models import User
from tickets.models import FileUpload, Ticket, Visibility
from tickets.seeing import Viewer, hidden_uploads, uploads_for_requester, viewer_of
from tickets.taking_part.access import Access, access_to

MOST_READ: Final = 500


class FileAccess:
    """What one person may of the files of a ticket. Asks the database a few times, whatever their
    number; fetch the ticket with its workflow and its workflow instance.

    A file that came with a message is for those who may read that. Any other is for whoever
    uploaded it, for the ticket's team, and for the requester if it is an answer for them. A later
    version is for those for whom its own message, or the first version, is.
    """

    def __init__(self, ticket: Ticket, person: User, *, access: Access | None = None) -> None:
        self._ticket, self._person = ticket, person
        if access is not None:
            self.access = access

    @cached_property
    def access(self) -> Access:
        return access_to(self._ticket, self._person)

    @cached_property
    def _viewer(self) -> Viewer:
        return viewer_of(self._person, self._ticket)

    @cached_property
    def _for_requester(self) -> set[object]:
        return set(uploads_for_requester(self._ticket))

    def may_have(self, upload: FileUpload) -> bool:
        """`upload` with its message and its first version."""
        if upload.message is not None:
            return self.access.may_read(upload.message)
        if self._person.pk == upload.uploaded_by_id or self._person.has_perm("tickets.view_ticket"):
            return True
        if self._viewer is Viewer.REQUESTER:
            return self.is_for_requester(upload)
        return self._viewer is Viewer.TEAM and upload.first_version.uuid not in self._hidden

    @cached_property
    def _hidden(self) -> set[UUID]:
        return hidden_uploads(self._person, self._ticket)

    def is_for_requester(self, upload: FileUpload) -> bool:
        """Whether it is no file of the team alone."""
        if upload.message is not None:
            return upload.message.visibility == Visibility.PUBLIC and not upload.message.is_hidden
        return upload.first_version.uuid in self._for_requester

    def may_add_version(self, upload: FileUpload) -> bool:
        """Who may have it, and takes part in the ticket, may put a newer one beside it.

        A new version goes to those who have the first one: what is for others takes none, and who
        may not have the first one adds none. `upload` as `with_what_decides` fetches it.
        """
        if not self.access:
            return False
        first = upload.first_version
        if self.is_for_requester(upload) != self.is_for_requester(first):
            return False
        return all(
            self.may_have(each)
            and (each.message is None or self.access.may_write(each.message.visibility))
            for each in (upload, first)
        )


def may_have(upload: FileUpload, person: object) -> bool:
    """Whether somebody may have a file; fetch it by `with_what_decides`."""
    if not isinstance(person, User):
        return False
    ticket = upload.ticket if upload.message is None else upload.message.ticket
    if ticket is not None:
        return FileAccess(ticket, person).may_have(upload)
    return person.pk == upload.uploaded_by_id or person.has_perm("tickets.view_ticket")


def with_what_decides(uploads: QuerySet[FileUpload]) -> QuerySet[FileUpload]:
    """With what is asked of them here."""
    return uploads.select_related(
        "ticket__workflow",
        "ticket__workflow_instance",
        "ticket__created_by",
        "message__ticket__workflow",
        "message__ticket__workflow_instance",
        "first__message",
        "uploaded_by",
    )


@dataclass(frozen=True, slots=True)
class FileRow:
    """The versions of one file that somebody may have, the newest first."""

    versions: list[FileUpload]

    @property
    def newest(self) -> FileUpload:
        return self.versions[0]

    @property
    def earlier(self) -> list[FileUpload]:
        return self.versions[1:]


def files_of(ticket: Ticket, person: User, *, access: Access | None = None) -> list[FileRow]:
    """The files of a ticket that somebody may have, by the first version, oldest first.

    Of what was uploaded before the newest MOST_READ nothing is known here: somebody may send very
    many small files. One query besides those of `FileAccess`; none of these where the ticket has no
    file.
    """
    uploads = FileUpload.objects.filter(ticket=ticket)
    uploads = uploads.select_related("first", "message", "uploaded_by")
    found = FileAccess(ticket, person, access=access)
    rows: dict[int, list[FileUpload]] = {}
    newest = uploads.order_by("-pk")[:MOST_READ]
    for upload in sorted(newest, key=lambda each: (-each.version, each.pk)):
        if found.may_have(upload):
            rows.setdefault(upload.first_id or upload.pk, []).append(upload)
    return [FileRow(rows[key]) for key in sorted(rows)]
