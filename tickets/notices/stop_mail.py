"""The signed address in each mail with which its person stops mails of that kind, by one click.

It names person, company and what to stop, and nobody else can make one. It does nothing but that,
and is taken back on the page of the preferences; so it does not expire.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants.connection import company_of, current_schema
from tenants.mail.set_up import absolute
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company, User
from tickets.errors import TicketsError
from tickets.notices.kinds.kind import ByMail, NoticeKind, kind_named
from tickets.notices.preferences import set_wishes, wishes_of

# Instead of a kind: every kind that the person has in the digest.
DIGEST: Final = "DIGEST"
_SIGNER: Final = Signer(salt="tickets.notices.stop_mail")


class UnknownStopAddressError(TicketsError):
    message = _("This address is not complete. Open it from the mail once more.")
    status = HTTPStatus.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Stop:
    """What an address stops: a `kind`, or DIGEST."""

    schema: str
    person_id: int
    what: str

    @property
    def kind(self) -> NoticeKind | None:
        return None if self.what == DIGEST else kind_named(self.what)


def stop_address(person: User, what: str) -> str:
    """The absolute address. `what` is the name of a kind, or DIGEST."""
    token = _SIGNER.sign_object([current_schema(), person.pk, what])
    return absolute(reverse("stop_mail", args=[token]))


def read_stop(token: str) -> Stop:
    """Raises UnknownStopAddressError: it is not one of ours."""
    try:
        schema, person_id, what = _SIGNER.unsign_object(token)
        return Stop(str(schema), int(person_id), str(what))
    except (BadSignature, ValueError, TypeError) as error:
        raise UnknownStopAddressError from error


def stop_mail(stop: Stop) -> None:
    """Send the person no more mails of that. Doing it twice changes nothing more.

    Raises:
        UnknownStopAddressError: company or person are not there any more.
        CompanyBehindError: the company is being brought up to date.
    """
    company = Company.objects.active().filter(schema_name=stop.schema).first()
    if company is None:
        raise UnknownStopAddressError
    ensure_up_to_date(company)
    with company_of(stop.schema):
        person = User.objects.active().filter(pk=stop.person_id, company=company).first()
        if person is None:
            raise UnknownStopAddressError
        if stop.kind is not None:
            set_wishes(person=person, wishes={stop.kind: ByMail.NEVER})
            return
        wishes = wishes_of(person)
        digest = {kind: ByMail.NEVER for kind, wish in wishes.items() if wish == ByMail.DIGEST}
        set_wishes(person=person, wishes=digest)
