"""Calculated answers, checks across answers, and what is required or limited by a formula."""

from __future__ import annotations

import unittest
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from workflows.engine.conditions.text import Names, parse_expression
from workflows.engine.rules.clock import Clock
from workflows.fields.answers.presets import check_presets
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import NO_FACTS
from workflows.fields.specs.specs import check_fields

ON = replace(NO_FACTS, clock=Clock.at_noon(date(2026, 10, 30)))


def rule(text: str) -> Any:
    names = ("lines", "total", "quotes", "start", "until", "topic", "why", "sum", "quantity",
             "price", "limit", "net", "share", "discount")  # fmt: skip
    return parse_expression(text, names=Names(fields=names))


PURCHASE: list[dict[str, Any]] = [
    {
        "name": "lines", "type": "records", "required": True,
        "fields": [
            {"name": "quantity", "type": "integer", "required": True},
            {"name": "price", "type": "number", "required": True},
            {"name": "sum", "type": "number", "computed": rule("quantity * price")},
            {"name": "share", "type": "number", "computed": rule("round(sum / total, 2)")},
        ],
    },
    {"name": "total", "type": "number", "computed": rule("sum(lines.sum)"), "max": 5000},
    {
        "name": "quotes", "label": "Quotes", "type": "integer", "required": True,
        "checks": [
            {
                "condition": rule("total <= 1000 or quotes >= 3"),
                "message": "Above 1,000 EUR three quotes are needed.",
            }
        ],
    },
]  # fmt: skip


def said(form: Validator, **answers: Any) -> dict[str, str]:
    settled = form.settled(answers, ON)
    return {each.field: each.message for each in form.validate(settled, ON)}


def lines(*pairs: tuple[int, float]) -> Any:
    return [{"quantity": quantity, "price": price} for quantity, price in pairs]


class CalculatedTests(unittest.TestCase):
    form = Validator(PURCHASE)

    def test_it_is_exact_also_in_rows(self) -> None:
        for rows, total in (
            ([(10, 99.99)], 999.9),
            ([(3, 83.34)], 250.02),
            ([(1, 0.1), (1, 0.2), (1, 0.3)], 0.6),
        ):
            with self.subTest(rows):
                made = self.form.settled({"lines": lines(*rows)}, ON)
                self.assertEqual(made["total"], total)

    def test_each_is_calculated_after_what_it_needs(self) -> None:
        made = self.form.settled({"lines": lines((1, 30), (2, 35))}, ON)
        self.assertEqual([each["share"] for each in made["lines"]], [0.3, 0.7])  # type: ignore[index,call-overload,union-attr]

    def test_what_was_sent_in_its_place_is_left_out(self) -> None:
        rows: Any = [{"quantity": 2, "price": 5, "sum": 1_000_000, "share": "all"}]
        made = self.form.settled({"lines": rows, "total": 1}, ON)
        self.assertEqual(made["total"], 10)
        self.assertEqual(made["lines"], [{"quantity": 2, "price": 5, "sum": 10, "share": 1}])

    def test_without_what_it_needs_there_is_none(self) -> None:
        self.assertNotIn("total", self.form.settled({"lines": [{"quantity": 1}]}, ON))
        self.assertNotIn("quotes", said(self.form, lines=[{"quantity": 1}], quotes=0))

    def test_its_limits_hold(self) -> None:
        found = said(self.form, lines=lines((1, 5000.01)), quotes=3)
        self.assertEqual(list(found), ["total"])

    def test_a_check_stands_beside_its_question(self) -> None:
        self.assertEqual(said(self.form, lines=lines((10, 99.99)), quotes=2), {})
        found = said(self.form, lines=lines((11, 99.99)), quotes=2)
        self.assertEqual(found, {"quotes": "Above 1,000 EUR three quotes are needed."})
        self.assertEqual(said(self.form, lines=lines((11, 99.99)), quotes=3), {})

    def test_one_that_must_be_there_says_what_to_answer(self) -> None:
        form = Validator([
            {"name": "net", "label": "Net", "type": "number"},
            {"name": "total", "type": "number", "required": True, "computed": rule("net * 1.19")},
            {"name": "share", "type": "number", "computed": rule("1 / net")},
        ])  # fmt: skip
        self.assertIn("“Net”", said(form)["total"])
        self.assertEqual(said(form, net=100), {})
        self.assertIn("zero", said(form, net=0)["share"])

    def test_a_hidden_one_is_not_calculated(self) -> None:
        form = Validator([
            {"name": "net", "type": "number"},
            {"name": "total", "type": "number", "computed": rule("net * 2"),
             "visible_when": rule("net > 10")},
        ])  # fmt: skip
        self.assertNotIn("total", form.settled({"net": 5}, ON))
        self.assertEqual(form.settled({"net": 11}, ON)["total"], 22)
        self.assertEqual(said(form, net=5), {})

    def test_it_is_set_by_no_ticket_type(self) -> None:
        found = check_presets(PURCHASE, {"total": 5})
        self.assertIn("calculated", found[0].message)

    def test_hostile_answers_are_survived(self) -> None:
        hostile: tuple[Any, ...] = (
            None,
            "x",
            [1, None, {"quantity": {}, "price": []}],
            {"a": 1},
            [[[]]],
        )
        for rows in hostile:
            with self.subTest(rows):
                self.assertNotEqual(said(self.form, lines=rows, quotes=rows), {})


