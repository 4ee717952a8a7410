"""Whatever a model says is a document, or nothing."""

from __future__ import annotations

import json

from django.test import SimpleTestCase

from workflows.authoring.describing.read_answer import (
    LONGEST_BUNDLE,
    LONGEST_QUESTION,
    MOST_QUESTIONS,
    read_answer,
)
from workflows.errors import UnreadableBundleError

BUNDLE = {"format": "ticketflower-bundle"}


class ReadAnswerTest(SimpleTestCase):
    def test_the_bundle_and_the_questions(self) -> None:
        found = read_answer(json.dumps({"bundle": BUNDLE, "questions": ["Who pays?"]}))
        self.assertEqual(json.loads(found.text), BUNDLE)
        self.assertEqual(found.questions, ["Who pays?"])

    def test_words_around_it_and_a_missing_envelope_do_no_harm(self) -> None:
        inner = json.dumps({"bundle": BUNDLE})
        for said in (
            f"Here:\n```json\n{inner}\n```\nDone.",
            f"Sure! {inner} :-)",
            json.dumps(BUNDLE),
        ):
            with self.subTest(said):
                self.assertEqual(json.loads(read_answer(said).text), BUNDLE)

    def test_what_stands_in_the_first_fence_counts(self) -> None:
        inner = json.dumps({"bundle": BUNDLE}, indent=1)
        for said in (
            f"```\n{inner}\n```\n```json\n{{}}\n```",
            f"Here ``` is a fence: ```json\n\n{inner}```",
            f"```\n{inner}\n",
        ):
            with self.subTest(said):
                self.assertEqual(json.loads(read_answer(said).text), BUNDLE)

    def test_fences_that_nothing_ends_cost_no_more_than_other_texts(self) -> None:
        """An expression that looks for the end from each line takes hours here."""
        for said in ("```" + "\n" * 500_000, "```\n" * 500_001, "```x" * 500_000, "```" * 700_000):
            with self.subTest(said[:8]), self.assertRaises(UnreadableBundleError):
                read_answer(said)

    def test_what_is_no_such_object_cannot_be_read(self) -> None:
        deep = '{"bundle": ' + "[" * 50_000 + "]" * 50_000 + "}"
        for said in (
            *("", "I cannot do that.", "[]", "{}", '{"bundle": []}', '{"bundle": "x"}', "{{}"),
            *('{"bundle": {"a": 1, "a": 2}}', '{"bundle": {"a": NaN}}', deep),
            json.dumps({"bundle": {"a": "x" * LONGEST_BUNDLE}}),
        ):
            with self.subTest(said[:40]), self.assertRaises(UnreadableBundleError):
                read_answer(said)

    def test_questions_are_few_short_lines(self) -> None:
        listed = ["a\nb\x00", 7, "  ", "x" * 1_000, *(["more"] * 100)]
        found = read_answer(json.dumps({"bundle": BUNDLE, "questions": listed})).questions
        self.assertEqual(found[0], "a b")
        self.assertEqual(len(found[1]), LONGEST_QUESTION)
        self.assertLessEqual(len(found), MOST_QUESTIONS)
        self.assertEqual(read_answer(json.dumps({"bundle": BUNDLE, "questions": {}})).questions, [])

    def test_what_no_column_keeps_is_kept_as_ascii(self) -> None:
        found = read_answer(json.dumps({"bundle": {"a": "\x00\ud800"}}))
        self.assertTrue(found.text.isascii())
