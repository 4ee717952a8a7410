"""What is wrong with a translation: missing, not certain, or not of the shape of its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from babel.messages.catalog import Catalog, Message

# %(name)s, %(share)d, %s, %%; {name}; and the tags of HTML that a few texts have.
_PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +.\d]*[a-zA-Z]|%[sdg%]|\{\w*\}|</?[a-z]\w*[^>]*>")
# What no text ends with but all of its translations should.
_ENDS = (".", ":", "…", "?", "!", " ", "\n")


def in_catalogue(catalogue: Catalog) -> Iterator[str]:
    """A line for each text whose translation is missing or cannot be right."""
    for message in catalogue:
        if message.id:
            problem = _problem(message)
            if problem:
                yield f"{_first(message.id)!r}: {problem}"


def _problem(message: Message) -> str:
    said = _all(message.string)
    if not said or not all(text.strip() for text in said):
        return "not translated"
    if message.fuzzy:
        return "marked as fuzzy: look at it, then take the mark away"
    texts = _all(message.id)
    if len(texts) == 1:
        return _shape_problem(texts[0], said[0])
    if len(said) != len(texts):
        return "one form for one and one for many"
    # “One file” need not have the number that “%(count)s files” has.
    one, many = _gaps(said[0]) - _gaps(texts[1]), _shape_problem(texts[1], said[1])
    return many or (f"unknown gaps in the first form: {_listed(one)}" if one else "")


def _shape_problem(text: str, said: str) -> str:
    lost, new = _gaps(text) - _gaps(said), _gaps(said) - _gaps(text)
    if lost:
        return f"it lacks {_listed(lost)}"
    if new:
        return f"it has {_listed(new)}, which the text has not"
    for end in _ENDS:
        if text.endswith(end) != said.endswith(end):
            return f"only one of the two ends with {end!r}"
    if text[:1].isspace() != said[:1].isspace():
        return "only one of the two begins with a space"
    return ""


def _gaps(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))


def _listed(gaps: Counter[str]) -> str:
    return ", ".join(sorted(gaps))


def _all(texts: str | Sequence[str] | None) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts or ())


def _first(texts: str | Sequence[str]) -> str:
    return _all(texts)[0]
