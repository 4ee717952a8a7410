"""What a request with an Idempotency-Key was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.access_token import AccessToken
from tenants.models.company import Company


class KeptAnswer(models.Model):
    """The first answer to a key of a token: whoever asks again gets it again.

    Written in the transaction of what was done. `request` and `key` are digests (SHA-256).
    """

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", verbose_name=_("company")
    )
    token = models.ForeignKey(
        AccessToken,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the constraint begins with it
        verbose_name=_("token"),
    )
    key: models.BinaryField[bytes, bytes] = models.BinaryField(_("key"), max_length=32)
    request: models.BinaryField[bytes, bytes] = models.BinaryField(_("request"), max_length=32)
    status: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("status"), default=0
    )
    body: models.JSONField[Any, Any] = models.JSONField(_("answer"), null=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("answered at"), default=timezone.now, db_index=True
    )

    objects: ClassVar[models.Manager[KeptAnswer]] = models.Manager()

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("token", "key"), name="kept_answer_once"),)

    def __str__(self) -> str:
        return f"{self.token_id}: {self.status}"
