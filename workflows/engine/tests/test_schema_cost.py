from __future__ import annotations

import unittest
from functools import partial
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import examples
from workflows.engine.errors import SchemaError
from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas import json_schema
from workflows.engine.schemas.json_schema import compile_validator, pattern_problem
from workflows.engine.schemas.pattern_cost import MOST_BYTES_OF_PATTERN, pattern_cost
from workflows.engine.schemas.schema_check import check_schema
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.values.kept_by_size import KeptBySize

TOO_MUCH = "There is too much here"


def nested(levels: int, *, keyword: str) -> JsonObject:
    schema: JsonObject = {"properties": {"a": True}}
    for _ in range(levels):
        schema = {"anyOf": [schema, {"properties": {"b": True}}], keyword: False}
    return schema


class PatternTests(unittest.TestCase):
    def test_the_estimate_grows_with_what_is_compiled(self) -> None:
        # Measured: bytes that stay after compiling, with jsonschema-rs 0.60.
        measured = {
            r"\p{L}{1,40}": 3_900_000,
            r"\p{L}{1,10}": 1_000_000,
            r"[\p{L}\p{N}]{1,40}": 4_000_000,
            r"\P{L}{1,40}": 3_900_000,
            r"(?i)\p{L}{1,40}": 4_000_000,
            r".{1,400}": 800_000,
            r"\S{1,400}": 2_000_000,
            r"[^a]{1,400}": 800_000,
            r"(?i)[a-z]{1,400}": 400_000,
            r"a{1,10000}": 2_200_000,
            r"(((a?){1,9}){1,9}){1,99}": 3_600_000,
            r"(a{1,100}){1,100}": 2_200_000,
        }
        for pattern, size in measured.items():
            with self.subTest(pattern=pattern):
                self.assertGreaterEqual(pattern_cost(pattern).size, size)

    def test_ordinary_patterns_are_far_below(self) -> None:
        for pattern in (
            r"^[A-Z]{2}-[0-9]{4,8}$",
            r"^\+?[0-9 ()/-]{5,30}$",
            r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$",
            r"^\p{Lu}[\p{L} '-]+$",
            r"^DE[0-9]{2}( ?[0-9]{4}){4} ?[0-9]{2}$",
        ):
            with self.subTest(pattern=pattern):
                self.assertEqual(pattern_problem(pattern), "")
                self.assertLess(pattern_cost(pattern).size, MOST_BYTES_OF_PATTERN / 20)

    def test_what_is_too_large_is_not_compiled(self) -> None:
        patterns = [r"\p{L}{1,400}", r"(\p{L}{1,40}){1,40}", "(" * 20 + "a+" + "){1,3}" * 20]
        patterns += [r"(?:\p{L}{9}){99}", "a{99999}{99999}", r"[\p{L}\p{N}\p{S}]{1,99}"]
        with patch.object(json_schema, "_compile", side_effect=AssertionError):
            for pattern in patterns:
                with self.subTest(pattern=pattern):
                    self.assertRegex(pattern_problem(pattern), "too large once its repetitions")

    def test_a_refused_pattern_is_compiled_once(self) -> None:
        json_schema._compile_pattern.cache_clear()
        refused = r"refused \p{L}{1,30}"
        with patch.object(json_schema, "_compile", side_effect=SchemaError) as compiling:
            for _ in range(3):
                self.assertIn("expression that can be used", pattern_problem(refused))
        self.assertEqual(compiling.call_count, 1)
        json_schema._compile_pattern.cache_clear()

    @examples(300)
    @given(pattern=st.text(st.sampled_from("ab(){}[]\\pLd^$|?*+.,0129:é-"), max_size=40))
    def test_any_text_is_estimated(self, pattern: str) -> None:
        found = pattern_cost(pattern)
        self.assertGreater(found.size, 0)
        self.assertGreaterEqual(pattern_cost(f"(?:{pattern})x{{1,5}}").size, found.size // 3)


class SchemaTests(unittest.TestCase):
    def assert_refused(self, schema: JsonObject, sentence: str) -> None:
        with patch.object(json_schema, "_compile", side_effect=AssertionError):
            problems = check_schema(schema)
        self.assertIn(sentence, " ".join(each.message for each in problems))
        self.assertRaises(SchemaError, SchemaValidator, schema)

    def test_unevaluated_that_multiplies_is_refused(self) -> None:
        for keyword in ("unevaluatedProperties", "unevaluatedItems"):
            self.assert_refused(nested(25, keyword=keyword), "too large")
        self.assertEqual(check_schema(nested(2, keyword="unevaluatedProperties")), [])

    def test_patterns_that_are_too_large_together_are_not_compiled(self) -> None:
        patterns: JsonObject = {f"f{n}": {"pattern": rf"\p{{L}}{{1,40}}{n}"} for n in range(200)}
        self.assert_refused({"properties": patterns}, "too large together")
        groups: JsonObject = {rf"\p{{L}}{{1,40}}{n}": True for n in range(200)}
        self.assert_refused({"patternProperties": groups}, "too large together")

    def test_many_references_are_gone_through_once(self) -> None:
        definitions: JsonObject = {
            f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + more}"} for more in (1, 2)]}
            for n in range(1_500)
        }
        definitions |= {"d1500": {}, "d1501": {}}
        schema: JsonObject = {"$defs": definitions, "$ref": "#/$defs/d0"}
        steps = steps_of(partial(self.assert_refused, schema, "Use fewer levels"))
        self.assertLess(steps, 2_000_000)

    def test_a_schema_of_very_many_parts(self) -> None:
        schema: JsonObject = {"properties": {f"f{n}": {} for n in range(50_000)}}
        self.assert_refused(schema, "more than 5000 parts")


