"""Whose address it is: proven by a link that was sent there, and by nothing else.

Who has proven an address keeps it, unless their account is switched off. Who never has loses it to
whoever does, so that nobody can take somebody else's away.
"""

from __future__ import annotations

from typing import Final

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.account.log_ins import end_log_ins
from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.connection import PUBLIC, company_of
from tenants.errors import TenantsError
from tenants.hooks import Hook
from tenants.models import User
from tenants.tokens.make_token import revoke_tokens_of

ADDRESS_LOST = declare("account.address_lost", _("Lost an address that somebody else has proven"))

# Called where somebody has got another address, in the transaction and in the schema of their
# company, with the one that they had: what names them by it is the apps' above.
NEW_ADDRESS: Final[Hook[[User, str], None]] = Hook()


def say_new_address(person: User, old: str) -> None:
    """Have what names a person by their old address follow. Superusers are of no company."""
    if person.email != old and person.company is not None:
        with company_of(person.company.schema_name):
            NEW_ADDRESS.call_all(person, old)


class ElsewhereError(TenantsError):
    """Told to none but who reads the mail of this address."""

    message = _(
        "You have an account here already, under the same e-mail address. One address is good for "
        "one company: use another one, or log in to that account."
    )


class TakeItError(TenantsError):
    """The same; whoever holds it does not keep it."""

    message = _(
        "An account here uses this e-mail address, and has never proven that it is theirs. If it "
        "is yours, log in to it. If not, tick the box: the address is taken away from it."
    )


class SwitchedOffError(TakeItError):
    """Whoever holds it may not log in."""

    message = _(
        "An account here uses this e-mail address, and it or its company is switched off. If it is "
        "yours and you need it, ask an admin of its company. If not, tick the box: the address is "
        "taken away from it."
    )


def prove_address(person: User) -> None:
    """Note that the person reads mail at their address: they have followed a link sent there.

    Whoever had the address before, and proved it, has another one by now: that counts no more.
    """
    others = Q(user=person) & ~Q(email=person.email) | ~Q(user=person) & Q(email=person.email)
    with transaction.atomic(), company_of(PUBLIC):  # also people of other companies
        EmailAddress.objects.filter(others).delete()
        EmailAddress.objects.update_or_create(
            user=person, email=person.email, defaults={"verified": True, "primary": True}
        )


def has_proven_address(person: User) -> bool:
    return bool(
        EmailAddress.objects.filter(user=person, email=person.email, verified=True).exists()
    )


def keeps_address(holder: User) -> bool:
    """Whether nobody gets the address of this person: it is theirs, and they can use it."""
    return holder.is_superuser or (not _is_off(holder) and has_proven_address(holder))


def ensure_yields(holder: User, *, takes_address: bool) -> None:
    """See that an account does not keep its address from somebody who has just proven it.

    Raises:
        ElsewhereError: that account has proven it, too: it is theirs.
        TakeItError: it has not, and they have not said that it is not theirs.
        SwitchedOffError: the same of one that may not log in, proven or not.
    """
    if keeps_address(holder):
        raise ElsewhereError
    if not takes_address:
        raise SwitchedOffError if _is_off(holder) else TakeItError


def free_address(holder: User, *, takes_address: bool) -> None:
    """Let them have it.

    Raises:
        ElsewhereError, TakeItError, SwitchedOffError: as `ensure_yields`.
    """
    ensure_yields(holder, takes_address=takes_address)
    take_address_away(holder)


def free_address_of(email: str, *, takes_address: bool) -> None:
    """Lock whoever holds an address, if anybody does, and let who has proven it have it.

    Raises:
        ElsewhereError, TakeItError, SwitchedOffError: as `ensure_yields`.
    """
    people = User.objects.select_related("company").filter(email=email)
    holder = people.select_for_update(of=("self",)).first()
    if holder is not None:
        free_address(holder, takes_address=takes_address)


def _is_off(person: User) -> bool:
    company = person.company
    return not person.is_active or (company is not None and not company.is_active)


def take_address_away(person: User) -> None:
    """Leave a person without an address: somebody else has proven that it is theirs.

    Call it where the person's row is seen, in the transaction in which the other gets it.
    """
    with transaction.atomic():
        record_of_person(ADDRESS_LOST, about=person)
        EmailAddress.objects.filter(user=person).delete()
        old, person.email = person.email, f"address-lost-{person.pk}@invalid"
        person.save(update_fields=["email"])
        say_new_address(person, old)
        end_log_ins(person=person, names=None, keep=None)
        revoke_tokens_of(owner=person, now=timezone.now())
