"""A second factor: a passkey, or a code of an app, with recovery codes for their loss.

The codes are django-allauth's (`allauth.mfa`); its pages and its log-in are not used: ours stand
in tenants/account/pages. Its table is in `public`; the secrets in it are encrypted. Passkeys stand
in passkeys.py beside it; what counts the factors of a person, and removes them, stands here.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from urllib.parse import quote, urlencode

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathImage

from tenants.audit.acting import actor_of, visitor
from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.encryption import decrypt, encrypt, encrypt_again
from tenants.errors import PasskeyRefusedError, RateLimitedError, SecondFactorDemandedError
from tenants.limits.sender import sender_of
from tenants.limits.table import SECOND_FACTOR_CODE, attempt_of
from tenants.logging_in.passkeys import PASSKEY, SECOND_FACTOR_SET, use_passkey
from tenants.models import Passkey, User
from tenants.refusals import refusals

SECOND_FACTOR_REMOVED = declare("account.second_factor_removed", _("Removed a second factor"))
SECOND_FACTOR_WRONG = declare("account.second_factor_wrong", _("Gave a wrong second factor"))
RECOVERY_CODES_MADE = declare("account.recovery_codes_made", _("Made new recovery codes"))
RECOVERY_CODE_USED = declare("account.recovery_code_used", _("Used a recovery code"))

# What events say of a factor. The values stand in the audit log.
APP, CODE = "app", "code"

ISSUER: Final = "TicketFlower"
# Kept in a session that was begun with a second factor, so that no page needs to look.
SESSION_KEY: Final = "second_factor"
_SECRETS: Final = ("secret", "seed")


class EncryptingAdapter(DefaultMFAAdapter):
    """What allauth keeps in the database stands there as every other secret does."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has beside the password."""

    has_app: bool
    passkeys: int

    def __bool__(self) -> bool:
        return self.has_app or self.passkeys > 0


def factors_of(user: Any) -> Factors:
    """By one statement."""
    if not isinstance(user, User) or user.pk is None:
        return Factors(has_app=False, passkeys=0)
    apps = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    keys = Passkey.objects.filter(user=OuterRef("pk")).order_by().values("user")
    found = (
        User.objects.filter(pk=user.pk)
        .values_list(Exists(apps), Coalesce(Subquery(keys.annotate(n=Count("pk")).values("n")), 0))
        .first()
    )
    return Factors(*found) if found else Factors(has_app=False, passkeys=0)


def has_second_factor(user: Any) -> bool:
    """Whether the password alone does not let this person in."""
    return bool(factors_of(user))


def is_demanded(user: User) -> bool:
    """Whether this person must have one: superusers by a setting, others by their company."""
    if user.is_superuser:
        return bool(settings.REQUIRE_SECOND_FACTOR)
    return user.company is not None and user.company.asks_second_factor


def new_secret() -> str:
    return str(generate_totp_secret())


def picture_of(*, secret: str, user: User) -> str:
    """The secret as a picture for the app's camera: a data: address of an SVG."""
    query = urlencode({"secret": secret, "issuer": ISSUER}, quote_via=quote)
    image = qrcode.make(
        f"otpauth://totp/{quote(f'{ISSUER}:{user.email}')}?{query}", image_factory=SvgPathImage
    )
    written = BytesIO()
    image.save(written)
    return f"data:image/svg+xml;base64,{base64.b64encode(written.getvalue()).decode()}"


def activate(*, user: User, secret: str, code: str, request: HttpRequest) -> list[str] | None:
    """Begin to ask this person for codes; returns their recovery codes where they had none.

    None: the code is not the secret's, so that the app does not have it. Somebody who has an app
    already keeps that one.

    Raises:
        AttemptsPausedError: it was wrong several times.
    """
    attempt = attempt_of(request, f"second factor of {user.pk}")
    attempt.begin()
    if not validate_totp_code(secret, _plain(code)):
        return None
    attempt.succeeded()
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        factors = factors_of(user)
        if not factors:
            Authenticator.objects.filter(user=user).delete()
        if not factors.has_app:
            TOTP.activate(user, secret)
            record_of_person(SECOND_FACTOR_SET, about=user, factor=APP)
        return first_recovery_codes(user=user)


