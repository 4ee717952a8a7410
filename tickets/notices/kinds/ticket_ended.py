"""A ticket ended. About: `label` of the end, `cancelled` where a person ended it,
`duplicate` where one closed it as such."""

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
    if notice.about.get("cancelled"):
        return _("%(person)s cancelled %(ticket)s.")
    if notice.about.get("duplicate"):
        return _("%(person)s closed %(ticket)s: it is a duplicate of another ticket.")
    if notice.about.get("label"):
        return _("%(ticket)s has ended: %(label)s.")
    return _("%(ticket)s has ended.")


def _subject(notice: Notice) -> StrOrPromise:
    if notice.about.get("cancelled"):
        return _("Cancelled: %(ticket)s")
    if notice.about.get("duplicate"):
        return _("Closed as a duplicate: %(ticket)s")
    return _("%(label)s: %(ticket)s") if notice.about.get("label") else _("Ended: %(ticket)s")


TICKET_ENDED = declare(
    "TICKET_ENDED",
    Kind(
        title=gettext_lazy("My ticket ends"),
        icon="flag",
        words=Words(sentence=_sentence, subject=_subject, text=_sentence),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.USER}),
        leads_to=Place.MY_TICKET,
        is_for_team=False,
        tells_answers=True,
    ),
)
