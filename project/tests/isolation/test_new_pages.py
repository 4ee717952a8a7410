"""A page is covered the day it appears, and cannot do without saying who may use it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from project.tests.isolation import test_another_company
from project.tests.isolation.examples import MARK
from project.tests.isolation.isolation_case import IsolationTestCase
from project.tests.isolation.kinds_of_pages import DECIDE_THEMSELVES, NO_PAGES, OURS
from project.tests.pages import Page, all_pages
from tenants.pages import page as pages
from tenants.pages.page import ObjectPage
from tenants.pages.tests.page_case import page_beneath
from workflows.models import CompanyRole


class NewPage(ObjectPage):
    """As somebody would write it who thinks of one company only."""

    permissions = ("workflows.view_companyrole",)

    def find(self, **arguments: Any) -> None:
        """Looked up past the screen."""

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return HttpResponse(f"{MARK} people")


class NewPageTests(IsolationTestCase):
    """A page is covered the day it appears, and cannot do without saying who may use it."""

    def new_page(self, kind: type[pages.Page] = NewPage) -> AbstractContextManager[None]:
        address = "<int:object_id>/new-page/"
        return page_beneath(CompanyRole, address, kind, name="workflows_companyrole_new_page")

    def test_it_is_found_with_an_example(self) -> None:
        with self.new_page():
            found = [each for each in self.addresses(queries=False) if each[0].kind is NewPage]
        ((page, address),) = found
        self.assertEqual(page.name, "admin:workflows_companyrole_new_page")
        self.assertIs(page.model, CompanyRole)
        self.assertTrue(address.endswith(f"/{self.examples.role.pk}/new-page/"), address)

    def test_one_that_leaks_is_told(self) -> None:
        test = test_another_company.AnotherCompanyTests("test_charlie_sees_nothing_of_acme")
        with self.new_page():
            self.log_in(self.charlie)
            page = next(each for each in all_pages() if each.kind is NewPage)
            (values,) = self.examples.for_page(page)
            with self.assertRaisesRegex(AssertionError, MARK.lower()):
                test.check_page(page, self.get(page.path(**values)))

    def test_without_permissions_it_does_not_come_into_being(self) -> None:
        careless = type("CarelessPage", (pages.Page,), {"get": NewPage.get})
        with self.assertRaisesMessage(ImproperlyConfigured, "CarelessPage does not say who"):
            self.enterContext(self.new_page(careless))

    def test_our_pages_are_pages(self) -> None:
        """Of the one base class; lists and forms of a model are those of Django's admin."""
        for page in all_pages():
            with self.subTest(str(page)):
                self.assertTrue(
                    page.kind is not None or page.name in NO_PAGES or not is_a_page_of_ours(page),
                    "Make it a tenants.pages.page.Page, in a file of its own.",
                )

    def test_views_of_other_styles_are_told(self) -> None:
        class OldAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
            def own_view(self, request: HttpRequest) -> HttpResponse:
                return HttpResponse()

        screen = OldAdmin(CompanyRole, admin.site)
        for view, is_ours in (
            (screen.own_view, True),
            (page_of_a_function, True),
            (screen.changelist_view, False),
        ):
            with self.subTest(view):
                guarded = admin.site.admin_view(view)
                page = Page(template="/app/old/", name="old", callback=guarded, model=None)
                self.assertEqual(is_a_page_of_ours(page), is_ours)

    def test_few_decide_by_themselves_who_may_use_them(self) -> None:
        undeclared = {page.name for page in all_pages() if page.kind and not page.kind.permissions}
        self.assertEqual(undeclared, DECIDE_THEMSELVES)


def page_of_a_function(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def is_a_page_of_ours(page: Page) -> bool:
    """Whether its view was written here; what only widens one of a library's was not."""
    owner = getattr(page.view, "__self__", None)
    if owner is None:
        return page.view.__module__.partition(".")[0] in OURS
    name = page.view.__name__
    libraries = [
        each for each in type(owner).__mro__ if each.__module__.partition(".")[0] not in OURS
    ]
    return not any(name in vars(each) for each in libraries)
