"""A small file that an assistant has as a text, for an answer to name."""

from __future__ import annotations

import binascii
from base64 import b64decode
from http import HTTPStatus
from mimetypes import guess_type
from typing import Final

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.mcp.once import ensure_room, keep_result, record_act, result_before
from tenants.mcp.tool import Call, JsonObject, Tool
from tenants.tokens.scopes import Scope
from tickets.errors import TicketsError
from tickets.files.send_file import FileRefusedError, send_file
from tickets.models import FileUpload
from workflows.mcp.as_json import TEXT, result_of

MOST_BYTES: Final = 1_000_000
# Four characters are three bytes.
MOST_CHARACTERS: Final = (MOST_BYTES + 2) // 3 * 4


class NoBase64Error(TicketsError):
    message = _("The content is not base64 that can be read. Send it without line breaks.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "content"


def _upload_file(call: Call) -> JsonObject:
    """Not in one transaction: the company's row would be locked while the storage takes the file,
    and what is undone would leave the file there. Two at once with one key send two files: what
    nothing names is deleted after a week."""
    earlier = result_before(call)
    if earlier is not None:
        return earlier
    ensure_room(call)
    made = _uploaded(call)
    with transaction.atomic():
        record_act(call, about=FileUpload.objects.get(uuid=made["upload"]))
        keep_result(call, made)
    return made


def _uploaded(call: Call) -> JsonObject:
    try:
        content = b64decode(call.text("content"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoBase64Error from error
    name = call.text("filename")
    kind = guess_type(name)[0] or "application/octet-stream"
    try:
        file = SimpleUploadedFile(name, content, kind)
    except SuspiciousFileOperation as error:  # nothing but dots and strokes
        raise FileRefusedError from error
    kept = send_file(file=file, user=call.person)
    return {
        "upload": str(kept["upload"]),
        "filename": str(kept["filename"]),
        "larger_files": f"{call.address}/api/v1/files",
    }


UPLOAD_FILE: Final = Tool(
    name="upload_file",
    title="Send a file",
    description=(
        "Send a file of at most one megabyte, before the ticket or task that needs it. What comes "
        "back as `upload` and `filename` is the answer to a question for a file: "
        '{"upload": …, "filename": …}. A file that nothing names is deleted after a week. Larger '
        "ones go by a POST with the same token, as multipart/form-data with the field `file`, to "
        "the address `larger_files`; its answer is the same."
    ),
    scope=Scope.TICKETS_WRITE,
    permissions=(),
    function=_upload_file,
    writes=True,
    arguments={
        "filename": {
            "type": "string",
            "minLength": 1,
            "maxLength": 150,
            "description": "Its name, with the ending that says what it is: invoice.pdf.",
        },
        "content": {
            "type": "string",
            "minLength": 1,
            "maxLength": MOST_CHARACTERS,
            "description": "The bytes of the file in base64, without line breaks.",
        },
    },
    required=("filename", "content"),
    output=result_of(upload=TEXT, filename=TEXT, larger_files=TEXT),
)
TOOLS: Final = (UPLOAD_FILE,)
