"""A sub-workflow: two processes use one check, each goes its way by what came of it."""

from __future__ import annotations

from typing import ClassVar
from unittest import mock

from procrastinate.contrib.django.models import ProcrastinateJob

from tickets.job_names import FOLLOW_SUBTICKET
from tickets.models import Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.tests.processes.described_case import DescribedCase, described
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.models import CompanyRole, TicketDefinition

FINE: JsonObject = {"result": "fine"}
LIMITED: JsonObject = {"result": "limits", "limit": 5000}
REFUSED: JsonObject = {"result": "no"}
WHY = "It is not needed."


class SubworkflowTests(DescribedCase):
    name = "supplier_check"
    members = {"Compliance": ("cora",)}
    parents: ClassVar[dict[str, tuple[JsonObject, TicketDefinition]]]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.parents = {}
        for name in ("new_supplier", "contract"):
            document = described(name)
            workflow = import_bundle(document=document, user=cls.carla)
            publish_workflow(workflow=workflow, user=cls.carla)
            definition = TicketDefinition.objects.get(workflow=workflow, is_active=True)
            cls.parents[name] = document, definition
        CompanyRole.objects.get(name="Purchasing").members.set([cls._person("pia")])

    def begin(self, name: str, /, **data: Json) -> tuple[Ticket, Ticket]:
        """A ticket of a process that uses the check, and the check."""
        _document, definition = self.parents[name]
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=definition, data=data, user=self.uma)
        self.work()
        return ticket, Ticket.objects.get(
            workflow_instance__started_by__workflow_instance__ticket=ticket
        )

    def supplier(self) -> tuple[Ticket, Ticket]:
        return self.begin("new_supplier", name="Miller", volume=9000)

    def contract(self, sum_: int = 9000) -> tuple[Ticket, Ticket]:
        return self.begin("contract", supplier="Miller", sum=sum_)

    def work(self) -> None:
        """What the worker does of the two tickets."""
        jobs = ProcrastinateJob.objects.filter(task_name=FOLLOW_SUBTICKET, status="todo")
        found = jobs.order_by("pk")
        while job := found.first():
            arguments = {name: job.args[name] for name in ("ticket_id", "task_id")}
            found.filter(pk=job.pk)._raw_delete("default")
            with self.captureOnCommitCallbacks(execute=True):
                follow_subticket(now=self.now, **arguments)

    def check(self, ticket: Ticket, result: JsonObject) -> None:
        self.assertEqual(self.do(ticket, "look", result), "cora")
        self.work()

    def test_the_definitions_are_in_order(self) -> None:
        checked = type(self)
        for document, definition in (
            (self.document, self.definition),
            *self.parents.values(),
        ):
            with (
                mock.patch.object(checked, "document", document),
                mock.patch.object(checked, "definition", definition),
            ):
                self.assert_in_order()

    def test_its_outcome_steers_each_of_the_two(self) -> None:
        supplier, first = self.supplier()
        contract, second = self.contract()
        self.assertEqual(first.definition, second.definition)
        self.assertEqual(first.data, {"supplier": "Miller", "volume": 9000})
        self.assertEqual((self.open(supplier), self.open(contract)), ({}, {}))
        self.check(first, REFUSED)
        self.check(second, REFUSED)
        self.assertEqual(self.ended(supplier), ("COMPLETED", "refused"))
        self.assertEqual(self.open(contract), {"negotiate": "pia"})
        self.assert_sound()

    def test_of_a_check_with_limits_the_contract_reads_them(self) -> None:
        supplier, check = self.supplier()
        self.check(check, LIMITED)
        self.assertEqual(self.open(supplier), {"take_in": "pia"})
        for sum_, following in ((5000, "sign"), (5001, "negotiate")):
            contract, check = self.contract(sum_)
            self.check(check, LIMITED)
            self.assertEqual(self.open(contract), {following: "pia"})
        contract, check = self.contract()
        self.check(check, FINE)
        self.do(contract, "sign")
        self.assertEqual(self.ended(contract), ("COMPLETED", "signed"))
        self.assert_sound()

    def test_cancelling_one_cancels_its_check_and_no_other(self) -> None:
        supplier, first = self.supplier()
        contract, second = self.contract()
        with self.captureOnCommitCallbacks(execute=True):
            cancel_ticket(ticket=supplier, by=self.terry, reason=WHY)
        self.work()
        self.assertEqual(self.open(first), {"file_away": "cora"})
        self.assertIn(WHY, self.events(first, "CANCELLED")[0].data["reason"])
        self.do(first, "file_away")
        self.assertEqual(self.ended(first), ("CANCELLED", "filed away"))
        self.check(second, FINE)
        self.assertEqual(self.open(contract), {"sign": "pia"})
        self.assert_sound()

    def test_a_check_that_is_withdrawn_is_what_each_says(self) -> None:
        for begin, label in ((self.supplier, "not checked"), (self.contract, "given up")):
            ticket, check = begin()
            with self.captureOnCommitCallbacks(execute=True):
                withdraw_ticket(ticket=check, user=self.uma, reason=WHY, now=self.now)
            self.work()
            self.assertEqual(self.instance(ticket).status, "IN_PROGRESS")  # it files away first
            self.do(check, "file_away")
            self.work()
            self.assertEqual(self.ended(ticket), ("COMPLETED", label))
        self.assert_sound()
