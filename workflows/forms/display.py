"""Answers as people read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from workflows.engine.errors import FieldError
from workflows.engine.field_types import Field, FieldType
from workflows.engine.json_schema import is_web_address
from workflows.engine.process import Json, JsonObject
from workflows.engine.validation import validator_for
from workflows.forms.shown_number import shown_number

_T = FieldType


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer. `kind` says how: text, long, list, link, email, phone, file or table.

    `text` is the plain form of all but tables; `upload` is the key of a file.
    """

    label: str
    kind: str = "text"
    text: str = ""
    items: list[str] = field(default_factory=list)
    upload: str = ""
    headers: list[str] = field(default_factory=list)
    rows: list[list[Shown]] = field(default_factory=list)


def show_answers(specs: object, data: Mapping[str, Json] | None) -> list[Shown]:
    """The answers that were given, in the order of their questions.

    Whatever the data holds is shown: values without a field come last under their own name,
    and a value that does not fit its field is shown as it is. Never raises.
    """
    data = data or {}
    try:
        fields = validator_for(specs).all_fields
    except FieldError:
        fields = ()
    known = {each.name for each in fields}
    shown = [_show(each, data[each.name]) for each in fields if data.get(each.name) is not None]
    return shown + [
        Shown(label=name.replace("_", " ").capitalize(), text=_plain(value))
        for name, value in data.items()
        if name not in known and value is not None
    ]


def answer_text(spec: Field, value: Json) -> str:
    """One answer as plain text; empty for a table."""
    return _show(spec, value).text


def value_text(value: Json) -> str:
    """A value that belongs to no question, as plain text."""
    return _plain(value)


def _show(spec: Field, value: Json) -> Shown:
    if spec.type is _T.RECORDS and isinstance(value, list):
        records = [each for each in value if isinstance(each, dict)]
        return Shown(
            label=spec.label,
            kind="table",
            headers=[each.label for each in spec.fields],
            rows=[[_cell(each, record) for each in spec.fields] for record in records],
        )
    if spec.type is _T.CHOICES and isinstance(value, list):
        items = [_choice(spec, each) for each in value]
        return Shown(label=spec.label, kind="list", items=items, text=", ".join(items))
    if spec.type is _T.FILE and isinstance(value, dict):
        name, upload = str(value.get("filename") or ""), str(value.get("upload") or "")
        return Shown(label=spec.label, kind="file", text=name or _("File"), upload=upload)
    if spec.type is _T.URL and isinstance(value, str) and is_web_address(value):
        return Shown(label=spec.label, kind="link", text=value)
    kind = _KINDS.get(spec.type, "text") if isinstance(value, str) else "text"
    write = _TEXTS.get(spec.type)
    text = write(spec, value) if write else _plain(value)
    return Shown(label=spec.label, kind=kind, text=text)


def _cell(spec: Field, record: JsonObject) -> Shown:
    value = record.get(spec.name)
    return Shown(label=spec.label) if value is None else _show(spec, value)


def _plain(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int | float):
        return shown_number(value)
    return json.dumps(value, ensure_ascii=False)


def _choice(spec: Field, value: Json) -> str:
    return dict(spec.choices).get(str(value), _plain(value))


def _number(_spec: Field, value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _plain(value)
    return shown_number(value, grouped=True)


def _day(_spec: Field, value: Json) -> str:
    try:
        return date_format(date.fromisoformat(str(value)), "DATE_FORMAT")
    except ValueError:
        return _plain(value)


def _time(_spec: Field, value: Json) -> str:
    try:
        moment = time.fromisoformat(str(value))
    except ValueError:
        return _plain(value)
    return time_format(moment, "H:i:s" if moment.second else "H:i")


def _moment(_spec: Field, value: Json) -> str:
    try:
        local = timezone.localtime(datetime.fromisoformat(str(value).upper()))
    except (ValueError, OverflowError):
        return _plain(value)
    return date_format(local, "DATETIME_FORMAT")


_KINDS: Final[Mapping[FieldType, str]] = {
    _T.LONG_TEXT: "long",
    _T.EMAIL: "email",
    _T.PHONE: "phone",
}
_TEXTS: Final[Mapping[FieldType, Callable[[Field, Json], str]]] = {
    _T.CHOICE: _choice,
    _T.INTEGER: _number,
    _T.NUMBER: _number,
    _T.DATE: _day,
    _T.TIME: _time,
    _T.DATETIME: _moment,
}
