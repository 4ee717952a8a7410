"""Texts that people would read and nobody can translate: they stand in the sources as they are.

In Python, texts of several words that are passed to no gettext, and quotation marks that code puts
around a value: other languages have others (`quoted` of workflows/engine/problems.py). In
templates, words between tags and in attributes that are shown. What is not for people is told by
where it stands: doc-strings, logs, errors of programmers (`ValueError`), SQL.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

# Several words as people write them: a capital first, or a mark that ends a sentence.
_SENTENCE = re.compile(
    r"\s*(%s|[A-Z“][\w’'”“-]*[,:;]?)(\s+[\w%(){}\[\]“”‘’\"'#,;:.&/+@=…–-]+)+[.?!:…]?\s*"  # noqa: RUF001
    r"|[a-z]+ [^<>]*[a-z]{2}[.?!]\s*|[A-Z][a-z]+[.?!…]"
)
_WORDS = re.compile(r"[a-z]{2,}[,;:]? [a-z]{2,}")
_SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|SET|LOCK|GRANT|REVOKE|COPY|AND|OR|ON|"
    r"FROM|WHERE|RETURNING|EXPLAIN|DO|LEFT|JOIN|ORDER|GROUP|RESET|COMMENT|TRUNCATE|VALUES|EXISTS|"
    r"NOT|NULL|CASE|UNION|LIMIT|FOR|TABLE|LISTEN|ANALYZE|BEGIN|SAVEPOINT|COALESCE|IN)\b"
)
_TRANSLATED = re.compile(r"_|n?p?gettext(_lazy|_noop)?|format_lazy")
# What programmers and whoever runs the installation read. Their texts stay English.
_FOR_PROGRAMMERS = {
    *("ValueError", "TypeError", "RuntimeError", "AssertionError", "LookupError", "KeyError"),
    *("NotImplementedError", "AttributeError", "ImproperlyConfigured", "CommandError"),
    *("Warning", "Error", "CheckMessage", "Counter", "Gauge", "Histogram"),
    "MailboxError",  # stands in the log alone
}
_LOGS = re.compile(r"log(ger)?|_log(ger)?|stdout|stderr", re.IGNORECASE)
# Attributes of HTML that people see or are read to them.
_SHOWN_ATTRIBUTES = {"title", "placeholder", "alt", "aria-label", "aria-description"}
_WORD = re.compile(r"[A-Za-z]{2}")
# A tag, a variable or a comment of a template.
_TAG = re.compile(r"(\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\})")
_NOT_WORDS = {"script", "style", "code", "kbd", "samp"}
# These have no end.
_EMPTY = {"base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def in_python(content: str) -> Iterator[tuple[int, str]]:
    """Line and text of each sentence that is passed to no gettext."""
    yield from _sentences(ast.parse(content))


def _sentences(node: ast.AST) -> Iterator[tuple[int, str]]:
    if _is_not_for_people(node):
        return
    if _is_quoting(node):
        yield getattr(node, "lineno", 0), ast.unparse(node)
        return
    text = _text_of(node)
    if text is not None:
        plain = " ".join(text.split())
        if not _SQL.match(text) and (_SENTENCE.fullmatch(plain) and _has_words(plain)):
            yield getattr(node, "lineno", 0), plain
        return
    for child in ast.iter_child_nodes(node):
        yield from _sentences(child)


def _is_quoting(node: ast.AST) -> bool:
    """Whether quotation marks are put around a value: with an f-string, or with `+`."""
    parts: list[ast.expr] = [node] if isinstance(node, ast.JoinedStr) else []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [node.left, node.right]
    return any(mark in (_text_of(part) or "") for part in parts for mark in "“”")


def _has_words(text: str) -> bool:
    return bool(_WORDS.search(text)) or bool(re.fullmatch(r"[A-Z][a-z]+[.?!…]", text))


def _text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "%s" for each in node.values)
        return "".join(str(part) for part in parts)
    return None


def _is_not_for_people(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)  # a doc-string
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return _called(node.exc) in _FOR_PROGRAMMERS
    if isinstance(node, ast.Call):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
        called = _called(node)
        return bool(
            _TRANSLATED.fullmatch(called) or called in _FOR_PROGRAMMERS or _LOGS.fullmatch(name)
        )
    return False


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def in_template(content: str) -> Iterator[str]:
    """The words that a page shows as they stand there; what tags write is left out."""
    parser = _Shown()
    parser.feed("".join(_without_tags(content)))
    parser.close()
    yield from parser.found


def _without_tags(content: str) -> Iterator[str]:
    """The HTML of a template: tags and variables leave a mark, and so does what tags translate."""
    inside = ""
    for part in _TAG.split(content):
        is_tag = bool(_TAG.fullmatch(part))
        name = part[2:-2].split()[0] if part[2:-2].split() and part.startswith("{%") else ""
        if name in ("blocktranslate", "blocktrans", "comment"):
            inside = f"end{name}"
        elif inside and name == inside:
            inside = ""
        yield part if not is_tag and not inside else "…"


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []  # of each element that is open: whether it holds no words

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_icon = "material-symbols-outlined" in (dict(attrs).get("class") or "")
        if tag not in _EMPTY:
            self._open.append(is_icon or tag in _NOT_WORDS)
        for name, value in attrs:
            if name in _SHOWN_ATTRIBUTES and value and _WORD.search(value):
                self.found.append(f"{name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag not in _EMPTY:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        plain = " ".join(data.replace("…", " ").split())
        # Attributes where a template tag writes the name of the element, or where there is none.
        is_attribute = '="' in plain
        if not any(self._open) and not is_attribute and _WORD.search(plain):
            self.found.append(plain)
