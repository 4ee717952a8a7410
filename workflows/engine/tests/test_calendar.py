"""Durations in working time: tables of start, duration and what must come out."""

from __future__ import annotations

import unittest
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from workflows.engine.errors import DurationError, SpanError
from workflows.engine.times.calendar import (
    OFFICE_WEEK,
    Duration,
    Span,
    WorkingTime,
    read_spans,
    write_spans,
)

BRUSSELS, NEW_YORK = ZoneInfo("Europe/Brussels"), ZoneInfo("America/New_York")
ALWAYS = ((Span(0, 1440),),) * 7


def at(text: str, zone: ZoneInfo = BRUSSELS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


class DurationTests(unittest.TestCase):
    def test_it_reads_what_people_write(self) -> None:
        for text, iso in (
            ("2 days 4 hours", "P2DT4H"),
            ("2 days, 4 hours and 30 minutes", "P2DT4H30M"),
            ("1 day", "P1D"),
            ("90 min", "PT1H30M"),
            ("2d4h", "P2DT4H"),
            (" 48 Hours ", "PT48H"),
            ("p2dt4h", "P2DT4H"),
        ):
            with self.subTest(text=text):
                duration = Duration.read(text)
                self.assertEqual(duration.iso, iso)
                self.assertEqual(Duration.parse(iso), duration)
                self.assertEqual(Duration.read(duration.text), duration)

    def test_it_refuses_the_rest(self) -> None:
        for text in (
            "", " ", "2", "days", "2 weeks", "P1W", "P0D", "PT0M", "PT90M", "P", "PT", "-1 day",
            "1000 days", "2 days later", "P1DT", "1,5 days", "0 hours", "P٢D", "1 day\x00",
        ):  # fmt: skip
            with self.subTest(text=text), self.assertRaises(DurationError):
                Duration.read(text)

    def test_only_the_canonical_form_is_kept(self) -> None:
        for text in ("PT90M", "p1d", "2 days", "P01D", "P1D "):
            with self.subTest(text=text), self.assertRaises(DurationError):
                Duration.parse(text)


class SpanTests(unittest.TestCase):
    def test_it_reads_what_people_write(self) -> None:
        for text, written in (
            ("09:00-17:00", "09:00-17:00"),
            ("9-12, 13-17.30", "09:00-12:00, 13:00-17:30"),
            (" 8:30 – 12 ; 12-16 ", "08:30-12:00, 12:00-16:00"),  # noqa: RUF001
            ("0-24", "00:00-24:00"),
            ("", ""),
        ):
            with self.subTest(text=text):
                self.assertEqual(write_spans(read_spans(text)), written)

    def test_it_refuses_the_rest(self) -> None:
        for text in ("9", "17-9", "9-9", "9-12, 11-17", "13-17, 9-12", "9-25", "8:60-9", "closed"):
            with self.subTest(text=text), self.assertRaises(SpanError):
                read_spans(text)


class WorkingTimeTests(unittest.TestCase):
    def check(self, working: WorkingTime, *rows: tuple[str, str, str]) -> None:
        for start, duration, due in rows:
            with self.subTest(start=start, duration=duration):
                found = working.after(at(start, working.zone), Duration.parse(duration))
                local = found.astimezone(working.zone).replace(tzinfo=None)
                self.assertEqual(local.isoformat(" ", "minutes"), due)
                self.assertIs(found.tzinfo, UTC)

    def test_office_hours(self) -> None:
        """2026-03-02 is a Monday."""
        self.check(
            WorkingTime(BRUSSELS, OFFICE_WEEK),
            ("2026-03-02 10:00", "PT4H", "2026-03-02 14:00"),
            ("2026-03-02 15:00", "PT4H", "2026-03-03 11:00"),
            ("2026-03-02 09:00", "PT8H", "2026-03-02 17:00"),
            ("2026-03-02 10:00", "P2D", "2026-03-04 10:00"),
            ("2026-03-02 10:00", "P2DT4H", "2026-03-04 14:00"),
            ("2026-03-02 15:00", "P1DT4H", "2026-03-04 11:00"),
            # Before and after hours, the clock begins with the next working time.
            ("2026-03-02 07:00", "PT1H", "2026-03-02 10:00"),
            ("2026-03-02 17:00", "PT1H", "2026-03-03 10:00"),
            ("2026-03-02 23:59", "P1D", "2026-03-04 09:00"),
            ("2026-03-02 10:00", "PT40H", "2026-03-09 10:00"),
        )

    def test_the_weekend_does_not_count(self) -> None:
        self.check(
            WorkingTime(BRUSSELS, OFFICE_WEEK),
            ("2026-03-06 16:00", "PT2H", "2026-03-09 10:00"),
            ("2026-03-06 16:00", "P1D", "2026-03-09 16:00"),
            ("2026-03-07 12:00", "PT1H", "2026-03-09 10:00"),
            ("2026-03-08 12:00", "P1D", "2026-03-10 09:00"),
        )

    def test_holidays_do_not_count(self) -> None:
        working = WorkingTime(
            BRUSSELS,
            OFFICE_WEEK,
            holidays=frozenset({date(2026, 4, 6)}),
            yearly_holidays=frozenset({(12, 25), (1, 1)}),
        )
        self.check(
            working,
            ("2026-04-03 16:00", "PT2H", "2026-04-07 10:00"),
            ("2026-04-03 16:00", "P1D", "2026-04-07 16:00"),
            ("2026-04-06 10:00", "PT1H", "2026-04-07 10:00"),
            ("2026-12-24 16:00", "PT2H", "2026-12-28 10:00"),
            ("2026-12-31 12:00", "P1D", "2027-01-04 12:00"),
        )

    def test_a_break_does_not_count(self) -> None:
        day = (Span(8 * 60, 12 * 60), Span(13 * 60, 17 * 60))
        self.check(
            WorkingTime(BRUSSELS, (day,) * 5 + ((), ())),
            ("2026-03-02 11:00", "PT2H", "2026-03-02 14:00"),
            ("2026-03-02 12:30", "PT1H", "2026-03-02 14:00"),
            ("2026-03-02 11:00", "PT1H", "2026-03-02 12:00"),
            ("2026-03-02 16:00", "PT6H", "2026-03-03 14:00"),
        )

    def test_days_of_different_length(self) -> None:
        """Days lead to the same time of day, where it is working time."""
        week = (
            (Span(540, 1020),), (Span(540, 1020),), (Span(720, 1200),), (Span(540, 1020),),
            (Span(540, 780),), (), (),
        )  # fmt: skip
        self.check(
            WorkingTime(BRUSSELS, week),
            ("2026-03-05 16:00", "P1D", "2026-03-06 13:00"),
            ("2026-03-05 16:00", "P2D", "2026-03-09 16:00"),
            ("2026-03-03 10:00", "P1D", "2026-03-04 12:00"),
            ("2026-03-03 10:00", "P2D", "2026-03-05 10:00"),
        )

    def test_days_of_no_length_are_no_working_days(self) -> None:
        week = ((Span(540, 540),), *OFFICE_WEEK[1:])
        self.check(
            WorkingTime(BRUSSELS, week),
            ("2026-03-06 16:00", "PT2H", "2026-03-10 10:00"),
            ("2026-03-02 12:00", "P1D", "2026-03-04 09:00"),
        )

    def test_without_any_working_time_every_hour_counts(self) -> None:
        start = at("2026-03-02 10:00")
        for week in (((),) * 7, ((Span(540, 540),),) * 7):
            found = WorkingTime(BRUSSELS, week).after(start, Duration.parse("P1DT2H"))
            self.assertEqual(found - start, timedelta(hours=26))

    def test_round_the_clock(self) -> None:
        self.check(
            WorkingTime(BRUSSELS, ALWAYS),
            ("2026-03-07 23:00", "PT4H", "2026-03-08 03:00"),
            ("2026-03-07 23:00", "P2D", "2026-03-09 23:00"),
        )

    def test_when_the_clocks_go_forward(self) -> None:
        """Brussels skips 02:00 to 03:00 on Sunday, 2026-03-29."""
        self.check(
            WorkingTime(BRUSSELS, ALWAYS),
            ("2026-03-29 01:00", "PT2H", "2026-03-29 04:00"),
            ("2026-03-28 12:00", "PT24H", "2026-03-29 13:00"),
            ("2026-03-28 12:00", "P1D", "2026-03-29 12:00"),
        )
        office = WorkingTime(BRUSSELS, OFFICE_WEEK)
        start = at("2026-03-27 16:00")
        due = office.after(start, Duration.parse("P1D"))
        self.assertEqual(due, at("2026-03-30 16:00"))
        self.assertEqual(due - start.astimezone(UTC), timedelta(hours=71))

    def test_when_the_clocks_go_back(self) -> None:
        """Brussels has 02:00 to 03:00 twice on Sunday, 2026-10-25."""
        self.check(
            WorkingTime(BRUSSELS, ALWAYS),
            ("2026-10-25 01:00", "PT3H", "2026-10-25 03:00"),
            ("2026-10-24 12:00", "PT24H", "2026-10-25 11:00"),
            ("2026-10-24 12:00", "P1D", "2026-10-25 12:00"),
        )
        night = WorkingTime(BRUSSELS, ((Span(60, 150),),) * 7)  # 01:00 to 02:30
        start = at("2026-10-25 00:30")
        self.assertEqual(
            night.after(start, Duration.parse("PT2H30M")), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        )

    def test_the_zone_decides_what_day_it_is(self) -> None:
        """Friday evening in Brussels is Friday noon in New York."""
        start = at("2026-03-06 18:00")
        working = WorkingTime(NEW_YORK, OFFICE_WEEK)
        due = working.after(start, Duration.parse("PT1H"))
        self.assertEqual(due, start.astimezone(UTC) + timedelta(hours=1))

    def test_it_is_never_before_the_start_and_grows_with_the_duration(self) -> None:
        working = WorkingTime(BRUSSELS, OFFICE_WEEK, holidays=frozenset({date(2026, 3, 30)}))
        start = datetime(2026, 3, 20, tzinfo=UTC)
        for hours in range(0, 24 * 14, 5):
            moment = start + timedelta(hours=hours)
            dues = [
                working.after(moment, Duration.parse(text))
                for text in ("PT1M", "PT1H", "PT8H", "P2D", "P2DT1H", "P5D")
            ]
            self.assertEqual(dues, sorted(dues))
            self.assertGreater(dues[0], moment)


if __name__ == "__main__":
    unittest.main()
