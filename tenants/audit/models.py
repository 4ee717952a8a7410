from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.audit.acting import Through
from tenants.audit.kinds import LONGEST_NAME, title_of


class AuditEvent(models.Model):
    """One line of the audit log, which is only ever added to.

    Nothing here points to another row: what happened stays when those are gone. It never holds a
    password, a secret or what stands in a file.
    """

    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("when"), db_default=Now())
    kind: models.CharField[str, str] = models.CharField(_("what"), max_length=LONGEST_NAME)
    actor_kind: models.CharField[str, str] = models.CharField(_("acted as"), max_length=10)
    actor_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("number of who acted"), null=True
    )
    actor_name: models.TextField[str, str] = models.TextField(_("who"))
    sender: models.CharField[str, str] = models.CharField(_("address"), max_length=64)
    subject_type: models.CharField[str, str] = models.CharField(
        _("kind of what it is about"),
        max_length=100,
        help_text=_("The label of a model: tickets.ticket. Empty: it is about no row."),
    )
    subject_id: models.CharField[str, str] = models.CharField(
        _("number of what it is about"), max_length=64
    )
    subject_name: models.TextField[str, str] = models.TextField(_("about"))
    data: models.JSONField[Any, Any] = models.JSONField(
        _("details"),
        default=dict,
        help_text=_("{“changes”: {field: [old, new]}, and what else the kind says}"),
    )

    objects: ClassVar[models.Manager[AuditEvent]] = models.Manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        default_permissions = ("view",)
        ordering = ("-pk",)
        # What the list is sorted and filtered by; each costs every company that signs up.
        indexes = (
            models.Index(fields=["at", "id"], name="audit_event_at"),
            models.Index(fields=["kind", "at"], name="audit_event_kind"),
            models.Index(fields=["actor_kind", "actor_id", "at"], name="audit_event_actor"),
            models.Index(fields=["subject_type", "subject_id", "at"], name="audit_event_subject"),
        )

    def __str__(self) -> str:
        return title_of(self.kind)

    @property
    def through(self) -> Through | None:
        """By what a person did it; None: they did it themselves, or nobody did."""
        kept = self.data.get("through") if isinstance(self.data, dict) else None
        if not isinstance(kept, dict):
            return None
        number = kept.get("number")
        return Through(
            token=str(kept.get("token") or ""),
            number=number if isinstance(number, int) else 0,
            assistant=str(kept.get("assistant") or ""),
        )

    @property
    def assistant(self) -> str:
        """What the assistant is called that did it for a person; empty: none did."""
        return "" if self.through is None else self.through.assistant

    @property
    def who(self) -> str:
        """Who acted, with the assistant that did it for them."""
        assistant = self.assistant
        if not assistant:
            return self.actor_name
        words = {"assistant": assistant, "person": self.actor_name}
        return gettext("Assistant %(assistant)s for %(person)s") % words
