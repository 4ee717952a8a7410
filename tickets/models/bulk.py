from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Bulk(models.Model):
    """The same done to many things, and how far that is.

    A subclass has the list of what it is about in the column `ids_field`, in order; the first
    `done` of them have been seen to. `refused` lists those that were left out, each with what it
    is (`about`): {about: id, "message": why}; {"more": n} stands for n others, where no more than
    `most_refusals` are kept. `job_id` is the job that does it.
    """

    ids_field: ClassVar[str]
    about: ClassVar[str]
    most_refusals: ClassVar[int | None] = None

    total = models.PositiveIntegerField(_("how many"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.JSONField(_("left out"), default=list, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    job_id = models.BigIntegerField(_("job"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("started at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"

    @property
    def is_finished(self) -> bool:
        return self.done >= self.total

    @property
    def _refused(self) -> list[Mapping[str, Any]]:
        """`refused`, whatever an archive has put there."""
        return [each for each in self.refused if isinstance(each, dict)]

    @property
    def shown_refusals(self) -> list[Mapping[str, Any]]:
        """Those of which it is known why: {about: id, "message": why}."""
        return [each for each in self._refused if self.about in each]

    @property
    def left_out(self) -> int:
        """How many were left out."""
        return sum(each.get("more", 1) for each in self._refused)

    @property
    def seen_to(self) -> int:
        """How many were not left out; whether it helped, they show."""
        return self.done - self.left_out

    @property
    def percent(self) -> int:
        return self.done * 100 // max(self.total, 1)

    def refuse(self, number: int, message: str) -> None:
        """Note why one was left out; it is not saved."""
        *first, last = self.refused or [{}]
        if self.most_refusals is None or len(self.refused) < self.most_refusals:
            self.refused = [*self.refused, {self.about: number, "message": message}]
        elif "more" in last:
            self.refused = [*first, {"more": last["more"] + 1}]
        else:
            self.refused = [*self.refused, {"more": 1}]

    def forget_at_end(self) -> list[str]:
        """Empty what nobody needs when all is done; returns the names of the fields."""
        return []
