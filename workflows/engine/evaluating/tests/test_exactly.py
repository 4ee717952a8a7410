from __future__ import annotations

import unittest
from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import examples
from workflows.engine.evaluating.compiled import Form, compile_rule, mistakes_in
from workflows.engine.evaluating.failures import Failed, Reason
from workflows.engine.evaluating.values import plain


def var(name: str) -> Any:
    return {"var": name}


def made(rule: Any, data: Any = None) -> Any:
    return plain(compile_rule(rule, Form.RULE).evaluate(data))


def cents(value: int) -> float:
    return float(Decimal(value) / 100)


class NumberTests(unittest.TestCase):
    def test_it_calculates_as_people_do(self) -> None:
        cases: list[tuple[Any, Any]] = [
            ({"+": [0.1, 0.2, 0.3]}, 0.6),
            ({"*": [19.99, 100]}, 1999),
            ({"-": [0.3, 0.1]}, 0.2),
            ({"*": [100, 1.1]}, 110),
            ({"/": [1, 3]}, 0.3333333333333333),
            ({"/": [0.3, 0.1]}, 3),
            ({"%": [0.3, 0.1]}, 0),
            ({"%": [-7.5, 2]}, -1.5),
            ({"+": ["0.1", "0.2"]}, 0.3),
            ({"ceil": {"*": [1.1, 10]}}, 11),
            ({"floor": {"*": [{"/": [1, 3]}, 3]}}, 1),
            ({"*": [9e18, 10]}, 9e19),
            ({"-": [-9_223_372_036_854_775_807, 1]}, -9.223372036854775808e18),
            ({"max": [1, 2.5, 2]}, 2.5),
            ({"cat": [{"+": [0.5, 0.5]}, "/", {"+": [0.1, 0.2]}, "/", 1e-7]}, "1/0.3/0.0000001"),
        ]
        for rule, expected in cases:
            with self.subTest(rule=rule):
                found = made(rule)
                self.assertEqual(found, expected)
                self.assertIs(type(found), type(expected))

    def test_a_limit_that_is_met_exactly_is_met(self) -> None:
        rules: list[Any] = [
            {"<=": [{"*": [100, 1.1]}, 110]},
            {"==": [{"+": [var("a"), 0.2]}, 0.3]},
            {"===": [{"+": [var("a"), var("b")]}, 0.3]},
            {"==": [{"*": [{"/": [1, 3]}, 3]}, 1]},
            {">=": [{"*": [{"/": [var("b"), 3]}, 3]}, 0.2]},
            {"in": [{"+": [0.1, 0.2]}, [0.3]]},
            {"==": [{"+": [0.1, 0.2]}, "0.30"]},
            {"!": {"<": [0.3, {"+": [0.1, 0.2]}]}},
        ]
        for rule in rules:
            with self.subTest(rule=rule):
                self.assertIs(made(rule, {"a": 0.1, "b": 0.2}), True)

    @examples(200)
    @given(amounts=st.lists(st.integers(-(10**9), 10**9), max_size=30))
    def test_sums_of_cents_are_exact(self, amounts: list[int]) -> None:
        data = {"l": [cents(each) for each in amounts]}
        expected = float(Decimal(sum(amounts)) / 100)
        self.assertEqual(made({"+": var("l")}, data), expected)
        self.assertIs(made({"==": [{"+": var("l")}, expected]}, data), True)

    def test_what_is_no_number_is_refused(self) -> None:
        cases: list[tuple[Any, Reason]] = [
            ({"/": [1, 0]}, Reason.DIVISION_BY_ZERO),
            ({"%": [1.5, 0]}, Reason.DIVISION_BY_ZERO),
            ({"+": ["inf", 1]}, Reason.NOT_A_NUMBER),
            ({"*": ["1e9000", 1]}, Reason.NOT_A_NUMBER),
            ({"+": ["1" * 1_000_000, 1]}, Reason.NOT_A_NUMBER),
            ({"<": ["x", 1]}, Reason.NOT_A_NUMBER),
        ]
        for rule, reason in cases:
            with self.subTest(rule=str(rule)[:40]), self.assertRaises(Failed) as caught:
                made(rule)
            self.assertIs(caught.exception.reason, reason)

    def test_numbers_do_not_grow(self) -> None:
        squared: Any = {"*": [var("accumulator"), var("accumulator")]}
        for start in (10**18 + 1, 1.000_000_1, "1e-300"):
            rule: Any = {"reduce": [list(range(200)), squared, start]}
            with self.subTest(start=start):
                self.assertLess(steps_of(partial(self._refused_or_made, rule)), 100_000)

    def _refused_or_made(self, rule: Any) -> None:
        try:
            compile_rule(rule, Form.RULE).evaluate(None)
        except Failed as error:
            self.assertIs(error.reason, Reason.TOO_LARGE)


