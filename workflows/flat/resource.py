"""The rows of a list: what a column holds, what is wrong with a row, what a row would change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields, resources, widgets
from import_export.instance_loaders import BaseInstanceLoader
from import_export.results import Result

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.errors import TicketFlowerError
from tenants.models import User
from tenants.names import name_key
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.flat.errors import FlatFileError
from workflows.flat.formats import Table
from workflows.flat.writing import ListFile
from workflows.workbooks.cells.lines import UnreadableCellError, read_names, write_names

logger = logging.getLogger(__name__)

UPLOADED = declare("files.list_uploaded", gettext_lazy("Uploaded a list"))

MOST_ROWS: Final = 5_000
# So many rows of a download are in memory: each of them may hold long texts.
MOST_AT_ONCE: Final = 100
_YES: Final = frozenset({"yes", "y", "true", "1", "x"})
_NO: Final = frozenset({"no", "n", "false", "0"})


@dataclass
class FlatRow:
    """One thing as a row shows it; subclasses add an attribute for each column.

    `pk` is None for what is new.
    """

    pk: int | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """`row` is the number that the file's program shows; 0: the whole file."""

    row: int
    column: str
    message: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a row would do: `kind` is new or update; each cell is (old, new)."""

    row: int
    kind: str
    cells: list[tuple[str, str]]


class FlatResource[Row: FlatRow](resources.Resource):
    """A resource of django-import-export whose rows are changed by our services.

    The library asks for each row and shows what came of it; `apply` gets all rows that change
    in one go, in the transaction that is rolled back where anything is wrong. A trial run
    applies them too, and is rolled back always: what it says is what will happen.
    """

    # Other names of columns, in lower case, by the name of the field.
    aliases: ClassVar[Mapping[str, Sequence[str]]] = {}

    class Meta:
        using_db = DEFAULT_DB_ALIAS
        instance_loader_class = BaseInstanceLoader  # `find` does it
        use_bulk = True  # no savepoint for each row: `apply` has one for all
        store_instance = True
        skip_unchanged = True
        skip_html_diff = True
        chunk_size = 2_000

    def __init__(self, *, user: User | None = None, list_name: str = "", **options: Any) -> None:
        """`list_name` is the label of the list's model, for the audit log."""
        super().__init__(**options)
        self.user = user
        self.list_name = list_name
        self.seen: dict[str, int] = {}
        self.refusal = ""
        self.changed: list[Row] = []
        self.row_numbers: list[int] = []
        self.cells: dict[int, Mapping[str, str]] = {}

    @classmethod
    def get_display_name(cls) -> str:
        return cls.__name__

    # What subclasses say

    def row_of(self, thing: Any) -> Row:
        """A model object, with what it needs prefetched, as a row."""
        raise NotImplementedError

    def find(self, cells: Mapping[str, str]) -> Row:
        """The row that is there already, or a new one.

        Where it cannot be told which one is meant, `refusal` says so, and `read` passes it on:
        a row shows all that is wrong with it.
        """
        raise NotImplementedError

    def read(self, row: Row, cells: Mapping[str, str]) -> dict[str, str]:
        """Take over the cells, by the names of their fields; returns what is wrong by field."""
        raise NotImplementedError

    def load(self, table: Table) -> None:
        """Look up, once, what `find` and `read` need."""

    def apply(self, rows: Sequence[Row]) -> None:
        """Save rows that are new or differ."""
        raise NotImplementedError

    # Export

    # Whether a download consists of several tables, in formats that hold no objects.
    has_many_tables: ClassVar[bool] = False

    @classmethod
    def headings(cls) -> list[str]:
        """The columns that a download has in every format."""
        return [each.column_name for each in cls.fields.values()]

    def write(self, queryset: QuerySet[Any], file: ListFile, *, title: str) -> None:
        """Write what the list shows: one table of this title, where a subclass says no more.

        Raises:
            TooMuchToExportError: it does not fit one file.
        """
        columns = self.get_export_fields()
        with file.table(title, [each.column_name for each in columns]) as table:
            for row in self.rows(queryset):
                table.add([self.export_field(each, row) for each in columns])

    def rows(self, queryset: QuerySet[Any]) -> Iterator[Row]:
        """The rows of these things, a few of which are in memory at a time."""
        for each in self.filter_export(queryset).iterator(chunk_size=MOST_AT_ONCE):
            yield self.row_of(each)

    # Import: what django-import-export calls

    def run(self, table: Table, *, is_trial: bool) -> Result:
        """Import the table, all of it or nothing; a trial changes nothing.

        Raises:
            FlatFileError: the table has too many rows, or columns that are not known.
        """
        if len(table) > MOST_ROWS:
            raise FlatFileError(
                _("The file has %(count)d rows; at most %(most)d are imported at once. Split it.")
                % {"count": len(table), "most": MOST_ROWS}
            )
        table.headers = self._field_names(table.headers or [])
        self.row_numbers = table.row_numbers
        self.load(table)
        return self.import_data(
            table, dry_run=is_trial, use_transactions=True, rollback_on_validation_errors=True
        )

    def before_import_row(self, row: Mapping[str, str], **options: Any) -> None:
        self.cells[options["row_number"]] = row

    def get_or_init_instance(
        self, instance_loader: Any, row: Mapping[str, str]
    ) -> tuple[Row, bool]:
        found = self.find(row)
        return found, found.pk is None

    def import_instance(self, instance: Row, row: Mapping[str, str], **options: Any) -> None:
        wrong = self.read(instance, row)
        if wrong:
            raise ValidationError({name: [text] for name, text in wrong.items()})

    def skip_row(
        self, instance: Row, original: Row, row: Any, import_validation_errors: Any = None
    ) -> bool:
        return not import_validation_errors and instance.pk is not None and instance == original

    def save_instance(self, instance: Row, is_create: bool, row: Any, **options: Any) -> None:
        self.changed.append(instance)

    def save_m2m(self, instance: Row, row: Any, **options: Any) -> None:
        """`apply` saves everything."""

    def after_import(self, dataset: Table, result: Result, **options: Any) -> None:
        if self.changed and not result.has_errors() and not result.has_validation_errors():
            # Each row is recorded by the service that changes it; a trial takes all of it back.
            self.apply(self.changed)
            new = sum(each.pk is None for each in self.changed)
            record(
                UPLOADED,
                person=self.user,
                list=self.list_name,
                new=new,
                changed=len(self.changed) - new,
                rows=len(dataset),
            )

    # What came of it

    def problems(self, result: Result) -> list[RowProblem]:
        """Every problem, with the row of the file and the heading of the column."""
        found = [RowProblem(0, "", _sentence(each.error)) for each in result.base_errors]
        for number, errors in result.row_errors():
            found += [RowProblem(self._number(number), "", _sentence(e.error)) for e in errors]
        for invalid in result.invalid_rows:
            cells, number = self.cells[invalid.number], self._number(invalid.number)
            for name, texts in invalid.field_specific_errors.items():
                found_there = short(cells.get(name, ""), 80)
                heading = self.fields[name].column_name
                found += [RowProblem(number, heading, text, found_there) for text in texts]
            for text in invalid.non_field_specific_errors:
                found.append(RowProblem(number, "", text))
        return sorted(found, key=lambda each: each.row)

    def changes(self, result: Result) -> list[RowChange]:
        found = []
        for number, each in enumerate(result.rows, 1):
            if each.is_new() or each.is_update():
                new = self._cells(each.instance)
                old = self._cells(each.original) if each.original is not None else new
                pairs = list(zip(old, new, strict=True))
                found.append(RowChange(self._number(number), str(each.import_type), pairs))
        return found

    def _cells(self, row: Row) -> list[str]:
        return [_shown(self.export_field(each, row)) for each in self.get_import_fields()]

    def _number(self, number: int) -> int:
        return self.row_numbers[number - 1] if 0 < number <= len(self.row_numbers) else number

    def _field_names(self, headings: Sequence[str]) -> list[str]:
        """The field of each column.

        Raises:
            FlatFileError: a heading is not known, or stands twice.
        """
        known: dict[str, str] = {}
        for name, field in self.fields.items():
            for word in (name, field.column_name, *self.aliases.get(name, ())):
                known[_plain(word)] = name
        names: list[str] = []
        for heading in headings:
            name = known.get(_plain(heading))
            if name is None:
                raise FlatFileError(self._unknown_column(heading))
            if name in names:
                raise FlatFileError(
                    _("The column “%(name)s” stands twice. Remove one of the two.")
                    % {"name": short(heading)}
                )
            names.append(name)
        return names

    def _unknown_column(self, heading: str) -> str:
        columns = [each.column_name for each in self.fields.values()]
        if not heading:
            return _("A column has no heading. Give it one of: %(names)s.") % {
                "names": ", ".join(columns)
            }
        return _("There is no column “%(name)s”. The columns are: %(names)s.") % {
            "name": short(heading),
            "names": ", ".join(columns),
        } + did_you_mean(nearest(heading, columns))


