"""The link of somebody outside: what it shows, and the answer that is given by it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from http import HTTPStatus
from typing import Final

from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from tenants.connection import company_of
from tenants.errors import TicketFlowerError
from tenants.fast.prepared import is_commit_unknown
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company
from tenants.observing.log_context import note
from tickets.advancing.failed_step import UNREACHABLE
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.take_step import errors_as_step_failed, take_step
from tickets.errors import TicketsError
from tickets.models import Ticket
from workflows.engine.process import Json, JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.in_database.look_up import facts_for
from workflows.models import (
    ContactLink,
    TaskDefinition,
    TaskInstance,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.running.definition_cache import definition_of
from workflows.running.events.kind import data_of
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.people.outside import SALT, digest_of, send_link
from workflows.running.state_manager import WorkflowStateManager

logger = logging.getLogger(__name__)

# A token is not read that is longer than any of ours.
LONGEST_TOKEN: Final = 300
# Another link in the place of one that has ended is sent so often at most.
RENEWED_AGAIN: Final = timedelta(hours=1)


class UnknownLinkError(TicketsError):
    """It says the same whatever the reason: whoever has found a link learns nothing."""

    message = _("This link leads to no form. Open it from the mail once more, as a whole.")
    status = HTTPStatus.NOT_FOUND


class LinkEndedError(TicketsError):
    message = _("This link has ended. You can have another one sent to the same address.")
    status = HTTPStatus.GONE


class NotNeededError(TicketsError):
    message = _("This answer is not needed any more. There is nothing left for you to do.")
    status = HTTPStatus.GONE


class NotNowError(TicketsError):
    message = _("The form cannot be sent at the moment. Try again later: the link stays good.")
    status = HTTPStatus.CONFLICT


class AnsweredAlreadyError(TicketsError):
    message = _("This form was answered already.")
    status = HTTPStatus.CONFLICT


class NotSavedError(TicketsError):
    message = _("Your answers could not be saved. Try again in a few minutes.")
    status = HTTPStatus.SERVICE_UNAVAILABLE


class LinkState(Enum):
    OPEN = "open"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a link shows: the form, or when it was answered, and how until the link ends.

    `output` is as it was sent, whatever the team has changed of it since.
    """

    company: Company
    state: LinkState
    definition: TaskDefinition
    answered_at: datetime | None = None
    output: Json = None


