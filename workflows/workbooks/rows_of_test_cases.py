"""Test cases as rows: one for the ticket, one for each answer of a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject
from workflows.workbooks.cells.kind import Scope, write_cell
from workflows.workbooks.cells.single import key_of
from workflows.workbooks.findings import Findings
from workflows.workbooks.formats.sheet import Written
from workflows.workbooks.sheets.cases import TESTS
from workflows.workbooks.sheets.sheet import TICKET
from workflows.workbooks.tables import Row

_COLUMNS: Final = {each.name: each for each in TESTS.columns}
_SUBMITTER: Final = ("email", "first_name", "last_name")
# Where the cells of a test case's first row belong in the document.
_PATHS_IN_CASE: Final[Mapping[str, Path]] = {
    "name": ("name",),
    "ticket_type": ("ticket_type",),
    "today": ("today",),
    **{each: ("submitter", each) for each in _SUBMITTER},
    "path": ("expect", "path"),
    "end": ("expect", "end"),
    "outcome": ("expect", "outcome"),
    "status": ("expect", "status"),
    "waits_for": ("expect", "given_to"),
}
# Where the other cells of a task's row belong in its answer.
_OF_TASKS: Final[Mapping[str, str]] = {
    "item": "item",
    "answers": "output",
    "edits": "edits",
    "error": "error",
    "failure_status": "status",
    "failure_reason": "reason",
    "after": "after",
    "cancel": "cancel",
    "by": "by",
    "given_to": "given_to",
}
_TASKS_PREFIX: Final = "tasks."
# The scope of what a task changes: the types of all answers, by the names of conditions.
EARLIER: Final = "(earlier)"


def read_test_cases(
    rows: list[Row], scope_of: Callable[[str], Scope], scope: Scope, findings: Findings
) -> list[Json]:
    """The test cases; `scope_of` says what the answers of a step may be."""
    groups: dict[str, list[Row]] = {}
    name = ""
    for row in rows:
        name = name_key(row.text("name")) or name
        groups.setdefault(name, []).append(row)
    return [
        _case(group, ("tests", index), scope_of, scope, findings)
        for index, group in enumerate(groups.values())
    ]


def _case(
    rows: list[Row],
    path: Path,
    scope_of: Callable[[str], Scope],
    scope: Scope,
    findings: Findings,
) -> Json:
    findings.places[path] = rows[0].place()
    expect: JsonObject = {"path": []}
    case: JsonObject = {"expect": expect}
    submitter: JsonObject = {}
    for name, steps in _PATHS_IN_CASE.items():
        value = _case_value(rows, name, (*path, *steps), scope, findings)
        if value is not None:
            target = {"expect": expect, "submitter": submitter}.get(str(steps[0]), case)
            target[str(steps[-1])] = value
    if submitter:
        case["submitter"] = submitter
    answers: list[Json] = []
    for row in rows:
        step = _step(row)
        if step == TICKET:
            inner = (*path, "ticket")
            value = row.value(_COLUMNS["answers"], inner, scope_of(TICKET))
            if value is not None and "ticket" in case:
                findings.report(inner, _("A test case submits one ticket. Remove one of the rows."))
            elif value is not None:
                case["ticket"] = value
            _report_misplaced_cells(row, findings)
        else:
            place = (*path, "answers", len(answers))
            answers.append(_answer(row, step, place, scope_of(step), scope_of(EARLIER)))
    if answers:
        case["answers"] = answers
    return case


def _report_misplaced_cells(row: Row, findings: Findings) -> None:
    """What only a task can have, in a row of the ticket: it would be lost."""
    for column in (_COLUMNS[name] for name in _OF_TASKS if name != "answers"):
        if column.name in row.cells:
            message = _("Only a task has this. Write the key of the task under Step.")
            path = findings.cell_path(row.place(column))
            findings.report(path, message, found=row.text(column.name))


def _case_value(rows: list[Row], name: str, path: Path, scope: Scope, findings: Findings) -> Json:
    """What stands once for a test case, in whichever of its rows."""
    with_value = [row for row in rows if name in row.cells] or rows[:1]
    value = with_value[0].value(_COLUMNS[name], path, scope)
    same = name_key if name == "name" else str  # by it the rows were put together
    texts = {same(row.text(name)) for row in with_value}
    if len(texts) > 1:
        message = _("This stands only in the first row of a test case. Remove it from the others.")
        findings.report(path, message)
    return value


def _step(row: Row) -> str:
    """The key of the task that a row is about, or “ticket”; a blank one is the ticket's too."""
    written = row.text("step")
    lowered = name_key(written)
    if lowered in {"", TICKET, "workflow"}:
        return TICKET
    is_full = lowered.startswith(_TASKS_PREFIX)
    key = key_of(lowered.removeprefix(_TASKS_PREFIX) if is_full else written)
    # A task may be called “ticket”; with its full name it is never taken for the form.
    return f"{_TASKS_PREFIX}{key}" if key == TICKET else key


def _answer(row: Row, step: str, path: Path, scope: Scope, earlier: Scope) -> Json:
    places = row.table.findings.places
    places[path] = row.place()
    places[(*path, "task")] = row.place(_COLUMNS["step"])
    made: JsonObject = {"task": step.removeprefix(_TASKS_PREFIX)}
    for column, name in _OF_TASKS.items():
        inner = earlier if column == "edits" else scope
        value = row.value(_COLUMNS[column], (*path, name), inner)
        if value is not None:
            made[name] = value
    return made


def test_case_rows(cases: list[JsonObject], scopes: Mapping[str, Scope]) -> Iterator[list[Written]]:
    """The rows of test cases. `scopes` are those of `ticket` and of each `tasks.<key>`."""
    for case in cases:
        values: dict[str, Json] = {"answers": case.get("ticket")}
        for name, steps in _PATHS_IN_CASE.items():
            value: Json = case
            for step in steps:
                value = value.get(str(step)) if isinstance(value, dict) else None
            values[name] = None if name == "path" and value == [] else value
        yield _row(TICKET, values, scopes.get(TICKET, Scope(untyped=True)))
        answers = case.get("answers")
        for answer in answers if isinstance(answers, list) else []:
            if isinstance(answer, dict):
                key = str(answer.get("task", ""))
                inner: dict[str, Json] = {
                    "name": case.get("name"),
                    **{column: answer.get(each) for column, each in _OF_TASKS.items()},
                }
                full = f"{_TASKS_PREFIX}{key}"
                reserved = key in {TICKET, "workflow"}
                scope = scopes.get(full, Scope(untyped=True))
                earlier = scopes.get(EARLIER, Scope(untyped=True))
                yield _row(full if reserved else key, inner, scope, earlier)


def _row(
    step: str, values: Mapping[str, Json], scope: Scope, earlier: Scope | None = None
) -> list[Written]:
    scopes = {"edits": earlier or scope}
    return [
        step
        if column.name == "step"
        else write_cell(column.kind, values.get(column.name), scopes.get(column.name, scope))
        for column in TESTS.columns
    ]
