"""What a model writes that knows other tools: it is read as meant, or found with its mend."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.test import SimpleTestCase

from workflows.bundles import Problem, errors_of
from workflows.workbooks import Reading, read_document

VACATION = settings.BASE_DIR / "fixtures" / "vacation.json"


class MistakeTests(SimpleTestCase):
    def setUp(self) -> None:
        self.document: Any = json.loads(VACATION.read_text(encoding="utf-8"))
        self.task = self.document["tasks"][0]
        self.approved, self.rejected = self.document["transitions"][1:]
        self.location, self.season, self.activities = self.document["workflow"]["fields"]

    def read(self) -> Reading:
        return read_document(json.dumps(self.document).encode(), "bundle.json")

    def ours(self) -> Any:
        """The document in our words; fails where something is wrong with it."""
        reading = self.read()
        self.assertEqual(errors_of(reading.check()), [])
        return reading.document

    def problem(self, place: str) -> Problem:
        found = [each for each in self.read().check() if each.place == place]
        self.assertNotEqual(found, [], [each.place for each in self.read().check()])
        return found[0]

    # Read as meant

    def test_options_are_choices(self) -> None:
        self.location["options"] = self.location.pop("choices")
        self.assertIn("Spain", self.ours()["workflow"]["fields"][0]["choices"])

    def test_a_name_is_a_title_and_an_id_a_key(self) -> None:
        self.task["name"], self.task["id"] = self.task.pop("title"), self.task.pop("key")
        made = self.ours()["tasks"][0]
        self.assertEqual((made["title"], made["key"]), ("Approve the vacation", "approve_vacation"))

    def test_a_condition_as_people_write_it(self) -> None:
        rule = self.approved["condition"]
        for text in (
            'tasks.approve_vacation.approved = "approved"',
            "tasks.approve_vacation.approved == 'approved'",
            "tasks.approve_vacation.approved === 'approved'",
            "approve_vacation.approved is 'approved'",
            json.dumps(rule),
        ):
            self.approved["condition"] = text
            with self.subTest(text):
                self.assertEqual(self.ours()["transitions"][1]["condition"], rule)

    def test_otherwise_is_no_condition(self) -> None:
        self.rejected["condition"] = "otherwise"
        self.assertIsNone(self.ours()["transitions"][2]["condition"])

    def test_the_strict_signs_of_json_logic(self) -> None:
        self.approved["condition"] = {
            "===": [{"var": "tasks.approve_vacation.approved"}, "approved"]
        }
        self.ours()

    def test_the_submitter_is_the_requester(self) -> None:
        del self.task["candidate_role"], self.document["company_roles"]
        for given in ("submitter", "requester", {"who": "submitter"}, {"who": "Requester"}):
            self.task["assign_to"] = given
            with self.subTest(given=given):
                self.assertEqual(self.ours()["tasks"][0]["assign_to"], {"who": "requester"})
        self.task["assignee"] = "wendy@acme.example"
        del self.task["assign_to"]
        made = self.ours()["tasks"][0]["assign_to"]
        self.assertEqual(made, {"who": "person", "email": "wendy@acme.example"})

    def test_types_of_other_tools(self) -> None:
        for word, meant in (("dropdown", "choice"), ("select", "choice")):
            self.location["type"] = word
            self.assertEqual(self.ours()["workflow"]["fields"][0]["type"], meant)

    # Found, with the mend

    def test_prose_where_a_condition_belongs(self) -> None:
        self.approved["condition"] = "the approver said yes"
        problem = self.problem("transitions[1].condition")
        self.assertIn("“the” at column 1 is no name", problem.message)
        self.assertIn("Put texts in quotation marks", problem.message)

    def test_an_operator_that_there_is_not(self) -> None:
        self.approved["condition"] = {"&&": [True, True]}
        self.assertIn("no operator “&&”", self.problem("transitions[1].condition").message)

    def test_the_submitter_as_a_role(self) -> None:
        self.task["candidate_role"] = "submitter"
        problem = self.problem("tasks[0].candidate_role")
        self.assertIn("“assign_to”: {“who”: “requester”}", problem.message)

    def test_a_variable_without_its_root(self) -> None:
        self.approved["condition"] = {"==": [{"var": "approve_vacation.approved"}, "approved"]}
        problem = self.problem("transitions[1].condition")
        self.assertEqual(problem.nearest, "tasks.approve_vacation.approved")

    def test_a_rule_of_a_form_that_reads_the_ticket(self) -> None:
        self.activities["visible_when"] = {"==": [{"var": "ticket.location"}, "Spain"]}
        problem = self.problem("workflow.fields[2].visible_when")
        self.assertIn("Did you mean “location”?", problem.message)

    def test_html_in_texts(self) -> None:
        self.location["help"] = "Where <b>exactly</b>?"
        self.task["description"] = 'See <a href="https://x.example">here</a>.'
        self.location["label"] = "Where<br/>to?"
        for place in (
            "workflow.fields[0].help",
            "tasks[0].description",
            "workflow.fields[0].label",
        ):
            problem = self.problem(place)
            self.assertFalse(problem.is_error)
            self.assertIn("plain, without HTML", problem.message)
        self.location["help"] = "From a < b to c > d, or <number>"
        places = [each.place for each in self.read().check()]
        self.assertNotIn("workflow.fields[0].help", places)

    def test_a_key_that_is_no_key(self) -> None:
        self.task["key"] = "Approve Vacation"
        self.assertIn("lower-case letters", self.problem("tasks[0].key").message)

    def test_a_time_as_prose(self) -> None:
        self.task["due_in"] = "2 days"
        self.assertIn("P2D", self.problem("tasks[0].due_in").message)

    def test_what_the_server_decides_is_not_for_the_document(self) -> None:
        self.document["status"] = "published"
        self.document["workflow"]["version"] = 3
        self.assertIn("Remove it", self.problem("status").message)
        self.assertIn("Remove it", self.problem("workflow.version").message)


class CommandTests(SimpleTestCase):
    """`manage.py check_bundle FILE --json`, for programs."""

    def check(self, document: Any) -> tuple[int, Any]:
        """How it ends, and what it writes."""
        written = io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "bundle.json"
            file.write_text(json.dumps(document), encoding="utf-8")
            try:
                call_command("check_bundle", str(file), "--json", stdout=written)
            except SystemExit as end:
                return int(str(end.code)), json.loads(written.getvalue())
        return 0, json.loads(written.getvalue())

    def test_it_says_what_there_is_as_json(self) -> None:
        document = json.loads(VACATION.read_text(encoding="utf-8"))
        code, found = self.check(document)
        self.assertEqual((code, found["is_ok"], found["errors"]), (0, True, []))
        self.assertEqual([each["has_passed"] for each in found["tests"]], [True] * 3)
        document["transitions"][0]["to"] = "approve_vacatoin"
        code, found = self.check(document)
        self.assertEqual((code, found["is_ok"]), (1, False))
        error = next(each for each in found["errors"] if each["place"] == "transitions[0].to")
        self.assertEqual(error["nearest"], "approve_vacation")
