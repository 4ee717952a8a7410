from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.errors import TicketFlowerError
from tenants.models import User
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.advancing.timers import restart_timers
from tickets.errors import TooManyTicketsError
from tickets.finding.index_tickets import index_answers
from tickets.models import Ticket
from tickets.repairing.begin_repair import begin_repair, check_repair, repair_transaction
from workflows.engine.errors import FieldError
from workflows.engine.process import JsonObject
from workflows.errors import CannotMoveError, NotPublishedError
from workflows.fields.answers.presets import check_presets
from workflows.fields.answers.validation import validate_fields, validator_for
from workflows.fields.facts import KEPT_ANSWERS
from workflows.fields.in_database.look_up import facts_for
from workflows.fields.specs.specs import parse_fields
from workflows.models import WorkflowDefinition
from workflows.running.positions import current_tasks
from workflows.running.repair.target_version import TargetVersion, listed

MOVED = declare("tickets.moved", gettext_lazy("Moved a ticket to another version"))

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class TicketMove:
    """What became of one ticket, or would: moved, or refused, with the reason as a sentence."""

    ticket_id: int
    refusal: str = ""

    @property
    def is_moved(self) -> bool:
        return not self.refusal


def move_tickets(
    *,
    tickets: Iterable[Ticket],
    to: WorkflowDefinition,
    by: User,
    reason: str,
    renamed: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> list[TicketMove]:
    """Let running tickets go on in the published version of their workflow.

    Each in a transaction of its own, in the order of their numbers: one that is refused
    stays as it is, and does not stop the rest. A ticket keeps its data, what its tasks have
    said, and the ticket type that it was submitted as. `renamed` are keys of tasks that the
    version does not have, and those of the tasks that stand for them there.

    Raises:
        RenamedTasksError: a task cannot stand for another, or stands for two.
        MayNotRepairError: `by` is no ticket admin here.
        ReasonMissingError: the reason is blank.
        TooManyTicketsError: there are more than MOST_AT_ONCE.
        NotPublishedError: `to` is not the published version (any more).
    """
    reason = check_repair(by=by, reason=reason)
    ids = sorted({ticket.pk for ticket in tickets})
    if len(ids) > MOST_AT_ONCE:
        raise TooManyTicketsError(most=MOST_AT_ONCE)
    _ensure_published(to)
    target = TargetVersion.of(to, renamed)
    return [
        TicketMove(pk, _refusal_of_move(pk, target, by=by, reason=reason, now=now)) for pk in ids
    ]


def preview_move(
    *, tickets: Iterable[Ticket], to: WorkflowDefinition, renamed: Mapping[str, str] | None = None
) -> list[TicketMove]:
    """What `move_tickets` would do as things are now. Fetch them `with_data_for_moving()`.

    Raises:
        RenamedTasksError: a task cannot stand for another, or stands for two.
    """
    target = TargetVersion.of(to, renamed)
    found = []
    for ticket in tickets:
        instance = ticket.workflow_instance
        obstacle = _obstacle_of_ticket(ticket, target)
        if instance is not None and not obstacle:
            obstacle = target.obstacle(instance, current_tasks(instance))
        found.append(TicketMove(ticket.pk, obstacle or obstacle_of_data(ticket, to)))
    return found


def _refusal_of_move(
    ticket_id: int, target: TargetVersion, *, by: User, reason: str, now: datetime | None
) -> str:
    try:
        _move(ticket_id, target, by=by, reason=reason, now=now)
    except Ticket.DoesNotExist:
        return _("This ticket is no longer there.")
    except TicketFlowerError as refusal:
        return str(refusal)
    return ""


@repair_transaction()
def _move(
    ticket_id: int, target: TargetVersion, *, by: User, reason: str, now: datetime | None
) -> None:
    repair = begin_repair(MOVED, ticket_id=ticket_id, by=by, reason=reason, expected=None, now=now)
    # Again, under the ticket's lock: there may be a next version in the meantime.
    _ensure_published(target.workflow)
    ticket, manager = repair.ticket, repair.manager
    tasks = manager.read_current_tasks()
    obstacle = (
        _obstacle_of_ticket(ticket, target)
        or target.obstacle(manager.instance, tasks)
        or obstacle_of_data(ticket, target.workflow)
    )
    if obstacle:
        raise CannotMoveError(obstacle)
    ticket.workflow = target.workflow
    calculated = _calculated_now(ticket)
    ticket.data = {**ticket.data, **calculated}
    manager.update_with_next_write(
        ticket, "workflow", *(["data"] if calculated else []), "updated_at"
    )
    manager.move_to_version(target, tasks, reason=repair.reason)
    index_answers(ticket.pk)  # the questions, and who sees the answers, are that version's
    for task in tasks:
        restart_timers(ticket_id=ticket.pk, task=task, now=manager.now)
    follow_subtickets(tasks, ticket_id=ticket.pk)  # it may wait no more for the end of one


def _calculated_now(ticket: Ticket) -> JsonObject:
    """Answers that its version calculates, and that the ticket does not have yet."""
    presets = {name: ticket.data[name] for name in ticket.definition.presets if name in ticket.data}
    form = validator_for(ticket.workflow.fields, presets=presets)
    missing = [
        name for name, each in form.fields.items() if each.is_computed and name not in ticket.data
    ]
    if not missing:
        return {}
    asked = {name: value for name, value in ticket.data.items() if name in form.fields}
    settled = form.settled(asked, facts_for(form, asked, kept=asked))
    return {name: settled[name] for name in missing if name in settled}


def _ensure_published(workflow: WorkflowDefinition) -> None:
    if not WorkflowDefinition.objects.published().filter(pk=workflow.pk).exists():
        raise NotPublishedError


def _obstacle_of_ticket(ticket: Ticket, target: TargetVersion) -> str:
    if ticket.workflow.key != target.workflow.key:
        return _("It belongs to another workflow: %(workflow)s.") % {
            "workflow": ticket.workflow.title
        }
    if ticket.workflow_id == target.workflow.pk:
        return _("It runs on version %(version)s already.") % {"version": target.workflow.version}
    return ""


def obstacle_of_data(ticket: Ticket, to: WorkflowDefinition) -> str:
    """Why what was submitted does not fit the fields of a version; empty where it does.

    Answers to questions that the version does not ask any more are kept, and are no obstacle.
    """
    try:
        asked = {field.name for field in parse_fields(to.fields)}
        kept = {name: value for name, value in ticket.data.items() if name in asked}
        presets = {name: kept.pop(name) for name in ticket.definition.presets if name in kept}
        problems = [
            *check_presets(to.fields, presets, are_kept=True),
            *validate_fields(to.fields, kept, presets=presets, facts=KEPT_ANSWERS),
        ]
    except FieldError as error:
        return str(error)
    if not problems:
        return ""
    return _("What was submitted does not fit version %(version)s: %(problems)s") % {
        "version": to.version,
        "problems": listed(problems, to.fields),
    }
