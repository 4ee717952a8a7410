"""Messages on tickets, and files: sending one, having one."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated
from uuid import UUID, uuid4

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.files import UploadedFile

from tenants.api.once import KEY_HEADER
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.audit.record import record
from tenants.errors import StorageAwayError
from tenants.limits.bodies import SMALL_BODY
from tenants.models import User
from tenants.tokens.scopes import Scope
from tickets.api.tickets import seen_ticket
from tickets.conversation.edit_message import edit_message as edit
from tickets.conversation.hide_message import hide_message as hide
from tickets.conversation.show_message import show_message as show
from tickets.conversation.sign_message import signed
from tickets.conversation.write_message import MOST_FILES, write_message
from tickets.file_versions.add_version import add_version
from tickets.files.access import may_have, with_what_decides
from tickets.files.pages.files import DOWNLOADED
from tickets.files.send_file import send_file
from tickets.models import FileUpload, Message, Visibility
from tickets.models.message import LONGEST_MESSAGE, LONGEST_REASON
from workflows.fields.file.file_input import safe_filename

router = Router(tags=["Messages and files"])


class NewMessage(Sent):
    text: str = Field(max_length=LONGEST_MESSAGE, description="In Markdown.")
    is_internal: bool = Field(
        default=False, description="A note of the team, which requesters do not see."
    )
    files: list[Annotated[UUID, Field(strict=False)]] = Field(
        default=[], max_length=MOST_FILES, description="Files that were sent before."
    )


class WrittenMessage(Schema):
    id: int
    named_nobody: list[str] = Field(description="Words after an @ that named nobody.")


class NewText(Sent):
    text: str = Field(max_length=LONGEST_MESSAGE, description="In Markdown.")


class WhyHidden(Sent):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class KeptFile(Schema):
    """An answer to a question for a file is this, without `size`."""

    upload: UUID
    filename: str
    size: int


class VersionOf(Sent):
    upload: UUID = Field(strict=False, description="What /files has answered.")


class NewVersion(Schema):
    upload: UUID
    version: int


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
    router, "PUT", "/messages/{message_id}", scope=Scope.TICKETS_WRITE, answer=WrittenMessage,
)  # fmt: skip
def edit_message(request: HttpRequest, message_id: Number, said: NewText) -> WrittenMessage:
    """Edit a message of your own. What it said before is kept for the team."""
    person = holder_in(request).user
    found = _message(person, message_id)
    if not found.is_by(person):
        raise Http404
    written = edit(
        message=found,
        user=person,
        text=signed(said.text, assistant=holder_in(request).token.assistant, person=person),
        now=timezone.now(),
    )
    return WrittenMessage(id=found.pk, named_nobody=written.strangers)


@operation(
    router, "POST", "/messages/{message_id}/hide", scope=Scope.TICKETS_WRITE, answer=None,
    status=204,
)  # fmt: skip
def hide_message(request: HttpRequest, message_id: Number, why: WhyHidden) -> None:
    """Show a message to ticket admins only. Everybody else reads who hid it, and why."""
    person = holder_in(request).user
    found = _message(person, message_id)
    hide(message=found, user=person, reason=why.reason, now=timezone.now())


@operation(
    router, "POST", "/messages/{message_id}/show", scope=Scope.TICKETS_WRITE, answer=None,
    status=204,
)  # fmt: skip
def show_message(request: HttpRequest, message_id: Number) -> None:
    """Let a hidden message be read again."""
    person = holder_in(request).user
    show(message=_message(person, message_id), user=person, now=timezone.now())


@operation(
    router, "POST", "/files", scope=Scope.TICKETS_WRITE, answer=KeptFile, status=201,
    largest_body=settings.MAX_UPLOAD_BYTES + SMALL_BODY,
)  # fmt: skip
def upload_file(request: HttpRequest, file: UploadedFile) -> KeptFile:
    """Send a file, for an answer or a message to name.

    What nothing names within a week is deleted.
    """
    kept = send_file(file=file, user=holder_in(request).user)
    return KeptFile(
        upload=UUID(str(kept["upload"])), filename=str(kept["filename"]), size=file.size or 0
    )


@operation(
    router, "POST", "/files/{key}/versions", scope=Scope.TICKETS_WRITE, answer=NewVersion,
    status=201, once=True,
)  # fmt: skip
def add_file_version(request: HttpRequest, key: UUID, wanted: VersionOf) -> NewVersion:
    """Make a file that was sent before the newest version of a file of a ticket."""
    person = holder_in(request).user
    added = add_version(of=_file(person, key), upload=wanted.upload, user=person)
    return NewVersion(upload=added.uuid, version=added.version)


@operation(
    router, "GET", "/files/{key}", scope=Scope.TICKETS_READ, answer=None,
    media_type="application/octet-stream",
)  # fmt: skip
def download_file(request: HttpRequest, key: UUID) -> FileResponse:
    """Have a file."""
    person = holder_in(request).user
    upload = _file(person, key)
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


def _file(person: User, key: UUID) -> FileUpload:
    """Raises Http404: there is none that this person may have."""
    upload: FileUpload | None = with_what_decides(FileUpload.objects.all()).filter(uuid=key).first()
    if upload is None or not may_have(upload, person):
        raise Http404
    return upload


def _message(person: User, number: int) -> Message:
    """Raises Http404: there is none that this person may read."""
    found: Message | None = Message.objects.select_related("written_by").filter(pk=number).first()
    if found is None or not seen_ticket(person, found.ticket_id)[1].may_read(found):
        raise Http404
    return found


def form_token(request: HttpRequest) -> str:
    """What a form's token is to a page: the same for the same Idempotency-Key of a token."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return uuid4().hex
    named = f"{holder_in(request).token.pk}\n{request.path}\n{key}"
    return sha256(named.encode("utf-8", "replace")).hexdigest()[:32]
