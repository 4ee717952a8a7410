from __future__ import annotations

import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.engine.errors import FieldError
from workflows.engine.schemas.json_schema import compile_validator
from workflows.engine.tests.test_conditions import var
from workflows.fields.registry import TYPES
from workflows.fields.specs.specs import check_fields, compile_schema, parse_fields

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=15,
)
limits = st.none() | st.integers() | st.floats() | st.sampled_from(
    ["2020-01-01", "10:00", "10:00:00", "2020-01-01T00:00:00Z", 0, 1, 5, -1, 2.0, True, "", 10**400]
) | any_json  # fmt: skip
names = st.sampled_from(["a", "b", "items", "Bad Name", "x" * 64, ""]) | any_json
nearly_specs: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"name": names, "type": st.sampled_from(list(TYPES)) | any_json},
    optional={
        "label": st.text(max_size=5) | any_json,
        "required": st.booleans() | any_json,
        "help": st.text(max_size=5) | any_json,
        "choices": st.lists(
            st.sampled_from(["x", "y", {"value": "z", "label": "Z"}, {"value": 1}]) | any_json,
            max_size=4,
        ),
        "default": limits,
        "min": limits,
        "max": limits,
        "more_than": limits,
        "less_than": limits,
        "pattern": st.sampled_from(["^a+$", "(", "(?=a)", "(a)\\1", ""]) | any_json,
        "visible_when": st.sampled_from([{"==": [var("a"), 1]}, var("b"), {"x": 1}]) | any_json,
        "computed": st.sampled_from([{"+": [var("a"), 1]}, {"*": [var("b.c")]}]) | any_json,
        "checks": st.lists(
            st.fixed_dictionaries(
                {}, optional={"condition": st.just({"<": [var("a"), 1]}), "message": st.text()}
            )
        )
        | any_json,
        "fields": st.deferred(lambda: st.lists(nearly_specs, max_size=2)) | any_json,
        "unknown": any_json,
    },
)


def spec(**changes: Any) -> dict[str, Any]:
    return {"name": "answer", "type": "text", **changes}


def places(*specs: object) -> list[str]:
    return [each.place for each in check_fields(list(specs))]


class WhatFormsOfOthersHaveTests(unittest.TestCase):
    """What other form builders can do, and questions here cannot (yet): refused in words."""

    def described(self, *specs: dict[str, Any]) -> str:
        return " ".join(f"{each.place}: {each.message}" for each in check_fields(list(specs)))

    def inside(self, **changes: Any) -> dict[str, Any]:
        inner = [spec(), spec(name="other", **changes)]
        return spec(name="rows", type="records", fields=inner)

    def test_a_condition_inside_a_record(self) -> None:
        described = self.described(self.inside(visible_when={"==": [var("answer"), "x"]}))
        self.assertIn("fields[1].visible_when", described)
        self.assertIn("always shown. Remove", described)

    def test_a_file_or_a_list_inside_a_record(self) -> None:
        for kind in ("file", "records"):
            described = self.described(self.inside(type=kind))
            self.assertIn(f"A record cannot hold a field of type {kind}. Move it", described)

    def test_limits_and_defaults_that_are_no_formulas(self) -> None:
        for kind, limit, words in (
            ("date", "today", "A formula is given as JsonLogic"),
            ("date", {"var": "start"}, "no such field"),
            ("datetime", "now", "A formula is given as JsonLogic"),
            ("number", {"var": "most"}, "no such field"),
            ("text", {"var": "today"}, "Only limits of numbers, dates and times"),
        ):
            for name in ("min", "max"):
                with self.subTest(kind=kind, limit=limit):
                    described = self.described(spec(type=kind, **{name: limit}))
                    self.assertIn(f"[0].{name}:", described)
                    self.assertIn(words, described)
        self.assertIn("Enter a date", self.described(spec(type="date", default="today")))

    def test_answers_that_are_locked(self) -> None:
        for name in ("read_only", "readOnly", "disabled"):
            described = self.described(spec(type="number", **{name: True}))
            self.assertIn("Answers cannot be locked", described)
            self.assertNotIn("Did you mean", described)

    def test_limits_that_may_be_two_numbers(self) -> None:
        for kind in ("number", "integer", "text", "records"):
            described = self.described({**self.inside(), "name": "a", "type": kind, "max": "1.000"})
            self.assertIn("“1.000” could mean two numbers. Write 1000 or 1.0.", described)


