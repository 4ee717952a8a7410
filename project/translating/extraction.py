"""The texts for people in our sources: Python, templates and scripts.

A text is what stands literally in a call of gettext or one of its relatives, or in {% translate %}
or {% blocktranslate %}. What stands there otherwise cannot be translated, and is an error here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation.template import templatize

from project.environment import BASE_DIR
from project.translating import of_unfold

APPS = ("tenants", "workflows", "tickets", "project")
# Python and templates; what scripts say is sent to browsers, and has catalogues of its own.
DOMAINS = ("django", "djangojs")
# English stands in the sources; these are translated to.
LANGUAGES = ("de",)
# By the function: which arguments are texts, and which is the context in which they are meant.
_ONE, _MANY = (0,), (0, 1)
_ARGUMENTS: dict[str, tuple[tuple[int, ...], int | None]] = {
    "_": (_ONE, None),
    **{f"gettext{kind}": (_ONE, None) for kind in ("", "_lazy", "_noop")},
    **{f"ngettext{kind}": (_MANY, None) for kind in ("", "_lazy")},
    **{f"pgettext{kind}": ((1,), 0) for kind in ("", "_lazy")},
    **{f"npgettext{kind}": ((1, 2), 0) for kind in ("", "_lazy")},
}
_BABEL_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# Not read: tests say what nobody sees, and what dev.py says to developers stays English.
_LEFT_OUT = {"tests", "testing_tools", "migrations", "development", "translating"}


class CannotBeTranslatedError(Exception):
    """A text is put together before it is looked up, so no catalogue can have it."""


@dataclass(frozen=True, order=True)
class Found:
    """A text in a source, or two: for one and for many. `context` tells what is meant from what
    is meant elsewhere by the same words."""

    place: str
    texts: tuple[str, ...]
    context: str | None = None


def texts_of(app: str, domain: str) -> Iterator[Found]:
    """Each text of an app's sources, as often as it stands there.

    Raises:
        CannotBeTranslatedError: a text is put together.
    """
    for path in sources(app, domain):
        content = path.read_text(encoding="utf-8")
        if path.suffix != ".py" or "gettext" in content:
            yield from texts_in(content, path.relative_to(BASE_DIR).as_posix())
    if (app, domain) == ("project", "django"):
        yield from texts_of_unfold()


def texts_of_unfold() -> Iterator[Found]:
    """What Unfold's pages say and no library translates."""
    translated = set.intersection(*(of_unfold.translated(each) for each in LANGUAGES))
    for path, place in of_unfold.sources():
        content = path.read_text(encoding="utf-8")
        if path.suffix == ".py" and "gettext" not in content:
            continue
        yield from (f for f in texts_in(content, place) if f.texts[0] not in translated)


def sources(app: str, domain: str) -> Iterator[Path]:
    """The files of an app that may hold texts, in the order of their names."""
    kinds = {".js"} if domain == "djangojs" else {".py", ".html", ".txt"}
    for path in sorted((BASE_DIR / app).rglob("*")):
        parts = path.relative_to(BASE_DIR).parts
        is_text = path.suffix in kinds and (path.suffix != ".txt" or "templates" in parts)
        if is_text and not _LEFT_OUT & {*parts} and not path.name.startswith("testing"):
            yield path


def texts_in(content: str, place: str) -> Iterator[Found]:
    """The texts of one source, read as what its name says that it is."""
    if place.endswith(".py"):
        yield from _texts_of_python(content, place)
    elif place.endswith(".js"):
        yield from _texts_found_by_babel("javascript", content, place)
    else:
        plain = "\n".join(line.strip() for line in templatize(content, place).splitlines())
        yield from _texts_found_by_babel("python", plain, place)


def _texts_found_by_babel(method: str, content: str, place: str) -> Iterator[Found]:
    stream = BytesIO(content.encode())
    for _line, message, _comments, context in extract(method, stream, _BABEL_KEYWORDS):
        texts = (message,) if isinstance(message, str) else tuple(message)
        yield Found(place, texts, context)


def _texts_of_python(content: str, place: str) -> Iterator[Found]:
    for node in ast.walk(ast.parse(content)):
        if not isinstance(node, ast.Call) or _name(node) not in _ARGUMENTS:
            continue
        positions, context_at = _ARGUMENTS[_name(node)]
        arguments = [_literals(part, place) for part in node.args]
        context = None if context_at is None else arguments[context_at][0]
        for texts in product(*(arguments[at] for at in positions)):
            yield Found(place, texts, context)


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _literals(part: ast.expr, place: str) -> list[str]:
    """The text itself, or those of `one if it is so else another`; none where it is a variable."""
    if isinstance(part, ast.Constant):
        return [part.value] if isinstance(part.value, str) else []
    if isinstance(part, ast.IfExp):
        return _literals(part.body, place) + _literals(part.orelse, place)
    if isinstance(part, ast.JoinedStr | ast.BinOp) and _has_text(part):
        raise CannotBeTranslatedError(f"{place}:{part.lineno}: write it as one text with %(gaps)s.")
    return []


def _has_text(part: ast.expr) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(part))
