"""Tickets that people outside begin: a form without a log-in, and the proof of an address.

What is sent is kept until its link ends, and becomes a ticket when whoever reads mail at the
address has confirmed it. The mail says nothing that was typed: anybody can have it sent.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tenants.companies.company_limits import ensure_room_for_work
from tenants.connection import company_of
from tenants.limits.table import (
    PUBLIC_STARTS,
    PUBLIC_STARTS_OF_SENDER,
    PUBLIC_STARTS_TO_ADDRESS,
)
from tenants.mail.outbox import queue_mail
from tenants.mail.writing import write
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company, User
from tenants.names import plain_email
from tickets.errors import TicketsError
from tickets.models import StartRequest
from tickets.models.ticket import ticket_number
from tickets.numbering.name_ticket import name_ticket
from tickets.submitting.errors import MayNotSubmitError
from tickets.submitting.submit_ticket import submit_ticket
from workflows.bundles.checks.public_starts import address_question
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.answers.validation import Validator
from workflows.fields.in_database.look_up import facts_for
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.people.outside import contact_of
from workflows.running.people.workers import colleagues
from workflows.running.public_starts import is_public, read_public_token
from workflows.working_hours.speaking_outside import speaking_outside

LIFETIME: Final = timedelta(hours=24)
LONGEST_TOKEN: Final = 300
# The word for such mails in the outbox.
KIND: Final = "public_start"
_SECRET_BYTES: Final = 32
_SALT: Final = "tickets.public_start"


class NotOfferedError(TicketsError):
    """It says the same whatever the reason: whoever tries addresses learns nothing."""

    message = gettext_lazy("There is no form at this address, or not any more.")
    status = HTTPStatus.NOT_FOUND


class StartEndedError(TicketsError):
    message = gettext_lazy(
        "This link does not count any more. It is good for one day. Fill in the form once more."
    )
    status = HTTPStatus.GONE


class FormChangedError(TicketsError):
    message = gettext_lazy(
        "The form was changed since you filled it in. Fill it in once more: its address is the "
        "same."
    )
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class PublicForm:
    """The form of a ticket type for people outside, and whose the tickets are."""

    company: Company
    definition: TicketDefinition
    form: Validator
    requester: User


@dataclass(frozen=True, slots=True)
class Confirming:
    """What the link in a mail leads to; `number` is what the ticket is called, once it is there."""

    company: Company
    definition: TicketDefinition
    answers: JsonObject
    number: str = ""


def open_public_form(token: str) -> PublicForm:
    """The form at a public address.

    Raises:
        NotOfferedError: we have not signed it, the type is not public, or nobody may be the
            requester of its tickets (any more).
        CompanyBehindError: the company is being brought up to date.
    """
    found = read_public_token(token)
    if found is None:
        raise NotOfferedError
    schema, key = found
    company = _company(schema)
    with company_of(company.schema_name):
        return _public_form(company, key)


def _company(schema: str) -> Company:
    companies = Company.objects.active().filter(deletion_due_at=None)
    company = companies.filter(schema_name=schema).first()
    if company is None:
        raise NotOfferedError
    ensure_up_to_date(company)
    return company


def _public_form(company: Company, key: str) -> PublicForm:
    types = TicketDefinition.objects.active().select_related("workflow").filter(key=key)
    definition = types.first()
    if definition is None or not is_public(definition):
        raise NotOfferedError
    requester = colleagues().filter(email=plain_email(definition.public_for)).first()
    if requester is None or not _may_submit(requester, definition):
        raise NotOfferedError
    form = definition_of(definition.workflow_id).ticket_form(definition.presets)
    if address_question(form.fields) is None:
        raise NotOfferedError
    return PublicForm(company, definition, form, requester)


def _may_submit(person: User, definition: TicketDefinition) -> bool:
    return TicketDefinition.objects.submittable_by(person).filter(pk=definition.pk).exists()


def request_start(token: str, *, answers: JsonObject, sender: str, now: datetime) -> str:
    """Keep the answers, and send the link that makes a ticket of them; the address is returned.

    `sender` is what is counted as one sender, as `place_of` says.

    Raises:
        InvalidDataError: the answers do not fit the form; it lists every problem.
        RateLimitedError: too many were begun, of the company or with this address.
        StorageFullError, TooManyJobsError: the company has no room for more.
        what `open_public_form` raises
    """
    public = open_public_form(token)
    company, definition = public.company, public.definition
    with company_of(company.schema_name):
        ensure_room_for_work(Company.objects.current())
        facts = facts_for(public.form, answers)
        settled = public.form.settled(answers, facts)
        if problems := public.form.validate(settled, facts):
            raise InvalidDataError(problems)
        question = address_question(public.form.fields)
        email = plain_email(str(settled.get(question.name))) if question is not None else ""
        # In this order: what one sender or one address has too many of takes nobody else's room.
        PUBLIC_STARTS_OF_SENDER.count(f"{company.schema_name}\n{sender}")
        PUBLIC_STARTS_TO_ADDRESS.count(f"{company.schema_name}\n{email}")
        PUBLIC_STARTS.count(company.schema_name)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with transaction.atomic():
            row = StartRequest.objects.create(
                definition=definition,
                email=email,
                answers=settled,
                digest=_digest(secret),
                created_at=now,
                expires_at=now + LIFETIME,
            )
            _mail(row, company, signing.dumps([company.schema_name, row.pk, secret], salt=_SALT))
    return email


def _mail(row: StartRequest, company: Company, token: str) -> None:
    with speaking_outside(company, otherwise=get_language() or ""):
        title = row.definition.title
        written = write(
            "outside/mail/confirm",
            company=company.name,
            path=reverse("confirm_start", args=[token]),
            title=title,
        )
        queue_mail(
            to=row.email,
            kind=KIND,
            subject=_("Confirm: %(title)s (%(company)s)")
            % {"title": title, "company": company.name},
            text=written.text,
            html=written.html,
            name=f"start.{row.pk}",
            expires=LIFETIME,
            is_secret=True,
        )


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def read_start(token: str, *, now: datetime) -> Confirming:
    """What the link in a mail is about. It changes nothing.

    Raises:
        NotOfferedError: we have not sent it, or the company is gone.
        StartEndedError: it is too old.
        CompanyBehindError: the company is being brought up to date.
    """
    company, number, secret = _read(token)
    with company_of(company.schema_name):
        row = _find(number, secret)
        if row.used_at is None and row.expires_at <= now:
            raise StartEndedError
        return _shown(company, row)


def confirm_start(token: str, *, now: datetime) -> Confirming:
    """Make the ticket, once.

    Raises:
        FormChangedError: the answers do not fit the form any more.
        what `read_start` and `submit_ticket` raise
    """
    company, number, secret = _read(token)
    with company_of(company.schema_name), transaction.atomic():
        row = _find(number, secret, locks=True)
        if row.used_at is not None:
            return _shown(company, row)
        if row.expires_at <= now:
            raise StartEndedError
        public = _public_form(company, row.definition.key)
        try:
            ticket = submit_ticket(
                definition=public.definition,
                data=row.answers,
                user=public.requester,
                title=name_ticket(
                    definition=public.definition,
                    fields=public.form.fields.values(),
                    answers=row.answers,
                ),
                checks_now=True,
                contact=contact_of(row.email),
            )
        except InvalidDataError as error:
            raise FormChangedError from error
        except MayNotSubmitError as error:
            raise NotOfferedError from error
        row.used_at, row.ticket, row.answers = now, ticket, {}
        row.save(update_fields=["used_at", "ticket", "answers"])
        return _shown(company, row)


def _read(token: str) -> tuple[Company, int, str]:
    try:
        if len(token) > LONGEST_TOKEN:
            raise NotOfferedError
        schema, number, secret = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise NotOfferedError from error
    return _company(str(schema)), int(number), str(secret)


def _find(number: int, secret: str, *, locks: bool = False) -> StartRequest:
    rows = StartRequest.objects.select_related("definition")
    if locks:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(pk=number).first()
    digest = "" if found is None else found.digest
    if not constant_time_compare(digest, _digest(secret)) or found is None:
        raise NotOfferedError
    return found


def _shown(company: Company, row: StartRequest) -> Confirming:
    number = "" if row.ticket_id is None else ticket_number(row.ticket_id)
    return Confirming(company, row.definition, row.answers, number)


def forget_starts(*, now: datetime) -> int:
    """Delete what nobody has confirmed in time, and what has become a ticket since."""
    count, _models = StartRequest.objects.filter(expires_at__lt=now).delete()
    return count
