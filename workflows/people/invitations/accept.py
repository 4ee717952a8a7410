"""Following the link of an invitation: from outside of every company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.signing import BadSignature, loads
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from tenants.account.addresses import free_address, prove_address
from tenants.account.log_ins import end_log_ins
from tenants.audit.acting import acting_as, actor_of
from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.companies.language_and_zone import language_here
from tenants.connection import PUBLIC, company_of
from tenants.errors import EmailInUseError
from tenants.logging_in.second_factor import has_second_factor
from tenants.migrating.versions import ensure_up_to_date
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.services import set_password
from workflows.errors import WorkflowsError
from workflows.models import CompanyRole, Invitation
from workflows.people.change_people import save_person
from workflows.people.invitations.invite import SALT, digest_of

ACCEPTED = declare("people.invitation_accepted", _("Came by an invitation"))


class InvitationEndedError(WorkflowsError):
    """It says the same whatever the reason: whoever has found a link learns nothing."""

    message = _(
        "This invitation does not count any more. It is good for one time and for some days. If "
        "you have set your password already, log in. Otherwise ask whoever invited you for "
        "another one."
    )


@dataclass(frozen=True, slots=True)
class Open:
    """An invitation that can be followed, and whose it is."""

    company: Company
    invitation: Invitation


def read_invitation(token: str, *, now: datetime) -> Open:
    """The invitation of a link.

    Raises:
        InvitationEndedError: it is none of ours, too old, followed already or taken back, or the
            company is switched off.
        CompanyBehindError: the company is being brought up to date.
    """
    try:
        kept: Any = loads(token, salt=SALT)
        company_id, number, secret = kept
    except (BadSignature, TypeError, ValueError) as error:
        raise InvitationEndedError from error
    company = Company.objects.active().filter(pk=company_id, deletion_due_at=None).first()
    if company is None:
        raise InvitationEndedError
    ensure_up_to_date(company)
    with company_of(company.schema_name):
        found = Invitation.objects.open().select_related("person").filter(pk=number).first()
    if found is None or not constant_time_compare(found.digest, digest_of(str(secret))):
        raise InvitationEndedError
    if found.expires_at <= now or (found.person is not None and not _may_set(found)):
        raise InvitationEndedError
    return Open(company, found)


def accept_invitation(
    *,
    token: str,
    password: str,
    first_name: str,
    last_name: str,
    takes_address: bool,
    now: datetime,
) -> User:
    """Make the person whom the link was for, with the roles that were chosen; once.

    `takes_address`: an address that somebody of another company has without having proven it is
    theirs now.

    Raises:
        InvitationEndedError, CompanyBehindError: as `read_invitation`, or somebody was quicker.
            Also where the address is used elsewhere, and the link did not come by mail.
        ElsewhereError, TakeItError: the address is used elsewhere.
        TooManyPeopleError: the company has as many as it may have.
    """
    opened = read_invitation(token, now=now)
    company = opened.company
    with transaction.atomic():
        with company_of(company.schema_name):
            # The first who has it is the one.
            Invitation.objects.select_for_update().filter(pk=opened.invitation.pk).first()
            # Their address stays as it is until they are in.
            known = User.objects.filter(pk=opened.invitation.person_id)
            known.select_for_update(of=("self",), no_key=True).first()
        invitation = read_invitation(token, now=now).invitation
        with company_of(PUBLIC):
            _free_address(invitation, company, takes_address=takes_address)
        with company_of(company.schema_name):
            person = _person_of(
                invitation, company, password, first_name=first_name, last_name=last_name, now=now
            )
            if invitation.by_mail:
                prove_address(person)
            invitation.person, invitation.accepted_at = person, now
            invitation.first_name, invitation.last_name = person.first_name, person.last_name
            invitation.digest = ""
            invitation.save()
            with acting_as(actor_of(person)):
                record(ACCEPTED, about=person, by_mail=invitation.by_mail)
    return person


def _person_of(
    invitation: Invitation,
    company: Company,
    password: str,
    *,
    first_name: str,
    last_name: str,
    now: datetime,
) -> User:
    if invitation.person is not None:
        person: User = invitation.person
        set_password(user=person, password=password)
        end_log_ins(person=person, names=None, keep=None)
        return person
    person = User(
        email=invitation.email,
        company=company,
        first_name=first_name,
        last_name=last_name,
        language=language_here(),
    )
    person.set_password(password)
    roles = CompanyRole.objects.filter(pk__in=invitation.company_roles)
    try:
        return save_person(
            person=person,
            roles=[SystemRole(each) for each in invitation.system_roles if each in SystemRole],
            company_roles=list(roles),
            now=now,
        )
    except EmailInUseError as error:  # since it was looked
        raise InvitationEndedError from error


def _free_address(invitation: Invitation, company: Company, *, takes_address: bool) -> None:
    """See that nobody else has the address."""
    if invitation.person is not None:
        return
    other = User.objects.select_for_update(of=("self",)).filter(email=invitation.email).first()
    if other is None:
        return
    if other.company_id == company.pk or not invitation.by_mail:
        raise InvitationEndedError
    free_address(other, takes_address=takes_address)


def _may_set(invitation: Invitation) -> bool:
    """Somebody who was added, still has the address to which the link went, and has never come in
    any way: by a password, or by an identity provider."""
    person = invitation.person
    return (
        person is not None
        and person.email == invitation.email
        and person.is_active
        and person.last_login is None
        and not person.has_usable_password()
        and not person.is_superuser
        and not has_second_factor(person)
    )
