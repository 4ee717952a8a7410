"""A moment: 2026-03-31T14:30:00Z, always with a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from workflows.engine.json_schema import FORMAT_SENTENCES
from workflows.engine.process import Json, JsonObject
from workflows.fields.field import CellForm, Comparable, Field, TitleUse, gettext_noop
from workflows.fields.moments import Moment


class DateTime(Moment):
    key = "datetime"
    order = 100
    name = gettext_noop("Date and time")
    aliases = ("date_and_time", "timestamp")
    hint = FORMAT_SENTENCES["date-time"]
    comparable = Comparable(
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?"),
        "2026-12-31T14:30:00Z",
    )
    cell = CellForm.MOMENT
    title_use = TitleUse.PART

    def schema(self, question: Field) -> JsonObject:
        return {"type": "string", "format": "date-time"}

    def is_earlier(self, text: str, other: str) -> bool:
        return datetime.fromisoformat(text.upper()) < datetime.fromisoformat(other.upper())

    def read(self, question: Field, text: str, *, zone: tzinfo) -> Json:
        """A date and time without a zone is meant in the zone that the page shows."""
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return text
            moment = moment.replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return text
        return moment.isoformat().replace("+00:00", "Z")

    def sample(self, question: Field) -> Json:
        return "2026-03-31T14:30:00Z"


TYPE = DateTime()
