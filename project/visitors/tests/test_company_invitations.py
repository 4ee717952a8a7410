"""A superuser invites companies: the link works once and ends, also where sign-up is closed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.account.addresses import has_proven_address, prove_address
from tenants.account.inviting_companies import (
    KEPT,
    LIFETIME,
    forget_company_invitations,
    invite_company,
    path_of,
)
from tenants.audit.models import AuditEvent
from tenants.mail.message import texts_of
from tenants.mail.models import OutgoingMail
from tenants.models import Company, SignUpInvitation, User
from tenants.models.sign_up_invitation import InvitationState
from tenants.testing import CompanyClient, CompanyTestCase

PAGE = reverse("admin:tenants_company_invitations")
LINK = re.compile(r"https://tickets\.example(/sign-up/invited/\S+)")
DATA = {
    "company_name": "Bright Bakery",
    "first_name": "Bea",
    "last_name": "Baker",
    "password": "rye-and-sourdough",
}
MAIL = {
    "MAIL_HOST": "mail.example",
    "MAIL_FROM": "tickets@ticketflower.example",
    "PUBLIC_URL": "https://tickets.example",
}


@override_settings(SIGN_UP=False)
class CompanyInvitationTests(CompanyTestCase):
    works_outside = True

    def invited(self, email: str = "bea@bakery.example") -> SignUpInvitation:
        return invite_company(email=email, by=self.root, now=timezone.now(), company_name="Bakery")

    def now(self, invitation: SignUpInvitation) -> SignUpInvitation:
        return SignUpInvitation.objects.get(pk=invitation.pk)

    def follow(self, link: str, **more: str) -> Any:
        return CompanyClient().post(link, {**DATA, **more})

    def test_the_link_makes_a_company_once(self) -> None:
        invitation = self.invited()
        link = path_of(invitation)
        page = CompanyClient().get(link)
        self.assertContains(page, 'value="Bakery"')
        self.assertContains(page, "bea@bakery.example")
        self.assertEqual(page["Cache-Control"], "no-store")
        self.assertFalse(Company.objects.filter(name="Bright Bakery").exists())
        self.assertRedirects(
            self.follow(link), reverse("admin:index"), fetch_redirect_response=False
        )
        person = User.objects.get(email="bea@bakery.example")
        company = Company.objects.get(name="Bright Bakery")
        self.assertEqual(person.company, company)
        # Whoever handed it over could have followed it.
        self.assertFalse(has_proven_address(person))
        found = self.now(invitation)
        self.assertEqual((found.state, found.company), (InvitationState.USED, company))
        for answer in (CompanyClient().get(link), self.follow(link, company_name="Another")):
            self.assertContains(answer, "does not count any more")
            self.assertNotContains(answer, "<form")
        self.assertFalse(Company.objects.filter(name="Another").exists())
        kinds = ("superusers.company_invited", "superusers.company_invitation_used")
        self.assertEqual(AuditEvent.objects.filter(kind__in=kinds).count(), 2)

    def test_what_counts_no_more(self) -> None:
        forged = reverse("invited_sign_up", args=["forged:by-nobody"])
        expired = self.invited("a@example.com")
        SignUpInvitation.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
        self.assertEqual(self.now(expired).state, InvitationState.EXPIRED)
        revoked = self.invited("b@example.com")
        SignUpInvitation.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())
        old = self.invited("c@example.com")
        old_link = path_of(old)
        new = self.invited("c@example.com")
        self.assertEqual(new.pk, old.pk)
        for link in (forged, path_of(expired), path_of(revoked), old_link):
            for answer in (CompanyClient().get(link), self.follow(link)):
                self.assertContains(answer, "does not count any more")
        self.assertContains(CompanyClient().get(path_of(new)), "<form")
        self.assertFalse(Company.objects.filter(name="Bright Bakery").exists())

    def test_what_is_wrong_is_said_and_kept(self) -> None:
        link = path_of(self.invited())
        answer = self.follow(link, password="short", first_name="")
        self.assertContains(answer, 'value="Bright Bakery"')
        self.assertEqual(sorted(answer.context["form"].errors), ["first_name", "password"])
        answer = self.follow(link, password="bea@bakery.example")
        self.assertEqual(list(answer.context["form"].errors), ["password"])

    def test_an_address_that_somebody_has_by_now(self) -> None:
        """Handed over, it proves nothing; by mail it takes what nobody has proven."""
        invitation = self.invited("uma@acme.example")
        self.assertContains(self.follow(path_of(invitation)), "already uses this e-mail address")
        self.assertEqual(self.now(invitation).state, InvitationState.SENT)
        with override_settings(**MAIL):
            link = path_of(self.invited("uma@acme.example"))
            self.assertContains(self.follow(link), "has never proven")
            prove_address(self.uma)
            answer = self.follow(link, takes_address="1")
            self.assertContains(answer, "You have an account here already")
        self.assertEqual(User.objects.get(email="uma@acme.example").pk, self.uma.pk)

    @override_settings(**MAIL)
    def test_by_mail(self) -> None:
        self.log_in(self.root)
        page = self.client.post(PAGE, {"email": "Bea@Bakery.example"}, follow=True)
        self.assertContains(page, "the mail is on its way")
        invitation = SignUpInvitation.objects.get()
        self.assertNotContains(page, invitation.secret)
        self.assertNotContains(page, "/sign-up/invited/")
        mail = OutgoingMail.objects.get(to="bea@bakery.example")
        self.assertTrue(mail.is_secret)
        found = LINK.search(texts_of(mail)[0])
        assert found is not None
        self.follow(found[1])
        self.assertTrue(has_proven_address(User.objects.get(email="bea@bakery.example")))

    def test_the_page(self) -> None:
        self.log_in(self.root)
        page = self.client.get(PAGE)
        self.assertContains(page, "Nobody was invited yet.")
        self.assertContains(page, "Nobody else can sign up here.")
        page = self.client.post(PAGE, {"email": "bea@bakery.example"}, follow=True)
        invitation = SignUpInvitation.objects.get()
        self.assertContains(page, path_of(invitation))
        self.assertContains(self.client.get(PAGE), path_of(invitation))  # to be copied again
        number = {"invitation": invitation.pk}
        SignUpInvitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
        self.assertContains(self.client.get(PAGE), "The link has ended")
        page = self.client.post(PAGE, {"do": "again", **number}, follow=True)
        again = self.now(invitation)
        self.assertGreater(again.expires_at, timezone.now() + LIFETIME - timedelta(hours=1))
        self.assertContains(page, path_of(again))
        page = self.client.post(PAGE, {"do": "revoke", **number}, follow=True)
        self.assertContains(page, "is taken back")
        self.assertNotContains(page, "/sign-up/invited/")
        self.assertContains(page, "Taken back</strong>")
        for what in ("again", "revoke"):
            for given in (str(invitation.pk), "x", "9" * 40, ""):
                page = self.client.post(PAGE, {"do": what, "invitation": given}, follow=True)
                self.assertContains(page, "not open any more")
        # Then anew.
        self.client.post(PAGE, {"email": "bea@bakery.example"})
        self.assertEqual(SignUpInvitation.objects.open().count(), 1)

    def test_they_are_forgotten_long_after_they_ended(self) -> None:
        now = timezone.now()
        used, revoked, ended, open_one = (self.invited(f"{each}@bakery.example") for each in "abcd")
        rows = SignUpInvitation.objects
        rows.filter(pk=used.pk).update(used_at=now)
        rows.filter(pk=revoked.pk).update(revoked_at=now)
        rows.filter(pk=ended.pk).update(expires_at=now)
        late = timedelta(seconds=1)
        rows.filter(pk=open_one.pk).update(expires_at=now + 2 * late)
        self.assertEqual(forget_company_invitations(now=now + KEPT - late), 0)
        self.assertEqual(forget_company_invitations(now=now + KEPT + late), 3)
        self.assertEqual(rows.get(), open_one)

    def test_what_the_page_refuses(self) -> None:
        self.log_in(self.root)
        for email in ("", "bea", "uma@acme.example", "a" * 300 + "@example.com"):
            page = self.client.post(PAGE, {"email": email, "company_name": "B" * 300})
            self.assertEqual(sorted(page.context["form"].errors), ["company_name", "email"])
        self.assertFalse(SignUpInvitation.objects.exists())

    def test_superusers_alone_and_outside_of_companies(self) -> None:
        for person in (self.alice, self.charlie, self.uma):
            self.log_in(person)
            self.assertEqual(self.client.get(PAGE).status_code, 403, str(person))
        self.client.logout()
        self.assertEqual(self.client.get(PAGE).status_code, 302)
        self.log_in(self.root)
        self.enter(self.acme)
        self.assertEqual(self.client.get(PAGE).status_code, 403)
