from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase

from workflows.engine.process import Json
from workflows.fields.answers.people import names_people, with_erased_answers, with_people
from workflows.fields.registry import TYPES
from workflows.fields.shared.samples import sample_answer
from workflows.fields.specs.specs import parse_fields

SPECS: list[Any] = [
    {"name": "boss", "label": "Boss", "type": "person"},
    {"name": "note", "label": "Note", "type": "text"},
    {
        "name": "guests",
        "label": "Guests",
        "type": "records",
        "fields": [{"name": "who", "label": "Who", "type": "person"}],
    },
]
SAM: dict[str, Json] = {"id": 7, "email": "sam@example.com", "name": "Sam"}
KIM: dict[str, Json] = {"id": 8, "email": "kim@example.com", "name": "Kim"}


class PeopleTests(SimpleTestCase):
    def test_everybody_who_is_named_is_changed(self) -> None:
        answers: Json = {"boss": SAM, "note": "Sam", "guests": [{"who": SAM}, {}], "old": SAM}
        self.assertEqual(
            with_people(SPECS, answers, lambda _value: KIM),
            {"boss": KIM, "note": "Sam", "guests": [{"who": KIM}, {}], "old": SAM},
        )

    def test_what_is_no_answer_stays(self) -> None:
        answers: Any
        specs: Any
        for answers in (None, [], "x", {"boss": 5, "guests": "x"}, {"guests": [5, None]}):
            self.assertEqual(with_people(SPECS, answers, lambda _value: KIM), answers)
        for specs in (None, "x", [5], [{"name": "boss"}], [{"name": 5, "type": "person"}]):
            self.assertEqual(with_people(specs, {"boss": SAM}, lambda _value: KIM), {"boss": SAM})

    def test_each_type_whose_answers_are_people_says_so(self) -> None:
        for kind in TYPES.values():
            if kind.key == "records":
                continue
            with self.subTest(kind.key):
                spec: Any = {"name": "a", "label": "A", "type": kind.key}
                if kind.key in ("choice", "choices"):
                    spec["choices"] = [{"value": "x", "label": "X"}]
                (question,) = parse_fields([spec])
                sample = sample_answer(question)
                is_person = isinstance(sample, dict) and {"id", "email"} <= set(sample)
                self.assertEqual(names_people([spec]), is_person)

    def test_what_was_typed_is_erased_and_the_rest_stays(self) -> None:
        answers: Json = {"boss": SAM, "note": "secret", "guests": [{"who": SAM}], "gone": "secret"}
        self.assertEqual(
            with_erased_answers(SPECS, answers),
            {"boss": SAM, "note": "erased", "guests": [{"who": SAM}], "gone": "erased"},
        )
