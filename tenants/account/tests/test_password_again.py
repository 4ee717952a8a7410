from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse

from project.tests.pages import all_pages
from tenants.account.password_again import ASKED_AT
from tenants.logging_in.sessions import CONFIRMED_AT
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import PASSWORD, CompanyTestCase
from workflows.models import SigningSecret

ASKS = "Your password again"


class PasswordAgainTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.alice)
        self.address = reverse("admin:tenants_user_change", args=[self.uma.pk])
        self.data = {
            "first_name": "Uma <b>",
            "last_name": "Urban",
            "email": self.uma.email,
            "is_active": "on",
            "system_roles": [SystemRole.USER.value, SystemRole.TICKET_ADMIN.value],
        }

    def wait(self) -> None:
        session = self.client.session
        session[CONFIRMED_AT] = 0
        session.save()

    def roles(self) -> set[SystemRole]:
        return set(User.objects.get(pk=self.uma.pk).system_roles())

    def test_soon_after_the_log_in_nothing_is_asked(self) -> None:
        self.client.post(self.address, self.data)
        self.assertIn(SystemRole.TICKET_ADMIN, self.roles())

    def test_later_the_password_is_asked_and_what_was_sent_is_kept(self) -> None:
        self.wait()
        asked = self.client.post(self.address, self.data)
        self.assertContains(asked, ASKS, status_code=403)
        self.assertContains(asked, 'value="Uma &lt;b&gt;"', status_code=403)
        self.assertEqual(self.roles(), {SystemRole.USER})
        wrong = self.client.post(self.address, {**self.data, "password_again": "wrong"})
        self.assertContains(wrong, "not your password", status_code=403)
        self.assertEqual(self.roles(), {SystemRole.USER})
        again = self.client.post(self.address, {**self.data, "password_again": PASSWORD})
        self.assertEqual(again.status_code, 302)
        self.assertIn(SystemRole.TICKET_ADMIN, self.roles())
        self.assertNotIn(PASSWORD, str(list(LogEntry.objects.values())))
        # For some minutes.
        self.assertEqual(self.client.post(self.address, self.data).status_code, 302)

    def test_a_lost_session_does_not_guess_it(self) -> None:
        self.wait()
        for _each in range(5):
            self.client.post(self.address, {**self.data, "password_again": "wrong"})
        refused = self.client.post(self.address, {**self.data, "password_again": PASSWORD})
        self.assertContains(refused, "wrong several times", status_code=403)
        self.assertEqual(self.roles(), {SystemRole.USER})

    def test_nor_on_the_page_of_ones_own_password(self) -> None:
        address, new = reverse("admin:password_change"), "seven-green-bottles"
        data: dict[str, Any] = {"new_password1": new, "new_password2": new}
        for _each in range(5):
            self.client.post(address, {**data, "old_password": "wrong"})
        refused = self.client.post(address, {**data, "old_password": PASSWORD})
        self.assertContains(refused, "wrong several times")
        self.assertTrue(User.objects.get(pk=self.alice.pk).check_password(PASSWORD))

    def test_files_are_chosen_again(self) -> None:
        self.wait()
        address = reverse("admin:tenants_user_import")
        file = SimpleUploadedFile("people.csv", b"E-mail address\n")
        asked = self.client.post(address, {"import_file": file, "format": "0"})
        self.assertContains(asked, "choose your file once more", status_code=403)
        answer = self.client.post(address, {"files_are_lost": "1", "password_again": PASSWORD})
        self.assertRedirects(answer, address)

    def test_every_page_that_asks_does_so_before_anything_else(self) -> None:
        pages = {page.name: page for page in all_pages()}
        self.assertLessEqual(ASKED_AT, set(pages))
        for name in ASKED_AT:
            page = pages[name]
            self.wait()
            asked = self.client.post(page.path(**dict.fromkeys(page.arguments, self.uma.pk)))
            with self.subTest(name):
                self.assertContains(asked, ASKS, status_code=403)
        self.assertFalse(SigningSecret.objects.exclude(shown_at=None).exists())

    def test_a_superuser_before_entering_a_company(self) -> None:
        self.log_in(self.root)
        self.wait()
        address = reverse("enter_company", args=[self.acme.pk])
        values = {"reason": "A test", "minutes": 60}
        self.assertContains(self.client.post(address, values), ASKS, status_code=403)
        self.assertNotContains(self.client.get("/app/"), "You are inside")
        self.client.post(address, {**values, "password_again": PASSWORD})
        self.assertContains(self.client.get("/app/"), "You are inside")

    @override_settings(PASSWORD_AGAIN_SECONDS=0)
    def test_everything_else_is_done_without(self) -> None:
        self.assertEqual(self.client.get(self.address).status_code, 200)
        self.assertEqual(self.client.get("/app/").status_code, 200)
