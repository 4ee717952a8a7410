from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from tenants.models import Company
from tenants.testing import PASSWORD, CompanyTestCase, email_of

LOGIN = "/app/login/"
REFUSED = "do not let you in"


class LogInTests(CompanyTestCase):
    works_outside = True

    def log_in_by_form(self, email: str, password: str = PASSWORD, **more: str) -> Any:
        return self.client.post(LOGIN, {"username": email, "password": password, **more})

    def is_logged_in(self) -> bool:
        return "_auth_user_id" in self.client.session

    def test_everybody_comes_to_their_dashboard(self) -> None:
        for person in (self.alice, self.wendy, self.terry, self.carla, self.uma, self.root):
            with self.subTest(person):
                self.client.logout()
                response = self.log_in_by_form(person.email)
                self.assertRedirects(response, reverse("admin:index"))

    def test_the_case_of_the_address_does_not_matter(self) -> None:
        self.assertEqual(self.log_in_by_form(email_of("uma").upper()).status_code, 302)

    def test_it_says_the_same_whoever_cannot_log_in(self) -> None:
        self.wendy.is_active = False
        self.wendy.save()
        Company.objects.filter(pk=self.globex.pk).update(is_active=False)
        attempts = (
            (email_of("uma"), "a wrong password"),
            ("nobody@nowhere.example", PASSWORD),
            (email_of("wendy"), PASSWORD),
            (email_of("charlie"), PASSWORD),
        )
        pages = set()
        for email, password in attempts:
            response = self.log_in_by_form(email, password)
            self.assertContains(response, REFUSED)
            self.assertContains(response, email)
            self.assertNotContains(response, password)
            self.assertFalse(self.is_logged_in())
            pages.add(str(response.context["form"].non_field_errors()))
        self.assertEqual(len(pages), 1)

    def test_nothing_that_a_person_can_type_breaks_it(self) -> None:
        for value in ("", " ", "a\x00b", "x" * 10_000, "' OR 1=1 --", "\u202e\ud7ff"):
            with self.subTest(value[:20]):
                self.assertEqual(self.log_in_by_form(value).status_code, 200)
                self.assertEqual(self.log_in_by_form(email_of("uma"), value).status_code, 200)

    def test_it_returns_to_where_the_person_was(self) -> None:
        wanted = reverse("admin:password_change")
        response = self.client.get(wanted)
        self.assertRedirects(response, f"{LOGIN}?next={wanted}")
        self.assertContains(self.client.get(response["Location"]), f'value="{wanted}"')
        response = self.log_in_by_form(email_of("uma"), next=wanted)
        self.assertRedirects(response, wanted)

    def test_it_never_leads_to_another_site(self) -> None:
        for wanted in (
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "http:evil.example",
        ):
            with self.subTest(wanted):
                self.client.logout()
                data = {"username": email_of("uma"), "password": PASSWORD, "next": wanted}
                response = self.client.post(LOGIN, data, query_params={"next": wanted})
                self.assertRedirects(response, reverse("admin:index"))

    def test_a_session_that_has_ended_is_explained(self) -> None:
        self.assertNotContains(self.client.get(LOGIN), "Your session has ended")
        self.log_in(self.uma)
        self.client.session.flush()
        response = self.client.get(reverse("admin:index"), follow=True)
        self.assertContains(response, "Your session has ended")

    def test_what_scripts_ask_meanwhile_does_not_use_the_explanation_up(self) -> None:
        self.log_in(self.uma)
        self.client.session.flush()
        page = reverse("admin:index")
        response = self.client.post(page, headers={"Sec-Fetch-Mode": "cors"})
        self.assertContains(response, "Your session has ended", status_code=401)
        self.assertEqual(response.cookies.output(), "")
        response = self.client.get(page, headers={"Sec-Fetch-Mode": "navigate"}, follow=True)
        self.assertContains(response, "Your session has ended")

    def test_a_form_that_comes_after_the_cookie_has_gone_is_explained(self) -> None:
        response = self.client.post(reverse("admin:index"), follow=True)
        self.assertContains(response, "Your session has ended")
        self.assertNotContains(self.client.get(LOGIN), "Your session has ended")

    def test_whoever_comes_for_the_first_time_is_told_of_no_session(self) -> None:
        response = self.client.get(reverse("admin:index"), follow=True)
        self.assertNotContains(response, "Your session has ended")

    def test_a_session_ends_when_the_company_is_switched_off(self) -> None:
        self.log_in(self.uma)
        self.acme.is_active = False
        self.acme.save()
        response = self.client.get(reverse("admin:index"), follow=True)
        self.assertContains(response, "Your session has ended")
        self.assertNotContains(response, self.acme.name)

    def test_browsers_are_told_what_each_field_is(self) -> None:
        response = self.client.get(LOGIN)
        self.assertContains(response, 'autocomplete="username"')
        self.assertContains(response, 'autocomplete="current-password"')
        self.assertContains(response, f'href="{reverse("sign_up")}"')


class LogOutTests(CompanyTestCase):
    def test_posting_logs_out_and_leads_to_the_start_page(self) -> None:
        self.log_in(self.uma)
        response = self.client.post(reverse("admin:logout"))
        self.assertRedirects(response, reverse("landing"))
        self.assertNotIn("_auth_user_id", self.client.session)
        self.assertNotIn(settings.SESSION_COOKIE_NAME, self.client.cookies.output(attrs=[]).split())

    def test_a_link_does_not_log_out(self) -> None:
        self.log_in(self.uma)
        response = self.client.get(reverse("admin:logout"))
        self.assertRedirects(response, reverse("admin:index"))
        self.assertIn("_auth_user_id", self.client.session)

    def test_the_menu_posts(self) -> None:
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:index")).content.decode()
        self.assertIn(f'method="post" action="{reverse("admin:logout")}"', page)
        self.assertNotIn(f'href="{reverse("admin:logout")}"', page)

    def test_after_it_the_log_in_page_blames_no_session(self) -> None:
        self.log_in(self.uma)
        self.client.post(reverse("admin:logout"))
        self.assertNotContains(self.client.get(LOGIN), "Your session has ended")
