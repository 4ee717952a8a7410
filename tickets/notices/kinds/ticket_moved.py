"""A ticket moved on after a person's step. About: `title` of the task that was done."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

TICKET_MOVED = declare(
    "TICKET_MOVED",
    Kind(
        title=_("My ticket moves on"),
        icon="trending_flat",
        words=Words(
            sentence=_("%(ticket)s moved on: “%(task)s” is done."),
            subject=_("%(ticket)s moved on"),
            text=_("Your ticket %(ticket)s moved on: “%(task)s” is done."),
        ),
        by_mail=ByMail.DIGEST,
        roles=frozenset({SystemRole.USER}),
        leads_to=Place.MY_TICKET,
        is_for_team=False,
    ),
)
