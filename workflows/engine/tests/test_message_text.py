"""The texts of mails: what is an answer in them, and that nothing else is a command."""

from __future__ import annotations

from unittest import TestCase

from workflows.engine.process import Json
from workflows.engine.steps.message_text import (
    LONGEST_ANSWER,
    LONGEST_MADE,
    Placeholder,
    read_message_text,
)
from workflows.engine.steps.messages import MessageSpec, Recipient, canonical_message, roots_read

ANSWERS = {
    "ticket.amount": "1,200.50",
    "tasks.review.note": "Fine",
    "ticket.name": "{ticket.amount}",
}


def filled(text: str) -> str:
    return read_message_text(text).filled(lambda name: ANSWERS.get(name, ""))


class TextTest(TestCase):
    def test_answers_stand_in_braces(self) -> None:
        for text, made in (
            ("No answer at all.", "No answer at all."),
            ("{ticket.amount} EUR", "1,200.50 EUR"),
            ("{ ticket.amount }", "1,200.50"),
            ("{review.note}, {tasks.review.note}", "Fine, Fine"),
            ("Dear {ticket.nobody}!", "Dear !"),
            ('Dear {ticket.nobody or "all"}!', "Dear all!"),
            ("Liebe {ticket.nobody or „alle“}!", "Liebe alle!"),
            ('{ticket.amount or "nothing"}', "1,200.50"),
            ("{{ticket.amount}} is written so", "{ticket.amount} is written so"),
            # What an answer says is no command.
            ("{ticket.name}", "{ticket.amount}"),
            ("{% include 'x' %} <b>", "{% include 'x' %} <b>"),
        ):
            with self.subTest(text):
                self.assertEqual(filled(text), made)

    def test_what_is_none_is_found_and_stays_as_it_stands(self) -> None:
        for text in ("{", "a } b", "{}", "{ticket amount}", "{1}", "{ticket.a or b}", "{ticket.}",
                     "{ticket..a}", "{a\n}", "{ticket.__class__.x}" * 201):  # fmt: skip
            with self.subTest(text[:40]):
                self.assertTrue(read_message_text(text).problems)
                filled(text)

    def test_it_is_bounded(self) -> None:
        read = read_message_text("{a.b}" * 200)
        self.assertEqual(read.problems, ())
        self.assertLessEqual(len(read.filled(lambda _name: "x" * 1_000_000)), LONGEST_MADE)
        self.assertEqual(
            len(read_message_text("{a.b}").filled(lambda _: "x" * 99_999)), LONGEST_ANSWER
        )

    def test_names_are_those_of_conditions(self) -> None:
        read = read_message_text('{number} {review.note} {item.name or "-"} {ticket.a} {ticket.a}')
        self.assertEqual(read.names, ["number", "tasks.review.note", "item.name", "ticket.a"])
        self.assertIn(Placeholder("item.name", "-"), read.parts)
        self.assertEqual(roots_read([{"text": "{done.a.at} {b.c}"}, None]), {"done", "tasks"})


class MessageTest(TestCase):
    def test_whatever_it_holds_is_read(self) -> None:
        wrong: list[Json] = [
            None,
            1,
            [],
            {},
            {"who": "nobody"},
            {"who": [], "text": 1, "files": "x"},
        ]
        for value in wrong:
            with self.subTest(value):
                self.assertEqual(MessageSpec.of(value), MessageSpec())
        spec = MessageSpec.of({"who": "answer", "answer": "ticket.mail", "files": ["quote.file"]})
        self.assertEqual((spec.who, spec.named), (Recipient.ANSWER, "ticket.mail"))
        self.assertEqual(spec.files, ("tasks.quote.file",))

    def test_one_spelling(self) -> None:
        said: Json = {"text": " a\r\nb \n", "subject": "s", "who": "role", "email": "", "files": []}
        self.assertEqual(canonical_message(said), {"who": "role", "subject": "s", "text": "a\nb"})
        self.assertIsNone(canonical_message({"who": ""}))
