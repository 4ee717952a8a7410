"""Messages on tickets, and files: sending one, having one."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router, Schema
from ninja.files import UploadedFile

from tenants.api.once import KEY_HEADER
from tenants.api.operations import Number, holder_in, operation
from tenants.audit.record import record
from tenants.errors import StorageAwayError
from tenants.limits.bodies import SMALL_BODY
from tenants.tokens.scopes import Scope
from tickets.api.tickets import seen_ticket
from tickets.conversation.sign_message import signed
from tickets.conversation.write_message import MOST_FILES, write_message
from tickets.errors import TicketsError
from tickets.file_versions.pages.upload_page import SCREENS
from tickets.files.access import may_have, with_what_decides
from tickets.files.keep_file import keep_file
from tickets.files.pages.files import DOWNLOADED
from tickets.models import FileUpload, Visibility
from tickets.models.message import LONGEST_MESSAGE
from workflows.fields.file.file_input import checked, safe_filename

router = Router(tags=["Messages and files"])


class FileRefusedError(TicketsError):
    """`said` is why."""

    message = _("This file cannot be taken. Choose another.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "file"


class NewMessage(Schema):
    text: str = Field(max_length=LONGEST_MESSAGE, description="In Markdown.")
    is_internal: bool = Field(
        default=False, description="A note of the team, which requesters do not see."
    )
    files: list[UUID] = Field(
        default=[], max_length=MOST_FILES, description="Files that were sent before."
    )


class WrittenMessage(Schema):
    id: int
    named_nobody: list[str] = Field(description="Words after an @ that named nobody.")


class KeptFile(Schema):
    """An answer to a question for a file is this, without `size`."""

    upload: UUID
    filename: str
    size: int


@operation(
    router, "POST", "/tickets/{ticket_id}/messages", scope=Scope.TICKETS_WRITE,
    answer=WrittenMessage, status=201, once=True,
)  # fmt: skip
def add_message(request: HttpRequest, ticket_id: Number, message: NewMessage) -> WrittenMessage:
    """Write a message on a ticket."""
    holder = holder_in(request)
    person = holder.user
    ticket, _access = seen_ticket(person, ticket_id)
    written = write_message(
        ticket=ticket,
        user=person,
        text=signed(message.text, assistant=holder.token.assistant, person=person),
        visibility=Visibility.INTERNAL if message.is_internal else Visibility.PUBLIC,
        files=message.files,
        token=form_token(request),
        now=timezone.now(),
    )
    return WrittenMessage(id=written.message.pk, named_nobody=written.strangers)


@operation(
    router, "POST", "/files", scope=Scope.TICKETS_WRITE, answer=KeptFile, status=201,
    largest_body=settings.MAX_UPLOAD_BYTES + SMALL_BODY,
)  # fmt: skip
def upload_file(request: HttpRequest, file: UploadedFile) -> KeptFile:
    """Send a file, for an answer or a message to name.

    What nothing names within a week is deleted.
    """
    person = holder_in(request).user
    if not any(person.has_perm(f"tickets.{screen}") for screen in SCREENS):
        raise PermissionDenied
    try:
        sent: Any = checked(file)
    except ValidationError as error:
        raise FileRefusedError(" ".join(error.messages)) from error
    kept = keep_file(file=sent, user=person)
    return KeptFile(
        upload=UUID(str(kept["upload"])), filename=str(kept["filename"]), size=sent.size or 0
    )


@operation(
    router, "GET", "/files/{key}", scope=Scope.TICKETS_READ, answer=None,
    media_type="application/octet-stream",
)  # fmt: skip
def download_file(request: HttpRequest, key: UUID) -> FileResponse:
    """Have a file."""
    person = holder_in(request).user
    upload = with_what_decides(FileUpload.objects.all()).filter(uuid=key).first()
    if upload is None or not may_have(upload, person):
        raise Http404
    try:
        content = upload.file.open("rb")
    except (FileNotFoundError, ValueError) as error:
        raise Http404 from error
    except OSError as error:
        raise StorageAwayError from error
    record(
        DOWNLOADED,
        about=upload,
        ticket=None if upload.ticket is None else str(upload.ticket),
        is_own=upload.uploaded_by_id == person.pk,
    )
    return FileResponse(
        content,
        as_attachment=True,
        filename=safe_filename(upload.filename),
        content_type="application/octet-stream",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        },
    )


def form_token(request: HttpRequest) -> str:
    """What a form's token is to a page: the same for the same Idempotency-Key of a token."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return uuid4().hex
    named = f"{holder_in(request).token.pk}\n{request.path}\n{key}"
    return sha256(named.encode("utf-8", "replace")).hexdigest()[:32]
