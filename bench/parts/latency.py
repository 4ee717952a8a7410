"""How long a person waits for the next task, and what the engine itself takes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bench.companies.setup import DATA, OUTPUT, Bench, enter
from bench.measuring.counting import SENT
from bench.measuring.measure import Act, percentile
from tenants.models import Company
from tickets.models import Ticket
from workflows.engine.decide import decide
from workflows.engine.process import JsonObject
from workflows.running.definition_cache import definition_of


def commit_to_next_task(acts: Sequence[Act]) -> dict[str, float]:
    """Milliseconds from the commit of what a person did until the next task is committed.

    Nothing where both are one transaction (`commits` 1). A commit that has returned is visible to
    every other connection, as Postgres promises: nobody needs to watch, which would slow down
    what is measured.
    """
    waits: list[float] = []
    for act in acts:
        SENT.commits.clear()
        act()
        waits.append((SENT.commits[-1] - SENT.commits[0]) * 1000)
    return {
        "p50_ms": round(percentile(waits, 0.5), 2),
        "p95_ms": round(percentile(waits, 0.95), 2),
        "commits": len(SENT.commits),
    }


def engine_cpu(bench: Bench, *, times: int) -> dict[str, float]:
    """CPU milliseconds that the engine takes of a step: checking, context and decision.

    The rows are read before: only the engine and its caches are timed.
    """
    enter(bench)
    company = Company.objects.get(pk=bench.company_id)
    ticket = Ticket.objects.select_related("created_by").filter(data=DATA).first()
    assert ticket is not None

    def submitting() -> None:
        known = definition_of(bench.workflow_id)
        assert not known.ticket_form({}).validate(DATA)
        facts: JsonObject = {**ticket.facts(company), "tasks": {}}
        decision = decide(known.process, None, facts)
        assert decision.as_json()["next_tasks"] == ["check"]

    def completing() -> None:
        known = definition_of(bench.workflow_id)
        assert not known.task_form(known.tasks["check"]).validate(OUTPUT)
        facts: JsonObject = {**ticket.facts(company), "tasks": {"check": OUTPUT}}
        decision = decide(known.process, "check", facts)
        assert decision.as_json()["next_tasks"] == ["decide"]

    return {"submit_ms": _cpu_of(submitting, times), "complete_ms": _cpu_of(completing, times)}


def _cpu_of(step: Callable[[], object], times: int) -> float:
    step()  # compiles what is compiled once
    began = time.process_time()
    for _ in range(times):
        step()
    return round((time.process_time() - began) / times * 1000, 4)
