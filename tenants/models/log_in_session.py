"""Where somebody is logged in: what the page of one's sessions shows."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.user import User


class LogInSessionQuerySet(models.QuerySet["LogInSession"]):
    def of_person(self, person: User) -> LogInSessionQuerySet:
        return self.filter(user=person).order_by("-began_at", "session_key")


class LogInSession(models.Model):
    """A log-in, beside Django's row of its session, which knows nobody. It ends with that one."""

    session_key: models.CharField[str, str] = models.CharField(
        _("session"), max_length=40, primary_key=True
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="log_in_sessions", verbose_name=_("person")
    )
    began_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("logged in at"))
    sender: models.CharField[str, str] = models.CharField(_("address"), max_length=64)
    browser: models.CharField[str, str] = models.CharField(_("browser"), max_length=200)

    objects: ClassVar[LogInSessionQuerySet] = LogInSessionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}: {self.began_at}"
