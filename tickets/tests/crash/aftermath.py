"""What must hold when the storm is over, and does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tickets.health import company_findings, queue_findings
from tickets.models import Ticket, TicketError
from tickets.tests.crash.made_up_process import MOST_RETRIES
from tickets.tests.crash.moody_system import MoodySystem
from tickets.tests.crash.storm import Storm
from tickets.tests.repair_case import broken_invariants
from workflows.models import (
    ActionAttempt,
    EventKind,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowStatus,
)


def unsettled(*, may_be_open: bool) -> list[str]:
    """The tickets that are neither finished, nor have an error that somebody sees, nor (where
    they may) wait for a person who has the task; and what the doctor finds."""
    stuck = []
    for ticket in Ticket.objects.select_related("workflow_instance__current_task__definition"):
        instance = ticket.workflow_instance
        if instance is not None and instance.status == WorkflowStatus.COMPLETED:
            continue
        if ticket.errors.unresolved().exists():
            continue
        task = instance.current_task if instance is not None else None
        if may_be_open and task is not None and task.is_workable and task.assigned_to_id:
            continue
        where = f"{task.definition.key} {task.status}" if task is not None else "not started"
        stuck.append(f"ticket {ticket.pk}: {where}")
    found = [*company_findings(), *queue_findings()]
    return stuck + [f"doctor, ticket {each.ticket_id}: {each.message}" for each in found]


def broken_promises(storm: Storm, system: MoodySystem) -> list[str]:
    """Every promise that was not kept, as a sentence."""
    broken = [
        f"ticket {ticket.pk}: {rule}"
        for ticket in Ticket.objects.all()
        for rule in broken_invariants(ticket)
    ]
    broken += [
        f"ticket {error.ticket_id}: {error.stack_trace}"
        for error in TicketError.objects.filter(stack_trace__contains="Traceback")
    ]
    return [*broken, *_lost(storm), *_steps_done_twice(), *_calls_made_twice(system)]


def _lost(storm: Storm) -> Iterator[str]:
    """Whoever was told that it is done can rely on it."""
    titles = Counter(Ticket.objects.values_list("title", flat=True))
    for title, count in titles.items():
        if count > 1:
            yield f"{title} was submitted once, and there are {count} tickets"
    for title in set(storm.notes("submitted")) - set(titles):
        yield f"{title} was submitted, and there is no such ticket"
    done = TaskInstance.objects.filter(status=TaskStatus.COMPLETED).values_list("pk", flat=True)
    for task in {int(each) for each in storm.notes("completed")} - set(done):
        yield f"task {task} was completed, and is not"


def _steps_done_twice() -> Iterator[str]:
    events = WorkflowEvent.objects.values_list("kind", "workflow_instance", "task_instance", "data")
    counted: Counter[tuple[str, object]] = Counter()
    for kind, instance, task, data in events:
        if kind == EventKind.MOVED:
            counted[(f"a step from the task (of {instance})", task or f"start of {instance}")] += 1
            for made in data.get("made", []):
                counted["the making of the task", made["task"]] += 1
        elif kind == EventKind.TASK_COMPLETED:
            counted["the completion of the task", task] += 1
        elif kind in (EventKind.STARTED, EventKind.COMPLETED):
            counted[f"{kind} of the instance", instance] += 1
    for (what, of), count in counted.items():
        if count > 1:
            yield f"{what} {of} happened {count} times"
    made = {of for what, of in counted if what == "the making of the task"}
    for task in set(TaskInstance.objects.values_list("pk", flat=True)) - made:
        yield f"task {task} was made without a step"


def _calls_made_twice(system: MoodySystem) -> Iterator[str]:
    """Each attempt calls once at most, and with its task's key; retries bound their number."""
    attempts = {
        str(request): (str(key), number)
        for request, key, number in ActionAttempt.objects.values_list(
            "request_id", "task__uuid", "number"
        )
    }
    received = Counter(
        (each.header("Idempotency-Key")[0], each.header("X-Request-ID")[0])
        for each in system.received
    )
    for (key, request), count in received.items():
        if count > 1:
            yield f"the attempt {request} called {count} times"
        if attempts.get(request, ("", 0))[0] != key:
            yield f"the call {request} with the key {key} belongs to no attempt of that task"
    for request, (key, number) in attempts.items():
        if number > MOST_RETRIES + 1:
            yield f"the attempt {request} at {key} is number {number}"
    succeeded = Counter(
        ActionAttempt.objects.filter(outcome="SUCCEEDED").values_list("task__uuid", flat=True)
    )
    documents = TaskInstance.objects.filter(status=TaskStatus.COMPLETED).exclude(
        definition__task_type="FORM"
    )
    for task in documents:
        if task.output_data != {"document": f"D-{system.documents.get(str(task.uuid))}"}:
            yield f"task {task.pk} has {task.output_data}, which the other system did not make"
        if succeeded[task.uuid] != 1:
            yield f"task {task.pk} is completed, with {succeeded[task.uuid]} answers"
