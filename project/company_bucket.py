"""The files of companies in a bucket: each company's keys begin with the name of its schema."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage

from tenants.connection import current_schema


class CompanyBucket(Storage):
    """Keeps files by django-storages' S3Storage, beneath the company in which the connection works.

    That stands in each key, and not in the prefix (`location`) of the storage: one object serves
    all companies, one after the other. What the bucket refuses is an OSError, as of every other
    storage. Packages are imported where a bucket is used: they need not be installed.
    """

    def __init__(self, **options: Any) -> None:
        backend: Any = importlib.import_module("storages.backends.s3")
        boto: Any = importlib.import_module("boto3.exceptions")
        botocore: Any = importlib.import_module("botocore.exceptions")
        self._bucket = backend.S3Storage(**options)
        self._refusals = (botocore.BotoCoreError, botocore.ClientError, boto.Boto3Error)

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except self._refusals as error:
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
