from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestCount(models.Model):
    """How many requests of one kind came within the window that its first one opened.

    In `public`, for all web processes. The table is not logged: counting costs no wait for the
    disk, and after a crash of the database everybody begins anew. `tenants.limits.rates` has its
    only statements.
    """

    key = models.CharField(_("who"), max_length=64, primary_key=True)
    began_at = models.DateTimeField(_("first request"))
    count = models.PositiveIntegerField(_("how many"))

    class Meta:
        verbose_name = _("count of requests")
        verbose_name_plural = _("counts of requests")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
