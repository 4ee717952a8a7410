from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME

if TYPE_CHECKING:
    from tenants.models import User

LONGEST_QUERY = 2_000


class ListOfViews(models.TextChoices):
    """The lists that have views."""

    ALL_TICKETS = "ALL_TICKETS", _("All tickets")
    MY_TASKS = "MY_TASKS", _("My tasks")
    MY_TICKETS = "MY_TICKETS", _("My tickets")


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def shown_to(self, user: User, of: ListOfViews) -> SavedViewQuerySet:
        """Their own and the shared ones, by name."""
        return self.filter(Q(owner=user) | Q(is_shared=True), of=of).order_by("name", "pk")


class SavedView(models.Model):
    """Filters, search, order and columns of a list under a name.

    `query` is the query string of the list's address, without the page. A shared one is for
    everybody who sees the list; ticket admins make and delete those.
    """

    of = models.CharField(_("list"), max_length=20, choices=ListOfViews.choices)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    query = models.CharField(_("filters"), max_length=LONGEST_QUERY, blank=True)
    is_shared = models.BooleanField(_("for everybody"), default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("saved by"),
    )
    created_at = models.DateTimeField(_("saved at"), auto_now_add=True)

    objects: ClassVar[SavedViewQuerySet] = SavedViewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name
