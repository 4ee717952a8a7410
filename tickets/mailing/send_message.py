"""A step or a way that sends mails: to whom, and what they say to each.

The mails are put into the outbox in the transaction of the step or the move, or of none: whatever
is tried again, each goes once. What is sent is what the ticket said at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.companies.company_limits import lock_mails, take_mails
from tenants.companies.language_and_zone import speaking_to
from tenants.errors import RateLimitedError
from tenants.limits.table import OUTSIDE_MAILS, OUTSIDE_MAILS_TO_ONE
from tenants.mail.outbox import Attachment, NewMail, message_id_of, queue_mails
from tenants.mail.writing import write
from tenants.models import Company, User
from tickets.mailing.mail_names import OUTSIDE, mail_of_step, mail_on_way
from tickets.models import FileUpload, Ticket
from tickets.seeing import AnswersInMail, Viewer, viewer_of
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.at_once import AtOnceError
from workflows.engine.steps.messages import MessageSpec, Recipient
from workflows.models import CompanyRole, TaskInstance
from workflows.running.messages import SEND_MESSAGES, Mail, Sending
from workflows.running.people.facts import person_named, person_named_at_start
from workflows.running.people.workers import colleagues
from workflows.working_hours.company_clock import company_clock
from workflows.working_hours.speaking_outside import speaking_outside

# The word for such mails in the outbox.
KIND: Final = "message"
# Members of a company role that one mail goes to.
MOST_PEOPLE: Final = 200
# Of all files of one mail: mail servers take few that are larger.
MOST_BYTES: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class _To:
    """Who gets the mails, and what the history says of it."""

    people: Sequence[User] = ()
    outside: str = ""
    note: JsonObject = field(default_factory=dict)


@SEND_MESSAGES.register
def send_messages(sending: Sending) -> list[JsonObject]:
    """Put mails of a step, or of a way, into the outbox: all or none; what their events say.

    Raises:
        AtOnceError: of one nobody can be written to, its files are too large, or the company has
            sent as many mails as it may.
    """
    tickets = Ticket.objects.select_related("created_by", "definition")
    ticket = tickets.get(workflow_instance=sending.instance.pk)
    company = Company.objects.current()
    clock = company_clock(sending.now, counts_days=False).as_json()
    sending = replace(sending, context={**clock, **sending.context})
    found = [_recipients(sending, each) for each in sending.mails]
    written = [
        _Writing(sending, ticket, company, each.spec).to_all(to)
        for each, to in zip(sending.mails, found, strict=True)
    ]
    _count(found, company)
    queue_mails(mail for mails in written for mail in mails)
    return [
        _note(each.spec, to, mails)
        for each, to, mails in zip(sending.mails, found, written, strict=True)
    ]


def _note(spec: MessageSpec, to: _To, mails: Sequence[NewMail]) -> JsonObject:
    files = max((len(each.attachments) for each in mails), default=0)
    return {"who": spec.who.value, **to.note, **({"files": files} if files else {})}


def _recipients(sending: Sending, mail: Mail) -> _To:
    spec = mail.spec
    if spec.who is Recipient.ROLE:
        return _members(mail.role_id, sending)
    if address := _outside(spec, sending.context, is_on_way=sending.is_on_way):
        return _To(outside=address, note={"outside": True})
    person = _person(sending, spec)
    if person is not None:
        return _To([person], note={"to": str(person), "to_id": person.pk})
    if spec.who is Recipient.REQUESTER:  # who left the company; there is nothing to mend
        return _To()
    what = _("The mail has no recipient: nobody is named, or the person is not active any more.")
    raise AtOnceError(_with_advice(what, is_on_way=sending.is_on_way))


def _person(sending: Sending, spec: MessageSpec) -> User | None:
    if spec.person is None:
        return None
    if sending.task is None:
        return person_named_at_start(sending.instance, spec.person)
    return person_named(sending.task, spec.person)


def _with_advice(what: str, *, is_on_way: bool) -> str:
    """What is wrong with a mail, and what to do: a step can be skipped, a way is taken or not."""
    if is_on_way:
        advice = _("It goes out as the ticket moves on: correct the data and try again.")
    else:
        advice = _("Correct the data and try again, or skip the step.")
    return f"{what} {advice}"


def address_outside(task: TaskInstance, context: JsonObject) -> str:
    """The address outside that a step writes to; empty where it is for people of the company.

    Raises:
        AtOnceError: the answer is no e-mail address.
    """
    return _outside(MessageSpec.of(task.definition.message), context, is_on_way=False)


def _outside(spec: MessageSpec, context: JsonObject, *, is_on_way: bool) -> str:
    if spec.who is Recipient.ADDRESS:
        return _address(spec.named, is_on_way=is_on_way)
    if spec.who is Recipient.ANSWER and not isinstance(value := _answer(spec, context), dict):
        return _address(value, is_on_way=is_on_way)
    return ""


def _members(role_id: int | None, sending: Sending) -> _To:
    # Not by the definition, which others share.
    role = CompanyRole.objects.filter(pk=role_id or 0).first()
    members: list[User] = []
    if role is not None:
        found = colleagues().filter(company_roles=role).order_by("pk")
        members = list(found[: MOST_PEOPLE + 1])
    name = "" if role is None else role.name
    if not members:
        if sending.is_on_way:
            message = _(
                "The mail has no recipient: the company role “%(role)s” has no active member. Add "
                "one and try again."
            )
        else:
            message = _(
                "The mail has no recipient: the company role “%(role)s” has no active member. Add "
                "one and try again, or skip the step."
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


def _address(value: Json, *, is_on_way: bool) -> str:
    """An address that mail can be sent to."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        validate_email(text)
    except ValidationError:
        what = _("The mail has no recipient: the answer is no e-mail address.")
        raise AtOnceError(_with_advice(what, is_on_way=is_on_way)) from None
    return text


