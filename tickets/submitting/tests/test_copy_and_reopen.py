"""A new ticket that begins with an old one: copied, or reopened as a follow-up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tickets.errors import NotYourTicketError, ReasonMissingError
from tickets.files.keep_file import keep_file
from tickets.files.pages.uploads import UploadKeeper
from tickets.models import FileUpload, Message, Ticket, TicketLink
from tickets.submitting.errors import CannotReopenError, ReopenedAlreadyError
from tickets.submitting.old_answers import old_answers
from tickets.submitting.reopen_ticket import reopen_ticket
from tickets.tests.screens import FIELDS, ScreenTestCase, make_type
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from workflows.models import TicketDefinition, WorkflowInstance


class OldCase(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.uma)

    def page(self, name: str, ticket: Ticket) -> str:
        return reverse(f"admin:tickets_myticket_{name}", args=(ticket.pk,))

    def end(self, ticket: Ticket, *, days_ago: float = 0) -> Ticket:
        now = timezone.now()
        withdraw_ticket(ticket=ticket, user=ticket.created_by, reason="Enough.", now=now)
        at = now - timedelta(days=days_ago)
        instances = WorkflowInstance.objects.filter(ticket=ticket)
        instances.update(completed_at=at)
        return Ticket.objects.select_related("workflow_instance", "definition").get(pk=ticket.pk)

    def let_reopen(self, days: int) -> None:
        TicketDefinition.objects.filter(key="purchase").update(reopen_days=days)
        self.definition.refresh_from_db()


class CopyTests(OldCase):
    def test_the_form_begins_with_the_old_answers(self) -> None:
        ticket = self.submit(amount=2500, why="It is heavy")
        page = self.client.get(self.page("copy", ticket), follow=True)
        for text in ("A desk", "2500", "It is heavy"):
            self.assertContains(page, text)
        self.assertNotContains(page, "Not copied")
        address = page.redirect_chain[-1][0]
        self.client.post(address, {"answers-what": "A lamp", "token": uuid4().hex})
        made = Ticket.objects.latest("pk")
        self.assertEqual(made.data, {"what": "A lamp"})
        self.assertFalse(TicketLink.objects.exists())

    def test_what_no_longer_fits_is_left_out_and_said(self) -> None:
        ticket = self.submit(amount=1250.5, why="It is heavy")
        make_type(
            version=2,
            fields=[
                {"name": "what", "label": "Thing", "type": "choice", "choices": ["A lamp"]},
                {"name": "amount", "label": "Amount", "type": "number", "max": 10},
                {"name": "why", "label": "Why?", "type": "integer"},
                {"name": "new", "label": "New", "type": "text", "required": True},
            ],
        )
        page = self.client.get(self.page("copy", ticket), follow=True)
        self.assertContains(page, "Not copied")
        self.assertContains(page, "Thing, ")
        for text in ("Amount", "Why?"):
            self.assertContains(page, text)
        for text in ("A desk", "1250.5", "It is heavy"):
            self.assertNotContains(page, text)

    def test_a_question_that_is_gone_or_set_by_the_type_is_not_filled_in(self) -> None:
        ticket = self.submit(amount=5000, why="Because")
        changed = make_type(version=2, fields=[FIELDS[0], FIELDS[1]], presets={"amount": 7})
        found = old_answers(ticket, changed, keeper=UploadKeeper(user=self.uma))
        self.assertEqual((found.answers, found.left_out), ({"what": "A desk"}, ["Why so much?"]))

    def test_files_stay_where_they_are(self) -> None:
        kept = keep_file(file=SimpleUploadedFile("plan.txt", b"x"), user=self.uma)
        ticket = self.submit(doc=kept)
        page = self.client.get(self.page("copy", ticket), follow=True)
        self.assertContains(page, "Not copied, as it is a file")
        self.assertNotContains(page, str(kept["upload"]))
        self.assertEqual(FileUpload.objects.get().ticket, ticket)

    def test_one_that_is_saved_for_later_keeps_the_answers(self) -> None:
        page = self.client.get(self.page("copy", self.submit()), follow=True)
        values = {"answers-what": "A chair", "_save_for_later": "1", "token": "b" * 32}
        answer = self.client.post(page.redirect_chain[-1][0], values, follow=True)
        self.assertContains(answer, "Your answers are saved.")

    def test_a_type_that_is_gone_says_so(self) -> None:
        ticket = self.submit()
        TicketDefinition.objects.update(is_active=False)
        self.assertContains(self.client.get(self.page("copy", ticket), follow=True), "may not")

    def test_others_learn_nothing(self) -> None:
        ticket = self.submit()
        self.make_user_too("wendy", "terry")
        address = reverse("admin:tickets_myticket_add")
        for person in (self.wendy, self.terry, self.charlie):
            self.log_in(person)
            for name in ("copy", "reopen"):
                self.assertEqual(self.client.get(self.page(name, ticket)).status_code, 404)
            for name in ("copy", "reopens"):
                query = {"definition": self.definition.pk, name: ticket.pk}
                answer = self.client.get(address, query, follow=True)
                self.assertNotContains(answer, "A desk", status_code=answer.status_code)

    def test_what_is_typed_into_the_address_is_no_error_page(self) -> None:
        address = reverse("admin:tickets_myticket_add")
        for text in ("0", "abc", "9" * 30, "%00"):
            query = f"?definition={self.definition.pk}&copy={text}"
            self.assertEqual(self.client.get(f"{address}{query}").status_code, 404)


class ReopenTests(OldCase):
    def reopen(self, old: Ticket, **more: Any) -> Ticket:
        values = {"why": "It broke again.", "user": self.uma, "token": uuid4().hex, **more}
        with self.captureOnCommitCallbacks(execute=True):
            return reopen_ticket(
                old=old, definition=self.definition, data={"what": "A desk"},
                now=timezone.now(), **values,
            )  # fmt: skip

    def test_it_makes_a_follow_up_and_the_old_one_stays_ended(self) -> None:
        self.let_reopen(14)
        old = self.end(self.submit())
        made = self.reopen(old)
        link = TicketLink.objects.get()
        self.assertEqual((link.ticket, link.other, link.kind), (made, old, "FOLLOW_UP"))
        old.refresh_from_db()
        self.assertEqual((old.status, made.status), ("CANCELLED", "IN_PROGRESS"))
        message = Message.objects.get()
        self.assertEqual((message.ticket, message.text), (made, "It broke again."))

    def test_only_within_the_days_of_the_type_of_today(self) -> None:
        old = self.end(self.submit(), days_ago=3)
        for days, works in ((0, False), (2, False), (4, True)):
            self.let_reopen(days)
            shown = self.client.get(self.page("change", old))
            self.assertEqual(self.page("reopen", old) in shown.text, works, days)
            if not works:
                with self.assertRaises(CannotReopenError):
                    self.reopen(old)
        self.reopen(old)

    def test_not_while_it_or_its_follow_up_runs(self) -> None:
        self.let_reopen(14)
        old = self.submit()
        with self.assertRaises(CannotReopenError):
            self.reopen(old)
        old = self.end(old)
        made = self.reopen(old)
        with self.assertRaisesMessage(ReopenedAlreadyError, f"#{made.pk}"):
            self.reopen(old)
        self.end(made)
        self.reopen(old)

    def test_a_running_ticket_that_somebody_else_linked_to_it_is_in_nobodys_way(self) -> None:
        self.let_reopen(14)
        old, theirs = self.end(self.submit()), self.submit()
        Ticket.objects.filter(pk=theirs.pk).update(created_by=self.wendy)
        TicketLink.objects.create(
            ticket=theirs, other=old, kind="FOLLOW_UP", made_by=self.wendy, made_at=timezone.now()
        )
        self.reopen(old)

    def test_only_whoever_submitted_it_and_they_say_why(self) -> None:
        self.let_reopen(14)
        self.make_user_too("wendy")
        old = self.end(self.submit())
        with self.assertRaises(NotYourTicketError):
            self.reopen(old, user=self.wendy)
        with self.assertRaises(ReasonMissingError):
            self.reopen(old, why=" \x00")
        self.assertEqual(Ticket.objects.count(), 1)

    def test_the_form_asks_why_and_keeps_what_was_typed(self) -> None:
        self.let_reopen(14)
        old = self.end(self.submit())
        page = self.client.get(self.page("reopen", old), follow=True)
        self.assertContains(page, "A desk")
        self.assertContains(page, "follows up")
        self.assertNotContains(page, "_save_for_later")
        address, values = page.redirect_chain[-1][0], {"answers-what": "A desk 2", "why": ""}
        answer = self.client.post(address, values)
        self.assertContains(answer, "Say what is still open")
        self.assertContains(answer, "A desk 2")
        values |= {"why": "It broke.", "token": uuid4().hex}
        answer = self.client.post(address, values, follow=True)
        self.assertContains(answer, "Your ticket was submitted.")
        self.assertContains(answer, "It broke.")
        TicketDefinition.objects.update(reopen_days=0)
        answer = self.client.post(address, {**values, "token": uuid4().hex})
        self.assertContains(answer, "cannot be reopened")
        self.assertContains(answer, "A desk 2")
