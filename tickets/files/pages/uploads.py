from __future__ import annotations

import uuid

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q

from tenants.models import User
from tickets.files.heads import head_or_nothing
from tickets.files.keep_file import keep_file
from tickets.models import FileUpload, Ticket
from workflows.engine.process import JsonObject


class UploadKeeper:
    """Keeps the files of one person's form; finds again only what they may put into it."""

    def __init__(self, *, user: User, ticket: Ticket | None = None) -> None:
        self._user = user
        self._ticket = ticket

    def keep(self, file: UploadedFile) -> JsonObject:
        return keep_file(file=file, user=self._user)

    def find(self, key: str) -> JsonObject | None:
        upload = self._found(key)
        if upload is None:
            return None
        return {"upload": str(upload.uuid), "filename": upload.filename}

    def head(self, key: str) -> bytes | None:
        upload = self._found(key)
        return None if upload is None else head_or_nothing(upload)

    def _found(self, key: str) -> FileUpload | None:
        try:
            wanted = uuid.UUID(key)
        except ValueError:
            return None
        free = Q(ticket=None, uploaded_by=self._user)
        usable = free | Q(ticket=self._ticket, message=None) if self._ticket else free
        return FileUpload.objects.filter(usable, uuid=wanted).first()
