"""What is measured, in the order in which it is."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import psutil
from django.conf import settings
from django.db import connection

from bench.companies.fill import fill, finish_open_tickets
from bench.companies.setup import Bench, make_company
from bench.floors.steps import close_raw_connection
from bench.measuring.counting import start_counting
from bench.measuring.measure import Scenario, measure
from bench.measuring.report import Report, Row, rows_of
from bench.over_http.browser import complete_scenarios, server, submit_scenarios
from bench.parts.constructs import APPROVAL, FIVE, TWENTY, TWO, VOTE, construct_rows, picture_rows
from bench.parts.doctor import doctor_rows
from bench.parts.first_load import ROWS, first_load_rows
from bench.parts.latency import commit_to_next_task, engine_cpu
from bench.parts.pages import PAGES, page_rows
from bench.parts.processes import rates
from bench.parts.programs import asked_rows, submitted
from bench.parts.scenarios import ORM, OURS, preparations
from bench.parts.searching import search_scenarios
from bench.parts.upgrading import sign_up_rows, upgrade_rows
from project.serving.long_lived import freeze_what_is_loaded
from tenants.connection import use_public


@dataclass(frozen=True)
class Size:
    """How much is measured; of the `companies` that there are, steps go round those `used`;
    `upgraded` are those that a new version meets; `checked` tickets are looked at by the
    doctor, and `searched` are those of a company that is searched; pages are `seen` with few
    tickets and with many.

    Many short rounds: what else the machine does then hits the scenarios of a round alike.
    """

    rounds: int
    operations: int
    tickets: tuple[int, ...]
    companies: int
    used: int
    upgraded: int
    checked: tuple[int, ...]
    searched: int
    seen: tuple[int, int]


SIZES = {
    "tiny": Size(
        rounds=1,
        operations=2,
        tickets=(10, 20),
        companies=3,
        used=2,
        upgraded=6,
        checked=(2, 4),
        searched=30,
        seen=(10, 20),
    ),
    "quick": Size(
        rounds=12,
        operations=8,
        tickets=(1_000, 10_000),
        companies=10,
        used=5,
        upgraded=50,
        checked=(500, 2_000),
        searched=20_000,
        seen=(1_000, 20_000),
    ),
    "normal": Size(
        rounds=60,
        operations=20,
        tickets=(1_000, 100_000),
        companies=100,
        used=10,
        upgraded=300,
        checked=(500, 2_000, 10_000),
        searched=200_000,
        seen=(1_000, 200_000),
    ),
    "full": Size(
        rounds=60,
        operations=20,
        tickets=(1_000, 100_000, 1_000_000),
        companies=100,
        used=10,
        upgraded=1_000,
        checked=(2_000, 20_000),
        searched=200_000,
        seen=(1_000, 200_000),
    ),
}


class Measurements:
    """One run. Each method measures one thing, and adds a table and what it says of the goals."""

    def __init__(self, name: str) -> None:
        self.size = SIZES[name]
        self.report = Report(about=_about(name))
        start_counting()
        freeze_what_is_loaded()  # as the web server and the worker do

    def close(self) -> None:
        close_raw_connection()

    @cached_property
    def small(self) -> Bench:
        """The company with the fewest tickets; what is not about growth is measured in it."""
        return self._company(self.size.tickets[0])

    def steps(self) -> None:
        """Submit and complete, each by raw psycopg, the plain ORM and our services, in turn."""
        title = f"One company with {self.size.tickets[0]:,} tickets"
        rows: list[Row] = []
        for what, prepare in preparations([self.small]).items():
            named = {whose: Scenario(each) for whose, each in prepare.items()}
            self._measure(named.values(), [self.small])
            rows += [{**row, "what": f"{what}: {row['what']}"} for row in rows_of(named, floor=ORM)]
        self.report.add(title, rows)
        for what in ("submit", "complete"):
            ours = self.report.find(title, f"{what}: {OURS}")
            times, statements = float(ours["times_floor"]), float(ours["statements"])
            self.report.goal(f"{what}, times the plain ORM", found=times, at_least=2)
            self.report.goal(f"{what}, statements", found=statements, at_most=7)

    def constructs(self) -> None:
        """A step that enters branches, or asks for votes; and the picture of a large process."""
        rounds = self.size.rounds // 3 + 1
        rows = construct_rows(self.small, rounds=rounds, operations=min(self.size.operations, 10))
        self.report.add("Completing a form after which this begins", rows)
        statements = {str(row["what"]): float(row["statements"]) for row in rows}
        for what, many, few in (
            ("20 branches instead of 2", TWENTY, TWO),
            ("5 approvers instead of 3", FIVE, APPROVAL),
        ):
            more = statements[many] - statements[few]
            self.report.goal(f"{what}, more statements", found=more, at_most=0)
        # Whom an approval asks, and who votes in their place, is asked of what is written.
        for what, most in ((TWENTY, 7), (VOTE, 7), (APPROVAL, 12)):
            self.report.goal(f"{what}, statements", found=statements[what], at_most=most)
        pictures = picture_rows(self.small)
        self.report.add("A process of 200 tasks and 20 lanes", pictures)
        page = float(pictures[-1]["CPU s"])
        self.report.goal("page of 200 tasks and 20 lanes, CPU s", found=page, at_most=1.5)

    def http(self) -> None:
        """The same over HTTP, against a plain Django view in the same server."""
        title = "Over HTTP, one server process"
        rows: list[Row] = []
        with server(self.small) as browser:
            for what, named in {
                "submit": submit_scenarios(self.small, browser),
                "complete": complete_scenarios(self.small, browser),
            }.items():
                self._measure(named.values(), [self.small])
                found = rows_of(named, floor=next(iter(named)))
                rows += [{**row, "what": f"{what}: {row['what']}"} for row in found]
                share = float(found[-1]["times_floor"])
                if what == "submit":
                    self.report.goal("HTTP submit, times a plain view", found=share, at_least=0.6)
        self.report.add(title, rows)

    def programs(self) -> None:
        """Lists and searches by the API and at /mcp, by many tickets; submitting by the API."""
        few, many = self.size.seen
        rounds = self.size.rounds // 6 + 1
        rows = asked_rows(self._company(few), self._company(many), rounds=rounds, operations=3)
        self.report.add(f"Programs with {many:,} tickets, and with {few:,}", rows)
        for row in rows:
            name = f"{row['what']} with {many:,} tickets, times {few:,}"
            self.report.goal(name, found=float(row["times"]), at_most=1.3)
        with server(self.small) as browser:
            named = submitted(self.small, browser)
            self._measure(named.values(), [self.small])
        self.report.add("Submitting by the API", rows_of(named, floor="our page"))
        page, api = (statistics.median(each.cpu) for each in named.values())
        name = "submitting by the API, CPU times that of the page"
        self.report.goal(name, found=round(api / page, 2), at_most=1)

    def latency(self) -> None:
        """From the commit of what a person did until the next task is committed."""
        rows: list[Row] = []
        for what, prepare in preparations([self.small]).items():
            finish_open_tickets([self.small])
            acts = prepare[OURS](20 * self.size.operations)
            rows.append({"what": f"after: {what}", **commit_to_next_task(acts)})
        if any(float(row["commits"]) > 1 for row in rows):
            seconds = settings.SAFETY_NET_SECONDS
            what = "by the worker, where the process dies in between: at the earliest"
            rows.append({"what": what, "p50_ms": 1000 * seconds})
        else:
            what = "one commit holds both: no process can die in between"
            rows.append({"what": what})
        self.report.add("From commit to the next task", rows)

    def engine(self) -> None:
        """CPU of validation, context and decision alone."""
        times = 100 * self.size.operations
        rows: list[Row] = [
            {"what": what, "cpu_ms": cpu}
            for what, cpu in engine_cpu(self.small, times=times).items()
        ]
        self.report.add("The engine, without any SQL", rows)
        worst = max(float(row["cpu_ms"]) for row in rows)
        self.report.goal("engine CPU, ms a step", found=worst, at_most=0.3)

    def processes(self) -> None:
        """The steps by one process and by two at once, all in one company."""
        company = self._company(self.size.tickets[0])  # which nothing else is measured in
        close_raw_connection()
        rounds = min(self.size.rounds, 9)
        found = rates(company, operations=5 * self.size.operations, rounds=rounds)
        rows: list[Row] = [
            {
                "what": what,
                "one process, a second": statistics.median(each.one),
                "two, a second": statistics.median(each.two),
                "times_one": round(each.times_one, 2),
                "spread of open tasks": each.spread if OURS in what else "",
            }
            for what, each in found.items()
        ]
        load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
        self.report.add(f"Processes in one company (load {load})", rows)
        for what in ("submit", "complete"):
            ours = found[f"{what}: {OURS}"]
            name = f"{what} in one company, two processes, times one"
            self.report.goal(name, found=round(ours.times_one, 2), at_least=1.6)
            name = f"{what} by two processes, spread of open tasks"
            self.report.goal(name, found=ours.spread, at_most=1)

    def growth(self) -> None:
        """The same steps with more tickets, and with the companies of a large installation.

        All in turn: what is compared is measured in the same minutes.
        """
        few, *more = self.size.tickets
        groups = {f"{few:,} tickets": [self.small]}
        groups |= {f"{count:,} tickets": [self._company(count)] for count in more}
        others = [self._company(few) for _ in range(self.size.used - 1)]
        for _ in range(self.size.companies - self.size.used):
            make_company(self._next_name(), workers=1)
        groups[f"{self.size.companies:,} companies"] = [self.small, *others]
        first, most = next(iter(groups)), f"{more[-1]:,} tickets"
        for what in ("submit", "complete"):
            named = {
                f"{group}: {whose}": Scenario(preparations(benches)[what][whose])
                for group, benches in groups.items()
                for whose in (ORM, OURS)
            }
            everybody = list({bench: None for benches in groups.values() for bench in benches})
            self._measure(named.values(), everybody)
            title = f"Growth: {what}"
            self.report.add(title, rows_of(named, floor=f"{first}: {ORM}"))
            for other in (most, f"{self.size.companies:,} companies"):
                costs = named[f"{first}: {OURS}"].times(named[f"{other}: {OURS}"])
                self._compare(what, first, other, round(costs, 2))

    def doctor(self) -> None:
        """The doctor in a company whose tickets have taken steps, and in one with more of them."""
        sizes = self.size.checked
        few, most = sizes[0], sizes[-1]
        rows = doctor_rows(make_company(self._next_name()), sizes)
        self.report.add("The doctor", rows)
        for what, small, large in zip(("quick", "histories"), rows[:2], rows[-2:], strict=True):
            times = round(float(large["ms a ticket"]) / float(small["ms a ticket"]), 2)
            name = f"the doctor, {what}: a ticket of {most:,}, times one of {few:,}"
            self.report.goal(name, found=times, at_most=1.2)
            times = round(float(large["MB at most"]) / float(small["MB at most"]), 2)
            name = f"the doctor, {what}: memory at {most:,} tickets, times that at {few:,}"
            self.report.goal(name, found=times, at_most=1.1)

    def searching(self) -> None:
        """A search in a company with many tickets, and in one with few, in turn."""
        few, many = self.small, self._company(self.size.searched)
        rows: list[Row] = []
        for what, pair in search_scenarios(few, many).items():
            rounds, operations = min(self.size.rounds, 20), min(self.size.operations, 5)
            measure(list(pair), rounds=rounds, operations=operations, tidy=lambda: None)
            times = round(pair[0].times(pair[1]), 2)
            small, large = (each.figures() for each in pair)
            rows.append(
                {
                    "what": what,
                    f"ms at {self.size.tickets[0]:,}": small["ms"],
                    f"ms at {self.size.searched:,}": large["ms"],
                    "statements": large["statements"],
                    "times": times,
                }
            )
        self.report.add("Searching all tickets", rows)

    def pages(self) -> None:
        """What people look at, in a company with many tickets and in one with few."""
        few, many = self.size.seen
        companies = self._company(few), self._company(many)
        rows = page_rows(*companies, rounds=self.size.rounds // 6 + 1, operations=3)
        self.report.add(f"Pages with {many:,} tickets, and with {few:,}", rows)
        for row in rows:
            if row["what"] in PAGES:
                name = f"{row['what']} with {many:,} tickets, times {few:,}"
                self.report.goal(name, found=float(row["times"]), at_most=1.3)

    def first_load(self) -> None:
        """A page beside a bare one of Unfold."""
        bench = self._company(ROWS)
        rows = first_load_rows(bench, rounds=self.size.rounds // 3 + 1, operations=4)
        self.report.add("First load of a page, beside a bare one of Unfold", rows)
        for row in rows:
            for what in ("files", "CPU"):
                found = float(row[f"{what}, times"])
                self.report.goal(f"first load of {row['what']}, {what}", found=found, at_most=1.3)

    def upgrading(self) -> None:
        """A new version with many companies, and one more company beside them."""
        use_public()
        count = self.size.upgraded
        nothing, _, _, column = rows = upgrade_rows(count)
        with_spare, _, _ = more = sign_up_rows(count)
        self.report.add(f"Upgrading {count:,} companies", [*rows, *more])
        for what, row, most in (("nothing to do", nothing, 1), ("one column more", column, 5)):
            name = f"upgrading {count:,} companies, {what}: seconds"
            self.report.goal(name, found=float(row["seconds"]), at_most=most)
        found = float(with_spare["ms a company"])
        self.report.goal(f"{with_spare['what']}, ms", found=found, at_most=100)

    def _compare(self, what: str, first: str, other: str, times: float) -> None:
        print(f"growth: a step ({what}) at {other} costs {times} times one at {first}")
        self.report.goal(f"{what}: cost at {other}, times {first}", found=times, at_most=1.2)

    def _measure(self, scenarios: Iterable[Scenario], benches: Sequence[Bench]) -> None:
        measure(
            list(scenarios),
            rounds=self.size.rounds,
            operations=self.size.operations,
            tidy=lambda: finish_open_tickets(benches),
        )

    def _company(self, tickets: int) -> Bench:
        bench = make_company(self._next_name())
        began = time.monotonic()
        fill(bench, tickets)
        if (seconds := time.monotonic() - began) > 2:
            print(f"Made {tickets:,} tickets in {seconds:.0f} s.", flush=True)
        return bench

    def _next_name(self) -> str:
        self._made = getattr(self, "_made", 0) + 1
        return f"bench_{self._made}"


def _about(name: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = str(cursor.fetchone()[0])
    return {
        "run": name,
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "Python": platform.python_version(),
        "Postgres": version,
        "processors": str(os.cpu_count()),
    }
