"""Mails about notices, written by a job from what stands in the database: each once.

A notice waits (WAITS) from the statement that makes it. Every minute the job looks how its person
wants to be told, and in one transaction puts the mail into the outbox and notes that it has; a job
that runs twice, or beside another, finds the notice noted, or locked. What waits together for one
person and ticket is one mail, if its answer goes to the same people. The name of the mail is that
of its first notice, so that the outbox refuses a second one.

Somebody who writes on and on, to everybody, has mails sent by the address that all companies share.
So a person is written to so often an hour, and all of a company's people so often a day
(`tenants/companies/company_limits.py`); what is too much goes into the digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.urls import reverse
from django.utils.translation import ngettext

from tenants.companies.company_limits import take_mails
from tenants.companies.language_and_zone import speaking_to
from tenants.hooks import Hook
from tenants.limits.rates import count_what_fits
from tenants.mail.outbox import NewMail, message_id_of, queue_mails
from tenants.mail.set_up import absolute
from tenants.mail.writing import write
from tenants.models import Company, User
from tickets.models import MailState, Message, Notice, NoticePreferences, Visibility
from tickets.notices.kinds.kind import ByMail
from tickets.notices.preferences import wish_of
from tickets.notices.reply_address import reply_address
from tickets.notices.stop_mail import stop_address
from tickets.notices.tell import sees_ticket
from tickets.notices.words import kind_of, message_of_notice, subject_for, text_for

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class MailChoice:
    """One of several things that a mail offers to do: `question` stands above all of them."""

    question: StrOrPromise
    text: StrOrPromise
    address: str


# What subjects above offer in the mail about a notice.
choices_in_mail: Final = Hook[[Notice, User], list[MailChoice]]()

# Notices of one transaction.
AT_ONCE: Final = 100
# Mails about notices to one person.
MOST_AN_HOUR: Final = 60
HOUR: Final = 60 * 60
# Of one mail: it says how many more there are.
MOST_TOGETHER: Final = 20


def mail_notices(*, now: datetime) -> int:
    """Write the mails about the active company's new notices; returns how many were written.

    Who is not active any more, or has read a notice meanwhile, is not mailed. What is for the
    digest is put there, and so is what would be too many mails.
    """
    company, total = Company.objects.current(), 0
    while True:
        with transaction.atomic():
            # Those of one person and ticket beside each other.
            order = ("recipient", "ticket", "pk")
            waiting = Notice.objects.filter(mail=MailState.WAITS).order_by(*order).with_words()
            locked = waiting.select_for_update(of=("self",), skip_locked=True)
            notices = list(locked[:AT_ONCE])
            if not notices:
                return total
            total += _mail(notices, company, now)


def _mail(notices: list[Notice], company: Company, now: datetime) -> int:
    messages = messages_of(notices)
    wishes = wishes_of_people(notice.recipient_id for notice in notices)
    # By person and ticket, and who reads an answer; what is about no ticket is a mail of its own.
    together: dict[tuple[int, int, bool], list[Notice]] = {}
    for_digest: set[int] = set()
    for notice in notices:
        person = notice.recipient
        if not person.is_active or notice.read_at is not None:
            continue
        match wish_of(kind_of(notice), wishes.get(person.pk)):
            case ByMail.AT_ONCE:
                about = notice.ticket_id or -notice.pk
                key = (person.pk, about, is_internal(notice, messages))
                together.setdefault(key, []).append(notice)
            case ByMail.DIGEST:
                for_digest.add(notice.pk)
    at_once = list(together.values())
    fitting = _not_too_many(at_once, company)
    told = {notice.pk for each in fitting for notice in each}
    for_digest |= {notice.pk for each in at_once for notice in each} - told
    queue_mails(
        [mail_about(each, each[0].recipient, company, messages, now=now) for each in fitting]
    )
    ids = [notice.pk for notice in notices]
    Notice.objects.filter(pk__in=for_digest).update(mail=MailState.DIGEST)
    Notice.objects.filter(pk__in=set(ids) - for_digest).update(mail=MailState.DONE)
    return len(fitting)


def _not_too_many(mails: list[list[Notice]], company: Company) -> list[list[Notice]]:
    """Those that are sent at once, of mails that each tell of some notices of one person.

    Two statements, four at most where they are too many; none without mails.
    """
    if not mails:
        return []
    asked = Counter(_counted_as(each, company) for each in mails)
    left = count_what_fits(
        "mails about notices to a person", asked, most=MOST_AN_HOUR, seconds=HOUR
    )
    fitting = []
    for each in mails:
        who = _counted_as(each, company)
        if left[who]:
            left[who] -= 1
            fitting.append(each)
    return fitting[: take_mails(company, len(fitting))] if fitting else []


def _counted_as(notices: list[Notice], company: Company) -> str:
    return f"{company.schema_name}\n{notices[0].recipient_id}"


def wishes_of_people(people: Iterable[int]) -> dict[int, Any]:
    """{person: what they have chosen}, of those who have."""
    found = NoticePreferences.objects.filter(person__in=set(people))
    return dict(found.values_list("person", "mail"))


def messages_of(notices: Iterable[Notice]) -> dict[int, Message]:
    """The messages that notices are about, by their ids. One query."""
    ids = {each for notice in notices if (each := message_of_notice(notice))}
    return {each.pk: each for each in Message.objects.filter(pk__in=ids).defer("earlier")}


def is_internal(notice: Notice, messages: Mapping[int, Message]) -> bool:
    """Whether an answer to its mail is for the team alone: as what it answers."""
    message = messages.get(message_of_notice(notice))
    if message is None:
        return kind_of(notice).declared.is_for_team
    return message.visibility == Visibility.INTERNAL


def mail_about(
    notices: Sequence[Notice],
    person: User,
    company: Company,
    messages: Mapping[int, Message],
    *,
    now: datetime,
) -> NewMail:
    """The mail about notices to one person, of one ticket, in the person's language and zone.

    Those about one ticket are one conversation in mail programs. Where mails are answered here, it
    says who reads an answer: of what the team alone reads, the team alone.
    """
    with speaking_to(person, company):
        return _mail_about(notices, person, company, messages, now)


def _mail_about(
    notices: Sequence[Notice],
    person: User,
    company: Company,
    messages: Mapping[int, Message],
    now: datetime,
) -> NewMail:
    last = notices[-1]
    ticket, for_team = last.ticket_id, is_internal(last, messages)
    answer_to = "" if ticket is None or not _may_answer(notices, person, ticket) else reply_address(
        company_id=company.pk,
        ticket_id=ticket,
        person_id=person.pk,
        is_internal=for_team,
        now=now,
    )  # fmt: skip
    shown = notices[:MOST_TOGETHER]
    lines = [(text_for(each, person, messages.get(message_of_notice(each))), _address(each))
             for each in shown]  # fmt: skip
    is_one = len(notices) == 1
    choices = [each for found in choices_in_mail.call_all(last, person) for each in found]
    written = write(
        "notices/mail/notice" if is_one else "notices/mail/notices",
        company=company.name,
        path=reverse("admin:notice", args=[last.pk]) if is_one else reverse("admin:notices"),
        text=lines[0][0],
        lines=lines,
        more=len(notices) - len(shown),
        is_answered=bool(answer_to),
        is_internal=for_team,
        choices=choices,
        preferences=absolute(reverse("admin:notice_preferences")),
    )
    thread = "" if ticket is None else message_id_of(f"ticket.{ticket}")
    return NewMail(
        to=person,
        kind=str(kind_of(last)),
        subject=subject_for(last, person) if is_one else _subject(notices),
        text=written.text,
        html=written.html,
        name=f"notice.{notices[0].pk}",
        in_reply_to=thread,
        references=[thread] if thread else (),
        reply_to=answer_to,
        list_unsubscribe=stop_address(person, str(kind_of(last))),
    )


def _may_answer(notices: Sequence[Notice], person: User, ticket: int) -> bool:
    """Whoever only stands in for the worker of its task is told of it, and writes nothing on it."""
    abouts = (each.about if isinstance(each.about, dict) else {} for each in notices)
    stands_in = all(about.get("stands_in") for about in abouts)
    return not stands_in or sees_ticket(person, ticket)


def _subject(notices: Sequence[Notice]) -> str:
    count = len(notices)
    said = ngettext("%(count)d notice: %(ticket)s", "%(count)d notices: %(ticket)s", count)
    return said % {"count": count, "ticket": notices[0].ticket}


def _address(notice: Notice) -> str:
    return absolute(reverse("admin:notice", args=[notice.pk]))
