"""Somebody for whom the person stands in is not away after all, or was switched off. No ticket.

The actor is whoever that is. About: `inactive` (whether they were switched off), or where it is
known `from` and `until` (ISO 8601) of the absence that is withdrawn.
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
    match bool(notice.about.get("inactive")), "from" in notice.about, "until" in notice.about:
        case True, _from, _until:
            return _("%(person)s was deactivated, and you do not stand in for them any more.")
        case False, True, True:
            return _(
                "%(person)s is not away from %(from)s until %(until)s after all, and you need not "
                "stand in."
            )
        case False, False, True:
            return _("%(person)s is back before %(until)s, and you need not stand in any more.")
    return _("%(person)s is not away after all, and you need not stand in.")


STANDS_IN_NO_MORE = declare(
    "STANDS_IN_NO_MORE",
    Kind(
        title=gettext_lazy("I need not stand in for somebody after all"),
        icon="person_off",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("You need not stand in for %(person)s"),
            text=_sentence,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.STANDING_IN,
        is_for_team=True,
    ),
)
