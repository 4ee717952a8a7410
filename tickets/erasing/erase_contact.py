"""Erasing somebody outside, by a job that may run twice: what was blanked before is blank already.

Their row stays, blanked, as long as a ticket names it.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.jobs import defer
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.names import plain_email
from tickets.erasing.audit_lines import blank_audit
from tickets.erasing.erase_person import AlreadyErasedError, ErasingError
from tickets.erasing.erased_person import ErasedContact
from tickets.erasing.own_ticket import Whose, blank_tasks, blank_ticket
from tickets.erasing.where_named import (
    ANSWERED,
    LOG,
    MAILS,
    SENT,
    WRITTEN,
    blank_file_names,
    blank_texts,
    blank_texts_of_events,
    blank_views,
    index_anew,
)
from tickets.job_names import ERASE_CONTACT
from tickets.models import StartRequest, Ticket
from tickets.models.ticket_error import ALIVE
from workflows.models import Contact, ContactLink, TaskInstance

ERASURE_ASKED: Final = declare(
    "people.contact_erasure_asked", _("It was asked that somebody outside be erased")
)
CONTACT_ERASED: Final = declare("people.contact_erased", _("Somebody outside was erased"))
# An address that nobody can have says that a contact was erased.
_ENDING: Final = "@invalid"
# Tickets whose answers are blanked at once.
MOST_TICKETS: Final = 1_000


class WrongContactAddressError(ErasingError):
    message = _("This is not their e-mail address. Type it as it stands above.")
    field = "typed_email"


class ContactAskedError(ErasingError):
    message = _(
        "They are asked for an answer in a ticket that runs. Give its task to somebody else, or "
        "end the ticket, and erase them then."
    )


def ask_for_contact_erasure(*, contact: Contact, typed_email: str, with_answers: bool) -> None:
    """Have the worker erase somebody outside; their links end at once.

    `with_answers`: what they answered in tickets that have ended is erased, too.

    Raises:
        WrongContactAddressError: what was typed is not their address.
        AlreadyErasedError: there is nothing left to erase.
        ContactAskedError: a form waits for them.
    """
    if is_erased(contact):
        raise AlreadyErasedError
    if plain_email(typed_email) != plain_email(contact.email):
        raise WrongContactAddressError
    with transaction.atomic():
        locked = Contact.objects.select_for_update().get(pk=contact.pk)
        if asked_now(locked).exists():
            raise ContactAskedError
        ContactLink.objects.filter(contact=locked).delete()
        record(ERASURE_ASKED, about=locked, with_answers=with_answers)
        defer(ERASE_CONTACT, contact_id=locked.pk, with_answers=with_answers)


def is_erased(contact: Contact) -> bool:
    return contact.email.endswith(_ENDING)


def asked_now(contact: Contact) -> QuerySet[TaskInstance]:
    """The forms that wait for them."""
    waiting = TaskInstance.objects.unfinished().filter(contact=contact, assigned_to=None)
    return waiting.filter(workflow_instance__status__in=ALIVE)


def erase_contact(*, contact_id: int, with_answers: bool) -> None:
    """Blank somebody outside. Safe to repeat; their row goes last.

    Nothing where a form was sent to them meanwhile: they are there again.
    """
    contact = Contact.objects.filter(pk=contact_id).first()
    if contact is None or is_erased(contact) or asked_now(contact).exists():
        return
    erased = ErasedContact(contact.pk, email=contact.email, name=contact.name)
    tickets = _blank_answers(contact) if with_answers else []
    StartRequest.objects.filter(email=contact.email).delete()
    OutgoingMail.objects.filter(to=contact.email).delete()
    ReceivedMail.objects.filter(sender=contact.email).update(sender="")
    for columns in (ANSWERED, SENT, WRITTEN, LOG, MAILS):
        blank_texts(erased, columns)
    blank_texts_of_events(erased)
    blank_file_names(erased)
    blank_views(erased)
    index_anew(erased, tickets)
    with transaction.atomic():
        locked = Contact.objects.select_for_update().get(pk=contact.pk)
        if asked_now(locked).exists():
            return
        ContactLink.objects.filter(contact=locked).delete()
        locked.email, locked.name = erased.email, ""
        locked.save(update_fields=["email", "name"])
        record(CONTACT_ERASED, about=locked)
    blank_audit(erased)


def _blank_answers(contact: Contact) -> list[int]:
    """What they answered in tickets that have ended; returns the numbers of those."""
    whose = Whose.of_contact(contact.pk)
    begun = Ticket.objects.ended().filter(contact=contact).order_by("-pk")
    numbers = list(begun.values_list("pk", flat=True)[:MOST_TICKETS])
    for number in numbers:
        blank_ticket(whose, number)
    answered = Ticket.objects.ended().exclude(pk__in=numbers)
    answered = answered.filter(workflow_instance__tasks__contact=contact).distinct()
    others = list(answered.order_by("-pk").values_list("pk", flat=True)[:MOST_TICKETS])
    for number in others:
        blank_tasks(whose, number)
    return [*numbers, *others]
