"""The signed addresses in the mail about the end of a ticket, by which its requester rates it.

Programs that look through mails open what stands in them. So an address shows a page, and only the
button there rates. It names company, person, ticket and score, does nothing else, and is good for
as long as the ticket may be rated. Mails are forwarded: the page says the number of the ticket, not
its title, and nothing of what was said before.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.connection import company_of, current_schema
from tenants.mail.set_up import absolute
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company, User
from tickets.errors import TicketsError
from tickets.models import Notice, Score, Ticket
from tickets.models.ticket import ticket_number
from tickets.notices.kinds.ticket_ended import TICKET_ENDED
from tickets.notices.mail_notices import MailChoice, choices_in_mail
from tickets.rating.errors import CannotRateError
from tickets.rating.rate_ticket import may_be_rated, rate_ticket

_SIGNER: Final = Signer(salt="tickets.rating")


class UnknownRatingLinkError(TicketsError):
    message = _("This address rates no ticket, or not any more. Open it from the mail once more.")
    status = HTTPStatus.NOT_FOUND


@dataclass(frozen=True, slots=True)
class RatingLink:
    """What an address is for."""

    schema: str
    person_id: int
    ticket_id: int
    score: Score

    @property
    def number(self) -> str:
        """What people call the ticket."""
        return ticket_number(self.ticket_id)


def rating_address(ticket_id: int, person: User, score: Score) -> str:
    """The absolute address, of a ticket in the active company."""
    token = _SIGNER.sign_object([current_schema(), person.pk, ticket_id, score.value])
    return absolute(reverse("rate_ticket", args=[token]))


def read_rating_link(token: str) -> RatingLink:
    """What an address is for.

    Raises:
        UnknownRatingLinkError: it is not one of ours, or company, person or ticket are gone.
        CannotRateError: the ticket cannot be rated any more.
        CompanyBehindError: the company is being brought up to date.
    """
    link = _read(token)
    with company_of(link.schema):
        ticket, _person = _found(link)
        if not may_be_rated(ticket, now=timezone.now()):
            raise CannotRateError
    return link


def rate_by_link(token: str, *, score: Score, comment: str) -> None:
    """As the person of the address. An empty comment leaves what was said before.

    Raises:
        UnknownRatingLinkError, CompanyBehindError: as above.
        what `rate_ticket` raises
    """
    link = _read(token)
    with company_of(link.schema):
        ticket, person = _found(link)
        said = comment if comment.strip() else None
        rate_ticket(ticket=ticket, user=person, score=score, comment=said, now=timezone.now())


def _read(token: str) -> RatingLink:
    try:
        schema, person_id, ticket_id, score = _SIGNER.unsign_object(token)
        link = RatingLink(str(schema), int(person_id), int(ticket_id), Score(score))
    except (BadSignature, ValueError, TypeError) as error:
        raise UnknownRatingLinkError from error
    companies = Company.objects.active().filter(deletion_due_at=None)
    company = companies.filter(schema_name=link.schema).first()
    if company is None:
        raise UnknownRatingLinkError
    ensure_up_to_date(company)
    return link


def _found(link: RatingLink) -> tuple[Ticket, User]:
    people = User.objects.active().filter(company__schema_name=link.schema)
    person = people.filter(pk=link.person_id).first()
    tickets = Ticket.objects.select_related("definition", "workflow_instance")
    ticket = tickets.filter(pk=link.ticket_id, created_by=link.person_id).first()
    if person is None or ticket is None:
        raise UnknownRatingLinkError
    return ticket, person


@choices_in_mail.register
def rating_in_mail(notice: Notice, person: User) -> list[MailChoice]:
    """What the mail about the end of one's own ticket offers, where its type asks."""
    if notice.kind != TICKET_ENDED or notice.ticket_id is None:
        return []
    tickets = Ticket.objects.select_related("definition", "workflow_instance")
    ticket = tickets.filter(pk=notice.ticket_id, created_by=person).first()
    if ticket is None or not may_be_rated(ticket, now=timezone.now()):
        return []
    return [
        MailChoice(
            question=_("How satisfied are you with the result?"),
            text=score.label,
            address=rating_address(ticket.pk, person, score),
        )
        for score in Score
    ]
