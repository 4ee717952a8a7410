"""JSON files into documents and back. Every mistake is one sentence for people."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.engine.problems import short
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.storable import has_more_parts
from workflows.errors import UnreadableBundleError

MAX_BYTES = 5 * 1024 * 1024
MAX_DIGITS = 30
MAX_PARTS = 200_000

_REASONS: Final[Mapping[str, object]] = {
    "Expecting value": gettext_lazy("a value is missing or is not written as JSON"),
    "Expecting property name enclosed in double quotes": gettext_lazy(
        "a name in double quotes is missing"
    ),
    "Expecting ':' delimiter": gettext_lazy("a colon is missing after a name"),
    "Expecting ',' delimiter": gettext_lazy("a comma or a closing bracket is missing"),
    "Illegal trailing comma before end of object": gettext_lazy(
        "there is a comma after the last entry"
    ),
    "Illegal trailing comma before end of array": gettext_lazy(
        "there is a comma after the last entry"
    ),
    "Extra data": gettext_lazy("something follows after the end of the document"),
    "Unterminated string starting at": gettext_lazy("a text has no closing quotation mark"),
    "Invalid control character at": gettext_lazy(
        "a text has a line break or a tab in it, which must be written as \\n or \\t"
    ),
    "Invalid \\escape": gettext_lazy("a backslash in a text must be written twice"),
    "Invalid \\uXXXX escape": gettext_lazy("an escaped character is not complete"),
}


def read_bundle(data: bytes) -> Json:
    """The document in a JSON file, not yet checked: `check_bundle` does that.

    UTF-8 is read with or without a byte order mark, and UTF-16 and UTF-32 with one.

    Raises:
        UnreadableBundleError: the file is too large or is not JSON; it says where.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableBundleError(
            _("The file is larger than %(limit)s MB, which is the most that is read.")
            % {"limit": MAX_BYTES // 1024 // 1024}
        )
    text = _decoded(data)
    if not text.strip():
        raise UnreadableBundleError(_("The file is empty."))
    try:
        document: Json = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise UnreadableBundleError(
            _("This is not JSON: in line %(line)d, column %(column)d, %(reason)s.")
            % {
                "line": error.lineno,
                "column": error.colno,
                "reason": _REASONS.get(error.msg, error.msg),
            }
        ) from error
    except RecursionError as error:
        raise UnreadableBundleError(
            _("The document is nested too deeply. Use fewer levels.")
        ) from error
    if has_more_parts(document, MAX_PARTS):
        raise UnreadableBundleError(too_many_parts())
    return document


def too_many_parts() -> str:
    message = _("The document has more than %(most)d values, which is the most that is read.")
    return message % {"most": MAX_PARTS}


def read_bundle_file(path: Path) -> Json:
    """The document in a JSON file on this machine.

    Raises:
        UnreadableBundleError: there is no such file, it cannot be read, or is not a bundle.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise UnreadableBundleError(_("There is no file %(path)s.") % {"path": path}) from error
    except (OSError, ValueError) as error:
        raise UnreadableBundleError(
            _("The file %(path)s cannot be read (%(reason)s).")
            % {"path": path, "reason": getattr(error, "strerror", None) or error}
        ) from error
    return read_bundle(data)


def write_bundle(document: JsonObject) -> str:
    """A bundle as the text of a JSON file, for people to read and to keep under version control."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _decoded(data: bytes) -> str:
    encoding = "utf-8-sig"
    # UTF-32's little-endian mark begins with UTF-16's: it is asked for first.
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        encoding = "utf-32"
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableBundleError(
            _("The file is not text in UTF-8. Save it as JSON in UTF-8 and try again.")
        ) from error


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    found: JsonObject = {}
    for name, value in pairs:
        if name in found:
            raise UnreadableBundleError(
                _("The name “%(name)s” stands twice in the same object. Remove one of the two.")
                % {"name": short(name)}
            )
        found[name] = value
    return found


def _constant(name: str) -> NoReturn:
    raise UnreadableBundleError(
        _("“%(name)s” is not a JSON number. Write an ordinary number.") % {"name": name}
    )


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise UnreadableBundleError(
            _("The number %(number)s is too large.") % {"number": short(text, 20)}
        )
    return int(text)
