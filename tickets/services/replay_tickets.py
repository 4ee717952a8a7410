from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from tickets.models import Ticket
from tickets.services.run_test_cases import trial_of
from workflows.bundles import Trial
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem
from workflows.engine.process import JsonObject
from workflows.engine.simulate import Answer, Outcome, Simulation
from workflows.models import (
    EventKind,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowStatus,
)

MOST_TICKETS = 500

# Where a way leads on from a task, other than to a task.
END, WAITS, STOPS = "end", "waits", "stops"


@dataclass(frozen=True, slots=True)
class Parting:
    """A place where tickets would now go another way than they went.

    `after` is a task's key, empty for the start; `old` and `new` are what came next. `time` is a
    duration where the task was not done within it.
    """

    after: str
    old: Onward
    new: Onward
    time: str = ""


@dataclass(frozen=True, slots=True)
class Onward:
    """What comes after a task: another task (its key), or else END with its label, WAITS, STOPS."""

    task: str = ""
    kind: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A form that refuses what was answered: `task` is empty for the ticket's own form."""

    task: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What would become of finished tickets in another version.

    `partings` and `refusals` hold the numbers of the tickets that they are about, newest first.
    `errors` are the reasons of tickets that would stop, by number.
    """

    count: int
    same: int
    partings: Mapping[Parting, Sequence[int]]
    refusals: Mapping[Refusal, Sequence[int]]
    errors: Mapping[int, str]

    @property
    def differing(self) -> int:
        return sum(map(len, self.partings.values()))

    @property
    def refused(self) -> int:
        return sum(map(len, self.refusals.values()))


def replay_tickets(*, workflow: WorkflowDefinition, limit: int) -> Replay:
    """Run the newest finished tickets of a workflow, of whatever version, through this one.

    They are answered as people answered them; of an action counts the output that was kept. A
    task that was not done in time is not done in that time again.
    Nothing is saved and no call is made. At most `limit` and MOST_TICKETS; the number of
    queries does not depend on it.
    """
    tickets = list(
        Ticket.objects.filter(
            workflow__key=workflow.key, workflow_instance__status=WorkflowStatus.COMPLETED
        )
        .select_related("definition", "created_by", "workflow_instance")
        .order_by("-pk")[: min(limit, MOST_TICKETS)]
    )
    done = _answers_of(tickets)
    trial = trial_of(workflow)
    partings: dict[Parting, list[int]] = {}
    refusals: dict[Refusal, list[int]] = {}
    errors: dict[int, str] = {}
    same = 0
    for ticket in tickets:
        answers = done.get(ticket.workflow_instance_id or 0, [])
        found = _replayed(trial, ticket, answers)
        if isinstance(found, Refusal):
            refusals.setdefault(found, []).append(ticket.pk)
            continue
        parting = _parting(ticket, answers, found)
        last = found.last
        if last.refused and last.task is not None and (parting is None or parting.new.kind):
            # It came to this form as before; else that it parted earlier says more.
            refusals.setdefault(Refusal(last.task, _names(last.refused)), []).append(ticket.pk)
            continue
        if parting is None:
            same += 1
            continue
        partings.setdefault(parting, []).append(ticket.pk)
        if found.error:
            errors[ticket.pk] = found.error
    return Replay(len(tickets), same, _most_first(partings), _most_first(refusals), errors)


def _most_first[K](groups: dict[K, list[int]]) -> dict[K, list[int]]:
    return dict(sorted(groups.items(), key=lambda each: -len(each[1])))


def _answers_of(tickets: Iterable[Ticket]) -> dict[int, list[Answer]]:
    """What came of the tasks of each workflow instance, in the order in which they were made."""
    instances = [each.workflow_instance_id for each in tickets]
    times = _times_of(instances)
    rows = (
        TaskInstance.objects.filter(workflow_instance__in=instances)
        .filter(Q(status=TaskStatus.COMPLETED) | Q(pk__in=list(times)))
        .order_by("pk")
        .values_list("pk", "workflow_instance_id", "definition__key", "output_data")
    )
    found: dict[int, list[Answer]] = {}
    for task_id, instance_id, key, output in rows:
        if task_id in times:
            answer = Answer(key, after=times[task_id])
        else:
            answer = Answer(key, output if isinstance(output, dict) else {})
        found.setdefault(instance_id, []).append(answer)
    return found


def _times_of(instances: Sequence[int | None]) -> dict[int, str]:
    """The duration after which each task was left that was not done in time."""
    rows = WorkflowEvent.objects.filter(
        workflow_instance__in=instances, kind=EventKind.TIMED_OUT, task_instance__isnull=False
    ).values_list("task_instance_id", "data")
    return {task_id: str(data.get("after", "")) for task_id, data in rows}


def _replayed(trial: Trial, ticket: Ticket, answers: Sequence[Answer]) -> Simulation | Refusal:
    # Where the type is not offered any more, its tickets are taken as they were submitted.
    key = ticket.definition.key if ticket.definition.key in trial.ticket_types else ""
    presets = trial.presets(key)
    asked: JsonObject = {name: v for name, v in ticket.data.items() if name not in presets}
    try:
        refused = trial.refusals(asked, ticket_type=key)
    except FieldError:
        return Refusal("", ())
    if refused:
        return Refusal("", _names(refused))
    person = ticket.created_by
    facts = trial.facts(
        asked,
        ticket_type=key,
        submitter={
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
        },
        number=ticket.pk,
    )
    return trial.run(facts=facts, answers=answers, one_answer_a_visit=True)


def _names(refused: Iterable[FieldProblem]) -> tuple[str, ...]:
    return tuple(sorted({each.field.split(".", 1)[0] for each in refused}))


def _parting(ticket: Ticket, answers: Sequence[Answer], simulation: Simulation) -> Parting | None:
    """The first place where the ways differ; None where they are the same."""
    label = ticket.workflow_instance.end_label if ticket.workflow_instance else ""
    old = [*(Onward(each.task) for each in answers), Onward(kind=END, label=label)]
    new = [*map(Onward, simulation.path), _ending(simulation)]
    last = Answer("")
    for index, (before, now) in enumerate(zip(old, new, strict=False)):
        if before != now:
            return Parting(last.task, before, now, last.after)
        last = answers[index] if index < len(answers) else last
    return None


def _ending(simulation: Simulation) -> Onward:
    if simulation.outcome is Outcome.COMPLETED:
        return Onward(kind=END, label=simulation.end_label)
    return Onward(kind=WAITS if simulation.outcome is Outcome.WAITING else STOPS)
