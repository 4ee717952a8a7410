from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME


class PauseReason(models.TextChoices):
    """Why a recurring start does not begin any tickets."""

    BY_HAND = "BY_HAND", _("Somebody has paused it.")
    NOBODY = "NOBODY", _("Nobody is named as whose ticket it starts.")
    LEFT = "LEFT", _("The person as whose ticket it starts is not active any more.")
    MAY_NOT = "MAY_NOT", _("The person as whose ticket it starts may not submit this type.")


class RecurringStart(models.Model):
    """How a start stands that the definition of a ticket type names.

    It belongs to the ticket type whatever its version: `type_key` and `key`. `next_at` is when it
    is due next; None: never, as it is paused, its type is not offered, or its rule has ended.
    `schedule` is the rule that `next_at` was found by.
    """

    type_key = models.CharField(_("key of the ticket type"), max_length=63)
    key = models.CharField(_("key"), max_length=63)
    schedule = models.JSONField(_("schedule"), default=dict)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("on behalf of"),
    )
    next_at = models.DateTimeField(_("next start"), null=True, blank=True)
    paused = models.CharField(
        _("paused"), max_length=20, choices=PauseReason.choices, blank=True, default=""
    )
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("paused by"),
    )
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recurring start")
        verbose_name_plural = _("recurring starts")
        ordering = ("type_key", "key")
        constraints = (
            models.UniqueConstraint(fields=("type_key", "key"), name="recurring_start_unique"),
        )
        indexes = (
            models.Index(
                fields=("next_at",),
                condition=Q(next_at__isnull=False),
                name="recurring_start_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.type_key}.{self.key}"


class StartRun(models.Model):
    """One moment at which a recurring start was due, and what became of it.

    `ticket_number` is the id of the ticket, which may be gone; None: there is none, and `error`
    says why. `missed` are the moments before it (ISO 8601) that nothing was started for, as no
    worker ran: the last of them, `missed_count` says how many they were.
    """

    start = models.ForeignKey(
        RecurringStart, on_delete=models.CASCADE, related_name="runs", verbose_name=_("start")
    )
    moment = models.DateTimeField(_("due at"))
    begun_at = models.DateTimeField(_("begun at"))
    ticket_number: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("ticket"), null=True, blank=True
    )
    error = models.CharField(_("error"), max_length=LONGEST_NAME, blank=True, default="")
    missed = models.JSONField(_("missed"), default=list, blank=True)
    missed_count = models.PositiveIntegerField(_("missed"), default=0)

    objects: ClassVar[models.Manager[StartRun]] = models.Manager()

    class Meta:
        verbose_name = _("start")
        verbose_name_plural = _("starts")
        ordering = ("-moment",)
        constraints = (
            models.UniqueConstraint(fields=("start", "moment"), name="start_run_unique"),
        )

    def __str__(self) -> str:
        return f"{self.moment:%Y-%m-%d %H:%M}"