class TimeTests(unittest.TestCase):
    def test_spellings_of_one_time_are_equal(self) -> None:
        pairs = [
            ("09:00", "09:00:00"),
            ("9:00", "09:00:00.000"),
            ("2026-01-31T10:00Z", "2026-01-31T10:00:00+00:00"),
            ("2026-01-31T10:00:00Z", "2026-01-31T11:00:00.0+01:00"),
            ("2026-01-31 10:00", "2026-01-31T10:00:00Z"),
            ("24h", "1d"),
        ]
        for one, other in pairs:
            with self.subTest(one=one, other=other):
                for operator in ("==", "===", "<=", ">="):
                    self.assertIs(made({operator: [one, other]}), True)
                self.assertIs(made({"<": [one, other]}), False)
                self.assertIs(made({"in": [one, [other]]}), True)

    def test_other_texts_are_texts(self) -> None:
        for one, other in [("25:00", "25:00:00"), ("2026-02-30T10:00Z", "2026-02-30T10:00:00Z")]:
            self.assertIs(made({"==": [one, other]}), False)
        self.assertIs(made({"<": ["2026-01-31", "2026-02-01"]}), True)

    def test_it_moves_and_measures_them(self) -> None:
        cases: list[tuple[Any, Any]] = [
            ({"+": ["2026-01-31", "1d"]}, "2026-02-01"),
            ({"-": ["2026-03-01", "1d"]}, "2026-02-28"),
            ({"+": ["2026-01-31T23:00:00-02:00", "1h"]}, "2026-02-01T02:00:00Z"),
            ({"-": ["2026-01-31T10:00:00Z", "2026-01-01T11:30:00Z"]}, "29d:22h:30m:0s"),
            ({"-": ["1h", "1d"]}, "0d:-23h:0m:0s"),
            ({"+": ["1h", {"-": ["1h", "1d"]}]}, "0d:-22h:0m:0s"),
            ({"*": ["1d", 1.5]}, "1d:12h:0m:0s"),
            ({"/": ["1d", 2]}, "0d:12h:0m:0s"),
            ({"date_diff": ["2026-03-01", "2026-02-01", "days"]}, 28),
            ({"date_diff": ["2026-02-01T09:00:00Z", "2026-02-02T08:00:00Z", "hours"]}, -23),
            ({"parse_date": ["31.01.2026", "dd.MM.yyyy"]}, "2026-01-31T00:00:00Z"),
            ({"format_date": ["2026-01-31T10:00:00Z", "dd.MM.yyyy HH:mm"]}, "31.01.2026 10:00"),
            ({"format_date": ["2026-01-31T10:00:00+02:00", "%A %j %F %T"]},
             "Saturday 031 2026-01-31 08:00:00"),
        ]  # fmt: skip
        for rule, expected in cases:
            with self.subTest(rule=rule):
                self.assertEqual(made(rule), expected)

    def test_beyond_the_calendar_is_refused(self) -> None:
        for rule in (
            {"+": ["9999-12-31", "1d"]},
            {"-": ["0001-01-01T00:00:00Z", "9999999999d"]},
            {"parse_date": ["x" * 1_000, "yyyy" * 1_000]},
            {"format_date": ["2026-01-31T10:00:00Z", "%Q"]},
            {"*": ["9999999999d", 10**18]},
        ):
            with self.subTest(rule=str(rule)[:60]):
                self.assertRaises(Failed, made, rule)


class WorkTests(unittest.TestCase):
    def test_operations_are_counted_before_they_are_done(self) -> None:
        data = {"l": list(range(1_000)), "long": list(range(1_000_000))}
        rules: list[Any] = [
            {"all": [var("l"), {"all": [{"val": [[2], "l"]}, True]}]},
            {"map": [var("l"), {"merge": [{"val": [[2], "long"]}]}]},
            {"+": [var("long")]},
            {"==": [var("long"), [*range(1_000_000)]]},
            {"in": ["x", var("long")]},
            {"sort": [var("long")]},
        ]
        for rule in rules:
            compiled = compile_rule(rule, Form.RULE)
            with self.subTest(rule=str(rule)[:60]), self.assertRaises(Failed) as caught:
                compiled.evaluate(data)
            self.assertIs(caught.exception.reason, Reason.TOO_MUCH_WORK)


class MistakeTests(unittest.TestCase):
    def test_it_finds_every_mistake_in_its_order(self) -> None:
        rule: Any = {"and": [{"vr": "x"}, {"==": [1]}, {"a": 1, "b": {"now": []}}]}
        found = [(each.wrong.name, each.pointer) for each in mistakes_in(rule, Form.RULE)]
        self.assertEqual(
            found,
            [("UNKNOWN", "/and/0"), ("TOO_FEW", "/and/1"), ("SEVERAL_NAMES", "/and/2"),
             ("CLOCK", "/and/2/b")],
        )  # fmt: skip
        in_template = [each.wrong.name for each in mistakes_in(rule, Form.TEMPLATE)]
        self.assertEqual(in_template, ["TOO_FEW", "CLOCK"])
