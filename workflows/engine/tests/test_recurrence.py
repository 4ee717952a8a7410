from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.test import SimpleTestCase

from workflows.engine.errors import RecurrenceError
from workflows.engine.times.calendar import OFFICE_WEEK, WorkingTime
from workflows.engine.times.recurrence import DayRule, Recurrence, working_day_of

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def working_time(zone: ZoneInfo = BERLIN, **more: Any) -> WorkingTime:
    return WorkingTime(zone=zone, week=OFFICE_WEEK, **more)


def moments(
    after: str, number: int = 3, *, zone: ZoneInfo = BERLIN, holidays: Any = (), **rule: Any
) -> list[str]:
    """The next ones, as the clocks of the zone show them, with the offset."""
    found = Recurrence.read(**rule).next_moments(
        working_time(zone, holidays=frozenset(map(date.fromisoformat, holidays))),
        after=datetime.fromisoformat(after).replace(tzinfo=zone),
        number=number,
    )
    return [each.astimezone(zone).isoformat()[:16] for each in found]


class RecurrenceTests(SimpleTestCase):
    def test_the_last_working_day_of_the_month(self) -> None:
        """31 October 2026 is a Saturday: starts on Friday the 30th."""
        last: Any = {"working_day": -1, "at": "08:00"}
        found = moments("2026-10-01T00:00", **last)
        self.assertEqual(found, ["2026-10-30T08:00", "2026-11-30T08:00", "2026-12-31T08:00"])
        found = moments("2026-12-01T00:00", 1, holidays=("2026-12-31", "2026-12-30"), **last)
        self.assertEqual(found, ["2026-12-29T08:00"])
        quarterly = moments(
            "2026-10-01T00:00", 2, rule="FREQ=MONTHLY;BYMONTH=3,6,9,12", working_day=2, at="07:30"
        )
        self.assertEqual(quarterly, ["2026-12-02T07:30", "2027-03-02T07:30"])
        closed = working_time(holidays=frozenset(date(2026, 2, each) for each in range(1, 29)))
        self.assertIsNone(working_day_of(date(2026, 2, 1), -1, closed))

    def test_over_changes_of_clocks(self) -> None:
        """A skipped time is the next moment, one that comes twice is the first; once each."""
        daily: Any = {"rule": "FREQ=DAILY", "at": "02:30"}
        spring = moments("2026-03-28T00:00", **daily)
        self.assertEqual(spring, ["2026-03-28T02:30", "2026-03-29T03:00", "2026-03-30T02:30"])
        autumn = Recurrence.read(**daily).next_moments(
            working_time(), after=datetime(2026, 10, 24, 12, tzinfo=UTC), number=2
        )
        self.assertEqual(autumn[0], datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
        self.assertEqual(autumn[1], datetime(2026, 10, 26, 1, 30, tzinfo=UTC))
        spring = moments("2026-03-07T03:00", 2, zone=NEW_YORK, **daily)
        self.assertEqual(spring, ["2026-03-08T03:00", "2026-03-09T02:30"])
        twice = Recurrence.read(rule="FREQ=DAILY", at="01:30").next_moments(
            working_time(NEW_YORK), after=datetime(2026, 11, 1, tzinfo=NEW_YORK), number=2
        )
        self.assertEqual(twice[0], datetime(2026, 11, 1, 5, 30, tzinfo=UTC))
        self.assertEqual(twice[1], datetime(2026, 11, 2, 6, 30, tzinfo=UTC))
        at_nine = moments("2026-10-23T12:00", 3, rule="FREQ=DAILY", at="09:00")
        self.assertEqual({each[11:] for each in at_nine}, {"09:00"})

    def test_rules_are_read(self) -> None:
        for rule, first, expected in (
            ("FREQ=WEEKLY;BYDAY=MO,FR", "", ["2026-10-02", "2026-10-05", "2026-10-09"]),
            ("RRULE:freq=monthly; byday=1mo", "", ["2026-10-05", "2026-11-02", "2026-12-07"]),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "", ["2026-10-31", "2026-11-30", "2026-12-31"]),
            (
                "FREQ=WEEKLY;INTERVAL=2",
                "2026-09-30",
                ["2026-10-14", "2026-10-28", "2026-11-11"],
            ),
            ("FREQ=DAILY;COUNT=3", "2026-09-30", ["2026-10-01", "2026-10-02"]),
            ("FREQ=DAILY;UNTIL=20261002", "", ["2026-10-01", "2026-10-02"]),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "", ["2028-02-29", "2032-02-29"]),
        ):
            with self.subTest(rule):
                found = moments("2026-10-01T00:00", rule=rule, at="08:00", first=first)
                self.assertEqual([each[:10] for each in found][: len(expected)], expected)

    def test_what_is_no_rule_is_refused(self) -> None:
        for part, said in (
            ("rule", {"rule": "FREQ=SECONDLY"}),
            ("rule", {"rule": "FREQ=MINUTELY;INTERVAL=5"}),
            ("rule", {"rule": "FREQ=HOURLY"}),
            ("rule", {"rule": "FREQ=DAILY;BYHOUR=1,2,3"}),
            ("rule", {"rule": "FREQ=DAILY;COUNT=0"}),
            ("rule", {"rule": "FREQ=DAILY;COUNT=3;UNTIL=20300101"}),
            ("rule", {"rule": "FREQ=DAILY;INTERVAL=-1"}),
            ("rule", {"rule": "FREQ=DAILY;INTERVAL=99999999999999999999"}),
            ("rule", {"rule": "FREQ=WEEKLY;BYDAY=1MO"}),
            ("rule", {"rule": "FREQ=WEEKLY;BYMONTHDAY=1"}),
            ("rule", {"rule": "FREQ=MONTHLY;BYDAY=XX"}),
            ("rule", {"rule": "FREQ=MONTHLY;BYMONTHDAY=٣"}),
            ("rule", {"rule": "FREQ=MONTHLY;BYMONTHDAY=-+5"}),
            ("rule", {"rule": "FREQ=MONTHLY;BYMONTHDAY=+-5"}),
            ("rule", {"rule": "FREQ=DAILY;FREQ=DAILY"}),
            ("rule", {"rule": "FREQ=MONTHLY;BYSETPOS=1"}),
            ("rule", {"rule": "FREQ=DAILY;UNTIL=20269999"}),
            ("rule", {"rule": f"FREQ=DAILY;BYMONTH={','.join(['1'] * 150)}"}),
            ("rule", {"rule": ""}),
            ("rule", {"rule": "FREQ=WEEKLY;BYDAY=MO", "working_day": 1}),
            ("from", {"rule": "FREQ=WEEKLY"}),
            ("from", {"rule": "FREQ=DAILY;COUNT=3"}),
            ("from", {"rule": "FREQ=DAILY", "first": "1066-10-14"}),
            ("from", {"rule": "FREQ=DAILY", "first": "tomorrow"}),
            ("at", {"rule": "FREQ=DAILY", "at": "24:00"}),
            ("working_day", {"working_day": 24}),
        ):
            with self.subTest(said), self.assertRaises(RecurrenceError) as refused:
                Recurrence.read(**{"at": "08:00", **said})  # type: ignore[arg-type]
            self.assertEqual(refused.exception.name, part)
            self.assertTrue(str(refused.exception))

    def test_rules_that_never_match_end_soon(self) -> None:
        """python-dateutil looks for them until the year 9999."""
        for rule in (
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4",
            "FREQ=YEARLY;BYDAY=53MO;BYMONTH=1",
        ):
            self.assertEqual(moments("2026-10-01T00:00", rule=rule, at="08:00"), [])
        empty = WorkingTime(zone=BERLIN, week=((),) * 7)
        never = Recurrence.read(working_day=-1, at="08:00")
        after = datetime(2026, 1, 1, tzinfo=UTC)
        self.assertEqual(never.next_moments(empty, after=after, number=1), [])

    def test_days_are_those_of_another_library(self) -> None:
        chance = random.Random(11)
        for _each in range(150):
            text = _some_rule(chance)
            first = date(2024, 1, 1) + timedelta(days=chance.randrange(900))
            begin = first + timedelta(days=chance.randrange(500))
            begins = datetime.combine(first, time())
            theirs = rrulestr(text, dtstart=begins)
            last = begin + timedelta(days=2_000)
            wanted = theirs.between(
                datetime.combine(begin, time()), datetime.combine(last, time()), inc=True
            )
            ours = DayRule.parse(text).days(begin, last, anchor=first)
            self.assertEqual(
                list(islice(ours, 40)), [each.date() for each in wanted[:40]], (text, first, begin)
            )


def _some_rule(chance: random.Random) -> str:
    frequency = chance.choice(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
    parts = [f"FREQ={frequency}", f"INTERVAL={chance.choice((1, 1, 2, 3))}"]
    days = chance.sample(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), 2)
    if frequency in ("MONTHLY", "YEARLY") and chance.random() < 0.4:
        days = [f"{chance.choice((1, 2, -1))}{each}" for each in days]
    if chance.random() < 0.5:
        parts.append(f"BYDAY={','.join(days)}")
    elif frequency != "WEEKLY" and chance.random() < 0.6:
        parts.append(f"BYMONTHDAY={chance.choice(('1', '15,-1', '31', '29,30'))}")
    if chance.random() < 0.3:
        parts.append(f"BYMONTH={chance.choice(('2', '1,7', '3,6,9,12'))}")
    if len(parts) > 2 and "BYDAY" in parts[2] and chance.random() < 0.3:
        parts.append(f"BYSETPOS={chance.choice(('1', '-1'))}")
    if chance.random() < 0.3:
        parts.append(f"COUNT={chance.randrange(1, 30)}")
    elif frequency == "WEEKLY" and chance.random() < 0.3:
        parts.append("WKST=SU")
    return ";".join(parts)
