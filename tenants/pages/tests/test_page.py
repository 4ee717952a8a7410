"""What every page has in common, seen at pages that are there for one test."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, SimpleTestCase
from django.urls import reverse

from tenants.errors import TenantsError
from tenants.pages.buttons import Button, ListButton
from tenants.pages.checks import check_files, check_permissions
from tenants.pages.page import (
    ObjectPage,
    Page,
    ScriptPage,
    buttons_of,
    list_buttons_of,
    register_page,
)
from tenants.pages.tests.page_case import page_beneath
from tenants.testing import CompanyTestCase, request_as
from workflows.models import CompanyRole

NAME = "workflows_companyrole_greeting"


class GreetingPage(Page):
    permissions = ("workflows.change_companyrole",)
    list_button = ListButton("Greet", icon="waving_hand", order=1)

    def get(self, request: HttpRequest) -> HttpResponse:
        if "refuse" in request.GET:
            raise TenantsError("Not today.")
        return HttpResponse(f"Hello {self.person.first_name}")


class RolePage(ObjectPage):
    permissions = ("workflows.change_companyrole",)
    button = Button("Greet", icon="waving_hand", order=1)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return HttpResponse(f"Hello {self.object}")

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        raise TenantsError("Not this one.")


class AnswerPage(ScriptPage):
    permissions = ("workflows.change_companyrole",)

    def post(self, request: HttpRequest) -> HttpResponse:
        raise TenantsError("Ask something else.")


class UndeclaredPage(Page):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("Hello stranger")


class MisspeltPage(Page):
    permissions = ("workflows.change_companyroles",)


class DeclarationTest(SimpleTestCase):
    def test_a_page_says_who_may_use_it(self) -> None:
        says = "UndeclaredPage does not say who may use it: give it `permissions`"
        with self.assertRaisesMessage(ImproperlyConfigured, says):
            register_page(CompanyRole, "greeting/", name=NAME)(UndeclaredPage)
        with self.assertRaisesMessage(ImproperlyConfigured, says):  # outside the admin, in urls.py
            UndeclaredPage.as_view()

    def test_a_text_is_no_tuple_of_permissions(self) -> None:
        text = {"permissions": "workflows.change_companyrole"}
        page: type[Page] = type("OneTextPage", (Page,), text)
        with self.assertRaisesMessage(ImproperlyConfigured, "OneTextPage does not say"):
            page.as_view()

    def test_a_name_is_given_once(self) -> None:
        name = "workflows_workflowdefinition_replay"
        with self.assertRaisesMessage(ImproperlyConfigured, f"two pages with the name {name}"):
            register_page(CompanyRole, "greeting/", name=name)(GreetingPage)

    def test_permissions_that_no_model_has_are_told(self) -> None:
        self.assertEqual(check_permissions(), [])
        with page_beneath(CompanyRole, "greeting/", MisspeltPage, name=NAME):
            (error,) = check_permissions()
        self.assertEqual(error.id, "tenants.E001")
        self.assertIn("'workflows.change_companyroles'", error.msg)
        self.assertIn(NAME, error.msg)

    def test_a_file_of_pages_that_nothing_imports_is_told(self) -> None:
        self.assertEqual(check_files(), [])
        module = "tickets.replaying.pages.replay_page"
        with mock.patch.dict(sys.modules):
            del sys.modules[module]
            (error,) = check_files()
        self.assertEqual(error.id, "tenants.E002")
        self.assertIn(module, error.msg)
        self.assertEqual(error.hint, "Import it in tickets/admin.py.")


class PageTestCase(CompanyTestCase):
    address = "greeting/"
    page: type[Page] = GreetingPage

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(self.registered())
        self.role = CompanyRole.objects.create(name="Accounting")

    def registered(self) -> AbstractContextManager[None]:
        return page_beneath(CompanyRole, self.address, self.page, name=NAME)

    def url(self, *arguments: object) -> str:
        return reverse(f"admin:{NAME}", args=arguments)


class WhoMayTest(PageTestCase):
    def test_who_has_the_permission_sees_it(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.client.get(self.url()), "Hello Alice")

    def test_all_others_are_refused(self) -> None:
        for person in (self.carla, self.uma, self.wendy, self.terry):
            self.log_in(person)
            with self.subTest(person):
                self.assertEqual(self.client.get(self.url()).status_code, 403)

    def test_a_superuser_outside_a_company_is_refused(self) -> None:
        self.log_in(self.root)
        self.assertEqual(self.client.get(self.url()).status_code, 403)
        self.enter(self.acme)
        self.assertContains(self.client.get(self.url()), "Hello")

    def test_visitors_are_led_to_the_log_in(self) -> None:
        login = f"{reverse('admin:login')}?next={self.url()}"
        self.assertRedirects(self.client.get(self.url()), login)

    def test_it_takes_only_what_it_has_a_method_for(self) -> None:
        self.log_in(self.alice)
        answer = self.client.post(self.url())
        self.assertEqual(answer.status_code, 405)
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, OPTIONS")

    def test_its_button_stands_above_the_list_for_who_may(self) -> None:
        for person, texts in ((self.alice, ["Greet"]), (self.carla, [])):
            found = list_buttons_of(request_as(person), CompanyRole)
            self.assertEqual([str(each.button.text) for each in found], texts)

    def test_what_cannot_be_shown_leads_elsewhere(self) -> None:
        self.log_in(self.alice)
        answer = self.client.get(self.url(), {"refuse": 1}, follow=True)
        self.assertRedirects(answer, reverse("admin:workflows_companyrole_changelist"))
        self.assertContains(answer, "Not today.")

    def test_what_cannot_be_shown_does_not_lead_to_itself(self) -> None:
        self.log_in(self.alice)
        with mock.patch.object(GreetingPage, "back", lambda page: page_of(page.request)):
            answer = self.client.get(self.url(), {"refuse": 1})
        self.assertRedirects(answer, reverse("admin:index"))


def page_of(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=302, headers={"Location": request.path})


class ObjectPageTest(PageTestCase):
    address = "<int:object_id>/greeting/"
    page = RolePage

    def test_it_is_about_an_object_of_the_list(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.client.get(self.url(self.role.pk)), "Hello Accounting")

    def test_what_is_not_there_is_not_found(self) -> None:
        self.log_in(self.alice)
        for number in (0, self.role.pk + 1, 99999999999999999999):
            with self.subTest(number):
                self.assertEqual(self.client.get(self.url(number)).status_code, 404)
                self.assertEqual(self.client.post(self.url(number)).status_code, 404)

    def test_charlie_of_another_company_finds_nothing(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(self.client.get(self.url(self.role.pk)).status_code, 404)

    def test_a_refusal_is_told_on_the_objects_own_page(self) -> None:
        self.log_in(self.alice)
        answer = self.client.post(self.url(self.role.pk), follow=True)
        own = reverse("admin:workflows_companyrole_change", args=(self.role.pk,))
        self.assertRedirects(answer, own)
        self.assertContains(answer, "Not this one.")

    def test_its_button_leads_to_it(self) -> None:
        (button,) = buttons_of(request_as(self.alice), self.role)
        self.assertEqual(button.url, self.url(self.role.pk))
        self.assertEqual(buttons_of(request_as(self.carla), self.role), [])


class ScriptPageTest(PageTestCase):
    page = AnswerPage

    def test_a_refusal_is_json(self) -> None:
        self.log_in(self.alice)
        answer = self.client.post(self.url())
        self.assertEqual(answer.status_code, TenantsError.status)
        self.assertEqual(answer.json(), {"message": "Ask something else."})


class InPlaceOfTheScreensOwnTest(PageTestCase):
    address = "<path:object_id>/change/"
    page = RolePage

    def registered(self) -> AbstractContextManager[None]:
        return page_beneath(
            CompanyRole, self.address, self.page, name="workflows_companyrole_change"
        )

    def test_it_is_shown_and_the_screens_own_is_gone(self) -> None:
        self.log_in(self.alice)
        url = reverse("admin:workflows_companyrole_change", args=(self.role.pk,))
        self.assertContains(self.client.get(url), "Hello Accounting")
        self.assertEqual(self.client.post(url, {"name": "Stores"}).status_code, 302)
        self.role.refresh_from_db()
        self.assertEqual(self.role.name, "Accounting")


class OutsideTheAdminTest(SimpleTestCase):
    def test_a_page_without_a_screen_says_so(self) -> None:
        page = GreetingPage()
        page.setup(RequestFactory().get("/"))
        with self.assertRaisesMessage(ImproperlyConfigured, "stands beneath no screen"):
            page.back()
