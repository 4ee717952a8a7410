"""The answers in a mail, as people read them in the active language and zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.utils.formats import date_format
from django.utils.timezone import localtime

from workflows.bundles.outline.blocks import items_read
from workflows.bundles.outline.failure_fields import failure_fields
from workflows.bundles.outline.kinds import Fields, fields_by_name
from workflows.bundles.outline.outline import Outline
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.uploads import uploads_in
from workflows.fields.field import Field
from workflows.fields.on_screen.screens import show_answer
from workflows.fields.on_screen.shown import Shown, plain


class MessageAnswers:
    """What stands in the place of the names in a mail.

    `outline` has the definition's questions, `key` is that of the step, or of the task that the
    way leaves, and `context` what conditions read there. `number` is what people call the ticket.
    Nothing here raises.
    """

    def __init__(self, outline: Outline, key: str, context: JsonObject, *, number: str) -> None:
        self._context = context
        self._number = number
        self._fields: Fields = {
            **fields_by_name(outline),
            **items_read(outline, key),
            **failure_fields(),
        }

    def may_go(self, name: str, field: Field | None) -> bool:
        """Whether this answer is for whoever gets the mail; `field` is its question, if it has."""
        return True

    def text(self, name: str) -> str:
        """One answer; empty where there is none, or it is not for the recipient."""
        field = self._field_of(name)
        if not self.may_go(name, field):
            return ""
        if name == "number":
            return self._number
        value = self._value(name)
        if value is None:
            return ""
        if field is not None and name in self._fields:
            return in_plain_text(show_answer(field, value))
        return _moment(value) if _is_moment(name) else _plain(value)

    def uploads(self, names: Iterable[str]) -> list[UUID]:
        """The keys of the files in these answers, in their order, each once."""
        found: list[UUID] = []
        for name in names:
            field, value = self._field_of(name), self._value(name)
            if field is None or value is None or not self.may_go(name, field):
                continue
            for keys in uploads_in([_spec_of(field)], {field.name: value}).values():
                found += sorted(keys, key=str)
        return list(dict.fromkeys(found))

    def _field_of(self, name: str) -> Field | None:
        """The question that the name belongs to, also of a part of its answer."""
        steps = name.split(".")
        for end in range(len(steps), 0, -1):
            if (found := self._fields.get(".".join(steps[:end]))) is not None:
                return found
        return None

    def _value(self, name: str) -> Json:
        value: Json = self._context
        for step in name.split("."):
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value


def in_plain_text(shown: Shown) -> str:
    """An answer in a text without any form: a table as a line for each row."""
    if shown.kind == "table":
        return "\n".join(f"- {_row(row)}" for row in shown.rows)
    return ", ".join(shown.items) if shown.items else shown.text


def _row(cells: Iterable[Shown]) -> str:
    said = ((each.label, in_plain_text(each).replace("\n", " ")) for each in cells)
    return ", ".join(f"{label}: {text}" for label, text in said if text)


def _spec_of(field: Field) -> JsonObject:
    columns: list[Json] = [_spec_of(each) for each in field.fields]
    return {"name": field.name, "type": field.type.key, "fields": columns}


def _is_moment(name: str) -> bool:
    return name in ("today", "now") or (name.startswith("done.") and name.endswith(".at"))


def _moment(value: Json) -> str:
    """A date or a moment in the reader's zone; as it stands where it is none."""
    try:
        if not isinstance(value, str):
            return _plain(value)
        if len(value) == len("2026-01-31"):
            return date_format(date.fromisoformat(value), "DATE_FORMAT")
        return date_format(localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")
    except ValueError:
        return str(value)


def _plain(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value)
    if isinstance(value, dict):
        return str(value["name"]) if "name" in value else ", ".join(map(_plain, value.values()))
    return "" if value is None else plain(value)
