from __future__ import annotations

import socket
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import examples
from workflows.engine.errors import SchemaError
from workflows.engine.schemas.schema_check import check_schema
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.fields.tests.test_specs import any_json
from workflows.fields.tests.test_validation import LIBRARY_WORDS

ADDRESS = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "zip": {"type": ["integer", "null"]},
    },
    "required": ["city"],
    "additionalProperties": False,
}
words = st.sampled_from(
    ["type", "properties", "items", "$ref", "allOf", "anyOf", "$defs", "a", "pattern", "enum",
     "minimum", "required", "not", "patternProperties", "const", "format", "if", "$schema"]
)  # fmt: skip
schemas = st.recursive(
    any_json | st.sampled_from(["string", "#/$defs/a", "^a$", "object", "#"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=15,
)


class CheckSchemaTests(unittest.TestCase):
    def test_it_accepts_good_schemas(self) -> None:
        cases: list[dict[str, Any]] = [
            {},
            ADDRESS,
            {"$defs": {"a": ADDRESS}, "properties": {"home": {"$ref": "#/$defs/a"}}},
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"},
            {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}},
            {"enum": [{"$ref": "http://example.com/"}]},
        ]
        for schema in cases:
            with self.subTest(schema=schema):
                self.assertEqual(check_schema(schema), [])
                SchemaValidator(schema)

    def test_it_finds_what_is_wrong(self) -> None:
        cases: list[tuple[object, str]] = [
            ([], ""),
            ("x", ""),
            (None, ""),
            ({"type": "strnig"}, "type"),
            ({"properties": {"a": {"minimum": "5"}}}, "properties.a.minimum"),
            ({"$ref": "http://127.0.0.1:9/x.json"}, "$ref"),
            ({"$ref": "file:///etc/hostname"}, "$ref"),
            ({"items": {"$ref": "other.json"}}, "items.$ref"),
            ({"$ref": 5}, "$ref"),
            ({"$ref": "#"}, "$ref"),
            ({"$ref": "#/properties/a"}, "$ref"),
            ({"$ref": "#/$defs/gone"}, "$ref"),
            ({"$id": "http://example.com/"}, "$id"),
            ({"$dynamicRef": "#x"}, "$dynamicRef"),
            ({"$schema": "http://json-schema.org/draft-07/schema#"}, "$schema"),
            ({"$schema": []}, "$schema"),
            ({"properties": {"a": {"pattern": "(?=x)"}}}, "properties.a.pattern"),
            ({"patternProperties": {"(": {}}}, "patternProperties.("),
            ({"title": "a\x00"}, "title"),
            (
                {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"},
                "$defs.a.items.$ref",
            ),
        ]
        for schema, place in cases:
            with self.subTest(schema=schema):
                found = check_schema(schema)
                self.assertIn(place, [each.place for each in found])
                self.assertRaises(SchemaError, SchemaValidator, schema)

    def test_it_suggests_the_nearest_type(self) -> None:
        self.assertEqual(check_schema({"type": "strnig"})[0].nearest, "string")

    def test_nothing_is_ever_fetched(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setblocking(False)
            address = f"http://127.0.0.1:{server.getsockname()[1]}/x.json"
            for schema in (
                {"$ref": address},
                {"enum": [{"$ref": address}], "unknown": {"$ref": address}},
                {"$defs": {"a": {"$ref": Path(__file__).as_uri()}}},
            ):
                check_schema(schema)
            # The second line of defence: the library itself, without our check before it.
            with mock.patch(
                "workflows.engine.schemas.schema_check._schema_problems", return_value=iter(())
            ):
                self.assertNotEqual(check_schema({"$ref": address}), [])
                self.assertNotEqual(check_schema({"$ref": Path(__file__).as_uri()}), [])
            self.assertRaises(BlockingIOError, server.accept)  # nobody has knocked

    def test_definitions_that_multiply_are_refused(self) -> None:
        schema: dict[str, Any] = {"$ref": "#/$defs/a0", "$defs": {"a60": {"type": "string"}}}
        for index in range(60):
            twice = [{"$ref": f"#/$defs/a{index + 1}"}] * 2
            schema["$defs"][f"a{index}"] = {"allOf": twice}

        def refuse() -> None:
            self.assertIn("too large", check_schema(schema)[0].message)

        self.assertLess(steps_of(refuse), 1_000_000)

    def test_deep_schemas_are_refused(self) -> None:
        for depth in (100, 1_000, 100_000):
            schema: dict[str, Any] = {}
            for _ in range(depth):
                schema = {"not": schema}
            with self.subTest(depth=depth):
                self.assertIn("nested too deeply", check_schema(schema)[0].message)

    @examples(500)
    @given(schema=schemas, data=any_json)
    def test_any_schema_is_checked(self, schema: object, data: object) -> None:
        if check_schema(schema):
            self.assertRaises(SchemaError, SchemaValidator, schema)
        else:
            for each in SchemaValidator(schema).validate(data):
                self.assertTrue(each.message)


class SchemaValidatorTests(unittest.TestCase):
    def test_it_speaks_to_people(self) -> None:
        schema = {
            "type": "object",
            "properties": {
                "home": ADDRESS,
                "link": {"format": "uri"},
                "several": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "fixed": {"const": True},
                "step": {"multipleOf": 0.5},
            },
        }
        validator = SchemaValidator(schema)
        cases: list[tuple[object, str, str]] = [
            ([], "", "Give a group of named values here."),
            ({"home": {}}, "home.city", "required"),
            ({"home": {"city": "x"}}, "home.city", "at least 2 characters"),
            ({"home": {"city": "xx", "zip": "a"}}, "home.zip", "a whole number or nothing"),
            ({"home": {"city": "xx", "zap": 1}}, "home.zap", "no field of this name"),
            ({"link": "javascript:alert(1)"}, "link", "http:// or https://"),
            ({"several": 1.5}, "several", "any of the allowed forms"),
            ({"fixed": False}, "fixed", "yes"),
            ({"step": 0.3}, "step", "multiple of 0.5"),
            ({"home": "a\x00"}, "home", "NUL"),
        ]
        for data, field, message in cases:
            with self.subTest(data=data):
                found = validator.validate(data)
                self.assertEqual([each.field for each in found], [field])
                self.assertIn(message, found[0].message)
                self.assertNotRegex(found[0].message, LIBRARY_WORDS)

    def test_it_accepts_what_fits(self) -> None:
        self.assertEqual(SchemaValidator(ADDRESS).validate({"city": "Rome", "zip": None}), [])
