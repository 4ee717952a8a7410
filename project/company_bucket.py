"""The files of companies in a bucket: each company's keys begin with the name of its schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from tenants.connection import current_schema


@contextmanager
def _trouble() -> Iterator[None]:
    """What the bucket refuses is an OSError, as of every other storage."""
    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        raise OSError(type(error).__name__) from error


def _telling[**P, T](ask: Callable[P, T]) -> Callable[P, T]:
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        with _trouble():
            return ask(*args, **kwargs)

    return told


class CompanyBucket(S3Storage):
    """S3Storage, whose keys are those of the company in which the connection works."""

    _prefix = ""

    @property
    def location(self) -> str:
        """Asked each time: one object serves all companies, one after the other."""
        schema = current_schema()
        return f"{self._prefix}/{schema}" if self._prefix else schema

    @location.setter
    def location(self, prefix: str) -> None:
        self._prefix = prefix

    def _open(self, name: str, mode: str = "rb") -> Any:
        opened = _telling(super()._open)(name, mode)
        if "r" in mode:
            _telling(opened.open)()  # what cannot be read is said now, not while it is sent
        return opened

    def _save(self, name: str, content: Any) -> str:
        return str(_telling(super()._save)(name, content))

    def delete(self, name: str) -> None:
        if name not in ("", "."):  # there are no folders
            _telling(super().delete)(name)

    def exists(self, name: str) -> bool:
        return bool(_telling(super().exists)(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        folders, files = _telling(super().listdir)(name)
        return folders, files

    def size(self, name: str) -> int:
        return int(_telling(super().size)(name))
