"""The ready processes that come with the program, for companies to make their own.

They are bundles like any other, in fixtures/gallery/; index.json there says in which category
and order they are shown. Read once per process: they change only with the program.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from workflows.bundles import (
    TestCaseResult,
    Trial,
    canonical,
    check_bundle,
    errors_of,
    read_bundle_file,
    run_document_test_cases,
)
from workflows.bundles.telling.task_notes import task_notes
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.errors import UnreadableBundleError
from workflows.picture.graph import draw_process

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GalleryProcess:
    """A bundle of the gallery. Everybody is shown the same `document`: never change it."""

    name: str
    icon: str
    summary: str
    document: JsonObject

    @property
    def workflow(self) -> JsonObject:
        found = self.document["workflow"]
        return found if isinstance(found, dict) else {}

    @property
    def key(self) -> str:
        return str(self.workflow["key"])

    @property
    def title(self) -> str:
        return str(self.workflow["title"])

    @property
    def description(self) -> str:
        return str(self.workflow.get("description", ""))

    @property
    def tasks(self) -> list[JsonObject]:
        return objects_in(self.document.get("tasks"))

    @property
    def ticket_types(self) -> list[JsonObject]:
        return objects_in(self.document.get("ticket_types"))

    @property
    def company_roles(self) -> list[JsonObject]:
        return objects_in(self.document.get("company_roles"))

    @property
    def role_names(self) -> list[str]:
        return [str(each["name"]) for each in self.company_roles]

    @cached_property
    def trial(self) -> Trial:
        return Trial(self.document)

    @cached_property
    def case_results(self) -> list[TestCaseResult]:
        return run_document_test_cases(self.document)

    def picture(self) -> SafeString:
        """The whole process; each task leads to `#task-<key>`."""
        return _picture(self.name, get_language(), with_links=True)

    def small_picture(self) -> SafeString:
        """The same without anything to click."""
        return _picture(self.name, get_language(), with_links=False)


@dataclass(frozen=True, slots=True)
class GalleryCategory:
    title: str
    processes: tuple[GalleryProcess, ...]


@lru_cache(maxsize=1)
def gallery() -> tuple[GalleryCategory, ...]:
    """The processes by category; one whose file cannot be used is left out, and logged."""
    return tuple(read_gallery(Path(settings.BASE_DIR) / "fixtures" / "gallery" / "index.json"))


def find_process(name: str) -> GalleryProcess | None:
    for category in gallery():
        for process in category.processes:
            if process.name == name:
                return process
    return None


def read_gallery(index: Path) -> Iterator[GalleryCategory]:
    """The categories that this index lists; its files stand relative to it."""
    try:
        content: Json = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        logger.exception("The index of the gallery, %s, cannot be read.", index)
        return
    for category in objects_in(content.get("categories") if isinstance(content, dict) else None):
        listed = (
            _read_process(index.parent / str(each.get("file")), each)
            for each in objects_in(category.get("processes"))
        )
        processes = tuple(each for each in listed if each is not None)
        if processes:
            yield GalleryCategory(str(category.get("title", "")), processes)


def _read_process(path: Path, entry: JsonObject) -> GalleryProcess | None:
    try:
        document = read_bundle_file(path)
    except UnreadableBundleError:
        logger.exception("%s is left out of the gallery.", path)
        return None
    errors = errors_of(check_bundle(document))
    if errors or not isinstance(document, dict):
        logger.error("%s is left out of the gallery: %s", path, errors)
        return None
    return GalleryProcess(
        name=path.stem,
        icon=str(entry.get("icon", "account_tree")),
        summary=str(entry.get("summary", "")),
        document=canonical(document),
    )


@lru_cache(maxsize=256)
def _picture(name: str, _language: str | None, *, with_links: bool) -> SafeString:
    """Drawn once for each language: the words for start and end are translated."""
    found = find_process(name)
    if found is None:
        return SafeString("")
    process = found.trial.process
    links = {key: f"#task-{key}" for key in process.tasks} if with_links else {}
    return draw_process(process, links=links, notes=task_notes(found.document))
