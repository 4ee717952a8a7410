from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.models.ticket import Ticket
from workflows.models.status import one_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class LinkKind(models.TextChoices):
    """What one ticket is to another, as read from the one to the other."""

    RELATES = "RELATES", _("Relates to")
    DUPLICATE = "DUPLICATE", _("Is a duplicate of")
    FOLLOW_UP = "FOLLOW_UP", _("Is a follow-up of")

    @property
    def other_way(self) -> StrOrPromise:
        """As read from the other to the one."""
        return _OTHER_WAY[self]


_OTHER_WAY = {
    LinkKind.RELATES: _("Relates to"),
    LinkKind.DUPLICATE: pgettext_lazy("a ticket", "Has the duplicate"),
    LinkKind.FOLLOW_UP: pgettext_lazy("a ticket", "Has the follow-up"),
}


class TicketLinkQuerySet(models.QuerySet["TicketLink"]):
    def of(self, ticket: Ticket) -> TicketLinkQuerySet:
        """Those of a ticket, in both directions, oldest first."""
        return self.filter(Q(ticket=ticket) | Q(other=ticket)).order_by("pk")


def follow_ups_of(ticket: Ticket) -> models.QuerySet[Ticket]:
    """The tickets that follow up this one."""
    return Ticket.objects.filter(links__other=ticket, links__kind=LinkKind.FOLLOW_UP)


class TicketLink(models.Model):
    """What a ticket is to another one: `kind` is read from `ticket` to `other`.

    Between two tickets there is one at most: who makes it holds both of them.
    """

    ticket = models.ForeignKey(
        Ticket,
        on_delete=models.CASCADE,
        related_name="links",
        db_index=False,  # the constraint's index begins with it
        verbose_name=_("ticket"),
    )
    other = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="linked_from", verbose_name=_("other ticket")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=LinkKind.choices)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # nobody asks for it
        verbose_name=_("linked by"),
    )
    made_at = models.DateTimeField(_("linked at"))

    objects: ClassVar[TicketLinkQuerySet] = TicketLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("link between tickets")
        verbose_name_plural = _("links between tickets")
        ordering = ("pk",)
        default_permissions = ()
        constraints = (
            one_of("kind", LinkKind, name="ticket_link_kind_known"),
            models.UniqueConstraint(fields=("ticket", "other"), name="ticket_link_once"),
            models.CheckConstraint(condition=~Q(ticket=F("other")), name="ticket_link_to_another"),
        )

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.kind} #{self.other_id}"
