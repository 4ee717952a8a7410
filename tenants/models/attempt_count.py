from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AttemptCount(models.Model):
    """How many attempts of one kind failed in a row, such as log-ins, and which pause that made.

    In `public`, for all web processes, and not logged, as RequestCount. `tenants.limits.rates` has
    its only statements.
    """

    key = models.CharField(_("who"), max_length=64, primary_key=True)
    count = models.PositiveIntegerField(_("how many"))
    ends_at = models.DateTimeField(_("counts until"))
    paused_until = models.DateTimeField(_("next attempt"), null=True)

    class Meta:
        verbose_name = _("count of attempts")
        verbose_name_plural = _("counts of attempts")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
