"""A superuser invites an e-mail address to sign a company up, where others may or may not.

The link works once and ends. Where mail is set up it goes by mail alone, and whoever follows it has
proven the address; elsewhere the superuser hands it over, and may look at it again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.account.addresses import ensure_yields, free_address_of, prove_address
from tenants.audit.kinds import declare
from tenants.audit.record import record_in_installation
from tenants.errors import EmailInUseError, TenantsError
from tenants.mail.outbox import queue_mail
from tenants.mail.set_up import is_mail_set_up
from tenants.mail.writing import write
from tenants.models import SignUpInvitation, User
from tenants.models.sign_up_invitation import InvitationState
from tenants.names import plain_email
from tenants.services import sign_up

COMPANY_INVITED = declare("superusers.company_invited", _("Invited somebody to sign a company up"))
COMPANY_INVITATION_REVOKED = declare(
    "superusers.company_invitation_revoked", _("Took an invitation to sign up back")
)
COMPANY_INVITATION_USED = declare(
    "superusers.company_invitation_used", _("Signed a company up by an invitation")
)

LIFETIME: Final = timedelta(days=7)
# After they were used, taken back, or ended: they hold addresses of people who may not be here.
KEPT: Final = timedelta(days=90)
_SALT: Final = "tenants.account.inviting_companies"


class CompanyInvitationEndedError(TenantsError):
    """It says the same whatever the reason: whoever has found a link learns nothing."""

    message = _(
        "This invitation does not count any more. It is good for one company and for some days. If "
        "you have signed up with it already, log in. Otherwise ask whoever invited you for another "
        "one."
    )


@dataclass(frozen=True, slots=True)
class Founder:
    """What whoever was invited says of their company and of themselves."""

    company_name: str
    first_name: str
    last_name: str
    password: str
    language: str = ""


def invite_company(
    *, email: str, by: User, now: datetime, company_name: str | None = None
) -> SignUpInvitation:
    """Invite an address; whoever was invited already gets a new link, and the old one ends.

    `company_name` is only proposed; None: what was proposed before. Call it in `public`.
    """
    with transaction.atomic():
        address = plain_email(email)
        # Of two at the same moment the second waits, and finds what the first has made.
        secret = secrets.token_urlsafe(18)
        fresh = {"secret": secret, "invited_by": str(by), "sent_at": now, "expires_at": now}
        invitation, _is_new = SignUpInvitation.objects.select_for_update().get_or_create(
            email=address, used_at=None, revoked_at=None, defaults=fresh
        )
        if company_name is not None:
            invitation.company_name = company_name
        invitation.secret = secret
        invitation.by_mail, invitation.invited_by = is_mail_set_up(), str(by)
        invitation.sent_at, invitation.expires_at = now, now + LIFETIME
        invitation.mail_id = _mail(invitation) if invitation.by_mail else None
        invitation.save()
        record_in_installation(COMPANY_INVITED, email=address, by_mail=invitation.by_mail)
    return invitation


def _mail(invitation: SignUpInvitation) -> int | None:
    written = write(
        "account/mail_invited",
        path=path_of(invitation),
        invitation=invitation,
        days=LIFETIME.days,
    )
    return queue_mail(
        to=invitation.email,
        kind="sign-up invitation",
        subject=gettext("You are invited to sign your company up"),
        text=written.text,
        html=written.html,
        expires=LIFETIME,
        is_secret=True,
    )


def path_of(invitation: SignUpInvitation) -> str:
    """Where its link leads: the same one until it is sent again."""
    token = Signer(salt=_SALT).sign_object([invitation.pk, invitation.secret])
    return reverse("invited_sign_up", args=[token])


def revoke_company_invitation(*, invitation: SignUpInvitation, now: datetime) -> bool:
    """Its link counts no more; whether it was open until now."""
    with transaction.atomic():
        open_ones = SignUpInvitation.objects.open().filter(pk=invitation.pk)
        is_revoked = bool(open_ones.update(revoked_at=now))
        if is_revoked:
            record_in_installation(COMPANY_INVITATION_REVOKED, email=invitation.email)
    return is_revoked


def forget_company_invitations(*, now: datetime) -> int:
    """Delete those that ended KEPT ago; returns how many. Call it in `public`; safe to repeat."""
    before = now - KEPT
    never_used = Q(used_at=None, revoked_at=None, expires_at__lt=before)
    old = Q(used_at__lt=before) | Q(revoked_at__lt=before) | never_used
    count, _of_each = SignUpInvitation.objects.filter(old).delete()
    return count


def read_company_invitation(token: str, *, locked: bool = False) -> SignUpInvitation:
    """The invitation of a link.

    Raises:
        CompanyInvitationEndedError: it is none of ours, too old, used or taken back.
    """
    try:
        kept: Any = Signer(salt=_SALT).unsign_object(token)
        number, secret = kept
    except (BadSignature, TypeError, ValueError) as error:
        raise CompanyInvitationEndedError from error
    rows = SignUpInvitation.objects.open().filter(pk=number)
    found = (rows.select_for_update(of=("self",)) if locked else rows).first()
    if found is None or not constant_time_compare(found.secret, str(secret)):
        raise CompanyInvitationEndedError
    if found.state is not InvitationState.SENT:
        raise CompanyInvitationEndedError
    return found


def sign_up_invited(*, token: str, founder: Founder, takes_address: bool, now: datetime) -> User:
    """Make the company and its first person; once.

    Raises:
        CompanyInvitationEndedError: as `read_company_invitation`, or somebody was quicker.
        ElsewhereError, TakeItError: an account has the address, and the link came by mail: see
            `free_address_of`.
        EmailInUseError: an account has it, and nobody has proven anything.
    """
    with transaction.atomic():
        invitation = read_company_invitation(token, locked=True)
        # Before a company is made that would be for nothing; who comes meanwhile is met later.
        holder = User.objects.select_related("company").filter(email=invitation.email).first()
        if holder is not None:
            if not invitation.by_mail:
                raise EmailInUseError
            ensure_yields(holder, takes_address=takes_address)
        free = partial(free_address_of, invitation.email, takes_address=takes_address)
        person = sign_up(
            company_name=founder.company_name,
            first_name=founder.first_name,
            last_name=founder.last_name,
            email=invitation.email,
            password=founder.password,
            language=founder.language,
            free_address=free if invitation.by_mail else lambda: None,
        )
        if invitation.by_mail:
            prove_address(person)
        invitation.used_at, invitation.company = now, person.company
        invitation.save(update_fields=["used_at", "company"])
        record_in_installation(
            COMPANY_INVITATION_USED, about=person.company, email=invitation.email
        )
    return person
