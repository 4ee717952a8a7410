"""Moments: how they are written, and when they are. Pure values, no clock."""

from __future__ import annotations

import re
import unittest
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from workflows.engine.errors import MomentError
from workflows.engine.process import Json, JsonObject
from workflows.engine.times.calendar import OFFICE_WEEK, WorkingTime
from workflows.engine.times.timing import MOMENT_PATTERN, Moment

BRUSSELS: Final = WorkingTime(ZoneInfo("Europe/Brussels"), OFFICE_WEEK)
# A Friday, 16:00 in Brussels; the clocks are put back on Sunday.
FRIDAY: Final = datetime(2026, 10, 23, 14, tzinfo=UTC)
DUE: Final = datetime(2026, 10, 28, 9, tzinfo=UTC)


def answers(value: Json) -> JsonObject:
    return {"ticket": {"back": value}, "tasks": {"lend": {"back": value}}}


def at(text: str, value: Json = "2026-10-28", *, ends_day: bool = False) -> str:
    found = Moment.parse(text).at(
        BRUSSELS, start=FRIDAY, answers=answers(value), due=DUE, ends_day=ends_day
    )
    return "-" if found is None else f"{found.astimezone(BRUSSELS.zone):%m-%d %H:%M}"


class MomentTests(unittest.TestCase):
    def test_when_they_are(self) -> None:
        for text, expected in (
            ("P1D", "10-26 16:00"),
            ("PT2H", "10-26 10:00"),
            ("PT30M clock", "10-23 16:30"),
            ("P1D clock", "10-24 16:00"),
            ("P2D clock", "10-25 16:00"),  # over the change of the clocks: the same hour
            ("PT48H clock", "10-25 15:00"),  # hours pass as they do
            ("P1D at 08:00", "10-26 08:00"),
            ("at 09:00", "10-26 09:00"),
            ("at 17:30", "10-23 17:30"),
            ("clock at 09:00", "10-24 09:00"),
            ("on ticket.back", "10-28 09:00"),
            ("on ticket.back at 12:00", "10-28 12:00"),
            ("P3D before ticket.back at 09:00", "10-23 09:00"),
            ("P3D clock before ticket.back at 09:00", "10-25 09:00"),
            ("P5D clock before ticket.back at 09:00", "10-23 09:00"),  # the same hour, too
            ("P2D before tasks.lend.back", "10-26 09:00"),
            ("PT1H before ticket.back", "10-27 16:00"),
            ("P7D clock after ticket.back", "11-04 09:00"),
            ("P1D before due", "10-27 10:00"),
            ("PT2H before due", "10-27 16:00"),
            ("on due", "10-28 10:00"),
            ("P1D after due", "10-29 10:00"),
        ):
            with self.subTest(text):
                self.assertEqual(at(text), expected)

    def test_what_must_be_done_on_a_day_has_until_its_end(self) -> None:
        self.assertEqual(at("on ticket.back", ends_day=True), "10-28 17:00")
        self.assertEqual(at("P1D before ticket.back", ends_day=True), "10-27 17:00")
        self.assertEqual(at("P1D", ends_day=True), "10-26 16:00")

    def test_a_date_and_time_is_a_moment(self) -> None:
        self.assertEqual(at("on ticket.back", "2026-10-28T15:30:00Z"), "10-28 16:30")
        self.assertEqual(at("P1D clock before ticket.back", "2026-10-25T15:30:00Z"), "10-24 16:30")
        self.assertEqual(at("P1D before ticket.back", "2026-10-26T15:30:00Z"), "10-23 16:30")

    def test_a_day_off_has_the_hours_of_an_office(self) -> None:
        self.assertEqual(at("on ticket.back", "2026-10-24"), "10-24 09:00")
        self.assertEqual(at("P1D before ticket.back", "2026-10-25"), "10-23 09:00")

    def test_without_a_date_there_is_no_moment(self) -> None:
        values: list[Json] = [None, "", 7, "soon", "2026-02-30", {"id": 1}, ["2026-10-28"]]
        for value in [*values, "9999-12-31"]:
            with self.subTest(value=value):
                self.assertEqual(at("P9D after ticket.back", value), "-")
        self.assertIsNone(Moment.parse("on due").at(BRUSSELS, start=FRIDAY, answers={}))

    def test_backwards_is_forwards_turned_round(self) -> None:
        for text in ("P1D", "P3D", "PT1H", "PT9H", "P1DT30M"):
            duration = Moment.parse(text).duration
            later = BRUSSELS.after(FRIDAY, duration)
            with self.subTest(text):
                self.assertEqual(BRUSSELS.before(later, duration), FRIDAY)

    def test_each_has_one_spelling(self) -> None:
        for text in (
            *("P2D", "PT30M clock", "P1DT4H", "P1D at 08:00", "at 09:00", "clock at 09:00"),
            *(
                "P3D before ticket.back at 09:00",
                "P3D clock after tasks.a.b",
                "on due",
                "on ticket.a",
            ),
        ):
            with self.subTest(text):
                self.assertEqual(Moment.parse(text).iso, text)
                self.assertEqual(Moment.read(Moment.parse(text).text), Moment.parse(text))
                self.assertIsNotNone(re.fullmatch(MOMENT_PATTERN, text))

    def test_people_write_them_in_several_ways(self) -> None:
        for text, expected in (
            ("2 days", "P2D"),
            ("2 days, 4 hours of working time", "P2DT4H"),
            ("30 min by the clock", "PT30M clock"),
            (
                "3 days before ticket.back at 9:00, clock time",
                "P3D clock before ticket.back at 09:00",
            ),
            ("1 day after the due date", "P1D after due"),
            ("On the due date", "on due"),
            ("2 days after start", "P2D"),
            ("at 8.30", "at 08:30"),
            ("p2d", "P2D"),
        ):
            with self.subTest(text):
                self.assertEqual(Moment.read(text).iso, expected)

    def test_what_is_none_is_refused(self) -> None:
        for text in (
            *("", "soon", "P0D", "2 days before", "before due", "at 25:00", "on start", "9"),
            *("P1D clock clock", "P1D on due", "1 day before the party at 9"),
        ):
            with self.subTest(text):
                self.assertRaises(MomentError, Moment.read, text)
        self.assertRaises(MomentError, Moment.parse, "2 days")
