"""A ticket that somebody submits in the place of its requester."""

from __future__ import annotations

from typing import Any
from unittest import mock
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.models import User
from tenants.roles import SystemRole
from tickets.files.access import may_have
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import keep_file
from tickets.models import FileUpload, Follower, Notice, Ticket
from tickets.submitting.errors import MayNotSubmitError, MayNotSubmitForError
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import ScreenTestCase
from workflows.models import CompanyRole, WorkflowEvent
from workflows.running.history import replay, stored_state

PAGE = reverse("admin:tickets_myticket_submit_for")
FORM = reverse("admin:tickets_myticket_add")


class SubmitForTests(ScreenTestCase):
    def submit_for(self, by: User, **more: Any) -> Ticket:
        sent = {"definition": self.definition, "data": {"what": "A desk"}, "user": self.uma, **more}
        with self.captureOnCommitCallbacks(execute=True):
            return submit_ticket(**sent, by=by)

    def test_the_person_is_the_requester_and_the_history_says_who_submitted_it(self) -> None:
        ticket = Ticket.objects.get(pk=self.submit_for(self.terry).pk)
        self.assertEqual((ticket.created_by, ticket.status), (self.uma, "IN_PROGRESS"))
        event = WorkflowEvent.objects.order_by("pk")[0]
        self.assertEqual((event.kind, event.actor), ("SUBMITTED_FOR", self.terry))
        told = Notice.objects.get(kind="SUBMITTED_FOR_ME")
        self.assertEqual((told.recipient, told.actor), (self.uma, self.terry))
        audited = AuditEvent.objects.get(kind="tickets.submitted_for")
        self.assertEqual(audited.actor_id, self.terry.pk)
        assert ticket.workflow_instance is not None
        self.assertEqual(
            replay(WorkflowEvent.objects.all()), stored_state(ticket.workflow_instance)
        )
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        self.assertContains(page, f"{self.terry} submitted the ticket for Uma Urban.")
        self.assertNotContains(page, "Uma Urban submitted the ticket.")

    def test_a_worker_follows_it_and_a_ticket_admin_need_not(self) -> None:
        self.submit_for(self.terry)
        self.submit_for(self.walt)
        self.assertEqual([each.person for each in Follower.objects.all()], [self.walt])

    def test_only_ticket_admins_and_workers_may_and_only_for_who_may_submit(self) -> None:
        for by in (self.alice, self.carla, self.charlie, self.root):
            with self.assertRaises(MayNotSubmitForError):
                self.submit_for(by)
        for person in (self.wendy, self.charlie):
            with self.assertRaises((MayNotSubmitForError, MayNotSubmitError)):
                self.submit_for(self.terry, user=person)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_company_roles_hold_for_the_person_and_for_a_worker(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        self.definition.roles_with_access.add(role)
        with self.assertRaises(MayNotSubmitForError):
            self.submit_for(self.terry)
        role.members.add(self.uma)
        self.submit_for(self.terry)
        with self.assertRaises(MayNotSubmitForError):
            self.submit_for(self.walt)
        role.members.add(self.walt)
        self.submit_for(self.walt)

    def test_the_files_are_those_of_whoever_submits_it(self) -> None:
        own = keep_file(file=SimpleUploadedFile("a.txt", b"x"), user=self.terry)
        others = keep_file(file=SimpleUploadedFile("b.txt", b"x"), user=self.uma)
        self.submit_for(self.terry, data={"what": "A desk", "doc": own})
        upload = FileUpload.objects.get(uuid=str(own["upload"]))
        self.assertTrue(may_have(upload, self.uma))
        with self.assertRaises(UnknownUploadError):
            self.submit_for(self.terry, data={"what": "A desk", "doc": others})

    def test_where_the_first_step_fails_it_is_said_all_the_same(self) -> None:
        with (
            mock.patch("tickets.submitting.submit_ticket.take_step", side_effect=DatabaseError),
            self.assertLogs("tickets.submitting", level="ERROR"),
        ):
            ticket = self.submit_for(self.terry)
        self.assertEqual(Ticket.objects.get(pk=ticket.pk).created_by, self.uma)
        event = WorkflowEvent.objects.order_by("pk")[0]
        self.assertEqual((event.kind, event.actor), ("SUBMITTED_FOR", self.terry))

    # On screen

    def test_a_ticket_admin_does_it_on_screen(self) -> None:
        self.log_in(self.terry)
        self.assertContains(self.client.get(PAGE), self.uma.email)
        answer = self.client.get(PAGE, {"person": "nobody@example.com"})
        self.assertContains(answer, "Nobody with this e-mail address")
        cards = self.client.get(PAGE, {"person": self.uma.email.upper()}, follow=True)
        self.assertContains(cards, "You submit it for Uma Urban.")
        address = f"{FORM}?definition={self.definition.pk}&for={self.uma.pk}"
        form = self.client.get(address)
        self.assertContains(form, "You submit this for Uma Urban.")
        self.assertNotContains(form, "_save_for_later")
        sent = {"answers-what": "A chair", "token": uuid4().hex}
        answer = self.client.post(address, sent, follow=True)
        self.assertContains(answer, "was submitted for Uma Urban, who is told.")
        ticket = Ticket.objects.get()
        self.assertEqual(ticket.created_by, self.uma)
        self.assertIn(f"/ticket/{ticket.pk}/", answer.redirect_chain[-1][0])

    def test_a_worker_comes_to_the_messages_of_it(self) -> None:
        self.log_in(self.walt)
        address = f"{FORM}?definition={self.definition.pk}&for={self.uma.pk}"
        sent = {"answers-what": "A chair", "token": uuid4().hex}
        answer = self.client.post(address, sent, follow=True)
        self.assertEqual(answer.status_code, 200)
        self.assertContains(answer, "was submitted for Uma Urban, who is told.")

    def test_nobody_else_gets_there(self) -> None:
        address = f"{FORM}?definition={self.definition.pk}&for={self.uma.pk}"
        for person in (self.alice, self.carla):
            self.log_in(person)
            for page in (PAGE, address, FORM):
                self.assertEqual(self.client.get(page).status_code, 403)
        self.make_user_too("wendy")
        self.uma.groups.clear()
        self.give_role(self.uma, SystemRole.USER)
        self.log_in(self.uma)
        answer = self.client.get(f"{FORM}?definition={self.definition.pk}&for={self.wendy.pk}")
        self.assertEqual(answer.status_code, 302)
        self.log_in(self.terry)
        for name in ("0", "x", str(self.charlie.pk), "9" * 30):
            answer = self.client.get(f"{FORM}?definition={self.definition.pk}&for={name}")
            self.assertEqual(answer.status_code, 302, name)
        self.assertEqual(self.client.get(FORM).status_code, 403)
