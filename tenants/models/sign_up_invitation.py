"""Somebody whom a superuser has invited to sign a company up."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.company import Company
from tenants.models.fields import EmailAddressField, NameField
from tenants.names import LONGEST_NAME


class InvitationState(models.TextChoices):
    SENT = "SENT", _("Invited")
    USED = "USED", _("Signed up")
    EXPIRED = "EXPIRED", _("The link has ended")
    REVOKED = "REVOKED", _("Taken back")


class SignUpInvitationQuerySet(models.QuerySet["SignUpInvitation"]):
    def open(self) -> SignUpInvitationQuerySet:
        """Those that nobody has used or taken back, expired or not."""
        return self.filter(used_at=None, revoked_at=None)


class SignUpInvitation(models.Model):
    """`secret` is a part of the link, which is signed besides: each sending draws another one, so
    that the link before counts no more. `by_mail`: the link was shown to nobody."""

    email: models.CharField[str, str] = EmailAddressField(_("e-mail address"))
    company_name: models.CharField[str, str] = NameField(
        _("company name"), max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    secret: models.CharField[str, str] = models.CharField(max_length=64)
    by_mail: models.BooleanField[bool, bool] = models.BooleanField(
        _("sent by mail"), default=False, db_default=False
    )
    mail_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("number of the mail"), null=True
    )
    invited_by: models.TextField[str, str] = models.TextField(_("invited by"))
    sent_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("invited"))
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("link ends"))
    used_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("signed up"), null=True
    )
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("taken back"), null=True
    )
    company = models.ForeignKey(
        Company, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("company")
    )

    objects: ClassVar[SignUpInvitationQuerySet] = SignUpInvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("invitation to sign up")
        verbose_name_plural = _("invitations to sign up")
        default_permissions = ()
        ordering = ("-sent_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("email",),
                condition=Q(used_at=None, revoked_at=None),
                name="sign_up_invitation_one_open",
            ),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def state(self) -> InvitationState:
        if self.used_at is not None:
            return InvitationState.USED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        is_over = self.expires_at <= timezone.now()
        return InvitationState.EXPIRED if is_over else InvitationState.SENT
