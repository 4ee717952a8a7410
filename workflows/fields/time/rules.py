"""A time of a day: 14:30 or 14:30:00, without a time zone."""

from __future__ import annotations

import re
from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import CellForm, Comparable, Field, gettext_noop
from workflows.fields.shared.moments import Moment

TIME_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


class Time(Moment):
    key = "time"
    order = 90
    name = gettext_noop("Time")
    hint = gettext_noop("Enter a time, such as 14:30.")
    says_its_form = True
    comparable = Comparable(re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"), "14:30")
    cell = CellForm.TIME

    def schema(self, question: Field) -> JsonObject:
        return {"type": "string", "pattern": TIME_PATTERN}

    def is_earlier(self, text: str, other: str) -> bool:
        return _with_seconds(text) < _with_seconds(other)

    def sample(self, question: Field) -> Json:
        return "14:30"


def _with_seconds(text: str) -> str:
    return f"{text}:00" if len(text) == len("14:30") else text


TYPE = Time()
