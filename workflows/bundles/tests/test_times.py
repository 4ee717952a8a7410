"""When tasks are due, left and reminded of, in documents: what is refused, and in words."""

from __future__ import annotations

import json
import unittest
from typing import Any

from workflows.bundles import canonical, check_bundle
from workflows.bundles.document.canonical import SCHEMA
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.differences import differences
from workflows.bundles.telling.task_notes import task_notes
from workflows.bundles.telling.times import reminders_in_words
from workflows.bundles.trying.cases import run_document_test_cases
from workflows.engine.process import Json, JsonObject
from workflows.engine.times.timing import MOMENT_PATTERN
from workflows.workbooks.cells.reminders import read_reminders, write_reminders
from workflows.working_hours.durations import after_in_words, due_in_words, wait_in_words


def bundle(task: dict[str, Any] | None = None, **transition: Any) -> JsonObject:
    """A loan: it is handed out, and comes back."""
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "loan",
            "title": "Loan",
            "fields": [
                {"name": "item", "label": "Item", "type": "text", "required": True},
                {"name": "until", "label": "Until", "type": "date", "required": True},
            ],
        },
        "tasks": [
            {
                "key": "hand_out",
                "title": "Hand out",
                "fields": [{"name": "handed", "type": "date"}],
            },
            {
                "key": "come_back",
                "title": "Take back",
                "fields": [{"name": "ok", "type": "boolean"}],
                **(task or {}),
            },
        ],
        "transitions": [
            {"from": "start", "to": "hand_out"},
            {"from": "hand_out", "to": "come_back"},
            {"from": "come_back", "to": "end"},
            *([{"from": "come_back", "to": "end", **transition}] if transition else []),
        ],
        "ticket_types": [{"key": "loan", "title": "Loan"}],
        "company_roles": [{"name": "IT managers"}] if "IT managers" in json.dumps(task) else [],
    }


def problems(document: JsonObject) -> list[tuple[str, str]]:
    return [(str(each.path[-1]), each.message) for each in check_bundle(document)]


