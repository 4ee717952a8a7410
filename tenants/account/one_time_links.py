"""A link with which a company's admin who is locked out sets a new password, once.

A superuser makes it and hands it over: they know no password and set none. It is signed, ends
after a day, and is used up when the password is another one or the person has logged in. That it
was made, why, and that it was used, stands in the company's audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.core.signing import BadSignature, dumps, loads
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.account.log_ins import end_log_ins
from tenants.audit.kinds import declare
from tenants.audit.record import record_in_installation, record_of_person
from tenants.errors import TenantsError
from tenants.models import Company, User
from tenants.models.user import UserQuerySet
from tenants.roles import SystemRole
from tenants.second_factor import remove_second_factor
from tenants.services import set_password

LINK_MADE = declare("superusers.one_time_link_made", _("Made a one-time link for a log-in"))
LINK_USED = declare("account.one_time_link_used", _("Used a one-time link to log in again"))

LIFETIME: Final = timedelta(days=1)
_SALT: Final = "tenants.account.one_time_links"


class LinkUsedUpError(TenantsError):
    message = _(
        "This link does not count any more. It is good for one password, and for a day. Ask "
        "whoever gave it to you for another one."
    )


class NotAnAdminError(TenantsError):
    message = _("A one-time link is for an active admin of the company; they help the others.")


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """Whose link it is, and whether it takes their second factor away, too."""

    person: User
    removes_second_factor: bool


def admins_of(company: Company) -> UserQuerySet:
    """Whom a link may be made for."""
    people: UserQuerySet = User.objects.of_company(company)
    return people.active().with_role(SystemRole.ADMIN)


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


def read_one_time_link(token: str) -> OneTimeLink:
    """Whom a token lets set a password.

    Raises:
        LinkUsedUpError: it is none of ours, too old, used, or the person may not log in, or is no
            admin any more.
    """
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
        if link.removes_second_factor:
            remove_second_factor(user=link.person)
    return link.person


def _state_of(person: User) -> str:
    """Another one once a password was set, or the person has logged in."""
    text = f"{person.password}\n{person.last_login}\n{person.email}"
    return sha256(text.encode()).hexdigest()[:32]
