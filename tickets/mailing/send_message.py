"""A step that sends a mail: to whom, and what it says to each.

The mails are put into the outbox in the transaction of the step, under names of their own: whatever
is tried again, each goes once. What is sent is what the ticket said at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.company_limits import lock_mails, take_mails
from tenants.errors import RateLimitedError
from tenants.language_and_zone import speaking_to
from tenants.limits.table import OUTSIDE_MAILS, OUTSIDE_MAILS_TO_ONE
from tenants.mail.outbox import Attachment, NewMail, message_id_of, queue_mails
from tenants.mail.writing import write
from tenants.models import Company, User
from tickets.models import FileUpload, Ticket
from tickets.seeing import AnswersInMail, Viewer, viewer_of
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.at_once import AtOnceError
from workflows.engine.steps.messages import MessageSpec, Recipient
from workflows.models import CompanyRole, TaskInstance
from workflows.running.messages import SEND_MESSAGE
from workflows.running.people.facts import person_named
from workflows.running.people.workers import colleagues
from workflows.working_hours.company_clock import company_clock

# The word for such mails in the outbox.
KIND: Final = "message"
# Members of a company role that one step writes to.
MOST_PEOPLE: Final = 200
# Of all files of one mail: mail servers take few that are larger.
MOST_BYTES: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class _To:
    """Who gets the mails, and what the history says of it."""

    people: Sequence[User] = ()
    outside: str = ""
    note: JsonObject = field(default_factory=dict)


@SEND_MESSAGE.register
def send_message(task: TaskInstance, context: JsonObject, now: datetime) -> JsonObject:
    """Put the mails of a step into the outbox; what its event says is returned.

    Raises:
        AtOnceError: nobody can be written to, its files are too large, or the company has sent as
            many mails as it may.
    """
    tickets = Ticket.objects.select_related("created_by", "definition", "workflow_instance")
    ticket = tickets.get(workflow_instance=task.workflow_instance_id)
    company = Company.objects.current()
    spec = MessageSpec.of(task.definition.message)
    known = {**company_clock(now, counts_days=False).as_json(), **context}
    to = _recipients(task, spec, known)
    _count(to, company)
    writing = _Writing(task, ticket, company, spec, known)
    mails = [writing.to_person(each) for each in to.people]
    if to.outside:
        mails.append(writing.to_outside(to.outside))
    queue_mails(mails)
    files = max((len(each.attachments) for each in mails), default=0)
    return {"who": spec.who.value, **to.note, **({"files": files} if files else {})}


def _recipients(task: TaskInstance, spec: MessageSpec, context: JsonObject) -> _To:
    if spec.who is Recipient.ADDRESS:
        return _To(outside=_address(spec.named), note={"outside": True})
    if spec.who is Recipient.ROLE:
        return _members(task)
    if spec.who is Recipient.ANSWER and not isinstance(value := _answer(spec, context), dict):
        return _To(outside=_address(value), note={"outside": True})
    rule = spec.person
    person = None if rule is None else person_named(task, rule)
    if person is not None:
        return _To([person], note={"to": str(person), "to_id": person.pk})
    if spec.who is Recipient.REQUESTER:  # who left the company; there is nothing to mend
        return _To()
    raise AtOnceError(
        _(
            "The mail has no recipient: nobody is named, or the person is not active any more. "
            "Correct the data and try again, or skip the step."
        )
    )


def _members(task: TaskInstance) -> _To:
    # Not by the definition, which others share.
    role = CompanyRole.objects.filter(pk=task.definition.candidate_role_id or 0).first()
    members: list[User] = []
    if role is not None:
        found = colleagues().filter(company_roles=role).order_by("pk")
        members = list(found[: MOST_PEOPLE + 1])
    name = "" if role is None else role.name
    if not members:
        message = _(
            "The mail has no recipient: the company role “%(role)s” has no active member. Add one "
            "and try again, or skip the step."
        )
        raise AtOnceError(message % {"role": name})
    if len(members) > MOST_PEOPLE:
        message = _("The company role “%(role)s” has more than %(most)d members to be written to.")
        raise AtOnceError(message % {"role": name, "most": MOST_PEOPLE})
    return _To(members, note={"role": name, "of": len(members)})


def _answer(spec: MessageSpec, context: JsonObject) -> Json:
    value: Json = context
    for step in spec.named.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _address(value: Json) -> str:
    """An address that mail can be sent to."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        validate_email(text)
    except ValidationError:
        message = _(
            "The mail has no recipient: the answer is no e-mail address. Correct the data and try "
            "again, or skip the step."
        )
        raise AtOnceError(message) from None
    return text


