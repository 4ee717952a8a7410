"""Whoever has forgotten their password sets another one, by a link in a mail; strangers learn
nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest import mock

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.account import one_time_links
from tenants.account.addresses import has_proven_address
from tenants.account.forgotten_password import JOB
from tenants.account.signing_up import SignUp, ask_to_sign_up
from tenants.audit.models import AuditEvent
from tenants.connection import PUBLIC, company_of
from tenants.mail.message import texts_of
from tenants.mail.models import OutgoingMail
from tenants.models import User
from tenants.testing import PASSWORD, CompanyClient, CompanyTestCase, outside, run_job

PAGE = reverse("forgotten_password")
NEW = "green-apples-fall-slowly"
LINK = re.compile(r"https://tickets\.example(/new-password/\S+)")


@override_settings(
    MAIL_HOST="mail.example",
    MAIL_FROM="tickets@ticketflower.example",
    PUBLIC_URL="https://tickets.example",
)
class ForgottenPasswordTests(CompanyTestCase):
    def ask(self, email: str) -> Any:
        return CompanyClient().post(PAGE, {"email": email})

    def do_jobs(self) -> None:
        with company_of(PUBLIC):
            for job in ProcrastinateJob.objects.filter(task_name=JOB):
                self.assertEqual(job.args["schema"], PUBLIC)
                run_job(job)

    def link(self, person: User) -> str:
        self.ask(person.email)
        self.do_jobs()
        found = LINK.search(texts_of(OutgoingMail.objects.get(person_id=person.pk))[0])
        assert found is not None
        return found[1]

    def set(self, link: str) -> Any:
        return CompanyClient().post(link, {"password1": NEW, "password2": NEW})

    def test_a_new_password_by_mail(self) -> None:
        link = self.link(self.uma)
        self.assertContains(CompanyClient().get(link), self.uma.email)
        self.assertRedirects(self.set(link), reverse("admin:login"))
        person = User.objects.get(pk=self.uma.pk)
        self.assertTrue(person.check_password(NEW))
        self.assertTrue(has_proven_address(person))
        self.assertContains(self.set(link), "does not count any more")
        kinds = set(AuditEvent.objects.values_list("kind", flat=True))
        self.assertLessEqual({"account.new_password_asked", "account.password_changed"}, kinds)

    def test_known_and_unknown_addresses_are_answered_alike(
        self,
    ) -> None:
        answers, statements = [], []
        for email in (self.uma.email, "nobody@example.com", self.root.email):
            with CaptureQueriesContext(connection) as queries:
                page = self.ask(email)
            plain = re.sub(r'value="\w{64}"', "", page.content.decode()).replace(email, "E")
            answers.append(plain)
            statements.append(
                [
                    re.sub(r"\d+|'[^']*'", "", each["sql"].replace(email, "E"))[:60]
                    for each in queries
                ]
            )
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(statements[0], statements[1])
        self.assertEqual(answers[1], answers[2])

    def test_who_gets_no_mail(self) -> None:
        self.walt.is_active = False
        self.walt.save()
        for email in ("nobody@example.com", self.walt.email):
            self.ask(email)
        self.do_jobs()
        self.assertFalse(OutgoingMail.objects.exists())

    def test_a_job_that_runs_twice_sends_one_mail_and_each_job_its_own(self) -> None:
        for expected in (1, 2):
            self.ask(self.uma.email)
            for _ in range(2):
                self.do_jobs()
            self.assertEqual(OutgoingMail.objects.count(), expected)
        asked = AuditEvent.objects.filter(kind="account.new_password_asked")
        self.assertEqual(asked.count(), 2)

    def test_superusers_get_theirs_from_the_installation(self) -> None:
        self.ask(self.root.email)
        self.do_jobs()
        self.assertFalse(OutgoingMail.objects.exists())
        with company_of(PUBLIC):
            self.assertEqual(OutgoingMail.objects.get().to, self.root.email)

    def test_no_more_than_three_mails_an_hour_and_the_answer_stays_the_same(self) -> None:
        pages = [self.ask(self.uma.email) for _ in range(5)]
        self.assertEqual({page.status_code for page in pages}, {200})
        self.assertContains(pages[-1], "is on its way")
        with outside():
            self.assertEqual(ProcrastinateJob.objects.filter(task_name=JOB).count(), 3)

    def test_other_mails_to_the_address_use_no_new_passwords_up(self) -> None:
        self.log_in(self.walt)
        for _ in range(4):
            ask_to_sign_up(SignUp("Flowers", "Flora", "Fern", self.uma.email))
            self.client.post(reverse("admin:account_address"), {"email": self.uma.email})
        self.ask(self.uma.email)
        with outside():
            self.assertEqual(ProcrastinateJob.objects.filter(task_name=JOB).count(), 1)

    def test_a_link_ends(self) -> None:
        link = self.link(self.uma)
        with mock.patch.object(one_time_links, "MAILED_LIFETIME", timedelta(seconds=-1)):
            self.assertContains(self.set(link), "does not count any more")
        self.client.login(username=self.uma.email, password=PASSWORD)
        self.assertContains(self.set(link), "does not count any more")  # they know it again

    def test_without_mail_the_page_says_whom_to_ask(self) -> None:
        with override_settings(MAIL_HOST=""):
            for page in (CompanyClient().get(PAGE), self.ask(self.uma.email)):
                self.assertContains(page, "Ask an admin of your company")
        with outside():
            self.assertFalse(ProcrastinateJob.objects.filter(task_name=JOB).exists())

    def test_what_is_no_address(self) -> None:
        self.assertContains(self.ask("nobody"), "Enter a valid email address")
        self.assertContains(CompanyClient().get(reverse("admin:login")), PAGE)
