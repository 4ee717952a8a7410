"""What must hold when the storm is over, and does not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from tickets.calling.callback_address import read_token
from tickets.health import company_findings, queue_findings
from tickets.models import ErrorStatus, RecurringStart, Ticket, TicketError
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.tests.crash.families import broken_families
from tickets.tests.crash.journal import Journal
from tickets.tests.crash.moody_system import NONSENSE, MoodySystem, Reply
from tickets.tests.crash.quick_time import MINUTE_SECONDS
from tickets.tests.refusals import REASON
from workflows.engine.process import JsonObject, objects_in
from workflows.engine.task_types import CALL_TYPES
from workflows.engine.times.calendar import Duration
from workflows.models import (
    ActionAttempt,
    AttemptOutcome,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.models.workflow_instance import ENDED
from workflows.running.events.kind import kind_named
from workflows.running.events.of_blocks.block_began import BLOCK_BEGAN
from workflows.running.events.of_blocks.branch_began import BRANCH_BEGAN
from workflows.running.events.of_repairs.retried import RETRIED
from workflows.running.events.of_steps.moved import MOVED
from workflows.running.events.of_steps.timed_out import TIMED_OUT
from workflows.running.events.of_tickets.came_in import CAME_IN
from workflows.running.events.of_tickets.started_by import STARTED_BY
from workflows.running.positions import current_tasks, is_running_block


def unsettled(*, may_be_open: bool) -> list[str]:
    """The tickets that are neither finished, nor have an error that somebody sees, nor (where
    they may) wait for a person who has the task; and what the doctor finds.

    A task that is left after some time does not wait for a person: its time will come.
    """
    stuck = []
    for ticket in Ticket.objects.select_related("workflow_instance__current_task__definition"):
        instance = ticket.workflow_instance
        if instance is not None and instance.status in ENDED:
            continue
        if ticket.errors.unresolved().exists():
            continue
        task = instance.current_task if instance is not None else None
        if may_be_open and instance is not None and _waits_for_people(instance):
            continue
        where = f"{task.definition.key} {task.status}" if task is not None else "not started"
        stuck.append(f"ticket {ticket.pk}: {where}")
    late = RecurringStart.objects.filter(next_at__lte=timezone.now())
    stuck += [f"{start} has been due since {start.next_at}" for start in late]
    found = [*company_findings(), *queue_findings()]
    return stuck + [f"doctor, ticket {each.ticket_id}: {each.message}" for each in found]


def _waits_for_people(instance: WorkflowInstance) -> bool:
    """Whether each path stands at something that a person has, and no time will end it."""
    tasks = current_tasks(instance)
    blocks = [each for each in tasks if is_running_block(each)]
    leaves = [each for each in tasks if each not in blocks]
    if any(each.definition.transitions_out.exclude(after="").exists() for each in blocks):
        return False
    return bool(leaves) and all(map(_is_with_somebody, leaves))


def _is_with_somebody(task: TaskInstance) -> bool:
    """Or the ticket that it has started is: that is looked at by itself."""
    if task.definition.is_subticket:
        return WorkflowInstance.objects.filter(started_by=task).exclude(status__in=ENDED).exists()
    is_timed = task.definition.transitions_out.exclude(after="").exists()
    return task.is_workable and task.assigned_to_id is not None and not is_timed


def broken_promises(journal: Journal, system: MoodySystem) -> list[str]:
    """Every promise that was not kept, as a sentence: of those that hold at any time."""
    broken = [
        f"ticket {ticket.pk}: {rule}"
        for ticket in Ticket.objects.all()
        for rule in broken_invariants(ticket)
    ]
    broken += [
        f"ticket {error.ticket_id}: {error.stack_trace}"
        for error in TicketError.objects.filter(stack_trace__contains="Traceback").exclude(
            stack_trace__contains=REASON
        )
    ]
    return [
        *broken,
        *_lost(journal),
        *_steps_done_twice(),
        *_timed_out_too_early(),
        *_calls_made_twice(system),
    ]


def broken_in_the_end(system: MoodySystem) -> list[str]:
    """What must hold, besides, when everything has come to rest."""
    return [*_answers_not_kept(system), *_attempts_left_behind(), *broken_families()]


def progress() -> tuple[object, ...]:
    """Changes whenever something happens to a ticket."""
    return (
        WorkflowEvent.objects.aggregate(latest=Max("pk"))["latest"],
        ActionAttempt.objects.count(),
        ActionAttempt.objects.exclude(outcome=AttemptOutcome.RUNNING).count(),
        TicketError.objects.unresolved().count(),
        Ticket.objects.count(),
    )


def _lost(journal: Journal) -> Iterator[str]:
    """Whoever was told that it is done can rely on it."""
    # What begins by itself, or is started by a step, is called by its type.
    called = Q(workflow_instance__events__kind__in=[CAME_IN, STARTED_BY])
    titles = Counter(Ticket.objects.exclude(called).values_list("title", flat=True))
    for title, count in titles.items():
        if count > 1:
            yield f"{title} was submitted once, and there are {count} tickets"
    for title in set(journal.notes("submitted")) - set(titles):
        yield f"{title} was submitted, and there is no such ticket"
    done = TaskInstance.objects.filter(status=TaskStatus.COMPLETED).values_list("pk", flat=True)
    for task in {int(each) for each in journal.notes("completed")} - set(done):
        yield f"task {task} was completed, and is not"
    resolved = TicketError.objects.filter(status=ErrorStatus.RESOLVED)
    retried = {int(each) for each in journal.notes("retried")}
    for error in retried - set(resolved.values_list("pk", flat=True)):
        yield f"error {error} was retried, and is not resolved"


def _steps_done_twice() -> Iterator[str]:
    events = WorkflowEvent.objects.values_list("kind", "workflow_instance", "task_instance", "data")
    counted: Counter[tuple[str, object]] = Counter()
    for name, instance, task, data in events:
        kind = kind_named(name)
        if kind.rules.once:
            whose = f"the task {task}" if task else f"the instance {instance}"
            counted[f"the {kind.rules.once} of", whose] += 1
        for made in _made(kind, data):
            counted["the making of the task", made["task"]] += 1
    for (what, of), count in counted.items():
        if count > 1:
            yield f"{what} {of} happened {count} times"
    known = {of for what, of in counted if what == "the making of the task"}
    for task in TaskInstance.objects.exclude(pk__in=known).values_list("pk", flat=True):
        yield f"task {task} was made without a step"


def _made(kind: str, data: JsonObject) -> list[JsonObject]:
    """The tasks that an event has made: by a step, and with which branches begin."""
    if kind == MOVED:
        return objects_in(data.get("made"))
    if kind == BLOCK_BEGAN:
        return objects_in([each.get("made") for each in objects_in(data.get("paths"))])
    return objects_in(data.get("made")) if kind == BRANCH_BEGAN else []


def _timed_out_too_early() -> Iterator[str]:
    events = WorkflowEvent.objects.values_list("kind", "at", "data")
    made = {each["task"]: at for kind, at, data in events for each in _made(kind, data)}
    for event in WorkflowEvent.objects.filter(kind=TIMED_OUT):
        minutes = Duration.parse(event.data["after"]).minutes
        least = timedelta(seconds=minutes * MINUTE_SECONDS)
        if event.at < made.get(event.task_instance_id, event.at) + least:
            yield f"task {event.task_instance_id} was left before {event.data['after']} had passed"


def _calls_made_twice(system: MoodySystem) -> Iterator[str]:
    """Each attempt calls once at most, with its task's key; retries bound their number, as
    often as a person asks for them.

    All calls of one task ask for the same.
    """
    attempts = {
        str(request): (str(key), number, retries)
        for request, key, number, retries in ActionAttempt.objects.values_list(
            "request_id", "task__uuid", "number", "task__definition__retries"
        )
    }
    received: Counter[tuple[str, str]] = Counter()
    bodies: dict[str, JsonObject] = {}
    for each in system.received:
        (key,), (request,) = each.header("Idempotency-Key"), each.header("X-Request-ID")
        received[key, request] += 1
        if not each.is_whole:  # who sent it died
            continue
        body = {name: value for name, value in json.loads(each.body).items() if name != "callback"}
        if bodies.setdefault(key, body) != body:
            yield f"the call {request} with the key {key} asks for something else than before"
    for (key, request), count in received.items():
        if count > 1:
            yield f"the attempt {request} called {count} times"
        if attempts.get(request, ("",))[0] != key:
            yield f"the call {request} with the key {key} belongs to no attempt of that task"
    retried = _retried()
    for request, (key, number, retries) in attempts.items():
        if number > (retries + 1) * (retried[key] + 1):
            yield f"the attempt {request} at {key} is number {number}"
    succeeded = Counter(
        ActionAttempt.objects.filter(outcome="SUCCEEDED").values_list("task__uuid", flat=True)
    )
    for task in _completed_calls():
        if task.output_data != {"document": f"D-{system.documents.get(str(task.uuid))}"}:
            yield f"task {task.pk} has {task.output_data}, which the other system did not make"
        if succeeded[task.uuid] != 1:
            yield f"task {task.pk} is completed, with {succeeded[task.uuid]} answers"


def _retried() -> Counter[str]:
    """{task's uuid: how often a person retried it}."""
    events = WorkflowEvent.objects.filter(kind=RETRIED, task_instance__isnull=False)
    return Counter(str(each) for each in events.values_list("task_instance__uuid", flat=True))


def _completed_calls() -> QuerySet[TaskInstance]:
    tasks = TaskInstance.objects.filter(status=TaskStatus.COMPLETED)
    return tasks.filter(definition__task_type__in=CALL_TYPES)


def _answers_not_kept(system: MoodySystem) -> Iterator[str]:
    """Whoever was told that an answer is accepted can rely on it, and never gets another reply."""
    retried = _retried()
    for url, answers in system.answers.items():
        address = read_token(url.rstrip("/").rpartition("/")[2])
        attempt = ActionAttempt.objects.get(task__uuid=address.task, number=address.attempt)
        replies = {(each.status, each.body) for each in answers.replies if _is_final(each)}
        if not replies:
            yield f"nobody took an answer to attempt {attempt}: {answers.replies}"
        # One that failed takes no answer, until a person has it tried again.
        if len(replies) > 1 and not retried[str(address.task)]:
            yield f"the answers to attempt {attempt} got different replies: {replies}"
        for status, body in replies:
            if status not in (HTTPStatus.OK, HTTPStatus.GONE):
                yield f"an answer to attempt {attempt} got {status}: {body!r}"
            if status == HTTPStatus.GONE and attempt.callback_answer is not None:
                yield f"an answer to attempt {attempt} was kept, and refused as too late"
            if status != HTTPStatus.OK:
                continue
            if answers.is_late:
                yield f"an answer to attempt {attempt} came too late, and was accepted"
            if json.loads(body) != attempt.callback_answer:
                yield f"attempt {attempt} says that it replied {attempt.callback_answer}"
            if attempt.outcome != AttemptOutcome.SUCCEEDED:
                yield f"attempt {attempt} was answered, and is {attempt.outcome}"


def _is_final(reply: Reply) -> bool:
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    if reply.sent == NONSENSE and reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return False
    return reply.status != HTTPStatus.TOO_MANY_REQUESTS


def _attempts_left_behind() -> Iterator[str]:
    """A call that nobody makes any more is not shown as one that is under way."""
    unfinished = (AttemptOutcome.RUNNING, AttemptOutcome.WAITING)
    for attempt in ActionAttempt.objects.filter(outcome__in=unfinished).select_related("task"):
        yield f"attempt {attempt} is {attempt.outcome}, its task is {attempt.task.status}"
