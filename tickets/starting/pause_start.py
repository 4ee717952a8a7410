"""Pausing a recurring start, and letting it go on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import Company, User
from tickets.models import PauseReason, RecurringStart
from tickets.starting.begin_start import pause
from tickets.starting.errors import StartNotRunningError, StartPersonError
from tickets.starting.follow_starts import defer_start, next_start
from workflows.engine.starts import StartSpec, starts_of
from workflows.models import BusinessCalendar, TicketDefinition

START_PAUSED: Final = declare("tickets.start_paused", gettext_lazy("Paused a recurring start"))
START_RESUMED: Final = declare("tickets.start_resumed", gettext_lazy("Let a recurring start go on"))


def pause_start(*, start_id: int, user: User, now: datetime) -> RecurringStart:
    """Begin no more tickets until somebody resumes it.

    Raises:
        StartNotRunningError: it is not there any more.
    """
    with transaction.atomic():
        start, definition, _spec = _locked(start_id)
        if not start.paused:
            start.paused, start.paused_at, start.paused_by = PauseReason.BY_HAND, now, user
            start.next_at = None
            start.save(update_fields=["paused", "paused_at", "paused_by", "next_at"])
            record(START_PAUSED, about=definition, person=user, key=start.key)
    return start


def resume_start(*, start_id: int, user: User, now: datetime) -> RecurringStart:
    """Go on with the next moment from now on; what was missed meanwhile is not made up for.

    Raises:
        StartNotRunningError: it is not there any more.
        StartPersonError: the person as whose ticket it starts may not submit it.
    """
    with transaction.atomic():
        start, definition, spec = _locked(start_id)
        _ensure_may_submit(start.person, definition)
        if start.paused:
            start.paused, start.paused_at, start.paused_by = "", None, None
            working_time = BusinessCalendar.objects.current().working_time()
            start.next_at = next_start(spec, working_time, after=now)
            start.save(update_fields=["paused", "paused_at", "paused_by", "next_at"])
            defer_start(start, now=now)
            record(START_RESUMED, about=definition, person=user, key=start.key)
    return start


def pause_starts_of(*, person_id: int, now: datetime) -> int:
    """Pause what starts as the tickets of somebody who is not active any more; how many.

    Ticket admins are told. Safe to repeat; nothing where the person is active again.
    """
    count = 0
    person = User.objects.filter(pk=person_id).first()
    if person is not None and person.is_active:
        return 0
    for pk in RecurringStart.objects.filter(person=person_id, paused="").values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            try:
                start, definition, spec = _locked(pk)
            except StartNotRunningError:
                continue
            if not start.paused and start.person_id == person_id:
                pause(start, definition, spec, PauseReason.LEFT, now=now)
                count += 1
    return count


def may_submit(person: User, definition: TicketDefinition) -> bool:
    company = Company.objects.current()
    is_here = person.is_active and person.company_id == company.pk
    offered = TicketDefinition.objects.submittable_by(person)
    return is_here and offered.filter(pk=definition.pk).exists()


def _ensure_may_submit(person: User | None, definition: TicketDefinition) -> None:
    if person is None or not may_submit(person, definition):
        raise StartPersonError


def _locked(start_id: int) -> tuple[RecurringStart, TicketDefinition, StartSpec]:
    """As `begin_start` locks them."""
    key = RecurringStart.objects.filter(pk=start_id).values_list("type_key", flat=True).first()
    offered = TicketDefinition.objects.active().filter(key=key)
    definition = offered.select_for_update(of=("self",), no_key=True).first()
    starts = RecurringStart.objects.select_for_update(of=("self",), no_key=True)
    start = starts.select_related("person").filter(pk=start_id).first()
    if definition is None or start is None:
        raise StartNotRunningError
    for spec in starts_of(definition.starts):
        if spec.key == start.key:
            return start, definition, spec
    raise StartNotRunningError
