"""A mail to somebody outside that does not arrive is an error of its ticket, and can be mended."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.mail.models import MailStatus, OutgoingMail
from tenants.mail.send_mail import send_mail
from tenants.mail.tests.mail_server import MailServer
from tickets.following.pages.history import history
from tickets.health import company_findings
from tickets.job_names import KEEP_UNDELIVERED
from tickets.mailing.tests.test_mails_on_ways import (
    AT_START,
    TO_REQUESTER,
    TO_SUPPLIER,
    OnWaysCase,
    on_ways,
)
from tickets.mailing.tests.test_send_message import ANSWERS, MailingCase, purchase
from tickets.models import Notice, Ticket, TicketError
from tickets.outside.tests.test_outside import ADDRESS, DAY, OutsideCase
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_many import continue_bulk_retry, retry_many
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.seeing import Viewer
from tickets.undelivered.keep_error import keep_error
from workflows.errors import NothingToRetryError
from workflows.models import WorkflowDefinition, WorkflowEvent

RIGHT = "cora@right.example"
REFUSED = "550 5.1.1 No such user here"


def give_up(mail: OutgoingMail) -> None:
    """The mail server refuses the mail; the job that follows is done."""
    with MailServer(at_recipient=lambda number: REFUSED):
        send_mail(mail_id=mail.pk)
    mail.refresh_from_db()
    assert mail.status == MailStatus.FAILED, mail.status
    for job in ProcrastinateJob.objects.filter(task_name=KEEP_UNDELIVERED, status="todo"):
        if job.args["mail_id"] == mail.pk:
            keep_error(mail_id=mail.pk)
            keep_error(mail_id=mail.pk)  # it came twice


def repair_page(error: TicketError) -> str:
    return reverse("admin:tickets_ticket_repair", args=[error.ticket_id, "retry", error.pk])


def sent(ticket: Ticket, **more: str) -> dict[str, str]:
    """A form of a repair, filled in."""
    return {"reason": REASON, "expected": marker_of(ticket), **more}


def lines(ticket: Ticket) -> list[str]:
    found = WorkflowDefinition.objects.with_tasks_and_transitions()
    workflow = found.get(pk=ticket.workflow_id)
    return [
        line.text
        for line in history(workflow, ticket.workflow_instance_id, viewer=Viewer.TEAM).lines
    ]


class LinkTests(OutsideCase):
    """The link to a form."""

    def setUp(self) -> None:
        super().setUp()
        self.ticket = self.ask()
        give_up(self.mails()[0])

    def error(self) -> TicketError:
        return TicketError.objects.get(ticket=self.ticket)

    def test_a_ticket_admin_sees_it(self) -> None:
        error = self.error()
        self.assertEqual((error.error_type, error.status), ("DELIVERY", "NEW"))
        self.assertIn(ADDRESS, error.message)
        self.assertIn("No such user here", error.message)
        self.assertEqual(Notice.objects.filter(kind="ERROR", recipient=self.terry).count(), 1)
        self.assertIn(
            "Say when we may come: the mail to somebody outside could not be delivered.",
            lines(self.ticket),
        )
        # The step itself is as it was: nothing is stuck.
        self.assertEqual(self.task(self.ticket).status, "PENDING")
        self.assert_sound(self.ticket)
        self.assertEqual(list(company_findings()), [])
        self.log_in(self.terry)
        for page in (
            reverse("admin:tickets_ticket_change", args=[self.ticket.pk]),
            reverse("admin:tickets_ticketerror_change", args=[error.pk]),
        ):
            shown = self.client.get(page)
            self.assertContains(shown, "A mail could not be delivered")
            self.assertContains(shown, "Send it again")
        self.log_in(self.uma)  # to whoever asked it is no repair
        own = self.client.get(reverse("admin:tickets_myticket_change", args=[self.ticket.pk]))
        self.assertNotContains(own, "Being repaired")

    def test_a_corrected_address_gets_the_link_and_closes_it(self) -> None:
        correct_ticket_data(
            ticket=self.ticket, data={"item": "Beamer", "customer": RIGHT}, by=self.terry,
            reason=REASON,
        )  # fmt: skip
        self.assertEqual([each.to for each in self.mails()], [ADDRESS, RIGHT])
        self.assertEqual(self.error().status, "RESOLVED")
        # With the box ticked that is beside it: one link, all the same.
        give_up(self.mails()[1])
        error = TicketError.objects.unresolved().get()
        correct_ticket_data(
            ticket=self.ticket, data={"item": "Beamer", "customer": ADDRESS}, by=self.terry,
            reason=REASON, then_retry=error,
        )  # fmt: skip
        self.assertEqual([each.to for each in self.mails()], [ADDRESS, RIGHT, ADDRESS])
        self.assertFalse(TicketError.objects.unresolved().exists())
        self.assert_sound(self.ticket)

    def test_it_is_sent_again_from_the_page(self) -> None:
        error = self.error()
        page = repair_page(error)
        self.log_in(self.terry)
        shown = self.client.get(page)
        self.assertContains(shown, ADDRESS)
        self.assertNotContains(shown, 'name="to"')  # the answer says where
        self.client.post(page, sent(self.ticket))
        self.assertEqual([each.to for each in self.mails()], [ADDRESS, ADDRESS])
        self.assertEqual(self.error().status, "RESOLVED")
        self.assertIn("Say when we may come: the mail is sent again.", lines(self.ticket))
        self.client.logout()
        self.client.post(self.address(), {**DAY, "answers-stairs": "false"})
        self.assertEqual(self.task(self.ticket).status, "COMPLETED")
        self.assert_sound(self.ticket)

    def test_it_goes_on_otherwise(self) -> None:
        task = self.task(self.ticket)
        reassign_task(task=task, to=self.wendy, against_rule=True, by=self.terry, reason=REASON)
        self.assertEqual(self.error().status, "RESOLVED")
        other = self.ask()
        give_up(self.mails()[-1])
        cancel_ticket(ticket=other, by=self.terry, reason=REASON)
        self.assertFalse(TicketError.objects.unresolved().exists())
        self.assert_sound(other)

    def test_what_is_not_wanted_any_more_is_not_sent_again(self) -> None:
        error = self.error()
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.log_in(self.terry)
        held = self.client.get(reverse("admin:tickets_ticketerror_change", args=[error.pk]))
        self.assertNotContains(held, "Send it again")
        other = self.ask()
        give_up(self.mails()[-1])
        late = TicketError.objects.get(ticket=other)
        reassign_task(
            task=self.task(other), to=self.wendy, against_rule=True, by=self.terry, reason=REASON
        )
        late.refresh_from_db()
        TicketError.objects.filter(pk=late.pk).update(status="NEW")
        with self.assertRaises(NothingToRetryError):
            retry_step(error=late, by=self.terry, reason=REASON)

    def test_no_error_of_a_link_that_nobody_needs(self) -> None:
        ticket = self.ask()
        mail, link = self.mails()[-1], self.address()
        self.client.post(link, {**DAY, "answers-stairs": "false"})
        give_up(mail)  # it was answered, from another copy of it
        self.assertFalse(TicketError.objects.filter(ticket=ticket).exists())

    def test_an_answer_closes_it(self) -> None:
        ticket = self.ask()
        link = self.address()
        give_up(self.mails()[-1])
        self.client.post(link, {**DAY, "answers-stairs": "false"})
        self.assertEqual(TicketError.objects.get(ticket=ticket).status, "RESOLVED")
        self.assert_sound(ticket)

    def test_many_are_sent_again_at_once(self) -> None:
        self.ask()
        give_up(self.mails()[-1])
        count = len(self.mails())
        errors = TicketError.objects.unresolved()
        progress = retry_many(errors=errors, by=self.terry, reason=REASON)
        continue_bulk_retry(bulk_retry_id=progress.pk)
        self.assertEqual(len(self.mails()), count + 2)
        self.assertFalse(TicketError.objects.unresolved().exists())

    def test_charlie_sees_none_of_it(self) -> None:
        error = self.error()
        self.log_in(self.charlie)
        self.assertEqual(
            self.client.get(reverse("admin:tickets_ticketerror_changelist")).status_code, 200
        )
        for page in (
            reverse("admin:tickets_ticketerror_change", args=[error.pk]),
            repair_page(error),
        ):
            self.assertNotEqual(self.client.get(page).status_code, 200)


class MessageTests(MailingCase):
    """The mail of a step; its ticket has gone on, or ended."""

    workflow: ClassVar[Any]

    def setUp(self) -> None:
        super().setUp()
        self.ticket = self.run_through(self.publish(purchase()), **ANSWERS)
        give_up(self.mails()[0])
        self.error = TicketError.objects.get(ticket=self.ticket)

    def test_it_is_kept_of_a_ticket_that_has_ended(self) -> None:
        self.assertEqual(self.ticket.status, "COMPLETED")
        self.assertIn("orders@supplier.example", self.error.message)
        self.assertEqual(broken_invariants(self.ticket), [])
        self.assertEqual(list(company_findings()), [])

    def test_it_is_sent_again_to_another_address(self) -> None:
        page = repair_page(self.error)
        self.log_in(self.terry)
        shown = self.client.get(page)
        self.assertContains(shown, 'value="orders@supplier.example"')
        refused = self.client.post(page, sent(self.ticket, to="nobody"))
        self.assertContains(refused, "valid email address")
        self.client.post(page, sent(self.ticket, to=RIGHT))
        (mail,) = self.mails()
        self.assertEqual((mail.to, mail.status), (RIGHT, MailStatus.WAITING))
        with MailServer() as server:
            send_mail(mail_id=mail.pk)
        self.assertEqual(server.recipients, [RIGHT])
        self.error.refresh_from_db()
        self.assertEqual(self.error.status, "RESOLVED")
        self.assertTrue(
            any("sent again, to another address outside" in each for each in lines(self.ticket))
        )
        event = WorkflowEvent.objects.get(kind="SENT_AGAIN")
        self.assertNotIn(RIGHT, str(event.data))  # that can be forgotten
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_a_mail_that_is_forgotten_is_not_sent(self) -> None:
        OutgoingMail.objects.all().delete()
        page = repair_page(self.error)
        self.log_in(self.terry)
        self.assertContains(
            self.client.post(page, sent(self.ticket, to=RIGHT)), "is not kept any more"
        )

    def test_mails_to_people_make_no_error(self) -> None:
        workflow = self.publish(purchase(who="requester", answer="") | {"ticket_types": []})
        self.assertIsNotNone(workflow)
        mail = OutgoingMail.objects.get(pk=self.mails()[0].pk)
        mail.message_id = mail.message_id.replace(".outside.", ".7.")
        mail.status, mail.due_at = MailStatus.WAITING, timezone.now()
        mail.save()
        TicketError.objects.all().delete()
        give_up(mail)
        self.assertFalse(TicketError.objects.exists())


class WayTests(OnWaysCase):
    """Mails on ways: of one at the start no task tells; of two on one way each is looked after."""

    def errors(self, ticket: Ticket) -> list[TicketError]:
        return [*TicketError.objects.filter(ticket=ticket).order_by("pk")]

    def mail(self, subject: str) -> OutgoingMail:
        return OutgoingMail.objects.get(subject=subject)

    def test_each_is_an_error_of_its_own_and_the_ticket_goes_on(self) -> None:
        second = {"who": "address", "email": "shop@else.example", "subject": "too", "text": "x"}
        ways = {
            "start": [{**AT_START, "subject": "start"}],
            "check": [{**TO_SUPPLIER, "subject": "check"}, second],
        }
        ticket = self.submit(self.publish(on_ways(**ways)))
        ticket = self.complete(ticket, "check", ok=True)
        for subject in ("start", "check", "too"):
            give_up(self.mail(subject))
        errors = self.errors(ticket)
        self.assertEqual([each.error_type for each in errors], ["DELIVERY"] * 3)
        check = self.task(ticket, "check").pk
        self.assertEqual([each.task_id for each in errors], [None, check, check])
        for error, to in zip(
            errors, [ANSWERS["supplier"]] * 2 + ["shop@else.example"], strict=True
        ):
            self.assertIn(f"to {to} (", error.message)
            self.assertIn("No such user here", error.message)
        self.assertIn("The mail to somebody outside could not be delivered.", lines(ticket))
        self.assertIn(
            "Check it: the mail to somebody outside could not be delivered.", lines(ticket)
        )
        ticket = self.complete(ticket, "order", done="yes")
        self.assertEqual(ticket.status, "COMPLETED")
        self.assert_sound(ticket)
        self.assertEqual(list(company_findings()), [])
        self.log_in(self.terry)
        for error in errors:
            shown = self.client.get(repair_page(error))
            self.assertContains(shown, "with the text that it has")
        self.client.post(repair_page(errors[0]), sent(ticket, to=RIGHT))
        self.client.post(repair_page(errors[2]), sent(ticket, to="shop@else.example"))
        self.assertEqual(
            [each.status for each in self.errors(ticket)], ["RESOLVED", "NEW", "RESOLVED"]
        )
        found = [(self.mail(each).to, self.mail(each).status) for each in ("start", "too")]
        waits = MailStatus.WAITING
        self.assertEqual(found, [(RIGHT, waits), ("shop@else.example", waits)])
        self.assertEqual(self.mail("check").status, MailStatus.FAILED)
        give_up(self.mail("too"))  # and not there either
        self.assertEqual([each.status for each in self.errors(ticket)][3], "NEW")
        self.assertEqual(broken_invariants(ticket), [])

    def test_mails_to_people_make_none(self) -> None:
        ticket = self.submit(self.publish(on_ways(start=[TO_REQUESTER])))
        give_up(self.mails()[0])
        self.assertEqual(self.errors(ticket), [])

    def test_of_a_ticket_that_is_gone_none_is_kept(self) -> None:
        ticket = self.submit(self.publish(on_ways(start=[AT_START])))
        mail = self.mails()[0]
        OutgoingMail.objects.filter(pk=mail.pk).update(
            message_id=mail.message_id.replace(f"way.{ticket.pk}.", "way.0.")
        )
        give_up(self.mails()[0])
        self.assertFalse(TicketError.objects.exists())
