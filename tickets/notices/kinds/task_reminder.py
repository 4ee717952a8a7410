"""A reminder of a task that somebody has, as its definition says.

About: `task` (its id), `title`, `due` (ISO 8601) where it is due, `said` where the reminder has a
text of its own.
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
    if notice.about.get("said"):
        return _("A reminder: “%(task)s” of %(ticket)s waits for you. %(said)s")
    return _("A reminder: “%(task)s” of %(ticket)s waits for you.")


TASK_REMINDER = declare(
    "TASK_REMINDER",
    Kind(
        title=gettext_lazy("A reminder of a task of mine"),
        icon="notifications_active",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("Reminder: %(task)s, %(ticket)s"),
            text=_sentence,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.TASK,
        is_for_team=True,
    ),
)
