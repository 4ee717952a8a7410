"""A ticket ended before its time of which somebody had a task to do, or goes on without it.

About: `task` (its id), `title`, `why`: "withdrawn", "duplicate", "not_needed" (its block has ended
without it), "taken_over" (by `actor`), "approved" or "refused" (it was a vote, which cannot change
the outcome any more), "cancelled_above" (the ticket that has started it does not wait for it any
more), or what a ticket admin has done. Notices from before 0.3.0 say "decided" of a vote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.roles import SystemRole
from tickets.models import Notice
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(notice: Notice) -> StrOrPromise:
    match notice.about.get("why"):
        case "withdrawn":
            return _("%(person)s withdrew %(ticket)s. You need not do “%(task)s” any more.")
        case "duplicate":
            return _(
                "%(person)s closed %(ticket)s as a duplicate. You need not do “%(task)s” any more."
            )
        case "approved":
            return _("“%(task)s” of %(ticket)s is approved. Your vote is not needed any more.")
        case "refused":
            return _("“%(task)s” of %(ticket)s is refused. Your vote is not needed any more.")
        case "decided":
            return _("“%(task)s” of %(ticket)s is decided. Your vote is not needed any more.")
        case "not_needed":
            return _("%(ticket)s goes on without “%(task)s”. You need not do it any more.")
        case "cancelled_above":
            return _("%(ticket)s was cancelled. You need not do “%(task)s” any more.")
        case "taken_over":
            return _("%(person)s took over “%(task)s” of %(ticket)s. You need not do it any more.")
    return _("%(person)s cancelled %(ticket)s. You need not do “%(task)s” any more.")


def _subject(notice: Notice) -> StrOrPromise:
    match notice.about.get("why"):
        case "withdrawn":
            return _("Withdrawn: %(ticket)s")
        case "duplicate":
            return _("Closed as a duplicate: %(ticket)s")
        case "approved":
            return _("Approved: “%(task)s” of %(ticket)s")
        case "refused":
            return _("Refused: “%(task)s” of %(ticket)s")
        case "decided":
            return _("Decided: “%(task)s” of %(ticket)s")
        case "not_needed":
            return _("Not needed any more: “%(task)s” of %(ticket)s")
        case "taken_over":
            return _("Taken over: %(task)s, %(ticket)s")
    return _("Cancelled: %(ticket)s")


TASK_GONE = declare(
    "TASK_GONE",
    Kind(
        title=gettext_lazy("A task of mine is not needed any more"),
        icon="undo",
        words=Words(sentence=_sentence, subject=_subject, text=_sentence),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.TASK,
        is_for_team=True,
    ),
)
