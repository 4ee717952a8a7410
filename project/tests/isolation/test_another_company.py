"""Somebody of another company sees nothing of Acme on any page, and changes nothing there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.test import tag
from django.urls import reverse

from project.tests.isolation.answer import Answer
from project.tests.isolation.examples import MARK
from project.tests.isolation.isolation_case import SAVE, IsolationTestCase, names_an_object
from project.tests.isolation.kinds_of_pages import SHOWN_BY_OTHERS
from project.tests.isolation.snapshot import changes, snapshot
from project.tests.pages import HtmlForm, Page, all_pages, forms_of
from tenants.models import Company, User
from tenants.testing_tools.examples import is_long_run


@tag("companies")
class AnotherCompanyTests(IsolationTestCase):
    SECONDS_EACH = 30.0

    def test_charlie_sees_nothing_of_acme(self) -> None:
        """No text of Acme's anywhere, and no page for an object of Acme's.

        A redirect may lead to a list or the start page, never to an object's page.
        """
        self.log_in(self.charlie)
        places = {page.template for page in all_pages() if not page.arguments}
        for page, address in self.addresses():
            with self.subTest(address):
                answer = self.get(address)
                self.check_page(page, answer)
                if names_an_object(page) and answer.status_code not in (401, 403, 404, 405):
                    self.assertTrue(answer.is_redirected)
                    self.assertIn(answer.path, places)

    def check_page(self, page: Page, answer: Answer) -> None:
        self.assertFalse(answer.is_broken, str(answer))
        self.assertNotIn(MARK.lower(), answer.text.lower())

    def test_charlies_posts_change_nothing_in_acme(self) -> None:
        forms = self.forms_of_acme()
        self.assertGreater(len(forms), 10)
        before = snapshot(self.acme)
        self.log_in(self.charlie)
        for address, values in forms:
            with self.subTest(address):
                answer = self.post(address, values)
                self.assertFalse(answer.is_broken, str(answer))
                self.assertNotIn(MARK.lower(), answer.text.lower().replace(TAKEN.lower(), ""))
        self.assertEqual(changes(before, snapshot(self.acme)), [])

    def test_the_same_posts_by_amy_change_acme(self) -> None:
        """Else the test above would prove nothing.

        A long run sends all of them, and none may break.
        """
        forms = [each for each in self.forms_of_acme() if each[1] not in ({}, SAVE)]
        if not is_long_run():
            forms = [each for each in forms if each[0].startswith(TRIED_BY_AMY)]
        before = snapshot(self.acme)
        self.log_in(self.amy)
        for address, values in forms:
            with self.subTest(address):
                answer = self.post(address, values)
                self.assertFalse(answer.is_broken, str(answer))
                if self.client.session.get("_auth_user_id") is None:
                    self.log_in(self.amy)  # one of the forms logs out
        changed = changes(before, snapshot(self.acme))
        for table in ("acme.workflows_companyrole", "acme.tickets_ticket", "public.tenants_user"):
            self.assertIn(table, changed)

    def test_acmes_own_people_see_the_marks(self) -> None:
        """On the list of every model, if it has one, and on a page of every object."""
        seen: dict[type[Model], set[bool]] = {}
        for page, address, answer in self.pages_of_amy():
            if page.model is None or page.model is Company:
                continue
            shown = seen.setdefault(page.model, set())
            if answer.status_code == 200 and not answer.is_redirected and MARK in answer.text:
                shown.add(names_an_object(page))
            elif page.name.endswith("_changelist"):
                self.fail(f"{address} does not show Acme's {page.model._meta.verbose_name_plural}.")
        for model in seen.keys() - SHOWN_BY_OTHERS:
            self.assertIn(True, seen[model], f"No page of {model._meta.label} shows its example.")

    _pages: ClassVar[list[tuple[Page, str, Answer]]] = []
    _forms: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cls._pages.clear()
        cls._forms.clear()

    def pages_of_amy(self) -> list[tuple[Page, str, Answer]]:
        """Every address without a query, as the first test that asks has got it."""
        if not self._pages:
            self._pages.extend(self.walk(self.amy, self.addresses(queries=False)))
        return self._pages

    def forms_of_acme(self) -> list[tuple[str, dict[str, Any]]]:
        """As found by the first test that asks."""
        if not self._forms:
            self._forms.extend(self.find_forms())
        return self._forms

    def walk(
        self, person: User, addresses: Iterable[tuple[Page, str]]
    ) -> Iterator[tuple[Page, str, Answer]]:
        """What Amy, or a superuser inside Acme, gets. None of these pages may break."""
        self.log_in(person)
        if person.is_superuser:
            self.enter(self.acme)
        for page, address in addresses:
            answer = self.get(address)
            with self.subTest(address, person=person.email):
                self.assertFalse(answer.is_broken, str(answer))
            yield page, address, answer

    def answers_with_forms(self) -> Iterator[tuple[str, Answer]]:
        """Of Amy's pages and those that only a superuser inside Acme has; in a long run of all.

        A superuser has no other forms there than on the pages themselves. A list has the same
        forms, whatever it is narrowed to.
        """
        pages = self.pages_of_amy()
        has_been_there = {address for _page, address, answer in pages if answer.is_html_page}
        with_query = (
            (page, address)
            for page, address in self.addresses()
            if "?" in address and (is_long_run() or not page.name.endswith("_changelist"))
        )
        of_superusers = (
            (page, address)
            for page, address in self.addresses(queries=False)
            if is_long_run() or address not in has_been_there
        )
        for _page, address, answer in itertools.chain(
            pages, self.walk(self.amy, with_query), self.walk(self.root, of_superusers)
        ):
            if answer.is_html:
                yield address, answer

    def find_forms(self) -> list[tuple[str, dict[str, Any]]]:
        """What Amy and a superuser inside Acme could send, changed where it is text; and more."""
        found: dict[str, list[dict[str, Any]]] = {}
        for address, answer in self.answers_with_forms():
            for form in forms_of(answer.text, address=address):
                if form.method == "post" and form.action != reverse("admin:logout"):
                    found.setdefault(form.action, []).append(taken_over(form))
        sent = [
            (address, values)
            for address, many in found.items()
            for values in list({str(v): v for v in many}.values())[:3]
        ]
        # With nothing of Acme's in the address nor in the values, once is enough.
        sent += [
            (address, {})
            for page, address in self.addresses(queries=False)
            if is_long_run() or page.arguments
        ]
        sent += [(address, SAVE) for _page, address in self.addresses(queries=False)]
        lists = {page.name for page in all_pages()}
        for model, model_admin in admin.site._registry.items():
            label = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            if label not in lists:
                continue
            chosen = [str(thing.pk) for thing in self.examples.objects[model]]
            names = {"delete_selected", *(str(name) for name in _actions(model_admin))}
            sent += [
                (reverse(label), {"action": n, "_selected_action": chosen, "post": "yes"})
                for n in sorted(names)
            ]
        return [(a, v) for a, v in sent if a.partition("?")[0] != reverse("admin:logout")]


TAKEN = "Taken over"
# Where Amy's own forms are sent in every run.
TRIED_BY_AMY = (
    "/app/workflows/companyrole/",
    "/app/tickets/",
    "/app/tenants/user/",
)


def taken_over(form: HtmlForm) -> dict[str, Any]:
    """What the form would send with other names in it; Acme's ids stay as they are."""
    values: dict[str, Any] = {}
    for name, given in form.values.items():
        if name == "csrfmiddlewaretoken":
            continue
        if name in form.texts and not any(given):
            values[name] = [TAKEN]
        else:
            values[name] = [TAKEN if MARK in value else value for value in given]
    return values


def _actions(model_admin: Any) -> list[str]:
    return [a if isinstance(a, str) else a.__name__ for a in model_admin.actions or ()]
