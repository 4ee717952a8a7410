"""The mail with the link to a form."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tenants.company_limits import lock_mails
from tenants.language_and_zone import speaking_to
from tenants.limits.table import OUTSIDE_MAILS, OUTSIDE_MAILS_TO_ONE
from tenants.mail.outbox import message_id_of, queue_mail
from tenants.mail.writing import write
from tenants.models import Company
from tickets.models import Ticket
from workflows.models import ContactLink
from workflows.running.people.outside import MAIL_LINK

# The word for such mails in the outbox.
KIND: Final = "outside"


@MAIL_LINK.register
def mail_link(link: ContactLink, token: str, said: str) -> None:
    """Put the mail into the outbox, in the caller's transaction.

    Raises:
        RateLimitedError: the company has sent as many mails to outside as it may.
    """
    company, task = Company.objects.current(), link.task
    lock_mails(company)
    OUTSIDE_MAILS.count(company.schema_name)
    OUTSIDE_MAILS_TO_ONE.count(f"{company.schema_name}\n{link.contact.email}")
    tickets = Ticket.objects.filter(workflow_instance=task.workflow_instance_id)
    number = tickets.values_list("pk", flat=True).first()
    with speaking_to(None, company):
        words = {"task": task.definition.title, "company": company.name}
        written = write(
            "outside/mail/link",
            company=company.name,
            path=reverse("outside_form", args=[token]),
            title=task.definition.title,
            description=task.definition.description,
            said=said,
            until=date_format(localtime(link.expires_at), "DATE_FORMAT"),
        )
        template = _("Reminder: %(task)s (%(company)s)") if said else _("%(task)s (%(company)s)")
        queue_mail(
            to=link.contact.email,
            kind=KIND,
            subject=template % words,
            text=written.text,
            html=written.html,
            name=f"outside.{link.pk}",
            references=[message_id_of(f"ticket.{number}")] if number else (),
            is_secret=True,
        )
