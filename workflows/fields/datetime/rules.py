"""A moment: 2026-03-31T14:30:00Z, always with a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import FORMAT_SENTENCES
from workflows.engine.texts import gettext
from workflows.engine.times.clock_changes import readings_of
from workflows.fields.field import CellForm, Comparable, Field, TitleUse, gettext_noop
from workflows.fields.shared.moments import Moment

_WITHOUT_ZONE: Final = gettext_noop(
    "Say which moment is meant: where the clocks change at this hour, choose one of the two; in a "
    "file, write the time with its zone, such as 2026-03-31T14:30:00Z."
)


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
        """A date and time without a zone is meant in the zone that the page shows.

        Where its clocks change at that hour, it may mean two moments: then it stays as it is, and
        is refused.
        """
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None or readings_of(moment, zone) is not None:
                return text
            moment = moment.replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return text
        return moment.isoformat().replace("+00:00", "Z")

    def wrong_form(self, value: object) -> str:
        try:
            has_no_zone = datetime.fromisoformat(str(value)).tzinfo is None
        except ValueError:
            has_no_zone = False
        return gettext(_WITHOUT_ZONE) if has_no_zone else self.advice

    def sample(self, question: Field) -> Json:
        return "2026-03-31T14:30:00Z"


TYPE = DateTime()
