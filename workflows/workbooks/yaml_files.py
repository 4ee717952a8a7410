"""Documents as YAML, of which only what JSON can say is read.

The reader follows events instead of making Python objects: no tags, no aliases (a few lines of
them can stand for terabytes), no recursion, no name twice. What is a number, true, false or
null is decided as in YAML's JSON schema: `yes` is a text, and so is a date. Where a number is
asked for, a text without quotation marks may be one as people write it: 1,5 or 1 000.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from django.utils.translation import gettext as _

from workflows.bundles.document.reading import MAX_BYTES, MAX_DIGITS, MAX_PARTS, too_many_parts
from workflows.bundles.document.typed_numbers import read_typed_numbers
from workflows.engine.problems import Path, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.number_text import possible_numbers
from workflows.engine.values.storable import MAX_DEPTH
from workflows.errors import UnreadableBundleError
from workflows.workbooks.reading import Place, Reading

_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_LITERALS: Final[dict[str, Json]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STRING_TAG: Final = "tag:yaml.org,2002:str"
_BLOCK_TEXT: Final = re.compile(r"[^\s][\n -~\u00a1-\u1fff\u2010-\u2027\u2030-\ud7ff]*[^\s]")
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(content: bytes) -> Reading:
    """The document in a YAML file, with the line of each of its parts.

    Raises:
        UnreadableBundleError: it is not YAML, or has what is not read; it says where.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableBundleError(
            _("The file is larger than %(limit)s MB, which is the most that is read.")
            % {"limit": MAX_BYTES // 1024 // 1024}
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableBundleError(
            _("The file is not text in UTF-8. Save it as YAML in UTF-8 and try again.")
        ) from error
    if not text.strip():
        raise UnreadableBundleError(_("The file is empty."))
    building = _Building()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            building.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableBundleError(
            _("This is not YAML: in line %(line)d, column %(column)d, %(reason)s.")
            % {
                "line": mark.line + 1 if mark else 1,
                "column": mark.column + 1 if mark else 1,
                "reason": short(error.problem or "", 200),
            }
        ) from error
    except yaml.YAMLError as error:
        raise UnreadableBundleError(
            _("This is not YAML: it has a character that is not allowed.")
        ) from error
    read_typed_numbers(building.document, building.plain_texts)
    return Reading(building.document, places=building.places)


def write_yaml(document: JsonObject) -> str:
    """A bundle as the text of a YAML file, long texts as blocks of lines."""
    text: str = yaml.dump(
        document,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=2**31 - 1,
    )
    return text


@dataclass(slots=True)
class _Open:
    """A list or an object that is not complete yet; `name` is the one whose value comes next."""

    value: list[Json] | JsonObject
    name: str | None = None


@dataclass(slots=True)
class _Building:
    document: Json = None
    places: dict[Path, Place] = field(default_factory=dict)
    # Where texts without quotation marks stand that may be numbers as people write them.
    plain_texts: list[Path] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    path: list[str | int] = field(default_factory=list)
    documents: int = 0
    events: int = 0

    def take(self, event: yaml.Event) -> None:
        self.events += 1
        if self.events > 2 * MAX_PARTS:  # a value in an object has its name before it
            raise UnreadableBundleError(too_many_parts())
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            message = _("Line %(line)d: aliases (*%(name)s) are not read. Write it out.")
            raise UnreadableBundleError(message % {"line": line, "name": short(event.anchor)})
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                message = _("Line %(line)d: a second document begins. Put it into another file.")
                raise UnreadableBundleError(message % {"line": line})
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.open.pop()
            self.path.pop()
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        _refuse_tag(event.tag, line)
        if len(self.open) >= MAX_DEPTH:
            message = _("Line %(line)d: the document is nested too deeply. Use fewer levels.")
            raise UnreadableBundleError(message % {"line": line})
        value: list[Json] | JsonObject = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._put(value, line)
        self.open.append(_Open(value))
        self.path.append("")

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        plain = event.implicit[0] and not event.style
        if event.tag != _STRING_TAG:
            _refuse_tag(event.tag, line)
        around = self.open[-1] if self.open else None
        if around is not None and isinstance(around.value, dict) and around.name is None:
            if event.value in around.value:
                message = _("Line %(line)d: the name “%(name)s” stands twice. Remove one of them.")
                raise UnreadableBundleError(message % {"line": line, "name": short(event.value)})
            around.name = event.value
            return
        value = _plain_value(event.value, line) if plain else event.value
        self._put(value, line)
        if plain and isinstance(value, str) and possible_numbers(value):
            self.plain_texts.append(tuple(self.path))

    def _put(self, value: Json, line: int) -> None:
        if not self.open:
            self.document = value
            return
        around = self.open[-1]
        if isinstance(around.value, list):
            self.path[-1] = len(around.value)
            around.value.append(value)
        elif around.name is None:
            message = _("Line %(line)d: a name must be text.")
            raise UnreadableBundleError(message % {"line": line})
        else:
            self.path[-1] = around.name
            around.value[around.name] = value
            around.name = None
        self.places[tuple(self.path)] = Place(row=line)


def _refuse_tag(tag: str | None, line: int) -> None:
    if tag is not None:
        message = _("Line %(line)d: tags (%(tag)s) are not read. Remove it.")
        raise UnreadableBundleError(message % {"line": line, "tag": short(tag)})


def _plain_value(text: str, line: int) -> Json:
    if text in _LITERALS:
        return _LITERALS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > MAX_DIGITS:
            message = _("Line %(line)d: the number %(number)s is too large.")
            raise UnreadableBundleError(message % {"line": line, "number": short(text, 20)})
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader, or a YAML 1.1 reader, would take for something else than text."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    block = "\n" in text and _BLOCK_TEXT.fullmatch(text) and " \n" not in text
    style = "|" if block else '"' if _is_special(text) else None
    return dumper.represent_scalar(_STRING_TAG, text, style=style)


def _is_special(text: str) -> bool:
    return (
        text in _LITERALS
        or "\n" in text
        or not text.isprintable()
        or bool(_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text) or possible_numbers(text))
    )


_Dumper.add_representer(str, _represent_text)
