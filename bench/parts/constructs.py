"""Steps that enter branches or ask for votes, beside one outside of blocks; a large picture."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from functools import partial

from django.core.management import call_command
from django.urls import reverse

from bench.companies.setup import Bench, enter
from bench.measuring.measure import Act, Prepare, Scenario, measure
from bench.measuring.report import Row
from bench.over_http.browser import server
from bench.parts.services import user_of
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import Trial
from workflows.engine.process import Json, JsonObject
from workflows.models import TaskInstance, TicketDefinition
from workflows.picture.graph import draw_process

PLAIN, TWO, TWENTY = "a form", "a block of 2 branches", "a block of 20 branches"
APPROVAL, VOTE = "an approval of 3 people", "the vote that decides it"
FIVE = "an approval of 5 people"
LANES, TASKS = 20, 200
_FORM: list[Json] = [{"name": "ok", "label": "OK?", "type": "boolean", "required": True}]
_OK: JsonObject = {"ok": True}
_YES: JsonObject = {"vote": "approve"}


def construct_rows(bench: Bench, *, rounds: int, operations: int) -> list[Row]:
    """What it costs to complete a form after which this begins, all in turn."""
    user = user_of(bench.user_id)
    enter(bench)
    emails = [user_of(pk).email for pk in bench.worker_ids]
    approval, of_five = _approval(emails[:3]), _approval(emails[:5])
    second: JsonObject = {"key": "second", "title": "Second", "fields": _FORM}
    documents = {
        PLAIN: _after_a_form("bench_form", second, [second]),
        TWO: _after_a_form("bench_two", *side_by_side(2)),
        TWENTY: _after_a_form("bench_twenty", *side_by_side(20)),
        APPROVAL: _after_a_form("bench_approval", approval, [approval]),
        FIVE: _after_a_form("bench_five", of_five, [of_five]),
    }
    types = {}
    for what, document in documents.items():
        workflow = publish_workflow(workflow=import_bundle(document=document, user=user), user=user)
        types[what] = TicketDefinition.objects.get(workflow=workflow, is_active=True)

    def entering(what: str) -> Prepare:
        return lambda count: [
            partial(_complete, bench, _first_task(bench, types[what])) for _ in range(count)
        ]

    def voting(count: int) -> Sequence[Act]:
        votes = []
        for _ in range(count):
            first = _first_task(bench, types[APPROVAL])
            _complete(bench, first)
            vote = TaskInstance.objects.filter(
                workflow_instance=first.workflow_instance_id, path__isnull=False
            )
            votes.append(partial(_complete, bench, vote.order_by("pk")[0], _YES))
        return votes

    scenarios = {what: Scenario(entering(what)) for what in documents} | {VOTE: Scenario(voting)}
    measure([*scenarios.values()], rounds=rounds, operations=operations)
    return [
        {
            "what": what,
            **scenario.figures(),
            "times a form": round(scenario.times(scenarios[PLAIN]) ** -1, 2),
        }
        for what, scenario in scenarios.items()
    ]


def picture_rows(bench: Bench) -> list[Row]:
    """The CPU of drawing a process of 200 tasks and 20 lanes, and of the page that shows it."""
    document = large_process()
    process = Trial(document).process
    began = time.process_time()
    draw_process(process, links={key: f"#task-{key}" for key in process.tasks})
    drawn = time.process_time() - began
    enter(bench)
    workflow = import_bundle(document=document, user=user_of(bench.user_id))
    address = reverse("admin:workflows_workflowdefinition_change", args=[workflow.pk])
    call_command("collectstatic", interactive=False, verbosity=0)  # or no page finds its styles
    with server(bench) as browser:
        browser.get(reverse("admin:index"), bench.user_id)  # what is made once a process is made
        scenario = Scenario(
            lambda _count: [partial(browser.get, address, bench.user_id)], browser.spending
        )
        scenario.run(1, counts=True)
    return [
        {"what": "drawing it", "CPU s": round(drawn, 2)},
        {"what": "its page", "CPU s": round(scenario.cpu[0], 2)},
    ]


def large_process() -> JsonObject:
    """A block of 20 lanes between the first tasks and the last: 200 tasks in all."""
    inside = 8
    before = (TASKS - LANES * inside - 1) // 2
    after = TASKS - LANES * inside - 1 - before
    main = [f"main_{number}" for number in range(before + after)]
    chain = ["start", *main[:before], "wide", *main[before:], "end"]
    branches: list[Json] = []
    tasks: list[Json] = [_form(key) for key in main]
    transitions = _chain(*chain)
    for lane in range(LANES):
        keys = [f"lane_{lane}_{number}" for number in range(inside)]
        branches.append({"key": f"lane_{lane}", "title": f"Lane {lane + 1}", "start": keys[0]})
        tasks += [{**_form(key), "branch": f"wide.lane_{lane}"} for key in keys]
        transitions += _chain(*keys, "end")
    tasks.append(
        {"key": "wide", "title": "Side by side", "task_type": "BLOCK", "branches": branches}
    )
    return _bundle("bench_large", tasks, transitions)


def side_by_side(count: int) -> tuple[JsonObject, list[JsonObject]]:
    """A block of so many branches of one form each, and all its tasks with itself."""
    keys = [f"branch_{number}" for number in range(count)]
    branches: list[Json] = [{"key": key, "title": key.title(), "start": key} for key in keys]
    block: JsonObject = {
        "key": "block",
        "title": "Block",
        "task_type": "BLOCK",
        "branches": branches,
    }
    return block, [block, *({**_form(key), "branch": f"block.{key}"} for key in keys)]


def _after_a_form(key: str, second: JsonObject, tasks: Sequence[JsonObject]) -> JsonObject:
    ends = [each["key"] for each in tasks if each.get("branch")]
    approved: JsonObject = {"var": f"tasks.{second['key']}.approved"}
    leaving: list[JsonObject] = [{"from": second["key"], "to": "end"}]
    if "approvers" in second:
        leaving = [
            {**leaving[0], "label": "approved", "condition": approved},
            {**leaving[0], "priority": 1},
        ]
    ways = [*_chain("start", "first", str(second["key"])), *leaving]
    return _bundle(
        key, [_form("first"), *tasks], [*ways, *({"from": each, "to": "end"} for each in ends)]
    )


def _approval(emails: Sequence[str]) -> JsonObject:
    return {
        "key": "decide",
        "title": "Decide",
        "task_type": "APPROVAL",
        "approvers": {"people": [*emails]},
    }


def _form(key: str) -> JsonObject:
    return {"key": key, "title": key.replace("_", " ").title(), "fields": _FORM}


def _chain(*keys: str) -> list[JsonObject]:
    return [{"from": one, "to": other} for one, other in itertools.pairwise(keys)]


def _bundle(key: str, tasks: Sequence[Json], transitions: Sequence[Json]) -> JsonObject:
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": key, "title": key},
        "tasks": [*tasks],
        "transitions": [*transitions],
        "ticket_types": [{"key": key, "title": key}],
    }


def _first_task(bench: Bench, definition: TicketDefinition) -> TaskInstance:
    """Of a ticket that was just submitted, as a request finds it."""
    enter(bench)
    number = submit_ticket(definition=definition, data={}, user=user_of(bench.user_id)).pk
    ticket = Ticket.objects.select_related("workflow_instance__current_task").get(pk=number)
    assert ticket.workflow_instance is not None
    assert ticket.workflow_instance.current_task is not None
    return ticket.workflow_instance.current_task


def _complete(bench: Bench, task: TaskInstance, output: JsonObject = _OK) -> None:
    enter(bench)
    assert task.assigned_to_id is not None
    complete_task(task=task, output=output, user=user_of(task.assigned_to_id))
