"""Inviting people by mail. Links that are handed over are shown on their page, and by no token."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.mail.set_up import is_mail_set_up
from tenants.names import LONGEST_NAME
from tenants.roles import SystemRole
from tenants.tokens.scopes import Scope
from workflows.api.people import Address, roles_with
from workflows.errors import WorkflowsError
from workflows.models import Invitation
from workflows.people.invitations.invite import Invitee, withdraw
from workflows.people.invitations.invite_wanted import invite_again as again
from workflows.people.invitations.invite_wanted import invite_wanted

router = Router(tags=["People and roles"])
MAY_INVITE: Final = ("tenants.add_user",)
MOST_AT_ONCE: Final = 100
_Name = Annotated[str, Field(max_length=LONGEST_NAME)]


class LinksByHandError(WorkflowsError):
    message = _(
        "This installation sends no mail, so the link of an invitation must be handed over. It is "
        "shown on the page “Invite people” only: invite them there."
    )


class Guest(Sent):
    email: Address
    first_name: _Name = ""
    last_name: _Name = ""


class Inviting(Sent):
    people: list[Guest] = Field(min_length=1, max_length=MOST_AT_ONCE)
    system_roles: list[Annotated[SystemRole, Field(strict=False)]] = Field(
        min_length=1, max_length=20, description="Without one they would see nothing."
    )
    company_roles: list[Number] = Field(default=[], max_length=1_000)


class InvitationRow(Schema):
    """Somebody who was invited and has not come yet."""

    id: int
    email: str
    first_name: str
    last_name: str
    system_roles: list[str]
    company_roles: list[int]
    sent_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> InvitationRow:
        return cls(
            id=invitation.pk,
            email=invitation.email,
            first_name=invitation.first_name,
            last_name=invitation.last_name,
            system_roles=[str(each) for each in invitation.system_roles],
            company_roles=[int(each) for each in invitation.company_roles],
            sent_at=invitation.sent_at,
            expires_at=invitation.expires_at,
        )


class Invitations(Schema):
    items: list[InvitationRow]
    next: str | None


class InvitedPeople(Schema):
    items: list[InvitationRow]
    here: list[str] = Field(description="Who is here already, and was not invited.")


@operation(
    router, "GET", "/invitations", scope=Scope.PEOPLE_READ, answer=Invitations,
    permissions=MAY_INVITE,
)  # fmt: skip
def list_invitations(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> Invitations:
    """List who was invited and has not come yet, the newest first."""
    rows = Invitation.objects.open()
    items, more = listed(rows, after=after, limit=limit, show=InvitationRow.of)
    return Invitations(items=items, next=more)


@operation(
    router, "POST", "/invitations", scope=Scope.PEOPLE_WRITE, answer=InvitedPeople, status=201,
    permissions=MAY_INVITE, once=True,
)  # fmt: skip
def invite_people(request: HttpRequest, wanted: Inviting) -> InvitedPeople:
    """Invite people by mail, all of them or none. Who was invited before gets a new link."""
    _ensure_mail()
    people = {
        each.email: Invitee(each.email, each.first_name, each.last_name) for each in wanted.people
    }
    found = invite_wanted(
        people=list(people.values()),
        roles=wanted.system_roles,
        company_roles=roles_with(wanted.company_roles),
        by=holder_in(request).user,
        now=timezone.now(),
    )
    items = [InvitationRow.of(each.invitation) for each in found.made]
    return InvitedPeople(items=items, here=list(found.here))


@operation(
    router, "POST", "/invitations/{invitation_id}/again", scope=Scope.PEOPLE_WRITE,
    answer=InvitationRow, permissions=MAY_INVITE, once=True,
)  # fmt: skip
def invite_again(request: HttpRequest, invitation_id: Number) -> InvitationRow:
    """Mail somebody who has not come a new link. The old one ends."""
    _ensure_mail()
    found = _invitation(invitation_id)
    again(invitation=found, by=holder_in(request).user, now=timezone.now())
    return InvitationRow.of(_invitation(invitation_id))


@operation(
    router, "DELETE", "/invitations/{invitation_id}", scope=Scope.PEOPLE_WRITE, answer=None,
    status=204, permissions=MAY_INVITE,
)  # fmt: skip
def withdraw_invitation(request: HttpRequest, invitation_id: Number) -> None:
    """Take an invitation back: its link ends."""
    withdraw(invitation=_invitation(invitation_id))


def _ensure_mail() -> None:
    """Raises LinksByHandError."""
    if not is_mail_set_up():
        raise LinksByHandError


def _invitation(number: int) -> Invitation:
    """Raises Http404: there is none that is open."""
    found = Invitation.objects.open().select_related("person").filter(pk=number).first()
    if found is None:
        raise Http404
    return found