@dataclass(frozen=True, slots=True)
class _Link:
    """A token that we have signed, of a company that is there."""

    company: Company
    number: int
    secret: str

    @classmethod
    def read(cls, token: str) -> _Link:
        """Raises UnknownLinkError, CompanyBehindError."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise UnknownLinkError
            schema, number, secret = signing.loads(token, salt=SALT)
        except (signing.BadSignature, TypeError, ValueError) as error:
            raise UnknownLinkError from error
        companies = Company.objects.active().filter(deletion_due_at=None)
        company = companies.filter(schema_name=str(schema)).first()
        if company is None:
            raise UnknownLinkError
        ensure_up_to_date(company)
        return cls(company, int(number), str(secret))

    def find(self) -> ContactLink:
        """The row, in the company at work. Raises UnknownLinkError."""
        rows = ContactLink.objects.select_related(
            "contact", "task__definition", "task__workflow_instance"
        )
        found = rows.filter(pk=self.number).first()
        # Where there is none it takes as long.
        digest = "" if found is None else found.digest
        if not constant_time_compare(digest, digest_of(self.secret)) or found is None:
            raise UnknownLinkError
        return found


def open_link(token: str, *, now: datetime) -> OpenedLink:
    """What the link shows. It changes nothing: programs look at links in mails, too.

    Raises:
        UnknownLinkError: it is not one of ours, or is gone.
        LinkEndedError, NotNeededError, NotNowError: it cannot be answered, or not now.
        CompanyBehindError: the company is being brought up to date.
    """
    link = _Link.read(token)
    with company_of(link.company.schema_name):
        row = link.find()
        definition = _definition(row.task)
        if row.used_at is not None:
            output = _answered(row) if row.expires_at > now else None
            return OpenedLink(link.company, LinkState.ANSWERED, definition, row.used_at, output)
        _ensure_open(row, row.task, now)
        return OpenedLink(link.company, LinkState.OPEN, definition)


def _answered(link: ContactLink) -> Json:
    """The answers of the form as they were sent, without what was erased of them."""
    done = WorkflowEvent.objects.filter(task_instance=link.task_id, kind=TASK_COMPLETED)
    event = done.order_by("pk").first()
    return None if event is None else data_of(event).get("output")


def answer_by_link(token: str, *, output: JsonObject, now: datetime) -> None:
    """Complete the task of a link with its answers, and take the workflow's next step.

    Of two answers the first counts. A step that fails in a way that nobody has foreseen does not
    undo the answer, as of a person of the company.

    Raises:
        AnsweredAlreadyError: it was answered; the page shows what with.
        InvalidDataError: the answers do not fit the form; it lists every problem.
        NotSavedError: it failed in a way that nobody has foreseen.
        what `open_link` raises
    """
    link = _Link.read(token)
    with company_of(link.company.schema_name):
        row = link.find()
        try:
            _answer(row, output, now)
        except (TicketFlowerError, *UNREACHABLE):
            raise
        except Exception as error:
            logger.exception("Task %s could not be answered from outside", row.task_id)
            raise NotSavedError from error


def renew_link(token: str, *, now: datetime) -> None:
    """Send the contact another link in the place of one that has ended, to the same address.

    One that was sent just before stays the last: who asks again and again has no mails sent.

    Raises:
        RateLimitedError: too many mails were sent there.
        what `open_link` raises, where the form cannot be answered for another reason
    """
    link = _Link.read(token)
    with company_of(link.company.schema_name):
        row = link.find()
        number = _ticket_of(row)
        with transaction.atomic():
            ticket = lock_ticket(number)
            manager = lock_instance_of(ticket, WorkflowStateManager, now=now)
            task = manager.read_task(row.task_id)
            if row.used_at is not None:
                raise AnsweredAlreadyError
            try:
                _ensure_open(row, task, now)
            except LinkEndedError:
                sent = ContactLink.objects.of_task(task).good(now).sent_since(now - RENEWED_AGAIN)
                if not sent.exists():
                    send_link(task, now=now)


def _ticket_of(row: ContactLink) -> int:
    tickets = Ticket.objects.filter(workflow_instance=row.task.workflow_instance_id)
    number = tickets.values_list("pk", flat=True).first()
    if number is None:
        raise UnknownLinkError
    return number


def _answer(row: ContactLink, output: JsonObject, now: datetime) -> None:
    try:
        with _locked(row, output, now) as found:
            manager, task, ticket, settled = found
            with errors_as_step_failed(), manager.in_one_statement():
                manager.complete_task(task, output=settled, by_contact=True)
                take_step(ticket, manager, now=now)
        return
    except (TicketFlowerError, *UNREACHABLE):
        raise
    except Exception as error:  # of the step
        logger.exception("The step after task %s failed", row.task_id)
        may_be_done = is_commit_unknown(error)
    try:
        with _locked(row, output, now) as found:
            manager, task, ticket, settled = found
            manager.complete_task(task, output=settled, by_contact=True)
            advance_after_commit(ticket.pk)
    except AnsweredAlreadyError:
        if not may_be_done:
            raise


@contextmanager
def _locked(
    row: ContactLink, output: JsonObject, now: datetime
) -> Iterator[tuple[WorkflowStateManager, TaskInstance, Ticket, JsonObject]]:
    """Everything locked and looked at once more; the link is used up with what is done inside."""
    number = _ticket_of(row)
    with transaction.atomic():
        ticket = lock_ticket(number)
        manager = lock_instance_of(ticket, WorkflowStateManager, now=now)
        task = manager.read_task(row.task_id)
        links = ContactLink.objects.select_for_update().of_task(task)
        locked = next((each for each in links.order_by("pk") if each.pk == row.pk), None)
        if locked is None:
            raise UnknownLinkError
        if locked.used_at is not None:
            raise AnsweredAlreadyError
        _ensure_open(locked, task, now)
        note(ticket=ticket.pk, task=task.pk)
        task.definition = _definition(task)
        manager.ensure_workable(task)
        form = definition_of(manager.instance.workflow_id).task_form(task.definition)
        facts = facts_for(form, output)
        settled = form.settled(output, facts)
        if problems := form.validate(settled, facts):
            raise InvalidDataError(problems)
        links.update(used_at=now)
        yield manager, task, ticket, settled


def _ensure_open(link: ContactLink, task: TaskInstance, now: datetime) -> None:
    if not task.is_with_contact or task.contact_id != link.contact_id:
        is_stuck = task.is_alive is False and task.completed_at is None
        raise NotNowError if is_stuck else NotNeededError
    if task.workflow_instance.status == WorkflowStatus.ON_HOLD:
        raise NotNowError
    if task.workflow_instance.status != WorkflowStatus.IN_PROGRESS:
        raise NotNeededError
    if link.expires_at <= now:
        raise LinkEndedError


def _definition(task: TaskInstance) -> TaskDefinition:
    """The task's definition in the version that its ticket runs on now, or ran on."""
    known = definition_of(task.workflow_instance.workflow_id).tasks_by_id
    return known.get(task.definition_id) or task.definition
