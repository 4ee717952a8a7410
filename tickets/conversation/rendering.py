"""Messages as HTML: Markdown, and of what it becomes only what is harmless.

HTML that somebody types is text. Images are links, so that reading a message asks no other server
for anything. The library's time grows with the square of some signs, so that a text with very many
of them is shown as it was typed. It fills tables up to their widest line: one that would have very
many cells stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from sys import getsizeof
from threading import Lock
from typing import Final

import nh3
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_MOST_SIGNS: Final = 2_000
_MOST_CELLS: Final = 2_000
# In characters: more than any text takes that is shown as it was typed.
MOST_HTML: Final = 70_000
_MOST_KEPT_BYTES: Final = 16 * 1024 * 1024
# The second line of a table, wherever it stands: in a quotation, say.
_UNDER_HEADER: Final = re.compile(r"[-:|\s>*+.)\d]+")
_SIGN: Final = re.compile(r"[^\w\s.,'\u2019-]")
_CLEANER: Final = nh3.Cleaner(
    tags={
        *("a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "span"),
        *("strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    },
    attributes={"a": {"href"}, "ol": {"start"}},
    allowed_classes={"span": {"tk-mention"}},
    url_schemes={"http", "https", "mailto"},
    # A wide one scrolls, by keyboard too.
    set_tag_attribute_values={"table": {"tabindex": "0"}},
    link_rel="nofollow noopener noreferrer",
)


def render_message(text: str, names: Iterable[str] = ()) -> SafeString:
    """A message as HTML. `names` are those with which it names people after an @."""
    key = text, tuple(sorted(set(names), key=len, reverse=True))
    html = _shown.get(key)
    if html is None:
        html = render_anew(*key)
        _shown.keep(key, html)
    return mark_safe(html)  # noqa: S308  # nosec


def render_anew(text: str, names: tuple[str, ...]) -> str:
    """As `render_message`, without looking whether it was done before; the longest names first."""
    if len(_SIGN.findall(text)) <= _MOST_SIGNS:
        html = _CLEANER.clean(_markdown(text, names))
        if len(html) <= MOST_HTML:
            return html
    return _CLEANER.clean(linebreaks(text, autoescape=True))


type _Key = tuple[str, tuple[str, ...]]


class Shown:
    """What was made of the messages that were shown last, up to so many bytes."""

    def __init__(self, *, most_bytes: int) -> None:
        self.most_bytes, self.size = most_bytes, 0
        self._kept: dict[_Key, tuple[str, int]] = {}
        self._lock = Lock()

    def get(self, key: _Key) -> str | None:
        with self._lock:
            if (found := self._kept.pop(key, None)) is None:
                return None
            self._kept[key] = found  # as the newest
            return found[0]

    def keep(self, key: _Key, html: str) -> None:
        text, names = key
        size = sum(map(getsizeof, (html, text, *names)))
        if size > self.most_bytes // 10:
            return
        with self._lock:
            self.size += size - self._kept.pop(key, ("", 0))[1]
            self._kept[key] = html, size
            while self.size > self.most_bytes:
                self.size -= self._kept.pop(next(iter(self._kept)))[1]


_shown: Final = Shown(most_bytes=_MOST_KEPT_BYTES)


def _most_cells(text: str) -> int:
    """At most so many cells the tables of a text have: their columns, in each line to the next
    empty one."""
    cells = columns = 0
    for line in text.split("\n"):
        if not line.strip(" \t"):
            columns = 0
        elif "-" in line and _UNDER_HEADER.fullmatch(line):
            columns += line.count("|") + 1
        cells += columns
    return cells


def _markdown(text: str, names: tuple[str, ...]) -> str:
    parser = _parser()
    if _most_cells(text) > _MOST_CELLS:
        parser.disable("table")
    tokens = parser.parse(text)
    if names:
        pattern = re.compile("@(?:" + "|".join(map(re.escape, names)) + r")(?!\w)")
        for token in tokens:
            if token.children:
                token.children = list(_with_mentions(token.children, pattern))
    return str(parser.renderer.render(tokens, parser.options, {}))


def _parser() -> MarkdownIt:
    """Each time a new one: it keeps state while it reads, and requests are in threads."""
    options = {"html": False, "linkify": True, "breaks": True, "maxNesting": 20}
    parser = MarkdownIt("commonmark", options).enable(["linkify", "table", "strikethrough"])
    # What looks like a heading would be one of the page; an image would come from elsewhere.
    return parser.disable(["heading", "lheading", "image", "reference"])


def _with_mentions(tokens: Sequence[Token], pattern: re.Pattern[str]) -> Iterable[Token]:
    for token in tokens:
        if token.type != "text" or "@" not in token.content:
            yield token
            continue
        last = 0
        for found in pattern.finditer(token.content):
            yield Token("text", "", 0, content=token.content[last : found.start()])
            shown = f'<span class="tk-mention">{escape(found[0])}</span>'
            yield Token("html_inline", "", 0, content=shown)
            last = found.end()
        yield Token("text", "", 0, content=token.content[last:])
