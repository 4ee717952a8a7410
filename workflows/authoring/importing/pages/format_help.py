"""The descriptions of the formats (docs/*.md) as parts of a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Between these lines stands what is for people at a command line.
_COMMAND_LINE: Final = re.compile(
    r"^<!-- command line -->$.*?^<!-- /command line -->$\n?", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Heading:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class HelpText:
    """`headings` are those of the second level, to choose from."""

    html: SafeString
    headings: list[Heading]


@lru_cache(maxsize=8)
def help_text(markdown: str, pages: tuple[tuple[str, str], ...]) -> HelpText:
    """A description as HTML, without its title and without what is for the command line.

    `pages`: pairs of a file that it may link to, and the address of its page. Other files are
    not there for who reads it, so that their names stay without a link. HTML in it is text.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = _without_title(parser.parse(_COMMAND_LINE.sub("", markdown)))
    headings: list[Heading] = []
    latest = ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            latest = _plain(tokens[index + 1])
            token.attrSet("id", slug(latest))
            if token.tag == "h2":
                headings.append(Heading(slug(latest), latest))
        elif token.type == "table_open":
            token.meta["label"] = latest
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "inline":
            token.children = _with_links(token.children or [], dict(pages))
    html = "".join(_rendered(parser, each) for each in _parts(tokens))
    # The parser escapes what it is given.
    return HelpText(mark_safe(html), headings)  # noqa: S308  # nosec B308 B703


def slug(text: str) -> str:
    """The id of a heading, as links within a file write it."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _without_title(tokens: list[Token]) -> list[Token]:
    is_title = bool(tokens) and tokens[0].type == "heading_open" and tokens[0].tag == "h1"
    return tokens[3:] if is_title else tokens


def _plain(inline: Token) -> str:
    return "".join(each.content for each in inline.children or [])


def _with_links(children: Sequence[Token], pages: Mapping[str, str]) -> list[Token]:
    found: list[Token] = []
    closes_link: list[bool] = []
    for each in children:
        if each.type == "link_open":
            address = _address(str(each.attrGet("href")), pages)
            closes_link.append(bool(address))
            each.attrSet("href", address)
            each.attrSet("class", "link")
            if not address:
                continue
        elif each.type == "link_close" and not closes_link.pop():
            continue
        found.append(each)
    return found


def _address(target: str, pages: Mapping[str, str]) -> str:
    """Where a link of a file leads on a page; empty: nowhere."""
    if target.startswith(("#", "https://", "http://")):
        return target
    file, mark, place = target.partition("#")
    return f"{pages[file]}{mark}{place}" if file in pages else ""


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens, in which each table (and whatever stands between two) is a part."""
    parts: list[list[Token]] = [[]]
    for each in tokens:
        if each.type == "table_open":
            parts.append([])
        parts[-1].append(each)
        if each.type == "table_close":
            parts.append([])
    return [each for each in parts if each]


def _rendered(parser: MarkdownIt, tokens: list[Token]) -> str:
    html: str = parser.renderer.render(tokens, parser.options, {})
    if tokens[0].type != "table_open":
        return html.replace("<pre>", '<pre tabindex="0">')
    # Wide tables are scrolled on their own, by keyboard, too.
    return format_html(
        '<div class="table-scroll" tabindex="0" role="region" aria-label="{}">{}</div>',
        tokens[0].meta["label"],
        mark_safe(html),  # noqa: S308  # nosec B308 B703
    )
