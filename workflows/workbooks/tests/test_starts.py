"""Recurring starts, and what answers a wait, in documents: their check, words and cells."""

from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, differences, errors_of
from workflows.bundles.document.canonical import as_text
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.starts import start_in_words
from workflows.engine.process import JsonObject
from workflows.engine.starts import StartSpec
from workflows.workbooks import FileType, read_document, write_document

CLOSING: JsonObject = {
    "key": "closing",
    "title": "Monthly closing",
    "working_day": -1,
    "at": "08:00",
    "on_behalf_of": "anna@example.com",
    "answers": {"amount": 5, "what": "The month"},
}
WEEKLY: JsonObject = {
    "key": "weekly",
    "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
    "at": "07:30",
    "from": "2026-10-05",
    "answers": {"what": "The week"},
}


def document(*starts: JsonObject) -> Any:
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "closing",
            "title": "Closing",
            "fields": [
                {"name": "what", "label": "What", "type": "text", "required": True},
                {"name": "amount", "label": "Amount", "type": "number"},
                {"name": "paper", "label": "Paper", "type": "file"},
            ],
        },
        "tasks": [
            {
                "key": "wait",
                "title": "Wait",
                "task_type": "WAIT",
                "wait": "P5D",
                "answered_by": "ticket.what",
            }
        ],
        "transitions": [{"from": "start", "to": "wait"}, {"from": "wait", "to": "end"}],
        "ticket_types": [
            {"key": "other", "title": "Other"},
            {"key": "closing", "title": "Closing", "starts": list(starts)},
        ],
    }


class StartsInDocumentsTests(SimpleTestCase):
    def test_nothing_changes_in_any_format(self) -> None:
        made = canonical(document(CLOSING, WEEKLY))
        self.assertEqual(errors_of(check_bundle(made)), [])
        for file_type in FileType:
            with self.subTest(file_type):
                read = read_document(write_document(made, file_type), file_type)
                self.assertEqual([each.message for each in read.problems], [])
                self.assertIsInstance(read.document, dict)
                again: Any = read.document
                self.assertEqual(as_text(canonical(again)), as_text(made))

    def test_other_spellings_are_the_same(self) -> None:
        typed = {**WEEKLY, "rule": "rrule: freq=weekly; interval=2; byday=mo"}
        typed["on_behalf_of"] = ""
        self.assertEqual(canonical(document(typed)), canonical(document(WEEKLY)))

    def test_what_is_wrong_says_where(self) -> None:
        file = {"upload": "00000000-0000-0000-0000-000000000000", "filename": "a.pdf"}
        changed: Any
        for changed, place in (
            ({"rule": "FREQ=SECONDLY", "working_day": 0}, ("rule",)),
            ({"at": "8 o'clock"}, ("at",)),
            ({"from": "tomorrow"}, ("from",)),
            ({"working_day": 24}, ("working_day",)),
            ({"on_behalf_of": "anna"}, ("on_behalf_of",)),
            ({"answers": {"amount": "many", "what": "x"}}, ("answers", "amount")),
            ({"answers": {}}, ("answers",)),
            ({"answers": {"what": "x", "paper": file}}, ("answers", "paper")),
            ({"colour": "red"}, ("colour",)),
        ):
            with self.subTest(changed):
                problems = errors_of(check_bundle(document({**CLOSING, **changed})))
                paths = {each.path for each in problems}
                self.assertIn(("ticket_types", 1, "starts", 0, *place), paths)
        twice = errors_of(check_bundle(document(CLOSING, CLOSING)))
        self.assertEqual([each.path[-1] for each in twice], ["key"])

    def test_in_words(self) -> None:
        for said, words in (
            (CLOSING, "on the last working day of each month at 08:00"),
            (WEEKLY, "every 2 weeks on Monday at 07:30, from 2026-10-05 on"),
            (
                {"rule": "FREQ=MONTHLY;BYDAY=-1FR;BYMONTH=3", "at": "09:00"},
                "every month in March on the last Friday at 09:00",
            ),
            ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "at": "09:00"}, None),
        ):
            found = start_in_words(StartSpec.of(said))  # type: ignore[arg-type]
            self.assertEqual(found, words or "every year in February on the 29. at 09:00")
        old, new = canonical(document(CLOSING)), canonical(document({**CLOSING, "at": "09:00"}))
        (change,) = describe_changes(differences(old, new), old=old, new=new)
        self.assertEqual((change.old, change.new), ("08:00", "09:00"))
        none = canonical(document())
        (change,) = describe_changes(differences(none, old), old=none, new=old)
        self.assertIn("last working day", change.new)
