"""Superusers come into companies with a reason and for a time, and set nobody's password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.cache import caches
from django.urls import reverse
from django.utils import timezone

from tenants.account import one_time_links
from tenants.account.one_time_links import (
    LinkUsedUpError,
    NotAnAdminError,
    make_one_time_link,
    read_one_time_link,
    use_one_time_link,
)
from tenants.account.tests.test_second_factor import SecondFactorCase
from tenants.audit.models import AuditEvent
from tenants.logging_in.second_factor import has_second_factor
from tenants.middleware import POLL
from tenants.models import Company, Passkey, User
from tenants.roles import SystemRole
from tenants.services import set_system_roles
from tenants.testing import PASSWORD, CompanyTestCase, outside

BANNER = "You are inside"
NEW = "quite-another-password-7"
TICKETS = "admin:tickets_ticket_changelist"


def kinds() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))


class VisitTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.root)

    def pass_minutes(self, minutes: int) -> None:
        session = self.client.session
        visit = session["active_company"]
        session["active_company"] = {**visit, "until": visit["until"] - 60 * minutes}
        session.save()

    def test_it_asks_why_and_for_how_long(self) -> None:
        page = reverse("enter_company", args=[self.acme.pk])
        for sent in (
            {},
            {"reason": "x"},
            {"reason": " ", "minutes": 60},
            {"reason": "x", "minutes": 7},
        ):
            answer = self.client.post(page, sent)
            with self.subTest(sent):
                self.assertContains(answer, "For how long")
                self.assertNotIn("active_company", self.client.session)

    def test_the_banner_says_why_and_until_when(self) -> None:
        self.enter(self.acme, minutes=15)
        page = self.client.get("/app/")
        self.assertContains(page, "because: “A test”")
        left = self.client.session["active_company"]["until"] - timezone.now().timestamp()
        self.assertTrue(14 * 60 < left <= 15 * 60)

    def test_it_ends_by_itself(self) -> None:
        self.enter(self.acme, minutes=15)
        self.pass_minutes(16)
        answer = self.client.get(reverse(TICKETS), follow=True)
        self.assertContains(answer, "Your time in Acme is over")
        self.assertNotContains(answer, BANNER)
        left = AuditEvent.objects.get(kind="superusers.left")
        self.assertEqual((left.actor_id, left.data), (self.root.pk, {"time_was_over": True}))

    def test_a_form_sent_after_it_changes_nothing(self) -> None:
        self.enter(self.acme, minutes=15)
        self.pass_minutes(16)
        sent = {"name": "Buyers", "description": ""}
        self.client.post(reverse("admin:workflows_companyrole_add"), sent)
        self.assertNotIn("people.role_added", kinds())

    def test_a_script_is_told(self) -> None:
        self.enter(self.acme, minutes=15)
        self.pass_minutes(16)
        answer = self.client.get(reverse(TICKETS), headers={"Sec-Fetch-Mode": "cors"})
        self.assertEqual(answer.status_code, 403)
        self.assertIn("is over", answer.json()["message"])

    def test_a_session_from_before_visits_had_an_end_is_outside(self) -> None:
        session = self.client.session
        session["active_company"] = self.acme.pk
        session.save()
        self.assertNotContains(self.client.get("/app/"), BANNER)

    def test_what_is_opened_is_listed_polls_and_the_installation_are_not(self) -> None:
        self.enter(self.acme)
        self.client.get(reverse(TICKETS))
        self.client.get(reverse(TICKETS), headers={POLL: "1"})
        self.client.get(reverse("admin:tenants_company_changelist"), {"q": "globex"})
        self.client.get("/app/tickets/ticket/99999/change/")
        opened = AuditEvent.objects.filter(kind="superusers.opened_page")
        self.assertEqual([each.data for each in opened], [{"page": reverse(TICKETS)}])

    def test_people_of_the_company_are_not_followed(self) -> None:
        self.log_in(self.terry)
        self.client.get(reverse(TICKETS))
        self.assertNotIn("superusers.opened_page", kinds())

    def test_entering_another_company_leaves_the_first(self) -> None:
        self.enter(self.acme)
        self.enter(self.globex)
        self.assertEqual(kinds()[-2:], ["superusers.entered", "superusers.left"])


class NotTheirBusinessTests(SecondFactorCase):
    """Whoever runs the installation sets nobody's password, and sees no secret."""

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.root)
        self.enter(self.acme)

    def test_passwords_of_people(self) -> None:
        page = reverse("admin:auth_user_password_change", args=[self.uma.pk])
        sent = {"password1": NEW, "password2": NEW}
        self.assertEqual(self.client.get(page).status_code, 403)
        self.assertEqual(self.client.post(page, sent).status_code, 403)
        person = self.client.get(reverse("admin:tenants_user_change", args=[self.uma.pk]))
        self.assertNotContains(person, page)
        self.uma.refresh_from_db()
        self.assertTrue(self.uma.check_password(PASSWORD))

    def test_a_person_whom_they_add_has_none(self) -> None:
        page = reverse("admin:tenants_user_add")
        self.assertNotContains(self.client.get(page), "password1")
        sent = {"first_name": "Nora", "last_name": "New", "email": "nora@acme.example",
                "system_roles": ["user"], "password1": NEW, "password2": NEW}  # fmt: skip
        self.client.post(page, sent)
        self.assertFalse(User.objects.get(email="nora@acme.example").has_usable_password())

    def test_second_factors_of_people(self) -> None:
        self.give_factor(self.uma)
        page = reverse("admin:tenants_user_second_factor", args=[self.uma.pk])
        self.assertEqual(self.client.post(page).status_code, 403)
        self.assertTrue(has_second_factor(self.uma))

    def test_the_signing_secret(self) -> None:
        page = self.client.get(reverse("admin:workflows_signingsecret"))
        self.assertNotContains(page, "Show the secret once")
        shown = self.client.post(reverse("admin:workflows_signingsecret_show"))
        self.assertEqual(shown.status_code, 403)

    def test_a_new_company_gets_no_password_from_them(self) -> None:
        self.client.post(reverse("leave_company"))
        sent = {"name": "Bright Bakery", "first_name": "Bea", "last_name": "Baker",
                "email": "bea@bakery.example", "password": NEW}  # fmt: skip
        answer = self.client.post(reverse("admin:tenants_company_add"), sent)
        with outside():
            company = Company.objects.get(name="Bright Bakery")
        link = reverse("admin:tenants_company_one_time_link", args=[company.pk])
        self.assertRedirects(answer, link)
        with outside():
            bea = User.objects.get(email="bea@bakery.example")
        self.assertFalse(bea.has_usable_password())
        shown = self.client.post(link, {"person": bea.pk, "reason": "New"})
        self.client.logout()
        self.client.post(shown.context["link"], {"password1": NEW, "password2": NEW})
        with outside():
            bea.refresh_from_db()
        self.assertTrue(bea.check_password(NEW))


