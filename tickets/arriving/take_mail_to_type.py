from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from tenants.companies.language_and_zone import speaking_to
from tenants.connection import current_schema
from tenants.errors import CompanyLimitError, RateLimitedError, TicketFlowerError
from tenants.hooks import Hook
from tenants.limits.table import TICKETS_BY_MAIL
from tenants.mail.incoming.authentication import is_proven
from tenants.mail.incoming.quotations import cut_quotations
from tenants.mail.incoming.read_mail import (
    IncomingFile,
    IncomingMail,
    UnreadableMailError,
    decoded_header,
    read_mail,
)
from tenants.mail.models import ReceivedMail, Refusal
from tenants.mail.outbox import queue_mail
from tenants.mail.writing import write
from tenants.models import Company, User
from tenants.names import LONGEST_NAME, plain_name
from tickets.arriving.type_address import MailAddress, read_mail_token
from tickets.conversation.write_message import plain_message
from tickets.files.keep_file import keep_file
from tickets.models import Ticket, WayIn
from tickets.replying.take_mail import (
    OTHER_ADDRESSES,
    Taken,
    discard_unused,
    is_address_of,
    of_earlier,
    refuse,
)
from tickets.saving.errors import TooManySavedAnswersError
from tickets.saving.save_answers import save_ticket_answers
from tickets.submitting.submit_ticket import submit_ticket
from workflows.engine.problems import FieldProblem
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.answers.begun_with import begun_with
from workflows.fields.file.file_input import checked
from workflows.fields.in_database.look_up import facts_for
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_tickets.came_in import BY_MAIL

# Mails of people who are not of the company, in it: whoever knows outside people registers here,
# and returns what became of the mail (None: not theirs).
FROM_OUTSIDE: Final[
    Hook[[IncomingMail, bytes | None, WayIn, TicketDefinition, ReceivedMail], Taken | None]
] = Hook()


