"""Steps that send a mail: to whom, what stands in it, once, and what is refused."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from tenants.mail.models import MailStatus, OutgoingMail
from tenants.mail.send_mail import send_mail
from tenants.mail.tests.mail_server import MailServer
from tenants.testing import CompanyTestCase
from tickets.files.keep_file import keep_file
from tickets.following.pages.history import history
from tickets.models import Ticket, TicketError
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.seeing import Viewer
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    BusinessCalendar,
    CompanyRole,
    TaskInstance,
    WorkflowDefinition,
    WorkflowEvent,
)
from workflows.running.history import replay, stored_state

HOSTILE = "Paper\r\nBcc: everybody@example.com <script>alert(1)</script> {ticket.price}"
TEXT = """Dear {ticket.supplier_name or "Sir or Madam"},

please deliver for {ticket.price} EUR until {ticket.wanted}: {ticket.urgency}.
{ticket.lines}
Approved: {check.ok}, by {done.check.by.name}. Note: {check.note}{{}}
{ticket.extra or "Nothing else."}"""


def purchase(**message: Any) -> dict[str, Any]:
    """Somebody checks it, and the order goes out."""
    mail = {
        "who": "answer",
        "answer": "ticket.supplier",
        "subject": "Order {number}: {ticket.article}",
        "text": TEXT,
        **message,
    }
    question = {"type": "text"}
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "purchase",
            "title": "Purchase",
            "fields": [
                {"name": "article", "label": "Article", "type": "long_text", "required": True},
                {"name": "price", "label": "Price", "type": "number", "required": True},
                {"name": "wanted", "label": "Wanted by", "type": "date"},
                {
                    "name": "urgency",
                    "label": "Urgency",
                    "type": "choice",
                    "choices": [{"value": "hi", "label": "very urgent"}, "low"],
                },
                {
                    "name": "lines",
                    "label": "Lines",
                    "type": "records",
                    "fields": [
                        {"name": "what", "label": "What", **question},
                        {"name": "count", "label": "Count", "type": "integer"},
                    ],
                },
                {"name": "supplier", "label": "Supplier's e-mail", "type": "email"},
                {"name": "supplier_name", "label": "Supplier", **question},
                {"name": "extra", "label": "Extra", **question},
                {"name": "quote", "label": "Quote", "type": "file"},
                {"name": "buyer", "label": "Buyer", "type": "person"},
            ],
        },
        "tasks": [
            {
                "key": "check",
                "title": "Check it",
                "fields": [
                    {"name": "ok", "label": "OK", "type": "boolean", "seen_by": "requester"},
                    {"name": "note", "label": "Note", "type": "text"},
                ],
            },
            {"key": "order", "title": "Order it", "task_type": "MESSAGE", "message": mail},
        ],
        "transitions": [
            {"from": "start", "to": "check"},
            {"from": "check", "to": "order"},
            {"from": "order", "to": "end"},
        ],
        "ticket_types": [{"key": "purchase", "title": "Purchase"}],
    }


ANSWERS: dict[str, Any] = {
    "article": HOSTILE,
    "price": 1200.5,
    "wanted": "2026-12-24",
    "urgency": "hi",
    "lines": [{"what": "Paper", "count": 2}, {"what": "Pens"}],
    "supplier": "orders@supplier.example",
}


class MailingCase(CompanyTestCase):
    def publish(self, document: dict[str, Any]) -> WorkflowDefinition:
        draft = import_bundle(document=document, user=self.carla)
        return publish_workflow(workflow=draft, user=self.carla)

    def run_through(
        self, workflow: WorkflowDefinition, *, more: JsonObject | None = None, **answers: Any
    ) -> Ticket:
        """`more` is what else comes of the task."""
        definition = workflow.ticket_definitions.get()
        given = {**ANSWERS, **answers}
        data = {name: value for name, value in given.items() if value is not None}
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=definition, data=data, user=self.uma)
        task = TaskInstance.objects.get(
            workflow_instance=ticket.workflow_instance, definition__key="check"
        )
        assert task.assigned_to is not None
        with self.captureOnCommitCallbacks(execute=True):
            output = {"ok": True, "note": "Cheap", **(more or {})}
            complete_task(task=task, output=output, user=task.assigned_to)
        return Ticket.objects.get(pk=ticket.pk)

    def mails(self) -> list[OutgoingMail]:
        return list(OutgoingMail.objects.filter(kind="message").order_by("pk"))

    def assert_sound(self, ticket: Ticket) -> None:
        events = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance)
        assert ticket.workflow_instance is not None
        self.assertEqual(replay(events.order_by("pk")), stored_state(ticket.workflow_instance))
        self.assertEqual(broken_invariants(ticket), [])

    def lines(self, ticket: Ticket) -> list[str]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(
            pk=ticket.workflow_id
        )
        found = history(workflow, ticket.workflow_instance_id, viewer=Viewer.TEAM)
        return [line.text for line in found.lines]


class ToOutsideTests(MailingCase):
    workflow: ClassVar[WorkflowDefinition]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        document = purchase(files=["ticket.quote"])
        draft = import_bundle(document=document, user=cls.carla)
        cls.workflow = publish_workflow(workflow=draft, user=cls.carla)

    def test_the_order_goes_to_the_supplier(self) -> None:
        quote = keep_file(
            file=SimpleUploadedFile("Quote ä.pdf", b"%PDF-1.4 quote", "application/pdf"),
            user=self.uma,
        )
        ticket = self.run_through(self.workflow, quote=quote)
        self.assertEqual(ticket.status, "COMPLETED")
        self.assert_sound(ticket)
        (mail,) = self.mails()
        with MailServer() as server:
            send_mail(mail_id=mail.pk)
            send_mail(mail_id=mail.pk)  # its job came twice
        (message,) = server.received
        self.assertEqual(server.recipients, ["orders@supplier.example"])
        self.assertEqual(message["To"], "orders@supplier.example")
        self.assertIsNone(message["Bcc"])
        self.assertTrue(str(message["Subject"]).startswith(f"Order #{ticket.pk}: Paper Bcc:"))
        text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for said in (
            "Dear Sir or Madam,",
            "please deliver for 1200.5 EUR until 24 Dec 2026: very urgent.",
            "- What: Paper, Count: 2\n- What: Pens\n",
            "Approved: Yes, by ",
            "Note: Cheap{}\nNothing else.",
            "This mail was sent by a process of Acme.",
        ):
            self.assertIn(said, text.replace("\r\n", "\n"))
        html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
        self.assertIn("Dear Sir or Madam", html)
        self.assertNotIn("<script>", html)
        (attached,) = message.iter_attachments()
        self.assertEqual(attached.get_filename(), "Quote ä.pdf")
        self.assertEqual(attached.get_content(), b"%PDF-1.4 quote")
        mail.refresh_from_db()
        self.assertEqual((mail.status, mail.text, mail.attachments), (MailStatus.SENT, "", []))

    def test_the_history_does_not_name_the_address(self) -> None:
        ticket = self.run_through(self.workflow)
        self.assertIn("Order it: a mail goes to an address outside.", self.lines(ticket))
        event = WorkflowEvent.objects.get(kind="MESSAGE_SENT")
        self.assertEqual(event.data, {"output": {}, "who": "answer", "outside": True})

    def test_without_an_address_it_is_an_error_that_is_mended(self) -> None:
        ticket = self.run_through(self.workflow, supplier=None)
        error = TicketError.objects.get(ticket=ticket)
        self.assertIn("The mail has no recipient", error.message)
        self.assertEqual(self.mails(), [])
        data = {**Ticket.objects.get(pk=ticket.pk).data, "supplier": "new@supplier.example"}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        (mail,) = self.mails()
        self.assertEqual(mail.to, "new@supplier.example")
        self.assert_sound(Ticket.objects.get(pk=ticket.pk))

    @override_settings(COMPANY_MOST_OUTSIDE_MAILS_A_DAY=1)
    def test_a_company_sends_so_many_a_day(self) -> None:
        self.run_through(self.workflow)
        ticket = self.run_through(self.workflow)
        self.assertEqual(len(self.mails()), 1)
        error = TicketError.objects.get(ticket=ticket)
        self.assertIn("as many mails to outside as it may", error.message)

    def test_a_file_that_is_gone_is_said_in_the_outbox(self) -> None:
        self.run_through(self.workflow)
        (mail,) = self.mails()
        mail.attachments = [{"key": "uploads/nothing", "filename": "a.pdf", "type": ""}]
        mail.save()
        OutgoingMail.objects.update(due_at=timezone.now())
        with MailServer() as server:
            send_mail(mail_id=mail.pk)
        self.assertEqual(server.received, [])
        mail.refresh_from_db()
        self.assertEqual(mail.status, MailStatus.FAILED)
        self.assertIn("not there any more", mail.reason)

    def test_what_stands_around_it_is_in_the_language_that_the_company_has_set(self) -> None:
        BusinessCalendar.objects.update_or_create(defaults={"outside_language": "de"})
        self.run_through(self.workflow)
        (mail,) = self.mails()
        self.assertNotIn("Nobody reads answers to it.", mail.text)
        self.assertIn("24.12.2026", mail.text)  # a date as people write it there


class ToPeopleTests(MailingCase):
    def test_each_kind_of_recipient(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        role.members.set([self.wendy, self.walt])
        self.uma.manager = self.alice
        self.uma.save()
        buyer = {"id": self.walt.pk, "email": self.walt.email, "name": "Walt Wood"}
        for message, people in (
            ({"who": "requester"}, [self.uma]),
            ({"who": "manager"}, [self.alice]),
            ({"who": "person", "email": self.carla.email}, [self.carla]),
            ({"who": "answer", "answer": "ticket.buyer"}, [self.walt]),
            ({"who": "role"}, [self.wendy, self.walt]),
        ):
            with self.subTest(message["who"]):
                OutgoingMail.objects.all().delete()
                document = purchase(**message)
                said = document["tasks"][1]["message"]
                if message["who"] != "answer":
                    del said["answer"]
                if message["who"] == "role":
                    document["tasks"][1]["candidate_role"] = "Buyers"
                    document["company_roles"] = [{"name": "Buyers"}]
                ticket = self.run_through(self.publish(document), buyer=buyer)
                self.assertEqual(ticket.status, "COMPLETED")
                self.assertEqual({each.person_id for each in self.mails()},
                                 {each.pk for each in people})  # fmt: skip
                self.assert_sound(ticket)

    def test_whoever_did_the_task_reads_it_in_their_language(self) -> None:
        document = purchase(who="doer", task="check")
        del document["tasks"][1]["message"]["answer"]
        type(self.wendy).objects.filter(pk__in=[self.wendy.pk, self.walt.pk]).update(language="de")
        self.run_through(self.publish(document))
        (mail,) = self.mails()
        self.assertIn("1200,5 EUR until 24.12.2026", mail.text)
        self.assertIn("Approved: Ja", mail.text)

    def test_the_requester_reads_no_answer_of_the_team(self) -> None:
        document = purchase(who="requester")
        del document["tasks"][1]["message"]["answer"]
        ticket = self.run_through(self.publish(document))
        (mail,) = self.mails()
        self.assertIn("Approved: Yes", mail.text)
        self.assertNotIn("Cheap", mail.text)
        self.assertIn(f"/tickets/myticket/{ticket.pk}/change/", mail.text)

    def test_the_requester_reads_no_entry_of_a_list_of_the_team(self) -> None:
        what = {"name": "what", "label": "What", "type": "text"}
        rows = {"label": "Rows", "type": "records", "fields": [what]}
        for name, told in (
            ("tasks.check.rows", "Entry 1: -"),
            ("tasks.check.told", "Entry 1: A desk"),
            ("ticket.lines", "Entry 1: Paper"),
        ):
            with self.subTest(name):
                OutgoingMail.objects.all().delete()
                document = purchase(who="requester", subject="{item.what}")
                check, order = document["tasks"]
                del order["message"]["answer"]
                order["message"]["subject"] = 'Entry {item_number}: {item.what or "-"}'
                order["message"]["text"] = 'A desk? {item.what or "-"}'
                check["fields"] += [
                    {**rows, "name": "rows"},
                    {**rows, "name": "told", "seen_by": "requester"},
                ]
                order["branch"] = "each.one"
                block: JsonObject = {"key": "each", "title": "Each", "task_type": "BLOCK"}
                block["for_each"] = {"var": name}
                block["branches"] = [{"key": "one", "title": "One", "start": "order"}]
                document["tasks"].append(block)
                document["transitions"][1]["to"] = "each"
                document["transitions"].append({"from": "each", "to": "end"})
                entries: list[Json] = [{"what": "A desk"}]
                self.run_through(self.publish(document), more={"rows": entries, "told": entries})
                self.assertEqual(self.mails()[0].subject, told)

    def test_a_role_without_members_is_an_error(self) -> None:
        document = purchase(who="role")
        del document["tasks"][1]["message"]["answer"]
        document["tasks"][1]["candidate_role"] = "Buyers"
        document["company_roles"] = [{"name": "Buyers"}]
        ticket = self.run_through(self.publish(copy.deepcopy(document)))
        self.assertIn("“Buyers”", TicketError.objects.get(ticket=ticket).message)
