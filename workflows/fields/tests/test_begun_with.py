"""What a ticket begins with that nobody fills a form in for."""

from __future__ import annotations

from django.test import SimpleTestCase

from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.begun_with import begun_with
from workflows.fields.answers.validation import validator_for

SPECS: list[Json] = [
    {"name": "by_train", "type": "boolean", "default": True},
    {"name": "car", "type": "text", "default": "Ours", "visible_when": {"!": {"var": "by_train"}}},
    {"name": "seats", "type": "integer", "default": 2, "visible_when": {"!!": {"var": "car"}}},
]


class BegunWithTests(SimpleTestCase):
    def begun(self, answers: JsonObject) -> JsonObject:
        form = validator_for(SPECS)
        made = begun_with(form, answers)
        self.wrong = [each.field for each in form.validate(made)]
        return made

    def test_what_is_left_out_has_its_default(self) -> None:
        made = self.begun({"by_train": False})
        self.assertEqual(made, {"by_train": False, "car": "Ours", "seats": 2})
        self.assertEqual(self.wrong, [])

    def test_a_question_that_is_not_asked_has_none_nor_what_depends_on_it(self) -> None:
        self.assertEqual(self.begun({}), {"by_train": True})
        self.assertEqual(self.wrong, [])

    def test_an_answer_that_was_given_to_it_is_refused_as_before(self) -> None:
        self.begun({"car": "Hers", "seats": 5})
        self.assertEqual(self.wrong, ["car"])

    def test_what_cannot_be_kept_is_left_to_the_form(self) -> None:
        made = self.begun({"by_train": "\x00"})
        self.assertEqual(made["car"], "Ours")
        self.assertIn("by_train", self.wrong)
