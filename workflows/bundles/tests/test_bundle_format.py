from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from django.conf import settings
from django.test import SimpleTestCase

from workflows.bundles import check_bundle
from workflows.bundles.document.canonical import SCHEMA
from workflows.fields.registry import TYPES

GUIDE = settings.BASE_DIR / "docs" / "bundle-format.md"


def names(schema: Any) -> Iterator[str]:
    """Every name that a bundle may use, wherever in the schema it stands."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from names(value)


class BundleFormatTest(SimpleTestCase):
    def test_the_schema_is_a_valid_one(self) -> None:
        self.assertTrue(jsonschema_rs.meta.is_valid(SCHEMA))

    def test_the_schema_alone_accepts_the_shipped_bundles(self) -> None:
        validator = jsonschema_rs.Draft202012Validator(SCHEMA)
        for path in sorted((settings.BASE_DIR / "fixtures").glob("*.json")):
            with self.subTest(path.name):
                self.assertTrue(validator.is_valid(json.loads(path.read_text(encoding="utf-8"))))

    def test_the_guide_explains_every_name(self) -> None:
        guide = GUIDE.read_text(encoding="utf-8")
        explained = set(re.findall(r"^\| `([a-z_]+)` \|", guide, re.MULTILINE))
        types = set(TYPES)
        # The tables of types and of variables, but for what a bundle has a name for, too.
        others = (types | {"number"}) - {"choices", "email", "person", "text"}
        self.assertEqual(set(names(SCHEMA)), explained - others)

    def test_no_table_of_the_guide_explains_a_name_twice(self) -> None:
        guide = GUIDE.read_text(encoding="utf-8")
        tables = re.findall(r"(?:^\|.*\n)+", guide, re.MULTILINE)
        self.assertGreater(len(tables), 10)
        for table in tables:
            found = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
            self.assertEqual(sorted(found), sorted(set(found)))

    def test_the_guide_explains_every_field_type(self) -> None:
        guide = GUIDE.read_text(encoding="utf-8")
        for field_type in TYPES:
            self.assertIn(f"| `{field_type}` |", guide)

    def test_the_guides_example_has_no_problems(self) -> None:
        examples = re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        bundles = [json.loads(each) for each in examples if '"format"' in each]
        self.assertEqual([check_bundle(each) for each in bundles], [[]])

    def test_the_schema_knows_the_engines_field_types(self) -> None:
        definitions: Any = SCHEMA["$defs"]
        self.assertEqual(definitions["field"]["properties"]["type"]["enum"], list(TYPES))