class CheckTests(unittest.TestCase):
    def sentences(self, schema: JsonObject, data: Json) -> list[str]:
        return [each.message for each in SchemaValidator(schema).validate(data)]

    def test_errors_that_would_fill_the_memory_are_not_all_made(self) -> None:
        cases: list[tuple[JsonObject, Json]] = [
            ({"items": {"type": "string"}}, [1] * 100_000),
            ({"propertyNames": {"pattern": "^a"}}, {f"b{n}": 1 for n in range(20_000)}),
            ({"allOf": [{"type": "string", "title": str(n)} for n in range(900)]}, ["x"] * 40_000),
        ]
        for schema, data in cases:
            with self.subTest(schema=str(schema)[:40]):
                checker = compile_validator(schema)
                self.assertEqual(len(list(checker.iter_errors(data))), 1)
                self.assertEqual(len(self.sentences(schema, data)), 1)

    def test_few_errors_are_all_said(self) -> None:
        rows: Json = [{"a": n} for n in range(60)]
        schema: JsonObject = {"items": {"properties": {"a": {"type": "string"}}}}
        self.assertEqual(self.sentences(schema, rows), ["Give text here."] * 60)

    def test_a_check_that_would_take_too_long_is_not_begun(self) -> None:
        text = "ab" * 200_000
        cases: list[tuple[JsonObject, Json]] = [
            ({"pattern": "(?:a[ab]{400}){9}c"}, text),
            ({"allOf": [{"pattern": f"a[ab]{{9}}{n}"} for n in range(300)]}, text),
            ({"patternProperties": {"(?:a[ab]{400}){9}c": True}}, {text: 1}),
            ({"items": {"enum": [[n] for n in range(9_000)]}}, [[-1]] * 2_000),
            ({"items": {"allOf": [{"minimum": n} for n in range(900)]}}, [1] * 9_000),
        ]
        for schema, data in cases:
            with self.subTest(schema=str(schema)[:40]):
                self.assertRegex(" ".join(self.sentences(schema, data)), TOO_MUCH)

    def test_large_answers_are_checked(self) -> None:
        row: JsonObject = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
        data: JsonObject = {"rows": [{"a": "x" * 50} for _ in range(9_000)]}
        schema: JsonObject = {"properties": {"rows": {"items": row}}}
        self.assertEqual(self.sentences(schema, data), [])


class KeptBySizeTests(unittest.TestCase):
    def test_it_keeps_what_fits_and_what_was_used_last(self) -> None:
        kept = KeptBySize[str, int](100)
        made: list[str] = []

        def get(key: str, size: int) -> None:
            def make() -> tuple[int, int]:
                made.append(key)
                return size, size

            self.assertEqual(kept.get_or_make(key, make), size)

        for key, size in (("a", 40), ("b", 40), ("a", 40), ("c", 40), ("a", 40), ("b", 40)):
            get(key, size)
        self.assertEqual(made, ["a", "b", "c", "b"])
        self.assertLessEqual(kept.bytes, 100)
        get("large", 101)
        get("large", 101)
        self.assertEqual(made[4:], ["large", "large"])
        self.assertEqual(len(kept), 2)
