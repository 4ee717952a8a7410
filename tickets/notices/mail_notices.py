"""Mails about notices, written by a job from what stands in the database: each once.

A notice waits (WAITS) from the statement that makes it. The job looks how its person wants to be
told, and in one transaction puts the mail into the outbox and notes that it has; a job that runs
twice, or beside another, finds the notice noted, or locked. The name of the mail is the notice's
too, so that the outbox refuses a second one.

Somebody who writes on and on, to everybody, has mails sent by the address that all companies share.
So a person is written to so often an hour, and all of a company's people so often a day
(`tenants/company_limits.py`); what is too much goes into the digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from tenants.company_limits import take_mails
from tenants.language_and_zone import speaking_to
from tenants.mail.outbox import NewMail, message_id_of, queue_mails
from tenants.mail.set_up import absolute
from tenants.mail.writing import write
from tenants.models import Company, User
from tenants.rate_limits import count_what_fits
from tickets.models import MailState, Notice, NoticePreferences
from tickets.notices.kinds.kind import ByMail
from tickets.notices.preferences import wish_of
from tickets.notices.stop_mail import stop_address
from tickets.notices.words import kind_of, subject_for, text_for

# Notices of one transaction.
AT_ONCE: Final = 100
# Mails about notices to one person.
MOST_AN_HOUR: Final = 60
HOUR: Final = 60 * 60


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
    at_once: list[Notice] = []
    for_digest: set[int] = set()
    for notice in notices:
        person = notice.recipient
        if not person.is_active or notice.read_at is not None:
            continue
        match wish_of(kind_of(notice), wishes.get(person.pk)):
            case ByMail.AT_ONCE:
                at_once.append(notice)
            case ByMail.DIGEST:
                for_digest.add(notice.pk)
    now = _not_too_many(at_once, company)
    for_digest |= {notice.pk for notice in at_once} - {notice.pk for notice in now}
    queue_mails([mail_about(notice, notice.recipient, company) for notice in now])
    ids = [notice.pk for notice in notices]
    Notice.objects.filter(pk__in=for_digest).update(mail=MailState.DIGEST)
    Notice.objects.filter(pk__in=set(ids) - for_digest).update(mail=MailState.DONE)
    return len(now)


def _not_too_many(notices: list[Notice], company: Company) -> list[Notice]:
    """Those of which people are told by mail at once. Two statements; none without notices."""
    if not notices:
        return []
    asked = Counter(f"{company.schema_name}\n{notice.recipient_id}" for notice in notices)
    left = count_what_fits(
        "mails about notices to a person", asked, most=MOST_AN_HOUR, seconds=HOUR
    )
    fitting = []
    for notice in notices:
        who = f"{company.schema_name}\n{notice.recipient_id}"
        if left[who]:
            left[who] -= 1
            fitting.append(notice)
    return fitting[: take_mails(company, len(fitting))] if fitting else []


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
    written = write(
        "notices/mail/notice",
        company=company.name,
        path=reverse("admin:notice", args=[notice.pk]),
        text=text_for(notice, person),
        title=kind.declared.title,
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
