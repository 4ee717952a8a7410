"""One's own profile: whoever is logged in changes theirs, and nobody else's."""

from __future__ import annotations

from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.models import Company, User
from tenants.testing import CompanyTestCase

PAGE = reverse("admin:account_profile")
PROFILE = {"first_name": "Wendy", "last_name": "Wells", "language": "de", "time_zone": "Asia/Tokyo"}


class ProfileTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.wendy)

    def stored(self) -> dict[str, str]:
        found: dict[str, str] = User.objects.filter(pk=self.wendy.pk).values(*PROFILE).get()
        return found

    def test_it_is_saved_and_counts_from_the_next_page_on(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(time_zone="Europe/Berlin")
        self.assertContains(self.client.get(PAGE), "As in the company: Europe/Berlin")
        answer = self.client.post(PAGE, PROFILE, follow=True)
        self.assertEqual(answer.headers["Content-Language"], "de")
        self.assertEqual(self.stored(), PROFILE)
        event = AuditEvent.objects.latest("pk")
        self.assertEqual(event.kind, "account.profile_changed")
        self.assertEqual(event.subject_id, str(self.wendy.pk))
        changes = {"language": ["", "de"], "time_zone": ["", "Asia/Tokyo"]}
        self.assertEqual(event.data["changes"], changes)

    def test_what_is_not_changed_is_not_recorded(self) -> None:
        self.client.post(PAGE, {**PROFILE, "language": "", "time_zone": ""})
        self.assertFalse(AuditEvent.objects.filter(kind="account.profile_changed").exists())

    def test_what_is_wrong_is_said_and_nothing_is_saved(self) -> None:
        before = self.stored()
        for name, value in (
            ("language", "xx"),
            ("time_zone", "Mars/Base"),
            ("first_name", ""),
            ("last_name", "x" * 1_000),
            ("first_name", "a\x00b"),
        ):
            with self.subTest(name=name):
                answer = self.client.post(PAGE, {**PROFILE, name: value})
                self.assertTrue(answer.context["form"].errors[name])
        self.assertEqual(self.stored(), before)

    def test_roles_and_address_are_not_among_it(self) -> None:
        self.client.post(PAGE, {**PROFILE, "email": "x@y.example", "is_superuser": "on"})
        wendy = User.objects.get(pk=self.wendy.pk)
        self.assertEqual((wendy.email, wendy.is_superuser), (self.wendy.email, False))

    def test_charlie_sees_and_changes_his_own(self) -> None:
        self.client.post(PAGE, PROFILE)
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(PAGE), "Wells")

    def test_a_visitor_is_led_to_the_log_in(self) -> None:
        self.client.logout()
        self.assertIn("login", self.client.get(PAGE).headers["Location"])

    def test_initials(self) -> None:
        self.assertEqual(User(first_name="Ada", last_name="lovelace").initials, "AL")
        self.assertEqual(User(email="root@x.example").initials, "R")
