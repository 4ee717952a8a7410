"""What changes a company's identity provider, and who logs in through it.

An account is linked by the number (`subject`) that the issuer knows the person by, and never by an
e-mail address alone. There are two ways to a first link. A person links the account themselves,
logged in and after typing the password. Or an admin of the company lets somebody log in through it;
at their first log-in the number is kept, if the provider has verified the address that the person
has here. Both the provider and the people are chosen by admins of that one company, who may set
their people's passwords in any case: nobody gains a power that they had not. People of other
companies, and superusers, are not looked at.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.acting import actor_of, current_actor
from tenants.audit.kinds import AuditKind, declare
from tenants.audit.record import Entry, changed, record, record_all, record_of_person
from tenants.encryption import decrypt, encrypt, encrypt_again
from tenants.errors import IdentityProviderError
from tenants.identity.tokens import Identity
from tenants.models import Company, IdentityProvider, LinkedAccount, User
from tenants.names import plain_email

PROVIDER_SAVED = declare(
    "company.identity_provider_saved", gettext_lazy("Saved the settings of the identity provider")
)
PROVIDER_TRIED = declare(
    "company.identity_provider_tried", gettext_lazy("Tried the identity provider")
)
PROVIDER_SWITCHED = declare(
    "company.identity_provider_switched",
    gettext_lazy("Switched log-in through the identity provider on or off"),
)
PROVIDER_REMOVED = declare(
    "company.identity_provider_removed", gettext_lazy("Removed the identity provider")
)
ALLOWED = declare(
    "account.provider_allowed",
    gettext_lazy("Allowed a person to log in through the identity provider"),
)
FORBIDDEN = declare(
    "account.provider_forbidden",
    gettext_lazy("Allowed a person no more to log in through the identity provider"),
)
LINKED = declare(
    "account.provider_linked", gettext_lazy("Linked an account to the identity provider")
)
UNLINKED = declare(
    "account.provider_unlinked",
    gettext_lazy("Unlinked an account from the identity provider"),
)

_CODE_BYTES = 24
_SHOWN = ("issuer", "client_id", "email_domains", "counts_as_second_factor", "is_on")


def save_provider(
    *,
    company: Company,
    issuer: str,
    client_id: str,
    secret: str,
    email_domains: Iterable[str],
    counts_as_second_factor: bool,
) -> IdentityProvider:
    """Keep the settings; an empty `secret` leaves the one that is kept.

    With another issuer, client or secret it is off until it has been tried again.

    Raises:
        IdentityProviderError: the issuer is no web address, or there is no secret.
    """
    if urlsplit(issuer).scheme not in ("https", "http") or "?" in issuer or "#" in issuer:
        raise IdentityProviderError(
            _("The issuer is a web address such as https://login.example.com/, without ? and #.")
        )
    with transaction.atomic():
        _lock(company)
        kept = IdentityProvider.objects.filter(company=company).first()
        if kept is None and not secret:
            raise IdentityProviderError(
                _("Type the client secret that the provider has given you.")
            )
        provider = kept or IdentityProvider(
            company=company, code=secrets.token_urlsafe(_CODE_BYTES)
        )
        old = _settings_of(provider) if kept else {}
        is_other = bool(secret) or (provider.issuer, provider.client_id) != (issuer, client_id)
        provider.issuer, provider.client_id = issuer, client_id
        provider.email_domains = ",".join(sorted({each.lower() for each in email_domains}))
        provider.counts_as_second_factor = counts_as_second_factor
        if secret:
            provider.encrypted_secret = encrypt(secret)
        if is_other:
            provider.is_on, provider.tested_at = False, None
        provider.save()
        changes = changed(old, _settings_of(provider))
        if not provider.is_on:
            changes |= _set_passwords_for_admins_only(company, on=False)
        if changes or secret:
            record(
                PROVIDER_SAVED,
                about=provider,
                company=company,
                changes=changes,
                has_new_secret=bool(secret),
            )
    return provider


def secret_of(provider: IdentityProvider) -> str:
    return decrypt(provider.encrypted_secret)


def note_test(*, provider: IdentityProvider, now: datetime) -> None:
    """Somebody has logged in through it with these settings.

    It counts for them alone: somebody may have saved others meanwhile.
    """
    provider.tested_at = now
    these = IdentityProvider.objects.filter(
        pk=provider.pk,
        issuer=provider.issuer,
        client_id=provider.client_id,
        encrypted_secret=provider.encrypted_secret,
    )
    with transaction.atomic():
        if these.update(tested_at=now):
            record(PROVIDER_TRIED, about=provider, company=provider.company)


def switch(*, provider: IdentityProvider, on: bool, passwords_for_admins_only: bool) -> None:
    """Let people log in through it, or not.

    Raises:
        IdentityProviderError: it was not tried with these settings, or is gone.
    """
    company = provider.company
    with transaction.atomic():
        _lock(company)
        kept = IdentityProvider.objects.filter(pk=provider.pk).first()
        if kept is None:
            raise IdentityProviderError(_("Save the settings first."))
        if on and kept.tested_at is None:
            raise IdentityProviderError(_("Try it first: switch it on when that has worked."))
        changes = changed({"is_on": kept.is_on}, {"is_on": on})
        IdentityProvider.objects.filter(pk=kept.pk).update(is_on=on)
        changes |= _set_passwords_for_admins_only(company, on=on and passwords_for_admins_only)
        if changes:
            record(PROVIDER_SWITCHED, about=kept, company=company, changes=changes)
    provider.is_on = on


def remove_provider(*, company: Company) -> None:
    """Forget the settings and all links: people log in with their passwords again."""
    with transaction.atomic():
        _lock(company)
        provider = IdentityProvider.objects.filter(company=company).first()
        links, _each = LinkedAccount.objects.filter(company=company).delete()
        changes = _set_passwords_for_admins_only(company, on=False)
        if provider is not None:
            record(PROVIDER_REMOVED, about=provider, company=company, changes=changes, links=links)
            provider.delete()


def allow_people(*, provider: IdentityProvider, emails: Iterable[str]) -> list[str]:
    """Let people of the company log in through it. Returns the addresses that nobody of it has.

    A link to another issuer, which the company had before, gives way.
    """
    wanted = {plain_email(each) for each in emails if each.strip()}
    people = User.objects.who_log_in().filter(company=provider.company_id)
    found = list(people.filter(email__in=wanted))
    allowed: list[Entry] = []
    with transaction.atomic():
        of_before = LinkedAccount.objects.filter(user__in=found).exclude(issuer=provider.issuer)
        of_before.delete()
        for person in found:
            _link, is_new = LinkedAccount.objects.get_or_create(
                user=person, defaults={"company_id": provider.company_id, "issuer": provider.issuer}
            )
            if is_new:
                allowed.append(Entry(ALLOWED, person, details={"issuer": provider.issuer}))
        record_all(allowed, company=provider.company)
    return sorted(wanted - {person.email for person in found})


def forbid_person(*, company: Company, pk: int) -> bool:
    """Let a person of the company log in through it no more. Returns whether they could."""
    person = User.objects.select_related("company").filter(company=company, pk=pk).first()
    return person is not None and _unlinked(person, FORBIDDEN)


def unlink(*, person: User) -> bool:
    """Take away the link of a person who asks for it. Returns whether there was one."""
    return _unlinked(person, UNLINKED)


def person_of(provider: IdentityProvider, identity: Identity) -> User | None:
    """Who logs in; None: nobody of the company. Links whoever was allowed to, at the first time."""
    links = LinkedAccount.objects.select_related("user__company").filter(
        company=provider.company_id, user__company=provider.company_id
    )
    with transaction.atomic():
        known = links.filter(issuer=identity.issuer, subject=identity.subject).first()
        if known is not None:
            return known.user
        if not _is_of_domain(provider, identity.email):
            return None
        new = (
            links.select_for_update(of=("self",), no_key=True)
            .filter(subject="", issuer=identity.issuer, user__email=identity.email)
            .first()
        )
        if new is None:
            return None
        new.subject = identity.subject
        new.save(update_fields=["subject"])
        by = replace(actor_of(new.user), sender=current_actor().sender)
        record_of_person(LINKED, about=new.user, by=by, issuer=new.issuer)
        return new.user


def link(*, person: User, provider: IdentityProvider, identity: Identity) -> None:
    """Link the account of a person who is logged in, and has typed the password.

    Raises:
        IdentityProviderError: somebody else is linked to it, or the person is of another company.
    """
    if person.company_id != provider.company_id:
        raise IdentityProviderError
    try:
        with transaction.atomic():
            LinkedAccount.objects.update_or_create(
                user=person,
                defaults={
                    "company_id": provider.company_id,
                    "issuer": identity.issuer,
                    "subject": identity.subject,
                },
            )
            record_of_person(LINKED, about=person, issuer=identity.issuer)
    except IntegrityError as error:
        raise IdentityProviderError(
            _("Somebody else of your company logs in as this person of the provider already.")
        ) from error


def encrypt_provider_secrets_again() -> int:
    """Encrypt all secrets with the first of the keys; returns how many there are."""
    with transaction.atomic():
        rows = list(IdentityProvider.objects.select_for_update())
        for each in rows:
            each.encrypted_secret = encrypt_again(each.encrypted_secret)
            each.save(update_fields=["encrypted_secret"])
    return len(rows)


def _is_of_domain(provider: IdentityProvider, email: str) -> bool:
    """Whether the provider has verified an address, of a domain that it may speak for."""
    allowed = [each for each in provider.email_domains.split(",") if each]
    return bool(email) and (not allowed or email.rpartition("@")[2] in allowed)


def _unlinked(person: User, kind: AuditKind) -> bool:
    with transaction.atomic():
        removed, _each = LinkedAccount.objects.filter(
            user=person, company=person.company_id
        ).delete()
        if removed:
            record_of_person(kind, about=person)
    return bool(removed)


def _lock(company: Company) -> None:
    """So that of two admins one comes after the other. What stands in the row is read anew."""
    kept = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    company.passwords_for_admins_only = kept.passwords_for_admins_only


def _settings_of(provider: IdentityProvider) -> dict[str, object]:
    """Without the secret."""
    return {name: getattr(provider, name) for name in _SHOWN}


def _set_passwords_for_admins_only(company: Company, *, on: bool) -> dict[str, tuple[Any, Any]]:
    """After `_lock`. Returns what that changes."""
    name = "passwords_for_admins_only"
    changes = changed({name: company.passwords_for_admins_only}, {name: on})
    if changes:
        Company.objects.filter(pk=company.pk).update(passwords_for_admins_only=on)
        company.passwords_for_admins_only = on
    return changes
