"""What a model has answered, as a document. Whatever is in it is data: a bundle to be checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from tenants.companies.language_and_zone import company_zone
from workflows.bundles import read_bundle
from workflows.engine.process import Json
from workflows.errors import UnreadableBundleError
from workflows.workbooks import Reading, read_document

MOST_QUESTIONS: Final = 20
LONGEST_QUESTION: Final = 500
# In characters: what a page can check while somebody waits (see importing/import_run.py).
LONGEST_BUNDLE: Final = 500_000

_FENCE: Final = "```"


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """`text` is the bundle as ASCII JSON, which any column keeps as it is."""

    text: str
    questions: list[str] = field(default_factory=list)


def read_answer(said: str) -> ModelAnswer:
    """The bundle and the open questions in what a model has said.

    Raises:
        UnreadableBundleError: there is no such object in it.
    """
    found = read_bundle(_json_in(said).encode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise UnreadableBundleError(_("The answer is no JSON object."))
    # Without the envelope it is at least a bundle.
    bundle: Json = found if "format" in found and "bundle" not in found else found.get("bundle")
    if not isinstance(bundle, dict):
        raise UnreadableBundleError(_("The answer has no object “bundle”."))
    try:
        text = json.dumps(bundle)
    except RecursionError as error:
        raise UnreadableBundleError(_("The document is nested too deeply.")) from error
    if len(text) > LONGEST_BUNDLE:
        message = _("The bundle is longer than %(most)d characters.")
        raise UnreadableBundleError(message % {"most": LONGEST_BUNDLE})
    return ModelAnswer(text, _questions(found.get("questions")))


def reading_of(text: str) -> Reading:
    """The bundle of an answer, read as an uploaded file is.

    Raises:
        UnreadableBundleError
    """
    return read_document(text.encode(), "answer.json", zone=company_zone())


def _json_in(said: str) -> str:
    """The object in an answer: some models write around it."""
    text = _fenced(said)
    begin, end = text.find("{"), text.rfind("}")
    return text[begin : end + 1] if 0 <= begin < end else text


def _fenced(said: str) -> str:
    """What stands in the first fence, if there is one.

    By no expression: of a fence that nothing ends one tries as many ends as there are lines, which
    of an answer of a megabyte takes hours.
    """
    lines = said.split("\n")
    for number, line in enumerate(lines, start=1):
        _before, fence, word = line.rpartition(_FENCE)
        if fence and word.strip() in ("", "json"):
            text, end, _after = "\n".join(lines[number:]).partition(_FENCE)
            return text if end else said
    return said


def _questions(found: Json) -> list[str]:
    """In one line each, and nothing that a column refuses."""
    listed = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    plain = (
        "".join(letter if letter.isprintable() else " " for letter in each).strip()
        for each in listed[:MOST_QUESTIONS]
    )
    return [each[:LONGEST_QUESTION] for each in plain if each]
