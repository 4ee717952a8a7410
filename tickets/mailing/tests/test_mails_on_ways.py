"""Mails on a way: sent with the move, once, whichever way it is; else the ticket stays there."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.mail.models import OutgoingMail
from tickets.advancing.advance_ticket import advance_ticket
from tickets.advancing.timers import fire_timer
from tickets.files.keep_file import keep_file
from tickets.mailing.tests.test_send_message import ANSWERS, MailingCase, purchase
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON
from tickets.submitting.submit_ticket import submit_ticket
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.complete_task import complete_task
from workflows.models import CompanyRole, TaskInstance, WorkflowDefinition, WorkflowEvent

TO_REQUESTER = {"who": "requester", "subject": "{number}", "text": "It goes on."}
TO_SUPPLIER = {
    "who": "answer",
    "answer": "ticket.supplier",
    "subject": "Order {number}",
    "text": "{ticket.price}: {check.note}",
}

AT_START = {**TO_SUPPLIER, "text": "{ticket.price}"}


def on_ways(**ways: list[dict[str, Any]]) -> dict[str, Any]:
    """The purchase with a form after the check. `ways` are the mails, by the task that is left."""
    document = copy.deepcopy(purchase())
    question = {"name": "done", "label": "Done", "type": "text"}
    document["tasks"][1] = {"key": "order", "title": "Order it", "fields": [question]}
    for each in document["transitions"]:
        if each["from"] in ways:
            each["messages"] = ways[each["from"]]
    return document


class OnWaysCase(MailingCase):
    def submit(self, workflow: WorkflowDefinition, **answers: Any) -> Ticket:
        given = {**ANSWERS, "article": "Paper", **answers}
        data = {name: value for name, value in given.items() if value is not None}
        with self.captureOnCommitCallbacks(execute=True):
            return submit_ticket(
                definition=workflow.ticket_definitions.get(), data=data, user=self.uma
            )

    def task(self, ticket: Ticket, key: str) -> TaskInstance:
        tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance)
        return tasks.filter(definition__key=key).latest("pk")

    def complete(self, ticket: Ticket, key: str, **output: Any) -> Ticket:
        task = self.task(ticket, key)
        assert task.assigned_to is not None
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output=output, user=task.assigned_to)
        return Ticket.objects.get(pk=ticket.pk)

    def subjects(self) -> list[str]:
        return [each.subject for each in self.mails()]


class EachWayTests(OnWaysCase):
    def test_from_the_start_between_tasks_and_to_the_end(self) -> None:
        ways = {
            "start": [{**TO_REQUESTER, "subject": "start"}],
            "check": [{**TO_SUPPLIER, "subject": "check"}, {**TO_REQUESTER, "subject": "too"}],
            "order": [{**TO_REQUESTER, "who": "doer", "task": "order", "subject": "order"}],
        }
        ticket = self.submit(self.publish(on_ways(**ways)))
        self.assertEqual(self.subjects(), ["start"])
        ticket = self.complete(ticket, "check", ok=True, note="Cheap")
        self.assertEqual(self.subjects(), ["start", "check", "too"])
        self.assertIn("1200.5: Cheap", self.mails()[1].text)
        doer = self.task(ticket, "order").assigned_to
        ticket = self.complete(ticket, "order", done="yes")
        self.assertEqual(self.subjects(), ["start", "check", "too", "order"])
        self.assertEqual(self.mails()[3].person_id, doer.pk if doer else None)
        self.assertEqual(ticket.status, "COMPLETED")
        self.assert_sound(ticket)
        self.assertEqual(
            [line for line in self.lines(ticket) if line.startswith("A mail goes")],
            [
                f"A mail goes to {self.uma}, as the ticket goes on to Check it.",
                "A mail goes to an address outside, as the ticket goes on to Order it.",
                f"A mail goes to {self.uma}, as the ticket goes on to Order it.",
                f"A mail goes to {doer}, as the ticket goes on to the end.",
            ],
        )

    def test_only_the_way_that_is_taken_sends(self) -> None:
        document = on_ways()
        small = {"from": "check", "to": "end", "priority": -1, "messages": [TO_REQUESTER]}
        document["transitions"].append({**small, "condition": {"<": [{"var": "ticket.price"}, 9]}})
        workflow = self.publish(document)
        self.complete(self.submit(workflow), "check", ok=True)
        self.assertEqual(self.mails(), [])
        self.complete(self.submit(workflow, price=5), "check", ok=True)
        self.assertEqual(len(self.mails()), 1)

    def test_to_a_role_that_was_renamed(self) -> None:
        to_role = {**TO_REQUESTER, "who": "role", "role": "buyers"}
        document = on_ways(start=[to_role])
        document["company_roles"] = [{"name": "Buyers"}]
        workflow = self.publish(document)
        role = CompanyRole.objects.get(name="Buyers")
        role.members.set([self.wendy, self.walt])
        CompanyRole.objects.filter(pk=role.pk).update(name="Purchasing")
        ticket = self.submit(workflow)
        people = {each.person_id for each in self.mails()}
        self.assertEqual(people, {self.wendy.pk, self.walt.pk})
        line = "A mail goes to the members of Purchasing (2), as the ticket goes on to Check it."
        self.assertIn(line, self.lines(ticket))

    def test_when_it_is_withdrawn_or_cancelled(self) -> None:
        document = on_ways()
        mails = [{**TO_SUPPLIER, "text": "{ticket.price}"}, {**TO_REQUESTER, "who": "manager"}]
        document["transitions"].append(
            {"from": "start", "to": "end", "on_cancel": True, "messages": mails}
        )
        self.uma.manager = self.alice
        self.uma.save()
        workflow = self.publish(document)
        for end in ("withdrawn", "cancelled"):
            with self.subTest(end):
                OutgoingMail.objects.all().delete()
                ticket = self.submit(workflow)
                with self.captureOnCommitCallbacks(execute=True):
                    if end == "withdrawn":
                        withdraw_ticket(
                            ticket=ticket, user=self.uma, reason="No", now=timezone.now()
                        )
                    else:
                        cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)
                self.assertEqual({each.to for each in self.mails()},
                                 {"orders@supplier.example", self.alice.email})  # fmt: skip
                self.assert_sound(Ticket.objects.get(pk=ticket.pk))

    def test_when_time_is_over(self) -> None:
        document = on_ways()
        mail = {**TO_REQUESTER, "subject": "late"}
        document["transitions"].append(
            {"from": "check", "to": "order", "after": "P1D", "messages": [mail]}
        )
        ticket = self.submit(self.publish(document))
        due = timezone.now() + timedelta(days=9)
        for _time in range(2):  # the job came twice
            fire_timer(
                ticket_id=ticket.pk,
                task_id=self.task(ticket, "check").pk,
                after="P1D",
                due=due.isoformat(),
                now=due,
            )
        self.assertEqual(self.subjects(), ["late"])
        self.assert_sound(Ticket.objects.get(pk=ticket.pk))

    def test_in_a_branch_for_each_entry(self) -> None:
        document = on_ways()
        order = document["tasks"][1]
        document["tasks"].append(
            {
                "key": "each",
                "title": "Each",
                "task_type": "BLOCK",
                "for_each": {"var": "ticket.lines"},
                "branches": [{"key": "one", "title": "One", "start": "order"}],
            }
        )
        order["branch"] = "each.one"
        document["transitions"] = [
            {"from": "start", "to": "check"},
            {"from": "check", "to": "each"},
            {"from": "each", "to": "end"},
            {
                "from": "order",
                "to": "end",
                "messages": [{**TO_REQUESTER, "subject": "{item_number} {item.what}"}],
            },
        ]
        ticket = self.complete(self.submit(self.publish(document)), "check", ok=True)
        tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance)
        for task in tasks.filter(definition__key="order").order_by("pk"):
            assert task.assigned_to is not None
            with self.captureOnCommitCallbacks(execute=True):
                complete_task(task=task, output={"done": "x"}, user=task.assigned_to)
        self.assertEqual(self.subjects(), ["1 Paper", "2 Pens"])
        self.assert_sound(Ticket.objects.get(pk=ticket.pk))

    def test_files_go_with_it(self) -> None:
        quote = keep_file(
            file=SimpleUploadedFile("Quote.pdf", b"%PDF-1.4 quote", "application/pdf"),
            user=self.uma,
        )
        mail = {**TO_REQUESTER, "files": ["ticket.quote"]}
        self.submit(self.publish(on_ways(start=[mail])), quote=quote)
        (sent,) = self.mails()
        self.assertEqual([each["filename"] for each in sent.attachments], ["Quote.pdf"])

    def test_a_way_that_is_taken_again_sends_again(self) -> None:
        document = on_ways(check=[{**TO_REQUESTER, "subject": "round"}])
        document["transitions"][1]["condition"] = {"var": "tasks.check.ok"}
        document["transitions"][2]["to"] = "check"
        document["transitions"].append({"from": "check", "to": "end", "priority": 5})
        document["tasks"][0]["fields"][0]["required"] = True
        ticket = self.submit(self.publish(document))
        for _round in range(2):
            ticket = self.complete(ticket, "check", ok=True)
            ticket = self.complete(ticket, "order", done="x")
        self.assertEqual(self.subjects(), ["round", "round"])
        self.assert_sound(ticket)

    def test_the_requester_reads_no_answer_of_the_team(self) -> None:
        mail = {**TO_REQUESTER, "text": "{check.ok} {check.note}"}
        self.complete(self.submit(self.publish(on_ways(check=[mail]))), "check", ok=True, note="No")
        (sent,) = self.mails()
        self.assertIn("Yes", sent.text)
        self.assertNotIn("No\n", sent.text)

    def test_charlie_sees_nothing(self) -> None:
        ticket = self.submit(self.publish(on_ways(start=[TO_REQUESTER])))
        page = reverse("admin:tickets_ticket_change", args=[ticket.pk])
        self.log_in(self.terry)
        self.assertContains(self.client.get(page), "as the ticket goes on to Check it")
        self.log_in(self.charlie)
        self.assertNotIn(b"as the ticket goes on", self.client.get(page, follow=True).content)


class WhenItCannotBeSentTests(OnWaysCase):
    def test_the_ticket_stays_until_it_is_mended(self) -> None:
        """Of two mails none goes out while one cannot."""
        workflow = self.publish(on_ways(check=[TO_REQUESTER, TO_SUPPLIER]))
        ticket = self.complete(self.submit(workflow, supplier=None), "check", ok=True)
        self.assertEqual((self.mails(), self.task(ticket, "check").status), ([], "ERROR"))
        error = TicketError.objects.get(ticket=ticket)
        self.assertEqual(error.error_type, "WORKFLOW_TRANSITION")
        self.assertIn("The mail has no recipient: the answer is no e-mail address.", error.message)
        self.assertIn("as the ticket moves on", error.message)
        self.assert_sound(ticket)
        with self.captureOnCommitCallbacks(execute=True):  # it fails again, and still sends none
            retry_step(error=error, by=self.terry, reason=REASON)
        self.assertEqual(self.mails(), [])
        data = {**Ticket.objects.get(pk=ticket.pk).data, "supplier": "new@supplier.example"}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
        error = TicketError.objects.unresolved().get(ticket=ticket)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        self.assertEqual([each.to for each in self.mails()],
                         [self.uma.email, "new@supplier.example"])  # fmt: skip
        self.assert_sound(Ticket.objects.get(pk=ticket.pk))

    def test_at_the_start(self) -> None:
        ticket = self.submit(self.publish(on_ways(start=[TO_REQUESTER, AT_START])), supplier=None)
        error = TicketError.objects.get(ticket=ticket)
        self.assertEqual(self.mails(), [])
        data = {**Ticket.objects.get(pk=ticket.pk).data, "supplier": "new@supplier.example"}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        self.assertEqual(len(self.mails()), 2)
        self.assert_sound(Ticket.objects.get(pk=ticket.pk))

    def test_what_fails_after_it_does_not_send_it_again(self) -> None:
        """The way was taken: to try the task behind it again, or to finish it, sends nothing."""
        document = on_ways(check=[TO_REQUESTER])
        document["tasks"][1] = {
            "key": "order",
            "title": "Order it",
            "task_type": "VALUES",
            "values": {"total": {"/": [1, {"-": [{"var": "ticket.price"}, 7]}]}},
        }
        workflow = self.publish(document)
        ticket = self.complete(self.submit(workflow, price=7), "check", ok=True)
        error = TicketError.objects.get(ticket=ticket)
        self.assertEqual(len(self.mails()), 1)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.task(ticket, "order"), output={"total": 1}, by=self.terry, reason=REASON
            )
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(Ticket.objects.get(pk=ticket.pk).status, "COMPLETED")

    def test_a_task_that_is_finished_by_hand_goes_the_way(self) -> None:
        ticket = self.submit(self.publish(on_ways(check=[TO_REQUESTER])))
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.task(ticket, "check"), output={"ok": True}, by=self.terry, reason=REASON
            )
        self.assertEqual(len(self.mails()), 1)

    def test_what_is_undone_has_sent_nothing(self) -> None:
        """A move that fails in a way nobody foresaw is undone with its mails, and done once."""
        workflow = self.publish(on_ways(check=[TO_REQUESTER]))
        ticket = self.submit(workflow)
        refused = mock.patch(
            "workflows.running.state.moves.Moves._make_next_tasks", side_effect=DatabaseError("x")
        )
        with refused, self.assertLogs("tickets", "ERROR"):
            ticket = self.complete(ticket, "check", ok=True)
        self.assertEqual(self.mails(), [])
        error = TicketError.objects.get(ticket=ticket)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        advance_ticket(ticket_id=ticket.pk)  # the safety net comes, too
        self.assertEqual(len(self.mails()), 1)
        self.assert_sound(Ticket.objects.get(pk=ticket.pk))

    @override_settings(COMPANY_MOST_OUTSIDE_MAILS_A_DAY=1)
    def test_a_company_sends_so_many_a_day(self) -> None:
        ticket = self.submit(self.publish(on_ways(start=[AT_START, AT_START])))
        self.assertEqual(self.mails(), [])
        error = TicketError.objects.get(ticket=ticket)
        self.assertIn("as many mails to outside as it may", error.message)

    def test_it_is_recorded_why(self) -> None:
        ticket = self.complete(
            self.submit(self.publish(on_ways(check=[TO_SUPPLIER])), supplier=None), "check", ok=True
        )
        failed = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance)
        self.assertIn("The mail has no recipient", failed.get(kind="FAILED").data["error"])
