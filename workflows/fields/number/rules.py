"""A number, with or without a fraction."""

from __future__ import annotations

from workflows.engine.process import Json
from workflows.engine.texts import gettext
from workflows.fields.field import CellForm, gettext_noop
from workflows.fields.shared.limits import no_limit
from workflows.fields.shared.numeric import Numeric
from workflows.fields.shared.spec_values import is_number, number

MAX_NUMBER = 1e300


class Number(Numeric):
    key = "number"
    order = 40
    name = gettext_noop("Number")
    aliases = ("decimal", "float", "double", "numeric")
    hint = gettext_noop("Enter a number.")
    json_type = "number"
    is_whole = False
    cell = CellForm.NUMBER
    bound = MAX_NUMBER

    def limit_problem(self, value: Json) -> str:
        fits = is_number(value) and abs(number(value)) <= MAX_NUMBER
        return "" if fits else no_limit(value, gettext("Give the limit as a number."))


TYPE = Number()
