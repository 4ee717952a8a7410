"""The files of companies in a bucket: each company's keys begin with the name of its schema."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, Final

from django.core.files import File
from django.core.files.storage import Storage

from tenants.connection import current_schema

# In seconds: a bucket that is slow or away must not hold the threads of the site for minutes.
CONNECT_TIMEOUT: Final = 3
READ_TIMEOUT: Final = 10
# The first one included.
ATTEMPTS: Final = 2


class CompanyBucket(Storage):
    """Keeps files by django-storages' S3Storage, beneath the company in which the connection works.

    That stands in each key, and not in the prefix (`location`) of the storage: one object serves
    all companies, one after the other. What the bucket refuses is an OSError, as of every other
    storage, and a key that is not there a FileNotFoundError. Packages are imported where a bucket
    is used: they need not be installed.
    """

    def __init__(self, **options: Any) -> None:
        backend: Any = importlib.import_module("storages.backends.s3")
        boto: Any = importlib.import_module("boto3.exceptions")
        botocore: Any = importlib.import_module("botocore.exceptions")
        configs: Any = importlib.import_module("botocore.config")
        transfers: Any = importlib.import_module("boto3.s3.transfer")
        # It takes the place of the one that S3Storage would make of these options.
        config = configs.Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            signature_version=options.get("signature_version"),
            s3={"addressing_style": options.get("addressing_style")},
        )
        self._bucket = backend.S3Storage(
            **options,
            client_config=config,
            transfer_config=transfers.TransferConfig(num_download_attempts=ATTEMPTS),
        )
        self._answered: type[Exception] = botocore.ClientError
        self._refusals = (botocore.BotoCoreError, botocore.ClientError, boto.Boto3Error)

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except self._refusals as error:
            if isinstance(error, self._answered) and _is_not_found(error):
                raise FileNotFoundError(type(error).__name__) from error
            raise OSError(type(error).__name__) from error

    def _key(self, name: str) -> str:
        return f"{current_schema()}/{name}".rstrip("/")

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        with self._trouble():
            opened: File[bytes] = self._bucket.open(self._key(name), mode)
            if "r" in mode:
                opened.open()  # what cannot be read is said now, not while it is sent
            return opened

    def _save(self, name: str, content: File[bytes]) -> str:
        with self._trouble():
            self._bucket.save(self._key(name), content)
        return name

    def read_head(self, name: str, size: int) -> bytes:
        """The first `size` bytes alone: an open file is fetched whole."""
        with self._trouble():
            opened: Any = self._bucket.open(self._key(name), "rb")
            if not opened.size:  # nothing is no part of it, which would be refused
                return b""
            answer = opened.obj.get(Range=f"bytes=0-{size - 1}")
            with closing(answer["Body"]) as body:
                head: bytes = body.read(size)
                return head

    def get_modified_time(self, name: str) -> datetime:
        with self._trouble():
            found: datetime = self._bucket.get_modified_time(self._key(name))
            return found

    def delete(self, name: str) -> None:
        if name in ("", "."):  # there are no folders
            return
        with self._trouble():
            self._bucket.delete(self._key(name))

    def exists(self, name: str) -> bool:
        with self._trouble():
            return bool(self._bucket.exists(self._key(name)))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self._trouble():
            folders, files = self._bucket.listdir(self._key(path))
        return folders, files

    def size(self, name: str) -> int:
        with self._trouble():
            return int(self._bucket.size(self._key(name)))


def _is_not_found(error: Any) -> bool:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code in ("404", "NoSuchKey")
