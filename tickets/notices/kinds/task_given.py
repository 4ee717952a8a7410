"""A form was given to somebody. About: `task` (its id), `title`; `vote` where it is one."""

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
    if notice.about.get("vote"):
        return _("Your vote is asked: “%(task)s” of %(ticket)s.")
    return _("“%(task)s” of %(ticket)s was given to you.")


def _text(notice: Notice) -> StrOrPromise:
    if notice.about.get("vote"):
        return _("Your vote is asked: “%(task)s” of %(ticket)s.")
    return _("The task “%(task)s” of %(ticket)s was given to you.")


TASK_GIVEN = declare(
    "TASK_GIVEN",
    Kind(
        title=gettext_lazy("A task is given to me"),
        icon="task_alt",
        words=Words(
            sentence=_sentence,
            subject=gettext_lazy("%(task)s: %(ticket)s"),
            text=_text,
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.TASK,
        is_for_team=True,
    ),
)
