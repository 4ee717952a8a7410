from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.encryption import decrypt


class SigningSecretQuerySet(models.QuerySet["SigningSecret"]):
    def active(self, *, now: datetime) -> SigningSecretQuerySet:
        """Those that calls are signed with, the newest first."""
        valid = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.filter(valid).order_by("-pk")

    def newest(self) -> SigningSecret | None:
        return self.filter(expires_at=None).first()


class SigningSecret(models.Model):
    """What a company's calls are signed with, so that the other system knows the caller.

    It stands in the company's own schema: no query of another company can find it, and it
    leaves with the company's data. Signing needs the secret itself, so it cannot be hashed;
    it is encrypted with a key that is not in the database (`tenants.encryption`). No screen
    shows it after the first time.
    """

    encrypted = models.TextField(_("secret, encrypted"), editable=False)
    created_at = models.DateTimeField(_("made at"))
    shown_at = models.DateTimeField(_("shown at"), null=True, blank=True)
    shown_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("shown to"),
    )
    expires_at = models.DateTimeField(
        _("valid until"),
        null=True,
        blank=True,
        help_text=_("Set when it is replaced; empty: the one in use."),
    )

    objects: ClassVar[SigningSecretQuerySet] = SigningSecretQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("signing secret")
        verbose_name_plural = _("signing secret")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(expires_at=None),
                name="signing_secret_one_in_use",
            ),
        )

    def __str__(self) -> str:
        return str(_("Signing secret"))

    @property
    def secret(self) -> str:
        """The secret itself.

        Raises:
            EncryptionError: it cannot be decrypted with the keys that are set.
        """
        return decrypt(self.encrypted)
