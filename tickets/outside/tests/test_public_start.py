"""Tickets that people outside begin: a form without a log-in, and the proof of an address."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone

from tenants.limits.rates import count_requests, counted_requests
from tenants.limits.table import PUBLIC_STARTS, PUBLIC_STARTS_OF_SENDER
from tenants.mail.message import texts_of
from tenants.mail.models import OutgoingMail
from tickets.advancing.tests.times_case import TimesCase, loan
from tickets.following.pages.progress import Moments
from tickets.models import StartRequest, Ticket
from tickets.outside.public_start import forget_starts
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.seeing import Viewer
from workflows.bundles import check_bundle
from workflows.models import TicketDefinition
from workflows.running.public_starts import public_address

CORA = "cora@customer.example"
SENT = {"answers-item": "Secret plans", "answers-mail": CORA}


class PublicStartTests(TimesCase):
    def setUp(self) -> None:
        super().setUp()
        self.definition = self.publish(self.document())

    def document(self, **more: Any) -> Any:
        made: Any = loan({})
        mail = {"name": "mail", "label": "Your e-mail", "type": "email", "required": True}
        made["workflow"]["fields"].append({**mail, **more})
        made["ticket_types"][0]["public_for"] = self.uma.email
        return made

    def form(self) -> str:
        return urlsplit(public_address("loan")).path

    def link(self) -> str:
        text, _html = texts_of(OutgoingMail.objects.filter(kind="public_start").latest("pk"))
        self.assertNotIn("Secret", text)
        found = re.search(r"/started/[^\s]+/", text)
        assert found is not None
        return found[0]

    def test_whoever_proves_an_address_begins_a_ticket(self) -> None:
        page = self.client.get(self.form())
        self.assertContains(page, "Your e-mail")
        self.assertNotContains(page, "Uma")
        self.assertEqual(page["Cache-Control"], "no-store")
        page = self.client.post(self.form(), {"answers-item": "Beamer"})
        self.assertContains(page, "tk-errors")
        self.assertContains(self.client.post(self.form(), SENT), "Look into your mailbox")
        self.assertEqual(Ticket.objects.count(), 0)
        link = self.link()
        self.assertContains(self.client.get(link), "Send it")
        self.assertEqual(Ticket.objects.count(), 0)  # a program that looks at links
        pages = [self.client.post(link) for _again in range(2)]
        ticket = Ticket.objects.get()
        for page in pages:
            self.assertContains(page, f"Acme has it, as #{ticket.pk}")
        self.assertEqual((ticket.created_by, str(ticket.contact)), (self.uma, CORA))
        self.assertEqual(ticket.data, {"item": "Secret plans", "mail": CORA})
        self.assertEqual(ticket.title, "Loan: Secret plans")
        self.assertEqual(self.task(ticket).assigned_to, self.wendy)
        self.assertEqual(broken_invariants(ticket), [])
        moments = Moments(ticket, Viewer.REQUESTER).newest(before=10**9, most=9)
        told = [str(each) for each in moments]
        self.assertIn("Somebody outside submitted the ticket, by the public form.", "".join(told))
        self.assertEqual(StartRequest.objects.get().answers, {})
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk]))
        self.assertContains(page, f"Begun from outside by {CORA}")

    def test_a_link_ends_and_what_was_sent_is_forgotten(self) -> None:
        self.client.post(self.form(), SENT)
        StartRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        for send in (self.client.get, self.client.post):
            self.assertContains(send(self.link()), "does not count any more", status_code=410)
        self.assertEqual(forget_starts(now=timezone.now()), 1)
        self.assertEqual(self.client.post(self.link()).status_code, 404)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_nobody_finds_a_form_by_trying(self) -> None:
        form = self.form()
        for wrong in (reverse("public_start", args=["forged"]), form[:-2] + "x/"):
            for send in (self.client.get, self.client.post):
                self.assertEqual(send(wrong).status_code, 404)
        for change in ({"public_for": ""}, {"public_for": "nobody@acme.example"},
                       {"public_for": self.charlie.email}, {"is_active": False}):  # fmt: skip
            TicketDefinition.objects.filter(key="loan").update(
                **{"public_for": self.uma.email, "is_active": True, **change}
            )
            with self.subTest(change):
                self.assertEqual(self.client.get(form).status_code, 404)

    def test_one_address_is_sent_three_mails_an_hour(self) -> None:
        for _number in range(3):
            self.client.post(self.form(), SENT)
        page = self.client.post(self.form(), SENT)
        self.assertContains(page, "tk-bad")
        self.assertEqual(OutgoingMail.objects.filter(kind="public_start").count(), 3)
        # What was refused takes no room of the company.
        counted = counted_requests(PUBLIC_STARTS.kind, "acme", seconds=PUBLIC_STARTS.seconds)
        self.assertEqual(counted, 3)

    def test_one_sender_takes_no_room_of_others(self) -> None:
        most = PUBLIC_STARTS_OF_SENDER.most
        self.assertLess(10 * most, PUBLIC_STARTS.most)
        count_requests(
            PUBLIC_STARTS_OF_SENDER.kind,
            "acme\n127.0.0.1",
            most,
            most=most,
            seconds=PUBLIC_STARTS_OF_SENDER.seconds,
        )
        self.assertContains(self.client.post(self.form(), SENT), "tk-bad")
        other = self.client.post(self.form(), SENT, REMOTE_ADDR="192.0.2.7")
        self.assertContains(other, "Look into your mailbox")

    def test_a_form_that_was_changed_is_asked_anew(self) -> None:
        self.client.post(self.form(), SENT)
        changed = self.document()
        changed["workflow"]["fields"][0]["max"] = 3
        self.publish(changed)
        self.assertContains(self.client.post(self.link()), "was changed", status_code=409)
        self.assertEqual(Ticket.objects.count(), 0)

    def test_the_page_of_the_type_shows_the_address(self) -> None:
        self.log_in(self.carla)
        page = reverse("admin:workflows_ticketdefinition_change", args=[self.definition.pk])
        self.assertContains(self.client.get(page), self.form())

    def test_what_a_public_form_must_ask_is_checked(self) -> None:
        self.assertEqual([each for each in check_bundle(self.document()) if each.is_error], [])
        for more, said in (
            ({"required": False}, "needs a question of type email"),
            ({"type": "text"}, "needs a question of type email"),
        ):
            found = [each.message for each in check_bundle(self.document(**more))]
            self.assertTrue(any(said in each for each in found), found)
        document = self.document()
        document["workflow"]["fields"].append({"name": "photo", "type": "file"})
        document["ticket_types"][0]["public_for"] = "nobody"
        found = [each.message for each in check_bundle(document)]
        self.assertTrue(any("send no file" in each for each in found), found)
        self.assertTrue(any("no e-mail address" in each for each in found), found)
