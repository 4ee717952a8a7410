"""The form of answers that a document holds: presets, and what test cases answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.reads import variables_read
from workflows.fields.answers.validation import validator_for
from workflows.fields.field import Field
from workflows.fields.on_screen.screens import shows
from workflows.forms.answers import PREFIX, AnswersForm

# Of all rows of records together, each choice of a list counted, too.
MOST_INPUTS_IN_ROWS: Final = 2_000


class DocumentForm(AnswersForm):
    """What stands in the document stands in the form, right or wrong, and nothing else does.

    So no default is filled in. Presets need not be complete: what is left empty is asked, and a
    question whose rule reads what is not preset may be preset itself. Files are given by their
    names alone: test cases name some, and hold none.
    `unfit` names the given answers that their inputs cannot show: they are left out.

    Raises:
        FieldError: the specs themselves are wrong.
    """

    def __init__(
        self,
        specs: list[Json],
        *,
        given: Mapping[str, Json],
        presets: Mapping[str, Json] | None = None,
        data: Mapping[str, object] | None = None,
        prefix: str = PREFIX,
        are_presets: bool = False,
    ) -> None:
        self._are_presets = are_presets
        plain = [_plain(each, are_presets=are_presets) for each in specs]
        asked = validator_for(plain, presets=presets).fields
        shown = _shown(asked, given)
        self.unfit = [each for each in given if each in asked and each not in shown]
        super().__init__(
            plain,
            presets=presets,
            data=data,
            initial_answers=shown,
            prefix=prefix,
            names_files=True,
        )
        if are_presets:
            for name, field in asked.items():
                if "default" not in field.type.keys or field.is_computed:
                    del self.fields[name]

    def document_answers(self) -> JsonObject:
        """The answers as the document writes them; what cannot be read stays as it was typed."""
        return self.validator.given_out(self.validator.typed(self.answers()))

    def visible(self) -> frozenset[str]:
        names = super().visible()
        if not self._are_presets:
            return names
        preset = set(self.answers() if self.is_bound else self._starting_answers())
        return names | {
            name
            for name, field in self.validator.fields.items()
            if not is_empty(field.visible_when) and not _read_by(field) <= preset
        }


def rows_are_too_many(
    specs: list[Json], *, data: Mapping[str, object], prefix: str = PREFIX
) -> bool:
    """Whether what was sent has more rows of records than are read here.

    Raises:
        FieldError: the specs themselves are wrong.
    """
    tables = {each.name: each for each in validator_for(specs).all_fields if each.fields}
    parts = (key.removeprefix(f"{prefix}-").split("-") for key in data)
    rows = {(each[0], each[1]) for each in parts if len(each) > 1 and each[0] in tables}
    return sum(_inputs_in_row(tables[name]) for name, _row in rows) > MOST_INPUTS_IN_ROWS


def _plain(spec: Json, *, are_presets: bool) -> Json:
    """A spec without what a document does not hold."""
    left_out = {"default", "required", "checks"} if are_presets else {"default"}
    if not isinstance(spec, dict):
        return spec
    plain = {name: value for name, value in spec.items() if name not in left_out}
    columns = spec.get("fields")
    if isinstance(columns, list):
        plain["fields"] = [_plain(each, are_presets=False) for each in columns]
    return plain


def _shown(asked: Mapping[str, Field], given: Mapping[str, Json]) -> JsonObject:
    """The answers that their inputs can show."""
    shown, left = dict[str, Json](), MOST_INPUTS_IN_ROWS
    for name, field in asked.items():
        if name not in given or not shows(field, given[name]):
            continue
        value = given[name]
        inputs = len(value) * _inputs_in_row(field) if isinstance(value, list) else 0
        if not field.fields or inputs <= left:
            left -= inputs if field.fields else 0
            shown[name] = value
    return shown


def _inputs_in_row(table: Field) -> int:
    return sum(1 + len(each.choices) for each in table.fields)


def _read_by(field: Field) -> set[str]:
    """The names of the questions that a rule reads."""
    return {each.split(".", 1)[0] for each in variables_read(field.visible_when)}
