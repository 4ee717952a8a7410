"""Lists in a cell: a line each, or separated by commas or semicolons.

Whatever would be misread is put in double quotes, as JSON writes texts. Each `write_` here
gives text that the `read_` beside it reads as the same value; the callers make sure of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.engine.conditions.text import (
    ConditionTextError,
    Names,
    parse_expression,
    write_expression,
)
from workflows.engine.problems import short
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.data import compact
from workflows.errors import WorkflowsError
from workflows.workbooks.formats.grid import cleaned

_QUOTES: Final = {'"': '"', "“": "”", "„": "“"}
_LABELLED: Final = re.compile(r"(.+?):\s+(.+)", re.DOTALL)
_DECODER: Final = json.JSONDecoder()


class UnreadableCellError(WorkflowsError):
    """Whoever raises it says why; `found`, `expected` and `nearest` are as those of a Problem."""

    message = gettext_lazy("This cell cannot be read.")
    status = HTTPStatus.BAD_REQUEST

    def __init__(
        self, said: str, *, found: object = None, expected: str = "", nearest: str = ""
    ) -> None:
        super().__init__(said)
        self.found = found
        self.expected = expected
        self.nearest = nearest


def read_names(text: str) -> list[Json]:
    """`a, b; c` or a line each, as texts."""
    return [unquoted(each) for each in items(text)]


def write_names(names: list[Json]) -> str | None:
    texts = [each for each in names if isinstance(each, str)]
    if len(texts) != len(names):
        return None
    return _joined(texts, lambda each: each, read_names)


def read_choices(text: str) -> list[Json]:
    """Choices, each `value` or `value: label`."""
    return [_choice(each) for each in items(text)]


def write_choices(choices: list[Json]) -> str | None:
    pairs: list[tuple[str, str]] = []
    for each in choices:
        value = each.get("value") if isinstance(each, dict) else each
        label = each.get("label", value) if isinstance(each, dict) else each
        if not isinstance(value, str) or not isinstance(label, str):
            return None
        pairs.append((value, label))
    plain = [value if value == label else f"{value}: {label}" for value, label in pairs]
    sure = [
        quoted(value) if value == label else f"{quoted(value)}: {quoted(label)}"
        for value, label in pairs
    ]
    return _chosen(choices, plain, sure, read_choices)


def _choice(item: str) -> Json:
    value, rest = _leading_text(item)
    if value is not None and not rest:
        return value
    if value is not None and rest.startswith(":"):
        return _labelled(value, unquoted(rest[1:].strip()))
    match = _LABELLED.fullmatch(item)
    if match is None:
        return item
    return _labelled(unquoted(match.group(1).strip()), unquoted(match.group(2).strip()))


def _labelled(value: str, label: str) -> Json:
    if label == value:
        return value
    return {"value": value, "label": label}


def read_links(text: str) -> list[Json]:
    """Links, a line each: `label | address | description`."""
    found: list[Json] = []
    for line in _lines(text):
        parts = [unquoted(each) for each in _split(line, "|")]
        if len(parts) == 1 and parts[0].startswith(("http://", "https://")):
            parts = [parts[0], parts[0]]
        if len(parts) not in {2, 3}:
            raise UnreadableCellError(
                _("Write a link as “label | address | description”, each on its own line."),
                found=short(line),
                expected=_("label | address | description"),
            )
        label, uri, description = (*parts, "")[:3]
        link: JsonObject = {"label": label, "description": description, "uri": uri}
        found.append({name: part for name, part in link.items() if part})
    return found


def write_links(links: list[Json]) -> str | None:
    lines = []
    for each in links:
        if not isinstance(each, dict):
            return None
        parts = [each.get("label", ""), each.get("uri", ""), each.get("description", "")]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) != len(parts):
            return None
        kept = texts if texts[2] else texts[:2]
        lines.append(" | ".join(part if _is_plain_part(part) else quoted(part) for part in kept))
    return "\n".join(lines)


def _is_plain_part(text: str) -> bool:
    return text == cleaned(text) and not set(text) & set('|"“”„\n')


def read_assignments(text: str, read: Callable[[str, str], Json]) -> JsonObject:
    """`name = value`, a line each; `read` makes a value of a name and a text."""
    found: JsonObject = {}
    for line in _lines(text):
        name, rest = _assigned(line)
        if name in found:
            raise UnreadableCellError(
                _("“%(name)s” is given twice. Remove one of the lines.") % {"name": short(name)},
                found=short(line),
            )
        found[name] = read(name, rest)
    return found


def write_assignments(values: JsonObject, write: Callable[[str, Json], str | None]) -> str | None:
    lines = []
    for name, value in values.items():
        written = write(name, value)
        if written is None or "\n" in written:
            return None
        plain = re.fullmatch(r"[^\W\d][\w.-]*", name)
        lines.append(f"{name if plain else quoted(name)} = {written}")
    return "\n".join(lines)


def read_transform(text: str, names: Names) -> Json:
    """A transform: `name = expression`, a line each."""

    def read(name: str, written: str) -> Json:
        try:
            return parse_expression(written, names=names)
        except ConditionTextError as error:
            message = _("In the line of “%(name)s”: %(message)s")
            raise UnreadableCellError(
                message % {"name": short(name), "message": error},
                found=short(written),
                expected=error.expected,
                nearest=error.nearest,
            ) from error

    return read_assignments(text, read)


def write_transform(template: JsonObject, names: Names) -> str | None:
    def write(_name: str, value: Json) -> str | None:
        written = write_expression(value, names=names)
        if written is None and isinstance(value, dict | list):
            return safe_json(value)
        return written

    return write_assignments(template, write)


def _assigned(line: str) -> tuple[str, str]:
    name, rest = _leading_text(line)
    if name is None:
        name, sign, rest = line.partition("=")
        rest = sign + rest
    if not rest.startswith("=") or not name.strip() or not rest[1:].strip():
        raise UnreadableCellError(
            _("Write each line as “name = value”."), found=short(line), expected=_("name = value")
        )
    return cleaned(name) if name != name.strip() and line[:1] not in _QUOTES else name, cleaned(
        rest[1:]
    )


def items(text: str) -> list[str]:
    """The parts of a list: its lines, or else what semicolons or else commas separate."""
    lines = list(_lines(text))
    if len(lines) != 1:
        return lines
    parts = list(_split(lines[0], ";"))
    if len(parts) == 1:
        parts = list(_split(lines[0], ","))
    return [each for each in parts if each]


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if found := cleaned(line):
            yield found


def _split(line: str, sign: str) -> Iterator[str]:
    """The parts between signs. Quotes count where a part begins, or what follows its colon."""
    start = position = 0
    may_be_quoted = True
    while position < len(line):
        if may_be_quoted and line[position] in _QUOTES:
            value, rest = _leading_text(line[position:])
            if value is not None:
                position = len(line) - len(rest)
                may_be_quoted = False
                continue
        if line[position] == sign:
            yield cleaned(line[start:position])
            start = position + 1
        if not line[position].isspace():
            may_be_quoted = line[position] == sign
        elif line[position - 1] == ":":
            may_be_quoted = True
        position += 1
    yield cleaned(line[start:])


def unquoted(text: str) -> str:
    """The text that stands in quotes, where all of it does."""
    value, rest = _leading_text(text)
    return text if value is None or rest else value


def _leading_text(text: str) -> tuple[str | None, str]:
    """The text in quotes that something begins with, and what follows; None where there is none."""
    if text.startswith('"'):
        try:
            value, end = _DECODER.raw_decode(text)
        except (json.JSONDecodeError, RecursionError):
            return None, text
        return (value if isinstance(value, str) else None), cleaned(text[end:])
    closing = _QUOTES.get(text[:1])
    end = text.find(closing, 1) if closing else -1
    if end < 0:
        return None, text
    return text[1:end], cleaned(text[end + 1 :])


def quoted(text: str) -> str:
    return safe_json(text)


_UNSAFE: Final = re.compile(
    r"[^ -~\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e"
    r"\u2061-\u2fff\u3001-\ud7ff\ue000-\ufefe\uff00-\uffef"
    r"\U00010000-\U0010ffff]"
)


def safe_json(value: Json) -> str:
    """JSON on one line that every spreadsheet keeps as it is."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    escaped = _UNSAFE.sub(lambda match: json.dumps(match.group())[1:-1], text)
    # Excel takes _x0041_ for a character; underscores stand only inside the texts of JSON.
    return re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", r"\\u005f", escaped)


def _joined(
    texts: list[str], plain: Callable[[str], str], read: Callable[[str], list[Json]]
) -> str:
    return _chosen(list(texts), [plain(each) for each in texts], [quoted(e) for e in texts], read)


def _chosen(
    wanted: list[Json], plain: list[str], sure: list[str], read: Callable[[str], list[Json]]
) -> str:
    """The lines, each plain where that is read as what is wanted, and else the sure way."""
    lines = []
    for value, simple, safe in zip(wanted, plain, sure, strict=True):
        alone = read(f"{simple}\n-") if "\n" not in simple else []
        lines.append(simple if compact(alone[:1]) == compact([value]) and simple else safe)
    text = "\n".join(lines)
    return text if compact(read(text)) == compact(wanted) else "\n".join(sure)
