"""Files of tables: what cannot be in a cell is reported or goes elsewhere, and nothing is cut."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from django.test import SimpleTestCase
from openpyxl import Workbook, load_workbook

from workflows.errors import UnreadableBundleError
from workflows.flat import writing
from workflows.flat.formats import Csv, Json, Xlsx
from workflows.flat.long_texts import MOST_UNITS, is_long, parts_of
from workflows.flat.writing import (
    CsvFile,
    JsonFile,
    ListFile,
    TooMuchToExportError,
    XlsxFile,
    ZippedCsvFile,
)

ALL: tuple[type[ListFile], ...] = (XlsxFile, CsvFile, ZippedCsvFile, JsonFile)
LONG = "".join(f"Line {number}: äöü 🙂 =1+1\n" for number in range(6_000))[:100_000]


def made(file: ListFile, rows: list[list[Any]], *, headings: tuple[str, ...] = ("A", "B")) -> bytes:
    with file:
        with file.table("Things", headings) as table:
            for row in rows:
                table.add(row)
        return file.finish().read()


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


class XlsxFileTests(SimpleTestCase):
    def test_a_text_of_100_000_characters_is_all_there(self) -> None:
        self.assertEqual(len(LONG), 100_000)
        content = made(XlsxFile(), [["x", LONG], [LONG[::-1], "y"]])
        book = opened(content)
        self.assertEqual(book.sheetnames, ["Things", "Long texts"])
        cell = str(book["Things"]["B2"].value)
        self.assertTrue(cell.startswith(LONG[:30_000]))
        self.assertTrue(cell.endswith("… [long text 1: all of it stands in parts on the sheet “Long texts”]"))  # noqa: E501 # fmt: skip
        parts = list(book["Long texts"].iter_rows(min_row=2, values_only=True))
        self.assertEqual("".join(str(row[1]) for row in parts if row[0] == 1), LONG)
        self.assertEqual("".join(str(row[1]) for row in parts if row[0] == 2), LONG[::-1])
        self.assertEqual({row[0]: row[2:] for row in parts}, {1: ("Things", "B2"), 2: ("Things", "A3")})  # noqa: E501 # fmt: skip
        table = Xlsx().create_dataset(content)
        self.assertEqual(list(table), [("x", LONG.strip()), (LONG[::-1].strip(), "y")])

    def test_no_cell_is_longer_than_a_spreadsheet_takes(self) -> None:
        for letter in ("x", "🙂", "\u0301"):
            for length in (16_384, 32_767, 32_768, 70_001):
                text = letter * length
                with self.subTest(letter=ascii(letter), length=length):
                    content = made(XlsxFile(), [[text, ""]])
                    for sheet in opened(content).worksheets:
                        for (value,) in sheet.iter_rows(max_col=1, values_only=True):
                            self.assertLessEqual(
                                len(str(value).encode("utf-16-le")) // 2, MOST_UNITS
                            )
                    self.assertEqual(Xlsx().create_dataset(content)[0][0], text)
                    self.assertEqual("".join(parts_of(text)), text)
        self.assertFalse(is_long("x" * MOST_UNITS))

    def test_a_long_text_that_was_changed_in_its_cell_is_not_taken_for_the_whole(self) -> None:
        book = opened(made(XlsxFile(), [[LONG, ""]]))
        book["Things"]["A2"].value = f"Changed {book['Things']['A2'].value}"
        self.assertIn("Change this text on the sheet “Long texts”", self.refusal(book))
        book = opened(made(XlsxFile(), [[LONG, ""]]))
        del book["Long texts"]
        self.assertIn("has no text 1", self.refusal(book))

    def refusal(self, book: Workbook) -> str:
        content = io.BytesIO()
        book.save(content)
        with self.assertRaises(UnreadableBundleError) as caught:
            Xlsx().create_dataset(content.getvalue())
        return str(caught.exception)

    def test_values_are_what_they_are(self) -> None:
        moment = datetime(2026, 3, 31, 12, 30, 15, 999, tzinfo=UTC)
        last = datetime(9999, 12, 31, 23, tzinfo=UTC)
        values: list[tuple[Any, Any]] = [
            ("=1+1", "=1+1"),
            ("007", "007"),
            (7, 7),
            (-0.5, -0.5),
            (1e300, 1e300),
            (2**53 - 1, "9007199254740991"),
            (0.1 + 0.2, "0.30000000000000004"),
            (True, "yes"),
            (None, None),
            ("", None),
            (date(2026, 3, 31), datetime.combine(date(2026, 3, 31), time())),
            (date(1899, 12, 31), "1899-12-31"),
            (time(14, 30), time(14, 30)),
            (moment, moment.replace(tzinfo=None, microsecond=0)),
            (last, last.replace(tzinfo=None)),
        ]
        headings = tuple(f"H{number}" for number, _each in enumerate(values))
        content = made(XlsxFile(), [[value for value, _shown in values]], headings=headings)
        cells = opened(content)["Things"][2]
        self.assertEqual({cell.data_type for cell in cells} & {"f", "e"}, set())
        for cell, (value, shown) in zip(cells, values, strict=True):
            with self.subTest(value):
                self.assertEqual(cell.value, shown)

    def test_signs_that_excel_has_its_own_words_for_come_back(self) -> None:
        for text in ("a_x0041_b", "a\x01b", "x\ufffey", "_x005F_", "a\nb"):
            with self.subTest(ascii(text)):
                table = Xlsx().create_dataset(made(XlsxFile(), [[text, "x"]]))
                self.assertEqual(table[0], (text, "x"))

    def test_sheets_have_names_of_their_own(self) -> None:
        titles = ["A/B: [c]?*\\", "a b c", "x" * 40, "X" * 40, "", "\u200b", "'q'", "History", "Long texts", "🙂" * 20, "\ufffe"]  # noqa: E501 # fmt: skip
        with XlsxFile() as file:
            for title in titles:
                with file.table(title, ["A"]):
                    pass
            names = opened(file.finish().read()).sheetnames
        self.assertEqual(len({name.lower() for name in names}), len(titles))
        self.assertTrue(all(len(name.encode("utf-16-le")) <= 62 for name in names), names)

    def test_nothing_is_left_on_the_disk(self) -> None:
        folder = self.enterContext(TemporaryDirectory())  # that of the machine has others' files
        self.enterContext(patch("tempfile.tempdir", folder))
        made(XlsxFile(), [[LONG, "x"]])
        with self.assertRaises(ZeroDivisionError):
            made(XlsxFile(), [[1 / 0, "x"]])
        with self.assertRaises(ValueError), XlsxFile() as file, file.table("a", ["A"]) as table:
            table.add(["x"])
            raise ValueError
        self.assertEqual(list(Path(folder).iterdir()), [])


class OtherFilesTests(SimpleTestCase):
    def test_long_texts_are_whole_in_csv_and_json(self) -> None:
        rows = [["x", LONG.strip()]]
        self.assertEqual(list(Csv().create_dataset(made(CsvFile(), rows))), [tuple(rows[0])])
        self.assertEqual(list(Json().create_dataset(made(JsonFile(), rows))), [tuple(rows[0])])

    def test_several_tables_are_several_files(self) -> None:
        with ZippedCsvFile() as file:
            with (
                file.table("First: 1/2", ["A"]) as first,
                file.table("First  1 2", ["B"]) as second,
            ):
                for number in range(3):
                    first.add([number])
                    second.add([f"={number}"])
            content = file.finish().read()
        archive = zipfile.ZipFile(io.BytesIO(content))
        self.assertEqual(sorted(archive.namelist()), ["1 First 1 2.csv", "2 First 1 2 (2).csv"])
        lines = archive.read("2 First 1 2 (2).csv").decode("utf-8-sig").splitlines()
        self.assertEqual(lines, ['"B"', '"\'=0"', '"\'=1"', '"\'=2"'])

    def test_json_is_a_list_also_of_nothing(self) -> None:
        self.assertEqual(json.loads(made(JsonFile(), [])), [])
        rows: list[list[Any]] = [[1, {"a": [1, "ä"]}], ["x", None]]
        self.assertEqual(
            json.loads(made(JsonFile(), rows)),
            [{"A": 1, "B": {"a": [1, "ä"]}}, {"A": "x", "B": ""}],
        )

    def test_more_than_a_file_can_hold_is_told(self) -> None:
        for name, most in (("MOST_CELLS", 3), ("MOST_CHARACTERS", 5), ("MOST_ROWS", 1)):
            for kind in ALL if name != "MOST_ROWS" else (XlsxFile,):
                with (
                    self.subTest(name=name, kind=kind.__name__),
                    patch.object(writing, name, most),
                    self.assertRaises(TooMuchToExportError),
                ):
                    made(kind(), [["aaa", "bbb"], ["c", "d"]])
        for several in (XlsxFile, ZippedCsvFile):
            with (
                patch.object(writing, "MOST_TABLES", 2),
                self.assertRaises(TooMuchToExportError),
                several() as file,
            ):
                for number in range(4):
                    with file.table(f"t{number}", ["A"]):
                        pass
