"""Erasing a person, by a job that may run twice: what was blanked before is blank already."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.account.picture import remove_picture
from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import PUBLIC, company_of, current_schema
from tenants.errors import TicketFlowerError
from tenants.jobs import defer
from tenants.models import User
from tenants.names import plain_email
from tickets.erasing.audit_lines import blank_audit
from tickets.erasing.erased_person import ErasedPerson
from tickets.erasing.own_ticket import Whose, blank_ticket
from tickets.erasing.their_own import (
    delete_mails,
    delete_notices,
    delete_saved_answers,
    end_log_ins,
)
from tickets.erasing.where_named import (
    LOG,
    MAILS,
    SENT,
    WRITTEN,
    blank_answers,
    blank_definitions,
    blank_events,
    blank_file_names,
    blank_texts,
    blank_views,
    index_anew,
)
from tickets.job_names import ERASE_PERSON
from tickets.models import Follower, Ticket
from workflows.people.change_people import save_person

ERASURE_ASKED: Final = declare("people.erasure_asked", _("It was asked that a person be erased"))
PERSON_ERASED: Final = declare("people.erased", _("A person was erased"))
# Tickets whose answers are blanked at once.
MOST_TICKETS: Final = 1_000


class ErasingError(TicketFlowerError):
    message = _("This person cannot be erased.")


class WrongAddressError(ErasingError):
    message = _("This is not the e-mail address of the person. Type it as it stands above.")
    field = "typed_email"


class AlreadyErasedError(ErasingError):
    message = _("This person was erased already.")


def ask_for_erasure(
    *, person: User, typed_email: str, tickets: Iterable[Ticket], by: User, now: datetime
) -> None:
    """Switch a person off at once, and have the worker erase them.

    `tickets` are those of theirs, ended, in which what they typed is erased, too.

    Raises:
        WrongAddressError: what was typed is not their address.
        AlreadyErasedError: there is nothing left to erase.
        LastAdminError: nobody could manage the company's people afterwards.
    """
    if plain_email(typed_email) != person.email:
        raise WrongAddressError
    if person.erased_at is not None:
        raise AlreadyErasedError
    own = Ticket.objects.ended().filter(created_by=person, pk__in=[each.pk for each in tickets])
    numbers = sorted(own.values_list("pk", flat=True))[:MOST_TICKETS]
    with transaction.atomic():
        person.is_active = False
        save_person(
            person=person, roles=(), company_roles=(), now=now, actor=by, fields=("is_active",)
        )
        end_log_ins(person)
        record(ERASURE_ASKED, about=person, tickets=len(numbers))
        defer(ERASE_PERSON, person_id=person.pk, tickets=",".join(map(str, numbers)))


def erase_person(*, person_id: int, tickets: list[int]) -> None:
    """Blank a person of the active company. Safe to repeat; their row goes last."""
    person = User.objects.filter(pk=person_id).first()
    if person is None or person.erased_at is not None or person.is_superuser:
        return
    # Both before the log is blanked, where they are noted with the name.
    end_log_ins(person)
    if person.picture:
        remove_picture(person=person)
    erased = ErasedPerson(person)
    for number in tickets:
        blank_ticket(Whose.of_person(person), number)
    delete_saved_answers(person)
    delete_notices(person)
    blank_answers(erased)
    blank_events(erased)
    blank_texts(erased, SENT)
    blank_texts(erased, WRITTEN)
    blank_definitions(erased)
    blank_file_names(erased)
    blank_views(erased)
    Follower.objects.filter(person=person).delete()
    index_anew(erased, tickets)
    for schema in (current_schema(), PUBLIC):  # the installation has logs of its own
        with company_of(schema):
            blank_texts(erased, LOG)
            delete_mails(person)
            blank_texts(erased, MAILS)
            blank_audit(erased)
    _blank_row(erased)


def _blank_row(erased: ErasedPerson) -> None:
    person = erased.person
    with transaction.atomic():
        person.first_name, person.last_name = "Erased", f"person {person.pk}"
        person.email, person.last_login, person.erased_at = erased.email, None, timezone.now()
        person.is_active = person.is_available = False
        person.language = person.time_zone = ""
        person.away_from = person.away_until = person.deputy = person.manager = None
        User.objects.filter(deputy=person).update(deputy=None)
        User.objects.filter(manager=person).update(manager=None)
        person.set_unusable_password()
        person.save()
        record(PERSON_ERASED, about=person)
