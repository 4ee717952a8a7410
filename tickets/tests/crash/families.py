"""What must hold between tickets and those that their steps have started, and does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tickets.models import RecurringStart, StartRun, Ticket
from tickets.tests.crash.made_up_subtickets import DEEPEST
from workflows.engine.process import JsonObject
from workflows.engine.steps.subtickets import CANCELLED
from workflows.engine.task_types import SUBTICKET_TYPES
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent, WorkflowInstance
from workflows.models.workflow_instance import ENDED
from workflows.running.events.of_repairs.retried import RETRIED
from workflows.running.events.of_tickets.came_in import BY_START, CAME_IN
from workflows.running.events.of_tickets.started_by import STARTED_BY
from workflows.running.events.of_tickets.subticket_ended import SUBTICKET_ENDED
from workflows.running.events.of_tickets.subticket_started import SUBTICKET_STARTED
from workflows.running.subtickets import depth_of


def broken_families() -> list[str]:
    """Of all tickets, when everything has come to rest, each a sentence."""
    steps = TaskInstance.objects.filter(definition__task_type__in=SUBTICKET_TYPES)
    broken = [
        f"task {task.pk}: {rule}"
        for task in steps.select_related("definition")
        for rule in _of_step(task)
    ]
    return [*broken, *_of_those_started(), *_begun_by_themselves()]


def _of_step(task: TaskInstance) -> Iterator[str]:
    """Its ticket goes with it: whoever waits for one that has ended goes on, and nobody leaves one
    behind that they waited for."""
    other = WorkflowInstance.objects.filter(started_by=task).select_related("ticket").first()
    waits = task.definition.wait_for_end
    is_left = task.status == TaskStatus.CANCELLED or (task.status == TaskStatus.COMPLETED and waits)
    if other is not None and is_left and other.status not in ENDED:
        yield f"it is left, and its ticket {other.ticket.pk} is {other.status}"
    if other is not None and task.is_alive and other.status in ENDED:
        yield f"it waits for ticket {other.ticket.pk}, which is {other.status}"
    events = WorkflowEvent.objects.filter(task_instance=task)
    ended = list(events.filter(kind=SUBTICKET_ENDED).values_list("data", flat=True))
    if ended and (task.status != TaskStatus.COMPLETED or len(ended) > 1):
        yield f"its ticket has ended {len(ended)} times, and it is {task.status}"
    if ended and (other is None or ended[0]["ticket"] != other.ticket.pk):
        yield f"it has ended with {ended[0]}, and has started {other}"
    elif ended and waits and other is not None and (said := _wrong_outcome(task, other)):
        yield said
    started = events.filter(kind=SUBTICKET_STARTED).count()
    if started > 1 + events.filter(kind=RETRIED).count():
        yield f"it has started {started} tickets"


def _wrong_outcome(task: TaskInstance, other: WorkflowInstance) -> str:
    outcome = other.end_outcome.value if other.end_outcome is not None else ""
    came = CANCELLED if other.status == "CANCELLED" else outcome
    said = task.output_data if isinstance(task.output_data, dict) else {}
    if said.get("outcome") == came and said.get("label") == other.end_label:
        return ""
    return f"it says {said} of ticket {other.ticket.pk}, of which came “{came}”"


def _of_those_started() -> Iterator[str]:
    """Each says so, and by whom; there are as many as steps have started, and they end."""
    above: dict[int, JsonObject] = dict(
        WorkflowEvent.objects.filter(kind=STARTED_BY).values_list("workflow_instance", "data")
    )
    started = Ticket.objects.filter(workflow_instance__in=above)
    for ticket in started.select_related("workflow_instance"):
        instance = ticket.workflow_instance
        assert instance is not None
        parent = Ticket.objects.get(pk=str(above[instance.pk]["ticket"]))
        if parent.created_by_id != ticket.created_by_id:
            yield f"ticket {ticket.pk} is of {ticket.created_by}, that above it of another"
        if (deep := depth_of(instance, most=9)) > DEEPEST:
            yield f"ticket {ticket.pk} stands beneath {deep} others"
    noted = WorkflowEvent.objects.filter(kind=SUBTICKET_STARTED).values_list("data", flat=True)
    counted = Counter(data["ticket"] for data in noted)
    if twice := [number for number, count in counted.items() if count > 1]:
        yield f"tickets {twice} were noted by more than one step"
    if lost := set(counted) - set(started.values_list("pk", flat=True)):
        yield f"tickets {lost} are noted as started, and do not say so"
    claimed = set(WorkflowInstance.objects.exclude(started_by=None).values_list("pk", flat=True))
    if silent := claimed - set(above):
        yield f"the instances {silent} were started, and do not say so"


def _begun_by_themselves() -> Iterator[str]:
    """Each moment has one ticket, and each such ticket its moment."""
    events = WorkflowEvent.objects.filter(kind=CAME_IN, data__by=BY_START)
    came = Counter(events.values_list("workflow_instance__ticket", flat=True))
    runs = StartRun.objects.filter(ticket_number__isnull=False)
    noted = Counter(runs.values_list("ticket_number", flat=True))
    if came != noted:
        yield f"tickets began by themselves: {came}, of which the starts know {noted}"
    for run in StartRun.objects.exclude(error=""):
        yield f"the start of {run.moment} failed: {run.error}"
    for start in RecurringStart.objects.filter(paused="", next_at=None):
        yield f"the start {start} is never due any more"
