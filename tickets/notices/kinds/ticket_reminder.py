"""Whoever submitted a ticket is told that one of its tasks waits, as its definition says.

About: `task` (its id), `title`, `due` (ISO 8601) where it is due, `said` where the reminder has a
text of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import Notice
from tickets.notices.kinds.kind import EVERYBODY, ByMail, Kind, Place, Words, declare

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(notice: Notice) -> StrOrPromise:
    if notice.about.get("said"):
        return _("A reminder: “%(task)s” of %(ticket)s is not done yet. %(said)s")
    return _("A reminder: “%(task)s” of %(ticket)s is not done yet.")


TICKET_REMINDER = declare(
    "TICKET_REMINDER",
    Kind(
        title=gettext_lazy("A reminder about a ticket of mine"),
        icon="notifications_active",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("Reminder: %(ticket)s"),
            text=_sentence,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=EVERYBODY,
        leads_to=Place.MY_TICKET,
        is_for_team=False,
    ),
)
