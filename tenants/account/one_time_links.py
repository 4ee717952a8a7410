"""Links with which somebody sets a new password, once.

One kind is for a company's admin who is locked out: a superuser makes it and hands it over, who
knows no password and sets none. The other kind is for whoever has forgotten their password, and
goes by mail (tenants/account/forgotten_password.py). Both are signed, end after a time, and are
used up when the password is another one or the person has logged in. That one was made and used
stands in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.core.signing import BadSignature, dumps, loads
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.account.addresses import prove_address
from tenants.account.log_ins import end_log_ins
from tenants.audit.kinds import declare
from tenants.audit.record import record_in_installation, record_of_person
from tenants.backends import may_log_in_here
from tenants.errors import TenantsError
from tenants.logging_in.second_factor import remove_second_factor
from tenants.models import Company, User
from tenants.models.user import UserQuerySet
from tenants.roles import SystemRole
from tenants.services import set_password

LINK_MADE = declare("superusers.one_time_link_made", _("Made a one-time link for a log-in"))
LINK_USED = declare("account.one_time_link_used", _("Used a one-time link to log in again"))

LIFETIME: Final = timedelta(days=1)
_SALT: Final = "tenants.account.one_time_links"
# Of those that go by mail.
MAILED_LIFETIME: Final = timedelta(hours=1)
_MAILED_SALT: Final = "tenants.account.forgotten_password"


class LinkUsedUpError(TenantsError):
    message = _(
        "This link does not count any more. It is good for one password and for some time. If you "
        "asked for it yourself, ask for another one; otherwise ask whoever gave it to you."
    )


class NotAnAdminError(TenantsError):
    message = _("A one-time link is for an active admin of the company; they help the others.")


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """Whose link it is, and whether it takes their second factor away, too."""

    person: User
    removes_second_factor: bool
    came_by_mail: bool = False


def admins_of(company: Company) -> UserQuerySet:
    """Whom a link may be made for."""
    people: UserQuerySet = User.objects.of_company(company)
    return people.active().who_log_in().with_role(SystemRole.ADMIN)


def make_one_time_link(*, person: User, reason: str, removes_second_factor: bool) -> str:
    """The token of a link for an admin of a company.

    Raises:
        NotAnAdminError: the person is not.
    """
    with transaction.atomic():
        found = User.objects.select_related("company").filter(pk=person.pk).first()
        company = None if found is None else found.company
        if found is None or company is None or not admins_of(company).filter(pk=found.pk).exists():
            raise NotAnAdminError
        details: dict[str, Any] = {"reason": reason, "removes_second_factor": removes_second_factor}
        record_of_person(LINK_MADE, about=found, **details)
        record_in_installation(LINK_MADE, about=found, company=str(company), **details)
        return dumps([found.pk, _state_of(found), removes_second_factor], salt=_SALT)


def make_mailed_link(*, person: User) -> str:
    """The token of a link for somebody who has forgotten their password: it goes to their address,
    and is shown to nobody."""
    return dumps([person.pk, _state_of(person)], salt=_MAILED_SALT)


def may_have_mailed_link(person: User) -> bool:
    """Whether a new password would let them in."""
    if not person.is_active or person.erased_at is not None:
        return False
    if person.company is None:
        return person.is_superuser
    return person.company.is_active and may_log_in_here(person)


def read_one_time_link(token: str) -> OneTimeLink:
    """Whom a token lets set a password.

    Raises:
        LinkUsedUpError: it is none of ours, too old, used, or the person may not log in, or is no
            admin any more.
    """
    try:
        mailed: Any = loads(token, salt=_MAILED_SALT, max_age=MAILED_LIFETIME)
    except BadSignature:
        return _read_handed_over(token)
    number, state = mailed
    person = User.objects.select_related("company").filter(pk=number).first()
    if person is None or not may_have_mailed_link(person) or _state_of(person) != state:
        raise LinkUsedUpError
    return OneTimeLink(person, removes_second_factor=False, came_by_mail=True)


def _read_handed_over(token: str) -> OneTimeLink:
    try:
        kept: Any = loads(token, salt=_SALT, max_age=LIFETIME)
        number, state, removes = kept
    except (BadSignature, TypeError, ValueError) as error:
        raise LinkUsedUpError from error
    person = User.objects.select_related("company").filter(pk=number).first()
    if person is None or person.company is None or not person.company.is_active:
        raise LinkUsedUpError
    if not admins_of(person.company).filter(pk=person.pk).exists() or _state_of(person) != state:
        raise LinkUsedUpError
    return OneTimeLink(person, bool(removes))


def use_one_time_link(*, token: str, password: str) -> User:
    """Set the person's password, once; wherever they were logged in, they are no more.

    Raises:
        LinkUsedUpError: as in `read_one_time_link`, or somebody was quicker.
    """
    with transaction.atomic():
        person = read_one_time_link(token).person
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        link = read_one_time_link(token)
        record_of_person(LINK_USED, about=link.person)
        set_password(user=link.person, password=password)
        end_log_ins(person=link.person, names=None, keep=None)
        if link.came_by_mail:
            prove_address(link.person)
        if link.removes_second_factor:
            remove_second_factor(user=link.person)
    return link.person


def _state_of(person: User) -> str:
    """Another one once a password was set, or the person has logged in."""
    text = f"{person.password}\n{person.last_login}\n{person.email}"
    return sha256(text.encode()).hexdigest()[:32]
