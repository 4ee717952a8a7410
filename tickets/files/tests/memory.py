"""A storage without paths: whatever asks for one fails, as with object storage."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.test import override_settings
from django.utils import timezone

from tenants.connection import current_schema


class CompanyMemory(Storage):
    """Keeps the files of each company apart."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.times: dict[str, datetime] = {}

    def _key(self, name: str) -> str:
        return f"{current_schema()}/{name}".rstrip("/.")

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if self._key(name) not in self.files:
            raise FileNotFoundError(name)
        return ContentFile(self.files[self._key(name)], name=name)

    def _save(self, name: str, content: File[bytes]) -> str:
        self.files[self._key(name)] = b"".join(content.chunks())
        self.times[self._key(name)] = timezone.now()
        return name

    def delete(self, name: str) -> None:
        self.files.pop(self._key(name), None)

    def exists(self, name: str) -> bool:
        return self._key(name) in self.files

    def size(self, name: str) -> int:
        if self._key(name) not in self.files:
            raise FileNotFoundError(name)
        return len(self.files[self._key(name)])

    def get_modified_time(self, name: str) -> datetime:
        if self._key(name) not in self.files:
            raise FileNotFoundError(name)
        return self.times[self._key(name)]

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        beneath = f"{self._key(path)}/"
        found = [key.removeprefix(beneath) for key in self.files if key.startswith(beneath)]
        folders = {name.partition("/")[0] for name in found if "/" in name}
        return sorted(folders), sorted(name for name in found if "/" not in name)


in_memory: Final = override_settings(
    STORAGES={
        "default": {"BACKEND": f"{__name__}.CompanyMemory"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
)
