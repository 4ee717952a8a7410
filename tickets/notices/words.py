"""The sentences of a notice, for one person: in the app, in the subject of a mail and in its text.

Everything that depends on the person who reads it comes from here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from tenants.models import User
from tickets.models import Message, Notice, Ticket
from tickets.notices.kinds.kind import NoticeKind, Sentence, kind_named
from tickets.seeing import Viewer, answers_for_requester, cancel_reason

# Of an answer or a message in a mail; the ticket has all of it.
LONGEST_ANSWER: Final = 2_000


def kind_of(notice: Notice) -> NoticeKind:
    return kind_named(notice.kind)


def sentence_for(notice: Notice, person: User) -> str:
    """What the list says. Fetch notices `with_words`."""
    return _filled(kind_of(notice).declared.words.sentence, notice, person)


def subject_for(notice: Notice, person: User) -> str:
    """What a mail has as its subject: one line."""
    subject = _filled(kind_of(notice).declared.words.subject, notice, person)
    return capfirst(" ".join(subject.split()))


def message_of_notice(notice: Notice) -> int:
    """The id of the message that it is about; 0: it is about none."""
    message = notice.about.get("message") if isinstance(notice.about, dict) else None
    return message if isinstance(message, int) else 0


def text_for(notice: Notice, person: User, message: Message | None = None) -> str:
    """What a mail says above the link: a sentence, and the answers of a ticket that has ended, or
    what somebody wrote: whoever is told of a `message` may read it, unless it was hidden."""
    said = _filled(kind_of(notice).declared.words.text, notice, person)
    lines = [f"{label}: {text}" for label, text in answers_for(notice, person)]
    if message is not None and not message.is_hidden and message.text:
        lines.append(Truncator(message.text).chars(LONGEST_ANSWER))
    return "\n\n".join([said, *lines])


def answers_for(notice: Notice, person: User) -> list[tuple[str, str]]:
    """The questions and answers that the notice tells whoever submitted its ticket.

    They are those of now, as My ticket shows them; a long one is cut, and a table left out. Of a
    ticket that was cancelled, why. Two queries at most; none where the kind tells no answers.
    """
    if not kind_of(notice).declared.tells_answers or notice.ticket_id is None:
        return []
    ticket = Ticket.objects.with_progress().filter(pk=notice.ticket_id, created_by=person).first()
    if ticket is None:
        return []
    reason = cancel_reason(ticket, viewer=Viewer.REQUESTER)
    found = [(_("Why"), reason)] if reason else []
    for each in answers_for_requester(ticket):
        found += [(shown.label, ", ".join(shown.items) or shown.text) for shown in each.answers]
    return [(label, Truncator(text).chars(LONGEST_ANSWER)) for label, text in found if text]


def words_of(notice: Notice, person: User) -> dict[str, str]:
    """What the placeholders of a sentence are filled with."""
    about = notice.about if isinstance(notice.about, dict) else {}
    return {
        "ticket": str(notice.ticket) if notice.ticket else _("a ticket"),
        "person": str(notice.actor) if notice.actor else _("TicketFlower"),
        "task": str(about.get("title") or _("a task")),
        "label": str(about.get("label") or "").rstrip("."),
        "said": str(about.get("said") or ""),
        "due": _moment(about.get("due"), person),
        "from": _moment(about.get("from"), person),
        "until": _moment(about.get("until"), person),
    }


def _filled(sentence: Sentence, notice: Notice, person: User) -> str:
    template = sentence(notice) if callable(sentence) else sentence
    return str(template) % words_of(notice, person)


def _moment(value: object, person: User) -> str:
    """A moment in ISO 8601 as this person reads it."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return _("a day")
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
