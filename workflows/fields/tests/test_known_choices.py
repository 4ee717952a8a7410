"""Choices that look alike are one choice, and are found by what looks like them."""

from __future__ import annotations

import unittest

from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import Validator
from workflows.fields.shared.listed import known_choice
from workflows.fields.specs.known_choices import with_known_choices, with_known_defaults
from workflows.fields.specs.specs import check_fields, parse_fields

CHOICES = (("high", "Very urgent"), ("low", "Not urgent"), ("Sao Paulo\u0303", "x"))


def field(*choices: Json, **more: Json) -> JsonObject:
    return {"name": "x", "type": "choice", "choices": list(choices), **more}


class KnownChoiceTests(unittest.TestCase):
    def test_it_is_found_by_its_value_and_by_what_is_shown(self) -> None:
        for text in (
            "high",
            "HIGH",
            " hi\u00adgh ",
            "ｈｉｇｈ",  # noqa: RUF001
            "Very  urgent",
            "very\u00a0urgent",
        ):
            with self.subTest(ascii(text)):
                self.assertEqual(known_choice(text, CHOICES), "high")

    def test_what_is_none_of_them_stays(self) -> None:
        for text in ("", "hig", "urgent", "\u200b"):
            with self.subTest(ascii(text)):
                self.assertEqual(known_choice(text, CHOICES), text)

    def test_values_come_before_what_is_shown(self) -> None:
        crossed = (("a", "B"), ("b", "A"))
        self.assertEqual([known_choice(each, crossed) for each in ("A", "B")], ["a", "b"])

    def test_what_may_be_two_of_them_stays(self) -> None:
        alike = (("mW", "mW"), ("MW", "MW"))
        self.assertEqual(known_choice("mw", alike), "mw")
        self.assertEqual(known_choice("MW", alike), "MW")

    def test_in_answers_lists_records_and_defaults(self) -> None:
        inner = field("Red", "Blue")
        specs: Json = [
            field("Red", "Blue"),
            {**field("Red", "Blue"), "name": "several", "type": "choices"},
            {"name": "rows", "type": "records", "fields": [inner]},
            {"name": "other", "type": "text"},
        ]
        answers: JsonObject = {
            "x": "RED", "several": ["blue ", "red", "green"], "rows": [{"x": "ＲＥＤ"}, 5],  # noqa: RUF001
            "other": "RED", "unknown": "RED",
        }  # fmt: skip
        wanted = {
            "x": "Red", "several": ["Blue", "Red", "green"], "rows": [{"x": "Red"}, 5],
            "other": "RED", "unknown": "RED",
        }  # fmt: skip
        self.assertEqual(with_known_choices(specs, answers), wanted)
        inside: JsonObject = {
            "name": "rows",
            "type": "records",
            "fields": [field("Red", default="RED")],
        }
        first, second = parse_fields(with_known_defaults([field("Red", default="red"), inside]))
        self.assertEqual((first.default, second.fields[0].default), ("Red", "Red"))

    def test_any_specs_are_survived(self) -> None:
        odd: list[Json] = [None, 5, [None, {}, {"name": "x", "type": "choice", "choices": [None, {}]}]]  # noqa: E501 # fmt: skip
        for specs in odd:
            with self.subTest(specs):
                self.assertEqual(with_known_choices(specs, {"x": "a"}), {"x": "a"})
                with_known_defaults(specs)


class LookAlikeTests(unittest.TestCase):
    def test_choices_that_look_alike_are_told(self) -> None:
        alike: list[list[Json]] = [
            ["Yes", "yes"],
            ["Yes", "Y\u00ades"],
            ["Yes", "Yes "],
            ["1", "①"],
            [{"value": "a", "label": "Yes"}, {"value": "b", "label": "YES"}],
            [{"value": "a", "label": "Yes"}, "yes"],
            ["Yes", "\u200b"],
        ]
        for choices in alike:
            for specs in (
                [field(*choices)],
                [{"name": "rows", "type": "records", "fields": [field(*choices)]}],
            ):
                with self.subTest(choices):
                    (problem,) = check_fields(specs)
                    self.assertEqual(problem.path[-2:], ("choices", 1))

    def test_a_version_that_has_them_goes_on(self) -> None:
        form = Validator([field("mW", "MW")])
        self.assertEqual(form.validate({"x": "MW"}), [])
        self.assertTrue(form.validate({"x": "mw"}))

    def test_others_are_not(self) -> None:
        self.assertEqual(check_fields([field("Yes", "No", {"value": "y", "label": "Maybe"})]), [])
