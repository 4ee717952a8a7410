"""Styles and scripts that every page of the admin needs, each as one file: a browser asks once.

The sources stay apart, one for each subject. They are put together when a file is looked for while
developing, and by `collectstatic` for a deployment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage, Storage

from project.admin_site.theme import ALL_SCRIPTS, ALL_STYLES, SCRIPTS, STYLESHEETS
from project.environment import data_dir

SOURCES = {ALL_STYLES: STYLESHEETS, ALL_SCRIPTS: SCRIPTS}


class OneFileFinder(finders.BaseFinder):
    """Finds what it has put together from its sources, which the other finders find."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.folder = data_dir() / "one_file"

    def check(self, **options: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **options: Any) -> Any:
        if path not in SOURCES:
            return []
        found = str(self.made(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        storage = FileSystemStorage(location=self.folder)
        for path in SOURCES:
            self.made(path)
            yield path, storage

    def made(self, path: str) -> Path:
        """The file, made anew where what it holds has changed."""
        parts = [Path(self._found(name)).read_text(encoding="utf-8") for name in SOURCES[path]]
        text = "\n".join(parts)
        file = self.folder / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name(f"{file.name}.{os.getpid()}")
            draft.write_text(text, encoding="utf-8", newline="\n")
            draft.replace(file)  # who reads it meanwhile gets the one or the other
        return file

    @staticmethod
    def _found(name: str) -> str:
        found = finders.find(name)
        if not isinstance(found, str):
            raise FileNotFoundError(f"{name}, which is part of each page, is not there.")
        return found