class OtherFormulasTests(unittest.TestCase):
    def test_a_limit_depends_on_another_answer(self) -> None:
        form = Validator([
            {"name": "start", "type": "date", "required": True, "min": rule("today")},
            {"name": "until", "type": "date", "min": rule("start"),
             "max": rule("start + 14 days")},
            {"name": "limit", "type": "number"},
            {"name": "net", "type": "number", "less_than": rule("limit")},
        ])  # fmt: skip
        self.assertEqual(said(form, start="2026-10-30", until="2026-11-13"), {})
        self.assertEqual(
            said(form, start="2026-10-30", until="2026-11-14"),
            {"until": "Enter 2026-11-13 or earlier."},
        )
        self.assertEqual(said(form, start="2026-10-29"), {"start": "Enter 2026-10-30 or later."})
        self.assertEqual(list(said(form, start="2026-10-30", limit=5, net=5)), ["net"])
        self.assertEqual(said(form, start="2026-10-30", net=5), {})

    def test_it_is_required_for_certain_answers(self) -> None:
        form = Validator([
            {"name": "topic", "type": "text"},
            {"name": "why", "type": "text", "required": rule('topic = "other"')},
        ])  # fmt: skip
        self.assertEqual(said(form, topic="usual"), {})
        self.assertEqual(said(form), {})
        self.assertEqual(list(said(form, topic="other")), ["why"])
        self.assertEqual(said(form, topic="other", why="so"), {})
        self.assertEqual(form.required({"topic": "other"}, ON), {"why"})

    def test_columns_have_rules_of_their_own(self) -> None:
        form = Validator([
            {"name": "limit", "type": "number"},
            {"name": "lines", "type": "records", "fields": [
                {"name": "price", "type": "number", "max": rule("limit")},
                {"name": "why", "type": "text", "required": rule("price > 100")},
                {"name": "quantity", "type": "integer", "checks": [
                    {"condition": rule("quantity * price <= 1000"), "message": "Too much."}]},
            ]},
        ])  # fmt: skip
        rows = [
            {"price": 101, "quantity": 1},
            {"price": 10, "quantity": 101},
            {"price": 501, "why": "x"},
        ]
        found = said(form, limit=500, lines=rows)
        self.assertEqual(sorted(found), ["lines.0.why", "lines.1.quantity", "lines.2.price"])

    def test_what_a_form_begins_with(self) -> None:
        form = Validator([
            {"name": "start", "type": "date", "default": rule("today + 1 working day")},
            {"name": "net", "type": "number", "default": 7},
            {"name": "total", "type": "number", "default": rule("net * 2")},
            {"name": "lines", "type": "records", "fields": [
                {"name": "until", "type": "date", "default": rule("today")}]},
        ])  # fmt: skip
        self.assertEqual(form.defaults(ON), {"start": "2026-11-02", "net": 7})
        table = form.fields["lines"]
        self.assertEqual(form.defaults_of_row(table, ON), {"until": "2026-10-30"})
        self.assertTrue(form.reads_clock and form.reads_working_days)

    def test_today_is_the_companys(self) -> None:
        form = Validator([{"name": "start", "type": "date", "default": rule("today")}])
        late = replace(NO_FACTS, clock=Clock(datetime(2026, 10, 30, 23, 30, tzinfo=UTC)))
        self.assertEqual(form.defaults(late), {"start": "2026-10-30"})
        self.assertEqual(form.defaults(NO_FACTS), {})


