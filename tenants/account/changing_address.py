"""Another e-mail address: it counts once a link that was sent there has been followed. In the same
way somebody proves that the address that they have is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.signing import BadSignature, dumps, loads
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants.account.addresses import (
    free_address,
    has_proven_address,
    prove_address,
    say_new_address,
)
from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.companies.language_and_zone import speaking_to
from tenants.connection import PUBLIC, company_of
from tenants.errors import RateLimitedError, TenantsError
from tenants.limits.table import CHANGES_TO_ADDRESS
from tenants.mail.outbox import queue_mail
from tenants.mail.writing import write
from tenants.models import User
from tenants.names import plain_email
from tenants.refusals import refusals
from tenants.services import save_user

ADDRESS_ASKED = declare("account.address_asked", _("Asked for another e-mail address"))
ADDRESS_CHANGED = declare("account.address_changed", _("Changed their e-mail address"))
LIFETIME: Final = timedelta(days=1)
TOO_OFTEN: Final = _(
    "Three mails an hour are sent to one address, and that was too often: no mail was sent. Try "
    "again later."
)
_SUBJECTS: Final = {
    "mail_new_address": _("Your new e-mail address"),
    "mail_own_address": _("Your e-mail address"),
    "mail_old_address": _("Your e-mail address was changed"),
}
_SALT: Final = "tenants.account.changing_address"


class AddressLinkEndedError(TenantsError):
    message = _(
        "This link does not count any more. It is good for one change, and for a day. Ask for "
        "another one on the page of your e-mail address."
    )


@dataclass(frozen=True, slots=True)
class AddressChange:
    person: User
    email: str

    @property
    def is_own(self) -> bool:
        """They keep the address, and prove it."""
        return bool(self.email == self.person.email)


def ask_for_address(*, person: User, email: str) -> bool:
    """Mail a link to the new address, or to the one that they have and have not proven; False: that
    was too often, and nothing is sent.

    Whether somebody else has the address is told to none but who reads its mail.
    """
    new = plain_email(email)
    is_own = new == person.email
    if is_own and has_proven_address(person):
        return True
    with refusals(RateLimitedError) as refused:
        CHANGES_TO_ADDRESS.count(new)
    if refused.error is not None:
        return False
    with transaction.atomic():
        if not is_own:
            record_of_person(ADDRESS_ASKED, about=person, email=new)
        token = dumps([person.pk, person.email, new], salt=_SALT)
        template = "mail_own_address" if is_own else "mail_new_address"
        _mail(person, to=new, template=template, path=reverse("new_address", args=[token]))
    return True


def read_address_link(token: str) -> AddressChange:
    """Whose address becomes which.

    Raises:
        AddressLinkEndedError: it is none of ours, too old, used, or they have another address by
            now.
    """
    try:
        kept: Any = loads(token, salt=_SALT, max_age=LIFETIME)
        number, old, new = kept
    except (BadSignature, TypeError, ValueError) as error:
        raise AddressLinkEndedError from error
    person = User.objects.select_related("company").filter(pk=number, email=old).first()
    if person is None or not person.is_active:
        raise AddressLinkEndedError
    if person.company is not None and not person.company.is_active:
        raise AddressLinkEndedError
    if old == new and has_proven_address(person):
        raise AddressLinkEndedError
    return AddressChange(person, new)


def change_address(*, token: str, takes_address: bool) -> User:
    """Give the person the address, which they have proven; the old one is told. Works in `public`.

    Raises:
        AddressLinkEndedError: as `read_address_link`, or somebody was quicker.
        ElsewhereError, TakeItError: another account has it: see `free_address`.
        EmailInUseError: somebody was quicker.
    """
    person = read_address_link(token).person
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        change = read_address_link(token)
        if change.is_own:
            prove_address(change.person)
            return change.person
        person, old = change.person, change.person.email
        holder = User.objects.select_for_update(of=("self",)).filter(email=change.email).first()
        if holder is not None:
            free_address(holder, takes_address=takes_address)
        person.email = change.email
        save_user(user=person, fields=["email"])
        say_new_address(person, old)
        prove_address(person)
        record_of_person(ADDRESS_CHANGED, about=person, changes={"email": (old, person.email)})
        tell_old_address(person=person, old=old)
    return person


def tell_old_address(*, person: User, old: str) -> None:
    """Mail to the address that somebody had that they have another one."""
    _mail(person, to=old, template="mail_old_address")


def _mail(person: User, *, to: str, template: str, path: str = "") -> None:
    """With a `path` it goes to somebody who has proven nothing: it names nobody."""
    company = person.company
    with speaking_to(person):
        subject = str(_SUBJECTS[template])
        written = write(
            f"account/{template}",
            company="" if company is None or path else company.name,
            path=path,
            name="" if path else person.first_name,
            new=person.email if not path else to,
        )
    with company_of(PUBLIC if company is None else company.schema_name):
        queue_mail(
            to=to,
            kind="e-mail address",
            subject=subject,
            text=written.text,
            html=written.html,
            expires=LIFETIME,
            is_secret=bool(path),
        )
