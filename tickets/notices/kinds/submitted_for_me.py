"""Somebody submitted a ticket in the place of its requester, who is told. About: nothing."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

SUBMITTED_FOR_ME = declare(
    "SUBMITTED_FOR_ME",
    Kind(
        title=_("Somebody submits a ticket for me"),
        icon="person_add",
        words=Words(
            sentence=_("%(person)s submitted %(ticket)s for you."),
            subject=_("Submitted for you: %(ticket)s"),
            text=_("%(person)s submitted %(ticket)s for you. You follow it as one of your own."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.USER}),
        leads_to=Place.MY_TICKET,
        is_for_team=False,
    ),
)