class SpecTests(unittest.TestCase):
    def assert_problem(self, spec: Any, place: str, words: str) -> None:
        found = check_fields(spec)
        self.assertTrue(found, spec)
        self.assertEqual(found[0].place, place, found)
        self.assertIn(words, found[0].message)

    def test_what_may_be_no_formula(self) -> None:
        number = {"name": "net", "type": "number"}
        cases: list[tuple[Any, str, str]] = [
            ([{**number, "computed": "net + 1"}], "[0].computed", "JsonLogic"),
            ([{**number, "computed": {"+": [{"var": "net"}, 1]}}], "[0].computed", "its own"),
            ([{**number, "computed": {"+": [{"var": "n"}, 1]}}], "[0].computed", "no such field"),
            ([{**number, "computed": {"plus": [1]}}], "[0].computed", "operator"),
            ([{**number, "computed": {"+": [1, 2]}, "default": 3}], "[0].default", "calculated"),
            ([{"name": "f", "type": "file", "computed": {"+": [1]}}], "[0].computed", "file"),
            ([{"name": "t", "type": "text", "max": {"+": [1, 2]}}], "[0].max", "Only limits"),
            ([{**number, "max": {"+": [{"var": "x"}, 2]}}], "[0].max", "no such field"),
            ([{**number, "required": "maybe"}], "[0].required", "condition"),
            ([{**number, "checks": [{"condition": {"<": [{"var": "net"}, 5]}}]}],
             "[0].checks[0].message", "what to do"),
            ([{**number, "checks": [{"message": "x"}]}], "[0].checks[0].condition", "must be true"),
            ([{**number, "checks": {}}], "", ""),
            ([{**number, "checks": [{"condition": {"var": "net"}, "message": "x", "of": 1}]}],
             "[0].checks[0].of", "A check has no"),
            ([{"name": "lines", "type": "records", "fields": [number]},
              {"name": "total", "type": "number", "computed": {"+": [{"var": "lines.net"}, 1]}}],
             "[1].computed", "each row has its own"),
        ]  # fmt: skip
        for spec, place, words in cases:
            with self.subTest(spec):
                if place:
                    self.assert_problem(spec, place, words)
                else:
                    self.assertEqual(check_fields(spec), [])

    def test_circles_are_found(self) -> None:
        def calculated(name: str, text: str, **more: Any) -> dict[str, Any]:
            return {"name": name, "type": "number", "computed": rule(text), **more}

        self.assert_problem(
            [calculated("net", "total * 2"), calculated("total", "net / 2")],
            "[0].computed", "“net”, “total”",
        )  # fmt: skip
        self.assert_problem(
            [
                {"name": "lines", "type": "records", "fields": [calculated("sum", "total + 1")]},
                calculated("total", "sum(lines.sum)"),
            ],
            "[0].fields[0].computed", "“lines.sum”",
        )  # fmt: skip
        self.assert_problem(
            [
                calculated("net", "1 + discount", visible_when=rule("total > 0")),
                calculated("total", "net"),
                {"name": "discount", "type": "number"},
            ],
            "[0].computed", "each other",
        )  # fmt: skip


class ManyRowsTests(unittest.TestCase):
    def test_rows_by_rows_are_calculated_without_their_square(self) -> None:
        form = Validator(PURCHASE)
        made = form.settled({"lines": lines(*[(n, 0.01) for n in range(1, 501)])}, ON)
        self.assertEqual(made["total"], 1252.5)