def first_recovery_codes(*, user: User) -> list[str]:
    """The recovery codes that belong to a first factor; none where the person has some already."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return [] if kept.exists() else new_recovery_codes(user=user)


def new_recovery_codes(*, user: User) -> list[str]:
    """Replace the recovery codes; each lets the person in once, without the app."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
        codes = list(RecoveryCodes.activate(user).get_unused_codes())
        record_of_person(RECOVERY_CODES_MADE, about=user, count=len(codes))
        return codes


def count_recovery_codes(*, user: User) -> int:
    """How many are left."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(kept).get_unused_codes()) if kept else 0


def remove_second_factor(*, user: User) -> bool:
    """Let the password be enough again. Returns whether there was a second factor."""
    with transaction.atomic():
        codes, _each = Authenticator.objects.filter(user=user).delete()
        keys, _each = Passkey.objects.filter(user=user).delete()
        if codes or keys:
            record_of_person(SECOND_FACTOR_REMOVED, about=user)
    return bool(codes or keys)


def remove_app(*, user: User) -> bool:
    """Ask no more for codes of the app. Returns whether there was one.

    Raises:
        SecondFactorDemandedError: it is the last factor, and one is demanded.
    """
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
    return _removed(user, kept, factor=APP)


def remove_passkey(*, user: User, pk: int) -> bool:
    """Take a passkey no more. Returns whether this person had it. Raises as `remove_app` does."""
    return _removed(user, Passkey.objects.filter(user=user, pk=pk), factor=PASSKEY)


def _removed(user: User, rows: QuerySet[Any], *, factor: str) -> bool:
    with transaction.atomic():
        # So that of two last ones, removed at the same moment, one stays.
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        removed, _each = rows.delete()
        if not has_second_factor(user):
            if removed and is_demanded(user):
                raise SecondFactorDemandedError
            # Recovery codes let nobody in who has nothing to recover.
            Authenticator.objects.filter(user=user).delete()
        if removed:
            record_of_person(SECOND_FACTOR_REMOVED, about=user, factor=factor)
    return bool(removed)


def check_code(*, user: User, code: str, request: HttpRequest) -> bool:
    """Whether it is the code that the app shows now, or a recovery code. Each is taken once.

    Raises:
        AttemptsPausedError: it was wrong several times.
    """
    attempt = attempt_of(request, f"second factor of {user.pk}")
    attempt.begin()
    plain = _plain(code)
    # Who has given the password is not yet logged in.
    actor = actor_of(user, sender=sender_of(request))
    for kept in Authenticator.objects.filter(user=user):
        if kept.type == Authenticator.Type.TOTP:
            is_right = validate_totp_code(decrypt(kept.data["secret"]), plain) and _is_first(
                user, plain
            )
        else:
            is_right = RecoveryCodes(kept).validate_code(plain)
        if is_right:
            kept.refresh_from_db()
            kept.record_usage()
            attempt.succeeded()
            if kept.type == Authenticator.Type.RECOVERY_CODES:
                left = len(RecoveryCodes(kept).get_unused_codes())
                record_of_person(RECOVERY_CODE_USED, about=user, by=actor, left=left)
            return True
    record_of_person(SECOND_FACTOR_WRONG, about=user, by=visitor(sender=actor.sender), factor=CODE)
    return False


def take_passkey(*, user: User, answer: str, request: HttpRequest) -> None:
    """Take the passkey of somebody who has proved who they are in another way.

    Raises:
        AttemptsPausedError: something was wrong several times.
        PasskeyRefusedError: see `use_passkey`.
    """
    attempt = attempt_of(request, f"second factor of {user.pk}")
    attempt.begin()
    try:
        use_passkey(person=user, answer=answer, request=request)
    except PasskeyRefusedError:
        actor = visitor(sender=sender_of(request))
        record_of_person(SECOND_FACTOR_WRONG, about=user, by=actor, factor=PASSKEY)
        raise
    attempt.succeeded()


def encrypt_second_factors_again() -> int:
    """Encrypt all secrets with the first of the keys; returns of how many rows."""
    rows = Authenticator.objects.select_for_update()
    with transaction.atomic():
        changed = [each for each in rows if any(name in each.data for name in _SECRETS)]
        for each in changed:
            for name in _SECRETS:
                if name in each.data:
                    each.data[name] = encrypt_again(each.data[name])
            each.save(update_fields=["data"])
    return len(changed)


def _is_first(user: User, code: str) -> bool:
    """Whether nobody has used this code yet, in whichever process."""
    with refusals(RateLimitedError):
        SECOND_FACTOR_CODE.count(f"{user.pk}:{code}")
        return True
    return False


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "")[:20]