class CheckTests(unittest.TestCase):
    def test_what_can_be_said(self) -> None:
        person: dict[str, Any] = {"when": "P1D", "tell": "person", "person": "mara@example.com"}
        for task in (
            {"due_in": "on ticket.until"},
            {"due_in": "P2D clock before ticket.until at 09:00"},
            {"due_in": "P1D after tasks.hand_out.handed"},
            {"reminders": [{"when": "PT30M clock"}]},
            {"due_in": "P1D", "reminders": [{"when": "on due", "tell": "manager"}]},
            {"reminders": [{"when": "P1D", "tell": "role", "role": "IT managers", "add": True}]},
            {"reminders": [{"when": "P1D", "tell": "deputy"}]},
            {"reminders": [{"when": "P1D", "tell": "deputy", "give": True}]},
            {"reminders": [{"when": "P1D", "tell": "deputy", "add": True}]},
            {"reminders": [{"when": "P1D", "tell": "manager", "add": True}]},
            {"reminders": [{**person, "add": True}, {**person, "person": "walt@example.com"}]},
        ):
            with self.subTest(task=task):
                self.assertEqual(problems(bundle(task)), [])
        self.assertEqual(problems(bundle(after="P7D clock after ticket.until")), [])

    def test_what_cannot(self) -> None:
        role: dict[str, Any] = {"when": "P1D", "role": "IT managers"}
        person: dict[str, Any] = {"when": "P1D", "person": "mara@example.com"}
        both: dict[str, Any] = {"when": "P1D", "tell": "deputy", "give": True, "add": True}
        for task, place, words in (
            ({"due_in": "2 days"}, "due_in", "a time such as P2D"),
            ({"due_in": "on due"}, "due_in", "Only a reminder"),
            ({"due_in": "on ticket.item"}, "due_in", "no question of type date"),
            ({"due_in": "on ticket.untill"}, "due_in", "Did you mean “ticket.until”?"),
            ({"due_in": "on tasks.come_back.ok"}, "due_in", "no question of type date"),
            ({"reminders": [{"when": "P1D before due"}]}, "when", "The task is never due"),
            ({"reminders": [{"when": ""}]}, "when", "Say when"),
            ({"reminders": [{"tell": "worker"}]}, "when", "“when” is missing"),
            ({"reminders": [{"when": "P1D", "tell": "boss"}]}, "tell", "Use one of these"),
            ({"reminders": [{"when": "P1D", "wen": 1}]}, "wen", "Did you mean “when”?"),
            ({"reminders": [{"when": "P1D", "tell": "role"}]}, "tell", "Name in “role”"),
            ({"reminders": [{"when": "P1D", "add": True}]}, "add", "Name in “role”"),
            ({"reminders": [role]}, "role", "is not used"),
            ({"reminders": [{"when": "P1D", "tell": "person"}]}, "tell", "Name in “person”"),
            ({"reminders": [{**person, "tell": "person", "person": "Mara"}]}, "tell", "Name in"),
            ({"reminders": [person]}, "person", "The person is not told"),
            ({"reminders": [{**person, "tell": "person"}] * 2}, "when", "is there already"),
            ({"reminders": [both]}, "add", "need not be added"),
            ({"reminders": [{"when": "P1D", "give": True}]}, "give", "Only a deputy"),
            ({"reminders": [{"when": "P1D"}, {"when": "P1D"}]}, "when", "is there already"),
            (
                {"reminders": [{"when": "P1D", "tell": "role", "role": "Nobody"}]},
                "role",
                "not among",
            ),
            ({"task_type": "WAIT", "fields": []}, "wait", "A wait needs a time"),
        ):
            with self.subTest(task=task):
                found = problems(bundle(task))
                self.assertIn(place, [each for each, _said in found])
                self.assertIn(words, " ".join(said for _place, said in found))
        found = problems(bundle(after="on tasks.come_back.ok"))
        self.assertEqual([place for place, _said in found], ["after"])

    def test_a_time_that_a_call_never_reaches(self) -> None:
        call = {
            "task_type": "ASYNC_ACTION",
            "action_url": "https://example.com",
            "fields": [],
            "timeout_seconds": 60,
            "retries": 1,
        }
        for after, is_reached in (("PT1M clock", True), ("P1D clock", False), ("PT9H", False)):
            with self.subTest(after):
                found = problems(bundle(call, after=after))
                self.assertEqual([place for place, _said in found], [] if is_reached else ["after"])

    def test_the_schema_has_the_pattern(self) -> None:
        definitions = SCHEMA["$defs"]
        assert isinstance(definitions, dict)
        self.assertEqual(definitions["moment"]["pattern"], f"^$|{MOMENT_PATTERN}")  # type: ignore[index, call-overload]

    def test_one_spelling(self) -> None:
        task: dict[str, Any] = {
            "reminders": [{"when": "P1D", "tell": "worker", "add": False, "text": ""}]
        }
        tasks = canonical(bundle(task))["tasks"]
        assert isinstance(tasks, list)
        self.assertEqual(tasks[1]["reminders"], [{"when": "P1D"}])  # type: ignore[index, call-overload]
        self.assertNotIn("reminders", json.dumps(canonical(bundle({"reminders": []}))))

    def test_a_wait_ends_by_itself_in_a_trial(self) -> None:
        document = bundle({"task_type": "WAIT", "wait": "on ticket.until", "fields": []})
        document["tests"] = [
            {
                "name": "It waits",
                "ticket": {"item": "Beamer", "until": "2026-03-31"},
                "answers": [{"task": "hand_out", "output": {}}],
                "expect": {"path": ["hand_out", "come_back"]},
            }
        ]
        self.assertEqual(problems(document), [])
        (result,) = run_document_test_cases(document)
        self.assertEqual(result.reason, "")


