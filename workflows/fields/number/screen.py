"""What people see of a number."""

from __future__ import annotations

from workflows.fields.number.rules import TYPE
from workflows.fields.on_screen.numeric_screen import NumericScreen


class NumberScreen(NumericScreen):
    type = TYPE
    json_type = "number"
    keyboard = "decimal"


SCREEN = NumberScreen()
