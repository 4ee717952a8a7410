"""How long a person waits for the next task, and what the engine itself takes of it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence

from bench.counting import SENT
from bench.measure import Act, percentile
from bench.setup import DATA, OUTPUT, Bench, enter
from tenants.models import Company
from tickets.models import Ticket
from workflows.definition_cache import process_of
from workflows.engine.decide import decide
from workflows.engine.process import JsonObject
from workflows.engine.validation import validate_fields
from workflows.models import WorkflowDefinition


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

    The rows are read before, and given to each call as objects that it has not seen, as a
    request would have them: only the engine and its caches are timed.
    """
    enter(bench)
    workflow = WorkflowDefinition.objects.get(pk=bench.workflow_id)
    fields = workflow.tasks.get(pk=bench.first_task_id).fields
    company = Company.objects.get(pk=bench.company_id)
    ticket = Ticket.objects.select_related("created_by").filter(data=DATA).first()
    assert ticket is not None

    def submitting(specs: object) -> None:
        assert not validate_fields(specs, DATA, presets={})
        facts: JsonObject = {**ticket.facts(company), "tasks": {}}
        assert decide(process_of(workflow), None, facts).next_tasks == ("check",)

    def completing(specs: object) -> None:
        assert not validate_fields(specs, OUTPUT)
        facts: JsonObject = {**ticket.facts(company), "tasks": {"check": OUTPUT}}
        assert decide(process_of(workflow), "check", facts).next_tasks == ("decide",)

    return {
        "submit_ms": _cpu_of(submitting, workflow.fields, times),
        "complete_ms": _cpu_of(completing, fields, times),
    }


def _cpu_of(step: Callable[[object], None], specs: object, times: int) -> float:
    read = [copy.deepcopy(specs) for _ in range(times + 1)]
    step(read.pop())  # compiles what is compiled once
    began = time.process_time()
    for each in read:
        step(each)
    return round((time.process_time() - began) / times * 1000, 4)
