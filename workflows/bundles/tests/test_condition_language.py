"""Conditions are read in the language of whoever reads them, and written in one."""

from __future__ import annotations

from django.test import SimpleTestCase
from django.utils.translation import override

from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.differences import differences
from workflows.engine.conditions.sentence import describe_condition
from workflows.engine.conditions.text import parse_condition, write_condition
from workflows.engine.process import Json, JsonObject

AMOUNT: Json = {"var": "ticket.amount"}
OK: Json = {"var": "tasks.check.ok"}


class LanguageTests(SimpleTestCase):
    def test_each_phrase_has_german_words(self) -> None:
        cases: list[tuple[Json, str]] = [
            (None, "immer"),
            (False, "nie"),
            (OK, "check.ok ist ja"),
            ({"!": OK}, "check.ok ist nein oder leer"),
            ({"!!": OK}, "check.ok ist ja oder ausgefüllt"),
            (
                {"and": [{"==": [OK, True]}, {">": [AMOUNT, 1000]}]},
                "check.ok ist ja und ticket.amount ist größer als 1000",
            ),
            ({">=": [AMOUNT, 5]}, "ticket.amount ist mindestens 5"),
            ({"<=": [AMOUNT, 5]}, "ticket.amount ist höchstens 5"),
            ({">": [1000, AMOUNT]}, "ticket.amount ist kleiner als 1000"),
            ({"<": [1, AMOUNT, 5]}, "ticket.amount ist größer als 1 und kleiner als 5"),
            ({"<=": [1, AMOUNT, 5]}, "ticket.amount ist mindestens 1 und höchstens 5"),
            ({"!=": [OK, None]}, "check.ok ist nicht leer"),
            ({"in": [OK, ["a", "b"]]}, 'check.ok ist eines von "a", "b"'),
            ({"in": ["a", OK]}, 'check.ok enthält "a"'),
            ({"missing": ["a", "b"]}, "a oder b fehlt"),
            (
                {"!": {"or": [OK, {"==": [AMOUNT, 1]}]}},
                "nicht (check.ok ist ja oder ticket.amount ist 1)",
            ),
            ({"==": [{"var": ["c", 0]}, 1]}, "c (sonst 0) ist 1"),
            (
                {"if": [OK, {"==": [AMOUNT, 1]}, False]},
                "wenn check.ok ist ja, dann ticket.amount ist 1, sonst nie",
            ),
        ]
        with override("de"):
            for rule, expected in cases:
                with self.subTest(rule):
                    self.assertEqual(describe_condition(rule), expected)

    def test_a_comparison_says_it_in_the_language_of_its_reader(self) -> None:
        old: JsonObject = {"transitions": [{"from": "start", "to": "check"}]}
        rule: JsonObject = {">": [AMOUNT, 5]}
        new: JsonObject = {"transitions": [{"from": "start", "to": "check", "condition": rule}]}
        for language, words in (
            ("en", "ticket.amount is more than 5"),
            ("de", "ticket.amount ist größer als 5"),
        ):
            with override(language):
                (change,) = describe_changes(differences(old, new), old=old, new=new)
                self.assertEqual(change.new, words)

    def test_what_people_write_stays_the_same_language(self) -> None:
        text = "check.ok = yes and ticket.amount > 1000"
        with override("de"):
            rule = parse_condition(text, task_keys=["check"])
            self.assertEqual(write_condition(rule, task_keys=["check"]), text)