def _count(found: Sequence[_To], company: Company) -> None:
    """Count the mails, so that no company takes what all others need."""
    count = sum(len(each.people) for each in found)
    if count and take_mails(company, count) < count:
        raise AtOnceError(
            _("Your company has sent as many mails as it may in 24 hours. Try again later.")
        )
    outside = [each.outside for each in found if each.outside]
    if not outside:
        return
    try:
        for address in outside:
            count_outside(address, company)
    except RateLimitedError as error:
        message = _("Your company has sent as many mails to outside as it may. %(later)s")
        raise AtOnceError(message % {"later": error}) from error


def count_outside(address: str, company: Company) -> None:
    """Count a mail to somebody outside.

    Raises:
        RateLimitedError: the company has sent as many as it may.
    """
    lock_mails(company)
    OUTSIDE_MAILS.count(company.schema_name)
    OUTSIDE_MAILS_TO_ONE.count(f"{company.schema_name}\n{address.lower()}")


class _Writing:
    """Writes one mail, to everybody who gets it."""

    def __init__(
        self, sending: Sending, ticket: Ticket, company: Company, spec: MessageSpec
    ) -> None:
        self.sending = sending
        self.ticket = ticket
        self.company = company
        self.spec = spec

    def to_all(self, to: _To) -> list[NewMail]:
        mails = [self.to_person(each) for each in to.people]
        return [*mails, self.to_outside(to.outside)] if to.outside else mails

    def to_person(self, person: User) -> NewMail:
        viewer = viewer_of(person, self.ticket)
        with speaking_to(person, self.company):
            return self._mail(person, viewer, path=self._page(person), name=f"{person.pk}")

    def to_outside(self, address: str) -> NewMail:
        with speaking_outside(self.company):
            return self._mail(address, Viewer.NOBODY, path="", name=OUTSIDE)

    def _mail(self, to: User | str, viewer: Viewer, *, path: str, name: str) -> NewMail:
        sending = self.sending
        answers = AnswersInMail(
            self.ticket, sending.instance, sending.key, sending.context, viewer=viewer
        )
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
            name=self._name(name),
            references=[thread],
            attachments=self._attachments(answers),
        )

    def _name(self, to: str) -> str:
        """What the mail to a person (their number) or to OUTSIDE is called; empty: any name.

        A step is done once, however often it is tried. A way may be taken again from the same
        task, which is another mail then: the transaction alone sees to it that it goes once.
        """
        sending, task = self.sending, self.sending.task
        if sending.is_on_way:
            return mail_on_way(self.ticket.pk, task.pk if task else None) if to == OUTSIDE else ""
        return "" if task is None else mail_of_step(task.pk, to)

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
