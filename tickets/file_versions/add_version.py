"""A new version of a file: it stands where the file stands, and the earlier ones are kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.conversation.errors import MayNotWriteError
from tickets.file_versions.errors import FilesOfEndedTicketError
from tickets.files.access import FileAccess, with_what_decides
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import lock_uploads, make_version
from tickets.finding.write_entries import index_message
from tickets.models import FileUpload, Ticket
from tickets.notices.kinds.new_file_version import NEW_FILE_VERSION
from tickets.notices.tell import tell
from tickets.taking_part.access import Participant, participants
from workflows.errors import WorkflowEndedError
from workflows.running.workflow_repair import WorkflowRepair

VERSION_ADDED = declare("files.version_added", _("Uploaded a new version of a file"))


def add_version(
    *, of: FileUpload, upload: UUID, user: User, now: datetime | None = None
) -> FileUpload:
    """Make an upload of this person the newest version of a file; returns it.

    The same upload once more changes nothing. `of` is any version of the file, fetched by
    `with_what_decides`. History, audit log and notices say it.

    Raises:
        MayNotWriteError: the person may not have the file or its first version, takes no part in
            its ticket, or the two are for different people.
        FilesOfEndedTicketError, TooManyVersionsError
        UnknownUploadError: the upload is not this person's, or belongs to something else.
    """
    if of.ticket is None or not FileAccess(of.ticket, user).may_add_version(of):
        raise MayNotWriteError
    with transaction.atomic():
        ticket = lock_ticket(of.ticket.pk)
        manager = lock_instance_of(ticket, WorkflowRepair, now=now or timezone.now(), actor=user)
        try:
            manager.ensure_not_ended()
        except WorkflowEndedError as error:
            raise FilesOfEndedTicketError from error
        # Once more, by what is so now: a message may have been hidden, or a task taken away.
        of = with_what_decides(FileUpload.objects.all()).get(pk=of.pk)
        if not FileAccess(ticket, user).may_add_version(of):
            raise MayNotWriteError
        first = of.first_version
        own = lock_uploads([upload], Q(uploaded_by=user))
        if own and own[0].first_id == first.pk:
            return own[0]
        if not own or own[0].ticket_id is not None:
            raise UnknownUploadError
        added = make_version(own[0], of=first)
        added.ticket, added.message = ticket, first.message
        added.save(update_fields=["ticket", "message", "first", "version"])
        is_for_team = not FileAccess(ticket, user).is_for_requester(first)
        manager.record_file_version(
            upload=str(added.uuid), version=added.version, is_for_team=is_for_team
        )
        if first.message is not None:
            index_message(first.message)
        _note(added, ticket, user)
        _tell(added, ticket, user, is_for_team=is_for_team)
    return added


def _note(added: FileUpload, ticket: Ticket, user: User) -> None:
    record(VERSION_ADDED, about=added, person=user, ticket=str(ticket), version=added.version)


def _tell(added: FileUpload, ticket: Ticket, user: User, *, is_for_team: bool) -> None:
    """Who may have the file, and would be told of a message; and who uploaded it before."""
    earlier = FileUpload.objects.filter(Q(pk=added.first_id) | Q(first=added.first_id))
    uploaders = set(earlier.order_by().values_list("uploaded_by", flat=True))
    told = [
        each.person
        for each in participants(ticket)
        if _may_have(each, added, is_for_team=is_for_team)
        and (
            each.person.pk in uploaders
            or each.is_requester
            or each.has_open_task
            or each.is_follower
        )
    ]
    about: dict[str, int] = {"version": added.version}
    if added.message_id is not None:
        about["message"] = added.message_id
    tell(
        NEW_FILE_VERSION,
        told,
        ticket_id=ticket.pk,
        about=dict(about),
        by=user,
        key=f"file.{added.pk}",
    )


def _may_have(each: Participant, added: FileUpload, *, is_for_team: bool) -> bool:
    """As FileAccess says of one person."""
    if added.message is not None:
        return each.access.may_read(added.message)
    if each.access.internal or each.person.pk == added.uploaded_by_id:
        return True
    return each.is_requester and not is_for_team
