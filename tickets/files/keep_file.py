from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import PurePath
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Max, Q

from tenants.companies.company_limits import give_room_back, take_room_for_file
from tenants.errors import StorageAwayError
from tenants.models import Company, User
from tenants.names import LONGEST_NAME
from tickets.files.errors import TooManyVersionsError, UnknownUploadError
from tickets.models import FileUpload, Message, Ticket
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.composed import composed_text
from workflows.fields.answers.uploads import uploads_in
from workflows.models import TaskInstance

MOST_VERSIONS: Final = 100


def keep_file(*, file: UploadedFile, user: User) -> JsonObject:
    """Store an uploaded file; returns the value that a `file` field keeps of it.

    The file belongs to no ticket until one that names it is submitted, so that a form
    which is shown again because of another mistake need not be given the file again.

    Raises:
        StorageFullError: the company has no room for it.
        StorageAwayError: the storage has not taken it.
    """
    size = file.size or 0
    take_room_for_file(Company.objects.current(), size)
    name = PurePath((file.name or "file").replace("\\", "/")).name[:LONGEST_NAME]
    upload = FileUpload(
        filename=name, file_type=(file.content_type or "")[:100], size=size, uploaded_by=user
    )
    try:
        upload.file.save(name, file, save=False)
    except OSError as error:
        give_room_back(Company.objects.current(), size)
        raise StorageAwayError from error
    upload.save()
    return {"upload": str(upload.uuid), "filename": upload.filename}


def claim_files(fields: list[JsonObject], data: JsonObject, *, ticket: Ticket, user: User) -> None:
    """Make the files that the data names the ticket's own.

    By the name in an answer a form decides whether it takes the file: so it is the file's own, or
    what an answer of this ticket has called it before, when nobody looked.

    Raises:
        UnknownUploadError: somebody else uploaded it, it belongs to another ticket, or the data
            calls it otherwise than it is called.
    """
    keys = frozenset[uuid.UUID]().union(*uploads_in(fields, data).values())
    if not keys:
        return
    uploads = lock_uploads(keys)
    if len(uploads) < len(keys):
        raise UnknownUploadError
    names = {upload.uuid: upload.filename for upload in uploads}
    others = {
        (key, said)
        for key, said in _names_said(data)
        if key in names and composed_text(said) != composed_text(names[key])
    }
    if others and not others <= _said_before(ticket):
        raise UnknownUploadError
    for upload in uploads:
        _claim(upload, ticket=ticket, user=user)


def unclaim_files(
    suggested: Json, *, ticket: Ticket, since: datetime, answered: Iterable[Json]
) -> None:
    """Take the files from a ticket that were suggested to somebody, who has `answered` otherwise.

    Those since then that no answer of the ticket names, and that nobody has put a version beside.
    They are deleted as what was never submitted (`clean_up_uploads`). Inside the transaction that
    holds the ticket's lock.
    """
    named = {key for key, _said in _names_said(suggested)}
    named -= {key for answer in answered for key, _said in _names_said(answer)}
    if not named:
        return
    named -= {key for key, _said in _said_before(ticket)}
    own = FileUpload.objects.filter(ticket=ticket, message=None, first=None, later=None)
    own.filter(uuid__in=named, uploaded_at__gte=since).update(ticket=None)


def hand_uploads_over(keys: Collection[uuid.UUID], *, of: User, to: User) -> None:
    """Make another's what somebody has uploaded for them; what a ticket has already stays."""
    if keys:
        own = FileUpload.objects.filter(ticket=None, uploaded_by=of, uuid__in=keys)
        own.update(uploaded_by=to)


def claim_message_files(keys: Collection[uuid.UUID], *, message: Message, user: User) -> None:
    """Make uploads a message's own, which is saved already.

    Raises:
        UnknownUploadError: somebody else uploaded one, or it belongs to something already.
    """
    uploads = lock_uploads(keys, Q(ticket=None, uploaded_by=user)) if keys else []
    if len(uploads) < len(set(keys)):
        raise UnknownUploadError
    own = FileUpload.objects.filter(pk__in=[upload.pk for upload in uploads])
    own.update(ticket=message.ticket_id, message=message)


def make_versions(firsts: Mapping[uuid.UUID, int], *, message: Message) -> None:
    """Make files of a message new versions of others: by their keys, of the first with this number.

    What is one already stays what it is. Inside the message's transaction.

    Raises:
        TooManyVersionsError
    """
    for upload in lock_uploads(firsts, Q(message=message, first=None)):
        first = FileUpload.objects.filter(pk=firsts[upload.uuid], ticket=message.ticket_id).first()
        if first is not None and first.pk != upload.pk and first.first_id is None:
            make_version(upload, of=first).save(update_fields=["first", "version"])


def lock_uploads(keys: Iterable[uuid.UUID], usable: Q | None = None) -> list[FileUpload]:
    """Those of them that there are (and are usable), by their numbers.

    Whoever locks several does so here: in another order two would wait for each other.
    """
    uploads = FileUpload.objects.filter(usable or Q(), uuid__in=keys).order_by("pk")
    return list(uploads.select_for_update(no_key=True))


def make_version(upload: FileUpload, *, of: FileUpload) -> FileUpload:
    """Give an upload the next number of a file, of which `of` is the first; nothing is saved.

    The first version is locked until the transaction ends: two of them get two numbers.

    Raises:
        TooManyVersionsError
    """
    FileUpload.objects.select_for_update(no_key=True).get(pk=of.pk)
    later = FileUpload.objects.filter(first=of).aggregate(most=Max("version"))
    number = max(int(later["most"] or 0), of.version) + 1
    if number > MOST_VERSIONS:
        raise TooManyVersionsError(MOST_VERSIONS)
    upload.first, upload.version = of, number
    return upload


def _said_before(ticket: Ticket) -> set[tuple[uuid.UUID, str]]:
    """The ticket's own files, with what its answers call them."""
    own = set(FileUpload.objects.filter(ticket=ticket).values_list("uuid", flat=True))
    answers = list(Ticket.objects.filter(pk=ticket.pk).values_list("data", flat=True))
    tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance_id)
    answers += tasks.exclude(output_data=None).values_list("output_data", flat=True)
    return {(key, said) for key, said in _names_said(answers) if key in own}


def _names_said(answer: Json) -> Iterator[tuple[uuid.UUID, str]]:
    """Each file that answers name, however deep, with what they call it; empty: nothing."""
    if isinstance(answer, list):
        for each in answer:
            yield from _names_said(each)
    elif isinstance(answer, dict):
        for each in answer.values():
            yield from _names_said(each)
        with suppress(ValueError):
            key = uuid.UUID(str(answer.get("upload")))
            yield key, str(answer.get("filename") or "")


def _claim(upload: FileUpload, *, ticket: Ticket, user: User) -> None:
    mine = upload.ticket_id is None and upload.uploaded_by_id == user.pk
    if not (mine or upload.ticket_id == ticket.pk):
        raise UnknownUploadError
    if mine:
        upload.ticket = ticket
        upload.save(update_fields=["ticket"])