class WordsTests(unittest.TestCase):
    LABELS = {"ticket.until": "Until"}

    def test_times_in_words(self) -> None:
        for found, expected in (
            (after_in_words("P2D"), "after 2 days"),
            (after_in_words("PT30M clock"), "after 30 minutes by the clock"),
            (after_in_words("on ticket.until", self.LABELS), "on Until"),
            (after_in_words("P1D after ticket.return_date"), "1 day after return date"),
            (due_in_words("P2D"), "2 days of working time"),
            (due_in_words("PT30M clock"), "30 minutes by the clock"),
            (
                due_in_words("P3D before ticket.until at 09:00", self.LABELS),
                "3 days before Until at 09:00",
            ),
            (wait_in_words("P2D"), "waits for 2 days"),
            (wait_in_words("at 09:00"), "waits until: at 09:00"),
        ):
            with self.subTest(expected):
                self.assertEqual(found, expected)

    def test_reminders_in_words(self) -> None:
        reminders: Json = [
            {"when": "P1D before due"},
            {"when": "PT4H", "tell": "manager", "text": "It is late."},
            {"when": "P2D", "tell": "role", "role": "IT", "add": True},
            {"when": "P3D", "tell": "deputy"},
            {"when": "P4D", "tell": "deputy", "give": True},
            {"when": "P5D", "tell": "person", "person": "mara@example.com"},
            {"when": "P6D", "tell": "manager", "add": True},
        ]
        self.assertEqual(
            reminders_in_words(reminders, {}),
            [
                "1 day before the due date: whoever has it is told",
                "after 4 hours: the manager of whoever has it is told (“It is late.”)",
                "after 2 days: IT are told, and IT may do it as well",
                "after 3 days: the deputy of whoever has it is told",
                "after 4 days: it goes to the deputy of whoever has it",
                "after 5 days: mara@example.com is told",
                "after 6 days: the manager of whoever has it is told, and may do it as well",
            ],
        )
        notes = task_notes(bundle({"due_in": "P2D", "reminders": reminders}))
        self.assertEqual(
            notes["come_back"],
            [
                "reminds 1 day before the due date, after 4 hours, after 2 days, after 3 days, "
                "after 4 days, after 5 days, after 6 days"
            ],
        )

    def test_changes_in_words(self) -> None:
        old = canonical(bundle({"due_in": "P2D"}))
        new = canonical(bundle({"due_in": "on ticket.until", "reminders": [{"when": "on due"}]}))
        found = describe_changes(differences(old, new), old=old, new=new)
        self.assertEqual(
            [(each.old, each.new) for each in found],
            [("2 days", "on Until"), ("", "on the due date: whoever has it is told")],
        )

    def test_other_words_for_the_same(self) -> None:
        foreign = bundle({"reminder": [{"at": "P1D", "notify": "manager", "message": "Late"}]})
        found = in_our_words(foreign).document
        self.assertIn(
            '"reminders": [{"when": "P1D", "tell": "manager", "text": "Late"}]', json.dumps(found)
        )


class CellTests(unittest.TestCase):
    def test_lines_of_a_cell(self) -> None:
        value: Json = [
            {"when": "P1D before due", "tell": "worker"},
            {"when": "PT4H clock", "tell": "manager", "text": "At 10:30: it is late."},
            {"when": "on ticket.until at 09:00", "tell": "ticket_admins"},
            {"when": "P2D", "tell": "role", "role": "IT managers", "add": True},
            {"when": "P3D", "tell": "worker", "role": "IT managers", "add": True},
            {"when": "P4D", "tell": "deputy", "give": True, "text": "It is late."},
            {"when": "P5D", "tell": "person", "person": "mara@example.com", "add": True},
            {"when": "P6D", "tell": "manager", "add": True},
        ]
        text = write_reminders(value)
        self.assertEqual(
            (text or "").splitlines(),
            [
                "1 day before due: worker",
                "4 hours clock time: manager: At 10:30: it is late.",
                "on ticket.until at 09:00: ticket admins",
                "2 days: role IT managers, add",
                "3 days: worker + role IT managers, add",
                "4 days: deputy, give: It is late.",
                "5 days: person mara@example.com, add",
                "6 days: manager, add",
            ],
        )
        self.assertEqual(read_reminders(text or ""), value)

    def test_what_no_line_can_say(self) -> None:
        values: list[Json] = [
            [{"when": "P1D", "text": "a\nb"}],
            [{"when": "soon"}],
            [{"when": "P1D", "tell": "manager", "person": "mara@example.com"}],
            [7],
            "x",
        ]
        for value in values:
            with self.subTest(value=value):
                self.assertIsNone(write_reminders(value))
