"""The bell, the list of notices, where they lead, and how one wants to be told."""

from __future__ import annotations

from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.middleware import POLL
from tenants.models import User
from tenants.testing import CompanyTestCase, outside
from tickets.models import Notice, NoticePreferences
from tickets.notices.forget_notices import forget_notices
from tickets.notices.kinds.kind import kinds_for
from tickets.notices.pages.notice_list import PER_PAGE
from tickets.repairing.tests.repair_case import SmallWorkflow

LIST, BELL, PREFERENCES = "admin:notices", "admin:notices_bell", "admin:notice_preferences"


class NoticePagesCase(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.ticket = self.submit()
        Notice.objects.all().delete()

    def add(self, person: User, count: int = 1, **values: object) -> list[Notice]:
        return Notice.objects.bulk_create(
            Notice(recipient=person, kind="MENTION", ticket=self.ticket, actor=self.terry, **values)
            for _number in range(count)
        )


class BellTests(NoticePagesCase):
    def setUp(self) -> None:
        super().setUp()
        cache.clear()  # when it was looked last whether a worker runs

    def test_it_shows_how_many_are_unread(self) -> None:
        self.log_in(self.uma)
        self.assertContains(self.client.get(reverse("admin:index")), "Notices: none is unread")
        self.add(self.uma, 2)
        self.add(self.wendy, 5)
        page = self.client.get(reverse("admin:index"))
        self.assertContains(page, "Notices: 2 are unread")
        self.assertEqual(
            self.client.get(reverse(BELL)).json(),
            {"count": 2, "shown": "2", "text": "Notices: 2 are unread"},
        )

    def test_it_counts_no_further_than_it_shows(self) -> None:
        self.add(self.uma, 150)
        self.log_in(self.uma)
        self.assertEqual(self.client.get(reverse(BELL)).json()["shown"], "99+")

    def test_it_costs_a_page_one_statement_however_many_there_are(self) -> None:
        self.log_in(self.uma)
        for count in (0, 60):
            self.add(self.uma, count)
            with CaptureQueriesContext(connection) as queries:
                self.client.get(reverse("admin:tickets_myticket_changelist"))
            asked = [each["sql"] for each in queries if "tickets_notice" in each["sql"]]
            self.assertEqual(len(asked), 1, asked)

    def test_it_is_not_there_for_visitors_and_superusers(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            page = self.client.get(reverse("admin:login"))
        self.assertNotContains(page, "tf-bell")
        self.assertFalse([each for each in queries if "tickets_notice" in each["sql"]])
        self.log_in(self.root)
        self.assertNotContains(self.client.get(reverse("admin:index")), 'id="tf-bell"')
        self.enter(self.acme)
        self.assertNotContains(self.client.get(reverse("admin:index")), 'id="tf-bell"')
        self.assertEqual(self.client.get(reverse(LIST)).status_code, 403)

    def test_reading_through_it(self) -> None:
        notice, other = self.add(self.uma)[0], self.add(self.wendy)[0]
        self.log_in(self.uma)
        answer = self.client.post(reverse(BELL), {"read": notice.pk}, headers={POLL: "1"})
        self.assertEqual(answer.json()["count"], 0)
        for nonsense in (other.pk, "x", "9" * 40, ""):
            self.assertEqual(self.client.post(reverse(BELL), {"read": nonsense}).status_code, 200)
        other.refresh_from_db()
        self.assertIsNone(other.read_at)

    def test_the_admins_are_told_once_that_no_worker_runs(self) -> None:
        for person in (self.uma, self.alice, self.alice):
            self.log_in(person)
            self.client.get(reverse(BELL))
        told = Notice.objects.filter(kind="WORKER_DOWN")
        self.assertEqual([each.recipient for each in told], [self.alice])

    def test_nobody_is_told_while_one_runs(self) -> None:
        with outside(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO public.procrastinate_workers DEFAULT VALUES")
        self.log_in(self.alice)
        self.client.get(reverse(BELL))
        self.assertFalse(Notice.objects.exists())


class ListTests(NoticePagesCase):
    def test_one_sees_ones_own(self) -> None:
        self.add(self.uma)
        self.add(self.wendy, about={"x": 1})
        self.log_in(self.uma)
        page = self.client.get(reverse(LIST))
        self.assertContains(page, "mentioned you on", count=2)  # the second is of its button
        self.assertEqual(len(page.context["notices"]), 1)

    def test_it_costs_the_same_however_many_there_are(self) -> None:
        self.log_in(self.uma)
        counts = []
        for count in (1, PER_PAGE * 2):
            self.add(self.uma, count)
            self.client.get(reverse(LIST))
            with CaptureQueriesContext(connection) as queries:
                self.client.get(reverse(LIST))
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])

    def test_older_ones_stand_on_the_next_page(self) -> None:
        self.add(self.uma, PER_PAGE + 3)
        self.log_in(self.uma)
        page = self.client.get(reverse(LIST))
        self.assertEqual(len(page.context["notices"]), PER_PAGE)
        older = self.client.get(page.context["older"])
        self.assertEqual(len(older.context["notices"]), 3)
        self.assertEqual(older.context["older"], "")

    def test_marking_one_and_all_as_read(self) -> None:
        first, second, third = self.add(self.uma, 3)
        self.log_in(self.uma)
        self.client.post(reverse(LIST), {"read": first.pk})
        page = self.client.get(reverse(LIST), {"show": "unread"})
        self.assertEqual([each.id for each in page.context["notices"]], [third.pk, second.pk])
        came = self.add(self.uma)[0]  # while the page was looked at
        done = self.client.post(f"{reverse(LIST)}?show=unread", {"up_to": third.pk}, follow=True)
        self.assertEqual([each.id for each in done.context["notices"]], [came.pk])
        self.assertContains(done, "2 notices were marked as read.")

    def test_nonsense_in_the_address_or_the_form_is_no_fault(self) -> None:
        self.log_in(self.uma)
        for query in ("before=x", "before=99999999999999999999", "show=%00", "before=-1"):
            self.assertEqual(self.client.get(f"{reverse(LIST)}?{query}").status_code, 200)
        for sent in ({}, {"read": "x"}, {"up_to": "9" * 30}, {"read": "\0"}):
            self.assertEqual(self.client.post(reverse(LIST), sent).status_code, 302)

    def test_somebody_elses_leads_nowhere(self) -> None:
        notice = self.add(self.wendy)[0]
        for person in (self.uma, self.charlie):
            self.log_in(person)
            address = reverse("admin:notice", args=[notice.pk])
            self.assertEqual(self.client.get(address).status_code, 404)
        huge = reverse("admin:notice", args=[10**30])
        self.assertEqual(self.client.get(huge).status_code, 404)

    def test_a_link_works_after_the_log_in(self) -> None:
        notice = self.add(self.uma)[0]
        address = reverse("admin:notice", args=[notice.pk])
        asked = self.client.get(address)
        self.assertRedirects(asked, f"{reverse('admin:login')}?next={address}")
        self.log_in(self.uma)
        self.assertIn("myticket", self.client.get(address)["Location"])


class PreferencesTests(NoticePagesCase):
    def test_a_person_is_asked_about_what_may_reach_them(self) -> None:
        for person in (self.uma, self.terry, self.wendy, self.alice):
            self.log_in(person)
            page = self.client.get(reverse(PREFERENCES))
            self.assertEqual("WORKER_DOWN" in page.content.decode(), person == self.alice)
            shown = [each.kind for each in page.context["kinds"]]
            self.assertEqual(shown, kinds_for(person.system_roles()))

    def test_what_is_chosen_is_kept_and_nonsense_is_not(self) -> None:
        self.log_in(self.uma)
        sent = {"TICKET_ENDED": "NEVER", "MESSAGE": "?", "ERROR": "AT_ONCE"}
        self.client.post(reverse(PREFERENCES), sent, follow=True)
        kept = NoticePreferences.objects.get()
        self.assertEqual((kept.person, kept.mail["TICKET_ENDED"]), (self.uma, "NEVER"))
        self.assertNotIn("MESSAGE", kept.mail)
        self.assertNotIn("ERROR", kept.mail)
        self.client.post(reverse(PREFERENCES), {"MESSAGE": "DIGEST"})
        kept.refresh_from_db()
        self.assertEqual(kept.mail, {"TICKET_ENDED": "NEVER", "MESSAGE": "DIGEST"})

    def test_it_is_in_the_menu_of_who_is_told_something(self) -> None:
        for person, shown in ((self.uma, True), (self.root, False)):
            self.log_in(person)
            page = self.client.get(reverse("admin:index")).content.decode()
            self.assertEqual(reverse(PREFERENCES) in page, shown)


class ForgetTests(NoticePagesCase):
    def test_old_notices_go_and_others_stay(self) -> None:
        now = timezone.now()
        old, _young = self.add(self.uma, 2)
        Notice.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=31))
        with override_settings(NOTICES_KEEP_DAYS=30):
            self.assertEqual([forget_notices(now=now), forget_notices(now=now)], [1, 0])
        Notice.objects.update(created_at=now - timedelta(days=3000))
        with override_settings(NOTICES_KEEP_DAYS=0):
            self.assertEqual(forget_notices(now=now), 0)
