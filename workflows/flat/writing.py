"""Tables as files to download, written row by row: a list may be longer than memory has room for.

A `ListFile` is written to the disk and handed out whole: what goes wrong on the way is reported
before anything is sent, and nothing is cut without a word.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, time
from typing import IO, Any, Final

import xlsxwriter
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tenants.names import name_key, plain_name
from workflows.flat.errors import FlatFileError
from workflows.flat.formulas import escape_formulas
from workflows.flat.long_texts import beginning_of, is_long, parts_of
from workflows.workbooks.sheets.sheet import LONG_TEXTS

# A file larger than this is neither made in a moment nor opened in one.
MOST_CHARACTERS: Final = 100_000_000
MOST_CELLS: Final = 3_000_000
# Of one workbook; also because each is an open file while they are written.
MOST_TABLES: Final = 200
MOST_ROWS: Final = 1_048_575
MOST_COLUMNS: Final = 16_384
# Spreadsheet programs keep no more digits of a number, and know no day before this one.
_MOST_DIGITS: Final = 15
_FIRST_DAY: Final = date(1900, 3, 1)
_TEXT: Final = "@"
_NOT_IN_SHEET_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_NOT_IN_FILE_NAMES: Final = str.maketrans(dict.fromkeys('<>:"/\\|?*', " "))

type Value = str | int | float | date | time | Mapping[str, object] | None


class TooMuchToExportError(FlatFileError):
    message = gettext_lazy("This is more than fits one file. Filter the list first.")


class OpenTable(ABC):
    """A table to which rows are added."""

    @abstractmethod
    def add(self, values: Sequence[Value]) -> None: ...


class ListFile(ABC):
    """A file of tables. Use it in a `with`: what is on the disk goes with it.

    Raises:
        TooMuchToExportError: by whatever makes it too large.
    """

    extension: str
    content_type: str
    # Whether a value may be an object of further values.
    holds_objects = False

    def __init__(self) -> None:
        self.content: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
        self._cells = self._characters = 0

    @abstractmethod
    def table(self, title: str, headings: Sequence[str]) -> AbstractContextManager[OpenTable]:
        """A table, to which rows are added in a `with`; others may be open beside it."""

    def finish(self) -> IO[bytes]:
        """The content of the file, from its beginning."""
        self.content.seek(0)
        return self.content

    def count(self, values: Sequence[Value], *, characters: int | None = None) -> None:
        """Take note of a row that is written."""
        self._cells += len(values)
        if characters is None:
            characters = sum(len(each) for each in values if isinstance(each, str))
        self._characters += characters
        if self._cells > MOST_CELLS or self._characters > MOST_CHARACTERS:
            raise TooMuchToExportError

    def __enter__(self) -> ListFile:
        return self

    def __exit__(self, failure: object, *_more: object) -> None:
        if failure is not None:
            self.content.close()


class XlsxFile(ListFile):
    """A workbook with a sheet for each table. Texts are texts, whatever they begin with."""

    extension = "xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._book = xlsxwriter.Workbook(
            self.content, {"constant_memory": True, "tmpdir": self._folder.name}
        )
        self._formats = {each: self._book.add_format({"num_format": each}) for each in _FORMATS}
        self._heading = self._book.add_format({"num_format": _TEXT, "bold": True})
        self._names: set[str] = {name_key(LONG_TEXTS)}
        self._long_texts = LongTexts()
        self._is_closed = False

    @contextmanager
    def table(self, title: str, headings: Sequence[str]) -> Iterator[OpenTable]:
        yield self.sheet(title, headings)

    def sheet(self, title: str, headings: Sequence[str]) -> _Sheet:
        if len(self._names) > MOST_TABLES or len(headings) > MOST_COLUMNS:
            raise TooMuchToExportError
        sheet = self._book.add_worksheet(_first_unused_name(title, self._names))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(headings) - 1, 0), 24)
        for at, heading in enumerate(headings):
            sheet.write_string(0, at, heading, self._heading)
        return _Sheet(self, sheet)

    def set_cell(self, sheet: Any, row: int, at: int, value: Value) -> None:
        plain = _for_spreadsheets(value)
        if plain is None or plain == "":
            return
        if isinstance(plain, str):
            if is_long(plain):
                place = xlsxwriter.utility.xl_rowcol_to_cell(row, at)
                plain = self._long_texts.add(plain, sheet=sheet.name, cell=place)
            sheet.write_string(row, at, plain, self._formats[_TEXT])
        elif isinstance(plain, date | time):
            sheet.write_datetime(row, at, plain, self._formats[_FORMAT_OF[type(plain)]])
        else:
            sheet.write_number(row, at, plain)

    def finish(self) -> IO[bytes]:
        if self._long_texts.number:
            sheet = self._book.add_worksheet(LONG_TEXTS)
            self._long_texts.write(sheet, self._heading, self._formats[_TEXT])
        self._close()
        return super().finish()

    def __exit__(self, failure: object, *more: object) -> None:
        self._long_texts.close()
        self._close()  # or its own files could not be deleted
        self._folder.cleanup()
        super().__exit__(failure, *more)

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._book.close()


class _Sheet(OpenTable):
    def __init__(self, file: XlsxFile, sheet: Any) -> None:
        self._file, self._sheet, self._row = file, sheet, 0

    def add(self, values: Sequence[Value]) -> None:
        self._file.count(values)
        self._row += 1
        if self._row > MOST_ROWS:
            raise TooMuchToExportError
        for at, value in enumerate(values):
            self._file.set_cell(self._sheet, self._row, at, value)


class LongTexts:
    """The texts that no cell holds, on the disk until their sheet is written, the last one."""

    def __init__(self) -> None:
        self.number = 0
        self._lines = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see close

    def add(self, text: str, *, sheet: str, cell: str) -> str:
        """Keep a text; returns what stands in its cell."""
        self.number += 1
        for part in parts_of(text):
            self._lines.write(json.dumps([self.number, part, sheet, cell]) + "\n")
        return beginning_of(text, self.number)

    def write(self, sheet: Any, heading: Any, text: Any) -> None:
        sheet.set_column(1, 1, 80)
        for at, name in enumerate(
            (pgettext("which one", "Number"), _("Text"), _("Sheet"), _("Cell"))
        ):
            sheet.write_string(0, at, name, heading)
        self._lines.seek(0)
        for row, line in enumerate(self._lines, 1):
            number, *texts = json.loads(line)
            sheet.write_number(row, 0, number)
            for at, each in enumerate(texts, 1):
                sheet.write_string(row, at, each, text)

    def close(self) -> None:
        self._lines.close()


class CsvFile(ListFile):
    """One table as text. Every text is in quotes, and escaped where it would be a formula."""

    extension = "csv"
    content_type = "text/csv"

    @contextmanager
    def table(self, title: str, headings: Sequence[str]) -> Iterator[OpenTable]:
        with _lines_into(self.content) as lines:
            yield _CsvTable(self, lines, headings)


class ZippedCsvFile(ListFile):
    """Several tables as text, a .csv file each."""

    extension = "zip"
    content_type = "application/zip"

    def __init__(self) -> None:
        super().__init__()
        self._archive = zipfile.ZipFile(self.content, "w", zipfile.ZIP_DEFLATED)
        self._names: set[str] = set()

    @contextmanager
    def table(self, title: str, headings: Sequence[str]) -> Iterator[OpenTable]:
        if len(self._names) >= MOST_TABLES:
            raise TooMuchToExportError
        name = _first_unused_name(title.translate(_NOT_IN_FILE_NAMES), self._names)
        number = len(self._names)
        # An archive takes one file at a time, and tables are written beside each other.
        with tempfile.TemporaryFile() as content:
            with _lines_into(content) as lines:
                yield _CsvTable(self, lines, headings)
            content.seek(0)
            info = zipfile.ZipInfo(f"{number} {name}.csv", localtime().timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            with self._archive.open(info, "w", force_zip64=True) as entry:
                while chunk := content.read(1 << 16):
                    entry.write(chunk)

    def finish(self) -> IO[bytes]:
        self._archive.close()
        return super().finish()

    def __exit__(self, failure: object, *more: object) -> None:
        self._archive.close()
        super().__exit__(failure, *more)


class _CsvTable(OpenTable):
    def __init__(self, file: ListFile, lines: IO[str], headings: Sequence[str]) -> None:
        self._file = file
        self._writer = csv.writer(lines, quoting=csv.QUOTE_NONNUMERIC)
        self._writer.writerow([escape_formulas(each) for each in headings])

    def add(self, values: Sequence[Value]) -> None:
        self._file.count(values)
        self._writer.writerow([_for_csv(each) for each in values])


class JsonFile(ListFile):
    """One table as a list of objects. Nothing takes its texts for formulas."""

    extension = "json"
    content_type = "application/json"
    holds_objects = True

    @contextmanager
    def table(self, title: str, headings: Sequence[str]) -> Iterator[OpenTable]:
        table = _JsonTable(self, headings)
        self.content.write(b"[")
        yield table
        self.content.write(b"\n]\n")


class _JsonTable(OpenTable):
    def __init__(self, file: JsonFile, headings: Sequence[str]) -> None:
        self._file, self._headings, self._before = file, headings, "\n"

    def add(self, values: Sequence[Value]) -> None:
        named = zip(self._headings, map(_for_json, values), strict=True)
        text = json.dumps(dict(named), ensure_ascii=False, indent=1)
        self._file.count(values, characters=len(text))
        self._file.content.write((self._before + text).encode("utf-8", "replace"))
        self._before = ",\n"


@contextmanager
def _lines_into(content: IO[bytes]) -> Iterator[IO[str]]:
    """With the mark by which Excel knows that it is UTF-8."""
    lines = io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline="")
    try:
        yield lines
    finally:
        lines.detach()


_FORMATS: Final = (_TEXT, "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss")
_FORMAT_OF: Final[Mapping[type, str]] = {
    date: "yyyy-mm-dd",
    datetime: "yyyy-mm-dd hh:mm:ss",
    time: "hh:mm:ss",
}


def written(value: object) -> str:
    """A value as text: yes and no, dates as people and programs both read them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _as_the_pages_show(value).isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)


