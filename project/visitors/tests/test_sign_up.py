from __future__ import annotations

from typing import Any
from unittest import mock

from django.urls import reverse

from project.visitors import sign_up_forms
from tenants.connection import use_public
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.services import sign_up
from tenants.testing import CompanyTestCase, email_of

DATA = {
    "company_name": "Bright Bakery",
    "first_name": "Bea",
    "last_name": "Baker",
    "email": "bea@bakery.example",
    "password": "rye-and-sourdough",
}


class SignUpTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        use_public()

    def sign_up(self, **changes: str) -> Any:
        return self.client.post(reverse("sign_up"), {**DATA, **changes})

    def test_it_makes_a_company_whose_founder_has_every_role_and_is_logged_in(self) -> None:
        response = self.sign_up()
        self.assertRedirects(response, reverse("admin:index"))
        founder = User.objects.get(email=DATA["email"])
        assert founder.company is not None
        self.assertEqual(founder.company.name, "Bright Bakery")
        self.assertEqual(founder.system_roles(), set(SystemRole))
        self.assertContains(self.client.get(reverse("admin:index")), "Bright Bakery")

    def test_what_was_typed_survives_an_error_but_the_password(self) -> None:
        response = self.sign_up(email="not an address")
        self.assertContains(response, 'value="Bright Bakery"')
        self.assertContains(response, 'value="not an address"')
        self.assertNotContains(response, DATA["password"])

    def test_it_rejects_an_address_that_is_taken_whatever_its_case(self) -> None:
        response = self.sign_up(email=email_of("alice").upper())
        self.assertContains(response, "Somebody already uses this e-mail address")
        self.assertFalse(Company.objects.filter(name="Bright Bakery").exists())

    def test_an_address_that_is_taken_at_the_same_moment_is_an_error_in_the_form(self) -> None:
        """Somebody signs up with it between the check and the insert."""

        def sign_up_second(**data: Any) -> User:
            sign_up(**{**data, "company_name": "The quicker one"})
            return sign_up(**data)

        with mock.patch.object(sign_up_forms, "sign_up", sign_up_second):
            response = self.sign_up()
        self.assertContains(response, "Somebody already uses this e-mail address")
        self.assertEqual(
            list(Company.objects.filter(users__email=DATA["email"]).values_list("name", flat=True)),
            ["The quicker one"],
        )
        self.assertFalse(Company.objects.filter(name="Bright Bakery").exists())

    def test_it_rejects_a_weak_password(self) -> None:
        for password in ("short", "password1234", "12345678901", "bea@bakery.example"):
            with self.subTest(password):
                response = self.sign_up(password=password)
                self.assertEqual(response.status_code, 200)
                self.assertIn("password", response.context["form"].errors)

    def test_nothing_that_a_person_can_type_breaks_it(self) -> None:
        nul, long = "a\x00b", "x" * 5_000
        for field in DATA:
            for value in ("", "   ", nul, long, "<script>alert(1)</script>"):
                with self.subTest(field=field, value=value[:20]):
                    self.client.logout()
                    response = self.sign_up(**{"email": "other@bakery.example", field: value})
                    self.assertIn(response.status_code, (200, 302))
                    if value in ("", nul, long):
                        self.assertIn(field, response.context["form"].errors)
                    User.objects.filter(email="other@bakery.example").update(
                        email=f"done-{User.objects.count()}@bakery.example"
                    )

    def test_names_in_any_script_make_a_company(self) -> None:
        for number, name in enumerate(
            ("ラーメン", "Ø", "123", "--", "PG", "PG Plumbing", "public")
        ):
            with self.subTest(name):
                self.client.logout()
                response = self.sign_up(company_name=name, email=f"n{number}@names.example")
                self.assertEqual(response.status_code, 302)
                self.assertTrue(Company.objects.filter(name=name).exists())

    def test_browsers_are_told_what_each_field_is(self) -> None:
        response = self.client.get(reverse("sign_up"))
        for purpose in ("organization", "given-name", "family-name", "username", "new-password"):
            self.assertContains(response, f'autocomplete="{purpose}"')

    def test_people_who_are_logged_in_have_no_use_for_it(self) -> None:
        self.log_in(self.uma)
        self.assertRedirects(self.client.get(reverse("sign_up")), reverse("admin:index"))
        self.assertEqual(self.sign_up().status_code, 302)
        self.assertFalse(Company.objects.filter(name="Bright Bakery").exists())

    def test_it_needs_the_csrf_token(self) -> None:
        client = self.client_class(enforce_csrf_checks=True)
        self.assertEqual(client.post(reverse("sign_up"), DATA).status_code, 403)
