"""Addresses and queries that mean nothing break nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlencode

from django.test import tag

from project.tests.isolation.isolation_case import IsolationTestCase
from project.tests.pages import all_pages
from tenants.testing_tools.examples import is_long_run

GARBAGE = ("0", "abc", "99999999999999999999", "%00")
QUERIES = (
    "definition=abc&workflow=abc&ticket=abc&task=abc&role=abc&company_role=abc",
    "definition=99999999999999999999&workflow=99999999999999999999",
    "company_role=99999999999999999999&is_active__exact=maybe&status=abc",
    "o=999&p=abc&q=%00",
    "p=99999999999999999999&o=abc.-1",
    "id__in=abc&password__startswith=p",
)


@tag("companies")
class GarbageTests(IsolationTestCase):
    def test_addresses_that_name_nothing_break_nothing(self) -> None:
        self.log_in(self.amy)
        for page in all_pages():
            for garbage in GARBAGE if page.arguments else ():
                address = page.path(**dict.fromkeys(page.arguments, garbage))
                with self.subTest(address):
                    answer = self.get(address)
                    self.assertFalse(answer.is_broken, str(answer))

    def test_queries_that_mean_nothing_break_nothing(self) -> None:
        self.log_in(self.amy)
        for page in all_pages():
            if page.arguments:
                continue
            is_list = page.name.endswith(("_changelist", "_export"))
            for query in QUERIES if is_list or is_long_run() else [*all_in_one(QUERIES)]:
                with self.subTest(f"{page.template}?{query}"):
                    answer = self.get(f"{page.template}?{query}")
                    self.assertFalse(answer.is_broken, str(answer))


def all_in_one(queries: Iterable[str]) -> Iterator[str]:
    """As few queries as say the same: a list turns others away, no other page does.

    Each gives a name once.
    """
    waiting = [each.split("=") for query in queries for each in query.split("&")]
    while waiting:
        now = dict(reversed(waiting))
        yield urlencode({name: unquote(value) for name, value in now.items()})
        waiting = [[name, value] for name, value in waiting if now[name] != value]
