from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tickets.models import Ticket
from tickets.replaying.errors import MayNotReplayError
from tickets.replaying.replay_visits import Visit, answers_of, submitted_at_first, visits_of
from workflows.authoring.trying.run_test_cases import trial_of
from workflows.bundles import Trial
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem
from workflows.engine.process import JsonObject
from workflows.engine.simulate import Outcome, Simulation
from workflows.engine.steps.approvals import approval_key
from workflows.models import WorkflowDefinition, WorkflowStatus

MOST_TICKETS = 500

# Where a transition leads on from a task, other than to a task.
END, WAITS, STOPS = "end", "waits", "stops"


@dataclass(frozen=True, slots=True)
class Divergence:
    """A place where tickets would now go differently than they went.

    `after` is a task's key, empty for the start; `old` and `new` are what came next. `time` is a
    duration where the task is left because it was not done within it.
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

    `divergences` and `refusals` hold the numbers of the tickets that they are about, newest first.
    `errors` are the reasons of tickets that would stop, by number.
    """

    count: int
    same: int
    divergences: Mapping[Divergence, Sequence[int]]
    refusals: Mapping[Refusal, Sequence[int]]
    errors: Mapping[int, str]

    @property
    def differing(self) -> int:
        return sum(map(len, self.divergences.values()))

    @property
    def refused(self) -> int:
        return sum(map(len, self.refusals.values()))


REPLAYED = declare("tickets.replayed", _("Replayed finished tickets in a version"))
# What is replayed is computed from answers, so that conditions could ask for any of them.
PERMISSIONS: Final = ("workflows.change_workflowdefinition", "tickets.view_ticket")


def replay_tickets(*, workflow: WorkflowDefinition, limit: int, by: User) -> Replay:
    """Run the newest finished tickets of a workflow, of whatever version, through this one.

    They are answered as people answered them, and after the time that they took; of an action
    counts the output that was kept.
    Nothing is saved and no call is made. At most `limit` and MOST_TICKETS; the number of
    queries does not depend on it. That it was done stands in the audit log.

    Raises:
        MayNotReplayError: the person may not see tickets, or not change workflows.
    """
    if not by.has_perms(PERMISSIONS):
        raise MayNotReplayError
    tickets = list(
        Ticket.objects.filter(
            workflow__key=workflow.key, workflow_instance__status=WorkflowStatus.COMPLETED
        )
        .select_related("definition", "created_by", "workflow_instance")
        .order_by("-pk")[: min(limit, MOST_TICKETS)]
    )
    record(REPLAYED, about=workflow, person=by, count=len(tickets))
    trial = trial_of(workflow)
    done = visits_of(tickets, process=trial.process)
    first = submitted_at_first(tickets)
    divergences: dict[Divergence, list[int]] = {}
    refusals: dict[Refusal, list[int]] = {}
    errors: dict[int, str] = {}
    same = 0
    for ticket in tickets:
        visits = done.get(ticket.workflow_instance_id or 0, [])
        found = _replayed(trial, ticket, first.get(ticket.pk, ticket.data), visits)
        if isinstance(found, Refusal):
            refusals.setdefault(found, []).append(ticket.pk)
            continue
        divergence = _first_divergence(ticket, visits, found)
        last = found.last_step
        if last.refused and last.task is not None and (divergence is None or divergence.new.kind):
            # Same transitions up to this form; otherwise the earlier divergence is the more
            # useful report.
            refusals.setdefault(Refusal(last.task, _names(last.refused)), []).append(ticket.pk)
            continue
        if divergence is None:
            same += 1
            continue
        divergences.setdefault(divergence, []).append(ticket.pk)
        if found.error:
            errors[ticket.pk] = found.error
    return Replay(len(tickets), same, _most_first(divergences), _most_first(refusals), errors)


def _most_first[K](groups: dict[K, list[int]]) -> dict[K, list[int]]:
    return dict(sorted(groups.items(), key=lambda each: -len(each[1])))


def _replayed(
    trial: Trial, ticket: Ticket, data: JsonObject, visits: Sequence[Visit]
) -> Simulation | Refusal:
    """`data` is what was submitted."""
    # Where the type is not offered any more, its tickets are taken as they were submitted.
    key = ticket.definition.key if ticket.definition.key in trial.ticket_types else ""
    presets = trial.presets(key)
    asked: JsonObject = {name: v for name, v in data.items() if name not in presets}
    clock = replace(trial.clock, now=ticket.created_at)
    try:
        refused = trial.refusals(asked, ticket_type=key, clock=clock)
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
        clock=clock,
    )
    return trial.run(facts=facts, answers=answers_of(visits), clock=clock)


def _names(refused: Iterable[FieldProblem]) -> tuple[str, ...]:
    return tuple(sorted({each.field.split(".", 1)[0] for each in refused}))


def _first_divergence(
    ticket: Ticket, visits: Sequence[Visit], simulation: Simulation
) -> Divergence | None:
    """The first place where the paths differ; None where they are the same."""
    label = ticket.workflow_instance.end_label if ticket.workflow_instance else ""
    visits = [each for each in visits if not approval_key(each.task)]
    steps = [each for each in simulation.steps if not each.is_vote]
    old = [*(Onward(each.task) for each in visits), Onward(kind=END, label=label)]
    new = [*map(Onward, simulation.path), _ending(simulation)]
    for index, (before, now) in enumerate(zip(old, new, strict=False)):
        if before != now:
            # The first step is the start: the one before this place has the same number.
            step = steps[index]
            time = step.timeout_taken or (visits[index - 1].time if index else "")
            return Divergence(step.task or "", before, now, time)
    return None


def _ending(simulation: Simulation) -> Onward:
    if simulation.outcome is Outcome.COMPLETED:
        return Onward(kind=END, label=simulation.end_label)
    return Onward(kind=WAITS if simulation.outcome is Outcome.WAITING else STOPS)
