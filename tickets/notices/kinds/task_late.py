"""A task of others is not done yet, as its definition has somebody told.

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
        return _("“%(task)s” of %(ticket)s is not done yet. %(said)s")
    return _("“%(task)s” of %(ticket)s is not done yet.")


TASK_LATE = declare(
    "TASK_LATE",
    Kind(
        title=gettext_lazy("A task of others is not done yet"),
        icon="alarm",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("Not done yet: %(task)s, %(ticket)s"),
            text=_sentence,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=EVERYBODY,
        leads_to=Place.TICKET,
        is_for_team=True,
    ),
)
