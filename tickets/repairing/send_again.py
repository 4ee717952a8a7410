"""A mail to somebody outside that could not be delivered, once more."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from tenants.mail.models import OutgoingMail
from tenants.mail.outbox import message_id_of
from tenants.mail.send_mail import send_again as send_mail_again
from tenants.models import Company
from tickets.mailing.mail_names import OUTSIDE, mail_of_step
from tickets.mailing.send_message import address_outside, count_outside
from tickets.models import Ticket, TicketError
from tickets.models.ticket_error import TicketErrorQuerySet
from tickets.repairing.begin_repair import Repair, sentence_with_person
from tickets.repairing.errors import MailGoneError, NoAddressError
from workflows.engine.steps.at_once import AtOnceError
from workflows.errors import NothingToRetryError
from workflows.models import ContactLink, TaskInstance, WorkflowStatus
from workflows.running.events.of_repairs.sent_again import SENT_AGAIN
from workflows.running.people.outside import send_link


def send_again(repair: Repair, error: TicketError, *, to: str = "") -> None:
    """Send what an error of delivery is about again, in a repair; the error is closed by it.

    Of a form whoever it is for is sent a new link, unless they were just now, as the answer that
    names them was corrected. The mail of a step or of a way goes out as it was written: to the
    address `to`, else to the one that the answers name now (of a way: to the same).

    Raises:
        NothingToRetryError: the form was answered, or somebody else has it.
        MailGoneError: the mail of the step is not kept any more.
        NoAddressError: `to` is no e-mail address.
        WorkflowEndedError, WorkflowOnHoldError: the form waits for nobody now.
        NotGivenUpError: it was sent in the meantime.
        RateLimitedError: the company has sent as many mails to outside as it may.
    """
    task = None if error.task_id is None else repair.manager.read_task(error.task_id)
    is_elsewhere = False
    if error.mail_name:
        is_elsewhere = _send_mail(error.mail_name, to)
    elif task is None:
        raise MailGoneError
    elif task.definition.is_form:
        _send_link(repair, task)
    else:
        is_elsewhere = _send_mail(_name_of(task), to or _named_now(repair, task))
    elsewhere = {"elsewhere": True} if is_elsewhere else {}
    repair.manager.record_mail(SENT_AGAIN, task, reason=repair.reason, **elsewhere)
    of_ticket = TicketError.objects.of_delivery(error.mail_name).filter(ticket=repair.ticket)
    _close(repair, of_ticket.filter(task=error.task_id))


def close_sent(repair: Repair) -> None:
    """After a correction has sent links to other addresses: the errors of those before."""
    of_tasks = TicketError.objects.of_delivery().filter(ticket=repair.ticket, task__isnull=False)
    for task_id in of_tasks.values_list("task_id", flat=True):
        if _was_sent_now(repair, task_id):
            _close(repair, TicketError.objects.of_delivery().filter(task=task_id))


def may_send_again(error: TicketError, ticket: Ticket) -> bool:
    """Whether there is somebody to send it to, as the ticket stands."""
    task = error.task
    if error.mail_name:
        return True
    if task is None or not task.definition.is_form:
        return task is not None
    return task.is_with_contact and ticket.status == WorkflowStatus.IN_PROGRESS


def has_own_address(error: TicketError) -> bool:
    """Whether it is of a mail that can be sent to another address; of a link the answer says it."""
    return bool(error.mail_name) or (error.task is not None and not error.task.definition.is_form)


def address_of(error: TicketError) -> str:
    """Where the mail of a step or a way went that was not delivered; empty where it is gone."""
    name = error.mail_name or (_name_of(error.task) if error.task is not None else "")
    if not name:
        return ""
    mails = OutgoingMail.objects.filter(message_id=message_id_of(name))
    return mails.values_list("to", flat=True).first() or ""


def _close(repair: Repair, errors: TicketErrorQuerySet) -> None:
    repair.resolve(errors, how=sentence_with_person(_("Sent again by %(person)s:"), repair.by))


def _send_link(repair: Repair, task: TaskInstance) -> None:
    repair.manager.ensure_running()
    if not task.is_with_contact:
        raise NothingToRetryError
    if not _was_sent_now(repair, task.pk):
        send_link(task, now=repair.manager.now)


def _was_sent_now(repair: Repair, task_id: int) -> bool:
    links = ContactLink.objects.filter(task=task_id, created_at=repair.manager.now)
    return links.exists()


def _send_mail(name: str, to: str) -> bool:
    """Returns whether it goes to another address than before."""
    mails = OutgoingMail.objects.select_for_update().filter(message_id=message_id_of(name))
    mail = mails.first()
    if mail is None or not mail.text:
        raise MailGoneError
    address = to or mail.to
    try:
        validate_email(address)
    except ValidationError as error:
        raise NoAddressError from error
    count_outside(address, Company.objects.current())
    send_mail_again(mail=mail)
    OutgoingMail.objects.filter(pk=mail.pk).update(to=address)
    return address != mail.to


def _named_now(repair: Repair, task: TaskInstance) -> str:
    """The address outside that the step names, as the answers are now; empty where none is."""
    facts = repair.ticket.facts(Company.objects.current())
    try:
        return address_outside(task, repair.manager.facts_at(task, facts))
    except AtOnceError:
        return ""


def _name_of(task: TaskInstance) -> str:
    return mail_of_step(task.pk, OUTSIDE)
