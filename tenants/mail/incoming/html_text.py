"""The text of HTML that somebody has sent, without what it quotes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

# In characters. What Python's parser needs for some broken HTML grows with the square of it.
MOST_HTML: Final = 100_000
_UNSEEN: Final = frozenset({"head", "script", "style", "title", "template", "noscript"})
_LINES: Final = frozenset(
    (
        *(
            "address",
            "article",
            "div",
            "dl",
            "dt",
            "dd",
            "footer",
            "form",
            "header",
            "h1",
            "h2",
            "h3",
        ),
        *("h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"),
    )
)
_QUOTES: Final = frozenset({"gmail_quote", "gmail_attr", "yahoo_quoted", "protonmail_quote",
                            "moz-cite-prefix", "tutanota_quote"})  # fmt: skip
# From here on everything is what is answered to: Outlook.
_QUOTES_FROM: Final = frozenset(
    ("appendonsend", "divrplyfwdmsg", "mail-editor-reference-message-container")
)
_EMPTY: Final = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base"}
)


def text_of_html(html: str) -> str:
    """Line by line, as it would be read. Quotations are left out; so is what nobody sees."""
    reader = _Text()
    reader.feed(html[:MOST_HTML])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._skipped = ""  # the element whose content is left out
        self._depth = 0
        self._is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._is_over:
            return
        if self._skipped:
            self._depth += tag == self._skipped
            return
        values = {name: (value or "").lower() for name, value in attrs}
        if values.get("id", "").removeprefix("x_") in _QUOTES_FROM:
            self._is_over = True
        elif tag not in _EMPTY and (tag in _UNSEEN or _is_quote(tag, values)):
            self._skipped, self._depth = tag, 1
        elif tag == "br" or tag in _LINES:
            self.found.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self.found.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._depth -= tag == self._skipped
            if not self._depth:
                self._skipped = ""
        elif tag == "p":
            self.found.append("\n\n")
        elif tag in _LINES:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped and not self._is_over:
            self.found.append(data.replace("\n", " ").replace("\r", " "))


def _is_quote(tag: str, values: dict[str, str]) -> bool:
    return tag == "blockquote" or not _QUOTES.isdisjoint(values.get("class", "").split())
