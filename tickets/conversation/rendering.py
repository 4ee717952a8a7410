"""Messages as HTML: Markdown, and of what it becomes only what is harmless.

HTML that somebody types is text. Images are links, so that reading a message asks no other server
for anything. The library's time grows with the square of some signs, so that a text with very many
of them is shown as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import nh3
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_MOST_SIGNS: Final = 2_000
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
    return _rendered(text, tuple(sorted(set(names), key=len, reverse=True)))


@lru_cache(maxsize=1_000)
def _rendered(text: str, names: tuple[str, ...]) -> SafeString:
    is_plain = len(_SIGN.findall(text)) > _MOST_SIGNS
    html = linebreaks(text, autoescape=True) if is_plain else _markdown(text, names)
    return mark_safe(_CLEANER.clean(html))  # noqa: S308  # nosec


def _markdown(text: str, names: tuple[str, ...]) -> str:
    parser = _parser()
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
