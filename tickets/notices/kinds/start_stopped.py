"""A recurring start was paused, or could not submit its ticket. Without a ticket.

About: `title` (of the start), `definition` (the id of its ticket type), `reason` (why it is paused,
of PauseReason; empty: it goes on, and only this ticket is missing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.roles import SystemRole
from tickets.models import Notice, PauseReason
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(notice: Notice) -> StrOrPromise:
    reason = notice.about.get("reason")
    if reason not in PauseReason.values:
        return _("The recurring start “%(task)s” could not submit its ticket.")
    why = str(PauseReason(reason).label).replace("%", "%%")
    return f"{_('The recurring start “%(task)s” is paused.')} {why}"


def _text(notice: Notice) -> StrOrPromise:
    return f"{_sentence(notice)} {_('What to do stands on the page of the recurring starts.')}"


START_STOPPED = declare(
    "START_STOPPED",
    Kind(
        title=gettext_lazy("A recurring start does not work"),
        icon="event_busy",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("The recurring start “%(task)s” does not work"),
            text=_text,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TICKET_ADMIN}),
        leads_to=Place.STARTS,
        is_for_team=True,
    ),
)
