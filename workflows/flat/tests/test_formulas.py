"""No text of a .csv file is a formula, whichever separator a program opens the file with."""

from __future__ import annotations

import csv
import io
import unittest
from collections.abc import Iterable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.flat.formats import Csv
from workflows.flat.formulas import escape_formulas, unescape_formulas
from workflows.flat.writing import CsvFile

SIGNS = "=+-@＝＋－＠"  # noqa: RUF001
SEPARATORS = ",;\t|"
DANGEROUS = [
    *(f"{sign}1+1" for sign in SIGNS),
    *(f"{before}{sign}1" for before in "\t\r\n" for sign in SIGNS),
    *(f'x{each}{sign}cmd|" /C calc"!A0{each}y' for each in f"{SEPARATORS}\n\r" for sign in SIGNS),
    *(f"x{each} {sign}1" for each in SEPARATORS for sign in SIGNS),
    *(f'x{each}"{sign}1{each}"' for each in SEPARATORS for sign in SIGNS),
    *(f"x{each}\u00a0\u200b\ufeff{sign}1" for each in SEPARATORS for sign in SIGNS),
    '";=1+1;"', "'=1", "'\n=1", "\u200b=1", " =1", '"=1"', "'';=1", ";;;=1", "a\u2028=1", "\x0b=1",
]  # fmt: skip
HARMLESS = [
    "",
    "a-b",
    "a - b",
    "it's",
    "1 = 1",
    "a, b; c",
    "'quoted'",
    "x\n\ny",
    "e-mail@x.example",
]
TEXT = st.lists(st.sampled_from([*f"{SIGNS}{SEPARATORS}\n\r'\" ab1\u200b\u00a0\ufeff\u2028"])).map(
    "".join
)


def written(rows: Iterable[list[str]]) -> str:
    with CsvFile() as file:
        with file.table("x", [escape_formulas("h")]) as table:
            for row in rows:
                table.add(row)
        return file.finish().read().decode("utf-8-sig")


def cells(text: str) -> Iterator[str]:
    """What spreadsheet programs make cells of: with each separator, with quotes and without."""
    for separator in SEPARATORS:
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            lines = io.StringIO(text, newline="")
            for row in csv.reader(lines, delimiter=separator, quoting=quoting, strict=False):
                yield from row


# How long it takes is a matter of the machine's load.
SETTINGS = examples(60)


class GuardTests(unittest.TestCase):
    def assert_no_formula(self, text: str) -> None:
        for cell in cells(text):
            shown = cell.lstrip(' \u00a0\u200b\ufeff\t\r\n"')
            self.assertNotIn(shown[:1] or "x", SIGNS, f"{cell!r} of {text!r}")

    def test_no_cell_is_a_formula_with_whatever_separator(self) -> None:
        for text in DANGEROUS:
            with self.subTest(ascii(text)):
                self.assert_no_formula(written([["before", text, "after"], [text, text]]))

    @SETTINGS
    @given(st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=3))
    def test_no_table_is_read_as_a_formula(self, rows: list[list[str]]) -> None:
        self.assert_no_formula(written(rows))

    def test_headings_are_texts_too(self) -> None:
        with CsvFile() as file:
            with file.table("x", ["a", "x;=1"]) as table:
                table.add(["", ""])
            self.assert_no_formula(file.finish().read().decode("utf-8-sig"))

    def test_every_text_is_in_quotes_and_numbers_are_not(self) -> None:
        with CsvFile() as file:
            with file.table("x", ["A", "B"]) as table:
                table.add(["1", -5])
            self.assertEqual(file.finish().read().decode("utf-8-sig"), '"A","B"\r\n"1",-5\r\n')


class RoundTripTests(unittest.TestCase):
    @SETTINGS
    @given(TEXT)
    def test_it_comes_back_as_it_was(self, text: str) -> None:
        self.assertEqual(unescape_formulas(escape_formulas(text)), text)

    def test_what_is_harmless_is_not_touched(self) -> None:
        for text in HARMLESS:
            with self.subTest(text):
                self.assertEqual((escape_formulas(text), unescape_formulas(text)), (text, text))

    def test_apostrophes_that_people_write_stay(self) -> None:
        for text in ("Use '-v', '-x' or '=1'", "rock, 'n' roll", "'=' is equals; '-' is minus"):
            with self.subTest(text):
                self.assertEqual(unescape_formulas(text.removeprefix("'")), text.removeprefix("'"))

    def test_a_file_comes_back_as_it_was(self) -> None:
        texts = [text for text in (*DANGEROUS, *HARMLESS) if text == text.strip() and text]
        texts = [text for text in texts if "\r" not in text and text.strip("\u200b\ufeff") == text]
        table = Csv().create_dataset(written([[text] for text in texts]).encode())
        self.assertEqual([row[0] for row in table], texts)
