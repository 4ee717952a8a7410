"""A file that is sent by itself, before what will name it: by a page, a program or an assistant."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from tenants.models import User
from tickets.errors import TicketsError
from tickets.files.keep_file import keep_file
from workflows.engine.process import JsonObject
from workflows.fields.file.file_input import checked

# Whoever may use a form with files: one of these.
SCREENS: Final = ("tickets.view_myticket", "tickets.view_mytask", "tickets.view_ticket")


class FileRefusedError(TicketsError):
    """`said` is why."""

    message = _("This file cannot be taken. Choose another.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "file"


def may_send_files(user: User) -> bool:
    return any(user.has_perm(screen) for screen in SCREENS)


def send_file(*, file: UploadedFile, user: User) -> JsonObject:
    """Keep a file for an answer or a message to name; what nothing names is deleted after a week.

    Returns what a question for a file takes as its answer.

    Raises:
        PermissionDenied: this person uses no form.
        FileRefusedError: it is empty, too large, or not what its name says.
        StorageFullError, StorageAwayError: as `keep_file`.
    """
    if not may_send_files(user):
        raise PermissionDenied
    try:
        taken = checked(file)
    except ValidationError as error:
        raise FileRefusedError(" ".join(error.messages)) from error
    return keep_file(file=taken, user=user)
