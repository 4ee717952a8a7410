from __future__ import annotations

from itertools import pairwise
from unittest import mock

from django.conf import settings
from django.test import override_settings
from django.utils import timezone
from procrastinate.jobs import Job

from tenants.companies.company_limits import (
    CALLS,
    COMPANY_LIMITS,
    MAILS,
    MEGABYTE,
    PEOPLE,
    STORAGE,
    WAITING_JOBS,
    WEBHOOKS,
    Use,
    count_call,
    ensure_room_for_work,
    give_room_back,
    people_within_limit,
    take_room_for_file,
    uses_of,
)
from tenants.errors import (
    CallsUsedUpError,
    StorageFullError,
    TooManyJobsError,
    TooManyPeopleError,
)
from tenants.jobs import PATIENT, SOON_SECONDS
from tenants.limits.rates import counted_requests
from tenants.models import Company, User
from tenants.services import create_person
from tenants.testing import CompanyTestCase, outside


class DeclarationTests(CompanyTestCase):
    def test_each_limit_is_a_setting_and_a_column(self) -> None:
        for limit in COMPANY_LIMITS:
            with self.subTest(limit.column):
                self.assertEqual(limit.most(self.acme), getattr(settings, limit.setting))
                setattr(self.acme, limit.column, 0)
                self.assertEqual(limit.most(self.acme), 0)

    def test_admins_are_warned_before_it_is_reached(self) -> None:
        for used, most, near, reached in (
            (79, 100, False, False),
            (80, 100, True, False),
            (100, 100, True, True),
            (130, 100, True, True),
            (0, 0, True, True),
        ):
            with self.subTest(used=used, most=most):
                use = Use(PEOPLE, used, most)
                self.assertEqual((use.is_near, use.is_reached), (near, reached))
                self.assertLessEqual(use.percent, 100)


class PeopleTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.number = User.objects.of_company(self.acme).active().count()
        Company.objects.filter(pk=self.acme.pk).update(most_people=self.number)

    def add(self, email: str = "new@acme.example") -> User:
        return create_person(company=self.acme, email=email, password=None, roles=())

    def test_nobody_is_added_to_a_full_company(self) -> None:
        with self.assertRaisesMessage(TooManyPeopleError, f"{self.number} active people"):
            self.add()
        self.assertFalse(User.objects.filter(email="new@acme.example").exists())

    def test_who_is_deactivated_makes_room(self) -> None:
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        self.add()
        with self.assertRaises(TooManyPeopleError):
            self.add("another@acme.example")

    def test_another_company_has_room_of_its_own(self) -> None:
        with outside():
            create_person(company=self.globex, email="new@globex.example", password=None, roles=())

    def test_who_has_too_many_may_still_change_them(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(most_people=1)
        with people_within_limit(self.acme):
            User.objects.filter(pk=self.walt.pk).update(first_name="Walter")
        with self.assertRaises(TooManyPeopleError), people_within_limit(self.acme):
            User.objects.create_user("new@acme.example", company=self.acme)


class StorageTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        Company.objects.filter(pk=self.acme.pk).update(
            most_stored_mb=3, database_bytes=MEGABYTE, file_bytes=MEGABYTE
        )
        self.acme.refresh_from_db()

    def test_a_file_has_room_up_to_the_last_byte(self) -> None:
        with self.assertRaises(StorageFullError):
            take_room_for_file(self.acme, MEGABYTE + 1)
        with self.assertNumQueries(1):
            take_room_for_file(self.acme, MEGABYTE)
        with self.assertRaises(StorageFullError):
            take_room_for_file(self.acme, 1)
        self.acme.refresh_from_db()
        self.assertEqual(self.acme.file_bytes, 2 * MEGABYTE)

    def test_what_is_deleted_makes_room(self) -> None:
        give_room_back(self.acme, 600_000)
        take_room_for_file(self.acme, MEGABYTE + 600_000)
        give_room_back(self.acme, 10 * MEGABYTE)  # counted wrong somewhere: never below nothing
        self.acme.refresh_from_db()
        self.assertEqual(self.acme.file_bytes, 0)

    def test_new_work_is_refused_without_a_query(self) -> None:
        with self.assertNumQueries(0):
            ensure_room_for_work(self.acme)
            self.acme.database_bytes = 2 * MEGABYTE
            with self.assertRaisesMessage(StorageFullError, "3 MB"):
                ensure_room_for_work(self.acme)

    def test_too_many_waiting_jobs_refuse_new_work(self) -> None:
        self.acme.waiting_jobs, self.acme.most_waiting_jobs = 5, 6
        ensure_room_for_work(self.acme)
        self.acme.waiting_jobs = 6
        with self.assertRaises(TooManyJobsError):
            ensure_room_for_work(self.acme)


class CallTests(CompanyTestCase):
    @override_settings(COMPANY_MOST_CALLS_A_DAY=2)
    def test_calls_over_the_limit_wait_and_a_higher_limit_lets_them_go(self) -> None:
        count_call(self.acme)
        count_call(self.acme)
        for _each in range(2):
            with self.assertRaises(CallsUsedUpError):
                count_call(self.acme)
        count_call(self.globex)
        self.acme.most_calls_a_day = 1_000
        count_call(self.acme)

    def test_the_job_comes_again_however_often(self) -> None:
        job = mock.Mock(spec=Job, attempts=1_000)
        error = CallsUsedUpError(80_000)
        decision = PATIENT.get_retry_decision(exception=error, job=job)
        assert decision is not None
        assert decision.retry_at is not None
        self.assertIsNotNone(decision.retry_at)
        self.assertLess(SOON_SECONDS, 80_000)

    def test_it_comes_less_and_less_often(self) -> None:
        """A company may have any number of jobs that wait: each look at all of them is work."""
        waits: list[float] = []
        for attempts in (0, 1, 2, 1_000):
            job = mock.Mock(spec=Job, attempts=attempts)
            decision = PATIENT.get_retry_decision(exception=CallsUsedUpError(80_000), job=job)
            assert decision is not None
            assert decision.retry_at is not None
            waits.append((decision.retry_at - timezone.now()).total_seconds())
        for sooner, later in pairwise(waits):
            self.assertGreater(later, 1.5 * sooner)
        self.assertLess(waits[-1], 3 * 60 * 60)
        job = mock.Mock(spec=Job, attempts=1_000)
        decision = PATIENT.get_retry_decision(exception=CallsUsedUpError(60), job=job)
        assert decision is not None
        assert decision.retry_at is not None
        self.assertLess((decision.retry_at - timezone.now()).total_seconds(), 180)


class UseTests(CompanyTestCase):
    def test_it_says_what_is_used_of_each(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(
            database_bytes=3, file_bytes=4, waiting_jobs=5
        )
        count_call(self.acme)
        with self.assertNumQueries(5):
            used = {use.limit: use.used for use in uses_of(self.acme)}
        people = User.objects.of_company(self.acme).active().count()
        self.assertEqual(
            used,
            {PEOPLE: people, STORAGE: 7, WAITING_JOBS: 5, CALLS: 1, MAILS: 0, WEBHOOKS: 0},
        )

    def test_what_was_counted_long_ago_counts_no_more(self) -> None:
        count_call(self.acme)
        self.assertEqual(counted_requests("calls of a company", "acme", seconds=0), 0)
