"""The secrets that the active company's calls are signed with.

All of this works in the active company's schema, as everything of a company does: there is
no way to ask for another company's secrets.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from tenants.models import User
from workflows.actions.signature import make_secret
from workflows.errors import SecretShownError
from workflows.models import SigningSecret

# How long a secret that was replaced is still signed with, so that nobody is cut off.
OVERLAP = timedelta(days=1)
# Whoever rotates again and again must not fill a header.
MOST_AT_ONCE = 5


def active_secrets(*, now: datetime) -> list[str]:
    """The secrets to sign with, the newest first; a first one is made where there is none."""
    newest = current_secret(now=now)
    replaced = SigningSecret.objects.active(now=now).exclude(pk=newest.pk)
    return [newest.secret, *(each.secret for each in replaced[: MOST_AT_ONCE - 1])]


def current_secret(*, now: datetime) -> SigningSecret:
    """The secret in use; made where there is none."""
    found = SigningSecret.objects.newest()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return SigningSecret.objects.create(secret=make_secret(), created_at=now)
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
        return SigningSecret.objects.create(secret=make_secret(), created_at=now)


def show_signing_secret(*, user: User, now: datetime) -> str:
    """The secret in use, for the one person who sees it, the one time.

    Raises:
        SecretShownError: somebody has seen it already.
    """
    with transaction.atomic():
        newest = SigningSecret.objects.select_for_update().get(pk=current_secret(now=now).pk)
        if newest.shown_at is not None:
            raise SecretShownError
        newest.shown_at = now
        newest.shown_to = user
        newest.save(update_fields=["shown_at", "shown_to"])
        return newest.secret
