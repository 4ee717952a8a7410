from __future__ import annotations

import uuid
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile

from tenants.models import User
from tickets.errors import UnknownUploadError
from tickets.models import FileUpload, Ticket
from workflows.engine.process import JsonObject


def keep_file(*, file: UploadedFile, user: User) -> JsonObject:
    """Store an uploaded file; returns the value that a `file` field keeps of it.

    The file belongs to no ticket until one that names it is submitted, so that a form
    which is shown again because of another mistake need not be given the file again.
    """
    name = PurePath((file.name or "file").replace("\\", "/")).name[:255]
    upload = FileUpload(filename=name, file_type=(file.content_type or "")[:100], uploaded_by=user)
    upload.file.save(name, file, save=False)
    upload.save()
    return {"upload": str(upload.uuid), "filename": upload.filename}


def claim_files(fields: list[JsonObject], data: JsonObject, *, ticket: Ticket, user: User) -> None:
    """Make the files that the data names the ticket's own.

    Raises:
        UnknownUploadError: somebody else uploaded it, or it belongs to another ticket.
    """
    for spec in fields:
        value = data.get(str(spec["name"]))
        if spec.get("type") == "file" and isinstance(value, dict):
            _claim(uuid.UUID(str(value["upload"])), ticket=ticket, user=user)


def _claim(key: uuid.UUID, *, ticket: Ticket, user: User) -> None:
    upload = FileUpload.objects.select_for_update().filter(uuid=key).first()
    mine = upload is not None and upload.ticket_id is None and upload.uploaded_by_id == user.pk
    if upload is None or not (mine or upload.ticket_id == ticket.pk):
        raise UnknownUploadError
    if mine:
        upload.ticket = ticket
        upload.save(update_fields=["ticket"])
