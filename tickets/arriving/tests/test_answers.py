"""The model “customer answers”: a wait is ended by a message with a key, or by time."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from tenants.testing import CompanyTestCase
from tickets.advancing.waiting import end_wait
from tickets.arriving.set_way_in import Ways, make_way_in_secret, set_way_in
from tickets.arriving.tests.messages import SignedMessages
from tickets.arriving.type_address import WebAddress
from tickets.models import Ticket
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import check_bundle, errors_of
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, TicketDefinition

CUSTOMER: JsonObject = {
    "format": "ticketflower-bundle",
    "format_version": 1,
    "workflow": {
        "key": "customer",
        "title": "Customer answers",
        "fields": [{"name": "order", "label": "Order", "type": "text", "required": True}],
    },
    "tasks": [
        {
            "key": "answer",
            "title": "The customer answers",
            "task_type": "WAIT",
            "wait": "P5D",
            "answered_by": "ticket.order",
            "output_schema": {
                "type": "object",
                "properties": {"agreed": {"type": "boolean"}},
                "required": ["agreed"],
            },
        },
    ],
    "transitions": [
        {"from": "start", "to": "answer"},
        {
            "from": "answer",
            "to": "end",
            "label": "not answered",
            "condition": {"==": [{"var": "tasks.answer.answered"}, False]},
            "priority": 1,
            "outcome": "neutral",
        },
        {
            "from": "answer",
            "to": "end",
            "label": "agreed",
            "condition": {"==": [{"var": "tasks.answer.agreed"}, True]},
            "priority": 2,
        },
        {"from": "answer", "to": "end", "label": "refused", "priority": 3, "outcome": "bad"},
    ],
    "ticket_types": [{"key": "customer", "title": "Customer answers"}],
    "tests": [
        {
            "name": "agreed",
            "ticket_type": "customer",
            "ticket": {"order": "4711"},
            "answers": [{"task": "answer", "output": {"agreed": True}}],
            "expect": {"path": ["answer"], "end": "agreed"},
        },
        {
            "name": "nobody answers",
            "ticket_type": "customer",
            "ticket": {"order": "4711"},
            "expect": {"path": ["answer"], "end": "not answered"},
        },
    ],
}


class AnswersTests(SignedMessages, CompanyTestCase):
    definition: TicketDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        publish_workflow(workflow=import_bundle(document=CUSTOMER, user=cls.carla), user=cls.carla)
        cls.definition = TicketDefinition.objects.get(key="customer", is_active=True)

    def setUp(self) -> None:
        super().setUp()
        ways = Ways(address_on=True, person=self.uma)
        set_way_in(definition=self.definition, ways=ways, user=self.carla)
        self.secret = make_way_in_secret(
            definition=self.definition, user=self.carla, now=timezone.now()
        )
        self.url = reverse("way_in_answer", args=[WebAddress("acme", "customer").token])

    def submit(self, order: str) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=self.definition, data={"order": order}, user=self.uma)
        return Ticket.objects.get(pk=ticket.pk)

    def answer(self, key: Any, number: str, **answer: Any) -> Any:
        with self.captureOnCommitCallbacks(execute=True):
            return self.send({"key": key, "answer": answer}, number=number)

    def ended(self, ticket: Ticket) -> str:
        instance = Ticket.objects.get(pk=ticket.pk).workflow_instance
        assert instance is not None
        self.assertEqual(broken_invariants(ticket), [])
        return instance.end_label

    def test_a_message_ends_the_wait_with_its_key(self) -> None:
        ticket, other = self.submit("4711"), self.submit("4712")
        first = self.answer("4711", "msg_1", agreed=True)
        self.assertEqual((first.status_code, first.json()["number"]), (200, ticket.number))
        self.assertEqual((self.ended(ticket), self.ended(other)), ("agreed", ""))
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        self.assertEqual(task.output_data, {"agreed": True, "answered": True})
        # The same message, and another answer, get the first one's result.
        for number, agreed in (("msg_1", True), ("msg_2", False)):
            again = (
                self.answer(4711, number, agreed=agreed)
                if agreed is False
                else self.answer("4711", number, agreed=agreed)
            )
            self.assertEqual((again.status_code, again.json()), (200, first.json()))
        self.assertEqual(self.ended(ticket), "agreed")
        self.assertEqual(self.answer("4712", "msg_1", agreed=True).status_code, 409)
        self.assertEqual(self.answer("4712", "msg_3", agreed=False).status_code, 200)
        self.assertEqual(self.ended(other), "refused")

    def test_none_several_and_what_does_not_fit(self) -> None:
        self.assertEqual(self.answer("4711", "msg_1", agreed=True).status_code, 404)
        ticket = self.submit("4711")
        wrong = self.answer("4711", "msg_1", agreed="perhaps")
        self.assertEqual(wrong.status_code, 422)
        self.assertEqual([each["pointer"] for each in wrong.json()["errors"]], ["#/answer/agreed"])
        body: Any
        for body in ({"key": ""}, {"key": True}, {"answer": {}}, {"key": "1", "answer": 5}):
            self.assertEqual(self.send(body, number="msg_2").status_code, 400)
        self.submit("4711")
        self.assertEqual(self.answer("4711", "msg_1", agreed=True).status_code, 409)
        hold_ticket(ticket=Ticket.objects.latest("pk"), by=self.terry, reason="Wait.")
        self.assertEqual(self.ended(ticket), "")

    def test_nobody_answers(self) -> None:
        ticket = self.submit("4711")
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        assert task.waits_until is not None
        with self.captureOnCommitCallbacks(execute=True):
            end_wait(
                ticket_id=ticket.pk,
                task_id=task.pk,
                until=task.waits_until.isoformat(),
                now=task.waits_until + timedelta(seconds=1),
            )
        self.assertEqual(self.ended(ticket), "not answered")
        self.assertEqual(self.answer("4711", "msg_1", agreed=True).status_code, 404)

    def test_what_it_names_is_checked(self) -> None:
        wrong: Any = deepcopy(CUSTOMER)
        wrong["tasks"][0]["answered_by"] = "ticket.ordr"
        (problem,) = errors_of(check_bundle(wrong))
        self.assertEqual(problem.nearest, "ticket.order")

    def test_a_key_that_anybody_can_type_is_told(self) -> None:
        typed: Any = deepcopy(CUSTOMER)
        (problem,) = check_bundle(typed)
        self.assertFalse(problem.is_error)
        self.assertIn("“ticket.order”", problem.message)
        self.assertEqual(problem.path[-1], "answered_by")
        email: JsonObject = {"name": "email", "label": "E-mail", "type": "email", "required": True}
        typed["workflow"]["fields"].append(email)
        typed["tests"] = []
        typed["ticket_types"].append(
            {"key": "public", "title": "For all", "public_for": self.uma.email}
        )
        (problem,) = check_bundle(typed)
        self.assertTrue(problem.is_error)
        self.assertIn("People outside begin such tickets", problem.message)

    def test_a_key_that_a_step_gives_is_in_order(self) -> None:
        given: Any = deepcopy(CUSTOMER)
        fields = [{"name": "number", "label": "Number", "type": "text", "required": True}]
        given["tasks"].insert(0, {"key": "ask", "title": "Ask", "fields": fields})
        given["tasks"][1]["answered_by"] = "tasks.ask.number"
        given["transitions"][0]["to"] = "ask"
        given["transitions"].append({"from": "ask", "to": "answer"})
        given["tests"] = []
        self.assertEqual(check_bundle(given), [])
