from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator

from tenants.companies.language_and_zone import speaking_to
from tenants.errors import TicketFlowerError
from tenants.models import Company, User
from tenants.names import LONGEST_NAME
from tenants.roles import SystemRole
from tickets.models import PauseReason, RecurringStart, StartRun, Ticket
from tickets.notices.kinds.start_stopped import START_STOPPED
from tickets.notices.tell import tell_role
from tickets.starting.follow_starts import defer_start, next_start
from tickets.submitting.errors import MayNotSubmitError
from tickets.submitting.submit_ticket import submit_ticket
from workflows.engine.errors import EngineError, RecurrenceError
from workflows.engine.process import JsonObject
from workflows.engine.starts import StartSpec, starts_of
from workflows.engine.times.calendar import WorkingTime
from workflows.fields.answers.begun_with import begun_with
from workflows.fields.in_database.look_up import facts_for
from workflows.models import BusinessCalendar, TicketDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_tickets.came_in import BY_START

logger = logging.getLogger(__name__)

# Of moments that were missed so many stand in the history, and in the list of starts.
MOST_MISSED_LISTED: Final = 20
# So many are counted.
MOST_MISSED: Final = 5_000
# So many runs of a start are kept.
MOST_RUNS: Final = 50


def begin_start(*, start_id: int, now: datetime | None = None) -> Ticket | None:
    """Submit the ticket of a recurring start that is due; None: there is none now.

    Safe to call twice, late, or beside itself: it is decided under the lock of the start, and the
    ticket, the note of the moment and the job of the next one are one transaction. Of moments that
    were missed the latest gets a ticket, which says which the others were.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job comes again.
    """
    now = now or timezone.now()
    with transaction.atomic():
        found = _locked(start_id)
        if found is None:
            return None
        start, definition, spec = found
        if start.next_at is None:
            return None
        if now < start.next_at:  # another one has begun it; or the clocks of two machines differ
            return None
        person, problem = _person_of(start)
        if person is None:
            pause(start, definition, spec, problem, now=now)
            return None
        return _begin(start, definition, spec, person, now=now)


def _locked(start_id: int) -> tuple[RecurringStart, TicketDefinition, StartSpec] | None:
    """The start with its ticket type: that first, as whoever changes it locks it first."""
    key = RecurringStart.objects.filter(pk=start_id).values_list("type_key", flat=True).first()
    offered = TicketDefinition.objects.active().filter(key=key)
    definition = offered.select_for_update(of=("self",), no_key=True).first()
    start = RecurringStart.objects.select_for_update(of=("self",), no_key=True)
    found = start.select_related("person").filter(pk=start_id).first()
    if definition is None or found is None:
        return None
    specs = {each.key: each for each in starts_of(definition.starts)}
    return (found, definition, specs[found.key]) if found.key in specs else None


def _person_of(start: RecurringStart) -> tuple[User | None, PauseReason]:
    person = start.person
    if person is None:
        return None, PauseReason.NOBODY
    if not person.is_active or person.company_id != Company.objects.current().pk:
        return None, PauseReason.LEFT
    return person, PauseReason.MAY_NOT


def _begin(
    start: RecurringStart,
    definition: TicketDefinition,
    spec: StartSpec,
    person: User,
    *,
    now: datetime,
) -> Ticket | None:
    moments = _due_moments(start, spec, now=now)
    moment, missed = moments[-1], moments[:-1]
    listed = [each.isoformat() for each in missed[-MOST_MISSED_LISTED:]]
    run = StartRun(
        start=start, moment=moment, begun_at=now, missed=listed, missed_count=len(missed)
    )
    ticket = None
    came_in: JsonObject = {
        "by": BY_START,
        "called": spec.title or definition.title,
        "due": moment.isoformat(),
        "missed": list(listed),
        "missed_count": len(missed),
    }
    try:
        with speaking_to(person), transaction.atomic():
            ticket = submit_ticket(
                definition=definition,
                data=_answers(definition, spec),
                user=person,
                title=_title(definition, spec, moment),
                checks_now=True,
                came_in=came_in,
            )
    except MayNotSubmitError:
        pause(start, definition, spec, PauseReason.MAY_NOT, now=now)
        return None
    except (TicketFlowerError, EngineError) as error:
        run.error = Truncator(str(error)).chars(LONGEST_NAME)
        _tell(definition, spec, key=f"{start.pk}:{moment.isoformat()}")
    else:
        run.ticket_number = ticket.pk
    run.save(force_insert=True)
    _forget_old_runs(start)
    start.next_at = next_start(spec, _working_time(), after=now)
    start.save(update_fields=["next_at"])
    defer_start(start, now=now)
    return ticket


def _due_moments(start: RecurringStart, spec: StartSpec, *, now: datetime) -> list[datetime]:
    """Those that are due and have no ticket, the last of them last: at least one."""
    assert start.next_at is not None  # noqa: S101 - the caller has looked
    found = [start.next_at]
    try:
        for each in spec.recurrence().moments(_working_time(), after=start.next_at):
            if each > now or len(found) > MOST_MISSED:
                break
            found.append(each)
    except RecurrenceError:
        logger.exception("The rule of the start %s cannot be read", start.pk)
    return found


def _working_time() -> WorkingTime:
    return BusinessCalendar.objects.current().working_time()


def _answers(definition: TicketDefinition, spec: StartSpec) -> JsonObject:
    """With what the form begins with, where the start says nothing.

    People are named as documents name them: so they are who they are now.
    """
    form = definition_of(definition.workflow_id).ticket_form(definition.presets)
    facts = facts_for(form, spec.answers)
    return begun_with(form, form.taken_in(spec.answers, facts), facts)


def _title(definition: TicketDefinition, spec: StartSpec, moment: datetime) -> str:
    """What the start is called, with its day, so that its tickets can be told apart."""
    day = moment.astimezone(_working_time().zone).date()
    ending = f" {day.isoformat()}"
    title = Truncator(spec.title or definition.title).chars(LONGEST_NAME - len(ending))
    return f"{title}{ending}"


def pause(
    start: RecurringStart,
    definition: TicketDefinition,
    spec: StartSpec,
    reason: PauseReason,
    *,
    now: datetime,
) -> None:
    """Begin no more tickets until somebody sees to it; ticket admins are told. Locked."""
    start.paused, start.paused_at, start.paused_by = reason, now, None
    start.next_at = None
    start.save(update_fields=["paused", "paused_at", "paused_by", "next_at"])
    _tell(definition, spec, reason=reason.value, key=f"{start.pk}:{reason}:{now.isoformat()}")


def _tell(definition: TicketDefinition, spec: StartSpec, *, reason: str = "", key: str) -> None:
    about: JsonObject = {
        "title": spec.title or definition.title,
        "definition": definition.pk,
        "reason": reason,
    }
    tell_role(START_STOPPED, SystemRole.TICKET_ADMIN, ticket_id=None, about=about, key=key[:100])


def _forget_old_runs(start: RecurringStart) -> None:
    old = start.runs.order_by("-moment").values_list("pk", flat=True)[MOST_RUNS:]
    StartRun.objects.filter(pk__in=list(old)).delete()
