from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.fields import EmailAddressField, NameField
from tenants.names import LONGEST_NAME


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Those that nobody has followed yet, expired or not."""
        return self.filter(accepted_at=None)


class Invitation(models.Model):
    """Somebody was asked to come in, by a link of which only a digest is kept.

    `system_roles` are values of SystemRole, `company_roles` numbers of company roles: one that was
    deleted meanwhile is left out. `person` is who came; before that, somebody who was added without
    a password and is to set one.
    """

    email: models.CharField[str, str] = EmailAddressField(_("e-mail address"))
    first_name: models.CharField[str, str] = NameField(
        _("first name"), max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    last_name: models.CharField[str, str] = NameField(
        _("last name"), max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    system_roles: models.JSONField[Any, Any] = models.JSONField(_("system roles"), default=list)
    company_roles: models.JSONField[Any, Any] = models.JSONField(_("company roles"), default=list)
    digest: models.CharField[str, str] = models.CharField(
        _("digest of the link's secret"), max_length=64
    )
    by_mail: models.BooleanField[bool, bool] = models.BooleanField(
        _("sent by mail"),
        default=False,
        db_default=False,
        help_text=_("The link was shown to nobody: who follows it reads mail at this address."),
    )
    mail_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("number of the mail"), null=True
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("invited by"),
    )
    sent_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("invited"))
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("link ends"))
    accepted_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("came"), null=True
    )

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        default_permissions = ()
        ordering = ("-sent_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("email",), condition=Q(accepted_at=None), name="invitation_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def has_expired(self) -> bool:
        return self.accepted_at is None and self.expires_at <= timezone.now()
