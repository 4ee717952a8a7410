"""Mails about notices, written by a job from what stands in the database: each once.

A notice waits (WAITS) from the statement that makes it. The job looks how its person wants to be
told, and in one transaction puts the mail into the outbox and notes that it has; a job that runs
twice, or beside another, finds the notice noted, or locked. The name of the mail is the notice's
too, so that the outbox refuses a second one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.urls import reverse

from tenants.hooks import Hook
from tenants.language_and_zone import speaking_to
from tenants.mail.outbox import NewMail, message_id_of, queue_mails
from tenants.mail.set_up import absolute
from tenants.mail.writing import write
from tenants.models import Company, User
from tickets.models import MailState, Notice, NoticePreferences
from tickets.notices.kinds.kind import ByMail
from tickets.notices.preferences import wish_of
from tickets.notices.stop_mail import stop_address
from tickets.notices.words import kind_of, subject_for, text_for

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


def mail_notices(*, now: datetime) -> int:
    """Write the mails about the active company's new notices; returns how many were written.

    Who is not active any more, or has read a notice meanwhile, is not mailed. What is for the
    digest is put there.
    """
    company, total = Company.objects.current(), 0
    while True:
        with transaction.atomic():
            waiting = Notice.objects.filter(mail=MailState.WAITS).order_by("pk").with_words()
            locked = waiting.select_for_update(of=("self",), skip_locked=True)
            notices = list(locked[:AT_ONCE])
            if not notices:
                return total
            total += _mail(notices, company)


def _mail(notices: list[Notice], company: Company) -> int:
    wishes = wishes_of_people(notice.recipient_id for notice in notices)
    mails: list[NewMail] = []
    for_digest: list[int] = []
    for notice in notices:
        person = notice.recipient
        if not person.is_active or notice.read_at is not None:
            continue
        match wish_of(kind_of(notice), wishes.get(person.pk)):
            case ByMail.AT_ONCE:
                mails.append(mail_about(notice, person, company))
            case ByMail.DIGEST:
                for_digest.append(notice.pk)
    queue_mails(mails)
    ids = [notice.pk for notice in notices]
    Notice.objects.filter(pk__in=for_digest).update(mail=MailState.DIGEST)
    Notice.objects.filter(pk__in=set(ids) - set(for_digest)).update(mail=MailState.DONE)
    return len(mails)


def wishes_of_people(people: Iterable[int]) -> dict[int, Any]:
    """{person: what they have chosen}, of those who have."""
    found = NoticePreferences.objects.filter(person__in=set(people))
    return dict(found.values_list("person", "mail"))


def mail_about(notice: Notice, person: User, company: Company) -> NewMail:
    """The mail about one notice, in the person's language and zone.

    Those about one ticket are one conversation in mail programs.
    """
    with speaking_to(person, company):
        return _mail_about(notice, person, company)


def _mail_about(notice: Notice, person: User, company: Company) -> NewMail:
    kind = kind_of(notice)
    choices = [each for found in choices_in_mail.call_all(notice, person) for each in found]
    written = write(
        "notices/mail/notice",
        company=company.name,
        path=reverse("admin:notice", args=[notice.pk]),
        text=text_for(notice, person),
        title=kind.declared.title,
        choices=choices,
        preferences=absolute(reverse("admin:notice_preferences")),
    )
    ticket = notice.ticket_id
    thread = "" if ticket is None else message_id_of(f"ticket.{ticket}")
    return NewMail(
        to=person,
        kind=str(kind),
        subject=subject_for(notice, person),
        text=written.text,
        html=written.html,
        name=f"notice.{notice.pk}",
        in_reply_to=thread,
        references=[thread] if thread else (),
        list_unsubscribe=stop_address(person, str(kind)),
    )
