"""Tickets to which nobody gave a title can be told apart in lists, and found."""

from __future__ import annotations

from django.test import SimpleTestCase

from tickets.numbering.name_ticket import name_ticket
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import validator_for
from workflows.models import TicketDefinition

LEAVE: list[JsonObject] = [
    {"name": "paid", "label": "Paid?", "type": "boolean"},
    {
        "name": "kind", "label": "Kind", "type": "choice",
        "choices": [{"value": "sick", "label": "Sick leave"}, "holiday"],
    },
    {"name": "first", "label": "First day", "type": "date"},
    {"name": "days", "label": "Days", "type": "number"},
    {"name": "where", "label": "Where to?", "type": "text"},
    {"name": "substitute", "label": "Substitute", "type": "text"},
]  # fmt: skip


class NameTicketTest(SimpleTestCase):
    def name(self, presets: JsonObject | None = None, title: str = "Leave", **data: Json) -> str:
        fields = validator_for(LEAVE, presets=presets).fields.values()
        return name_ticket(definition=TicketDefinition(title=title), fields=fields, answers=data)

    def test_the_first_text_is_enough(self) -> None:
        self.assertEqual(self.name(where="Spain", substitute="Walt"), "Leave: Spain")

    def test_what_is_answered_before_it_is_told_in_the_words_of_the_form(self) -> None:
        self.assertEqual(
            self.name(paid=True, kind="sick", first="2026-07-01", days=3, where="Home"),
            "Leave: Sick leave · 1 Jul 2026 · Home",
        )

    def test_what_is_set_beforehand_is_the_same_in_all_and_left_out(self) -> None:
        self.assertEqual(self.name({"kind": "sick"}, kind="sick", where="Home"), "Leave: Home")

    def test_where_nothing_tells_anything_the_type_is_left(self) -> None:
        for data in ({}, {"paid": True, "days": 3}, {"where": " \n "}):
            with self.subTest(data):
                self.assertEqual(self.name(**data), "Leave")

    def test_it_is_one_line_that_fits_into_the_title(self) -> None:
        name = self.name(title="x" * 255, where="a\nb " * 90)
        self.assertEqual((len(name), "\n" in name), (255, False))
        self.assertEqual(len(self.name(where="word " * 90)), len("Leave: ") + 60)
