"""Test cases that say who does a task, and whom it must be given to."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

from django.test import SimpleTestCase

from workflows.bundles import Trial, canonical, check_bundle, run_document_test_cases
from workflows.bundles.trying.given import Given
from workflows.engine.process import Json, JsonObject
from workflows.engine.simulate import read_answers
from workflows.workbooks.documents import read_workbook, write_workbook

OK: list[Json] = [{"name": "ok", "label": "Approved?", "type": "boolean", "required": True}]
BUYER: JsonObject = {"id": 7, "email": "bea@acme.example", "name": "Bea"}


def _task(key: str, role: str = "", **assign_to: Json) -> JsonObject:
    task: JsonObject = {"key": key, "title": key.title(), "fields": OK}
    if role:
        task["candidate_role"] = role
    if assign_to:
        task["assign_to"] = assign_to
    return task


def purchase(**case: Json) -> dict[str, Any]:
    """Approved by the manager and by finance, ordered, and filed by whoever approved."""
    tasks: list[Json] = [
        _task("approve", who="manager", never=["requester"]),
        _task("finance", "Finance", never=["requester", "tasks.approve"]),
        _task("order", "Finance", who="answer", answer="ticket.buyer", fallback="role"),
        _task("confirm", who="requester"),
        _task("file", who="doer", task="approve"),
    ]
    keys = ["start", *(str(each["key"]) for each in tasks if isinstance(each, dict)), "end"]
    expect: JsonObject = {"path": [*keys[1:-1]]}
    answers: list[Json] = [{"task": key, "output": {"ok": True}} for key in keys[1:-1]]
    return copy.deepcopy(
        {
            "format": "ticketflower-bundle",
            "format_version": 1,
            "workflow": {
                "key": "purchase",
                "title": "Purchase",
                "fields": [{"name": "buyer", "label": "Who orders it", "type": "person"}],
            },
            "tasks": tasks,
            "transitions": [{"from": source, "to": target} for source, target in pairwise(keys)],
            "ticket_types": [{"key": "purchase", "title": "Purchase"}],
            "company_roles": [{"name": "Finance"}],
            "tests": [{"name": "All", "answers": answers, "expect": expect, **case}],
        }
    )


class GivenTests(SimpleTestCase):
    def setUp(self) -> None:
        self.document = purchase(submitter={"email": "uma@acme.example"})
        self.case: dict[str, Any] = self.document["tests"][0]

    def say(self, **of_tasks: str) -> None:
        for answer in self.case["answers"]:
            if answer["task"] in of_tasks:
                answer["given_to"] = of_tasks[answer["task"]]

    def by(self, **of_tasks: str) -> None:
        for answer in self.case["answers"]:
            if answer["task"] in of_tasks:
                answer["by"] = of_tasks[answer["task"]]

    def reason(self) -> str:
        self.assertEqual([each.message for each in check_bundle(self.document)], [])
        (result,) = run_document_test_cases(canonical(self.document))
        return result.reason

    def test_whom_each_is_given_to(self) -> None:
        self.say(approve="manager", finance="finance", order="Finance", confirm="requester",
                 file="manager")  # fmt: skip
        self.assertEqual(self.reason(), "")

    def test_the_requester_by_their_address(self) -> None:
        self.say(confirm="Uma@acme.example")
        self.assertEqual(self.reason(), "")

    def test_whom_an_answer_names(self) -> None:
        trial = Trial(canonical(self.document))
        ticket: JsonObject = {"buyer": BUYER}
        facts: JsonObject = {**trial.facts({}), "ticket": ticket}
        simulation = trial.run(facts=facts, answers=read_answers(self.case["answers"]))
        self.assertEqual(Given(trial, simulation, facts).words[3][0], "bea@acme.example")

    def test_what_differs_is_said(self) -> None:
        self.say(finance="Directors")
        self.assertEqual(self.reason(), "“Finance” would be given to Finance, not to Directors.")

    def test_whoever_did_a_task_is_who_the_case_says(self) -> None:
        self.by(approve="max@acme.example")
        self.say(file="max@acme.example")
        self.assertEqual(self.reason(), "")

    def test_the_requester_does_not_approve(self) -> None:
        self.by(approve="uma@acme.example")
        self.assertIn("“Approve” is never given to the requester", self.reason())

    def test_nobody_approves_twice(self) -> None:
        self.by(approve="max@acme.example", finance="Max@acme.example")
        self.assertIn("never given to whoever did “Approve”", self.reason())

    def test_whom_it_waits_for(self) -> None:
        self.case["answers"] = self.case["answers"][:1]
        self.case["expect"] = {
            "path": ["approve", "finance"], "status": "WAITING", "given_to": "Finance"
        }  # fmt: skip
        self.assertEqual(self.reason(), "")
        self.case["expect"]["given_to"] = "nobody"
        self.assertIn("not to nobody", self.reason())
        self.case["expect"]["status"] = "COMPLETED"
        found = [each.message for each in check_bundle(self.document)]
        self.assertTrue(any("Only a ticket that waits" in each for each in found), found)

    def test_a_workbook_holds_it(self) -> None:
        self.by(approve="max@acme.example")
        self.say(finance="Finance")
        self.case["answers"].pop()
        self.case["expect"] = {
            "path": [each["key"] for each in self.document["tasks"]],
            "status": "WAITING",
            "given_to": "max@acme.example",
        }
        made = canonical(self.document)
        read = read_workbook(write_workbook(made)).document
        assert isinstance(read, dict)
        self.assertEqual(canonical(read)["tests"], made["tests"])
