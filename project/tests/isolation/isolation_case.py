"""The base of the tests that ask every page there is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from project.tests.isolation.answer import Answer
from project.tests.isolation.examples import MARK, Examples
from project.tests.pages import Page, all_pages
from tenants.logging_in.second_factor import SESSION_KEY as SECOND_FACTOR
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import PASSWORD, CompanyClient, CompanyTestCase

# Arguments that name no object of a company.
NO_OBJECT = {"app_label", "url", "process", "code", "text"}
# What whoever knows no form of a page could send there.
SAVE = {"post": "yes", "form_submit": "1", "_save": "1"}
MESSAGES = "messages"  # the name of the cookie
MOST_REDIRECTS = 10


class IsolationTestCase(CompanyTestCase):
    """Amy of Acme has every role and is in everything; Charlie of Globex has every role."""

    SECONDS_EACH = 10.0
    amy: ClassVar[User]
    examples: ClassVar[Examples]
    _media: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls._media = tempfile.mkdtemp()
        cls.enterClassContext(override_settings(MEDIA_ROOT=Path(cls._media)))
        cls.addClassCleanup(shutil.rmtree, cls._media, ignore_errors=True)
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.acme.name = f"Acme {MARK}"
        cls.acme.save()
        User.objects.of_company(cls.acme).update(last_name=MARK)
        cls.amy = create_person(
            company=cls.acme,
            email=f"amy@{MARK.lower()}.example",
            password=PASSWORD,
            first_name="Amy",
            last_name=MARK,
            roles=SystemRole,
        )
        cls.examples = Examples(cls.amy)

    def setUp(self) -> None:
        super().setUp()
        self.client = CompanyClient(raise_request_exception=False)
        self._seen: dict[str, dict[str, Answer]] = {}

    def log_in(self, user: User) -> None:
        """As with a second factor: one of the forms demands it, and more are sent after it."""
        super().log_in(user)
        session = self.client.session
        session[SECOND_FACTOR] = True
        session.save()

    def addresses(self, *, queries: bool = True) -> Iterator[tuple[Page, str]]:
        """Every address there is, with Acme's ids in it."""
        for page in all_pages():
            values = self.examples.for_page(page)
            for given in values:
                path = page.path(**given)
                for query in self.examples.queries(page) if queries and not given else [""]:
                    yield page, path + query

    def get(self, address: str) -> Answer:
        """What somebody gets and where they are led; a page that breaks takes nothing with it."""
        return self._answer(self.client.get, address)

    def post(self, address: str, values: dict[str, Any]) -> Answer:
        return self._answer(self.client.post, address, values)

    def _answer(self, send: Callable[..., Any], *arguments: Any) -> Answer:
        with transaction.atomic():
            answer = Answer.of(send(*arguments))
            if answer.is_broken:
                transaction.set_rollback(True)
        for _time in range(MOST_REDIRECTS):
            if not answer.leads_to:
                return answer
            self.client.cookies.pop(MESSAGES, None)  # this answer has them
            answer = answer.then(self._page_that_is_led_to(answer.leads_to))
        raise AssertionError(f"{arguments[0]} leads round in a circle.")

    def _page_that_is_led_to(self, address: str) -> Answer:
        """Many addresses lead to the same page: whoever is logged in sees it once.

        What such a page would show of the address before, its messages, is in the answer there.
        """
        seen = self._seen.setdefault(self._who(), {})
        path = urlsplit(address).path
        page = path if path == reverse("admin:login") else address  # whatever it leads to then
        if page not in seen:
            with transaction.atomic():
                seen[page] = Answer.of(self.client.get(address))
                if seen[page].is_broken:
                    transaction.set_rollback(True)
        return seen[page]

    def _who(self) -> str:
        """A session: another one begins with each log-in, and inside a company."""
        cookie = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        return cookie.value if cookie else ""


def names_an_object(page: Page) -> bool:
    return bool(set(page.arguments) - NO_OBJECT)
