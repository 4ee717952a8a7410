"""A workbook's sheets as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.document.canonical import FORMAT, FORMAT_VERSION
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.workbooks.cells.kind import LONG_TEXT, Scope, read_cell
from workflows.workbooks.cells.kinds import FIELD_TYPE
from workflows.workbooks.cells.single import key_of
from workflows.workbooks.findings import Findings
from workflows.workbooks.formats.grid import Grid, check_characters, column_letters
from workflows.workbooks.reading import Place, Reading
from workflows.workbooks.rows_of_test_cases import EARLIER, read_test_cases
from workflows.workbooks.sheets.sheet import (
    BLOCK_COLUMN,
    FORM_COLUMN,
    LONG_TEXTS,
    TICKET,
    TYPE_COLUMN,
    headings,
    plain,
)
from workflows.workbooks.table_sheets import split_grids, tables_of
from workflows.workbooks.tables import Row, Table, find_tables, report_missing_sheets
from workflows.workbooks.unseen import report_unseen

_TASKS = "tasks"
_VALUE_COLUMN = 2
# Above the names of the sheet of names and values.
_HEADING = "name"
_SIMPLE_PARTS = ("tasks", "transitions", "ticket_types", "company_roles")


def read_grids(grids: list[Grid], *, around: JsonObject | None = None) -> Reading:
    """The document in the sheets of a workbook, with every problem of the sheets.

    With `around` it holds nothing but task definitions, for this workflow (a canonical bundle):
    what its tasks have in columns that are not there stays as it is.
    """
    _put_long_texts_back(grids)
    check_characters(grids)
    findings = Findings()
    decision_tables, grids = split_grids(grids)
    tables = find_tables(grids, findings)
    report_missing_sheets(tables, findings, only_tasks=around is not None)
    document = _Document(tables, findings, around).read(decision_tables)
    return Reading(document, findings.problems, findings.places)


def _put_long_texts_back(grids: list[Grid]) -> None:
    """Texts that are longer than a cell stand in parts on a sheet of their own."""
    parts: dict[int, list[str]] = {}
    for grid in grids:
        if plain(grid.name) == plain(LONG_TEXTS):
            for row in sorted(grid.rows):
                number, text = grid.rows[row].get(1), grid.rows[row].get(2)
                if number and text and isinstance(number.value, int):
                    # A part has a mark at each end, so that no blank is lost between two.
                    parts.setdefault(number.value, []).append(text.text[1:-1])
    if not parts:
        return
    texts = {number: "".join(pieces) for number, pieces in parts.items()}
    for grid in grids:
        for cells in grid.rows.values():
            for column, cell in cells.items():
                match = LONG_TEXT.fullmatch(cell.text) if not cell.error else None
                if match and int(match.group(1)) in texts:
                    whole = texts[int(match.group(1))]
                    grid.characters += len(whole)
                    cells[column] = replace(cell, value=whole, shown=None)


class _Document:
    def __init__(
        self, tables: Mapping[str, Table], findings: Findings, around: JsonObject | None
    ) -> None:
        self.tables = tables
        self.findings = findings
        self.around = around
        self.outline = Outline(around or {})
        for part, table in tables.items():
            findings.places.setdefault((part,), Place(table.grid.name))
            if part != "workflow":
                table.find_columns()

    def read(self, decision_tables: list[Grid]) -> JsonObject:
        task_rows, role_rows = self._rows("tasks"), self._rows("company_roles")
        keys = [key_of(each.text("key")) for each in task_rows]
        has_ticket = self.around is None
        forms = _Forms(self._rows("fields"), keys, self.findings, has_ticket=has_ticket)
        roles = [each.text("name") for each in role_rows]
        roles += [each.text("name") for each in self.outline.company_roles]
        scope = Scope(
            task_keys=list(dict.fromkeys([*filter(None, keys), *self.outline.task_of])),
            ticket=forms.types(("workflow",)) if has_ticket else types_of(self.around or {}),
            roles=list(dict.fromkeys(roles)),
        )
        workflow, version = self._workflow(scope)
        document: JsonObject = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION if version is None else version,
        }
        if "workflow" in self.tables:
            document["workflow"] = workflow
        for part in _SIMPLE_PARTS:
            if part in self.tables:
                document[part] = [
                    self.tables[part].entry(row, (part, index), scope)
                    for index, row in enumerate(self._rows(part))
                ]
        forms.put_into(document, scope)
        self._put_branches_into(document, keys, scope)
        self._put_tables_into(document, decision_tables, scope)
        self._put_starts_into(document, scope)
        self._keep_what_has_no_column(document)
        if rows := self._rows("tests"):
            document["tests"] = read_test_cases(rows, forms.scope_of_step, scope, self.findings)
        return document

    def _put_branches_into(self, document: JsonObject, keys: list[str], scope: Scope) -> None:
        """The rows of the sheet Branches, in the blocks that they name."""
        tasks = document.get("tasks")
        listed = tasks if isinstance(tasks, list) else []
        for row in self._rows("branches"):
            written = row.text(BLOCK_COLUMN)
            key = key_of(written)
            task = listed[keys.index(key)] if key and key in keys else None
            if not isinstance(task, dict):
                self._unknown_block(row, written, keys)
                continue
            branches = task.setdefault("branches", [])
            if isinstance(branches, list):
                path: Path = ("tasks", keys.index(key), "branches", len(branches))
                self.findings.places.setdefault(path[:3], row.place())
                branches.append(row.table.entry(row, path, scope, skip=BLOCK_COLUMN))

    def _put_starts_into(self, document: JsonObject, scope: Scope) -> None:
        """The rows of the sheet Starts, in the ticket types that they name."""
        types = objects_in(document.get("ticket_types"))
        keys = [key_of(str(each.get("key") or "")) for each in types]
        for row in self._rows("starts"):
            written = row.text(TYPE_COLUMN)
            key = key_of(written)
            if not key or key not in keys:
                self._unknown_type(row, written, keys)
                continue
            starts = types[keys.index(key)].setdefault("starts", [])
            if isinstance(starts, list):
                path: Path = ("ticket_types", keys.index(key), "starts", len(starts))
                self.findings.places.setdefault(path[:3], row.place())
                starts.append(row.table.entry(row, path, scope, skip=TYPE_COLUMN))

    def _unknown_type(self, row: Row, written: str, keys: list[str]) -> None:
        column = next(each for each in row.table.sheet.columns if each.name == TYPE_COLUMN)
        meant = nearest(key_of(written), keys) if written else ""
        message = _("There is no ticket type “%(name)s”. Write the key of one.")
        if not written:
            message = _("Say of which ticket type this start is: write its key.")
        self.findings.report(
            self.findings.cell_path(row.place(column)),
            message % {"name": short(written)} + did_you_mean(meant),
            found=written,
            expected=", ".join(keys[:50]),
            nearest=meant,
        )

    def _unknown_block(self, row: Row, written: str, keys: list[str]) -> None:
        column = next(each for each in row.table.sheet.columns if each.name == BLOCK_COLUMN)
        meant = nearest(key_of(written), keys) if written else ""
        message = _("There is no task “%(name)s”. Write the key of a block.")
        if not written:
            message = _("Say in which block this branch is: write the key of the block.")
        self.findings.report(
            self.findings.cell_path(row.place(column)),
            message % {"name": short(written)} + did_you_mean(meant),
            found=written,
            expected=", ".join(keys[:50]),
            nearest=meant,
        )

    def _keep_what_has_no_column(self, document: JsonObject) -> None:
        """A column, or the sheet of questions, that was left out changes nothing of a task."""
        tasks = document.get("tasks")
        for task in tasks if isinstance(tasks, list) else []:
            old = self.outline.task_of.get(str(task.get("key"))) if isinstance(task, dict) else None
            if old is None or not isinstance(task, dict):
                continue
            for name in [*self._without_column("tasks"), "table"]:
                if name in old.value and (name != "table" or "table" not in task):
                    task[name] = old.value[name]
            if "branches" not in self.tables and "branches" in old.value:
                task["branches"] = old.value["branches"]
            if "fields" not in self.tables:
                task["fields"] = old.value.get("fields", [])
            else:
                _keep(task.get("fields"), old.value.get("fields"), self._without_column("fields"))

    def _put_tables_into(self, document: JsonObject, grids: list[Grid], scope: Scope) -> None:
        """The decision tables, each of which has a sheet of its own."""
        tasks = objects_in(document.get("tasks"))
        places: dict[str, Path] = {}
        for index, task in enumerate(tasks):
            places.setdefault(str(task.get("key")), ("tasks", index))
        found = tables_of(grids, self.findings, places=places, keys=scope.task_keys)
        for key, table in found:
            if key in places:
                tasks[int(places[key][1])]["table"] = table

    def _without_column(self, part: str) -> list[str]:
        table = self.tables[part]
        return [each.name for each in table.sheet.columns if each.name not in table.columns]

    def _rows(self, part: str) -> list[Row]:
        return list(self.tables[part].rows()) if part in self.tables else []

    def _workflow(self, scope: Scope) -> tuple[JsonObject, Json]:
        """The sheet of names and values."""
        if "workflow" not in self.tables:
            return {}, None
        table = self.tables["workflow"]
        known = {name: each for name, each in headings(table.sheet).items() if name != _HEADING}
        report_unseen(table.grid, {1: _("Name"), _VALUE_COLUMN: _("Value")}, self.findings)
        made: JsonObject = {}
        for number in sorted(table.grid.rows):
            cells = table.grid.rows[number]
            if 1 not in cells:
                continue
            name = plain(cells[1].text)
            column = known.get(name)
            letters = column_letters(_VALUE_COLUMN)
            if column is None:
                if _VALUE_COLUMN in cells and name != _HEADING:
                    self._unknown_name(table, number, cells[1].text)
                continue
            path: Path = ("workflow", column.name)
            if column.name == "format_version":
                path = (column.name,)
            self.findings.places[path] = Place(table.grid.name, number, letters, column.heading)
            if column.name in made:
                message = _("“%(name)s” stands twice on this sheet. Remove one of the rows.")
                self.findings.report(path, message % {"name": column.heading})
            elif _VALUE_COLUMN in cells:
                value = table.value(column, cells[_VALUE_COLUMN], path, scope)
                if value is not None:
                    made[column.name] = value
        return made, made.pop("format_version", None)

    def _unknown_name(self, table: Table, row: int, name: str) -> None:
        known = {plain(each.heading): each.heading for each in table.sheet.columns}
        meant = known.get(nearest(plain(name), known), "")
        message = _("“%(name)s” is not known on this sheet.") % {"name": short(name)}
        self.findings.report(
            self.findings.cell_path(Place(table.grid.name, row, "A")),
            message + (did_you_mean(meant) or " " + _("Remove the row.")),
            found=name,
            expected=", ".join(known.values()),
            nearest=meant,
        )


class _Forms:
    """The rows of the sheet Fields, put into the forms that they name."""

    def __init__(
        self, rows: list[Row], keys: list[str], findings: Findings, *, has_ticket: bool
    ) -> None:
        self.findings = findings
        self.has_ticket = has_ticket
        self.paths: dict[str, Path] = {
            key: ("tasks", index) for index, key in reversed(list(enumerate(keys))) if key
        }
        self.names: dict[str, Path] = {TICKET: ("workflow",)} if has_ticket else {}
        self.names |= self._short_names()
        self.lowered = {key.lower(): path for key, path in self.names.items()}
        self.rows: dict[Path, list[Row]] = {}
        nested: list[tuple[Row, list[str]]] = []
        for row in rows:
            path, further = self._form(row)
            if path and further:
                nested.append((row, further))
                self.rows.setdefault(path, [])
            elif path:
                self.rows.setdefault(path, []).append(row)
        for row, further in nested:
            path, _further = self._form(row)
            inner = self._record(path, further, row)
            if inner:
                self.rows.setdefault(inner, []).append(row)

    def _short_names(self) -> dict[str, Path]:
        reserved = (TICKET, "workflow", _TASKS)
        return {key: path for key, path in self.paths.items() if key not in reserved}

    def types(self, owner: Path) -> dict[str, str]:
        """The type of each field of a form, by name."""
        found = {}
        for row in self.rows.get(owner, []):
            cell = row.cells.get("type")
            value = read_cell(FIELD_TYPE, cell.text, Scope()) if cell and not cell.error else ""
            found[key_of(row.text("name"))] = value if isinstance(value, str) else ""
        return found

    def scope_of_step(self, key: str) -> Scope:
        """What the answers of a step of a test case may be; EARLIER: what a task may change."""
        if key == EARLIER:
            owners = {"ticket": ("workflow",), **{f"tasks.{k}": p for k, p in self.paths.items()}}
            types = {
                f"{owner}.{name}": field_type
                for owner, path in owners.items()
                for name, field_type in self.types(path).items()
            }
            return Scope(ticket=types)
        owner: Path = (
            ("workflow",) if key == TICKET else self.paths.get(key.removeprefix("tasks."), ())
        )
        return Scope(ticket=self.types(owner), untyped=owner not in self.rows)

    def put_into(self, document: JsonObject, scope: Scope) -> None:
        for owner in sorted(self.rows, key=len):
            target = _at(document, owner)
            if isinstance(target, dict):
                target["fields"] = list[Json](self._fields(owner, scope))

    def _fields(self, owner: Path, scope: Scope) -> Iterator[JsonObject]:
        rows = self.rows[owner]
        types = self.types(owner)
        # The columns of records may name the questions beside them, too.
        outside = self.types(owner[:-2]) if len(owner) > 2 else {}
        if rows:
            self.findings.places.setdefault((*owner, "fields"), rows[0].place())
        for index, row in enumerate(rows):
            inner = Scope(
                scope.task_keys,
                scope.ticket,
                scope.roles,
                form=[*types, *outside],
                field_type=types.get(key_of(row.text("name")), ""),
            )
            path: Path = (*owner, "fields", index)
            yield row.table.entry(row, path, inner, skip=FORM_COLUMN)

    def _form(self, row: Row) -> tuple[Path, list[str]]:
        """What owns the form of a row, and the steps to a record inside it."""
        written = row.text(FORM_COLUMN)
        first, *further = [name_key(each) for each in written.split(".")]
        if first == _TASKS and further:
            first, *further = further
            if first in self.paths:
                return self.paths[first], further
        elif first == "workflow":
            first = TICKET
        if first in self.lowered:
            return self.lowered[first], further
        self._report_unknown_form(row, written)
        return (), []

    def _record(self, owner: Path, steps: list[str], row: Row) -> Path:
        path = owner
        for step in steps:
            names = [key_of(each.text("name")) for each in self.rows.get(path, [])]
            if step not in names:
                self._report_unknown_form(row, row.text(FORM_COLUMN), record=step, known=names)
                return ()
            path = (*path, "fields", names.index(step))
        return path

    def _report_unknown_form(
        self, row: Row, written: str, *, record: str = "", known: list[str] | None = None
    ) -> None:
        column = next(each for each in row.table.sheet.columns if each.name == FORM_COLUMN)
        path = self.findings.cell_path(row.place(column))
        options = list(self.names) if known is None else known
        meant = nearest(record or written.lower(), options)
        if not self.has_ticket and not record:
            message = _("Write the key of a task that stands on the sheet Tasks.")
        elif not written:
            message = _("Say where this question is asked: “ticket”, or the key of a task.")
        elif record:
            message = _("There is no question “%(name)s” whose records could have this column.")
            message %= {"name": short(record)}
        else:
            message = _("There is no form “%(name)s”. Write “ticket”, or the key of a task.")
            message %= {"name": short(written)}
        self.findings.report(
            path,
            message + did_you_mean(meant),
            found=written,
            expected=", ".join(options[:50]),
            nearest=meant,
        )


def types_of(workflow_bundle: JsonObject) -> dict[str, str]:
    """The type of each field of a ticket."""
    fields = Outline(workflow_bundle).workflow.value.get("fields")
    named = [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []
    return {str(each.get("name", "")): str(each.get("type", "")) for each in named}


def _keep(specs: Json, old_specs: Json, names: list[str]) -> None:
    """Give questions what they had under these names, where they have nothing."""
    if not names or not isinstance(specs, list) or not isinstance(old_specs, list):
        return
    before = {str(each.get("name")): each for each in old_specs if isinstance(each, dict)}
    for spec in specs:
        old = before.get(str(spec.get("name"))) if isinstance(spec, dict) else None
        if isinstance(spec, dict) and old is not None:
            for name in names:
                if name in old and name != "name":
                    spec[name] = old[name]
            _keep(spec.get("fields"), old.get("fields"), names)


def _at(document: JsonObject, path: Path) -> Json:
    value: Json = document
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
