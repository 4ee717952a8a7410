from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django import forms

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field
from workflows.fields.on_screen.inputs import AskedField
from workflows.fields.on_screen.screen import FormContext
from workflows.fields.records.rules import MAX_RECORDS

type MakeInput = Callable[[Field, str, Json], AskedField]

# Where scripts are off nobody can add a row, so that some empty ones are there.
SPARE_ROWS = 3


class RecordForm(forms.Form):
    """One record of a list."""

    use_required_attribute = False

    def __init__(
        self,
        specs: Sequence[Field],
        prefix: str,
        *,
        make_input: MakeInput,
        data: Mapping[str, object] | None = None,
        values: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(data, prefix=prefix)
        for spec in specs:
            first = (values or {}).get(spec.name)
            self.fields[spec.name] = make_input(spec, self.add_prefix(spec.name), first)

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in any of its inputs."""
        return all(self[name].data in ("", None, []) for name, _field in self._asked())

    def values(self) -> JsonObject:
        answers = {name: field.clean(self[name].data) for name, field in self._asked()}
        return {name: value for name, value in answers.items() if value is not None}

    def _asked(self) -> list[tuple[str, AskedField]]:
        """The inputs that somebody fills in."""
        asked = ((n, f) for n, f in self.fields.items() if isinstance(f, AskedField))
        return [(name, field) for name, field in asked if not field.is_calculated]


class RecordsInput(forms.Widget):
    """Rows of records; forms.js adds and removes them."""

    template_name = "records/records_input.html"

    def __init__(
        self, spec: Field, name: str, make_input: MakeInput, begun: Callable[[], JsonObject]
    ) -> None:
        """`begun` says what a new row begins with."""
        super().__init__()
        self._begun = begun
        self.spec = spec
        self.name = name
        self._make_input = make_input
        self.rows: list[RecordForm] = []

    @property
    def media(self) -> forms.Media:
        blank = RecordForm(self.spec.fields, f"{self.name}-__row__", make_input=self._make_input)
        return blank.media

    def value_from_datadict(self, data: Any, files: Any, name: str) -> None:
        """The rows have read their data themselves."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        specs = self.spec.fields
        defaults = self._begun()
        row = partial(RecordForm, specs, make_input=self._make_input)
        rows = list(self.rows)
        following = 1 + max([_number_of(each) for each in rows], default=-1)
        if not rows and self.spec.required:
            rows = [row(f"{self.name}-0", values=defaults)]
            following = 1
        spare = range(following, following + SPARE_ROWS)
        context |= {
            "rows": rows,
            "blank_row": row(f"{self.name}-__row__", values=defaults),
            "spare_rows": [row(f"{self.name}-{number}") for number in spare],
            "following": following,
            "most": self.spec.maximum if self.spec.maximum is not None else MAX_RECORDS,
        }
        return context


class RecordsAnswer(AskedField):
    """A list of records. A row in which nothing stands is no record."""

    is_group = True
    is_table = True
    widget: RecordsInput

    def __init__(self, spec: Field, name: str, first: Json, context: FormContext) -> None:
        self.spec = spec
        data, make_input = context.data, partial(context.make_compact, context)
        row = partial(RecordForm, spec.fields, make_input=make_input)
        widget = RecordsInput(spec, name, make_input, partial(context.begun, spec))
        super().__init__(required=False, label=spec.label, help_text=spec.help, widget=widget)
        records = enumerate(first if isinstance(first, list) else [])
        values = {number: each for number, each in records if isinstance(each, dict)}
        # Django copied the widget: the rows belong to the copy.
        if data is None:
            self.widget.rows = [
                row(f"{name}-{number}", values=each) for number, each in values.items()
            ]
        else:
            sent = [
                row(f"{name}-{number}", data=data, values=values.get(number))
                for number in _numbers(name, data)
            ]
            self.widget.rows = [each for each in sent if not each.is_blank]

    def clean(self, value: Any) -> Json:
        return [row.values() for row in self.widget.rows] or None

    def add_problem(self, inside: str, message: str) -> bool:
        """Put a problem such as `0.amount` beside its input; False where there is no such."""
        number, _dot, name = inside.partition(".")
        if not number.isdigit() or int(number) >= len(self.widget.rows):
            return False
        row = self.widget.rows[int(number)]
        name = name.partition(".")[0]
        row.add_error(name if name in row.fields else None, message)
        return True


def _numbers(name: str, data: Mapping[str, object]) -> list[int]:
    """The numbers of the rows that were sent, in order."""
    pattern = re.compile(rf"{re.escape(name)}-([0-9]{{1,6}})-")
    found = (pattern.match(key) for key in data)
    return sorted({int(match[1]) for match in found if match})


def _number_of(row: RecordForm) -> int:
    return int(str(row.prefix).rsplit("-", 1)[1])