def _count(to: _To, company: Company) -> None:
    """Count the mails, so that no company takes what all others need."""
    count = len(to.people)
    if count and take_mails(company, count) < count:
        raise AtOnceError(
            _("Your company has sent as many mails as it may in 24 hours. Try again later.")
        )
    if not to.outside:
        return
    lock_mails(company)
    try:
        OUTSIDE_MAILS.count(company.schema_name)
        OUTSIDE_MAILS_TO_ONE.count(f"{company.schema_name}\n{to.outside.lower()}")
    except RateLimitedError as error:
        message = _("Your company has sent as many mails to outside as it may. %(later)s")
        raise AtOnceError(message % {"later": error}) from error


class _Writing:
    """Writes one step's mails."""

    def __init__(
        self,
        task: TaskInstance,
        ticket: Ticket,
        company: Company,
        spec: MessageSpec,
        context: JsonObject,
    ) -> None:
        self.task = task
        self.ticket = ticket
        self.company = company
        self.spec = spec
        self.context = context

    def to_person(self, person: User) -> NewMail:
        viewer = viewer_of(person, self.ticket)
        with speaking_to(person, self.company):
            return self._mail(person, viewer, path=self._page(person), name=f"{person.pk}")

    def to_outside(self, address: str) -> NewMail:
        with speaking_to(None, self.company):
            return self._mail(address, Viewer.NOBODY, path="", name="outside")

    def _mail(self, to: User | str, viewer: Viewer, *, path: str, name: str) -> NewMail:
        answers = AnswersInMail(self.ticket, self.task, self.context, viewer=viewer)
        text = self.spec.text_read.filled(answers.text)
        written = write(
            "mailing/mail/message",
            company=self.company.name,
            path=path,
            text=text,
            is_outside=isinstance(to, str),
        )
        thread = message_id_of(f"ticket.{self.ticket.pk}")
        return NewMail(
            to=to,
            kind=KIND,
            subject=self.spec.subject_read.filled(answers.text),
            text=written.text,
            html=written.html,
            name=f"message.{self.task.pk}.{name}",
            references=[thread],
            attachments=self._attachments(answers),
        )

    def _page(self, person: User) -> str:
        """The page of the ticket for this person; empty where they see none."""
        if person.pk == self.ticket.created_by_id and person.has_perm("tickets.view_myticket"):
            return reverse("admin:tickets_myticket_change", args=[self.ticket.pk])
        if person.has_perm("tickets.view_ticket"):
            return reverse("admin:tickets_ticket_change", args=[self.ticket.pk])
        return ""

    def _attachments(self, answers: AnswersInMail) -> list[Attachment]:
        keys = answers.uploads(self.spec.files) if self.spec.files else []
        if not keys:
            return []
        found = FileUpload.objects.filter(ticket=self.ticket, uuid__in=keys, size__gt=0)
        uploads = sorted(found, key=lambda each: keys.index(each.uuid))
        if sum(each.size for each in uploads) > MOST_BYTES:
            message = _("The files of the mail are too large: at most %(most)d MB together.")
            raise AtOnceError(message % {"most": MOST_BYTES // 1_000_000})
        return [Attachment(each.file.name, each.filename, each.file_type) for each in uploads]
