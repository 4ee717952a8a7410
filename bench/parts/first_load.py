"""What a page's first load asks for and costs, beside a bare page of Unfold of the same kind.

A list of 25 rows and a form. Files are those that the page itself names; CPU is that of the web
server's process for the page. Both servers are asked in turn, so that a busy machine hits both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from html.parser import HTMLParser
from statistics import median

from django.core.management import call_command
from django.urls import reverse

from bench.companies.setup import Bench, enter
from bench.measuring.measure import Act, Scenario, measure
from bench.measuring.report import Row
from bench.over_http.browser import Browser, server

ROWS = 25
BARE = {
    "application": "bench.floors.bare_unfold_server:application",
    "settings_module": "bench.floors.bare_unfold_settings",
}
# rel of a link that a browser follows by itself.
LOADED = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest"})


class FilesOfPage(HTMLParser):
    """The addresses that a browser asks for as it reads a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        address = ""
        if tag in ("script", "img", "iframe"):
            address = given.get("src", "")
        elif tag == "link" and LOADED & set(given.get("rel", "").split()):
            address = given.get("href", "")
        if address and not address.startswith("data:"):
            self.found.add(address)


def files_of(page: bytes) -> int:
    """How many files a page names."""
    reader = FilesOfPage()
    reader.feed(page.decode())
    return len(reader.found)


def first_load_rows(bench: Bench, *, rounds: int, operations: int) -> list[Row]:
    """A row for each kind of page: files and CPU of both, and how many times as much ours is."""
    call_command("collectstatic", interactive=False, verbosity=0)
    person_id, role_id = _examples(bench)
    pages: Mapping[str, str] = {
        "a list of 25 rows": reverse("admin:tickets_ticket_changelist"),
        "a form": reverse("admin:workflows_companyrole_change", args=[role_id]),
    }
    rows: list[Row] = []
    with ExitStack() as stack:
        bare = stack.enter_context(server(bench, **BARE))
        ours = stack.enter_context(server(bench))
        for what, address in pages.items():
            floor, page = (_scenario(each, address, person_id) for each in (bare, ours))
            measure([floor, page], rounds=rounds, operations=operations)
            few, many = (files_of(each.read(address, person_id)) for each in (bare, ours))
            cpu = [own / other for own, other in zip(page.cpu, floor.cpu, strict=True)]
            rows.append(
                {
                    "what": what,
                    "files, bare": few,
                    "files": many,
                    "files, times": round(many / few, 2),
                    "CPU ms, bare": round(median(floor.cpu) * 1000, 1),
                    "CPU ms": round(median(page.cpu) * 1000, 1),
                    "CPU, times": round(median(cpu), 2),
                }
            )
            print(rows[-1], flush=True)
    return rows


def _scenario(browser: Browser, address: str, user_id: int) -> Scenario:
    def prepare(count: int) -> Sequence[Act]:
        return [partial(browser.get, address, user_id)] * count

    return Scenario(prepare, browser.spending)


def _examples(bench: Bench) -> tuple[int, int]:
    """Somebody who may open both pages, and a company role."""
    from tenants.connection import use_public
    from tenants.models import Company
    from tenants.roles import SystemRole
    from tenants.services import create_person
    from workflows.models import CompanyRole

    use_public()
    person = create_person(
        company=Company.objects.get(pk=bench.company_id),
        email=f"first.load@{bench.schema_name}.example",
        password=None,
        roles=[SystemRole.TICKET_ADMIN, SystemRole.ADMIN],
    )
    enter(bench)
    role = CompanyRole.objects.create(name="First load", description="Whoever it is")
    return person.pk, role.pk