class OneTimeLinkTests(SecondFactorCase):
    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()

    def link(self, *, removes: bool = False) -> str:
        return make_one_time_link(
            person=self.alice, reason="Locked out", removes_second_factor=removes
        )

    def address(self, token: str) -> str:
        return reverse("one_time_link", args=[token])

    def test_a_superuser_makes_it_for_an_admin_and_sees_it_once(self) -> None:
        self.log_in(self.root)
        page = reverse("admin:tenants_company_one_time_link", args=[self.acme.pk])
        form = self.client.get(page)
        self.assertContains(form, "Alice Archer")
        self.assertNotContains(form, "Uma Urban")
        refused = self.client.post(page, {"person": self.uma.pk, "reason": "x"})
        self.assertNotIn("link", refused.context)
        self.assertNotIn("link", self.client.post(page, {"person": self.alice.pk}).context)
        made = self.client.post(page, {"person": self.alice.pk, "reason": "Locked out"})
        self.assertContains(made, made.context["link"])
        self.assertNotContains(self.client.get(page), "/new-password/")
        event = AuditEvent.objects.get(kind="superusers.one_time_link_made")
        self.assertEqual(
            (event.actor_id, event.subject_id, event.data),
            (self.root.pk, str(self.alice.pk),
             {"reason": "Locked out", "removes_second_factor": False}),
        )  # fmt: skip

    def test_nobody_else_makes_one(self) -> None:
        page = reverse("admin:tenants_company_one_time_link", args=[self.acme.pk])
        for person in (self.alice, self.charlie, self.uma):
            self.log_in(person)
            self.assertIn(self.client.post(page, {"person": self.alice.pk}).status_code, (403, 404))
        with self.assertRaises(NotAnAdminError):
            make_one_time_link(person=self.uma, reason="x", removes_second_factor=False)

    def test_it_sets_the_password_once(self) -> None:
        token = self.link()
        address = self.address(token)
        self.assertContains(self.client.get(address), self.alice.email)
        weak = self.client.post(address, {"password1": "password1234", "password2": "password1234"})
        self.assertContains(weak, "common")
        self.client.post(address, {"password1": NEW, "password2": NEW})
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password(NEW))
        for answer in (
            self.client.get(address),
            self.client.post(address, {"password1": PASSWORD}),
        ):
            self.assertContains(answer, "does not count any more")
        with self.assertRaises(LinkUsedUpError):
            use_one_time_link(token=token, password=PASSWORD)

    def test_it_ends(self) -> None:
        token = self.link()
        with mock.patch.object(one_time_links, "LIFETIME", timedelta(seconds=-1)):
            self.assertContains(self.client.get(self.address(token)), "does not count any more")
        read_one_time_link(token)
        self.client.force_login(self.alice)  # she got in without it
        self.client.logout()
        self.assertContains(self.client.get(self.address(token)), "does not count any more")

    def test_a_forged_one_counts_for_nothing(self) -> None:
        for token in ("x", "forged:by-nobody", self.link()[:-1], self.link() + "x"):
            self.assertContains(self.client.get(self.address(token)), "does not count any more")

    def test_who_may_not_log_in_is_not_let_in_by_it(self) -> None:
        token = self.link()
        Company.objects.filter(pk=self.acme.pk).update(is_active=False)
        with self.assertRaises(LinkUsedUpError):
            read_one_time_link(token)

    def test_whoever_is_no_admin_any_more_is_not_let_in_by_it(self) -> None:
        token = self.link()
        set_system_roles(user=self.alice, roles=[SystemRole.USER])
        self.assertContains(self.client.get(self.address(token)), "does not count any more")

    def test_it_lets_in_where_the_others_log_in_elsewhere(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(passwords_for_admins_only=True)
        use_one_time_link(token=self.link(), password=NEW)
        self.client.post("/app/login/", {"username": self.alice.email, "password": NEW})
        self.assertEqual(self.client.get("/app/").status_code, 200)

    def test_passkeys_are_removed_where_it_was_said(self) -> None:
        for removes in (False, True):
            made: dict[str, Any] = {
                "user": self.alice, "name": "Phone", "domain": "localhost", "sign_count": 0,
                "credential_id": b"1", "credential": b"1", "user_handle": b"1",
            }  # fmt: skip
            Passkey.objects.get_or_create(credential_id=b"1", defaults=made)
            use_one_time_link(token=self.link(removes=removes), password=f"{NEW}-{removes}")
            self.assertEqual(Passkey.objects.exists(), not removes)

    def test_the_second_factor_stays_unless_it_was_said(self) -> None:
        for removes in (False, True):
            self.give_factor(self.alice) if not has_second_factor(self.alice) else None
            use_one_time_link(token=self.link(removes=removes), password=f"{NEW}-{removes}")
            self.assertEqual(has_second_factor(self.alice), not removes)

    def test_sessions_end(self) -> None:
        self.give_password(self.alice)
        token = self.link()
        use_one_time_link(token=token, password=NEW)
        self.assertEqual(self.client.get("/app/").status_code, 302)
