from __future__ import annotations

import re
import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem
from workflows.engine.schemas.json_schema import compile_validator
from workflows.engine.tests.test_conditions import var
from workflows.fields.answers.presets import check_presets
from workflows.fields.answers.validation import Validator, validate_fields, validator_for
from workflows.fields.tests.test_specs import any_json, spec

LIBRARY_WORDS = re.compile(r"is not of type|schema|does not match|valid under|property|\bnull\b")
UPLOAD = {"upload": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "filename": "a.pdf"}
FORM: list[dict[str, Any]] = [
    {"name": "creditor", "type": "text", "required": True},
    {"name": "amount", "type": "number", "more_than": 0, "max": 1000},
    {"name": "count", "type": "integer", "min": 5},
    {"name": "ok", "type": "boolean"},
    spec(name="reason", required=True, visible_when={"===": [var("ok"), False]}),
    {"name": "category", "type": "choice", "choices": ["a", {"value": "b", "label": "Bee"}]},
    {"name": "tags", "type": "choices", "choices": ["x", "y", "z"], "min": 1, "max": 2},
    {"name": "day", "type": "date", "min": "2020-01-01", "max": "2020-12-31"},
    {"name": "hour", "type": "time", "min": "08:00", "max": "17:00"},
    {"name": "moment", "type": "datetime", "max": "2020-01-01T00:00:00+01:00"},
    {"name": "email", "type": "email"},
    {"name": "link", "type": "url"},
    {"name": "phone", "type": "phone"},
    {"name": "document", "type": "file"},
    {"name": "story", "type": "long_text", "min": 3},
    {"name": "code", "type": "text", "pattern": "^[A-Z]{2}$", "help": "two capital letters"},
    {
        "name": "items",
        "type": "records",
        "max": 3,
        "fields": [
            {"name": "amount", "type": "number", "min": 5, "required": True},
            {"name": "day", "type": "date", "min": "2020-01-01"},
        ],
    },
]  # fmt: skip
VALIDATOR = Validator(FORM)


def problems(**data: object) -> dict[str, str]:
    return {each.field: each.message for each in VALIDATOR.validate({"creditor": "c", **data})}


