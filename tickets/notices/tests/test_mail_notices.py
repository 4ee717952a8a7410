"""Mails about notices: as each person wants it, each once, and stopped by one click."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest import mock

from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.companies.company_limits import MAILS, uses_of
from tenants.connection import use_company
from tenants.mail.message import message_of
from tenants.mail.models import OutgoingMail
from tenants.mail.outbox import NewMail, message_id_of, queue_mails
from tenants.models import Company, User
from tenants.testing import CompanyClient
from tickets.models import MailState, Notice, NoticePreferences
from tickets.notices.find_companies import companies_with_digests, companies_with_mails
from tickets.notices.kinds.kind import ByMail, all_kinds, kind_named
from tickets.notices.mail_notices import MOST_AN_HOUR, mail_about, mail_notices
from tickets.notices.preferences import set_wishes, wishes_of
from tickets.notices.send_digests import send_digests
from tickets.notices.stop_mail import DIGEST, stop_address
from tickets.notices.tests.test_every_kind_everywhere import EXAMPLES, WITHOUT_TICKET
from tickets.notices.tests.test_notice_pages import NoticePagesCase

MORNING = datetime(2026, 3, 4, 8, tzinfo=UTC)


class MailCase(NoticePagesCase):
    def wish(self, person: User, wish: ByMail) -> None:
        set_wishes(person=person, wishes={kind_named("MENTION"): wish})

    def states(self) -> list[str]:
        return list(Notice.objects.order_by("pk").values_list("mail", flat=True))

    def mails(self) -> list[OutgoingMail]:
        return list(OutgoingMail.objects.order_by("pk"))

    def path_of(self, mail: OutgoingMail) -> str:
        return mail.list_unsubscribe[mail.list_unsubscribe.index("/stop-mail/") :]


class MailNoticesTests(MailCase):
    def test_each_is_mailed_once(self) -> None:
        self.add(self.uma, 2)
        self.assertIn("acme", companies_with_mails())
        self.assertEqual([mail_notices(now=MORNING) for _time in range(2)], [1, 0])
        self.assertNotIn("acme", companies_with_mails())
        self.assertEqual([each.to for each in self.mails()], [self.uma.email])
        # Also where what notes it was lost.
        Notice.objects.update(mail=MailState.WAITS)
        mail_notices(now=MORNING)
        self.assertEqual(len(self.mails()), 1)

    def test_what_waits_together_is_one_mail(self) -> None:
        notices = self.add(self.uma, 3)
        self.add(self.wendy, 2)
        self.assertEqual(mail_notices(now=MORNING), 2)
        to_uma = next(each for each in self.mails() if each.to == self.uma.email)
        for notice in notices:
            address = reverse("admin:notice", args=[notice.pk])
            self.assertIn(f"{address}\n", to_uma.text)
            self.assertIn(f'{address}"', to_uma.html)
        self.assertEqual(to_uma.text.count("mentioned you on"), 3)
        self.assertTrue(to_uma.subject.startswith("3 notices: "), to_uma.subject)
        self.add(self.uma)
        mail_notices(now=MORNING)
        self.assertEqual(len(self.mails()), 3)

    def test_of_very_many_some_are_shown(self) -> None:
        self.add(self.uma, 50)
        self.assertEqual(mail_notices(now=MORNING), 1)
        self.assertIn("… and 30 more.", self.mails()[0].text)

    def test_what_is_undone_is_not_mailed(self) -> None:
        self.add(self.uma)
        with transaction.atomic():
            mail_notices(now=MORNING)
            transaction.set_rollback(True)
        self.assertEqual((self.states(), self.mails()), (["WAITS"], []))

    def test_as_a_person_wants_it(self) -> None:
        self.wish(self.uma, ByMail.NEVER)
        self.wish(self.wendy, ByMail.DIGEST)
        for person in (self.uma, self.wendy, self.walt):
            self.add(person)
        self.assertEqual(mail_notices(now=MORNING), 1)
        self.assertEqual(self.states(), ["DONE", "DIGEST", "DONE"])
        self.assertEqual([each.to for each in self.mails()], [self.walt.email])

    def test_who_has_read_it_or_is_gone_gets_no_mail(self) -> None:
        self.add(self.uma, read_at=MORNING)
        self.add(self.wendy)
        User.objects.filter(pk=self.wendy.pk).update(is_active=False)
        self.assertEqual(mail_notices(now=MORNING), 0)
        self.assertEqual(self.states(), ["DONE", "DONE"])

    def test_a_ticket_is_one_conversation(self) -> None:
        for _time in range(2):
            self.add(self.uma)
            mail_notices(now=MORNING)
        first, second = self.mails()
        thread = message_id_of(f"ticket.{self.ticket.pk}")
        self.assertEqual({first.in_reply_to, second.references}, {thread})
        self.assertNotEqual(first.message_id, second.message_id)

    def test_mail_programs_can_read_how_to_stop_it(self) -> None:
        self.add(self.uma)
        mail_notices(now=MORNING)
        (mail,) = self.mails()
        self.assertIn(
            f"\r\nList-Unsubscribe: <{mail.list_unsubscribe}>\r\n".encode(), message_of(mail)
        )

    def test_many_cost_the_same_statements(self) -> None:
        counts = []
        for count in (1, 40):
            self.add(self.uma, count)
            with CaptureQueriesContext(connection) as queries:
                mail_notices(now=MORNING)
            counts.append(len(queries))
        self.assertEqual(*counts)

    def test_every_kind_has_a_mail(self) -> None:
        for kind in all_kinds():
            Notice.objects.create(
                recipient=self.uma,
                kind=str(kind),
                ticket=None if kind in WITHOUT_TICKET else self.ticket,
                actor=self.terry,
                about=EXAMPLES[kind],
            )
            notice = Notice.objects.with_words().latest("pk")
            mail = mail_about([notice], self.uma, self.acme, {}, now=MORNING)
            address = reverse("admin:notice", args=[notice.pk])
            with self.subTest(kind):
                for text in (mail.text, mail.html):
                    self.assertIn(f"{address}\n" if text == mail.text else f'{address}"', text)
                    self.assertIn(reverse("admin:notice_preferences"), text)
                    self.assertIn(self.acme.name, text)
                self.assertNotIn("&quot;", mail.text)
                self.assertNotIn("%(", mail.subject + mail.text)

    def test_what_people_typed_is_no_markup(self) -> None:
        self.ticket.title = '<b onclick="x">&'
        self.ticket.save()
        notice = self.add(self.uma)[0]
        notice.ticket = self.ticket
        mail = mail_about([notice], self.uma, self.acme, {}, now=MORNING)
        self.assertIn('<b onclick="x">&', mail.text)
        self.assertNotIn("<b onclick", mail.html)


class DigestTests(MailCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.wish(self.uma, ByMail.DIGEST)
        self.add(self.uma, 3)
        mail_notices(now=MORNING)

    def test_there_is_one_a_day(self) -> None:
        self.assertIn("acme", companies_with_digests())
        self.assertEqual([send_digests(now=MORNING) for _time in range(2)], [1, 0])
        (mail,) = self.mails()
        self.assertEqual(mail.text.count("mentioned you on"), 3)
        self.assertEqual(mail.html.count("mentioned you on"), 3)
        self.assertIn("3 notices", mail.subject)
        self.add(self.uma)
        mail_notices(now=MORNING)
        self.assertEqual(send_digests(now=MORNING + timedelta(hours=9)), 0)
        self.assertEqual(send_digests(now=MORNING + timedelta(days=1)), 1)
        self.assertEqual(self.mails()[1].text.count("mentioned you on"), 1)

    def test_it_waits_for_the_morning_of_the_company(self) -> None:
        self.acme.time_zone = "America/New_York"
        self.acme.save()
        use_company(self.acme)
        self.assertEqual(send_digests(now=MORNING), 0)
        self.assertEqual(send_digests(now=MORNING + timedelta(hours=5)), 1)

    def test_and_for_that_of_whoever_is_elsewhere(self) -> None:
        User.objects.filter(pk=self.uma.pk).update(time_zone="America/New_York")
        self.assertEqual(send_digests(now=MORNING), 0)
        self.assertEqual(send_digests(now=MORNING + timedelta(hours=5)), 1)

    def test_it_is_in_the_language_of_who_gets_it(self) -> None:
        User.objects.filter(pk=self.uma.pk).update(language="de")
        send_digests(now=MORNING)
        self.assertIn("Benachrichtigung", self.mails()[0].subject)

    def test_what_was_read_is_not_in_it(self) -> None:
        Notice.objects.update(read_at=MORNING)
        self.assertEqual(send_digests(now=MORNING), 0)
        self.assertEqual((self.mails(), set(self.states())), ([], {"DONE"}))
        self.add(self.uma)  # and the day is not used up
        mail_notices(now=MORNING)
        self.assertEqual(send_digests(now=MORNING), 1)

    def test_what_comes_while_it_is_written_is_for_the_next_one(self) -> None:
        """Also a notice that is older than those which are in it."""
        oldest = Notice.objects.filter(pk=Notice.objects.earliest("pk").pk)
        oldest.update(mail=MailState.WAITS)

        def queue(mails: list[NewMail]) -> None:
            queue_mails(mails)
            oldest.update(mail=MailState.DIGEST)  # as mail_notices does at any moment

        with mock.patch("tickets.notices.send_digests.queue_mails", queue):
            send_digests(now=MORNING)
        self.assertIn("2 notices", self.mails()[0].subject)
        self.assertEqual(self.states(), ["DIGEST", "DONE", "DONE"])
        send_digests(now=MORNING + timedelta(days=1))
        self.assertEqual(self.mails()[1].text.count("mentioned you on"), 1)

    def test_of_very_many_some_are_listed(self) -> None:
        self.add(self.uma, 80)
        mail_notices(now=MORNING)
        send_digests(now=MORNING)
        self.assertIn("… and 33 more.", self.mails()[0].text)


class TooManyTests(MailCase):
    """Whoever has others written to, on and on, fills their digests and not their mailboxes."""

    def add_apart(self, person: User, count: int = 1) -> None:
        """Of no ticket: each is a mail of its own."""
        self.add(person, count)
        Notice.objects.update(ticket=None)

    def test_of_very_many_to_one_person_the_rest_is_for_the_digest(self) -> None:
        self.add_apart(self.uma, MOST_AN_HOUR - 1)
        self.assertEqual(mail_notices(now=MORNING), MOST_AN_HOUR - 1)
        self.add_apart(self.uma, 120)
        self.add_apart(self.wendy, 2)
        self.assertEqual(mail_notices(now=MORNING), 1 + 2)
        self.assertEqual(self.states().count("DIGEST"), 119)
        self.assertEqual(self.states().count("WAITS"), 0)
        self.assertEqual(send_digests(now=MORNING), 1)
        self.assertEqual(self.states().count("DIGEST"), 0)
        self.assertIn("and 69 more", self.mails()[-1].text)

    @override_settings(COMPANY_MOST_MAILS_A_DAY=5)
    def test_of_very_many_of_a_company_the_rest_is_for_the_digest(self) -> None:
        for person in (self.uma, self.wendy, self.walt):
            self.add_apart(person, 3)
        self.assertEqual(mail_notices(now=MORNING), 5)
        self.assertEqual(self.states().count("DIGEST"), 4)
        use = next(use for use in uses_of(self.acme) if use.limit is MAILS)
        self.assertEqual((use.used, use.most, use.is_reached), (5, 5, True))
        # A superuser may give a company more: those that were not sent used nothing up.
        Company.objects.filter(pk=self.acme.pk).update(most_mails_a_day=6)
        use_company(Company.objects.get(pk=self.acme.pk))
        self.add_apart(self.wendy)
        self.assertEqual(mail_notices(now=MORNING), 1)

    def test_what_is_undone_does_not_count(self) -> None:
        self.add_apart(self.uma, 50)
        with transaction.atomic():
            mail_notices(now=MORNING)
            transaction.set_rollback(True)
        self.assertEqual(mail_notices(now=MORNING), 50)

    def test_nothing_reads_what_tickets_hold(self) -> None:
        """It may be megabytes for each notice, of which a digest has any number."""
        self.wish(self.wendy, ByMail.DIGEST)
        self.add(self.uma, 2)
        self.add(self.wendy, 2)
        self.log_in(self.uma)
        with CaptureQueriesContext(connection) as queries:
            mail_notices(now=MORNING)
            send_digests(now=MORNING)
            self.client.get(reverse("admin:notices"))
        self.assertEqual(len(self.mails()), 2)
        column = '"tickets_ticket"."data"'
        self.assertEqual([each["sql"] for each in queries if column in each["sql"]], [])


class StopMailTests(MailCase):
    def test_one_click_stops_one_kind(self) -> None:
        self.add(self.uma)
        mail_notices(now=MORNING)
        stranger = CompanyClient(enforce_csrf_checks=True)
        address = self.path_of(self.mails()[0])
        asked = stranger.get(address)
        self.assertContains(asked, "Send no more")
        self.assertFalse(NoticePreferences.objects.exists())
        for _time in range(2):
            done = stranger.post(address, {"List-Unsubscribe": "One-Click"})
            self.assertContains(done, "no more mails of this kind")
        self.assertEqual(wishes_of(self.uma)[kind_named("MENTION")], ByMail.NEVER)
        self.assertEqual(wishes_of(self.uma)[kind_named("TICKET_ENDED")], ByMail.AT_ONCE)

    def test_digests_are_stopped_whole(self) -> None:
        address = stop_address(self.uma, DIGEST)
        self.client.post(address[address.index("/stop-mail/") :])
        wishes = wishes_of(self.uma)
        self.assertNotIn(ByMail.DIGEST, wishes.values())
        self.assertEqual(wishes[kind_named("TICKET_MOVED")], ByMail.NEVER)
        self.assertEqual(wishes[kind_named("TICKET_ENDED")], ByMail.AT_ONCE)

    def test_whoever_is_logged_in_it_is_the_persons_whose_mail_it_is(self) -> None:
        address = stop_address(self.uma, "MENTION")
        self.log_in(self.charlie)
        self.client.post(address[address.index("/stop-mail/") :])
        self.assertEqual(NoticePreferences.objects.get().person, self.uma)

    def test_a_company_that_is_being_upgraded_is_not_entered(self) -> None:
        address = stop_address(self.uma, "MENTION")
        with mock.patch("tenants.migrating.versions.is_up_to_date", return_value=False):
            answer = self.client.post(address[address.index("/stop-mail/") :])
        self.assertContains(answer, "brought up to date", status_code=503)
        use_company(self.acme)
        self.assertFalse(NoticePreferences.objects.exists())

    def test_what_is_not_ours_is_refused(self) -> None:
        good = stop_address(self.uma, "MENTION")
        token = good[good.index("/stop-mail/") + len("/stop-mail/") :].strip("/")
        for bad in (token[:-1], f"x{token}", "nonsense", ":::", "%00"):
            for answer in (
                self.client.get(f"/stop-mail/{bad}/"),
                self.client.post(f"/stop-mail/{bad}/"),
            ):
                self.assertLess(answer.status_code, 500)
                self.assertNotContains(answer, "Send no more", status_code=answer.status_code)
        self.assertFalse(NoticePreferences.objects.exists())
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        self.assertGreaterEqual(self.client.post(f"/stop-mail/{token}/").status_code, 400)
