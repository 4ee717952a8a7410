"""The secrets that the active company's calls are signed with.

All of this works in the active company's schema, as everything of a company does: there is
no way to ask for another company's secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.encryption import encrypt, encrypt_again
from tenants.errors import UndecryptableError
from tenants.hooks import Hook
from tenants.models import User
from workflows.actions.signature import make_secret
from workflows.errors import SecretShownError
from workflows.models import SigningSecret

SECRET_SHOWN = declare("company.signing_secret_shown", _("Was shown the signing secret"))
ENCRYPTED_AGAIN = declare("company.encrypted_again", _("Encrypted the secrets anew"))
SECRET_ROTATED = declare("company.signing_secret_rotated", _("Made a new signing secret"))

# What else of the company stands encrypted: apps above register what encrypts it again.
MORE_SECRETS: Final[Hook[[], int]] = Hook()

# How long a secret that was replaced is still signed with, so that nobody is cut off.
OVERLAP = timedelta(days=1)
# Whoever rotates again and again must not fill a header.
MOST_AT_ONCE = 5


def active_secrets(*, now: datetime) -> list[str]:
    """The secrets to sign with, the newest first; a first one is made where there is none.

    Raises:
        EncryptionError: the newest cannot be decrypted with the keys that are set.
    """
    newest = current_secret(now=now)
    replaced = SigningSecret.objects.active(now=now).exclude(pk=newest.pk)
    return [newest.secret, *_readable(replaced[: MOST_AT_ONCE - 1])]


def _readable(replaced: Iterable[SigningSecret]) -> Iterator[str]:
    """Without those whose key is gone: that is why they were replaced."""
    for each in replaced:
        with suppress(UndecryptableError):
            yield each.secret


def current_secret(*, now: datetime) -> SigningSecret:
    """The secret in use; made where there is none."""
    found = SigningSecret.objects.newest()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return SigningSecret.objects.create(encrypted=encrypt(make_secret()), created_at=now)
    except IntegrityError:  # another process made it at the same moment
        return SigningSecret.objects.get(expires_at=None)


def rotate_signing_secret(*, now: datetime) -> SigningSecret:
    """Make a new secret; the one in use stays valid beside it for a day."""
    with transaction.atomic():
        old = SigningSecret.objects.select_for_update().get(pk=current_secret(now=now).pk)
        if old.expires_at is not None:  # another admin was quicker: theirs is as new as ours
            return current_secret(now=now)
        old.expires_at = now + OVERLAP
        old.save(update_fields=["expires_at"])
        SigningSecret.objects.filter(expires_at__lte=now).delete()
        made = SigningSecret.objects.create(encrypted=encrypt(make_secret()), created_at=now)
        record(SECRET_ROTATED, about=made)
        return made


def show_signing_secret(*, user: User, now: datetime) -> str:
    """The secret in use, for the one person who sees it, the one time.

    Raises:
        SecretShownError: somebody has seen it already.
        EncryptionError: it cannot be decrypted with the keys that are set.
    """
    with transaction.atomic():
        newest = SigningSecret.objects.select_for_update().get(pk=current_secret(now=now).pk)
        if newest.shown_at is not None:
            raise SecretShownError
        newest.shown_at = now
        newest.shown_to = user
        newest.save(update_fields=["shown_at", "shown_to"])
        record(SECRET_SHOWN, about=newest, person=user)
        return newest.secret


def encrypt_secrets_again() -> int:
    """Encrypt the company's secrets with the first of the keys; returns how many there are.

    One that was replaced and cannot be decrypted any more is of no use, and is deleted.

    Raises:
        EncryptionError: the one in use cannot be decrypted; none is changed.
    """
    count = 0
    with transaction.atomic():
        for each in SigningSecret.objects.select_for_update().order_by("pk"):
            try:
                each.encrypted = encrypt_again(each.encrypted)
            except UndecryptableError:
                if each.expires_at is None:
                    raise
                each.delete()
                continue
            each.save(update_fields=["encrypted"])
            count += 1
        count += sum(MORE_SECRETS.call_all())
        if count:
            record(ENCRYPTED_AGAIN, count=count)
    return count
