from __future__ import annotations

import unittest

from hypothesis import given

from tenants.testing_tools.examples import examples
from workflows.engine.errors import TransformError
from workflows.engine.process import Json
from workflows.engine.rules.transforms import apply_transform, check_transform, transform_variables
from workflows.engine.tests.test_conditions import CONTEXT, json_values, var


class TransformTests(unittest.TestCase):
    def test_it_fills_the_template(self) -> None:
        cases: list[tuple[Json, Json]] = [
            (None, {}),
            ("", {}),
            ({}, {}),
            ({"a": var("ticket.amount"), "b": [1, "x"]}, {"a": 500, "b": [1, "x"]}),
            (var("ticket.amount"), 500),
            ({"a": {"b": var("ticket.absent", 3)}}, {"a": {"b": 3}}),
            (
                {"prices": {"map": [var("ticket.items"), {"p": var("price")}]}},
                {"prices": [{"p": 1}, {"p": 2}]},
            ),
            ({"x": {"$type": "invoice"}}, {"x": {"type": "invoice"}}),
            ({"x": var("ticket.like_a_rule")}, {"x": {"var": "ticket.amount"}}),
            ({"x": var("ticket.list_of_rules")}, {"x": [{"==": [1, 1]}]}),
        ]
        for template, expected in cases:
            with self.subTest(template=template):
                self.assertEqual(apply_transform(template, CONTEXT), expected)

    def test_an_absent_variable_is_an_error_with_its_place(self) -> None:
        absent = var("ticket.absent")
        cases: list[tuple[Json, str]] = [
            ({"a": 1, "b": {"c/d": [0, absent]}}, "/b/c~1d/1"),
            ({"b": {"cat": ["x", absent]}}, "/b/cat/1"),
            ({"b": {"if": [True, {"cat": ["x", absent]}, 1]}}, "/b/if/1/cat/1"),
            (absent, ""),
        ]
        for template, pointer in cases:
            with self.subTest(template=template), self.assertRaises(TransformError) as caught:
                apply_transform(template, CONTEXT)
            self.assertEqual(caught.exception.pointer, pointer)
            self.assertIn("“ticket.absent”", str(caught.exception))

    def test_growing_work_is_stopped(self) -> None:
        doubled: Json = var("ticket.category")
        for _ in range(20):
            doubled = {"cat": [doubled]}
        twice: Json = {"cat": [var("accumulator"), var("accumulator")]}
        template: Json = {"a": {"reduce": [list(range(100)), twice, "x"]}}
        self.assertEqual(apply_transform({"a": doubled}, CONTEXT), {"a": "Misc"})
        with self.assertRaisesRegex(TransformError, "too much work"):
            apply_transform(template, CONTEXT)

    def test_the_clock_is_refused(self) -> None:
        self.assertIn("now", check_transform({"a": {"now": []}})[0])
        self.assertEqual(check_transform({"a": var("x")}), ())
        self.assertEqual(transform_variables({"a": var("x.y"), "b": 1}), {"x.y"})

    @examples(200)
    @given(template=json_values)
    def test_no_template_raises_anything_else(self, template: Json) -> None:
        check_transform(template)
        try:
            apply_transform(template, CONTEXT)
        except TransformError as error:
            self.assertTrue(str(error))
