"""Times in cells are meant in the company's zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.test import SimpleTestCase

from workflows.fields.datetime.rules import TYPE
from workflows.workbooks.cells.typed import read_typed, write_typed
from workflows.workbooks.cells.zone import cells_in

BERLIN = ZoneInfo("Europe/Berlin")


class ZoneTests(SimpleTestCase):
    def test_cells_and_texts_without_a_zone(self) -> None:
        for cell, expected in (
            (datetime(2026, 1, 31, 14, 30), "2026-01-31T13:30:00Z"),  # noqa: DTZ001
            (date(2026, 7, 1), "2026-06-30T22:00:00Z"),
            ("2026-07-01 14:30", "2026-07-01T12:30:00Z"),
            ("2026-07-01T14:30:00", "2026-07-01T12:30:00Z"),
            # What names its zone, such as what was downloaded, stays as it is.
            ("2026-07-01T14:30:00Z", "2026-07-01T14:30:00Z"),
            ("2026-07-01T14:30:00+05:00", "2026-07-01T14:30:00+05:00"),
            # What is none is for the check to refuse.
            ("2026-07-01", "2026-07-01"),
            ("the first of July", "the first of July"),
            ("0001-01-01 00:00", "0001-01-01 00:00"),
        ):
            with self.subTest(cell), cells_in(BERLIN):
                self.assertEqual(read_typed(cell, "datetime"), expected)
        self.assertEqual(read_typed("2026-07-01 14:30", "datetime"), "2026-07-01T14:30:00Z")

    def test_the_hour_in_which_the_clocks_change_is_told_and_not_guessed(self) -> None:
        for moment in (datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30)):  # noqa: DTZ001
            with self.subTest(moment), cells_in(BERLIN):
                found = read_typed(moment, "datetime")
                self.assertEqual(found, moment.isoformat())
                self.assertIn("with its zone", TYPE.wrong_form(found))

    def test_what_is_written_is_read_as_the_same(self) -> None:
        value = "2026-10-25T00:30:00Z"
        with cells_in(BERLIN):
            self.assertEqual(read_typed(str(write_typed(value, "datetime")), "datetime"), value)
