"""A passkey of a person: what is kept to know it again."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.fields import NameField
from tenants.models.user import User
from tenants.names import LONGEST_NAME


class PasskeyQuerySet(models.QuerySet["Passkey"]):
    def of_person(self, person: User) -> PasskeyQuerySet:
        return self.filter(user=person).order_by("created_at", "pk")


class Passkey(models.Model):
    """The public half of a key whose private half a device keeps (WebAuthn).

    In `public`: at log-in nobody's company is known yet. Nothing in it lets anybody in.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="passkeys", verbose_name=_("person")
    )
    name: models.CharField[str, str] = NameField(_("name"), max_length=LONGEST_NAME)
    # WebAuthn allows 1,023 bytes.
    credential_id: models.BinaryField[bytes, bytes] = models.BinaryField(
        _("number of the key"), max_length=1023, unique=True
    )
    # AttestedCredentialData of the specification, 6.5.2: the number and the public key.
    credential: models.BinaryField[bytes, bytes] = models.BinaryField(_("public key"))
    user_handle: models.BinaryField[bytes, bytes] = models.BinaryField(
        _("what the device calls the person"), max_length=64
    )
    domain: models.CharField[str, str] = models.CharField(_("domain"), max_length=253)
    # How often the device has signed with it; 0: it does not count.
    sign_count: models.BigIntegerField[int, int] = models.BigIntegerField(_("signatures"))
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("added at"), default=timezone.now
    )
    last_used_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("last used at"), null=True
    )

    objects: ClassVar[PasskeyQuerySet] = PasskeyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
