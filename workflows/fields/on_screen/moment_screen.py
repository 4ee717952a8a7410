"""What the screens of dates and times share."""

from __future__ import annotations

from datetime import date, time

from workflows.engine.process import Json
from workflows.fields.field import Field, gettext_noop
from workflows.fields.on_screen.editor_facts import EQUAL, GIVEN, WHEN
from workflows.fields.on_screen.screen import Screen, SheetCell, Shows


class MomentScreen(Screen):
    limits = (gettext_noop("Earliest"), gettext_noop("Latest"))
    limits_are_values = True
    operators = (*EQUAL, *WHEN, *GIVEN)
    literal = "dated"

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        """Browsers show nothing of what is no moment."""
        written = self.type.comparable
        if not isinstance(value, str) or written is None or not written.pattern.fullmatch(value):
            return False
        try:
            self.read(value.upper())
        except ValueError:
            return False
        return True

    def cell(self, value: Json) -> SheetCell:
        try:
            return self.read(value.upper()) if isinstance(value, str) else None
        except ValueError:
            return None

    def read(self, text: str) -> date | time:
        """What an answer says. Raises ValueError where it says none."""
        raise NotImplementedError
