"""The first bytes of a file that is kept, without fetching the rest of it."""

from __future__ import annotations

from collections.abc import Callable

from tickets.models import FileUpload
from workflows.fields.file.content import HEAD


def head_of(upload: FileUpload) -> bytes:
    """Up to HEAD bytes.

    By `read_head` of the storage where that has one (project/storage/company_bucket.py). An open
    file of any other is read no further than one asks.

    Raises:
        FileNotFoundError, ValueError: the storage has lost it, or never had it.
        OSError: the storage does not answer.
    """
    storage, name = upload.file.storage, upload.file.name
    read_head: Callable[[str, int], bytes] | None = getattr(storage, "read_head", None)
    if name and read_head is not None:
        return read_head(name, HEAD)
    with upload.file.open("rb") as content:
        head: bytes = content.read(HEAD)
        return head
