from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.bulk import Bulk


class BulkRetry(Bulk):
    """Many errors that are retried in one go, and how far that is."""

    ids_field, about = "error_ids", "error"

    error_ids = models.JSONField(_("errors"), default=list, editable=False)

    class Meta:
        verbose_name = _("retry of many errors")
        verbose_name_plural = _("retries of many errors")
        ordering = ("-pk",)
