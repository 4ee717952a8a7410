from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.test import SimpleTestCase
from hypothesis import given
from jsonschema_rs import Draft202012Validator

from tenants.testing_tools.examples import examples
from workflows.bundles import canonical, check_bundle, differences, errors_of, read_bundle
from workflows.bundles import write_bundle as write
from workflows.bundles.document.canonical import SCHEMA
from workflows.bundles.tests.bundle_strategies import JSON, bundles

VALIDATOR = Draft202012Validator(SCHEMA)
SETTINGS = examples(50)


def by_digits(value: Any) -> Any:
    """The value with its numbers as they are written, which is how Postgres compares them."""
    return json.loads(json.dumps(value), parse_int=Decimal, parse_float=Decimal)


class BundleRoundTripTest(SimpleTestCase):
    @given(bundles())
    @SETTINGS
    def test_a_generated_bundle_has_no_errors(self, document: dict[str, Any]) -> None:
        self.assertEqual(errors_of(check_bundle(document)), [])

    @given(bundles())
    @SETTINGS
    def test_what_has_no_errors_fits_the_schema_too(self, document: dict[str, Any]) -> None:
        """An editor that is given the schema does not mark what we accept."""
        for each in (document, canonical(document)):
            self.assertEqual([str(error) for error in VALIDATOR.iter_errors(each)], [])

    @given(bundles())
    @SETTINGS
    def test_the_canonical_form_is_canonical_and_has_no_errors(
        self, document: dict[str, Any]
    ) -> None:
        made = canonical(document)
        self.assertEqual(write(canonical(made)), write(made))
        self.assertEqual(differences(made, canonical(made)), [])
        self.assertEqual(errors_of(check_bundle(made)), [])

    @given(bundles())
    @SETTINGS
    def test_what_is_written_is_read_again(self, document: dict[str, Any]) -> None:
        made = canonical(document)
        self.assertEqual(read_bundle(write(made).encode()), made)

    @given(JSON)
    @SETTINGS
    def test_free_form_json_stays_what_it_is(self, value: Any) -> None:
        document: Any = canonical({"ticket_types": [{"key": "a", "presets": {"x": value}}]})
        made = document["ticket_types"][0]["presets"]["x"]
        self.assertEqual(by_digits(made), by_digits(value))
        self.assertEqual(json.loads(json.dumps(document)), document)
