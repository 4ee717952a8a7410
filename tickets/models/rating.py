from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket
from workflows.models.status import one_of

LONGEST_COMMENT = 2_000


class Score(models.TextChoices):
    """How satisfied the requester is.

    Two answers and not five: each is one click in a mail, everybody means the same by it, and a
    share of good ones says something of twenty tickets already, where a mean of stars does not.
    """

    GOOD = "GOOD", _("Satisfied")
    BAD = "BAD", _("Not satisfied")


class RatingQuerySet(models.QuerySet["Rating"]):
    def of_tickets(self, tickets: models.QuerySet[Ticket]) -> RatingQuerySet:
        """Those of these tickets: as a subquery, however many they are."""
        return self.filter(ticket__in=tickets.order_by().values("pk"))

    def counts(self) -> dict[str, int]:
        """{"good": how many, "bad": how many, "total": both}; one query."""
        found = self.order_by().aggregate(
            good=Count("pk", filter=Q(score=Score.GOOD)), bad=Count("pk", filter=Q(score=Score.BAD))
        )
        good, bad = found["good"] or 0, found["bad"] or 0
        return {"good": good, "bad": bad, "total": good + bad}


class Rating(models.Model):
    """How satisfied whoever submitted a ticket is with what came of it. One for each ticket."""

    ticket = models.OneToOneField(
        Ticket, on_delete=models.CASCADE, related_name="rating", verbose_name=_("ticket")
    )
    score = models.CharField(_("how satisfied"), max_length=10, choices=Score.choices)
    comment = models.TextField(_("comment"), blank=True)
    rated_at = models.DateTimeField(_("rated at"))
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)

    objects: ClassVar[RatingQuerySet] = RatingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        ordering = ("-pk",)
        default_permissions = ()
        constraints = (one_of("score", Score, name="rating_score_known"),)

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.score}"
