"""Pages of a company with many tickets, beside those of one with few: over HTTP, in turn.

Everything that the company was filled with is one person's, who is a user; the ticket admin sees
all of it. A page that people look at often is to cost what it shows, and not what there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from django.core.management import call_command
from django.urls import reverse

from bench.companies.setup import Bench
from bench.measuring.measure import Act, Scenario, measure
from bench.measuring.report import Row
from bench.over_http.browser import Browser, server

# Whose page it is, and its address.
PAGES: Mapping[str, tuple[str, str, str]] = {
    "ticket admin's home": ("ticket admin", "admin:index", ""),
    "user's home": ("user", "admin:index", ""),
    "worker's home": ("worker", "admin:index", ""),
    "My tickets": ("user", "admin:tickets_myticket_changelist", ""),
    "My tickets, archive": ("user", "admin:tickets_myticket_changelist", "archive=1"),
    "My tasks": ("worker", "admin:tickets_mytask_changelist", ""),
    "All tickets": ("ticket admin", "admin:tickets_ticket_changelist", ""),
    "All tickets, by number": ("ticket admin", "admin:tickets_ticket_changelist", "o=1"),
    "All tickets, by status": ("ticket admin", "admin:tickets_ticket_changelist", "o=4"),
    "All tickets, by priority": ("ticket admin", "admin:tickets_ticket_changelist", "o=5"),
    "All tickets, by priority, low first": (
        "ticket admin",
        "admin:tickets_ticket_changelist",
        "o=-5",
    ),
    "All tickets, by due date": ("ticket admin", "admin:tickets_ticket_changelist", "o=7"),
    "All tickets, running": ("ticket admin", "admin:tickets_ticket_changelist", "status=RUNNING"),
    "All tasks": ("ticket admin", "admin:workflows_taskinstance_changelist", ""),
    "Ticket errors": ("ticket admin", "admin:tickets_ticketerror_changelist", ""),
}
# Not as cheap with more tickets: they count what the time holds.
REPORTS: Mapping[str, tuple[str, str, str]] = {
    "Report, 7 days": ("ticket admin", "admin:tickets_ticket_report", "period=7"),
    "Report, 30 days": ("ticket admin", "admin:tickets_ticket_report", "period=30"),
    "Report, this year": ("ticket admin", "admin:tickets_ticket_report", "period=year"),
}


def page_rows(few: Bench, many: Bench, *, rounds: int, operations: int) -> list[Row]:
    """A row for each page: with few tickets, with many, and how many times as much that is."""
    call_command("collectstatic", interactive=False, verbosity=0)  # or no page finds its styles
    rows: list[Row] = []
    with ExitStack() as stack:
        browsers = [(bench, stack.enter_context(server(bench))) for bench in (few, many)]
        people = [_people(bench) for bench, _browser in browsers]
        for what, (who, name, query) in {**PAGES, **REPORTS}.items():
            address = f"{reverse(name)}?{query}"
            small, large = (
                _scenario(browser, address, persons[who])
                for (_bench, browser), persons in zip(browsers, people, strict=True)
            )
            measure([small, large], rounds=rounds, operations=operations)
            rows.append(
                {
                    "what": what,
                    "few, ms": round(small.seconds_an_operation * 1000, 1),
                    "many, ms": round(large.seconds_an_operation * 1000, 1),
                    "times": round(large.times(small) ** -1, 2),
                    "statements": round(large.statements, 1),
                }
            )
            print(rows[-1], flush=True)
    return rows


def _scenario(browser: Browser, address: str, user_id: int) -> Scenario:
    def prepare(count: int) -> Sequence[Act]:
        return [partial(browser.get, address, user_id)] * count

    return Scenario(prepare, browser.spending)


def _people(bench: Bench) -> dict[str, int]:
    from tenants.connection import use_public
    from tenants.models import Company
    from tenants.roles import SystemRole
    from tenants.services import create_person

    use_public()  # and stay there: only outside are the people of both companies seen
    admin = create_person(
        company=Company.objects.get(pk=bench.company_id),
        email=f"admin@{bench.schema_name}.example",
        password=None,
        roles=[SystemRole.TICKET_ADMIN],
    )
    return {"ticket admin": admin.pk, "user": bench.user_id, "worker": bench.worker_ids[0]}
