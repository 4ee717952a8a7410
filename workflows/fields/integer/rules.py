"""A whole number."""

from __future__ import annotations

from workflows.engine.process import Json
from workflows.engine.texts import gettext
from workflows.fields.field import CellForm, gettext_noop
from workflows.fields.shared.limits import no_limit
from workflows.fields.shared.numeric import Numeric
from workflows.fields.shared.spec_values import MAX_INTEGER, is_whole, number


class Integer(Numeric):
    key = "integer"
    order = 30
    name = gettext_noop("Whole number")
    aliases = ("whole_number", "int", "bigint")
    hint = gettext_noop("Enter a whole number.")
    json_type = "integer"
    is_whole = True
    cell = CellForm.WHOLE_NUMBER
    bound = MAX_INTEGER

    def limit_problem(self, value: Json) -> str:
        fits = is_whole(value) and abs(number(value)) <= MAX_INTEGER
        message = gettext("Give the limit as a whole number of at most 16 digits.")
        return "" if fits else no_limit(value, message)


TYPE = Integer()