class CheckFieldsTests(unittest.TestCase):
    def test_it_accepts_each_type(self) -> None:
        for field_type in TYPES.values():
            more: dict[str, Any] = {}
            if "choices" in field_type.keys:
                more = {"choices": ["a", {"value": "b", "label": "Bee"}]}
            if "fields" in field_type.keys:
                more = {"fields": [spec()]}
            with self.subTest(type=field_type):
                self.assertEqual(check_fields([spec(type=field_type.key, **more)]), [])

    def test_what_is_not_given_is_no_problem(self) -> None:
        blank = dict.fromkeys(
            ("choices", "help", "default", "min", "max", "pattern", "visible_when", "label"), ""
        )
        self.assertEqual(check_fields([spec(**blank)]), [])
        self.assertEqual(check_fields([]), [])

    def test_it_finds_what_is_wrong(self) -> None:
        cases: list[tuple[dict[str, Any], str]] = [
            (spec(name=""), "[0].name"),
            (spec(name="Amount"), "[0].name"),
            (spec(name="a" * 64), "[0].name"),
            (spec(name="a\n"), "[0].name"),
            (spec(name=None), "[0].name"),
            (spec(type="txt"), "[0].type"),
            (spec(type=[]), "[0].type"),
            (spec(requierd=True), "[0].requierd"),
            (spec(required="yes"), "[0].required"),
            (spec(label=5), "[0].label"),
            (spec(choices=["a"]), "[0].choices"),
            (spec(type="choice"), "[0].choices"),
            (spec(type="choice", choices="a,b"), "[0].choices"),
            (spec(type="choice", choices=["a", "a"]), "[0].choices[1]"),
            (spec(type="choice", choices=[{"value": "a", "lable": "A"}]), "[0].choices[0]"),
            (spec(type="choice", choices=[1]), "[0].choices[0]"),
            (spec(min=-1), "[0].min"),
            (spec(min="5"), "[0].min"),
            (spec(max=True), "[0].max"),
            (spec(min=5, max=4), "[0].min"),
            (spec(min=5_000), "[0].min"),
            (spec(required=True, max=0), "[0].min"),
            (spec(type="number", min=5, less_than=5), "[0].min"),
            (spec(type="number", more_than=float("inf")), "[0].more_than"),
            (spec(type="integer", min=1.5), "[0].min"),
            (spec(type="date", min="yesterday"), "[0].min"),
            (spec(type="date", min="2020-02-02", max="2020-02-01"), "[0].min"),
            (spec(type="datetime", min="2020-01-01T00:00:00"), "[0].min"),
            (spec(type="boolean", min=1), "[0].min"),
            (spec(type="choices", choices=["a"], min=2), "[0].min"),
            (spec(pattern="("), "[0].pattern"),
            (spec(pattern="(?=a)b"), "[0].pattern"),
            (spec(pattern="(a)\\1"), "[0].pattern"),
            (spec(pattern="a{1000}{1000}"), "[0].pattern"),
            (spec(pattern=5), "[0].pattern"),
            (spec(default=5), "[0].default"),
            (spec(default="ab", max=1), "[0].default"),
            (spec(default="b", pattern="^a$"), "[0].default"),
            (spec(type="choice", choices=["a"], default="b"), "[0].default"),
            (spec(type="date", default="2019-01-01", min="2020-01-01"), "[0].default"),
            (spec(type="url", default="javascript:alert(1)"), "[0].default"),
            (spec(type="file", default="x"), "[0].default"),
            (spec(type="records"), "[0].fields"),
            (spec(type="records", fields=[spec(type="file")]), "[0].fields[0].type"),
            (spec(type="records", fields=[spec(type="records")]), "[0].fields[0].type"),
            (spec(type="records", fields=[spec(), spec()]), "[0].fields[1].name"),
            (
                spec(type="records", fields=[spec(visible_when={"==": [var("x"), 1]})]),
                "[0].fields[0].visible_when",
            ),
            (spec(visible_when={"vr": 1}), "[0].visible_when"),
            (spec(visible_when={"==": [var("gone"), 1]}), "[0].visible_when"),
            (spec(visible_when={"==": [var("answer"), 1]}), "[0].visible_when"),
            (spec(visible_when={"==": [var({"cat": ["a"]}), 1]}), "[0].visible_when"),
            (spec(help="a\x00b"), "[0].help"),
            (spec(help="\ud800"), "[0].help"),
        ]
        for field, place in cases:
            with self.subTest(spec=field):
                found = check_fields([field])
                self.assertIn(place, [each.place for each in found])
                self.assertTrue(all(each.message.endswith((".", "?")) for each in found))

    def test_names_are_unique(self) -> None:
        self.assertEqual(places(spec(), spec()), ["[1].name"])

    def test_it_suggests_the_nearest_name(self) -> None:
        found = check_fields([spec(requierd=True), spec(name="b", type="nubmer")])
        self.assertEqual([each.nearest for each in found], ["required", "number"])
        rule = {"==": [var("anwser"), "x"]}
        found = check_fields([spec(), spec(name="b", visible_when=rule)])
        self.assertEqual(found[0].nearest, "answer")

    def test_it_survives_garbage(self) -> None:
        deep: Any = []
        for _ in range(100_000):
            deep = [deep]
        cases: list[object] = [None, 5, "x", {}, [None], [[]], ["x"], [{}], [{1: 2}], [object()]]
        for garbage in [*cases, deep]:
            with self.subTest(garbage=str(type(garbage))):
                self.assertNotEqual(check_fields(garbage), [])

    @examples(500)
    @given(specs=any_json | st.lists(nearly_specs, max_size=4))
    def test_accepted_specs_compile_and_others_are_explained(self, specs: object) -> None:
        problems = check_fields(specs)
        if problems:
            self.assertTrue(all(each.message for each in problems))
            self.assertRaises(FieldError, parse_fields, specs)
        else:
            compile_validator(compile_schema(specs))


class CompileSchemaTests(unittest.TestCase):
    def test_it_compiles(self) -> None:
        specs = [
            spec(name="amount", type="number", required=True, more_than=0, label="Amount"),
            spec(name="note", type="long_text"),
            spec(name="why", required=True, visible_when={">": [var("amount"), 5]}),
        ]
        schema = compile_schema(specs)
        self.assertEqual(schema["type"], "object")
        self.assertEqual(schema["required"], ["amount"])
        self.assertIs(schema["additionalProperties"], False)
        self.assertEqual(
            schema["properties"]["amount"],  # type: ignore[index, call-overload]
            {"title": "Amount", "type": "number", "minimum": -1e300, "maximum": 1e300,
             "exclusiveMinimum": 0},
        )  # fmt: skip

    def test_excluded_fields_are_not_in_it(self) -> None:
        schema = compile_schema([spec(name="a", required=True), spec(name="b")], exclude={"a"})
        self.assertEqual(list(schema["properties"]), ["b"])  # type: ignore[arg-type]
        self.assertNotIn("required", schema)

    def test_wrong_specs_are_refused(self) -> None:
        with self.assertRaisesRegex(FieldError, r"\[0\].type"):
            compile_schema([spec(type="txt")])
