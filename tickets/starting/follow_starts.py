"""What the definitions of ticket types say of their starts, and what stands of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tenants.jobs import defer
from tenants.models import Company, User
from tenants.names import plain_email
from tickets.job_names import BEGIN_START, PAUSE_STARTS_OF
from tickets.models import RecurringStart
from workflows.authoring.ticket_types.starts_moved import STARTS_MOVED
from workflows.engine.errors import RecurrenceError
from workflows.engine.process import JsonObject
from workflows.engine.starts import StartSpec, starts_of
from workflows.engine.times.calendar import WorkingTime
from workflows.models import BusinessCalendar, TicketDefinition
from workflows.people.change_people import NOT_ACTIVE_ANY_MORE
from workflows.working_hours.change_calendar import CALENDAR_SAVED


@STARTS_MOVED.register
def follow_starts(keys: Collection[str], by: User | None) -> None:
    """Have the starts of these ticket types run as their definitions say now.

    In the transaction that changes those. A start that is gone is deleted with its list of runs; of
    a type that is not offered all rest, and go on as they were when it is offered again. One that
    is new runs as the ticket of whom it names, else of whoever did it.
    """
    offered = TicketDefinition.objects.active().filter(key__in=keys)
    with transaction.atomic():
        kept: dict[tuple[str, str], RecurringStart] = {
            (each.type_key, each.key): each
            for each in RecurringStart.objects.filter(type_key__in=keys)
            .select_for_update(no_key=True)
            .order_by("pk")
        }
        wanted = {(each.key, spec.key): spec for each in offered for spec in starts_of(each.starts)}
        if not kept and not wanted:
            return
        active = {key for key, _start in wanted} | {each.key for each in offered}
        gone = [each.pk for at, each in kept.items() if at not in wanted and at[0] in active]
        RecurringStart.objects.filter(pk__in=gone).delete()
        for each in kept.values():
            if each.type_key not in active and each.next_at is not None:
                each.next_at = None
                each.save(update_fields=["next_at"])
        working_time = BusinessCalendar.objects.current().working_time()
        for at, spec in wanted.items():
            start = kept.get(at) or RecurringStart(type_key=at[0], key=at[1], person=by)
            _follow(start, spec, working_time, now=timezone.now())


def _follow(
    start: RecurringStart, spec: StartSpec, working_time: WorkingTime, *, now: datetime
) -> None:
    if spec.email:
        start.person = _person_named(spec.email) or start.person
    schedule = schedule_of(spec)
    if start._state.adding or start.schedule != schedule or start.next_at is None:
        start.schedule = schedule
        start.next_at = None if start.paused else next_start(spec, working_time, after=now)
        start.save()
        defer_start(start, now=now)
    else:
        start.save(update_fields=["person"])


def _person_named(email: str) -> User | None:
    people = User.objects.active().filter(company=Company.objects.current())
    found: User | None = people.filter(email=plain_email(email)).first()
    return found


def schedule_of(spec: StartSpec) -> JsonObject:
    """What decides when it is due."""
    return {
        "rule": spec.rule,
        "working_day": spec.working_day,
        "at": spec.at,
        "from": spec.first,
    }


def next_start(spec: StartSpec, working_time: WorkingTime, *, after: datetime) -> datetime | None:
    """When it is due next; None: never."""
    try:
        return next(spec.recurrence().moments(working_time, after=after), None)
    except RecurrenceError:  # a rule that an earlier program has let pass
        return None


def defer_start(start: RecurringStart, *, now: datetime) -> None:
    """Put the job of its next moment into the queue, in the transaction that found it out."""
    if start.next_at is not None:
        defer(
            BEGIN_START,
            after_seconds=max((start.next_at - now).total_seconds(), 0),
            start_id=start.pk,
            due=start.next_at.isoformat(),
        )


@CALENDAR_SAVED.register
def follow_calendar() -> None:
    """Working days, holidays or the time zone are others: find out anew when all are due.

    What is due already, and only waits for its job, stays due.
    """
    now = timezone.now()
    waiting = RecurringStart.objects.filter(next_at__gt=now)
    starts = list(waiting.select_for_update(no_key=True).order_by("pk"))
    if not starts:
        return
    working_time = BusinessCalendar.objects.current().working_time()
    for each in starts:
        spec = StartSpec.of({"key": each.key, **each.schedule})
        found = next_start(spec, working_time, after=now)
        if found != each.next_at:
            each.next_at = found
            each.save(update_fields=["next_at"])
            defer_start(each, now=now)


@NOT_ACTIVE_ANY_MORE.register
def pause_starts_later(person: User) -> None:
    """By a job: whoever changes people holds locks that a start takes later."""
    if RecurringStart.objects.filter(person=person, paused="").exists():
        defer(PAUSE_STARTS_OF, person_id=person.pk)
