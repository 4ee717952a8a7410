"""The identity provider of a company, and whom of its people it knows by which number."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.company import Company
from tenants.models.user import User


class IdentityProvider(models.Model):
    """Where people of a company log in (OpenID Connect). In `public`: it is asked at log-in."""

    company = models.OneToOneField(
        Company,
        on_delete=models.CASCADE,
        related_name="identity_provider",
        verbose_name=_("company"),
    )
    issuer: models.CharField[str, str] = models.CharField(_("issuer"), max_length=500)
    client_id: models.CharField[str, str] = models.CharField(_("client ID"), max_length=500)
    encrypted_secret: models.TextField[str, str] = models.TextField(_("client secret"))
    # In lower case, with commas between them; empty: any.
    email_domains: models.CharField[str, str] = models.CharField(
        _("domains of e-mail addresses"), max_length=1000, blank=True
    )
    # Of the address at which its people log in: nobody guesses which companies there are.
    code: models.CharField[str, str] = models.CharField(_("code"), max_length=43, unique=True)
    is_on = models.BooleanField(_("on"), default=False, db_default=False)
    counts_as_second_factor = models.BooleanField(
        _("counts as second factor"), default=False, db_default=False
    )
    # Of these settings; null: they have not been tried.
    tested_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("tested at"), null=True
    )

    class Meta:
        verbose_name = _("identity provider")
        verbose_name_plural = _("identity providers")
        default_permissions = ()

    def __str__(self) -> str:
        return self.issuer


class LinkedAccount(models.Model):
    """A person who may log in through the company's identity provider.

    Until they have done so once there is no number (`subject`), by which the issuer knows them.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="linked_account", verbose_name=_("person")
    )
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", verbose_name=_("company")
    )
    issuer: models.CharField[str, str] = models.CharField(_("issuer"), max_length=500)
    subject: models.CharField[str, str] = models.CharField(
        _("number at the issuer"), max_length=255, blank=True
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("allowed at"), default=timezone.now
    )

    objects: ClassVar[models.Manager[LinkedAccount]] = models.Manager()

    class Meta:
        verbose_name = _("linked account")
        verbose_name_plural = _("linked accounts")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("company", "issuer", "subject"),
                condition=~models.Q(subject=""),
                name="linked_account_once_in_a_company",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id}: {self.subject}"
