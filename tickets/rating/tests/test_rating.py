from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.connection import use_company
from tenants.mail.models import OutgoingMail
from tickets.errors import NotYourTicketError
from tickets.models import Rating, Score, Ticket
from tickets.models.rating import LONGEST_COMMENT
from tickets.notices.mail_notices import mail_notices
from tickets.rating.errors import CannotRateError, CommentTooLongError
from tickets.rating.rate_ticket import rate_ticket
from tickets.rating.rating_link import rating_address
from tickets.tests.screens import ScreenTestCase
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.models import TicketDefinition, WorkflowInstance


class RatingCase(ScreenTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        TicketDefinition.objects.update(asks_rating=True)
        cls.definition.refresh_from_db()

    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = self.ended()

    def ended(self) -> Ticket:
        ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            output: JsonObject = {"ok": False, "reason": "Too much"}
            complete_task(task=self.task_of(ticket), output=output, user=self.wendy)
        return Ticket.objects.get(pk=ticket.pk)

    def rate(self, **more: Any) -> Rating:
        sent = {"ticket": self.ticket, "user": self.uma, "score": Score.GOOD, **more}
        return rate_ticket(**{"now": timezone.now(), **sent})

    def long_ago(self, days: int) -> None:
        at = timezone.now() - timedelta(days=days)
        WorkflowInstance.objects.filter(ticket=self.ticket).update(completed_at=at)


class RateTicketTests(RatingCase):
    def test_one_rating_for_each_ticket_which_may_be_changed(self) -> None:
        self.rate(comment="  Quick.\r\nThanks.\x00 ")
        self.rate(score=Score.BAD, comment="It broke.")
        rating = Rating.objects.get()
        self.assertEqual((rating.score, rating.comment), ("BAD", "It broke."))
        self.assertIsNotNone(rating.changed_at)

    def test_not_for_ever(self) -> None:
        self.long_ago(29)
        self.rate()
        self.long_ago(31)
        with self.assertRaises(CannotRateError):
            self.rate(score=Score.BAD)

    def test_only_whoever_submitted_it(self) -> None:
        for person in (self.wendy, self.terry, self.alice, self.charlie):
            with self.assertRaises(NotYourTicketError):
                self.rate(user=person)
        with self.assertRaises(CommentTooLongError):
            self.rate(comment="x" * (LONGEST_COMMENT + 1))

    def test_only_what_came_to_an_end_and_where_the_type_asks(self) -> None:
        running = self.submit()
        with self.assertRaises(CannotRateError):
            self.rate(ticket=running)
        withdraw_ticket(ticket=running, user=self.uma, reason="No.", now=timezone.now())
        with self.assertRaises(CannotRateError):
            self.rate(ticket=running)
        TicketDefinition.objects.update(asks_rating=False)
        with self.assertRaises(CannotRateError):
            self.rate()


class RatingPagesTests(RatingCase):
    def test_my_ticket_asks_by_one_click(self) -> None:
        self.log_in(self.uma)
        page = reverse("admin:tickets_myticket_change", args=(self.ticket.pk,))
        address = reverse("admin:tickets_myticket_rate", args=(self.ticket.pk,))
        self.assertContains(self.client.get(page), address)
        answer = self.client.post(address, {"score": "BAD", "comment": "<b>Slow"}, follow=True)
        self.assertContains(answer, "Thank you for saying so.")
        self.assertContains(answer, "You said: Not satisfied.")
        self.assertContains(answer, "&lt;b&gt;Slow")
        for sent in ({}, {"score": "X"}):
            self.client.post(address, sent)
        self.assertEqual(Rating.objects.get().score, "BAD")
        self.long_ago(31)
        answer = self.client.get(page)
        self.assertNotContains(answer, address)
        self.assertContains(answer, "You said: Not satisfied.")

    def test_nothing_is_asked_while_it_runs(self) -> None:
        self.log_in(self.uma)
        page = reverse("admin:tickets_myticket_change", args=(self.submit().pk,))
        self.assertNotContains(self.client.get(page), "How satisfied")

    def test_ticket_admins_see_shares_and_comments_and_filter_by_them(self) -> None:
        self.rate(score=Score.BAD, comment="It broke.")
        self.rate(ticket=self.ended())
        self.log_in(self.terry)
        address = reverse("admin:tickets_ticket_ratings")
        page = self.client.get(address)
        self.assertContains(page, "50 %")
        self.assertContains(page, "It broke.")
        self.assertNotContains(self.client.get(address, {"score": "GOOD"}), "It broke.")
        shown = reverse("admin:tickets_ticket_change", args=(self.ticket.pk,))
        self.assertContains(self.client.get(shown), "It broke.")
        tickets = self.client.get(reverse("admin:tickets_ticket_changelist"), {"rating": "BAD"})
        self.assertEqual([row.pk for row in tickets.context["cl"].result_list], [self.ticket.pk])
        counts = Rating.objects.of_tickets(Ticket.objects.filter(pk=self.ticket.pk)).counts()
        self.assertEqual(counts, {"good": 0, "bad": 1, "total": 1})
        for person in (self.uma, self.wendy, self.alice):
            self.log_in(person)
            self.assertEqual(self.client.get(address).status_code, 403)

    def test_the_list_costs_as_much_for_many_as_for_one(self) -> None:
        self.log_in(self.terry)
        self.rate()
        (shown,) = self.client.get(reverse("admin:tickets_ticket_ratings")).context["ratings"]
        self.assertIn("data", shown.ticket.get_deferred_fields())
        few = self.count_queries(reverse("admin:tickets_ticket_ratings"))
        for _time in range(3):
            self.rate(ticket=self.ended())
        self.assertLessEqual(self.count_queries(reverse("admin:tickets_ticket_ratings")), few)


class RateByMailTests(RatingCase):
    def setUp(self) -> None:
        super().setUp()
        self.visitor = Client()
        self.address = rating_address(self.ticket.pk, self.uma, Score.BAD)

    def ratings(self) -> list[Rating]:
        """Of Acme: the page leaves the company in which the test works."""
        use_company(self.acme)
        return list(Rating.objects.all())

    def test_the_mail_about_the_end_leads_there(self) -> None:
        mail_notices(now=timezone.now())
        mail = OutgoingMail.objects.get(to=self.uma.email, kind="TICKET_ENDED")
        self.assertIn(self.address, mail.text)
        self.assertIn(self.address, mail.html)
        others = OutgoingMail.objects.exclude(pk=mail.pk)
        self.assertFalse(others.filter(text__contains="/rate/").exists())

    def test_opening_it_rates_nothing_and_the_button_does(self) -> None:
        page = self.visitor.get(self.address)
        self.assertContains(page, self.ticket.number)
        self.assertEqual(self.ratings(), [])
        answer = self.visitor.post(self.address, {"score": "GOOD", "comment": "Well done"})
        self.assertContains(answer, "Thank you")
        (rating,) = self.ratings()
        self.assertEqual((rating.score, rating.comment), ("GOOD", "Well done"))

    def test_a_forwarded_mail_tells_nothing_and_an_empty_comment_keeps_what_was_said(self) -> None:
        self.rate(comment="It broke.")
        Ticket.objects.filter(pk=self.ticket.pk).update(title="My illness")
        page = self.visitor.get(self.address)
        self.assertNotContains(page, "It broke.")
        self.assertNotContains(page, "My illness")
        self.visitor.post(self.address, {"score": "BAD", "comment": " "})
        (rating,) = self.ratings()
        self.assertEqual((rating.score, rating.comment), ("BAD", "It broke."))
        self.visitor.post(self.address, {"score": "BAD", "comment": "Mended."})
        self.assertEqual([each.comment for each in self.ratings()], ["Mended."])

    def test_a_company_that_is_being_upgraded_is_asked_nothing(self) -> None:
        with mock.patch("tenants.migrating.versions.is_up_to_date", return_value=False):
            for answer in (
                self.visitor.get(self.address),
                self.visitor.post(self.address, {"score": "BAD"}),
            ):
                self.assertContains(answer, "brought up to date", status_code=503)
        self.assertEqual(self.ratings(), [])

    def test_it_is_good_for_as_long_as_the_ticket_may_be_rated(self) -> None:
        self.long_ago(31)
        asked, sent = self.visitor.get(self.address), {"score": "GOOD"}
        for answer in (asked, self.visitor.post(self.address, sent)):
            self.assertEqual(answer.status_code, 409)
            self.assertContains(answer, "cannot be rated", status_code=409)

    def test_what_is_not_ours_or_of_somebody_who_left_does_nothing(self) -> None:
        forged = [f"{self.address[:-6]}/", rating_address(self.ticket.pk, self.wendy, Score.BAD)]
        self.uma.is_active = False
        self.uma.save()
        for address in (*forged, self.address, self.address.replace("/rate/", "/rate/x")):
            for answer in (self.visitor.get(address), self.visitor.post(address, {"score": "BAD"})):
                self.assertEqual(answer.status_code, 404, address)
        self.assertEqual(self.ratings(), [])

    def test_a_session_of_somebody_else_counts_for_nothing(self) -> None:
        self.log_in(self.charlie)
        self.assertContains(self.client.get(self.address), self.ticket.number)
        self.client.post(self.address, {"score": "BAD"})
        self.assertEqual([each.ticket for each in self.ratings()], [self.ticket])
