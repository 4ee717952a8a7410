"""What programs ask by the API and assistants at /mcp: over HTTP, with many tickets and with few,
in turn; and what a ticket costs that a program submits, beside one that a page takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlencode

from django.utils import timezone

from bench.companies.setup import DATA, Bench, enter
from bench.measuring.measure import Act, Prepare, Scenario, measure
from bench.measuring.report import Row
from bench.over_http.browser import Browser, server, submit_scenarios
from tenants.connection import use_public
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.tokens.make_token import make_token
from tenants.tokens.scopes import Scope

API: Final = "/api/v1"
# What bench/companies/fill.py puts into the entries of its tickets.
SEARCHED: Final = {
    "of one ticket": "thing77x",
    "of twenty tickets": "seldom",
    "of every ticket": "because",
    "of no ticket": "nowhere",
}


@dataclass(frozen=True)
class Program:
    """Asks as the owner of a token, on the connection of a browser that is kept."""

    browser: Browser
    token: str

    def get(self, address: str) -> None:
        """Raises RuntimeError where it is not answered."""
        self._ask("GET", address, None, 200)

    def post(self, address: str, body: object, *, status: int) -> None:
        self._ask("POST", address, json.dumps(body).encode(), status)

    def call(self, tool: str, arguments: Mapping[str, object]) -> None:
        params = {"name": tool, "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = json.loads(self._ask("POST", "/mcp", json.dumps(message).encode(), 200))
        if answer["result"]["isError"]:
            raise RuntimeError(f"{tool} answered {str(answer)[:2000]}")

    def _ask(self, method: str, address: str, body: bytes | None, expected: int) -> bytes:
        headers = {"Host": "127.0.0.1", "Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        status, said = self.browser.ask(method, address, headers, body)
        if status != expected:
            raise RuntimeError(f"{address} answered with {status}: {said[:2000]!r}")
        return said


def asked() -> dict[str, Callable[[Program], object]]:
    """What a ticket admin's program and assistant ask for, by what it is called in the table."""

    def listed(**query: object) -> Callable[[Program], object]:
        address = f"{API}/tickets?{urlencode({'whose': 'all', **query})}"
        return lambda program: program.get(address)

    def searched(**arguments: object) -> Callable[[Program], object]:
        return lambda program: program.call("search_tickets", {"whose": "all", **arguments})

    now = timezone.now()
    half_a_year = {"submitted_before": (now - timedelta(182)).isoformat()}
    found = {
        "API: list": listed(),
        "API: list, mine": listed(whose="mine"),
        "API: list, running": listed(state="running"),
        "API: list, over": listed(state="over"),
        "API: list, of one type": listed(ticket_type="bench"),
        "API: list, of a type that has none": listed(ticket_type="seldom"),
        "API: list, of the last week": listed(submitted_after=(now - timedelta(7)).isoformat()),
        "API: list, half a year old": listed(**half_a_year),
        "API: list, half a year old, mine": listed(whose="mine", **half_a_year),
        "API: list, half a year old, running": listed(state="running", **half_a_year),
        "API: list, half a year old, over": listed(state="over", **half_a_year),
        "API: list, half a year old, of a type that has none": listed(
            ticket_type="seldom", **half_a_year
        ),
        "API: list, over a year old": listed(submitted_before=(now - timedelta(400)).isoformat()),
    }
    found |= {f"API: search, {what}": listed(search=text) for what, text in SEARCHED.items()}
    found["MCP: search_tickets, no words"] = searched(limit=50)
    found["MCP: search_tickets, going on"] = searched(limit=50, status="going_on")
    found |= {
        f"MCP: search_tickets, {what}": searched(limit=50, text=text)
        for what, text in SEARCHED.items()
    }
    return found


def asked_rows(few: Bench, many: Bench, *, rounds: int, operations: int) -> list[Row]:
    """A row for each: with few tickets, with many, and how many times as much that is."""
    rows: list[Row] = []
    with ExitStack() as stack:
        programs = [
            Program(stack.enter_context(server(bench)), _token_of(_admin_of(bench), bench))
            for bench in (few, many)
        ]
        for what, ask in asked().items():
            small, large = (_scenario(program, ask) for program in programs)
            measure([small, large], rounds=rounds, operations=operations)
            rows.append(
                {
                    "what": what,
                    "few, ms": small.figures()["ms"],
                    "many, ms": large.figures()["ms"],
                    "times": round(large.times(small) ** -1, 2),
                    "CPU ms": large.figures()["cpu_ms"],
                    "statements": round(large.statements, 1),
                }
            )
            print(rows[-1], flush=True)
    return rows


def submitted(bench: Bench, browser: Browser) -> dict[str, Scenario]:
    """A ticket that a page takes, and one that the API takes; both by the same person."""
    program = Program(browser, _token_of(User.objects.get(pk=bench.user_id), bench))
    body = {"type": "bench", "answers": DATA}

    def prepare(count: int) -> Sequence[Act]:
        return [partial(program.post, f"{API}/tickets", body, status=201)] * count

    page = submit_scenarios(bench, browser)["our page"]
    return {"our page": page, "our API": Scenario(prepare, browser.spending)}


def _scenario(program: Program, ask: Callable[[Program], object]) -> Scenario:
    def prepare(count: int) -> Sequence[Act]:
        return [partial(ask, program)] * count

    ready: Prepare = prepare
    return Scenario(ready, program.browser.spending)


def _admin_of(bench: Bench) -> User:
    use_public()  # and stay there: only outside are the people of both companies seen
    return create_person(
        company=Company.objects.get(pk=bench.company_id),
        email=f"program@{bench.schema_name}.example",
        password=None,
        roles=[SystemRole.TICKET_ADMIN, SystemRole.USER],
    )


def _token_of(person: User, bench: Bench) -> str:
    enter(bench)
    now = timezone.now()
    made = make_token(
        owner=person,
        name="Bench",
        scopes={Scope.TICKETS_READ, Scope.TICKETS_WRITE},
        expires_at=now + timedelta(days=1),
        by=person,
        now=now,
    )
    use_public()
    return made.raw