class AnswersTests(unittest.TestCase):
    def test_it_accepts_good_answers(self) -> None:
        cases: list[dict[str, object]] = [
            {},
            {"amount": 0.01, "count": 5, "ok": True, "category": "b", "tags": ["x", "y"]},
            {"ok": False, "reason": "because"},
            {"day": "2020-02-29", "hour": "08:00", "moment": "2019-12-31T23:00:00Z"},
            {"hour": "17:00:00"},
            {"email": "wendy@example.com", "link": "https://example.com/a?b=c#d"},
            {"phone": "+49 (0)30 123-456", "document": UPLOAD, "code": "AB"},
            {"items": [{"amount": 5}, {"amount": 6.5, "day": "2020-01-01"}], "story": "a\nb"},
        ]
        for data in cases:
            with self.subTest(data=data):
                self.assertEqual(problems(**data), {})

    def test_it_says_what_to_do_about_bad_answers(self) -> None:
        cases: list[tuple[str, object, str]] = [
            ("creditor", "", "an answer is required"),
            ("creditor", " \t\n", "spaces alone are no answer"),
            ("creditor", None, "Enter text."),
            ("creditor", "x" * 2_001, "at most 2000 characters"),
            ("amount", 0, "Enter a number greater than 0."),
            ("amount", 1000.5, "Enter a number of at most 1000."),
            ("amount", "5", "Enter a number."),
            ("amount", "much", "Enter a number."),
            ("amount", "1.000", "“1.000” could mean two numbers. Write 1000 or 1.0."),
            ("count", "12,345", "Write 12345 if that is meant."),
            ("count", "5.5", "Enter a whole number."),
            ("amount", True, "Enter a number."),
            ("count", 4, "Enter a number of at least 5."),
            ("count", 5.5, "Enter a whole number."),
            ("count", 2**53, "at most 9007199254740991"),
            ("ok", "yes", "Answer yes or no."),
            ("ok", None, "Answer yes or no."),
            ("category", "c", "Choose one of these: a, Bee."),
            ("tags", [], "Give at least one entry."),
            ("tags", ["x", "y", "z"], "at most 2 entries"),
            ("tags", ["x", "x"], "only once"),
            ("tags", ["w"], "Choose one of these: x, y, z."),
            ("tags", "x", "Choose from the options"),
            ("day", "2020-02-30", "Enter a date"),
            ("day", "2019-12-31", "Enter 2020-01-01 or later."),
            ("day", "2021-01-01", "Enter 2020-12-31 or earlier."),
            ("day", "0000-01-01", "Enter a date"),
            ("hour", "25:00", "Enter a time"),
            ("hour", "07:59:59", "Enter 08:00 or later."),
            ("hour", "17:00:01", "Enter 17:00 or earlier."),
            ("moment", "2019-12-31T23:00:00", "with its zone"),
            ("moment", "2019-12-31T22:59:60Z", "with its zone"),
            ("moment", "2019-12-31T23:00:01Z", "or earlier"),
            ("email", "wendy", "Enter an e-mail address"),
            ("email", "a@b", "Enter an e-mail address"),
            ("link", "javascript:alert(1)", "http:// or https://"),
            ("link", "ftp://example.com", "http:// or https://"),
            ("link", "https://", "http:// or https://"),
            ("link", "https://a b", "http:// or https://"),
            ("link", "https://[", "http:// or https://"),
            ("phone", "call me", "Enter a phone number"),
            ("document", "a.pdf", "Choose a file."),
            ("document", {**UPLOAD, "upload": "x"}, "Choose a file."),
            ("document", {**UPLOAD, "path": "/etc"}, "Choose a file."),
            ("story", "ab", "at least 3 characters"),
            ("code", "abc", "two capital letters"),
            ("code", "AB\n", "two capital letters"),
            ("items", [{"amount": 5}] * 4, "at most 3 entries"),
            ("creditor", "a\x00b", "NUL"),
            ("creditor", "\ud800", "broken character"),
            ("amount", float("nan"), "ordinary number"),
            ("amount", float("inf"), "ordinary number"),
            ("amount", 10**400, "too large"),
            ("amount", 1e25, "too large"),
            ("amount", object(), "a value that can be kept"),
        ]
        for name, value, message in cases:
            with self.subTest(field=name, value=value):
                found = problems(**{name: value})
                self.assertEqual(list(found), [name])
                self.assertIn(message, found[name])

    def test_problems_of_records_have_their_place(self) -> None:
        found = problems(items=[{"amount": 1}, {"day": "2019-01-01"}, 5])
        self.assertEqual(set(found), {"items.0.amount", "items.1.amount", "items.1.day", "items.2"})
        self.assertEqual(found["items.0.amount"], "Enter a number of at least 5.")
        found = problems(items=[{"amount": 5, "amout": 1}])
        self.assertIn("“amount”", found["items.0.amout"])

    def test_unknown_names_are_refused_with_the_nearest(self) -> None:
        self.assertIn("“amount”", problems(amuont=1)["amuont"])

    def test_a_required_boolean_may_be_no(self) -> None:
        specs = [spec(type="boolean", required=True)]
        self.assertEqual(validate_fields(specs, {"answer": False}), [])
        self.assertEqual([each.field for each in validate_fields(specs, {})], ["answer"])

    def test_a_required_list_is_not_empty(self) -> None:
        specs = [spec(type="choices", choices=["x"], required=True, min=0)]
        self.assertIn("required", validate_fields(specs, {"answer": []})[0].message)

    def test_what_is_no_object_is_refused(self) -> None:
        cases: list[object] = [None, [], "x", 5]
        for data in cases:
            with self.subTest(data=data):
                self.assertEqual([each.field for each in VALIDATOR.validate(data)], [""])

    def test_a_hostile_pattern_comes_to_an_end(self) -> None:
        """It would not before the end of the world if all ways to match it were tried."""
        specs = [spec(pattern="^(a+)+$", max=100_000)]
        found = validate_fields(specs, {"answer": "a" * 99_999 + "!"})
        self.assertEqual([each.field for each in found], ["answer"])
        self.assertEqual(validate_fields(specs, {"answer": "aaa"}), [])

    def test_deep_answers_are_refused(self) -> None:
        deep: Any = []
        for _ in range(100_000):
            deep = [deep]
        self.assertIn("nested too deeply", VALIDATOR.validate({"items": deep})[0].message)

    def test_there_is_an_end_to_the_list(self) -> None:
        data = {"creditor": "c", **{f"x{index}": 1 for index in range(10_000)}}
        self.assertEqual(len(VALIDATOR.validate(data)), 100)

    def test_a_validator_is_compiled_once(self) -> None:
        self.assertIs(validator_for([spec()]), validator_for([spec()], presets={}))
        self.assertIsNot(validator_for([spec()]), validator_for([spec()], presets={"answer": "x"}))

    def test_wrong_specs_are_refused(self) -> None:
        for specs in (None, [object()], [{"name": float("nan")}]):
            self.assertRaises(FieldError, validate_fields, specs, {})
        self.assertRaises(FieldError, Validator, [{"name": "x"}])

    @examples(300)
    @given(
        data=any_json
        | st.dictionaries(
            st.sampled_from([each["name"] for each in FORM]),
            any_json
            | st.sampled_from(["2020-01-01", "0001-01-01T00:00:00+23:59", "10:00", "http://[", ""])
            | st.datetimes().map(lambda moment: moment.isoformat() + "-23:59"),
        )
    )
    def test_any_answer_gets_a_sentence(self, data: object) -> None:
        found = VALIDATOR.validate(data)
        for each in found:
            self.assertNotRegex(each.message, LIBRARY_WORDS)
            self.assertRegex(each.message, r"^[A-Z].*[.?]|two capital letters$")
        if not found:
            self.assertTrue(compile_validator(VALIDATOR.schema).is_valid(data))


