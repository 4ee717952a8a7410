from __future__ import annotations

import unittest
from unittest.mock import patch

from workflows.engine.process import Json
from workflows.engine.rules.data import prepare
from workflows.engine.schemas import json_schema
from workflows.fields.answers import validation
from workflows.fields.answers.validation import Validator, validate_fields
from workflows.fields.specs.specs import check_fields

LARGE = r"\p{L}{1,40}x"


def texts(count: int, pattern: str = LARGE) -> list[Json]:
    return [
        {"name": f"f{n}", "type": "text", "pattern": f"{pattern}{{{n + 1}}}"} for n in range(count)
    ]


class PatternTests(unittest.TestCase):
    def test_patterns_that_are_too_large_together_are_not_compiled(self) -> None:
        records: list[Json] = [{"name": "r", "type": "records", "fields": texts(50)}]
        with patch.object(json_schema, "_compile", side_effect=AssertionError):
            for specs in (texts(200), texts(200, r"\p{L}{1,400}x"), records):
                problems = check_fields(specs)
                self.assertIn("too large together", problems[0].message)
                self.assertEqual(problems[0].path[-1], "pattern")
                self.assertNotEqual(problems[0].path[-2], 0)

    def test_few_of_them_are_all_right(self) -> None:
        self.assertEqual(check_fields(texts(3)), [])

    def test_a_pattern_for_very_long_texts_must_be_simple(self) -> None:
        spec: dict[str, Json] = {"name": "a", "type": "long_text", "pattern": "a[ab]{400}c"}
        self.assertEqual(check_fields([{**spec, "max": 20_000}]), [])
        [problem] = check_fields([{**spec, "max": 1_000_000}])
        self.assertEqual(problem.place, "[0].pattern")
        self.assertRegex(problem.message, "Give at most [0-9]+ as “max”")
        simple: dict[str, Json] = {**spec, "pattern": "^[A-Z]+$", "max": 1_000_000}
        self.assertEqual(check_fields([simple]), [])


class AnswerTests(unittest.TestCase):
    def test_many_wrong_choices_do_not_fill_the_memory(self) -> None:
        choices: list[Json] = ["c" * 200 + str(n) for n in range(1_000)]
        specs: list[Json] = [{"name": "a", "type": "choices", "choices": choices}]
        [problem] = validate_fields(specs, {"a": ["z"] * 30_000})
        self.assertIn("too much here", problem.message)

    def test_the_rules_of_a_form_read_its_answers_once(self) -> None:
        specs: list[Json] = [{"name": "t", "type": "text"}]
        specs += [
            {"name": f"f{n}", "type": "text", "visible_when": {"==": [{"var": "t"}, str(n)]}}
            for n in range(50)
        ]
        form = Validator(specs)
        with patch.object(validation, "prepare", wraps=prepare) as preparing:
            self.assertEqual(form.validate({"t": "1", "f1": "x"}), [])
            self.assertEqual(form.visible({"t": "1"}), {"t", "f1"})
        self.assertEqual(preparing.call_count, 2)