def _sentence(error: BaseException) -> str:
    """What went wrong, for people; what nobody foresaw goes to the log."""
    if isinstance(error, TicketFlowerError):
        return str(error)
    logger.error("A list could not be imported", exc_info=error)
    return _("This could not be imported. The log of the server says why.")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


def _plain(heading: str) -> str:
    return "".join(letter for letter in name_key(heading) if letter.isalnum())


# What cells hold


def column(attribute: str, heading: str) -> fields.Field:
    """A column that shows an attribute of the row as it is."""
    return fields.Field(attribute=attribute, column_name=heading, widget=_AsItIs())


class _AsItIs(widgets.Widget):
    """The format decides how a value is written."""

    def render(self, value: Any, obj: Any = None, **options: Any) -> Any:
        return value


def yes_or_no(text: str) -> bool | None:
    """None where it says neither."""
    word = name_key(text)
    return True if word in _YES else False if word in _NO else None


def names_in(text: str) -> list[str]:
    """The names in a cell: a line each, or separated by semicolons or commas.

    Raises:
        ValueError: quotation marks do not close; it says so.
    """
    try:
        return [str(each) for each in read_names(text)]
    except UnreadableCellError as error:
        raise ValueError(str(error)) from error


def names_as_text(names: Sequence[str]) -> str:
    return write_names(list(names)) or "\n".join(names)


def chosen[Thing](
    text: str,
    known: Mapping[str, Thing],
    unknown: Callable[[str], str],
    *,
    key: Callable[[str], str] = name_key,
) -> tuple[list[Thing], str]:
    """The known things that a cell names (`known` is by `key`), and what is wrong.

    A cell that is the name of one thing is that, also where a comma is in it.
    """
    if key(text) in known:
        return [known[key(text)]], ""
    try:
        names = names_in(text)
    except ValueError as error:
        return [], str(error)
    found: list[Thing] = []
    for name in names:
        thing = known.get(key(name))
        if thing is None:
            return [], unknown(name)
        if thing not in found:
            found.append(thing)
    return found, ""
