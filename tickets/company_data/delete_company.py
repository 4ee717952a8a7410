"""Deleting a company: asked for, taken back, and done when its time has come.

What is done is done in steps, each of which finds nothing to do where it was done before: a worker
that is killed is followed by one that begins at the first of them. The company's row goes last.

No table holds a lock for long: each is dropped in a transaction of its own (a table that points to
people locks theirs while it goes), and gives up where it cannot have the lock soon: then the job
comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import schema_context
from psycopg import sql

from tenants.audit.acting import current_actor
from tenants.audit.record import record, record_in_installation
from tenants.connection import PUBLIC, company_of, looking_at_many_companies
from tenants.database.drop_schema import drop_schema
from tenants.database.schema import PEOPLE
from tenants.deletion import forget_what_is_known, waits_until
from tenants.errors import CompanyToBeDeletedError
from tenants.jobs import defer
from tenants.models import Company, User
from tenants.names import name_key
from tickets.company_data.errors import DeletionBegunError, WrongNameError
from tickets.company_data.kinds_of_audit import (
    DELETED,
    DELETION_ASKED,
    DELETION_BEGAN,
    DELETION_TAKEN_BACK,
)
from tickets.job_names import DELETE_COMPANY

# People whose rows are deleted in one transaction.
PEOPLE_AT_ONCE: Final = 20


class JobsRunError(CompanyToBeDeletedError):
    """The deletion comes again in a moment."""

    message = _("Jobs of this company are still running. It is deleted when they have ended.")


def ask_for_deletion(*, company: Company, typed_name: str, now: datetime) -> Company:
    """Have a company deleted after COMPANY_DELETION_DAYS; from now on nobody works in it.

    Raises:
        WrongNameError: what was typed is not the company's name.
    """
    if name_key(typed_name) != name_key(company.name):
        raise WrongNameError
    with company_of(company.schema_name), transaction.atomic():
        company = _locked(company.pk)
        if company.is_to_be_deleted:
            return company
        actor = current_actor()
        company.deletion_due_at = now + timedelta(days=settings.COMPANY_DELETION_DAYS)
        company.deletion_asked_by = actor.name
        company.save(update_fields=["deletion_due_at", "deletion_asked_by"])
        record(DELETION_ASKED, about=company, due_at=company.deletion_due_at)
        record_in_installation(DELETION_ASKED, about=company, due_at=company.deletion_due_at)
        with schema_context(PUBLIC):
            left = (company.deletion_due_at - now).total_seconds()
            defer(DELETE_COMPANY, after_seconds=left, company_id=company.pk)
    forget_what_is_known()
    return company


def take_deletion_back(*, company: Company) -> Company:
    """Let a company stay: everybody works again, and its jobs come at once.

    Raises:
        DeletionBegunError: its time has come, and it is being deleted.
    """
    with company_of(company.schema_name), transaction.atomic():
        company = _locked(company.pk)
        if company.deletion_began_at is not None:
            raise DeletionBegunError
        if company.deletion_due_at is None:
            return company
        _wake_jobs(company, waits_until(company.deletion_due_at))
        company.deletion_due_at, company.deletion_asked_by = None, ""
        company.save(update_fields=["deletion_due_at", "deletion_asked_by"])
        record(DELETION_TAKEN_BACK, about=company)
        record_in_installation(DELETION_TAKEN_BACK, about=company)
    forget_what_is_known()
    return company


def what_there_is(company: Company) -> dict[str, int]:
    """How much of a company there is, by what it is; nothing: all numbers are 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') ORDER BY 1",
            [company.schema_name],
        )
        tables = [row[0] for row in cursor.fetchall()]
        rows = 0
        for table in tables:
            cursor.execute(
                sql.SQL("SELECT count(*) FROM {}").format(
                    sql.Identifier(company.schema_name, table)
                )
            )
            rows += cursor.fetchone()[0]
        counts = {"tables": len(tables), "rows": rows}
        for name, query in _COUNTS.items():
            cursor.execute(query, {"schema": company.schema_name, "company": company.pk})
            counts[name] = int(cursor.fetchone()[0])
    counts["files"] = sum(1 for _key in _files(company))
    return counts


