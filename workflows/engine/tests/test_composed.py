"""Texts in composed form: the same text typed on two systems is one answer."""

from __future__ import annotations

import unicodedata
import unittest

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.evaluate import evaluate_condition
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.values.composed import composed
from workflows.fields.answers.presets import check_presets
from workflows.fields.answers.validation import Validator

ONE, TWO = "caf\u00e9", "cafe\u0301"
WAYS = ((ONE, TWO), (TWO, ONE), (TWO, TWO), (ONE, ONE))
LETTERS = st.text(st.sampled_from("ae\u0301\u00e9\u0327ß"), max_size=4)
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.integers() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=6,
)


def texts_of(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts_of(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts_of(each)]
    return [value] if isinstance(value, str) else []


# How long it takes is a matter of the machine's load.
SETTINGS = examples(60)


class ComposedTests(unittest.TestCase):
    @SETTINGS
    @given(JSON)
    def test_every_text_is_composed_and_nothing_is_lost(self, value: Json) -> None:
        made = composed(value)
        self.assertTrue(all(unicodedata.is_normalized("NFC", each) for each in texts_of(made)))
        self.assertEqual(
            sorted(unicodedata.normalize("NFC", each) for each in texts_of(value)),
            sorted(texts_of(made)),
        )
        self.assertEqual(composed(made), made)

    def test_names_are_composed_unless_two_would_be_one(self) -> None:
        self.assertEqual(composed({TWO: 1}), {ONE: 1})
        self.assertEqual(composed({TWO: 1, ONE: 2}), {TWO: 1, ONE: 2})


class EngineTests(unittest.TestCase):
    """Whichever form the definition has, and whichever the data: they meet."""

    def test_conditions(self) -> None:
        for literal, answer in WAYS:
            rule: Json = {"==": [{"var": "ticket.where"}, literal]}
            with self.subTest(ascii((literal, answer))):
                self.assertTrue(evaluate_condition(rule, {"ticket": {"where": answer}}))
                named: Json = {"==": [{"var": f"tasks.call.{literal}"}, 1]}
                self.assertTrue(evaluate_condition(named, {"tasks": {"call": {answer: 1}}}))

    def test_transforms(self) -> None:
        made = apply_transform({"place": {"var": "where"}}, {"where": TWO})
        self.assertEqual(made, {"place": ONE})

    def test_choices(self) -> None:
        for choice, answer in WAYS:
            specs: Json = [{"name": "where", "type": "choice", "choices": [choice, "bar"]}]
            with self.subTest(ascii((choice, answer))):
                self.assertEqual(Validator(specs).validate({"where": answer}), [])
                self.assertEqual(check_presets(specs, {"where": answer}), [])

    def test_patterns_and_lengths(self) -> None:
        for letter, answer in (("\u00e9", "\u00e9"), ("\u00e9", "e\u0301"), ("e\u0301", "e\u0301")):
            spec: JsonObject = {"name": "x", "type": "text", "pattern": f"^{letter}$", "max": 1}
            with self.subTest(ascii((letter, answer))):
                self.assertEqual(Validator([spec]).validate({"x": answer}), [])

    def test_schemas_of_calls(self) -> None:
        for value, answer in WAYS:
            schema: Json = {"properties": {"place": {"enum": [value], "maxLength": 4}}}
            with self.subTest(ascii((value, answer))):
                self.assertEqual(SchemaValidator(schema).validate({"place": answer}), [])

    def test_a_version_with_one_choice_in_two_forms_goes_on(self) -> None:
        specs: Json = [{"name": "x", "type": "choice", "choices": [ONE, TWO]}]
        form = Validator(specs)
        self.assertEqual(form.fields["x"].choices, ((ONE, ONE),))
        self.assertEqual(form.validate({"x": TWO}), [])
