"""What a search in All tickets costs: from what was typed to the rows of a page and where it was
found, without drawing the page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bench.companies.setup import Bench, enter
from bench.measuring.measure import Act, Scenario
from tickets.finding.find_tickets import Scope, find_tickets
from tickets.finding.query import read_query
from tickets.finding.where_found import where_found
from tickets.models import Ticket

PAGE = 50
# What bench/companies/fill.py puts into the entries of its tickets.
TYPED = {
    "one ticket": "thing77x",
    "a part of a word": "hing77x",
    "twenty tickets": "seldom",
    "every ticket": "because",
    "every ticket, two words": "because fine",
    "one of every ticket": "because thing77x",
    "no ticket": "nowhere",
    "one requester's, who is everybody's": "user@",
}


def search(bench: Bench, typed: str) -> None:
    enter(bench)
    query = read_query(typed)
    tickets = Ticket.objects.all()
    found = find_tickets(query, tickets=tickets, scope=Scope.TEAM)
    rows = tickets.filter(pk__in=found.numbers)
    rows.count()
    page = list(rows.with_progress().order_by("-pk")[:PAGE])
    where_found(query, page, found=found, scope=Scope.TEAM)


def search_scenarios(few: Bench, many: Bench) -> dict[str, tuple[Scenario, Scenario]]:
    """Each search in a company with few tickets, and in one with many."""

    def prepare(bench: Bench, typed: str, count: int) -> Sequence[Act]:
        return [partial(search, bench, typed)] * count

    return {
        what: (
            Scenario(partial(prepare, few, typed)),
            Scenario(partial(prepare, many, typed)),
        )
        for what, typed in TYPED.items()
    }
