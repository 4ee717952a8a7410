"""A day: 2026-03-31."""

from __future__ import annotations

import re

from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import FORMAT_SENTENCES
from workflows.fields.field import CellForm, Comparable, Field, TitleUse, gettext_noop
from workflows.fields.shared.moments import Moment


class Date(Moment):
    key = "date"
    order = 80
    name = gettext_noop("Date")
    hint = FORMAT_SENTENCES["date"]
    comparable = Comparable(re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "2026-12-31")
    cell = CellForm.DATE
    title_use = TitleUse.PART

    def schema(self, question: Field) -> JsonObject:
        return {"type": "string", "format": "date"}

    def sample(self, question: Field) -> Json:
        return "2026-03-31"


TYPE = Date()
