from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class BulkRetry(models.Model):
    """Many errors that are retried in one go, and how far that is.

    `error_ids` is the list of ticket errors, in order; the first `done` of them have been
    seen to. `refused` lists those that could not be retried: {"error": id, "message": why}.
    """

    error_ids = models.JSONField(_("errors"), default=list, editable=False)
    total = models.PositiveIntegerField(_("how many"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.JSONField(_("not retried"), default=list, blank=True)
    reason = models.TextField(_("reason"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("started at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("retry of many errors")
        verbose_name_plural = _("retries of many errors")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"

    @property
    def is_finished(self) -> bool:
        return self.done >= self.total

    @property
    def retried(self) -> int:
        """How many of those seen to were retried; whether it helped, their tickets show."""
        return self.done - len(self.refused)
