from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket
from workflows.models.status import one_of


class FoundBy(models.TextChoices):
    """Who finds an entry: whoever submitted the ticket and its team, or its team only."""

    REQUESTER = "REQUESTER", _("the requester, too")
    TEAM = "TEAM", _("the team only")


class SearchEntry(models.Model):
    """What a search finds of one thing of a ticket, such as a message.

    Nothing is read from it but by `tickets/finding/`, and it can be made anew at any time.

    `source` says which thing. `text` has a line for each part, as people read it, and `places` for
    each of these lines what it is: a list of [kind, label]. `plain` is the text as it is compared,
    and `words` its words, each with the first letter of `found_by` before it.
    """

    ticket = models.ForeignKey(
        Ticket,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the constraint's index begins with it
        verbose_name=_("ticket"),
    )
    source = models.CharField(_("source"), max_length=150)
    found_by = models.CharField(_("who finds it"), max_length=20, choices=FoundBy.choices)
    text = models.TextField(_("text"))
    places = models.JSONField(_("places"), default=list)
    plain = models.TextField(_("plain text"))
    words = SearchVectorField(_("words"))

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        default_permissions = ()
        constraints = (
            one_of("found_by", FoundBy, name="search_entry_found_by_known"),
            models.UniqueConstraint(fields=("ticket", "source"), name="search_entry_once"),
        )
        indexes = (GinIndex(fields=("words",), name="search_entry_words"),)

    def __str__(self) -> str:
        return f"{self.source} of #{self.ticket_id}"
