"""An assistant is not at a task any more that somebody has: they do it, or check its suggestion.

About: `task` (its id), `title`, and `why` (an OfferEnd). What the assistant said stands in the
history and on the page of the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import Notice, OfferEnd
from tickets.notices.kinds.kind import EVERYBODY, ByMail, Kind, Place, Words, declare

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(notice: Notice) -> StrOrPromise:
    match notice.about.get("why"):
        case OfferEnd.SUGGESTED:
            return _("An assistant has suggested an answer to “%(task)s” of %(ticket)s: check it.")
        case OfferEnd.HANDED_BACK:
            return _("An assistant has handed “%(task)s” of %(ticket)s back to you.")
        case OfferEnd.TAKEN_BACK:
            return _(
                "A ticket admin has taken “%(task)s” of %(ticket)s back from an assistant: it is "
                "for you to do."
            )
        case OfferEnd.OUT_OF_TIME:
            return _(
                "The assistant's time for “%(task)s” of %(ticket)s is over: it is for you to do."
            )
        case OfferEnd.OUT_OF_TRIES:
            return _(
                "The form of “%(task)s” of %(ticket)s has refused the assistant's answers: it is "
                "for you to do."
            )
    return _("No assistant does “%(task)s” of %(ticket)s any more: it is for you to do.")


def _subject(notice: Notice) -> StrOrPromise:
    if notice.about.get("why") == OfferEnd.SUGGESTED:
        return _("Check a suggestion: %(task)s, %(ticket)s")
    return _("Yours to do: %(task)s, %(ticket)s")


ASSISTANT_ENDED = declare(
    "ASSISTANT_ENDED",
    Kind(
        title=gettext_lazy("An assistant has ended with a task of mine"),
        icon="smart_toy",
        words=Words(sentence=_sentence, subject=_subject, text=_sentence),
        by_mail=ByMail.AT_ONCE,
        roles=EVERYBODY,
        leads_to=Place.TASK,
        is_for_team=True,
    ),
)
