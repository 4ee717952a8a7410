from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.utils import timezone

from tenants.companies.language_and_zone import speaking_to
from tenants.models import Company
from tenants.names import LONGEST_NAME
from tenants.refusals import refusals
from tickets.arriving.errors import (
    MessageUsedError,
    NotJsonObjectError,
    UnknownAddressError,
    WayInPersonError,
)
from tickets.arriving.signed import SignedMessage, count_message
from tickets.errors import TicketsError
from tickets.models import Delivery, WayIn
from tickets.numbering.name_ticket import name_ticket
from tickets.submitting.errors import MayNotSubmitError
from tickets.submitting.submit_ticket import submit_ticket
from workflows.actions import ActionError, parse_json
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.answers.begun_with import begun_with
from workflows.fields.in_database.look_up import facts_for
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_tickets.came_in import BY_ADDRESS

# How long a repeat of a message gets the first answer.
KEPT: Final = timedelta(days=30)
_MOST_FORGOTTEN: Final = 200
_FILE: Final = "file"


@dataclass(frozen=True, slots=True)
class Received:
    """`is_new`: a ticket was made; else it was there already."""

    reply: JsonObject = field(default_factory=dict)
    is_new: bool = True


def receive_ticket(
    *,
    type_key: str,
    message: SignedMessage,
    content: bytes,
    now: datetime | None = None,
) -> Received:
    """Submit the ticket that another system has sent to the web address of a type.

    Must run in the company that the address names. `content` is what is signed, as it came: JSON
    of {"answers": {name: value}, "title": text}. A message that is repeated, by its
    number, gets the first reply again and makes no second ticket.

    Raises:
        UnknownAddressError: no tickets are taken there (any more).
        NotSignedError: it is not signed with the secret, or not just now.
        MessageUsedError: another message had this number.
        NotJsonObjectError: the body has another form.
        WayInPersonError: the person as whose ticket it comes may not submit it.
        InvalidDataError: the answers do not fit the form; it lists every problem.
        StorageFullError, TooManyJobsError: the company has no room for more.
        SubmissionFailedError, OperationalError, InterfaceError: as `submit_ticket`.
    """
    now = now or timezone.now()
    way_in = WayIn.objects.filter(type_key=type_key, address_on=True).first()
    definition = TicketDefinition.objects.active().filter(key=type_key).first()
    if way_in is None or definition is None:
        raise UnknownAddressError
    message.ensure_signed(content, secrets=way_in.secrets(now=now), now=now)
    count_message(type_key)
    with transaction.atomic():
        # One after the other: who repeats a message while the first is at work waits for it.
        locked = WayIn.objects.select_for_update(of=("self",), no_key=True)
        way_in = locked.select_related("person").get(pk=way_in.pk)
        digest = sha256(content).hexdigest()
        earlier = Delivery.objects.filter(about=type_key, message_id=message.message_id).first()
        if earlier is not None:
            if earlier.digest != digest:
                raise MessageUsedError
            return Received(dict(earlier.reply), is_new=False)
        reply = _submit(way_in, definition, read_object(content, NotJsonObjectError))
        Delivery.objects.create(
            about=type_key,
            message_id=message.message_id,
            digest=digest,
            reply=reply,
            received_at=now,
        )
        forget_old(now)
    return Received(reply)


def _submit(way_in: WayIn, definition: TicketDefinition, body: JsonObject) -> JsonObject:
    answers, title = _said(body)
    person = way_in.person
    if person is None or not person.is_active:
        raise WayInPersonError
    if person.company_id != Company.objects.current().pk:
        raise WayInPersonError
    form = definition_of(definition.workflow_id).ticket_form(definition.presets)
    for name, question in form.fields.items():
        if question.type.key == _FILE and name in answers:
            raise InvalidDataError([FieldProblem(name, str(NotJsonObjectError.no_files))])
    answers = begun_with(form, answers, facts_for(form, {}))
    with speaking_to(person):
        named = title or name_ticket(
            definition=definition, fields=form.fields.values(), answers=answers
        )
    try:
        ticket = submit_ticket(
            definition=definition,
            data=answers,
            user=person,
            title=named[:LONGEST_NAME],
            checks_now=True,
            came_in={"by": BY_ADDRESS},
        )
    except MayNotSubmitError as error:
        raise WayInPersonError from error
    return {"status": "submitted", "number": ticket.number, "id": ticket.pk}


def read_object(content: bytes, otherwise: type[TicketsError]) -> JsonObject:
    """The body as an object. Raises `otherwise`."""
    body: Json = None
    with refusals(ActionError):
        body = parse_json("", content)
    if not isinstance(body, dict):
        raise otherwise
    return body


def _said(body: JsonObject) -> tuple[JsonObject, str]:
    if not body.keys() <= {"answers", "title"}:
        raise NotJsonObjectError
    answers, title = body.get("answers", {}), body.get("title", "")
    if not isinstance(answers, dict) or not isinstance(title, str):
        raise NotJsonObjectError
    return answers, title


def forget_old(now: datetime) -> None:
    old = Delivery.objects.filter(received_at__lt=now - KEPT).order_by("received_at")
    Delivery.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:_MOST_FORGOTTEN])
    ).delete()
