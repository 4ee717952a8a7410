"""HTML in texts, which nobody renders: people would read the tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject

# Those that people and models write into texts; a comparison such as “a < b > c” is none of them.
_TAG: Final = re.compile(
    r"</?(?:a|abbr|b|br|code|div|em|font|h[1-6]|hr|i|img|li|mark|ol|p|pre|script|small|span|strong|"
    r"style|sub|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_TEXTS: Final = ("title", "description", "label", "help", "message")
# What stands inside, and has such texts, too.
_INSIDE: Final = ("fields", "choices", "checks", "branches")


def markup_problems(document: JsonObject) -> Iterator[Problem]:
    """A warning for each text with a tag. Bundles have no rich texts but those of mails."""
    for name in ("workflow", "tasks", "ticket_types"):
        yield from _problems(document.get(name), (name,))


def _problems(value: Json, path: Path) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _problems(each, (*path, index))
    elif isinstance(value, dict):
        for name in _TEXTS:
            text = value.get(name)
            if isinstance(text, str) and (found := _TAG.search(text)):
                yield _problem((*path, name), found[0])
        for name in _INSIDE:
            if name in value:
                yield from _problems(value[name], (*path, name))


def _problem(path: Path, tag: str) -> Problem:
    message = _(
        "“%(tag)s” is shown to people as it stands here: texts are plain, without HTML. Take it "
        "out."
    )
    return Problem(path, message % {"tag": tag[:60]}, tag, severity=Severity.WARNING)
