"""Dates that are moved and counted, working days, and rounding."""

from __future__ import annotations

import unittest
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from workflows.engine.errors import ConditionError
from workflows.engine.rules.data import prepare
from workflows.engine.rules.evaluate import evaluate_formula
from workflows.engine.rules.refusals import RuleFailedError
from workflows.engine.times.calendar import OFFICE_WEEK, WorkingTime

BERLIN = WorkingTime(
    zone=ZoneInfo("Europe/Berlin"),
    week=OFFICE_WEEK,
    holidays=frozenset({date(2026, 4, 3)}),
    yearly_holidays=frozenset({(12, 25)}),
)


def value(rule: Any, data: Any = None, working_time: WorkingTime | None = BERLIN) -> Any:
    return evaluate_formula(rule, prepare(data or {}, working_time=working_time))


class DaysTests(unittest.TestCase):
    def test_a_date_is_moved(self) -> None:
        cases: list[tuple[str, Any, str, str]] = [
            ("2026-01-31", 1, "months", "2026-02-28"),
            ("2028-01-31", 1, "months", "2028-02-29"),
            ("2026-03-31", -1, "months", "2026-02-28"),
            ("2026-12-15", 1, "months", "2027-01-15"),
            ("2028-02-29", 1, "years", "2029-02-28"),
            ("2026-10-30", 14, "days", "2026-11-13"),
            ("2026-10-30", -2, "weeks", "2026-10-16"),
            ("2026-10-30", 0, "days", "2026-10-30"),
            ("2026-10-30", 1, "working_days", "2026-11-02"),  # Friday to Monday
            ("2026-10-31", 1, "working_days", "2026-11-02"),
            ("2026-04-02", 1, "working_days", "2026-04-06"),  # Good Friday is a holiday
            ("2026-12-24", 1, "working_days", "2026-12-28"),
            ("2026-11-02", -1, "working_days", "2026-10-30"),
        ]
        for day, count, unit, expected in cases:
            with self.subTest(day=day, count=count, unit=unit):
                self.assertEqual(value({"date_add": [day, count, unit]}), expected)

    def test_a_moment_keeps_the_time_of_the_day_where_the_clocks_change(self) -> None:
        rule = {"date_add": ["2026-10-24T08:00:00Z", 1, "days"]}  # 10:00 in Berlin
        self.assertEqual(value(rule), "2026-10-25T09:00:00Z")

    def test_what_lies_between_is_counted(self) -> None:
        cases = [
            ("2026-11-13", "2026-10-30", "days", 14),
            ("2026-11-02", "2026-10-30", "working_days", 1),
            ("2026-10-30", "2026-11-02", "working_days", -1),
            ("2026-02-28", "2026-01-31", "months", 1),
            ("2026-02-27", "2026-01-31", "months", 0),
            ("2026-01-31", "2026-02-28", "months", -1),
            ("2027-10-29", "2026-10-30", "years", 0),
            ("2026-11-13", "2026-10-31", "weeks", 1),
        ]
        for later, earlier, unit, expected in cases:
            with self.subTest(later=later, earlier=earlier, unit=unit):
                self.assertEqual(value({"date_diff": [later, earlier, unit]}), expected)

    def test_numbers_are_rounded_as_money_is(self) -> None:
        for number, digits, expected in (
            (2.5, 0, 3),
            (-2.5, 0, -3),
            (1.005, 2, 1.01),
            (83.34 * 3, 2, 250.02),
            (10, 2, 10),
        ):
            with self.subTest(number):
                self.assertEqual(value({"round": [number, digits]}), expected)

    def test_what_is_no_date_or_much_too_far_is_an_error(self) -> None:
        for rule in (
            {"date_add": ["soon", 1, "days"]},
            {"date_add": ["2026-10-30", 1.5, "days"]},
            {"date_add": ["2026-10-30", 1, "moons"]},
            {"date_add": ["2026-10-30", 1, ["days"]]},
            {"date_diff": ["2026-10-30", "2026-10-30", []]},
            {"date_add": ["2026-10-30", 10**9, "days"]},
            {"date_add": ["2026-10-30", 10**9, "working_days"]},
            {"date_add": ["2026-10-30", 10**9, "months"]},
            {"date_diff": ["9999-10-30", "0001-10-30", "working_days"]},
            {"date_diff": ["x", "2026-10-30", "months"]},
            {"round": [1, 99]},
            {"round": ["much"]},
        ):
            with self.subTest(rule=rule), self.assertRaises(RuleFailedError):
                value(rule)

    def test_working_days_over_many_rows_are_bounded(self) -> None:
        rows = [{"day": "2026-10-30"}] * 500
        far = {"map": [{"var": "rows"}, {"date_add": [{"var": "day"}, 5_000, "working_days"]}]}
        with self.assertRaises(ConditionError):
            value(far, {"rows": rows})
        near = {"map": [{"var": "rows"}, {"date_add": [{"var": "day"}, 2, "working_days"]}]}
        self.assertEqual(value(near, {"rows": rows})[0], "2026-11-03")

    def test_without_a_company_monday_to_friday_work(self) -> None:
        rule = {"date_add": ["2026-04-02", 1, "working_days"]}
        self.assertEqual(value(rule, working_time=None), "2026-04-03")
