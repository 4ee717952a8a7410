"""Another e-mail address counts once its mail was read."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.test import override_settings
from django.urls import reverse

from tenants.account.addresses import has_proven_address, prove_address
from tenants.audit.models import AuditEvent
from tenants.connection import PUBLIC, company_of, use_company
from tenants.mail.message import texts_of
from tenants.mail.models import OutgoingMail
from tenants.models import User
from tenants.services import save_user
from tenants.testing import CompanyClient, CompanyTestCase, outside

PAGE = reverse("admin:account_address")
LINK = re.compile(r"https://tickets\.example(/new-address/\S+)")
NEW = "uma.new@example.com"
TOKEN = re.compile(r'"[0-9A-Za-z]{64}"|[0-9a-f]{32}')


@override_settings(
    MAIL_HOST="mail.example",
    MAIL_FROM="tickets@ticketflower.example",
    PUBLIC_URL="https://tickets.example",
)
class ChangingAddressTests(CompanyTestCase):
    def ask(self, email: str = NEW) -> Any:
        self.log_in(self.uma)
        return self.client.post(PAGE, {"email": email})

    def link(self, email: str = NEW) -> str:
        self.ask(email)
        found = LINK.search(texts_of(OutgoingMail.objects.filter(to=email).latest("pk"))[0])
        assert found is not None
        return found[1]

    def confirm(self, link: str, **more: str) -> Any:
        with company_of(PUBLIC):
            answer = CompanyClient().post(link, more)
        use_company(self.acme)
        return answer

    def test_it_changes_when_the_link_is_followed_and_the_old_one_is_told(self) -> None:
        link = self.link()
        self.assertEqual(User.objects.get(pk=self.uma.pk).email, self.uma.email)
        self.assertContains(CompanyClient().get(link), NEW)
        self.assertEqual(User.objects.get(pk=self.uma.pk).email, self.uma.email)
        self.assertContains(self.confirm(link), f"From now on you log in with {NEW}")
        person = User.objects.get(pk=self.uma.pk)
        self.assertEqual(person.email, NEW)
        self.assertTrue(has_proven_address(person))
        told = OutgoingMail.objects.get(to=self.uma.email)
        self.assertIn(NEW, told.text)
        self.assertContains(self.confirm(link), "does not count any more", status_code=404)
        event = AuditEvent.objects.get(kind="account.address_changed")
        self.assertEqual(event.data["changes"], {"email": [self.uma.email, NEW]})

    def test_the_address_that_somebody_has_is_proven_by_a_link_too(self) -> None:
        self.log_in(self.uma)
        self.assertContains(self.client.get(PAGE), "Prove it by a mail")
        page = self.client.post(PAGE, {"do": "prove"})
        self.assertContains(page, f"A mail to {self.uma.email} is on its way")
        mail = OutgoingMail.objects.get(to=self.uma.email)
        self.assertEqual(mail.subject, "Your e-mail address")
        found = LINK.search(texts_of(mail)[0])
        assert found is not None
        self.assertContains(CompanyClient().get(found[1]), "Say that the address is yours")
        self.assertFalse(has_proven_address(self.uma))
        self.assertContains(self.confirm(found[1]), "You have proven that")
        self.assertTrue(has_proven_address(self.uma))
        self.assertEqual(User.objects.get(pk=self.uma.pk).email, self.uma.email)
        self.assertContains(self.confirm(found[1]), "does not count any more", status_code=404)
        self.assertNotContains(self.client.get(PAGE), "Prove it by a mail")
        self.client.post(PAGE, {"do": "prove"})
        self.assertEqual(OutgoingMail.objects.count(), 1)
        self.assertFalse(AuditEvent.objects.filter(kind="account.address_changed").exists())

    def test_the_mail_to_a_stranger_names_nobody(self) -> None:
        self.link()
        for text in texts_of(OutgoingMail.objects.get(to=NEW)):
            self.assertNotIn(self.uma.first_name, text.replace(NEW, ""))
            self.assertNotIn(self.acme.name, text)

    def test_the_page_says_the_same_of_addresses_that_somebody_has(self) -> None:
        pages = [
            TOKEN.sub("", self.ask(email).content.decode()).replace(email, "E")
            for email in ("free@example.com", self.charlie.email)
        ]
        self.assertEqual(*pages)

    def test_a_proven_address_stays_where_it_is_and_another_one_yields(self) -> None:
        link = self.link(self.charlie.email)
        self.assertContains(self.confirm(link), "has never proven")
        with company_of(PUBLIC):
            prove_address(self.charlie)
        page = self.confirm(link, takes_address="1")
        self.assertContains(page, "You have an account here already")
        with outside():
            self.assertEqual(User.objects.get(pk=self.charlie.pk).email, self.charlie.email)
        link = self.link(self.walt.email)
        self.confirm(link, takes_address="1")
        self.assertEqual(User.objects.get(pk=self.uma.pk).email, self.walt.email)
        self.assertEqual(
            User.objects.get(pk=self.walt.pk).email, f"address-lost-{self.walt.pk}@invalid"
        )

    def test_the_fourth_mail_of_an_hour_is_not_promised(self) -> None:
        for _ in range(3):
            self.assertContains(self.ask(), "is on its way")
        page = self.ask()
        self.assertContains(page, "no mail was sent")
        self.assertNotContains(page, "is on its way")
        self.assertContains(page, f'value="{NEW}"')
        self.assertEqual(OutgoingMail.objects.filter(to=NEW).count(), 3)

    def test_an_address_that_an_admin_has_changed_is_proven_no_more(self) -> None:
        prove_address(self.uma)
        with outside():
            self.uma.email = "uma.other@example.com"
            save_user(user=self.uma)
        self.assertFalse(EmailAddress.objects.filter(user=self.uma).exists())

    def test_what_somebody_had_proven_before_stops_nobody(self) -> None:
        with company_of(PUBLIC):
            EmailAddress.objects.create(user=self.charlie, email=NEW, verified=True, primary=True)
        self.assertContains(self.confirm(self.link()), f"From now on you log in with {NEW}")
        self.assertTrue(has_proven_address(User.objects.get(pk=self.uma.pk)))
        with company_of(PUBLIC):
            self.assertEqual(EmailAddress.objects.get(email=NEW).user_id, self.uma.pk)

    def test_whoever_is_logged_in_may_follow_it(self) -> None:
        link = self.link()
        self.log_in(self.charlie)
        self.assertContains(self.client.get(link), NEW)

    def test_without_mail_the_page_says_whom_to_ask(self) -> None:
        with override_settings(MAIL_HOST=""):
            self.assertContains(self.ask(), "Ask an admin of your company")
        self.assertFalse(OutgoingMail.objects.exists())

    def test_links_that_do_not_count(self) -> None:
        link = self.link()
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        for each in (link, "/new-address/nonsense/"):
            self.assertContains(
                CompanyClient().get(each), "does not count any more", status_code=404
            )
