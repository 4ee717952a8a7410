"""Whoever says when they are away goes and comes back by themselves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.connection import PUBLIC, company_of
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from workflows.models import Invitation
from workflows.people.absence import (
    AbsenceError,
    companies_with_absences,
    plan_absence,
    switch_absences,
)
from workflows.people.availability import Availability
from workflows.people.change_availability import set_availability
from workflows.people.change_people import save_person

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)


class AbsenceTests(CompanyTestCase):
    def plan(self, begin: datetime | None, end: datetime | None, now: datetime = NOW) -> None:
        plan_absence(user=self.wendy, away_from=begin, away_until=end, now=now)

    def wendy_now(self) -> User:
        person: User = User.objects.get(pk=self.wendy.pk)
        return person

    def test_they_go_and_come_back(self) -> None:
        self.plan(NOW + DAY, NOW + 3 * DAY)
        for after, count, is_available in (
            (timedelta(), 0, True),
            (DAY, 1, False),
            (DAY, 0, False),  # and once more
            (3 * DAY, 1, True),
            (4 * DAY, 0, True),
        ):
            self.assertEqual(switch_absences(now=NOW + after), count, after)
            self.assertEqual(self.wendy_now().is_available, is_available, after)
        self.assertIsNone(self.wendy_now().away_until)

    def test_an_absence_that_nobody_looked_at_is_over(self) -> None:
        self.plan(NOW + DAY, NOW + 2 * DAY)
        self.assertEqual(switch_absences(now=NOW + 9 * DAY), 1)
        self.assertTrue(self.wendy_now().is_available)

    def test_who_goes_at_once_is_away(self) -> None:
        self.plan(NOW - DAY, NOW + DAY)
        self.assertFalse(self.wendy_now().is_available)

    def test_who_is_back_early_stays(self) -> None:
        self.plan(NOW, NOW + 3 * DAY)
        set_availability(user=self.wendy, is_available=True, now=NOW + DAY, actor=self.wendy)
        self.assertEqual(switch_absences(now=NOW + DAY), 0)
        self.assertTrue(self.wendy_now().is_available)

    def test_a_plan_is_taken_back(self) -> None:
        self.plan(NOW + DAY, NOW + 2 * DAY)
        self.plan(None, None)
        self.assertEqual(switch_absences(now=NOW + DAY), 0)

    def test_what_makes_no_sense(self) -> None:
        for begin, end in ((NOW + DAY, NOW), (NOW + DAY, NOW + DAY), (NOW - 2 * DAY, NOW - DAY)):
            with self.assertRaises(AbsenceError):
                self.plan(begin, end)
        with self.assertRaises(AbsenceError):
            self.plan(NOW, None)

    def assert_stays(self, *, is_available: bool) -> None:
        """Whatever is looked at later."""
        for after in (timedelta(), DAY, 9 * DAY):
            switch_absences(now=NOW + 5 * DAY + after)
            self.assertEqual(self.wendy_now().is_available, is_available, after)

    def test_who_takes_a_plan_back_that_has_begun_is_there_again(self) -> None:
        self.plan(NOW, NOW + 3 * DAY)
        self.plan(None, None, now=NOW + DAY)
        self.assertTrue(self.wendy_now().is_available)
        self.assert_stays(is_available=True)

    def test_who_moves_a_plan_that_has_begun_is_there_until_then(self) -> None:
        self.plan(NOW, NOW + 3 * DAY)
        self.plan(NOW + 4 * DAY, NOW + 6 * DAY, now=NOW + DAY)
        self.assertTrue(self.wendy_now().is_available)
        switch_absences(now=NOW + 4 * DAY)
        self.assertFalse(self.wendy_now().is_available)

    def test_who_stays_away_longer_is_not_there_in_between(self) -> None:
        self.plan(NOW, NOW + DAY)
        self.plan(NOW, NOW + 3 * DAY, now=NOW + DAY / 2)
        switch_absences(now=NOW + 2 * DAY)
        self.assertFalse(self.wendy_now().is_available)

    def test_whom_an_admin_sets_available_stays_so(self) -> None:
        self.plan(NOW - DAY, NOW + 9 * DAY)
        wendy = self.wendy_now()
        wendy.is_available = True
        save_person(
            person=wendy,
            roles=[SystemRole.TASK_WORKER],
            company_roles=None,
            now=NOW + DAY,
            actor=self.alice,
        )
        self.assertIsNone(self.wendy_now().away_until)
        self.assert_stays(is_available=True)
        changes = AuditEvent.objects.filter(kind="people.changed").latest("pk").data["changes"]
        self.assertEqual(set(changes), {"is_available", "away_until"})

    def test_an_admin_who_changes_something_else_leaves_the_plan(self) -> None:
        self.plan(NOW - DAY, NOW + DAY)
        wendy = self.wendy_now()
        wendy.first_name = "Wanda"
        wendy.away_until = None  # as an object that was read before has it
        roles = [SystemRole.TASK_WORKER]
        save_person(person=wendy, roles=roles, company_roles=None, now=NOW, actor=self.alice)
        self.assertEqual(self.wendy_now().away_until, NOW + DAY)
        self.assertFalse(self.wendy_now().is_available)

    def test_who_is_away_without_end_is_not_brought_back_by_a_later_plan(self) -> None:
        self.plan(NOW + DAY, NOW + 2 * DAY)
        set_availability(user=self.wendy, is_available=False, now=NOW, actor=self.wendy)
        switch_absences(now=NOW + DAY)
        self.assert_stays(is_available=False)

    def test_who_is_away_without_end_and_comes_back_goes_as_planned(self) -> None:
        self.plan(NOW + DAY, NOW + 2 * DAY)
        for is_available in (False, True):
            set_availability(user=self.wendy, is_available=is_available, now=NOW, actor=self.wendy)
        switch_absences(now=NOW + DAY)
        self.assertFalse(self.wendy_now().is_available)
        self.assert_stays(is_available=True)

    def test_who_says_they_go_before_it_was_looked_goes_as_planned(self) -> None:
        self.plan(NOW + DAY, NOW + 2 * DAY)
        late = NOW + DAY + timedelta(minutes=2)
        set_availability(user=self.wendy, is_available=False, now=late, actor=self.wendy)
        self.assert_stays(is_available=True)

    def test_a_double_click_changes_no_plan(self) -> None:
        running = Availability(is_available=False, away_until=NOW + DAY)
        self.assertEqual(running.set_to(is_available=False, now=NOW), running)
        ahead = Availability(True, NOW + DAY, NOW + 2 * DAY)
        self.assertEqual(ahead.set_to(is_available=True, now=NOW), ahead)

    def test_only_companies_with_something_to_do_are_looked_at(self) -> None:
        self.plan(NOW + DAY, NOW + 2 * DAY)
        with company_of(PUBLIC):
            self.assertEqual(companies_with_absences(now=NOW), [])
            self.assertEqual(companies_with_absences(now=NOW + DAY), ["acme"])

    def test_charlie_of_another_company_is_not_touched(self) -> None:
        User.objects.filter(pk=self.charlie.pk).update(away_from=NOW, away_until=NOW + DAY)
        self.assertEqual(switch_absences(now=NOW), 0)


class AbsencePageTests(CompanyTestCase):
    page = reverse("admin:tickets_mytask_absence")

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.wendy)

    def test_it_is_noted_in_the_zone_of_the_person(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(time_zone="Europe/Berlin")
        times = {"away_from": "2999-07-01T08:00", "away_until": "2999-07-15T08:00"}
        self.client.post(self.page, times)
        wendy = User.objects.get(pk=self.wendy.pk)
        self.assertEqual(wendy.away_from, datetime(2999, 7, 1, 6, tzinfo=UTC))
        self.assertTrue(AuditEvent.objects.filter(kind="people.absence_planned").exists())
        self.assertContains(self.client.get(self.page), 'value="2999-07-01T08:00"')
        self.client.post(self.page, {})
        self.assertIsNone(User.objects.get(pk=self.wendy.pk).away_from)

    def test_what_is_wrong_is_said_beside_it_and_kept(self) -> None:
        for begin, end, wrong in (
            ("2999-07-01T08:00", "", "away_until"),
            ("", "2999-07-01T08:00", "away_from"),
            ("2999-07-02T08:00", "2999-07-01T08:00", "away_until"),
            ("soon", "2999-07-01T08:00", "away_from"),
            ("9999-12-31T23:59", "2999-07-01T08:00", "away_until"),
        ):
            with self.subTest(begin=begin, end=end):
                answer = self.client.post(self.page, {"away_from": begin, "away_until": end})
                self.assertEqual(list(answer.context["form"].errors), [wrong])
                self.assertContains(answer, f'value="{begin or end}"')

    @override_settings(TIME_ZONE="UTC")
    def test_an_hour_that_comes_twice_is_asked_about(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(time_zone="Europe/Berlin")
        times = {"away_from": "2030-10-27T02:30", "away_until": "2030-11-01T08:00"}
        self.assertContains(self.client.post(self.page, times), "UTC+01:00")
        self.client.post(self.page, {**times, "away_from-clock": "2030-10-27T01:30:00Z"})
        away_from = User.objects.get(pk=self.wendy.pk).away_from
        self.assertEqual(away_from, datetime(2030, 10, 27, 1, 30, tzinfo=UTC))

    def test_who_is_away_by_plan_says_only_when_they_are_back(self) -> None:
        begun = timezone.now() - DAY
        plan_absence(user=self.wendy, away_from=begun, away_until=begun + 9 * DAY, now=begun)
        self.assertContains(self.client.get(self.page), "Away already")
        self.client.post(self.page, {"away_until": "2999-07-15T08:00"})
        wendy = User.objects.get(pk=self.wendy.pk)
        self.assertEqual((wendy.is_available, wendy.away_from), (False, None))
        self.assertEqual(wendy.away_until, datetime(2999, 7, 15, 8, tzinfo=UTC))
        self.assertContains(self.client.post(self.page, {}, follow=True), "Welcome back")
        self.assertTrue(User.objects.get(pk=self.wendy.pk).is_available)

    def test_charlie_and_who_is_no_worker(self) -> None:
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(self.page), "Wendy")
        self.log_in(self.uma)
        self.assertEqual(self.client.get(self.page).status_code, 403)


class PeopleListTests(CompanyTestCase):
    def state_of(self, **values: object) -> str:
        User.objects.filter(pk=self.walt.pk).update(**values)
        self.log_in(self.alice)
        page = self.client.get(reverse("admin:tenants_user_changelist"), {"q": self.walt.email})
        # In the row: the filter has the same words.
        (cell,) = re.findall(r'class="[^"]*field-state.*?</td>', page.content.decode(), re.DOTALL)
        found = re.findall(
            r"Deactivated|Invited|Never logged in|Away until [^<]*|Away|Present", cell
        )
        return str(found[-1]).strip()

    def test_it_says_who_came_and_who_is_there(self) -> None:
        came: dict[str, object] = {"last_login": NOW}
        away = datetime(2999, 7, 15, 8, tzinfo=UTC)
        self.assertEqual(self.state_of(last_login=None), "Never logged in")
        Invitation.objects.create(
            email=self.walt.email, person=self.walt, sent_at=NOW, expires_at=NOW + DAY
        )
        self.assertEqual(self.state_of(last_login=None), "Invited")
        self.assertEqual(self.state_of(**came), "Present")
        self.assertEqual(self.state_of(is_available=False), "Away")
        self.assertEqual(self.state_of(away_until=away), "Away until 15 Jul 2999")
        self.assertEqual(self.state_of(away_from=away - DAY), "Away")  # without end, a plan ahead
        self.assertEqual(self.state_of(is_active=False), "Deactivated")
