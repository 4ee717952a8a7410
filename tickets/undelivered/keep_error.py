"""A mail to somebody outside that was given up becomes an error of its ticket.

The ticket is not stopped by it: whoever has the link from an earlier mail can still answer, and a
timed way still leads on.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.jobs import defer
from tenants.mail.models import MailStatus, OutgoingMail
from tenants.mail.send_mail import MAIL_GIVEN_UP
from tickets.advancing.lock_ticket import lock_instance_of, lock_task_of, lock_ticket
from tickets.job_names import KEEP_UNDELIVERED
from tickets.mailing.mail_names import MailOutside
from tickets.models import ErrorType, Ticket, TicketError
from workflows.models import ContactLink, TaskInstance
from workflows.running.events.of_people.undelivered import UNDELIVERED
from workflows.running.workflow_repair import WorkflowRepair

# How much of what the mail server said stands in the error.
MOST_SAID: Final = 300


@MAIL_GIVEN_UP.register
def follow_mail(mail: OutgoingMail) -> None:
    """Have the error kept by a job: it takes the ticket's locks."""
    if MailOutside.read(mail.message_id) is not None:
        defer(KEEP_UNDELIVERED, mail_id=mail.pk)


def keep_error(*, mail_id: int) -> None:
    """Keep a ticket error of a mail that was given up, unless there is one of it already.

    None of a form that was answered meanwhile, or is not for that address any more.
    """
    mail = OutgoingMail.objects.filter(pk=mail_id, status=MailStatus.FAILED).first()
    about = None if mail is None else MailOutside.read(mail.message_id)
    if mail is None or about is None:
        return
    if about.name:
        _keep_of_way(mail, about)
        return
    found = _task_of(about)
    if found is None:
        return
    task_id, ticket_id = found
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        locked = lock_task_of(ticket, task_id, now=timezone.now())
        if locked is None or TicketError.objects.of_delivery().filter(task=task_id).exists():
            return
        manager, task = locked
        if about.link_id is not None and not _is_wanted(about.link_id, task):
            return
        TicketError.objects.create(
            ticket=ticket, task=task, error_type=ErrorType.DELIVERY, message=_message(mail, task)
        )
        manager.record_mail(UNDELIVERED, task)


def _keep_of_way(mail: OutgoingMail, about: MailOutside) -> None:
    ticket_id = about.ticket_id or 0
    if not Ticket.objects.filter(pk=ticket_id).exists():
        return
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        manager = lock_instance_of(ticket, WorkflowRepair, now=timezone.now())
        if TicketError.objects.of_delivery(about.name).filter(ticket=ticket).exists():
            return
        task = manager.read_task(about.task_id) if about.task_id is not None else None
        TicketError.objects.create(
            ticket=ticket,
            task=task,
            error_type=ErrorType.DELIVERY,
            message=_message_of_way(mail),
            mail_name=about.name,
        )
        manager.record_mail(UNDELIVERED, task)


def _message_of_way(mail: OutgoingMail) -> str:
    text = _(
        "The mail “%(subject)s” could not be sent to %(address)s (%(said)s). The ticket goes on. "
        "Send it again, to another address where this one is wrong."
    )
    return text % {"subject": mail.subject, "address": mail.to, "said": _said(mail)}


def _said(mail: OutgoingMail) -> str:
    """What the mail server said of it."""
    said = mail.reason.rstrip(" .")
    return said if len(said) <= MOST_SAID else f"{said[:MOST_SAID]}…"


def _task_of(about: MailOutside) -> tuple[int, int] | None:
    """The ids of the task and of its ticket."""
    task_id = about.task_id
    if about.link_id is not None:
        links = ContactLink.objects.filter(pk=about.link_id, used_at=None)
        task_id = links.values_list("task", flat=True).first()
    tickets = Ticket.objects.filter(workflow_instance__tasks=task_id or 0)
    ticket_id = tickets.values_list("pk", flat=True).first()
    return None if task_id is None or ticket_id is None else (task_id, ticket_id)


def _is_wanted(link_id: int, task: TaskInstance) -> bool:
    """Whether the task waits for whom the link was sent to."""
    links = ContactLink.objects.filter(pk=link_id, used_at=None, contact=task.contact_id)
    return task.is_with_contact and links.exists()


def _message(mail: OutgoingMail, task: TaskInstance) -> str:
    words = {"task": task.definition.title, "address": mail.to, "said": _said(mail)}
    if task.definition.is_form:
        text = _(
            "The link to the form “%(task)s” could not be sent to %(address)s (%(said)s). Correct "
            "the answer that names the address, and the link is sent there; or send it again, or "
            "give the task to somebody."
        )
    else:
        text = _(
            "The mail of “%(task)s” could not be sent to %(address)s (%(said)s). Send it again, "
            "to another address where this one is wrong."
        )
    return text % words
