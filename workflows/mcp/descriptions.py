"""What is told about the format: its JSON Schema, its description, ready processes, examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.urls import reverse

from tenants.mcp.tool import JsonObject, Resource
from tenants.pages.for_everybody import HERE
from workflows.authoring.gallery.processes import GalleryProcess, gallery
from workflows.bundles import write_bundle
from workflows.bundles.document.canonical import SCHEMA
from workflows.mcp.as_json import plain_json

MARKDOWN: Final = "text/markdown"
JSON: Final = "application/json"
# {name: (file under docs/, title, what it says)}: these are served to everybody, too.
TEXTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "format": (
        "bundle-format.md",
        "The format of a process",
        "How a whole process is written as one document: every part, with examples.",
    ),
    "cannot-say": (
        "cannot-say.md",
        "What the format cannot say",
        "What looks as if it should work and does not, and what to write instead.",
    ),
    "assistants": (
        "assistants.md",
        "For assistants",
        "How an assistant is connected, and what it may do.",
    ),
    "glossary": ("glossary.md", "The words", "What each word means: one word, one thing."),
}


@lru_cache(maxsize=16)
def text_of(name: str) -> str:
    """A description, as it stands under docs/."""
    return (Path(settings.BASE_DIR) / "docs" / TEXTS[name][0]).read_text(encoding="utf-8")


def schema_address(address: str) -> str:
    """Where the schema stands: `$id` of it, and what documents may name as their `$schema`."""
    return f"{address}{reverse('bundle_schema')}"


def schema_text(address: str) -> str:
    """The JSON Schema of a bundle, as it is served by the installation at this address."""
    return _schema_anywhere().replace(HERE, address)


@cache
def _schema_anywhere() -> str:
    own = plain_json(SCHEMA)
    schema: JsonObject = own if isinstance(own, dict) else {}
    return json.dumps({"$id": schema_address(HERE), **schema}, ensure_ascii=False, indent=1)


def all_resources() -> list[Resource]:
    """What an assistant may read, the same for everybody."""
    schema = Resource(
        path="schema",
        name="bundle-schema",
        title="The format as JSON Schema",
        description="The JSON Schema of a process. check_bundle knows more than a schema can say.",
        mime_type="application/schema+json",
        read=schema_text,
    )
    return [schema, *map(_text, TEXTS), *_gallery(), *_examples()]


def _text(name: str) -> Resource:
    _file, title, description = TEXTS[name]
    return Resource(
        path=name,
        name=name,
        title=title,
        description=description,
        mime_type=MARKDOWN,
        read=lambda _address: text_of(name),
    )


def _gallery() -> list[Resource]:
    return [
        _process(f"gallery/{each.name}", each.title, each.summary, each)
        for category in gallery()
        for each in category.processes
    ]


def _process(path: str, title: str, summary: str, process: GalleryProcess) -> Resource:
    return Resource(
        path=path,
        name=path.replace("/", "-"),
        title=title,
        description=f"A ready process with its test cases: {summary}",
        mime_type=JSON,
        read=lambda _address: write_bundle(process.document),
    )


def _examples() -> list[Resource]:
    folder = Path(settings.BASE_DIR) / "fixtures"
    return [_example(each) for each in sorted(folder.glob("*.json"))]


def _example(file: Path) -> Resource:
    workflow = json.loads(file.read_text(encoding="utf-8"))["workflow"]
    return Resource(
        path=f"examples/{file.stem}",
        name=f"examples-{file.stem}",
        title=str(workflow["title"]),
        description="An example that comes with the program.",
        mime_type=JSON,
        read=lambda _address: file.read_text(encoding="utf-8"),
    )
