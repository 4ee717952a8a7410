"""A token with which a program or an assistant acts for somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.company import Company
from tenants.models.fields import NameField
from tenants.models.user import User
from tenants.names import LONGEST_NAME


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def of_owner(self, owner: User) -> AccessTokenQuerySet:
        return self.filter(owner=owner).order_by("-pk")

    def of_company(self, company: Company) -> AccessTokenQuerySet:
        return self.filter(company=company).order_by("-pk")

    def counting(self, now: datetime) -> AccessTokenQuerySet:
        """Those that still let somebody in."""
        return self.filter(revoked_at=None, expires_at__gt=now)

    def counting_first(self, now: datetime) -> AccessTokenQuerySet:
        """Those, the newest first, and after them those that do not: however many were revoked
        since, who may revoke one finds it."""
        counts = When(revoked_at=None, expires_at__gt=now, then=0)
        return self.order_by(Case(counts, default=1), "-pk")


class AccessToken(models.Model):
    """In `public`: when it is shown nobody's company is known yet. Nothing in it lets one in."""

    owner = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("owner")
    )
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", verbose_name=_("company")
    )
    name: models.CharField[str, str] = NameField(_("name"), max_length=LONGEST_NAME)
    # SHA-256 of the whole token, of which 32 bytes are random: nobody guesses one, so that a slow
    # hash would only cost each request its time.
    digest: models.BinaryField[bytes, bytes] = models.BinaryField(
        _("digest"), max_length=32, unique=True
    )
    # As tenants/tokens/scopes.py has them: a list of words.
    scopes: models.JSONField[Any, Any] = models.JSONField(_("scopes"), default=list)
    # From which networks it counts (192.0.2.0/24), a list; empty: from everywhere.
    addresses: models.JSONField[Any, Any] = models.JSONField(_("addresses"), default=list)
    # What the assistant that uses it is called; empty: a program does.
    assistant: models.CharField[str, str] = NameField(
        _("assistant"), max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    # At which door alone it counts (tenants/tokens/doors.py): one of a program that was connected
    # by a click. Empty: made by hand, it counts at all of them.
    door: models.CharField[str, str] = models.CharField(
        _("door"), max_length=10, blank=True, default="", db_default=""
    )
    # Until when it counts without being renewed; empty: until it ends.
    fresh_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("fresh until"), null=True
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("made at"), default=timezone.now
    )
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("made by"),
    )
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("ends at"))
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("revoked at"), null=True
    )
    # Written once a minute at most.
    last_used_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("last used at"), null=True
    )
    last_used_from: models.CharField[str, str] = models.CharField(
        _("last used from"), max_length=64, blank=True, default="", db_default=""
    )

    objects: ClassVar[AccessTokenQuerySet] = AccessTokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="access_token_has_a_name"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_of_connected_program(self) -> bool:
        return bool(self.door)

    def ends_before(self, now: datetime) -> bool:
        """Whether it has ended, by its time or because somebody revoked it."""
        return self.revoked_at is not None or self.expires_at <= now

    def is_stale_at(self, now: datetime) -> bool:
        """Whether its program must renew it before it lets in again."""
        return self.fresh_until is not None and self.fresh_until <= now
