from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class BulkChange(models.Model):
    """The same done to many tickets, and how far that is.

    `verb` says what is done (tickets/overseeing/bulk_verbs.py), `arguments` what it needs to know:
    {"priority": ...}, {"worker": id or null}, {"text": ..., "visibility": ...}; the text is emptied
    when all is done, as it stands on the tickets then. `ticket_ids` are
    the tickets in order; the first `done` of them have been seen to. `refused` lists the first of
    those that were left out: {"ticket": id, "message": why}; {"more": n} stands for n others.
    """

    verb = models.CharField(_("what is done"), max_length=20, editable=False)
    arguments = models.JSONField(_("arguments"), default=dict, editable=False)
    ticket_ids = models.JSONField(_("tickets"), default=list, editable=False)
    total = models.PositiveIntegerField(_("how many"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.JSONField(_("left out"), default=list, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("started at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("change of many tickets")
        verbose_name_plural = _("changes of many tickets")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"

    @property
    def is_finished(self) -> bool:
        return self.done >= self.total

    @property
    def shown_refusals(self) -> list[Mapping[str, Any]]:
        """Those of which it is known why: {"ticket": id, "message": why}."""
        return [each for each in self.refused if "ticket" in each]

    @property
    def left_out(self) -> int:
        """How many were left out."""
        return sum(each.get("more", 1) for each in self.refused)

    @property
    def changed(self) -> int:
        return self.done - self.left_out

    @property
    def percent(self) -> int:
        return self.done * 100 // max(self.total, 1)