@OTHER_ADDRESSES.register
def taker_of(token: str) -> TypeMailTaker | None:
    address = read_mail_token(token)
    return None if address is None else TypeMailTaker(address)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What cannot be taken of a mail, in sentences."""

    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TypeMailTaker:
    """Makes tickets of the mails to the address of a ticket type."""

    address: MailAddress

    @property
    def company_id(self) -> int:
        return self.address.company_id

    def take(
        self, mail: IncomingMail, raw: bytes | None, seen: ReceivedMail, now: datetime
    ) -> Taken:
        """Submit the ticket of somebody of the company, or tell them what is missing.

        What cannot be taken is kept as a half-filled form of theirs: the mail that says what is
        missing leads there.
        """
        way_in = WayIn.objects.filter(pk=self.address.number, mail_on=True).first()
        offered = TicketDefinition.objects.active().select_related("workflow")
        definition = None if way_in is None else offered.filter(key=way_in.type_key).first()
        if way_in is None or definition is None:
            return refuse(seen, Refusal.UNKNOWN_ADDRESS)
        if not is_proven(mail):
            return refuse(seen, Refusal.FORGED)
        person = _sender_of(mail)
        if person is None:
            outside = FROM_OUTSIDE.call_all(mail, raw, way_in, definition, seen)
            found = next((each for each in outside if each is not None), None)
            return found or refuse(seen, Refusal.NO_ACCESS)
        seen.person_id = person.pk
        try:
            TICKETS_BY_MAIL.count(f"{current_schema()}:{person.pk}")
        except RateLimitedError:
            return refuse(seen, Refusal.TOO_MANY)
        if not TicketDefinition.objects.submittable_by(person).filter(pk=definition.pk).exists():
            return self._tell(person, definition, seen, Refusal.NO_ACCESS, now)
        if raw is None:
            return self._tell(person, definition, seen, Refusal.TOO_LARGE, now)
        try:
            whole = read_mail(raw)
        except UnreadableMailError as error:
            return self._tell(person, definition, seen, error.reason, now)
        return _submit(way_in, definition, person, whole, seen, now)

    def _tell(
        self,
        person: User,
        definition: TicketDefinition,
        seen: ReceivedMail,
        reason: Refusal,
        now: datetime,
    ) -> Taken:
        taken = refuse(seen, reason)
        with speaking_to(person):
            _answer(person, definition, [f"{reason.label}."], link=_form(definition), seen=seen)
        return taken


def _sender_of(mail: IncomingMail) -> User | None:
    """Somebody of the company, by their address."""
    if not mail.sender:
        return None
    people = User.objects.active().filter(company=Company.objects.current())
    found = people.filter(email=mail.sender).first()
    return found if found is not None and is_address_of(found, mail.sender) else None


def _submit(
    way_in: WayIn,
    definition: TicketDefinition,
    person: User,
    mail: IncomingMail,
    seen: ReceivedMail,
    now: datetime,
) -> Taken:
    title = plain_name(decoded_header(mail, "Subject"))
    title = Truncator(title).chars(LONGEST_NAME - 1)
    text = plain_message(cut_quotations(mail.text))
    form = definition_of(definition.workflow_id).ticket_form(definition.presets)
    answers: JsonObject = {}
    if way_in.mail_text in form.fields and text:
        answers[way_in.mail_text] = text
    questions = [each for each in way_in.mail_files if each in form.fields]
    kept: list[UUID] = []
    wrong = _Wrong()
    with speaking_to(person):
        try:
            _keep_files(mail.files, questions, person, answers, kept, wrong)
            answers = begun_with(form, answers, facts_for(form, {}))
            problems: list[str] = list(wrong.said)
            if not problems:
                try:
                    return _begin(definition, person, answers, title, seen)
                except InvalidDataError as error:
                    problems = [_said(each, form.fields) for each in error.problems]
                except IntegrityError:
                    earlier = ReceivedMail.objects.filter(digest=seen.digest).first()
                    if earlier is None:
                        raise
                    return of_earlier(earlier)
                except (TicketFlowerError, CompanyLimitError) as error:
                    problems = [str(error)]
            return _ask_for_more(definition, person, answers, title, problems, seen)
        finally:
            discard_unused(kept)


def _keep_files(
    files: Sequence[IncomingFile],
    questions: Sequence[str],
    person: User,
    answers: JsonObject,
    kept: list[UUID],
    wrong: _Wrong,
) -> None:
    """Store the files, one for each question, and say in `kept` which ones: also where it breaks
    off."""
    if len(files) > len(questions):
        words = {"files": len(files), "most": len(questions)}
        wrong.said.append(
            _("There are %(files)d files, and this form takes %(most)d by mail.") % words
        )
    for name, each in zip(questions, files, strict=False):
        try:
            sent = checked(SimpleUploadedFile(each.name, each.content, each.content_type))
            answer = keep_file(file=sent, user=person)
        except (ValidationError, TicketFlowerError) as error:
            texts = error.messages if isinstance(error, ValidationError) else [str(error)]
            wrong.said.append(f"{each.name}: {' '.join(texts)}")
            continue
        kept.append(UUID(str(answer["upload"])))
        answers[name] = answer


def _begin(
    definition: TicketDefinition,
    person: User,
    answers: JsonObject,
    title: str,
    seen: ReceivedMail,
) -> Taken:
    with transaction.atomic():
        seen.save(force_insert=True)  # whoever takes the same mail at this moment waits here
        ticket = submit_ticket(
            definition=definition,
            data=answers,
            user=person,
            title=title,
            checks_now=True,
            came_in={"by": BY_MAIL},
        )
        seen.ticket_id = ticket.pk
        seen.save(update_fields=["ticket_id"])
        _confirm(person, ticket, seen)
    return Taken()


def _ask_for_more(
    definition: TicketDefinition,
    person: User,
    answers: JsonObject,
    title: str,
    problems: list[str],
    seen: ReceivedMail,
) -> Taken:
    """Keep what there is as a half-filled form, and say what is missing."""
    link = _form(definition)
    try:
        with transaction.atomic():
            seen.save(force_insert=True)
            try:
                with transaction.atomic():
                    saved = save_ticket_answers(
                        definition=definition,
                        slot=seen.digest[:32],
                        answers=answers,
                        user=person,
                        title=title,
                    )
                link = _form(definition, saved.pk)
            except (InvalidDataError, TooManySavedAnswersError) as error:
                problems = [*problems, str(error)]
            _answer(person, definition, problems, link=link, seen=seen)
    except IntegrityError:
        earlier = ReceivedMail.objects.filter(digest=seen.digest).first()
        if earlier is None:
            raise
        return of_earlier(earlier)
    return Taken()


def _said(problem: FieldProblem, fields: object) -> str:
    known = fields.get(problem.field.split(".", 1)[0]) if hasattr(fields, "get") else None
    label = getattr(known, "label", "") or problem.field
    return f"{label}: {problem.message}" if label else problem.message


def _form(definition: TicketDefinition, saved: int | None = None) -> str:
    query = {"definition": definition.pk} | ({"saved": saved} if saved else {})
    return reverse("admin:tickets_myticket_add", query=query)


def _confirm(person: User, ticket: Ticket, seen: ReceivedMail) -> None:
    company = Company.objects.current()
    written = write(
        "arriving/mail/submitted",
        company=company.name,
        path=reverse("admin:tickets_myticket_change", args=[ticket.pk]),
        ticket=str(ticket),
    )
    queue_mail(
        to=person,
        kind="TICKET_BY_MAIL",
        subject=_("Your ticket %(number)s") % {"number": ticket.number},
        text=written.text,
        html=written.html,
        name=f"ticket-by-mail.{seen.digest[:40]}",
    )


def _answer(
    person: User,
    definition: TicketDefinition,
    problems: list[str],
    *,
    link: str,
    seen: ReceivedMail,
) -> None:
    company = Company.objects.current()
    written = write(
        "arriving/mail/missing",
        company=company.name,
        path=link,
        type=definition.title,
        problems=problems[:20],
    )
    queue_mail(
        to=person,
        kind="TICKET_MISSING",
        subject=_("Your ticket is not submitted yet: %(type)s") % {"type": definition.title},
        text=written.text,
        html=written.html,
        name=f"ticket-missing.{seen.digest[:40]}",
    )