def about_how_much(company: Company) -> dict[str, int]:
    """The same for a page: rows as the server's statistics have them, files as tickets name them.

    Two queries, however much it is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_live_tup), 0) FROM pg_stat_user_tables WHERE schemaname = %s",
            [company.schema_name],
        )
        rows = int(cursor.fetchone()[0])
        cursor.execute(
            sql.SQL(
                "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {}),"
                " (SELECT count(*) FROM public.tenants_user WHERE company_id = %s)"
            ).format(
                sql.Identifier(company.schema_name, "tickets_ticket"),
                sql.Identifier(company.schema_name, "tickets_fileupload"),
            ),
            [company.pk],
        )
        tickets, files, people = cursor.fetchone()
    return {"tickets": tickets, "files": files, "people": people, "rows": rows}


_COUNTS: Final = {
    "schemas": "SELECT count(*) FROM pg_namespace WHERE nspname = %(schema)s",
    "people": "SELECT count(*) FROM public.tenants_user WHERE company_id = %(company)s",
    "sessions": "SELECT count(*) FROM public.tenants_loginsession s JOIN public.tenants_user u"
    " ON u.id = s.user_id WHERE u.company_id = %(company)s",
    "second_factors": "SELECT count(*) FROM public.mfa_authenticator a JOIN public.tenants_user u"
    " ON u.id = a.user_id WHERE u.company_id = %(company)s",
    "jobs": "SELECT count(*) FROM public.procrastinate_jobs WHERE args ->> 'schema' = %(schema)s",
    "exports": "SELECT count(*) FROM public.tenants_companyexport WHERE company_id = %(company)s",
}


# What the job does


def delete_company(*, company_id: int, now: datetime | None = None) -> bool:
    """Delete a company whose time has come; whether it did. Safe to repeat at any point.

    Call it in `public`, outside of any transaction.

    Raises:
        JobsRunError: wait until its jobs have ended.
        OperationalError: a lock was not to be had; the job comes again.
    """
    company = _begin(company_id, now or timezone.now())
    if company is None:
        return False
    for step in STEPS:
        step(company)
    return True


def give_up(*, company_id: int) -> None:
    """Let a company that was never finished be deleted by its job, at once and without way back."""
    now = timezone.now()
    with transaction.atomic():
        unfinished = Company.objects.filter(pk=company_id)
        if unfinished.update(is_active=False, deletion_due_at=now):
            defer(DELETE_COMPANY, company_id=company_id)
    forget_what_is_known()


def delete_unfinished(*, company_id: int) -> None:
    """The same, and wait for it; raises what `delete_company` does, and then the job does it."""
    give_up(company_id=company_id)
    delete_company(company_id=company_id)


def _begin(company_id: int, now: datetime) -> Company | None:
    """Note that there is no way back, with what there is; None: it stays, or is gone."""
    with transaction.atomic():
        company = Company.objects.select_for_update().filter(pk=company_id).first()
        if company is None or company.deletion_due_at is None or company.deletion_due_at > now:
            return None
        if company.deletion_began_at is None:
            company.deletion_began_at, company.is_active = now, False
            company.save(update_fields=["deletion_began_at", "is_active"])
            record_in_installation(DELETION_BEGAN, about=company, before=what_there_is(company))
    forget_what_is_known()
    return company


def _end_sessions(company: Company) -> None:
    """First of all: nobody of it asks for anything any more."""
    _execute(
        "DELETE FROM public.django_session WHERE session_key IN (SELECT s.session_key"
        " FROM public.tenants_loginsession s JOIN public.tenants_user u ON u.id = s.user_id"
        " WHERE u.company_id = %s)",
        [company.pk],
    )


def _delete_jobs(company: Company) -> None:
    """Also those that ended, whose arguments name the company."""
    _execute(
        "DELETE FROM public.procrastinate_jobs"
        " WHERE args ->> 'schema' = %s AND status NOT IN ('doing', 'aborting')",
        [company.schema_name],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM public.procrastinate_jobs j"
            " JOIN public.procrastinate_workers w ON w.id = j.worker_id"
            " WHERE j.args ->> 'schema' = %s"
            " AND w.last_heartbeat > now() - make_interval(secs => %s))",
            [company.schema_name, settings.WORKER_LOST_SECONDS],
        )
        if cursor.fetchone()[0]:
            raise JobsRunError(timezone.now() + timedelta(seconds=10))
    _execute(
        "DELETE FROM public.procrastinate_jobs WHERE args ->> 'schema' = %s", [company.schema_name]
    )


def _delete_files(company: Company) -> None:
    with schema_context(company.schema_name):
        for key in list(_files(company)):
            default_storage.delete(key)
        _delete_folders("")


def _drop_tables(company: Company) -> None:
    drop_schema(company.schema_name)
    drop_role_of(company)


def drop_role_of(company: Company) -> None:
    """The one place where what the database server keeps of a company besides its schema goes.

    A role of the company's own belongs here. There is none yet.
    """


def _delete_people(company: Company) -> None:
    """The people, after whatever points to them; which tables do, the catalogue says.

    A few at a time: for each, Postgres looks into a table of every company.
    """
    of_company = sql.SQL(
        "id IN (SELECT id FROM public.tenants_user WHERE company_id = {} ORDER BY id LIMIT {})"
    ).format(sql.Literal(company.pk), sql.Literal(PEOPLE_AT_ONCE))
    # Of those who go together one may be the deputy or manager of somebody who goes later.
    tied = Q(deputy__isnull=False) | Q(manager__isnull=False)
    User.objects.filter(tied, company=company.pk).update(deputy=None, manager=None)
    with looking_at_many_companies():
        while User.objects.filter(company=company.pk).exists():
            with transaction.atomic():
                _delete_pointing(PEOPLE, of_company)


def _delete_row(company: Company) -> None:
    """The company's row, and the proof: what there was, and what there is."""
    with transaction.atomic():
        found = Company.objects.select_for_update().filter(pk=company.pk).first()
        if found is None:
            return
        _delete_pointing("tenants_company", sql.SQL("id = {}").format(sql.Literal(company.pk)))
        record_in_installation(
            DELETED, about=found, asked_by=found.deletion_asked_by, after=what_there_is(found)
        )
    forget_what_is_known()


