"""The table of what one company may have and do, so that none takes what all others need.

Each limit is a setting of the installation; a superuser may give a company one of its own. What is
used is shown to the company's admins before the limit is reached. People and files are counted
exactly, when one is added; what the database takes, and the jobs that wait, once a minute, so that
submitting a ticket costs no query for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from tenants.errors import (
    CallsUsedUpError,
    RateLimitedError,
    StorageFullError,
    TooManyJobsError,
    TooManyPeopleError,
)
from tenants.limits.rates import count_request, count_what_fits, counted_requests
from tenants.models import Company, User

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MEGABYTE: Final = 1_000_000
DAY: Final = 24 * 60 * 60
# From this part of a limit on admins are warned.
NEARLY: Final = 0.8


@dataclass(frozen=True, slots=True)
class CompanyLimit:
    """A limit of each company.

    `column` is that of the company which holds its own (null: the installation's), `setting` the
    installation's. `title` names what is counted, `when_reached` says what happens then.
    """

    column: str
    setting: str
    title: StrPromise
    when_reached: StrPromise

    def most(self, company: Company) -> int:
        """How much this company may have."""
        own: int | None = getattr(company, self.column)
        return int(getattr(settings, self.setting)) if own is None else own


PEOPLE: Final = CompanyLimit(
    "most_people",
    "COMPANY_MOST_PEOPLE",
    _("Active people"),
    _("Nobody can be added. Who is deactivated does not count."),
)
STORAGE: Final = CompanyLimit(
    "most_stored_mb",
    "COMPANY_MOST_STORED_MB",
    _("Storage"),
    _("No ticket can be submitted and no file uploaded. What runs goes on."),
)
WAITING_JOBS: Final = CompanyLimit(
    "most_waiting_jobs",
    "COMPANY_MOST_WAITING_JOBS",
    _("Jobs that wait"),
    _("No ticket can be submitted until some of them are done. What runs goes on."),
)
CALLS: Final = CompanyLimit(
    "most_calls_a_day",
    "COMPANY_MOST_CALLS_A_DAY",
    _("Calls to other systems in 24 hours"),
    _("Further calls wait until the 24 hours are over. Nothing is lost."),
)
MAILS: Final = CompanyLimit(
    "most_mails_a_day",
    "COMPANY_MOST_MAILS_A_DAY",
    _("Mails about notices in 24 hours"),
    _("Further notices wait for the daily digest. In TicketFlower they are listed at once."),
)
WEBHOOKS: Final = CompanyLimit(
    "most_webhooks_a_day",
    "COMPANY_MOST_WEBHOOKS_A_DAY",
    _("Messages of webhooks in 24 hours"),
    _("Further messages wait until the 24 hours are over. Nothing is lost."),
)
COMPANY_LIMITS: Final = (PEOPLE, STORAGE, WAITING_JOBS, CALLS, MAILS, WEBHOOKS)


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a limit a company uses; bytes where it is storage."""

    limit: CompanyLimit
    used: int
    most: int

    @property
    def percent(self) -> int:
        """Whole per cent, 100 at most."""
        return min(100, self.used * 100 // self.most) if self.most else 100

    @property
    def is_reached(self) -> bool:
        return self.used >= self.most

    @property
    def is_near(self) -> bool:
        return self.used >= NEARLY * self.most

    @property
    def used_text(self) -> str:
        return _amount(self.limit, self.used)

    @property
    def most_text(self) -> str:
        return _amount(self.limit, self.most)


def _amount(limit: CompanyLimit, number: int) -> str:
    if limit is not STORAGE:
        return f"{number:,}"
    return f"{number / MEGABYTE:,.1f}".removesuffix(".0") + " MB"


def uses_of(company: Company) -> list[Use]:
    """What a company uses of each limit. Five queries, however much it has."""
    fresh = Company.objects.get(pk=company.pk)
    used = {
        PEOPLE: User.objects.of_company(company).active().count(),
        STORAGE: fresh.file_bytes + fresh.database_bytes,
        WAITING_JOBS: fresh.waiting_jobs,
        CALLS: counted_requests(_CALLS_KIND, fresh.schema_name, seconds=DAY),
        MAILS: min(
            counted_requests(_MAILS_KIND, fresh.schema_name, seconds=DAY), MAILS.most(fresh)
        ),
        WEBHOOKS: counted_requests(_WEBHOOKS_KIND, fresh.schema_name, seconds=DAY),
    }
    return [
        Use(limit, used[limit], limit.most(fresh) * (MEGABYTE if limit is STORAGE else 1))
        for limit in COMPANY_LIMITS
    ]


def ensure_people_within_limit(company: Company) -> None:
    """Refuse a change by which a company has got too many active people.

    Call it inside the transaction of the change, after the change, where people were added or
    activated. The company's row is locked first, so that two cannot each add the last one.

    Raises:
        TooManyPeopleError
    """
    locked = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    most = PEOPLE.most(locked)
    if User.objects.of_company(locked).active().count() > most:
        raise TooManyPeopleError(most)


@contextmanager
def people_within_limit(company: Company) -> Iterator[None]:
    """Refuse what is done meanwhile if the company has more active people by it than it may have.

    Inside the transaction of the change. Whoever has too many, because the limit was lowered, may
    change and deactivate them.

    Raises:
        TooManyPeopleError
    """
    people = User.objects.of_company(company).active()
    before = people.count()
    yield
    if people.count() > before:
        ensure_people_within_limit(company)


def ensure_room_for_work(company: Company) -> None:
    """Refuse new work of a company that has no room for it, as it was measured. No query.

    Raises:
        StorageFullError, TooManyJobsError
    """
    most = STORAGE.most(company)
    if company.file_bytes + company.database_bytes >= most * MEGABYTE:
        raise StorageFullError(most)
    if company.waiting_jobs >= (most := WAITING_JOBS.most(company)):
        raise TooManyJobsError(most)


_TAKE_ROOM = """
UPDATE public.tenants_company SET file_bytes = file_bytes + %(size)s
 WHERE id = %(company)s
   AND file_bytes + database_bytes + %(size)s <= coalesce(most_stored_mb, %(most)s)::bigint * %(mb)s
RETURNING file_bytes
"""
_GIVE_ROOM_BACK = """
UPDATE public.tenants_company SET file_bytes = greatest(file_bytes - %s, 0) WHERE id = %s
"""


def take_room_for_file(company: Company, size: int) -> None:
    """Count the bytes of a file that is about to be stored. One statement, for all processes.

    Raises:
        StorageFullError: the company has no room for it.
    """
    values = {
        "size": size,
        "company": company.pk,
        "most": getattr(settings, STORAGE.setting),
        "mb": MEGABYTE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_ROOM, values)
        if cursor.fetchone() is None:
            raise StorageFullError(STORAGE.most(company))


def give_room_back(company: Company, size: int) -> None:
    """Count the bytes of a file no longer: it was deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_ROOM_BACK, [size, company.pk])


_CALLS_KIND: Final = "calls of a company"
_WEBHOOKS_KIND: Final = "webhooks of a company"


def count_call(company: Company) -> None:
    """Count a call to another system that is about to be made.

    Raises:
        CallsUsedUpError: it must wait.
    """
    _count(CALLS, _CALLS_KIND, company)


def count_webhook(company: Company) -> None:
    """Count a message of a webhook that is about to be sent, each attempt.

    Raises:
        CallsUsedUpError: it must wait.
    """
    _count(WEBHOOKS, _WEBHOOKS_KIND, company)


def _count(limit: CompanyLimit, kind: str, company: Company) -> None:
    most = limit.most(company)
    try:
        count_request(kind, company.schema_name, most=most, seconds=DAY, remembers=False)
    except RateLimitedError as error:
        raise CallsUsedUpError(error.seconds) from error


_MAILS_KIND: Final = "mails of a company"


def lock_mails(company: Company) -> None:
    """Before another count of mails: all who count both do it in this order."""
    take_mails(company, 0)


def take_mails(company: Company, number: int) -> int:
    """How many of so many mails about notices the company may write now; only those are counted.

    Inside the transaction that writes them. One statement, two where they are too many.
    """
    key = company.schema_name
    most = MAILS.most(company)
    return count_what_fits(_MAILS_KIND, {key: number}, most=most, seconds=DAY)[key]
