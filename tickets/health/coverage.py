"""Since when, and for how many tickets, the histories of a company vouch: what the doctor says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.health.sealed import Vouched


@dataclass(slots=True)
class Coverage:
    """Of the tickets that were looked at: for how many nothing vouches, or only in part.

    `last_older` is the number of the last ticket that is not vouched for as a whole.
    """

    since: datetime | None = None  # when the company got its digests
    tickets: int = 0
    without: int = 0
    in_part: int = 0
    last_older: int = 0
    resealed: int = 0
    resealed_at: datetime | None = None  # the last time

    def count(self, ticket: int | None, vouched: Vouched) -> None:
        self.tickets += 1
        if vouched.resealed_at is not None:
            self.resealed += 1
            self.resealed_at = max(vouched.resealed_at, self.resealed_at or vouched.resealed_at)
        if vouched.since is not None and vouched.is_whole:
            return
        self.last_older = max(self.last_older, ticket or 0)
        if vouched.since is None:
            self.without += 1
        else:
            self.in_part += 1

    @property
    def is_whole(self) -> bool:
        """Whether every ticket is vouched for from its first event on."""
        return not (self.without or self.in_part or self.resealed)

    def sentences(self) -> Iterator[str]:
        """For whoever runs the doctor; none where it vouches for everything."""
        if self.without or self.in_part:
            if self.since is not None:
                yield _("Histories account for what was written since %(since)s.") % {
                    "since": _when(self.since)
                }
            yield _("From ticket #%(first)d on they account for all of it.") % {
                "first": self.last_older + 1
            }
        if self.without:
            yield ngettext(
                "Nothing accounts for %(count)d older ticket (of %(tickets)d): a change in it by "
                "hand is seen only where its history says something else.",
                "Nothing accounts for %(count)d older tickets (of %(tickets)d): a change in them "
                "by hand is seen only where their histories say something else.",
                self.without,
            ) % {"count": self.without, "tickets": self.tickets}
        if self.in_part:
            yield ngettext(
                "For %(count)d ticket they account only for what was written since.",
                "For %(count)d tickets they account only for what was written since.",
                self.in_part,
            ) % {"count": self.in_part}
        if self.resealed and self.resealed_at is not None:
            yield ngettext(
                "The history of %(count)d ticket was sealed anew by right, the last time on "
                "%(at)s: it accounts for what there was then.",
                "The histories of %(count)d tickets were sealed anew by right, the last time on "
                "%(at)s: they account for what there was then.",
                self.resealed,
            ) % {"count": self.resealed, "at": _when(self.resealed_at)}


def _when(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