STEPS: Final[tuple[Callable[[Company], None], ...]] = (
    _end_sessions,
    _delete_jobs,
    _delete_files,
    _drop_tables,
    _delete_people,
    _delete_jobs,
    _delete_row,
)


_POINTING: Final = """
SELECT c.relname, a.attname, r.attname
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_class t ON t.oid = k.confrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
  JOIN pg_namespace m ON m.oid = c.relnamespace AND m.nspname = 'public'
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
  JOIN pg_attribute r ON r.attrelid = t.oid AND r.attnum = k.confkey[1]
 WHERE k.contype = 'f' AND t.relname = %s AND c.relname <> t.relname
"""


def _delete_pointing(table: str, which: sql.Composable) -> None:
    """Delete rows of a table of `public`, and before them the rows of `public` that point there."""
    with connection.cursor() as cursor:
        cursor.execute(_POINTING, [table])
        pointing = cursor.fetchall()
    for other, column, target in pointing:
        _delete_pointing(
            other,
            sql.SQL("{} IN (SELECT {} FROM {} WHERE {})").format(
                sql.Identifier(column),
                sql.Identifier(target),
                sql.Identifier(PUBLIC, table),
                which,
            ),
        )
    _execute(sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(PUBLIC, table), which), [])


def _files(company: Company) -> Iterator[str]:
    """The keys of everything that the company has in the storage."""
    with schema_context(company.schema_name):
        found = list(_beneath(""))
    yield from found


def _beneath(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{folder}/{name}" if folder else name
    for name in folders:
        yield from _beneath(f"{folder}/{name}" if folder else name)


def _delete_folders(folder: str) -> None:
    """Where the storage has folders, empty ones stay behind."""
    try:
        folders, _files_there = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in folders:
        _delete_folders(f"{folder}/{name}" if folder else name)
    default_storage.delete(folder or ".")


def _execute(query: sql.Composable | str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)


def _wake_jobs(company: Company, parked_until: datetime) -> None:
    _execute(
        "UPDATE public.procrastinate_jobs SET scheduled_at = now()"
        " WHERE args ->> 'schema' = %s AND status = 'todo' AND scheduled_at = %s",
        [company.schema_name, parked_until],
    )


def _locked(pk: int) -> Company:
    return Company.objects.select_for_update().get(pk=pk)
