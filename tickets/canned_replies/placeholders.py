"""What a canned reply may leave open until it is put into a message. Pure Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.engine.problems import did_you_mean, nearest, short

# The names are the same in every language: a text is used by people of several.
PLACEHOLDERS: Final[Mapping[str, object]] = {
    "number": gettext_lazy("the number of the ticket"),
    "title": gettext_lazy("the title of the ticket"),
    "requester": gettext_lazy("the name of who asked for it"),
    "me": gettext_lazy("the name of who puts the reply in"),
}
# What Markdown reads as more than a sign, or the conversation as a link or a mention: each gets a
# backslash. A _ inside a word is none of it.
_READ_AS_MORE: Final = re.compile(
    r"""
      [\\`*\[\]<>~|&@]
    | _(?![^\W_]) | (?<![^\W_])_
    | (?<=\S)\.(?=[^\W\d_])
    | :(?=//) | (?<=:)/ | (?<=:/)/
    | \A[-+=]
    """,
    re.VERBOSE,
)
_BEGINS_LIST: Final = re.compile(r"\A(\d{1,9})([.)])(?=\s|\Z)")
# What begins one. What comes after it up to the end is its name, if it has an end.
_BEGUN: Final = re.compile(r"\{\{(?:([^{}\n]{0,80})\}\})?")


def wrong_placeholder(text: str) -> str:
    """What is wrong with the first placeholder that is none, in a sentence; empty: nothing."""
    for found in _BEGUN.finditer(text):
        if found[1] is None:
            return _(
                "A placeholder begins with {{ and ends with }} on the same line. One that begins "
                "here has no end: %(text)s"
            ) % {"text": short(text[found.start() : found.start() + 40])}
        name = found[1].strip()
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{{{each}}}}}" for each in PLACEHOLDERS)
            return _("There is no placeholder “%(name)s”. These there are: %(known)s.") % {
                "name": short(found[0]),
                "known": known,
            } + did_you_mean(nearest(name, PLACEHOLDERS))
    return ""


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with a value for each placeholder, on one line; what is none stays as it is.

    Values are plain text, which others may have typed; the text is Markdown, and they stay plain.
    """

    def value(found: re.Match[str]) -> str:
        given = values.get((found[1] or "").strip())
        return found[0] if given is None else _plain(" ".join(given.split()))

    return _BEGUN.sub(value, text)


def _plain(value: str) -> str:
    """A text as Markdown that shows it as it is."""
    return _BEGINS_LIST.sub(r"\1\\\2", _READ_AS_MORE.sub(r"\\\g<0>", value))
