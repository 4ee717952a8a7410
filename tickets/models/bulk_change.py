from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.bulk import Bulk


class BulkChange(Bulk):
    """The same done to many tickets, and how far that is.

    `verb` says what is done (tickets/overseeing/bulk_verbs.py), `arguments` what it needs to know:
    {"priority": ...}, {"worker": id or null}, {"text": ..., "visibility": ...}; the text is emptied
    when all is done, as it stands on the tickets then.
    """

    ids_field, about = "ticket_ids", "ticket"
    # Of so many it is kept why they were left out; the others are counted.
    most_refusals: ClassVar[int | None] = 200

    verb = models.CharField(_("what is done"), max_length=20, editable=False)
    arguments = models.JSONField(_("arguments"), default=dict, editable=False)
    ticket_ids = models.JSONField(_("tickets"), default=list, editable=False)

    class Meta:
        verbose_name = _("change of many tickets")
        verbose_name_plural = _("changes of many tickets")
        ordering = ("-pk",)

    def forget_at_end(self) -> list[str]:
        self.arguments.pop("text", None)
        return ["arguments"]
