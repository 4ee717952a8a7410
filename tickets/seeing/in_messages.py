"""Which answers may stand in a mail that a step of the process sends, and as what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from django.utils.formats import date_format
from django.utils.timezone import localtime

from tickets.models import Ticket
from tickets.models.ticket import ticket_number
from tickets.seeing.viewer import Viewer
from workflows.bundles.blocks import items_read
from workflows.bundles.comparisons import fields_by_name
from workflows.bundles.outline import Outline
from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field, SeenBy
from workflows.fields.screens import show_answer
from workflows.fields.shown import Shown, plain
from workflows.fields.uploads import uploads_in
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of

_READ = ("key", "title", "task_type", "fields", "values", "table", "branch", "branches", "for_each")


class MessageAnswers:
    """The answers in a mail about a ticket, as people read them in the active language and zone.

    `context` is what conditions read at the step. To the requester only those go that they see of
    the ticket, too: what the team alone sees counts as no answer. To whom else a mail goes is said
    by whoever has published the workflow, and so is what stands in it.
    """

    def __init__(
        self, ticket: Ticket, task: TaskInstance, context: JsonObject, *, viewer: Viewer
    ) -> None:
        self._ticket = ticket
        self._context = context
        self._is_limited = viewer is Viewer.REQUESTER
        known = definition_of(task.workflow_instance.workflow_id)
        rows: list[Json] = [
            {name: getattr(each, name) for name in _READ} for each in known.tasks.values()
        ]
        outline = Outline({"workflow": {"fields": known.workflow.fields}, "tasks": rows})
        self._fields: Mapping[str, Field] = {
            **fields_by_name(outline),
            **items_read(outline, task.definition.key),
        }
        self._forms = {key for key, each in known.tasks.items() if each.is_form}

    def text(self, name: str) -> str:
        """One answer; empty where there is none, or it is not for the recipient. Never raises."""
        field = self._field_of(name)
        if not self._may_go(name, field):
            return ""
        if name == "number":
            return ticket_number(self._ticket.pk)
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
            if field is None or value is None or not self._may_go(name, field):
                continue
            specs = [_spec_of(field)]
            for keys in uploads_in(specs, {field.name: value}).values():
                found += sorted(keys, key=str)
        return list(dict.fromkeys(found))

    def _may_go(self, name: str, field: Field | None) -> bool:
        if not self._is_limited or not name.startswith("tasks."):
            return True
        key = name.split(".")[1]
        return key in self._forms and field is not None and field.seen_by is SeenBy.REQUESTER

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
    if shown.items:
        return ", ".join(shown.items)
    return shown.text


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
