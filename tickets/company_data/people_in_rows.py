"""People who stand in the JSON of a company's rows, found by what is declared of it.

The types of questions say which of their answers name somebody, the kinds of events what of their
data does. Everything else that looks like a number stays as it is: what was sent to other systems
is what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.db import connection
from django.db.models import Model
from psycopg import sql

from tenants.connection import current_schema
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.edits import by_owner, with_owner
from workflows.engine.task_types import (
    APPROVAL_TYPES,
    AT_ONCE_TYPES,
    BLOCK_TYPES,
    SUBTICKET_TYPES,
)
from workflows.fields.answers.people import ChangePerson, names_people, with_people
from workflows.fields.in_database.kept_people import (
    OF_TASKS,
    OF_TICKET_TYPES,
    OF_TRANSITIONS,
    Place,
)
from workflows.models import TaskDefinition, TicketDefinition, Transition
from workflows.running.events.kind import Form, answers_of, kind_named
from workflows.running.events.of_blocks.block_began import BLOCK_BEGAN

type Row = dict[str, Any]
# The columns of a row that change, with what stands there then.
type Overlay = dict[str, Any]


def _by_column(model: type[Model], places: Mapping[str, Place]) -> dict[str, Place]:
    columns = {each.name: each.column for each in model._meta.concrete_fields}
    return {str(columns[name]): place for name, place in places.items()}


# Where rows of definitions name people besides answers, by their columns.
IN_TASKS: Final = _by_column(TaskDefinition, OF_TASKS)
IN_TRANSITIONS: Final = _by_column(Transition, OF_TRANSITIONS)
IN_TICKET_TYPES: Final = _by_column(TicketDefinition, OF_TICKET_TYPES)
# What an answer says of a person.
_PERSON: Final = {"id", "name", "email"}
_COPYING: Final = frozenset({*AT_ONCE_TYPES, *SUBTICKET_TYPES})

_WORKFLOW: Final = "workflows_workflowdefinition"
_TASK: Final = "workflows_taskdefinition"
_TRANSITION: Final = "workflows_transition"
_TYPE: Final = "tickets_ticketdefinition"
_INSTANCE: Final = "workflows_workflowinstance"
_VISIT: Final = "workflows_taskinstance"
_PATH: Final = "workflows_path"
_TICKET: Final = "tickets_ticket"
_SAVED: Final = "tickets_savedanswers"
_OFFER: Final = "tickets_assistantoffer"
_EVENT: Final = "workflows_workflowevent"
_MESSAGE: Final = "tickets_message"


class PeopleInRows:
    """Changes everybody who is named in rows of the active company.

    The definitions must be in the tables; instances and tasks are looked up there as well. The
    questions of all versions count: a ticket may have begun on an older one.
    """

    def __init__(self, change: ChangePerson) -> None:
        self._change = change
        self._workflow_keys: dict[int, str] = {}
        self._tickets: dict[str, list[Json]] = {}
        self._tasks: dict[tuple[str, str], list[Json]] = {}
        self._task_keys: dict[int, tuple[str, str]] = {}
        self._blocks: set[tuple[str, str]] = set()
        self._approvals: set[tuple[str, str]] = set()
        # Those that keep answers of others: what they make of them has no questions of its own.
        self._copying: set[tuple[str, str]] = set()
        self._read_definitions()

    def _read_definitions(self) -> None:
        for pk, key, fields in _select(_WORKFLOW, "id", "key"):
            self._workflow_keys[pk] = key
            _add_questions(self._tickets, key, fields)
        columns = ("id", "workflow_id", "key", "task_type")
        for pk, workflow, key, task_type, fields in _select(_TASK, *columns):
            self._task_keys[pk] = (self._workflow_keys.get(workflow, ""), key)
            if task_type in APPROVAL_TYPES:
                self._approvals.add(self._task_keys[pk])
            elif task_type in BLOCK_TYPES:
                self._blocks.add(self._task_keys[pk])
            elif task_type in _COPYING:
                self._copying.add(self._task_keys[pk])
            _add_questions(self._tasks, self._task_keys[pk], fields)

    def overlays(self, table: str, rows: list[Row]) -> list[Overlay]:
        """For each row the columns that change."""
        change = _CHANGES.get(table)
        return [{} for _row in rows] if change is None else change(self, rows)

    # Each table

    def of_workflows(self, rows: list[Row]) -> list[Overlay]:
        return [_changed(row, fields=_with_defaults(row["fields"], self._change)) for row in rows]

    def of_task_definitions(self, rows: list[Row]) -> list[Overlay]:
        """Of those columns that the rows have."""
        found = []
        for row in rows:
            made = {
                name: place(row[name], self._change)
                for name, place in IN_TASKS.items()
                if name in row
            }
            if "fields" in row:
                made["fields"] = _with_defaults(row["fields"], self._change)
            found.append(_changed(row, **made))
        return found

    def of_transitions(self, rows: list[Row]) -> list[Overlay]:
        """Of those columns that the rows have."""
        return [
            _changed(
                row,
                **{
                    name: place(row[name], self._change)
                    for name, place in IN_TRANSITIONS.items()
                    if name in row
                },
            )
            for row in rows
        ]

    def of_ticket_types(self, rows: list[Row]) -> list[Overlay]:
        """Of those columns that the rows have; what starts by itself has answers, too."""
        found = []
        for row in rows:
            made = {
                name: place(row[name], self._change)
                for name, place in IN_TICKET_TYPES.items()
                if name in row
            }
            if isinstance(starts := made.get("starts"), list):
                made["starts"] = [
                    {**each, "answers": self._of_ticket(row["workflow_id"], each["answers"])}
                    if isinstance(each, dict) and "answers" in each
                    else each
                    for each in starts
                ]
            if "presets" in row:
                made["presets"] = self._of_ticket(row["workflow_id"], row["presets"])
            found.append(_changed(row, **made))
        return found

    def of_tickets(self, rows: list[Row]) -> list[Overlay]:
        return [
            _changed(row, data=self._of_ticket(row["workflow_id"], row["data"])) for row in rows
        ]

    def of_instances(self, rows: list[Row]) -> list[Overlay]:
        found = []
        for row in rows:
            key, data = self._workflow_keys.get(row["workflow_id"], ""), row["data"]
            found.append(_changed(row, data=self._of_outputs(key, data)))
        return found

    def of_paths(self, rows: list[Row]) -> list[Overlay]:
        instances = _look_up(
            _INSTANCE, "workflow_id", (row["workflow_instance_id"] for row in rows)
        )
        found = []
        for row in rows:
            workflow = instances.get(row["workflow_instance_id"], 0)
            data = self._of_outputs(self._workflow_keys.get(workflow, ""), row["data"])
            found.append(_changed(row, data=data, item=self._of_item(row["item"])))
        return found

    def _of_outputs(self, workflow: str, data: Json) -> Json:
        """What tasks have brought, by their keys."""
        if not isinstance(data, dict):
            return data
        return {task: self._of_task((workflow, task), output) for task, output in data.items()}

    def _of_block(self, workflow: str, output: Json) -> Json:
        """What a block has brought: of a list the items, and what the tasks have."""
        items = output.get("items") if isinstance(output, dict) else None
        if not isinstance(items, list) or not isinstance(output, dict):
            return output
        made: list[Json] = [
            {
                name: self._of_item(value)
                if name == "item"
                else self._of_task((workflow, name), value)
                for name, value in each.items()
            }
            if isinstance(each, dict)
            else each
            for each in items
        ]
        return {**output, "items": made}

    def _of_approval(self, key: tuple[str, str], output: Json) -> Json:
        """Who voted, and the further answers of the votes: nobody is changed twice."""
        if not isinstance(output, dict):
            return output
        made: JsonObject = {}
        for name, value in output.items():
            if name == "votes" and isinstance(value, list):
                made[name] = [self._of_vote(self._tasks.get(key), each) for each in value]
            else:
                made[name] = self._of_item(value)
        return made

    def _of_vote(self, specs: list[Json] | None, vote: Json) -> Json:
        if not isinstance(vote, dict):
            return vote
        questions = {each.get("name") for each in specs or () if isinstance(each, dict)}
        answers = with_people(
            specs, {name: value for name, value in vote.items() if name in questions}, self._change
        )
        others = {name: value for name, value in vote.items() if name not in questions}
        made = {name: self._of_item(value) for name, value in others.items()}
        return {**made, **(answers if isinstance(answers, dict) else {})}

    def _of_item(self, item: Json) -> Json:
        """An item of a list: a person as answers hold them, or a row in which such stand."""
        if isinstance(item, list):
            return [self._of_item(each) for each in item]
        if not isinstance(item, dict):
            return item
        if isinstance(item.get("id"), int) and item.keys() <= _PERSON:
            return self._change(item)
        return {name: self._of_item(each) for name, each in item.items()}

    def of_tasks(self, rows: list[Row]) -> list[Overlay]:
        return [
            _changed(
                row,
                output_data=self._of_task(
                    self._task_keys.get(row["definition_id"], ("", "")), row["output_data"]
                ),
                **self._added_people(row),
            )
            for row in rows
        ]

    def _added_people(self, row: Row) -> Overlay:
        """Whom reminders have added, of rows that have the column."""
        if not isinstance(added := row.get("added_people"), list):
            return {}
        changed = [self._change({"id": number}) for number in added]
        return {"added_people": [each["id"] for each in changed if isinstance(each, dict)]}

    def of_saved_answers(self, rows: list[Row]) -> list[Overlay]:
        types = _look_up(_TYPE, "workflow_id", (row["ticket_definition_id"] for row in rows))
        tasks = _look_up(_VISIT, "definition_id", (row["task_id"] for row in rows))
        found = []
        for row in rows:
            answers = row["answers"]
            if row["task_id"] is not None:
                key = self._task_keys.get(tasks.get(row["task_id"], 0), ("", ""))
                answers = self._of_changes(key[0], self._of_task(key, answers))
            else:
                answers = self._of_ticket(types.get(row["ticket_definition_id"], 0), answers)
            found.append(_changed(row, answers=answers))
        return found

    def of_offers(self, rows: list[Row]) -> list[Overlay]:
        """What assistants have suggested: as answers are saved."""
        tasks = _look_up(_VISIT, "definition_id", (row["task_id"] for row in rows))
        found = []
        for row in rows:
            key = self._task_keys.get(tasks.get(row["task_id"], 0), ("", ""))
            answers = self._of_changes(key[0], self._of_task(key, row["answers"]))
            found.append(_changed(row, answers=answers))
        return found

    def _of_changes(self, workflow_key: str, kept: Json) -> Json:
        """Changes of earlier answers that stand among what is kept of a task."""
        if not isinstance(kept, dict):
            return kept
        made = dict(kept)
        for task, own in by_owner(kept).items():
            specs = (
                self._tasks.get((workflow_key, task)) if task else self._tickets.get(workflow_key)
            )
            changed = with_people(specs, own, self._change)
            made |= with_owner(task, changed if isinstance(changed, dict) else own)
        return made

    def of_messages(self, rows: list[Row]) -> list[Overlay]:
        return [
            _changed(row, mentions=[self._change(each) for each in row["mentions"]]) for row in rows
        ]

    def of_events(self, rows: list[Row]) -> list[Overlay]:
        named = [row for row in rows if kind_named(row["kind"]).rules.answers]
        tasks = _look_up(_VISIT, "definition_id", (row["task_instance_id"] for row in named))
        instances = _look_up(
            _INSTANCE, "workflow_id", (row["workflow_instance_id"] for row in named)
        )
        return [_changed(row, data=self._of_event(row, tasks, instances)) for row in rows]

    def _of_event(self, row: Row, tasks: Mapping[int, int], instances: Mapping[int, int]) -> Json:
        data: Json = row["data"]
        rules = kind_named(row["kind"]).rules
        if not isinstance(data, dict):
            return data
        made: JsonObject = dict(data)
        for number, name in rules.people:
            if isinstance(made.get(number), int):
                changed = self._change({"id": made[number], "name": made.get(name)})
                if isinstance(changed, dict):
                    made[number] = changed.get("id")
                    if name in made:
                        made[name] = changed.get("name")
        if row["kind"] == BLOCK_BEGAN and isinstance(paths := made.get("paths"), list):
            made["paths"] = [
                {**each, "item": self._of_item(each["item"])}
                if isinstance(each, dict) and "item" in each
                else each
                for each in paths
            ]
        for name in rules.answers:
            if name not in made:
                continue
            form = answers_of(data)
            if form is Form.TICKET:
                workflow = instances.get(row["workflow_instance_id"], 0)
                made[name] = self._of_ticket(workflow, made.get(name))
            elif form is Form.TASK:
                key = self._task_keys.get(tasks.get(row["task_instance_id"] or 0, 0), ("", ""))
                made[name] = self._of_task(key, made.get(name))
        return made

    def _of_ticket(self, workflow_id: int, data: Json) -> Json:
        key = self._workflow_keys.get(workflow_id, "")
        return with_people(self._tickets.get(key), data, self._change)

    def _of_task(self, key: tuple[str, str], data: Json) -> Json:
        if key in self._blocks:
            return self._of_block(key[0], data)
        if key in self._approvals:
            return self._of_approval(key, data)
        if key in self._copying:
            return self._of_item(data)
        return with_people(self._tasks.get(key), data, self._change)


_CHANGES: Final[Mapping[str, Callable[[PeopleInRows, list[Row]], list[Overlay]]]] = {
    _WORKFLOW: PeopleInRows.of_workflows,
    _TASK: PeopleInRows.of_task_definitions,
    _TRANSITION: PeopleInRows.of_transitions,
    _TYPE: PeopleInRows.of_ticket_types,
    _TICKET: PeopleInRows.of_tickets,
    _INSTANCE: PeopleInRows.of_instances,
    _VISIT: PeopleInRows.of_tasks,
    _PATH: PeopleInRows.of_paths,
    _SAVED: PeopleInRows.of_saved_answers,
    _OFFER: PeopleInRows.of_offers,
    _EVENT: PeopleInRows.of_events,
    _MESSAGE: PeopleInRows.of_messages,
}


def _with_defaults(specs: Json, change: ChangePerson) -> Json:
    """Specs whose defaults name somebody as documents do, by e-mail address."""
    if not names_people(specs) or not isinstance(specs, list):
        return specs
    made: list[Json] = []
    for spec in specs:
        if isinstance(spec, dict):
            spec = dict(spec)
            if isinstance(name := spec.get("name"), str) and "default" in spec:
                changed = with_people([spec], {name: spec["default"]}, change)
                spec["default"] = changed[name] if isinstance(changed, dict) else spec["default"]
            if "fields" in spec:
                spec["fields"] = _with_defaults(spec["fields"], change)
        made.append(spec)
    return made


def _add_questions[K](found: dict[K, list[Json]], key: K, fields: Json) -> None:
    """Add the questions that name people, each name once."""
    known = {spec["name"] for spec in found.get(key, []) if isinstance(spec, dict)}
    for spec in fields if isinstance(fields, list) else []:
        if isinstance(spec, dict) and names_people([spec]):
            name = spec.get("name")
            if isinstance(name, str) and name not in known:
                found.setdefault(key, []).append(spec)


def _changed(row: Row, **columns: Json) -> Overlay:
    return {name: value for name, value in columns.items() if value != row[name]}


def _select(table: str, *columns: str) -> Iterable[tuple[Any, ...]]:
    """These columns of a table of definitions, and their questions."""
    query = sql.SQL("SELECT {}, fields::text FROM {} ORDER BY id").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(current_schema(), table),
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [(*row[:-1], json.loads(row[-1])) for row in cursor.fetchall()]


def _look_up(table: str, column: str, ids: Iterable[int | None]) -> dict[int, int]:
    wanted = {each for each in ids if isinstance(each, int)}
    if not wanted:
        return {}
    query = sql.SQL("SELECT id, {} FROM {} WHERE id = ANY(%s)").format(
        sql.Identifier(column), sql.Identifier(current_schema(), table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [list(wanted)])
        return dict(cursor.fetchall())