def _for_spreadsheets(value: Value) -> str | int | float | date | time | None:
    """A value as a cell can hold it without losing anything; else as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        digits = sum(letter.isdigit() for letter in repr(value).partition("e")[0])
        return value if digits <= _MOST_DIGITS else written(value)
    if isinstance(value, datetime):
        naive = _as_the_pages_show(value)
        return naive.replace(microsecond=0) if naive.date() >= _FIRST_DAY else written(value)
    if isinstance(value, date):
        return value if value >= _FIRST_DAY else written(value)
    if isinstance(value, time) and value.tzinfo is None:
        return value
    return None if value is None else written(value)


def _as_the_pages_show(moment: datetime) -> datetime:
    """In the time zone of the pages, without naming it: no spreadsheet knows zones."""
    try:
        local = localtime(moment) if is_aware(moment) else moment
    except (OverflowError, ValueError):  # the first and the last day that there are
        local = moment
    return local.replace(tzinfo=None)


def _for_csv(value: Value) -> str | int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return escape_formulas(written(value))


def _for_json(value: Value) -> object:
    return value if isinstance(value, bool | int | float | Mapping) else written(value)


def _first_unused_name(title: str, taken: set[str]) -> str:
    """The title as the name of a sheet that no other one has: 31 UTF-16 units at most."""
    plain = " ".join(plain_name(title.translate(_NOT_IN_SHEET_NAMES)).split()) or "Sheet"
    name, number = _cut(plain, 31), 1
    while name_key(name) in taken or name_key(name) == "history":  # a word that Excel keeps
        number += 1
        name = f"{_cut(plain, 30 - len(str(number)) - 2)} ({number})"
    taken.add(name_key(name))
    return name


def _cut(text: str, units: int) -> str:
    while len(text.encode("utf-16-le")) // 2 > units:
        text = text[:-1]
    return text.strip()
