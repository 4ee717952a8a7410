"""What people see of a whole number."""

from __future__ import annotations

from workflows.fields.integer.rules import TYPE
from workflows.fields.on_screen.numeric_screen import NumericScreen


class IntegerScreen(NumericScreen):
    type = TYPE
    json_type = "integer"
    keyboard = "numeric"


SCREEN = IntegerScreen()
