"""Somebody is away, or will be, and named the person as their deputy. Without a ticket.

The actor is whoever is away. About: `away` (whether they are now), and where it is known `from`
and `until` (ISO 8601).
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
    match bool(notice.about.get("away")), "from" in notice.about, "until" in notice.about:
        case True, _from, True:
            return _("%(person)s is away until %(until)s, and you stand in.")
        case True, _from, False:
            return _("%(person)s is away, and you stand in.")
        case False, True, True:
            return _(
                "%(person)s is away from %(from)s until %(until)s and named you as their deputy."
            )
    return _("%(person)s named you as their deputy: you stand in whenever they are away.")


def _text(notice: Notice) -> StrOrPromise:
    more = _(
        "You see their open tasks and may take them over, as far as your company roles allow it. "
        "What is given to them by name comes to you while they are away."
    )
    return f"{_sentence(notice)} {more}"


STANDS_IN = declare(
    "STANDS_IN",
    Kind(
        title=gettext_lazy("I am to stand in for somebody"),
        icon="supervisor_account",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("You stand in for %(person)s"),
            text=_text,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.STANDING_IN,
        is_for_team=True,
    ),
)
