"""A list of records: objects with fields of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from workflows.engine.problems import Path, Problem
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext
from workflows.fields.facts import NO_FACTS, Facts, Reference
from workflows.fields.field import CellForm, CheckList, Field, gettext_noop
from workflows.fields.shared.listed import Listed
from workflows.fields.shared.samples import sample_answer
from workflows.fields.shared.spec_values import is_absent
from workflows.fields.specs.schema import fields_schema

MAX_RECORDS: Final = 500


class Records(Listed):
    key = "records"
    order = 150
    name = gettext_noop("Table of records")
    aliases = ("list", "table", "array")
    hint = gettext_noop("Give a list of records.")
    keys = frozenset({"default", "min", "max", "fields"})
    at_least = gettext_noop("At least %(limit)s records")
    at_most = gettext_noop("At most %(limit)s records")
    cell = CellForm.JSON
    in_records = False
    most = MAX_RECORDS

    def spec_problems(
        self, spec: JsonObject, path: Path, check_list: CheckList
    ) -> Iterator[Problem]:
        if is_absent(spec.get("fields")):
            yield Problem(
                (*path, "fields"), gettext("Give the fields of a record, as a list."), None
            )
            return
        yield from check_list(spec["fields"], (*path, "fields"))

    def schema(self, question: Field) -> JsonObject:
        return self.list_schema(question, fields_schema(question.fields))

    def document_schema(self, question: Field) -> JsonObject:
        return self.list_schema(question, fields_schema(question.fields, in_documents=True))

    def sample(self, question: Field) -> Json:
        return [{each.name: sample_answer(each) for each in question.fields}]

    def still_fits(self, question: Field, value: Json) -> Json:
        return value if isinstance(value, list) else None

    # What its columns look up

    def references(self, question: Field, value: Json) -> Iterator[Reference]:
        for record in value if isinstance(value, list) else []:
            for each in question.fields:
                if isinstance(record, dict) and each.name in record:
                    yield from each.type.references(each, record[each.name])

    def taken_in(self, question: Field, value: Json, facts: Facts = NO_FACTS) -> Json:
        return _each_cell(
            question, value, lambda column, cell: column.type.taken_in(column, cell, facts)
        )

    def given_out(self, question: Field, value: Json) -> Json:
        return _each_cell(question, value, lambda column, cell: column.type.given_out(column, cell))


def _each_cell(question: Field, value: Json, change: Callable[[Field, Json], Json]) -> Json:
    """The records with every value of a column changed; what is no record stays."""
    if not isinstance(value, list):
        return value
    columns = {each.name: each for each in question.fields}
    made: list[Json] = []
    for record in value:
        if isinstance(record, dict):
            record = {
                name: change(columns[name], cell) if name in columns else cell
                for name, cell in record.items()
            }
        made.append(record)
    return made


TYPE = Records()
