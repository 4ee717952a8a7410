from __future__ import annotations

from unittest import mock

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory, SimpleTestCase, override_settings
from django.urls import reverse
from django.views import defaults

from project.unavailable import error_pages
from tenants.testing import CompanyTestCase, run_python

LOGO = "ticketflower/logo"


class ErrorPageTests(CompanyTestCase):
    def test_a_page_that_is_not_there(self) -> None:
        response = self.client.get("/nowhere/")
        self.assertContains(response, "There is nothing here", status_code=404)
        self.assertContains(response, "Go to the start page", status_code=404)
        self.assertContains(response, LOGO, status_code=404)

    def test_inside_the_admin_it_names_the_company_and_leads_back(self) -> None:
        self.log_in(self.uma)
        for path in ("/app/nowhere/", "/app/r/1/1/", "/app/tickets/myticket/abc/change/"):
            with self.subTest(path):
                response = self.client.get(path, follow=True)
                self.assertIn(response.status_code, (200, 404))
        response = self.client.get("/app/nowhere/")
        self.assertContains(response, self.acme.name, status_code=404)
        self.assertContains(response, "Go to the dashboard", status_code=404)

    def test_the_pages_of_what_was_not_foreseen_name_it_too(self) -> None:
        client = self.client_class(raise_request_exception=False)
        for person, name in ((self.uma, self.acme.name), (self.root, "No company")):
            client.force_login(person)
            for error, status in ((RuntimeError("no"), 500), (SuspiciousOperation("no"), 400)):
                with (
                    self.subTest(person=person, status=status),
                    mock.patch("project.admin_site.site.find", side_effect=error),
                    self.assertLogs("django", "ERROR"),
                ):
                    response = client.get(reverse("admin:search"), {"s": "desk"})
                    shown = f'<span class="tf-company-name">{name}</span>'
                    self.assertContains(response, shown, status_code=status)

    def test_a_page_that_the_person_may_not_open(self) -> None:
        self.log_in(self.uma)
        response = self.client.get(reverse("admin:tenants_user_changelist"))
        self.assertContains(response, "You may not open this page", status_code=403)
        self.assertContains(response, LOGO, status_code=403)

    def test_a_form_without_its_token(self) -> None:
        client = self.client_class(enforce_csrf_checks=True)
        response = client.post(reverse("admin:login"), {})
        self.assertContains(response, "This form was open for too long", status_code=403)
        self.assertContains(response, LOGO, status_code=403)

    def test_the_list_of_an_apps_models_is_the_dashboard(self) -> None:
        self.log_in(self.uma)
        self.assertRedirects(self.client.get("/app/tickets/"), reverse("admin:index"))
        self.assertEqual(self.client.get("/app/tenants/").status_code, 404)
        self.assertEqual(self.client.get("/app/nothing/").status_code, 404)

    def test_no_page_fetches_objects_of_any_model(self) -> None:
        for person in (self.uma, self.root):
            self.log_in(person)
            for content_type in range(1, 40):
                response = self.client.get(f"/app/r/{content_type}/1/")
                self.assertEqual(response.status_code, 404)


class WithDetailsOfErrorsTests(CompanyTestCase):
    """As `dev.py up` runs it."""

    @override_settings(DEBUG=True)
    def test_what_django_refuses_is_answered_by_our_page(self) -> None:
        client = self.client_class(raise_request_exception=False)
        client.force_login(self.root)
        values = {"reason": "A test", "minutes": 60}
        client.post(reverse("enter_company", args=[self.acme.pk]), values)
        for query in ("_to_field=x", "_to_field=%00", "_popup=1&_to_field=password"):
            for page in ("tenants_user", "workflows_companyrole"):
                with self.subTest(page, query=query), self.assertLogs("django.security", "ERROR"):
                    response = client.get(f"{reverse(f'admin:{page}_add')}?{query}")
                    self.assertContains(response, LOGO, status_code=400)
                    self.assertNotContains(response, "Traceback", status_code=400)


class HeaderTests(CompanyTestCase):
    def test_browsers_are_told_what_no_page_needs(self) -> None:
        for path in ("/", "/app/login/", "/nowhere/"):
            policy = self.client.get(path)["Permissions-Policy"]
            self.assertIn("camera=()", policy)
            self.assertIn("publickey-credentials-get=(self)", policy)

    def test_over_https_cookies_belong_to_this_host_alone(self) -> None:
        code = (
            "from project import settings as s;"
            "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE)"
        )
        found = run_python(code, HTTPS="1")
        self.assertEqual(found.stdout.split(), ["__Host-sessionid", "__Host-csrftoken", "True"])


class WithoutDatabaseTests(SimpleTestCase):
    """SimpleTestCase refuses every query."""

    def test_a_failure_of_ours(self) -> None:
        response = error_pages.server_error(RequestFactory().get("/"))
        self.assertContains(response, "Something went wrong on our side", status_code=500)
        self.assertContains(response, LOGO, status_code=500)

    def test_a_failure_in_a_view(self) -> None:
        with (
            mock.patch("project.visitors.sign_up.SignUpForm", side_effect=RuntimeError("no")),
            mock.patch("tenants.middleware.find_active_company", return_value=None),
            mock.patch("tenants.middleware.use_public"),
            mock.patch(
                "project.visitors.sign_up.SignUpPage.dispatch", side_effect=RuntimeError("no")
            ),
            self.assertLogs("django.request", "ERROR"),
        ):
            response = Client(raise_request_exception=False).get(reverse("sign_up"))
        self.assertContains(response, "Something went wrong on our side", status_code=500)

    def test_a_request_that_cannot_be_read(self) -> None:
        response = error_pages.bad_request(RequestFactory().get("/"), SuspiciousOperation("no"))
        self.assertContains(response, "That request could not be read", status_code=400)

    def test_a_refusal_does_not_repeat_what_the_code_said(self) -> None:
        request = RequestFactory().get("/")
        with mock.patch("project.context.active_company", return_value=None):
            request.user = mock.Mock(is_authenticated=False)
            response = defaults.permission_denied(request, PermissionDenied("secret reason"))
        self.assertContains(response, "You may not open this page", status_code=403)
        self.assertNotContains(response, "secret reason", status_code=403)
