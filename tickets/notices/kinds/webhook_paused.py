"""A webhook was paused, as the other system takes nothing any more. Without a ticket.

About: `title` (of the webhook), `webhook` (its id), `reason` (of WebhookPause).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.roles import SystemRole
from tickets.models import Notice, WebhookPause
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(notice: Notice) -> StrOrPromise:
    reason = notice.about.get("reason")
    paused = _("The webhook “%(task)s” is paused.")
    if reason not in WebhookPause.values:
        return paused
    return f"{paused} {str(WebhookPause(reason).label).replace('%', '%%')}"


def _text(notice: Notice) -> StrOrPromise:
    return f"{_sentence(notice)} {_('When the other system takes messages again, let it go on.')}"


WEBHOOK_PAUSED = declare(
    "WEBHOOK_PAUSED",
    Kind(
        title=gettext_lazy("A webhook was paused"),
        icon="webhook",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("The webhook “%(task)s” is paused"),
            text=_text,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.ADMIN}),
        leads_to=Place.WEBHOOK,
        is_for_team=True,
    ),
)
