"""What people see of a list of records: rows to fill in, and a table."""

from __future__ import annotations

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field, gettext_noop
from workflows.fields.on_screen.editor_facts import GIVEN
from workflows.fields.on_screen.inputs import AskedField
from workflows.fields.on_screen.screen import ForLayout, FormContext, Screen, SheetCell, Show, Shows
from workflows.fields.on_screen.shown import Shown
from workflows.fields.records.records_input import RecordsAnswer
from workflows.fields.records.rules import MAX_RECORDS, TYPE


class RecordsScreen(Screen):
    type = TYPE
    control = "records"
    limits = (gettext_noop("Fewest records"), gettext_noop("Most records"))
    compared = "records"
    operators = GIVEN
    is_wide = True

    def make_input(
        self, question: Field, name: str, first: Json, context: FormContext, *, compact: bool
    ) -> AskedField:
        return RecordsAnswer(question, name, first, context)

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        """A row in which nothing stands would be no record."""
        if not isinstance(value, list) or len(value) > MAX_RECORDS:
            return False
        columns = {each.name: each for each in question.fields}
        return all(
            isinstance(record, dict)
            and record
            and all(n in columns and shows(columns[n], cell) for n, cell in record.items())
            for record in value
        )

    def shown_with(self, question: Field, value: Json, show: Show) -> Shown:
        if not isinstance(value, list):
            return self.shown(question, value)
        records = [each for each in value if isinstance(each, dict)]
        return Shown(
            label=question.label,
            kind="table",
            headers=[each.label for each in question.fields],
            rows=[[_cell(each, record, show) for each in question.fields] for record in records],
        )

    def for_layout(self, question: Field, value: Json, inside: ForLayout) -> Json:
        columns = {each.name: each for each in question.fields}
        return [
            {
                name: inside(columns[name], cell) if name in columns else cell
                for name, cell in record.items()
            }
            for record in (value if isinstance(value, list) else [])
            if isinstance(record, dict)
        ]

    def cell(self, value: Json) -> SheetCell:
        """How many there are: they have a table of their own."""
        return len(value) if isinstance(value, list) else None


def _cell(column: Field, record: JsonObject, show: Show) -> Shown:
    value = record.get(column.name)
    return Shown(label=column.label) if value is None else show(column, value)


SCREEN = RecordsScreen()
