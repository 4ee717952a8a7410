"""What has a secret that can be replaced: by ways in, and by webhooks out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tenants.encryption import decrypt, encrypt, encrypt_again
from tenants.errors import UndecryptableError

# How long the secret before still counts, so that the other system can be given the new one.
OVERLAP: Final = timedelta(days=1)


class RolledSecret(models.Model):
    """The secret stands encrypted; one that was replaced counts, too, until `old_until`."""

    encrypted = models.TextField(_("secret, encrypted"), blank=True, default="", editable=False)
    old_encrypted = models.TextField(
        _("earlier secret, encrypted"), blank=True, default="", editable=False
    )
    old_until = models.DateTimeField(_("earlier secret taken until"), null=True, blank=True)

    class Meta:
        abstract = True

    def secrets(self, *, now: datetime) -> list[str]:
        """Those that count, the newest first.

        Raises:
            EncryptionError: one cannot be decrypted with the keys that are set.
        """
        found = [decrypt(self.encrypted)] if self.encrypted else []
        if self.old_encrypted and self.old_until is not None and now < self.old_until:
            found.append(decrypt(self.old_encrypted))
        return found

    def replace_secret(self, secret: str, *, now: datetime) -> None:
        """Save another one. Lock the row before."""
        if self.encrypted:
            self.old_encrypted, self.old_until = self.encrypted, now + OVERLAP
        self.encrypted = encrypt(secret)
        self.save(update_fields=["encrypted", "old_encrypted", "old_until"])

    @classmethod
    def encrypt_all_again(cls) -> int:
        """Encrypt the secrets with the first of the keys; returns how many there are.

        Raises:
            EncryptionError: one in use cannot be decrypted; none is changed.
        """
        count = 0
        rows = cls._default_manager.exclude(encrypted="").order_by("pk")
        with transaction.atomic():
            for each in rows.select_for_update():
                each.encrypted = encrypt_again(each.encrypted)
                each.old_encrypted = _again_if_readable(each.old_encrypted)
                each.save(update_fields=["encrypted", "old_encrypted"])
                count += 1
        return count


def _again_if_readable(encrypted: str) -> str:
    try:
        return encrypt_again(encrypted) if encrypted else ""
    except UndecryptableError:  # it was replaced: that is why
        return ""
