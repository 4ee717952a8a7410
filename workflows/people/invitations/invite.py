"""Inviting people to the active company."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.signing import dumps
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import Entry, record, record_all
from tenants.errors import RateLimitedError
from tenants.limits.table import INVITATIONS, INVITATIONS_TO_ONE
from tenants.mail.outbox import NewMail, queue_mails
from tenants.mail.set_up import is_mail_set_up
from tenants.mail.writing import write
from tenants.models import Company, User
from tenants.names import plain_email
from tenants.roles import SystemRole
from workflows.errors import WorkflowsError
from workflows.models import CompanyRole, Invitation

INVITED = declare("people.invited", _("Invited somebody"))
WITHDRAWN = declare("people.invitation_withdrawn", _("Withdrew an invitation"))

LIFETIME: Final = timedelta(days=7)
MOST_AT_ONCE: Final = 500
SALT: Final = "workflows.people.invitations"


class TooManyInvitationsError(WorkflowsError):
    message = _(
        "Your company has sent as many invitations as it may in a day. Nobody was invited; try "
        "again tomorrow with those who are left."
    )


class TooManyAtOnceError(WorkflowsError):
    """Fewer could be invited."""

    message = _(
        "These would be %(count)s invitations, but %(left)s is the most that your company may "
        "still send today. Nobody was invited: invite so many of them today, and the others from "
        "tomorrow on."
    )

    def __init__(self, *, left: int, count: int) -> None:
        self.left, self.count = left, count
        super().__init__()


class InvitedTooOftenError(WorkflowsError):
    message = _(
        "%(email)s was invited several times today. Nobody was invited; try again tomorrow, or "
        "leave this address out."
    )

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__()


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody to invite. `person`: who was added before, and cannot log in yet. `roles` and
    `company_roles`: their own ones, in the place of those that all get."""

    email: str
    first_name: str = ""
    last_name: str = ""
    person: User | None = None
    roles: tuple[SystemRole, ...] | None = None
    company_roles: tuple[CompanyRole, ...] | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was made. `path` is its link's, where the admin hands it over; empty: it
    goes by mail, and nobody but its reader sees it."""

    invitation: Invitation
    path: str


def invite(
    *,
    people: Sequence[Invitee],
    roles: Iterable[SystemRole],
    company_roles: Iterable[CompanyRole],
    by: User,
    now: datetime,
) -> list[Invited]:
    """Invite these people, all of them or none. Whoever was invited before gets a new link, with
    these roles: the old one ends.

    Who is known as a `person` keeps the roles that they have.

    Raises:
        TooManyInvitationsError, TooManyAtOnceError, InvitedTooOftenError
    """
    company = Company.objects.current()
    for_all, groups_for_all = tuple(roles), tuple(company_roles)
    _count(company, people)
    by_mail = is_mail_set_up()
    made: list[Invited] = []
    mails: list[NewMail] = []
    with transaction.atomic():
        # Of two admins who invite the same person the second makes a new link for the first's row.
        Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        emails = [plain_email(each.email) for each in people]
        known = {
            each.email: each
            for each in Invitation.objects.open().filter(email__in=emails).select_for_update()
        }
        # Who has another address by now: the link to the old one counts no more.
        persons = [each.person for each in people if each.person is not None]
        Invitation.objects.open().filter(person__in=persons).exclude(email__in=emails).delete()
        for each, email in zip(people, emails, strict=True):
            invitation = known.get(email) or Invitation(email=email)
            invitation.first_name = each.first_name or invitation.first_name
            invitation.last_name = each.last_name or invitation.last_name
            given = for_all if each.roles is None else each.roles
            groups = groups_for_all if each.company_roles is None else each.company_roles
            invitation.system_roles = sorted(role.value for role in given)
            invitation.company_roles = sorted(role.pk for role in groups)
            invitation.person = each.person
            invitation.by_mail, invitation.invited_by = by_mail, by
            invitation.sent_at, invitation.expires_at = now, now + LIFETIME
            secret = secrets.token_urlsafe(18)
            invitation.digest = digest_of(secret)
            invitation.mail_id = None
            invitation.save()
            known[email] = invitation
            path = reverse("invitation", args=[_token(company, invitation, secret)])
            made.append(Invited(invitation, "" if by_mail else path))
            if by_mail:
                mails.append(_mail(invitation, company, path, by))
        for entry, mail_id in zip(made, queue_mails(mails), strict=False):
            Invitation.objects.filter(pk=entry.invitation.pk).update(mail_id=mail_id)
        record_all(_entry(each.invitation) for each in made)
    return made


def withdraw(*, invitation: Invitation) -> None:
    """Take an invitation back: its link ends. One that was followed stays as it is."""
    with transaction.atomic():
        stored = Invitation.objects.open().select_for_update().filter(pk=invitation.pk).first()
        if stored is not None:
            record(WITHDRAWN, about=stored, email=stored.email)
            stored.delete()


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _count(company: Company, people: Sequence[Invitee]) -> None:
    """Before anything is written."""
    try:
        INVITATIONS.count_many(company.schema_name, len(people))
    except RateLimitedError as error:
        if not error.left:
            raise TooManyInvitationsError from error
        raise TooManyAtOnceError(left=error.left, count=len(people)) from error
    for each in people:
        try:
            INVITATIONS_TO_ONE.count(f"{company.schema_name} {plain_email(each.email)}")
        except RateLimitedError as error:
            raise InvitedTooOftenError(each.email) from error


def _token(company: Company, invitation: Invitation, secret: str) -> str:
    """Signed, so that no stranger has every company looked into."""
    return dumps([company.pk, invitation.pk, secret], salt=SALT)


def _entry(invitation: Invitation) -> Entry:
    return Entry(
        INVITED,
        invitation,
        details={"email": invitation.email, "system_roles": invitation.system_roles},
    )


def _mail(invitation: Invitation, company: Company, path: str, by: User) -> NewMail:
    written = write(
        "invitations/mail",
        company=company.name,
        path=path,
        invitation=invitation,
        by=by.get_full_name() or by.email,
        days=LIFETIME.days,
    )
    return NewMail(
        to=invitation.email,
        kind="invitation",
        subject=gettext("Your access to %(company)s") % {"company": company.name},
        text=written.text,
        html=written.html,
        expires=LIFETIME,
        is_secret=True,
    )
