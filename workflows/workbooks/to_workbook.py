"""A document as the sheets of a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from workflows.bundles.document.canonical import FORMAT_VERSION, canonical
from workflows.bundles.outline.outline import Outline
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.workbooks.cells.kind import Scope, write_cell
from workflows.workbooks.formats.sheet import Page, PageColumn, Written
from workflows.workbooks.rows_of_test_cases import EARLIER, test_case_rows
from workflows.workbooks.sheets.all_sheets import COMPANY_ROLES, WORKFLOW
from workflows.workbooks.sheets.cases import TESTS
from workflows.workbooks.sheets.questions import FIELDS
from workflows.workbooks.sheets.sheet import (
    BLOCK_COLUMN,
    FORM_COLUMN,
    LONG_TEXTS,
    READ_ME,
    TICKET,
    TYPE_COLUMN,
    Column,
    Sheet,
)
from workflows.workbooks.sheets.tasks import TASKS
from workflows.workbooks.sheets.ticket_types import STARTS, TICKET_TYPES
from workflows.workbooks.sheets.ways import BRANCHES, TRANSITIONS
from workflows.workbooks.table_sheets import table_pages

# A cell holds 32,767 UTF-16 units; one character is two at most.
CELL_CHARACTERS = 15_000
# What stands on the sheet of a workflow of which a workbook holds only a part.
_OF_A_PART = ("key", "format_version")
_RESERVED = frozenset({TICKET, "workflow", "tasks"})


def pages_of(document: JsonObject) -> list[Page]:
    """The sheets of a bundle, in the order in which they are read."""
    made = canonical(document)
    tasks = objects_in(made.get("tasks"))
    workflow = made.get("workflow")
    workflow = workflow if isinstance(workflow, dict) else {}
    scope = Scope(
        task_keys=[str(each.get("key", "")) for each in tasks],
        ticket=_types(workflow.get("fields")),
        roles=[str(each.get("name", "")) for each in objects_in(made.get("company_roles"))],
    )
    return _with_long_texts(
        [
            _instructions_page(),
            _workflow_page(workflow, scope),
            _page(FIELDS, list(_all_field_rows(workflow, tasks, scope))),
            _page(TASKS, _rows(TASKS, tasks, scope)),
            _page(BRANCHES, list(_branch_rows(tasks, scope))),
            *table_pages(tasks, scope.task_keys),
            _page(TRANSITIONS, _rows(TRANSITIONS, objects_in(made.get("transitions")), scope)),
            _page(TICKET_TYPES, _rows(TICKET_TYPES, objects_in(made.get("ticket_types")), scope)),
            _page(STARTS, list(_start_rows(objects_in(made.get("ticket_types")), scope))),
            _page(
                COMPANY_ROLES, _rows(COMPANY_ROLES, objects_in(made.get("company_roles")), scope)
            ),
            _page(
                TESTS, list(test_case_rows(objects_in(made.get("tests")), _forms(workflow, tasks)))
            ),
        ]
    )


def pages_of_tasks(document: JsonObject, *, around: JsonObject) -> list[Page]:
    """The sheets of task definitions, without the rest of their workflow, which is `around`."""
    made, whole = canonical(document), Outline(around)
    tasks = objects_in(made.get("tasks"))
    workflow = made.get("workflow")
    roles = objects_in(made.get("company_roles"))
    scope = Scope(
        task_keys=list(dict.fromkeys([*whole.task_of, *(str(e.get("key", "")) for e in tasks)])),
        ticket=_types(whole.workflow.value.get("fields")),
        roles=[str(each.get("name", "")) for each in roles],
    )
    return _with_long_texts(
        [
            _instructions_page_of_tasks(),
            _workflow_page(workflow if isinstance(workflow, dict) else {}, scope, only=_OF_A_PART),
            _page(FIELDS, list(_task_field_rows(tasks, scope))),
            _page(TASKS, _rows(TASKS, tasks, scope)),
            _page(BRANCHES, list(_branch_rows(tasks, scope))),
            *table_pages(tasks, scope.task_keys),
            _page(COMPANY_ROLES, _rows(COMPANY_ROLES, roles, scope)),
        ]
    )


def _with_long_texts(pages: list[Page]) -> list[Page]:
    long_texts: list[list[Written]] = []
    for page in pages:
        _move_long_texts(page, long_texts)
    return [*pages, _long_texts_page(long_texts)] if long_texts else pages


def _rows(sheet: Sheet, entries: list[JsonObject], scope: Scope) -> list[list[Written]]:
    return [
        [write_cell(column.kind, entry.get(column.name), scope) for column in sheet.columns]
        for entry in entries
    ]


def _branch_rows(tasks: list[JsonObject], scope: Scope) -> Iterator[list[Written]]:
    for task in tasks:
        for branch in objects_in(task.get("branches")):
            entry = {**branch, BLOCK_COLUMN: task.get("key")}
            yield [write_cell(each.kind, entry.get(each.name), scope) for each in BRANCHES.columns]


def _start_rows(types: list[JsonObject], scope: Scope) -> Iterator[list[Written]]:
    for ticket_type in types:
        for start in objects_in(ticket_type.get("starts")):
            entry = {**start, TYPE_COLUMN: ticket_type.get("key")}
            yield [write_cell(each.kind, entry.get(each.name), scope) for each in STARTS.columns]


def _all_field_rows(
    workflow: JsonObject, tasks: list[JsonObject], scope: Scope
) -> Iterator[list[Written]]:
    yield from _field_rows(TICKET, workflow.get("fields"), scope)
    yield from _task_field_rows(tasks, scope)


def _task_field_rows(tasks: list[JsonObject], scope: Scope) -> Iterator[list[Written]]:
    for task in tasks:
        key = str(task.get("key", ""))
        form = f"tasks.{key}" if key in _RESERVED else key
        yield from _field_rows(form, task.get("fields"), scope)


def _field_rows(
    form: str, fields: Json, scope: Scope, outside: Iterable[str] = ()
) -> Iterator[list[Written]]:
    """The fields of a form; those of a record follow the field that they belong to.

    `outside` are the names of the questions beside the records.
    """
    types = _types(fields)
    for spec in objects_in(fields):
        name = str(spec.get("name", ""))
        names = [*types, *outside]
        inner = Scope(scope.task_keys, scope.ticket, scope.roles, names, types.get(name, ""))
        yield [
            form
            if column.name == FORM_COLUMN
            else write_cell(column.kind, spec.get(column.name), inner)
            for column in FIELDS.columns
        ]
        yield from _field_rows(f"{form}.{name}", spec.get("fields"), scope, list(types))


def _workflow_page(workflow: JsonObject, scope: Scope, only: tuple[str, ...] = ()) -> Page:
    """With what is known of a workflow, or only these of its names."""
    rows: list[list[Written]] = []
    for column in WORKFLOW.columns:
        if only and column.name not in only:
            continue
        value = workflow.get(column.name)
        if column.name == "format_version":
            value = FORMAT_VERSION
        rows.append([column.heading, write_cell(column.kind, value, scope), str(column.note)])
    columns = [
        PageColumn("Name", 18),
        PageColumn("Value", 60),
        PageColumn("Explanation", 60),
    ]
    return Page(WORKFLOW.name, columns, rows, labels=True)


def _page(sheet: Sheet, rows: list[list[Written]]) -> Page:
    return Page(sheet.name, [_page_column(each) for each in sheet.columns], rows)


def _page_column(column: Column) -> PageColumn:
    return PageColumn(
        column.heading,
        column.width,
        str(column.note),
        column.options,
        column.options_of,
        is_open=column.is_open or not column.options,
    )


def _forms(workflow: JsonObject, tasks: list[JsonObject]) -> dict[str, Scope]:
    """What the answers of each step of a test case may be."""
    found = {TICKET: Scope(ticket=_types(workflow.get("fields")))}
    found[TICKET] = replace(found[TICKET], untyped=not found[TICKET].ticket)
    for task in tasks:
        types = _types(task.get("fields"))
        found.setdefault(f"tasks.{task.get('key')}", Scope(ticket=types, untyped=not types))
    found[EARLIER] = Scope(
        ticket={
            f"{owner}.{name}": field_type
            for owner, scope in found.items()
            for name, field_type in scope.ticket.items()
        }
    )
    return found


def _move_long_texts(page: Page, long_texts: list[list[Written]]) -> None:
    for row in page.rows:
        for index, value in enumerate(row):
            if isinstance(value, str) and len(value) > CELL_CHARACTERS:
                number = len({each[0] for each in long_texts}) + 1
                long_texts += [
                    [number, f"[{value[start : start + CELL_CHARACTERS]}]"]
                    for start in range(0, len(value), CELL_CHARACTERS)
                ]
                row[index] = f"long text {number}"


def _long_texts_page(rows: list[list[Written]]) -> Page:
    return Page(LONG_TEXTS, [PageColumn("Number", 10), PageColumn("Text", 100)], rows)


def _instructions_page_of_tasks() -> Page:
    lines = (
        _("Task definitions for TicketFlower"),
        _(
            "This workbook holds tasks of one workflow, without the rest of it. Change it and "
            "upload it: you see everything that is wrong, and what would change, before anything "
            "does. Tasks that are not in it stay as they are, and so do the transitions between "
            "them."
        ),
        _("The sheets"),
        _("Workflow: the key of the workflow. Tasks: its steps, a row each."),
        _("Fields: the questions of their forms, a row each. Company roles: who does what."),
        _("Branches: of tasks that are blocks, what runs side by side in them."),
        _("Rules"),
        _(
            "A task is recognised by its key: a new key makes a new task. A column that is left "
            "out, or the whole sheet Fields, leaves what it would say as it is. An empty cell "
            "empties it."
        ),
        _("The note on each heading says what belongs there. Some cells offer a list."),
    )
    return Page(READ_ME, [PageColumn("", 92)], [[each] for each in lines], is_text=True)


def _instructions_page() -> Page:
    lines = (
        _("A workflow for TicketFlower"),
        _(
            "This workbook holds one workflow: what a ticket asks for, the tasks, the transitions "
            "between them, and what people may submit. Change it and upload it: you see everything "
            "that is wrong, and what would change, before anything does."
        ),
        _("The sheets"),
        _("Workflow: its name. Fields: the questions of all forms, a row each."),
        _("Tasks: the steps. Transitions: how one step leads to the next."),
        _("Branches: of tasks that are blocks, what runs side by side in them."),
        _("Ticket types: what people may submit. Company roles: who does what."),
        _("Starts: when tickets of a type start by themselves; leave it empty if none does."),
        _("Tests: named test cases; a row for each step, and what must come out."),
        _("Table …: a decision table each, for the task whose key stands in its first row."),
        _("Rules"),
        _("A column may be moved; one that is not needed may be left out. Blank rows are skipped."),
        _("The note on each heading says what belongs there. Some cells offer a list."),
        _(
            "Keys and names are short: small letters, digits and underscores, beginning with a "
            "letter."
        ),
        _(
            "Several things in one cell stand on a line each (Alt+Enter), or commas separate "
            "them. What has a comma itself is put in quotation marks."
        ),
        _(
            "A date with a time that names no zone, such as 2026-03-31 14:30, is meant in the time "
            "zone of your company. What is downloaded names its zone: it is the same everywhere."
        ),
        _("Conditions"),
        "approve.approved = yes and ticket.amount > 1000",
        'ticket.topic in ("hardware", "network") or ticket.amount is empty',
        _(
            "A name begins with “ticket” or with the key of a task. Texts stand in quotation "
            "marks, dates too: “2026-01-31”. There are =, !=, <, <=, >, >=, in (…), contains, "
            "is empty, and, or, not and brackets."
        ),
        _("Of the transitions that leave a task, the one with the lowest priority is tried first."),
    )
    return Page(READ_ME, [PageColumn("", 92)], [[each] for each in lines], is_text=True)


def _types(fields: Json) -> dict[str, str]:
    return {str(each.get("name", "")): str(each.get("type", "")) for each in objects_in(fields)}
