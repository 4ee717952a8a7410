"""The daily digest: what a person has not been told by mail at once, and not read. Once a day."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import ngettext

from tenants.companies.language_and_zone import speaking_to, zone_of
from tenants.mail.outbox import NewMail, queue_mails
from tenants.mail.set_up import absolute
from tenants.mail.writing import write
from tenants.models import Company, User
from tickets.models import MailState, Notice, NoticePreferences
from tickets.notices.stop_mail import DIGEST, stop_address
from tickets.notices.words import sentence_for

# In the person's zone: not before this hour.
HOUR: Final = 7
# Sentences of one digest; it says how many more there are.
MOST_LISTED: Final = 50
_TAKE: Final = """
WITH done AS (
    UPDATE tickets_notice SET mail = %s WHERE recipient_id = %s AND mail = %s
    RETURNING id, read_at IS NULL AS is_unread
)
SELECT count(*), count(*) FILTER (WHERE is_unread),
       (array_agg(id ORDER BY id) FILTER (WHERE is_unread))[:%s]
  FROM done
"""


def send_digests(*, now: datetime) -> int:
    """Write the digests that are due in the active company; returns how many were written.

    A person gets one a day at most: the day stands in their row, which is locked, and in the name
    of the mail. Safe to repeat, and beside itself.
    """
    company = Company.objects.current()
    waiting = Notice.objects.filter(mail=MailState.DIGEST).order_by("recipient")
    people = list(waiting.values_list("recipient", flat=True).distinct())
    return sum(_send_digest(person, company, now) for person in people)


def _send_digest(person_id: int, company: Company, now: datetime) -> bool:
    person = User.objects.get(pk=person_id)
    local = now.astimezone(zone_of(person, company))
    if local.hour < HOUR:
        return False
    NoticePreferences.objects.get_or_create(person_id=person_id)
    with transaction.atomic():
        row = NoticePreferences.objects.select_for_update().get(person=person_id)
        if row.digest_on is not None and row.digest_on >= local.date():
            return False
        done, unread, first = _take_waiting(person_id)
        if not done:
            return False
        is_wanted = person.is_active and bool(unread)
        if is_wanted:
            listed = list(Notice.objects.filter(pk__in=first).with_words().order_by("pk"))
            queue_mails([_digest(listed, unread, person, company, local)])
            row.digest_on = local.date()
            row.save(update_fields=["digest_on"])
    return is_wanted


def _take_waiting(person_id: int) -> tuple[int, int, list[int]]:
    """Note of what waits for a person's digest that it is done.

    How many there were, how many of them are unread, and the ids of the first unread ones. By one
    statement, so that what comes meanwhile is for the next digest, however old it is.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [MailState.DONE, person_id, MailState.DIGEST, MOST_LISTED])
        done, unread, first = cursor.fetchone()
    return int(done), int(unread), first or []


def _digest(
    listed: list[Notice], count: int, person: User, company: Company, local: datetime
) -> NewMail:
    """In the person's language and zone. Of `count` notices some are listed."""
    with speaking_to(person, company):
        return _write_digest(listed, count, person, company, local)


def _write_digest(
    listed: list[Notice], count: int, person: User, company: Company, local: datetime
) -> NewMail:
    subject = ngettext("%(count)d notice", "%(count)d notices", count) % {"count": count}
    lines = [
        (sentence_for(each, person), absolute(reverse("admin:notice", args=[each.pk])))
        for each in listed
    ]
    written = write(
        "notices/mail/digest",
        company=company.name,
        path=reverse("admin:notices"),
        lines=lines,
        more=max(0, count - len(lines)),
        preferences=absolute(reverse("admin:notice_preferences")),
    )
    return NewMail(
        to=person,
        kind=DIGEST,
        subject=f"{company.name}: {subject}",
        text=written.text,
        html=written.html,
        name=f"digest.{person.pk}.{local:%Y-%m-%d}",
        list_unsubscribe=stop_address(person, DIGEST),
    )
