"""Somebody may take a task over that others have not done yet, as its definition says.

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
        return _("“%(task)s” of %(ticket)s is not done yet: you may take it over. %(said)s")
    return _("“%(task)s” of %(ticket)s is not done yet: you may take it over.")


TASK_OFFERED = declare(
    "TASK_OFFERED",
    Kind(
        title=gettext_lazy("I may take over a task"),
        icon="move_group",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("You may take over: %(task)s, %(ticket)s"),
            text=_sentence,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.POOL,
        is_for_team=True,
    ),
)
