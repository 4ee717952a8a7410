"""What a service refuses is told by the page, whether the page thought of it or not."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django import forms
from django.contrib.messages import get_messages
from django.test import SimpleTestCase
from django.urls import reverse

from tenants.errors import (
    EmailInUseError,
    LastAdminError,
    OtherCompanyError,
    TenantsError,
)
from tenants.models import Company, User
from tenants.pages.refusals import refusals_in
from tenants.refusals import refusals
from tenants.testing import PASSWORD, CompanyTestCase
from workflows.errors import RoleNameInUseError
from workflows.models import CompanyRole


class NameForm(forms.Form):
    email = forms.EmailField()


class RefusalsTests(SimpleTestCase):
    def form(self) -> NameForm:
        form = NameForm({"email": "uma@acme.example"})
        self.assertTrue(form.is_valid())
        return form

    def test_it_stands_beside_the_field_that_it_is_about(self) -> None:
        form = self.form()
        with refusals_in(form):
            raise EmailInUseError
        self.assertEqual(form.errors, {"email": [str(EmailInUseError())]})

    def test_it_stands_above_a_form_that_has_no_such_field(self) -> None:
        for error in (OtherCompanyError(), LastAdminError()):
            form = self.form()
            with refusals_in(form):
                raise error
            self.assertEqual(form.errors, {"__all__": [str(error)]})

    def test_it_is_kept_and_the_rest_is_left_out(self) -> None:
        done = []
        with refusals() as refused:
            done.append("begun")
            raise EmailInUseError
        self.assertIsInstance(refused.error, EmailInUseError)
        self.assertEqual((done, refused.text), (["begun"], str(EmailInUseError())))

    def test_no_frame_is_kept_with_what_was_refused(self) -> None:
        """A frame that has the error would be kept with all that was sent."""
        with refusals() as refused:
            try:
                raise ZeroDivisionError
            except ZeroDivisionError as error:
                raise EmailInUseError from error
        links = (refused.error, refused.error and refused.error.__cause__)
        for each in links:
            self.assertIsNotNone(each)
            self.assertIsNone(each and each.__traceback__)

    def test_what_happened_before_keeps_where(self) -> None:
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as before:
            with refusals():
                raise EmailInUseError from before
            self.assertIsNotNone(before.__traceback__)

    def test_nothing_is_refused(self) -> None:
        with refusals() as refused:
            pass
        self.assertEqual((refused.error, refused.text), (None, ""))

    def test_what_it_does_not_take_goes_on(self) -> None:
        with self.assertRaises(OtherCompanyError), refusals(EmailInUseError):
            raise OtherCompanyError
        with self.assertRaises(ZeroDivisionError), refusals():
            raise ZeroDivisionError

    def test_the_inner_one_comes_first(self) -> None:
        with refusals() as outer, refusals(TenantsError) as inner:
            raise EmailInUseError
        self.assertEqual((outer.error, type(inner.error)), (None, EmailInUseError))


class PageTests(CompanyTestCase):
    """A page that does nothing of what its service refuses."""

    SERVICE = "project.superusers.enter_company.visits.enter_company"

    def send(self, **headers: str) -> Any:
        self.log_in(self.root)
        address = reverse("enter_company", args=[self.acme.pk])
        with mock.patch(self.SERVICE, side_effect=OtherCompanyError):
            values = {"reason": "A test", "minutes": 60}
            return self.client.post(address, values, headers=headers)

    def test_it_leads_back_to_where_the_form_was_sent_from(self) -> None:
        response = self.send(referer="http://testserver/app/tenants/company/?q=a")
        self.assertRedirects(response, "/app/tenants/company/?q=a")
        texts = [str(each) for each in get_messages(response.wsgi_request)]
        self.assertEqual(texts, [str(OtherCompanyError())])

    def test_it_never_leads_to_another_server(self) -> None:
        for referer in ("https://evil.example/app/", "http://testserver//evil.example/", "", "??"):
            with self.subTest(referer):
                location = self.send(referer=referer)["Location"]
                self.assertTrue(location.startswith("/") and not location.startswith("//"))

    def test_a_mistake_of_ours_stays_one(self) -> None:
        self.log_in(self.root)
        with (
            self.assertRaises(ZeroDivisionError),
            self.assertLogs("django.request", "ERROR"),
            mock.patch(self.SERVICE, side_effect=ZeroDivisionError),
        ):
            self.enter(self.acme)


class ScreenTests(CompanyTestCase):
    """Screens of models: what only the database could see comes back in the form."""

    def test_a_person_whose_address_was_taken_meanwhile(self) -> None:
        self.log_in(self.alice)
        typed = {
            "first_name": "Nina",
            "last_name": "North",
            "email": "nina@acme.example",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "system_roles": ["user"],
        }
        with mock.patch("workflows.people.pages.person.save_person", side_effect=EmailInUseError):
            page = self.client.post(reverse("admin:tenants_user_add"), typed)
        self.assertContains(page, str(EmailInUseError()))
        self.assertEqual(page.context["adminform"].form.errors.keys(), {"email"})
        self.assertContains(page, 'value="nina@acme.example"')
        self.assertFalse(User.objects.filter(email=typed["email"]).exists())

    def test_the_last_admin_was_switched_off_elsewhere(self) -> None:
        self.log_in(self.alice)
        typed = {"first_name": "Wanda", "last_name": "Wells", "email": self.wendy.email}
        address = reverse("admin:tenants_user_change", args=[self.wendy.pk])
        with mock.patch("workflows.people.pages.person.save_person", side_effect=LastAdminError):
            page = self.client.post(address, typed)
        self.assertEqual(
            page.context["adminform"].form.errors, {"system_roles": [str(LastAdminError())]}
        )
        self.assertContains(page, 'value="Wanda"')
        self.wendy.refresh_from_db()
        self.assertEqual(self.wendy.first_name, "Wendy")

    def test_a_role_whose_name_was_taken_meanwhile(self) -> None:
        self.log_in(self.alice)
        service = "workflows.people.pages.company_role.save_company_role"
        with mock.patch(service, side_effect=RoleNameInUseError):
            page = self.client.post(
                reverse("admin:workflows_companyrole_add"), {"name": "Sales", "description": "x"}
            )
        self.assertEqual(
            page.context["adminform"].form.errors, {"name": [str(RoleNameInUseError())]}
        )
        self.assertFalse(CompanyRole.objects.exists())

    def test_a_company_whose_first_person_was_taken_meanwhile(self) -> None:
        self.log_in(self.root)
        typed = {
            "name": "New",
            "first_name": "Nina",
            "last_name": "North",
            "email": "nina@new.example",
            "password": PASSWORD,
        }
        with mock.patch("tenants.pages.company.sign_up", side_effect=EmailInUseError):
            page = self.client.post(reverse("admin:tenants_company_add"), typed)
        self.assertEqual(page.context["adminform"].form.errors, {"email": [str(EmailInUseError())]})
        self.assertContains(page, 'value="Nina"')
        self.assertFalse(Company.objects.filter(name="New").exists())

    def test_a_role_that_is_used_since_just_now(self) -> None:
        self.log_in(self.alice)
        role = CompanyRole.objects.create(name="Sales")
        service = "workflows.people.pages.company_role.delete_company_role"
        one = reverse("admin:workflows_companyrole_delete", args=[role.pk])
        many = reverse("admin:workflows_companyrole_changelist")
        chosen = {"action": "delete_selected", "_selected_action": role.pk, "post": "yes"}
        for address, sent in ((one, {"post": "yes"}), (many, chosen)):
            with self.subTest(address), mock.patch(service, side_effect=RoleNameInUseError):
                page = self.client.post(address, sent, follow=True)
                self.assertContains(page, str(RoleNameInUseError()))
                self.assertTrue(CompanyRole.objects.filter(pk=role.pk).exists())
