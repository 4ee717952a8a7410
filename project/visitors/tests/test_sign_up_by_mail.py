"""Where mail is set up, a company is made only by who reads mail at the address."""

from __future__ import annotations

import re
from typing import Any

from django.test import override_settings
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.account.addresses import has_proven_address, prove_address
from tenants.account.signing_up import JOB
from tenants.connection import PUBLIC, company_of, use_company
from tenants.mail.message import texts_of
from tenants.mail.models import OutgoingMail
from tenants.models import Company, User
from tenants.services import save_user
from tenants.testing import CompanyClient, CompanyTestCase, outside, run_job

PAGE = reverse("sign_up")
NEW = "green-apples-fall-slowly"
LINK = re.compile(r"https://tickets\.example(/sign-up/\S+)")


@override_settings(
    SIGN_UP=True,
    MAIL_HOST="mail.example",
    MAIL_FROM="tickets@ticketflower.example",
    PUBLIC_URL="https://tickets.example",
)
class SignUpByMailTests(CompanyTestCase):
    def ask(self, email: str = "flora@example.com", **more: str) -> Any:
        values = {
            "company_name": "Flower Power & <b>",
            "first_name": "Flora",
            "last_name": "Fern",
            "email": email,
            **more,
        }
        return CompanyClient().post(PAGE, values)

    def mail(self, email: str = "flora@example.com", **more: str) -> OutgoingMail:
        self.ask(email, **more)
        with company_of(PUBLIC):
            for job in ProcrastinateJob.objects.filter(task_name=JOB, args__email=email):
                run_job(job)
            found: OutgoingMail = OutgoingMail.objects.filter(to=email).latest("pk")
        return found

    def link(self, email: str = "flora@example.com") -> str:
        found = LINK.search(texts_of(self.mail(email))[0])
        assert found is not None
        return found[1]

    def finish(self, link: str, **more: str) -> Any:
        with company_of(PUBLIC):
            answer = CompanyClient().post(link, {"password": NEW, **more})
        use_company(self.acme)
        return answer

    def test_nothing_is_made_before_the_link_is_followed(self) -> None:
        with outside():
            before = Company.objects.count()
        self.assertNotContains(CompanyClient().get(PAGE), "password")
        self.assertContains(self.ask(), "Look at your mail")
        link = self.link()
        self.assertContains(CompanyClient().get(link), "Flower Power &amp; &lt;b&gt;")
        with outside():
            self.assertEqual(Company.objects.count(), before)
        answer = self.finish(link)
        self.assertRedirects(answer, reverse("admin:index"), fetch_redirect_response=False)
        with outside():
            person = User.objects.get(email="flora@example.com")
            assert person.company is not None
            self.assertEqual(person.company.name, "Flower Power & <b>")
            self.assertTrue(person.check_password(NEW))
            self.assertTrue(has_proven_address(person))
        self.assertContains(self.finish(link), "You have an account here already")
        with outside():
            self.assertEqual(Company.objects.count(), before + 1)

    def test_the_page_tells_nobody_which_addresses_are_known(self) -> None:
        pages = [
            re.sub(r'value="\w{64}"', "", self.ask(email).content.decode()).replace(email, "E")
            for email in ("new@example.com", self.uma.email)
        ]
        self.assertEqual(*pages)

    def test_who_has_proven_the_address_is_told_by_mail(self) -> None:
        prove_address(self.uma)
        mail = self.mail(self.uma.email)
        self.assertEqual(mail.subject, "You have an account already")
        self.assertIsNone(LINK.search(texts_of(mail)[0]))

    def test_the_mail_says_nothing_that_was_typed(self) -> None:
        typed = {"company_name": "Buy cheap", "first_name": "Dear", "last_name": "Winner"}
        prove_address(self.uma)
        for email in ("stranger@example.com", self.uma.email):
            mail = self.mail(email, **typed)
            for word in typed.values():
                self.assertNotIn(word, mail.subject + "".join(texts_of(mail)))

    def test_a_job_that_runs_twice_sends_one_mail(self) -> None:
        self.mail()
        with company_of(PUBLIC):
            run_job(ProcrastinateJob.objects.get(task_name=JOB))
            self.assertEqual(OutgoingMail.objects.count(), 1)

    def test_one_that_was_never_proven_yields(self) -> None:
        link = self.link(self.uma.email)
        self.assertContains(self.finish(link), "has never proven")
        self.finish(link, takes_address="1")
        with outside():
            person = User.objects.get(email=self.uma.email)
            self.assertNotEqual(person.company, self.acme)
        self.assertEqual(
            User.objects.get(pk=self.uma.pk).email, f"address-lost-{self.uma.pk}@invalid"
        )

    def test_one_whose_account_or_company_is_off_yields_although_it_was_proven(self) -> None:
        prove_address(self.uma)
        with company_of(PUBLIC):
            prove_address(self.charlie)
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        with outside():
            Company.objects.filter(pk=self.globex.pk).update(is_active=False)
        for person in (self.uma, self.charlie):
            with self.subTest(person.email):
                link = self.link(person.email)
                self.assertContains(self.finish(link), "is switched off")
                self.finish(link, takes_address="1")
                with outside():
                    now = User.objects.get(email=person.email)
                self.assertNotIn(now.company_id, (self.acme.pk, self.globex.pk))

    def test_a_link_is_good_for_one_company_also_when_its_person_has_another_address(self) -> None:
        link = self.link()
        self.finish(link)
        with outside():
            person = User.objects.get(email="flora@example.com")
            person.email = "fern@example.com"
            save_user(user=person)
            before = Company.objects.count()
        self.assertContains(self.finish(link), "does not count any more")
        with outside():
            self.assertEqual(Company.objects.count(), before)

    def test_what_comes_to_nothing_uses_up_nobodys_sign_ups(self) -> None:
        link, other = self.link(self.uma.email), self.link()
        with override_settings(SIGN_UPS_PER_HOUR=1):
            for _ in range(3):
                self.assertContains(self.finish(link), "has never proven")
            self.finish(other)
        with outside():
            self.assertTrue(User.objects.filter(email="flora@example.com").exists())

    def test_links_that_do_not_count(self) -> None:
        link = self.link()
        for each in (link[:-4] + "xyz/", "/sign-up/nonsense/"):
            self.assertContains(CompanyClient().get(each), "does not count any more")
        with override_settings(SIGN_UP=False):
            self.assertNotContains(CompanyClient().get(link), "Flower Power")

    def test_a_password_that_is_too_easy(self) -> None:
        page = self.finish(self.link(), password="flora")
        self.assertContains(page, "at least 12")
