"""Which company a request works in, and when that ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from tenants.companies.active_company import SESSION_KEY, Visit, find_active_company
from tenants.connection import current_schema, in_public, use_company
from tenants.middleware import ActiveCompanyMiddleware, PublicSchemaMiddleware
from tenants.models import Company, User
from tenants.testing import PASSWORD, CompanyTestCase


def visit(company: int) -> dict[str, Any]:
    """As a session keeps it."""
    until = timezone.now() + timedelta(minutes=5)
    return Visit(company=company, reason="A test", until=until).as_kept()


class MiddlewareTests(CompanyTestCase):
    works_outside = True

    def pass_through(self, user: User, chosen: int | None = None) -> tuple[str, str]:
        """The schemas that a view works in, and that the connection is left in."""
        seen: list[str] = []

        def view(request: object) -> HttpResponse:
            seen.append(current_schema())
            return HttpResponse()

        request = RequestFactory().get("/")
        request.user = user
        request.session = {SESSION_KEY: visit(chosen)} if chosen else {}  # type: ignore[assignment]
        PublicSchemaMiddleware(ActiveCompanyMiddleware(view))(request)  # type: ignore[arg-type]
        left = current_schema()
        use_company(self.acme)
        return seen[0], left

    def test_a_request_works_in_the_persons_company_and_ends_in_public(self) -> None:
        use_company(self.acme)
        self.assertEqual(self.pass_through(self.charlie), ("globex", "public"))
        self.assertEqual(self.pass_through(self.alice), ("acme", "public"))

    def test_it_ends_in_public_when_the_view_fails(self) -> None:
        def view(request: object) -> HttpResponse:
            use_company(self.globex)
            raise RuntimeError

        with self.assertRaises(RuntimeError):
            PublicSchemaMiddleware(view)(RequestFactory().get("/"))
        self.assertTrue(in_public())
        use_company(self.acme)

    def test_a_superuser_works_in_public_until_they_choose(self) -> None:
        self.assertEqual(self.pass_through(self.root), ("public", "public"))
        self.assertEqual(self.pass_through(self.root, self.globex.pk), ("globex", "public"))

    def test_nobody_else_can_choose(self) -> None:
        self.assertEqual(self.pass_through(self.charlie, self.acme.pk), ("globex", "public"))

    def test_a_chosen_company_that_is_gone_is_no_company(self) -> None:
        gone = Company.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
        self.assertEqual(self.pass_through(self.root, gone), ("public", "public"))

    def test_a_superuser_may_look_after_a_company_that_is_switched_off(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(is_active=False)
        request = RequestFactory().get("/")
        request.user = self.root
        request.session = {SESSION_KEY: visit(self.acme.pk)}  # type: ignore[assignment]
        self.assertEqual(find_active_company(request), self.acme)


class EndingTests(CompanyTestCase):
    def is_in(self) -> bool:
        response = self.client.get(reverse("admin:password_change"))
        return response.status_code == 200

    def test_a_company_that_is_switched_off_is_out_at_the_next_request(self) -> None:
        self.log_in(self.uma)
        self.assertTrue(self.is_in())
        Company.objects.filter(pk=self.acme.pk).update(is_active=False)
        self.assertFalse(self.is_in())
        self.assertFalse(self.client.login(username=self.uma.email, password=PASSWORD))
        Company.objects.filter(pk=self.acme.pk).update(is_active=True)
        self.assertTrue(self.client.login(username=self.uma.email, password=PASSWORD))

    def test_other_companies_stay_in(self) -> None:
        self.log_in(self.charlie)
        Company.objects.filter(pk=self.acme.pk).update(is_active=False)
        self.assertTrue(self.is_in())

    def test_a_deactivated_person_is_out_at_the_next_request(self) -> None:
        self.log_in(self.uma)
        self.assertTrue(self.is_in())
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        self.assertFalse(self.is_in())
        self.assertFalse(self.client.login(username=self.uma.email, password=PASSWORD))
