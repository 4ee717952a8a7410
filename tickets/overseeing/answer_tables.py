"""The answers of tickets as tables: one for each ticket type, with a column for each question.

The columns are the questions of every version of the type, headed by their labels. Records have
a table of their own, a row each, beside which the ticket's number stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import F, Func, QuerySet, TextField
from django.utils.translation import gettext as _

from tenants.names import name_key, plain_name
from tenants.refusals import refusals
from tickets.models import Ticket
from workflows.engine.errors import FieldError
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import validator_for
from workflows.fields.field import Field
from workflows.flat.writing import ListFile, Value
from workflows.forms.cells import answer_cell
from workflows.models import TicketDefinition, WorkflowDefinition

type Questions = dict[str, Field]


@dataclass(frozen=True)
class TypeOfTickets:
    """A ticket type with the questions of all its versions, of the newest first."""

    title: str
    questions_of: dict[int, Questions] = field(default_factory=dict)  # by the workflow's id
    # Answers whose question no version has any more.
    further_names: Sequence[str] = ()

    @cached_property
    def questions(self) -> Questions:
        found: Questions = {}
        for questions in self.questions_of.values():
            for name, question in questions.items():
                found.setdefault(name, question)
        return found

    @cached_property
    def records(self) -> dict[str, Questions]:
        """The questions inside each table of records, of every version that has it."""
        found: dict[str, Questions] = {}
        for questions in self.questions_of.values():
            for name, question in questions.items():
                if question.fields:
                    inner = found.setdefault(name, {})
                    for each in question.fields:
                        inner.setdefault(each.name, each)
        return found

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Name and label of each column, in their order."""
        asked = [(name, each.label) for name, each in self.questions.items()]
        return asked + [(name, name) for name in self.further_names]

    def cells(self, ticket: Ticket) -> list[Value]:
        own, data = self.questions_of.get(ticket.workflow_id, {}), _object(ticket.data)
        return [
            answer_cell(own.get(name, self.questions.get(name)), data.get(name))
            for name, _label in self.columns
        ]

    def rows(self, ticket: Ticket, name: str) -> Iterator[list[Value]]:
        """A row for each record of the ticket under this name, with its number first."""
        own = self.questions_of.get(ticket.workflow_id, {}).get(name)
        inner = {each.name: each for each in own.fields} if own is not None else {}
        columns = self.records[name]
        found = _object(ticket.data).get(name)
        for number, record in enumerate(found if isinstance(found, list) else [], 1):
            if not isinstance(record, dict):
                yield [ticket.pk, number, answer_cell(None, record), *[None] * (len(columns) - 1)]
                continue
            yield [
                ticket.pk,
                number,
                *(
                    answer_cell(inner.get(n, question), record.get(n))
                    for n, question in columns.items()
                ),
            ]


def types_of(tickets: QuerySet[Ticket]) -> Iterator[tuple[TypeOfTickets, QuerySet[Ticket]]]:
    """Each ticket type of these tickets, by its title, with its tickets in their order."""
    keys = tickets.order_by().values_list("definition__key", flat=True).distinct()
    newest: dict[str, str] = {}
    versions = TicketDefinition.objects.filter(key__in=list(keys))
    for key, title in versions.order_by("-is_active", "-version").values_list("key", "title"):
        newest.setdefault(key, title)
    for key, title in sorted(newest.items(), key=lambda each: (name_key(each[1]), each[0])):
        own = tickets.filter(definition__key=key)
        yield _type_of_tickets(key, title, own), own


def write_type(
    kind: TypeOfTickets,
    rows: Iterable[tuple[Ticket, Sequence[Value]]],
    file: ListFile,
    *,
    headings: Sequence[str],
) -> None:
    """Write the tables of a ticket type.

    `rows` are its tickets, each with what stands before the answers, under the `headings`.
    """
    with ExitStack() as stack:
        columns = [*headings, *headings_of(kind.columns, taken=headings)]
        answers = stack.enter_context(file.table(kind.title, columns))
        records = {name: stack.enter_context(_records(kind, name, file)) for name in kind.records}
        for ticket, before in rows:
            answers.add([*before, *kind.cells(ticket)])
            for name, table in records.items():
                for row in kind.rows(ticket, name):
                    table.add(row)


def headings_of(columns: Iterable[tuple[str, str]], *, taken: Iterable[str]) -> list[str]:
    """The headings of columns: their labels, with the names where two labels look alike."""
    pairs = [(name, plain_name(label) or name) for name, label in columns]
    times = Counter([*map(name_key, taken), *(name_key(label) for _name, label in pairs)])
    found: list[str] = []
    for name, label in pairs:
        words = {"label": label, "name": name}
        once = times[name_key(label)] == 1
        found.append(label if once else _("%(label)s (%(name)s)") % words)
    return found


def _records(kind: TypeOfTickets, name: str, file: ListFile) -> Any:
    label = plain_name(kind.questions[name].label) or name
    first = [_("Ticket"), _("Row")]
    columns = [(each, question.label) for each, question in kind.records[name].items()]
    title = _("%(records)s of %(ticket_type)s") % {"records": label, "ticket_type": kind.title}
    return file.table(title, [*first, *headings_of(columns, taken=first)])


def _type_of_tickets(key: str, title: str, tickets: QuerySet[Ticket]) -> TypeOfTickets:
    workflows = WorkflowDefinition.objects.order_by("-version")
    used = workflows.filter(pk__in=tickets.order_by().values("workflow"))
    versions = workflows.filter(ticket_definitions__key=key) | used
    specs = versions.distinct().values_list("pk", "fields", "version")
    questions_of = {pk: _questions(fields) for pk, fields, _version in specs}
    known = {name for questions in questions_of.values() for name in questions}
    return TypeOfTickets(title, questions_of, sorted(_names_in_data(tickets) - known))


def _names_in_data(tickets: QuerySet[Ticket]) -> set[str]:
    names = Func(F("data"), function="jsonb_object_keys", output_field=TextField())
    kind = Func(F("data"), function="jsonb_typeof", output_field=TextField())
    found = Ticket.objects.filter(pk__in=tickets.order_by().values("pk")).order_by()
    objects = found.annotate(kind=kind).filter(kind="object")
    return set(objects.values_list(names, flat=True).distinct())


def _questions(fields: Json) -> Questions:
    with refusals(FieldError):
        return {each.name: each for each in validator_for(fields).all_fields}
    return {}


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
