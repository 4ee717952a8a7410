"""`assistant` of a task, through every place of a document that knows it. No database."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, differences
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.telling.assistants import assistance_in_words, assistants_in_words
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.task_notes import task_notes
from workflows.engine.process import JsonObject
from workflows.engine.steps.assisting import Assistance
from workflows.workbooks.cells.assisted import read_assisted, write_assisted
from workflows.workbooks.cells.lines import UnreadableCellError

BOT: JsonObject = {"account": "Invoice bot", "minutes": 30, "checked": False, "tries": 5}


def document(assistant: Any, **more: Any) -> JsonObject:
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "invoices", "title": "Invoices", "fields": []},
        "tasks": [
            {
                "key": "read",
                "title": "Read it",
                "fields": [{"name": "total", "label": "Total", "type": "integer"}],
                "assistant": assistant,
                **more,
            }
        ],
        "transitions": [{"from": "start", "to": "read"}, {"from": "read", "to": "end"}],
        "ticket_types": [{"key": "invoice", "title": "Invoice"}],
    }


def problems(assistant: Any, **more: Any) -> list[tuple[str, str]]:
    found = check_bundle(document(assistant, **more))
    return [(each.severity.value, each.message) for each in found if "assistant" in str(each)]


class CheckTests(SimpleTestCase):
    def test_what_is_right_is_taken(self) -> None:
        for said in (BOT, {"account": "B"}, None):
            with self.subTest(said):
                self.assertEqual(check_bundle(document(said)), [])

    def test_numbers_have_bounds_and_the_account_a_name(self) -> None:
        for said in (
            {**BOT, "minutes": 0},
            {**BOT, "minutes": 10_081},
            {**BOT, "tries": 21},
            {**BOT, "checked": "perhaps"},
            {"minutes": 5},
            {"account": ""},
            {**BOT, "cost": 3},
        ):
            with self.subTest(said):
                found = check_bundle(document(said))
                self.assertEqual([each.path[:3] for each in found], [("tasks", 0, "assistant")])
                self.assertTrue(found[0].is_error)

    def test_an_approval_and_a_call_are_never_offered(self) -> None:
        found = problems(BOT, task_type="APPROVAL", approvers={"manager": True}, fields=[])
        [message] = [message for severity, message in found if severity == "error"]
        self.assertIn("never offered to an assistant", message)
        call = {"task_type": "SYNC_ACTION", "action_url": "https://x.example", "fields": []}
        [(severity, message)] = problems(BOT, **call)
        self.assertEqual(severity, "warning")
        self.assertIn("does not use", message)

    def test_nobody_answers_for_it_outside(self) -> None:
        said: Any = document(BOT, assign_to={"who": "outside", "answer": "ticket.mail"})
        said["workflow"]["fields"] = [{"name": "mail", "label": "Mail", "type": "email"}]
        self.assertIn("nobody here answers", str(check_bundle(said)))

    def test_who_claims_it_takes_it(self) -> None:
        [(severity, message)] = problems(BOT, assign_to={"mode": "nobody"})
        self.assertEqual(severity, "warning")
        self.assertIn("claims it", message)

    def test_a_file_that_is_needed_it_cannot_send(self) -> None:
        paper = {"name": "paper", "label": "Paper", "type": "file"}
        [(severity, message)] = problems(BOT, fields=[{**paper, "required": True}])
        self.assertEqual((severity, "“Paper”" in message), ("warning", True))
        self.assertEqual(problems(BOT, fields=[paper]), [])


class SpellingTests(SimpleTestCase):
    def test_what_is_usual_is_left_out(self) -> None:
        usual = {"account": "  Invoice bot ", "minutes": 60, "checked": True, "tries": 3}
        made: Any = canonical(document(usual))
        self.assertEqual(made["tasks"][0]["assistant"], {"account": "Invoice bot"})
        made = canonical(document(BOT))
        self.assertEqual(made["tasks"][0]["assistant"], BOT)
        made = canonical(document(None))
        self.assertNotIn("assistant", made["tasks"][0])

    def test_other_words_are_read(self) -> None:
        said: Any = document(None)
        del said["tasks"][0]["assistant"]
        for theirs, ours in (
            ({"offered_to": "Invoice bot"}, {"account": "Invoice bot"}),
            ({"assistant": {"name": "B", "check": False}}, {"account": "B", "checked": False}),
        ):
            other: Any = deepcopy(said)
            other["tasks"][0] |= theirs
            read: Any = in_our_words(other)
            self.assertEqual((read.problems, read.document["tasks"][0]["assistant"]), ([], ours))


class ValueTests(SimpleTestCase):
    def test_it_survives_any_value(self) -> None:
        wrong: tuple[object, ...] = (None, [], "x", 3, {}, {"account": 3}, {"account": " "})
        for said in wrong:
            with self.subTest(said):
                self.assertIsNone(Assistance.of(said))
        found = Assistance.of({"account": "B", "minutes": True, "checked": None, "tries": 999})
        self.assertEqual(found, Assistance("B", minutes=60, is_checked=True, tries=20))


class WordsTests(SimpleTestCase):
    def test_it_is_said_in_words(self) -> None:
        self.assertEqual(
            assistance_in_words(BOT),
            "first the assistant Invoice bot, for 30 minutes, which completes it (5 tries)",
        )
        self.assertEqual(
            assistance_in_words({"account": "B", "minutes": 1}),
            "first the assistant B, for 1 minute; a person checks it",
        )
        self.assertEqual(assistants_in_words(document(None)), {})
        self.assertEqual(task_notes(document(BOT))["read"], [assistance_in_words(BOT)])

    def test_a_change_of_it_is_told(self) -> None:
        old, new = canonical(document(None)), canonical(document(BOT))
        [added] = describe_changes(differences(old, new), old=old, new=new)
        self.assertIn("Invoice bot", added.new)
        checked = canonical(document({**BOT, "checked": True}))
        told = describe_changes(differences(new, checked), old=new, new=checked)
        self.assertEqual(len(told), 1)


class CellTests(SimpleTestCase):
    def test_a_cell_is_read_as_it_is_written(self) -> None:
        known: tuple[JsonObject, ...] = (
            BOT,
            {"account": "Invoice bot"},
            {"account": "B", "minutes": 90},
        )
        for said in known:
            with self.subTest(said):
                text = write_assisted(said)
                self.assertEqual(read_assisted(str(text)), said)
        self.assertEqual(
            read_assisted("B\n2 hours\nchecked"), {"account": "B", "minutes": 120, "checked": True}
        )

    def test_what_it_does_not_know_is_refused(self) -> None:
        with self.assertRaisesRegex(UnreadableCellError, "soon"):
            read_assisted("B\nsoon")
