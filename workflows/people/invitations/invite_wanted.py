"""Whom somebody wants to have here: who is invited, and who is here already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tenants.models import Company, User
from tenants.roles import SystemRole
from workflows.models import CompanyRole, Invitation
from workflows.people.invitations.invite import Invited, Invitee, invite

# How what stands in the place of a password begins, where there is none (set_unusable_password).
_NO_PASSWORD: Final = "!"  # noqa: S105  # nosec B105


@dataclass(frozen=True, slots=True)
class InvitedWanted:
    """`here`: the addresses of those who are here already, and were not invited."""

    made: Sequence[Invited]
    here: Sequence[str]


def invite_wanted(
    *,
    people: Sequence[Invitee],
    roles: Iterable[SystemRole],
    company_roles: Iterable[CompanyRole],
    by: User,
    now: datetime,
) -> InvitedWanted:
    """Invite those who are not here. Who was added before and cannot log in yet keeps their roles.

    Raises:
        TooManyInvitationsError, TooManyAtOnceError, InvitedTooOftenError: as `invite`.
    """
    own = User.objects.of_company(Company.objects.current())
    here = {each.email: each for each in own.filter(email__in=[each.email for each in people])}
    new = [each for each in people if each.email not in here]
    waiting = [invitee_of(each) for each in here.values() if cannot_log_in(each)]
    made = invite(people=[*new, *waiting], roles=roles, company_roles=company_roles, by=by, now=now)
    known = sorted(email for email, each in here.items() if not cannot_log_in(each))
    return InvitedWanted(made, known)


def invite_again(*, invitation: Invitation, by: User, now: datetime) -> list[Invited]:
    """Make a new link for somebody who was invited: the old one ends.

    Raises:
        TooManyInvitationsError, TooManyAtOnceError, InvitedTooOftenError: as `invite`.
    """
    person = invitation.person
    return invite(
        people=[
            Invitee(invitation.email, invitation.first_name, invitation.last_name)
            if person is None
            else invitee_of(person)
        ],
        roles=[SystemRole(each) for each in invitation.system_roles if each in SystemRole],
        company_roles=CompanyRole.objects.filter(pk__in=invitation.company_roles),
        by=by,
        now=now,
    )


def without_log_in(company: Company) -> Any:
    """Active people who were added and have never had a password, nor come in another way."""
    people = User.objects.of_company(company).active().who_log_in()
    without = people.filter(password__startswith=_NO_PASSWORD, last_login=None)
    return without.order_by("pk")


def cannot_log_in(person: User) -> bool:
    """Whether `without_log_in` would list them."""
    has_come = person.last_login is not None or person.has_usable_password()
    return person.is_active and not person.is_account and not has_come


def invitee_of(person: User) -> Invitee:
    """Somebody who was added before."""
    return Invitee(person.email, person.first_name, person.last_name, person)