class VisibleWhenTests(unittest.TestCase):
    def test_a_shown_field_is_required(self) -> None:
        self.assertIn("required", problems(ok=False)["reason"])
        self.assertEqual(problems(ok=False, reason=" ")["reason"][:5], "Enter")

    def test_a_hidden_field_is_neither_required_nor_accepted(self) -> None:
        self.assertEqual(problems(ok=True), {})
        self.assertEqual(problems(), {})
        self.assertIn("not asked", problems(ok=True, reason="x")["reason"])

    def test_it_is_part_of_visible(self) -> None:
        self.assertIn("reason", VALIDATOR.visible({"ok": False}))
        self.assertNotIn("reason", VALIDATOR.visible({"ok": True}))

    def test_a_rule_that_cannot_be_decided_is_a_problem(self) -> None:
        specs = [spec(name="a"), spec(name="b", visible_when={">": [var("a"), 5]})]
        self.assertEqual([each.field for each in validate_fields(specs, {"a": "x"})], ["b"])
        self.assertEqual(validate_fields(specs, {"a": "6", "b": "y"}), [])

    def test_what_was_not_answered_counts_as_null(self) -> None:
        shown_without = {"!": var("document.filename")}
        specs = [spec(name="document", type="file"), spec(name="b", visible_when=shown_without)]
        self.assertEqual(validate_fields(specs, {"b": "x"}), [])
        found = validate_fields(specs, {"b": "x", "document": UPLOAD})
        self.assertEqual([each.field for each in found], ["b"])

    def test_a_rule_about_an_unanswered_question_alone_is_not_true(self) -> None:
        more = spec(name="more", type="boolean")
        why = spec(name="why", required=True, visible_when=var("more"))
        validator = Validator([more, why])
        self.assertEqual(validator.validate({}), [])
        self.assertEqual([each.field for each in validator.validate({"why": "x"})], ["why"])
        self.assertEqual([each.field for each in validator.validate({"more": True})], ["why"])

    def test_the_cause_alone_is_reported(self) -> None:
        specs = [
            spec(name="a", type="number"),
            spec(name="b", visible_when={">": [var("a"), 5]}),
        ]
        self.assertEqual([each.field for each in validate_fields(specs, {"a": "x"})], ["a"])


class PresetsTests(unittest.TestCase):
    def test_a_preset_field_is_not_asked(self) -> None:
        specs = [spec(name="a", required=True), spec(name="b", required=True)]
        self.assertEqual(validate_fields(specs, {"b": "x"}, presets={"a": "y"}), [])
        found = validate_fields(specs, {"a": "z", "b": "x"}, presets={"a": "y"})
        self.assertEqual(
            found, [FieldProblem("a", "This value is set by the ticket type. Leave it out.")]
        )

    def test_visible_when_reads_presets(self) -> None:
        specs = [
            spec(name="a"),
            spec(name="b", required=True, visible_when={"==": [var("a"), "y"]}),
        ]
        found = validate_fields(specs, {}, presets={"a": "y"})
        self.assertEqual([each.field for each in found], ["b"])

    def test_presets_are_checked(self) -> None:
        good = {"amount": 5, "day": "2020-05-05"}
        self.assertEqual(check_presets(FORM, good), [])
        bad = {"amount": 0, "day": "2019-05-05", "amuont": 1, "document": UPLOAD}
        self.assertEqual({each.field for each in check_presets(FORM, bad)}, set(bad))
        self.assertEqual([each.field for each in check_presets(FORM, [])], [""])
