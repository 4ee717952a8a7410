"""Companies made of archives by a superuser: started on a page, made by the worker.

What can be seen at once is said at once (`look_into`); the worker looks at everything again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, Final, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tenants.utils import schema_context

from tenants.audit.acting import Actor, ActorKind, acting_as
from tenants.audit.record import record_in_installation
from tenants.connection import PUBLIC
from tenants.errors import TicketFlowerError
from tenants.jobs import defer, is_under_way
from tenants.models import CompanyExport, CompanyRestore, User
from tenants.models.company_restore import UNDER_WAY, RestoreStatus
from tenants.schema_names import make_schema_name
from tickets.company_data.archive import PEOPLE, ArchiveReader, Manifest
from tickets.company_data.archived_people import people_of
from tickets.company_data.delete_company import delete_unfinished, give_up
from tickets.company_data.errors import (
    AddressesInUseError,
    ArchiveGoneError,
    CompanyDataError,
    RestoreUnderWayError,
)
from tickets.company_data.export_company import telling
from tickets.company_data.kinds_of_audit import RESTORE_FAILED, RESTORE_STARTED
from tickets.company_data.restore_company import Restored, ensure_same_version, restore_company
from tickets.job_names import RESTORE_COMPANY

# Of an archive that was uploaded: unpacked at most so many times what may be uploaded.
TIMES_UNPACKED: Final = 20
# In bytes, of what is read as a whole while somebody waits: the list of entries and the manifest;
# and of the people, whose addresses are looked up.
MOST_AT_ONCE: Final = 8_000_000
# Addresses that are named to a person.
MOST_NAMED: Final = 10


@dataclass
class Seen:
    """What an archive shows at once. `addresses_in_use` are of people in it."""

    manifest: Manifest
    addresses_in_use: list[str] = field(default_factory=list)


class TooMuchAtOnceError(CompanyDataError):
    """What is read as a whole would be too much; the worker may take it all the same."""

    message = gettext_lazy(
        "The archive holds too many files to be restored here. If it is yours, restore it on the "
        "server with manage.py restore_company."
    )


class _Bounded:
    """A file that gives at most MOST_AT_ONCE bytes at a time.

    A zip file's list of entries is read as a whole, however long it says that it is.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        if size > MOST_AT_ONCE:
            raise TooMuchAtOnceError
        content = self._source.read(MOST_AT_ONCE + 1 if size < 0 else size)
        if len(content) > MOST_AT_ONCE:
            raise TooMuchAtOnceError
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def most_unpacked() -> int:
    """How much an archive that was uploaded may hold, in bytes."""
    return min(settings.RESTORE_MOST_BYTES, TIMES_UNPACKED * settings.RESTORE_UPLOAD_BYTES)


def look_into(source: IO[bytes]) -> Seen:
    """What can be said of an archive while somebody waits; call it in `public`.

    Raises:
        UnreadableArchiveError, OtherVersionError: it is no archive that can be restored here.
        TooMuchAtOnceError: only the worker could tell, or nobody here.
    """
    archive = ArchiveReader(
        cast("IO[bytes]", _Bounded(source)),
        most_bytes=most_unpacked(),
        most_manifest=MOST_AT_ONCE,
    )
    ensure_same_version(archive.manifest)
    about = archive.manifest.entries.get(PEOPLE)
    seen = Seen(archive.manifest)
    if about is not None and about["bytes"] <= MOST_AT_ONCE:
        emails = [each["email"] for each in people_of(archive) if not each["is_superuser"]]
        used = User.objects.filter(email__in=emails).order_by("email")
        seen.addresses_in_use = list(used.values_list("email", flat=True))
    return seen


def in_use(addresses: list[str]) -> str:
    """A sentence for somebody who can have other addresses made up."""
    listed = ", ".join(addresses[:MOST_NAMED]) + (" …" if len(addresses) > MOST_NAMED else "")
    return _(
        "Somebody here has these e-mail addresses already: %(listed)s. Have other ones made up for "
        "their people; an admin can change them later."
    ) % {"listed": listed}


def start_restore(
    *,
    name: str,
    schema_name: str,
    makes_up_addresses: bool,
    by: User,
    archive: IO[bytes] | None = None,
    export: CompanyExport | None = None,
) -> CompanyRestore:
    """Have the worker make a company of an archive that was uploaded, or of an export that is kept.

    Call it in `public`.

    Raises:
        RestoreUnderWayError: one is being made already.
    """
    end_abandoned_restores()
    with transaction.atomic():
        _lock("start")
        if CompanyRestore.objects.under_way().exists():
            raise RestoreUnderWayError
        restore = CompanyRestore.objects.create(
            name=name,
            # Known from now on: what a killed worker leaves is found by it.
            schema_name=schema_name or make_schema_name(name),
            makes_up_addresses=makes_up_addresses,
            export=export,
            asked_by=str(by),
            created_at=timezone.now(),
        )
        restore.job_id = defer(RESTORE_COMPANY, restore_id=restore.pk)
        restore.save(update_fields=["job_id"])
        record_in_installation(RESTORE_STARTED, name=name, schema=restore.schema_name)
        if archive is not None:  # last: it is not undone with the transaction
            archive.seek(0)
            default_storage.save(restore.key, File(archive))
    return restore


def make_restore(*, restore_id: int) -> None:
    """Make the company. Safe to repeat: what the company holds and the outcome are written by one
    transaction, and an empty company that a killed worker has left is deleted first."""
    restore = CompanyRestore.objects.filter(pk=restore_id).first()
    if restore is None or not restore.is_under_way:
        return
    rows = CompanyRestore.objects.filter(pk=restore_id)
    rows.filter(status__in=UNDER_WAY).update(status=RestoreStatus.RUNNING, progress=0)
    failure = ""
    try:
        by = Actor(ActorKind.SUPERUSER, name=restore.asked_by)
        with acting_as(by), _alone(restore_id) as is_alone:
            if not is_alone:
                return  # the same job, beside itself
            restore.refresh_from_db()
            if restore.is_under_way:
                _make(restore)
    except AddressesInUseError as error:
        failure = in_use(error.addresses)
    except ValidationError as error:
        failure = " ".join(error.messages)
    except TicketFlowerError as error:
        failure = str(error)
    if failure:
        _fail(restore, failure)
    _forget_archive(restore)


def _make(restore: CompanyRestore) -> None:
    rows = CompanyRestore.objects.filter(pk=restore.pk)
    if restore.begun_id is not None:
        delete_unfinished(company_id=restore.begun_id)

    def ended(made: Restored) -> None:
        rows.update(
            status=RestoreStatus.DONE,
            progress=100,
            company=made.company,
            people=made.people,
            rows=sum(made.rows.values()),
            files=made.files,
            missing_files=len(made.missing_files),
            finished_at=timezone.now(),
        )

    with (
        _archive_of(restore) as (source, most),
        telling(lambda percent: rows.filter(status__in=UNDER_WAY).update(progress=percent)) as tell,
    ):
        restore_company(
            source,
            name=restore.name,
            schema_name=restore.schema_name,
            makes_up_addresses=restore.makes_up_addresses,
            most_bytes=most,
            tell=tell,
            began=lambda company: rows.update(begun_id=company.pk),
            ended=ended,
        )


@contextmanager
def _archive_of(restore: CompanyRestore) -> Iterator[tuple[IO[bytes], int]]:
    """The archive, and how much it may hold."""
    export = restore.export
    try:
        if export is None:
            source: Any = _Bounded(default_storage.open(restore.key))
            most = most_unpacked()
        else:
            with schema_context(export.company.schema_name):
                source = default_storage.open(export.key)
            most = settings.RESTORE_MOST_BYTES
    except FileNotFoundError as error:
        raise ArchiveGoneError from error
    try:
        yield source, most
    finally:
        source.close()


def end_abandoned_restores() -> None:
    """End those that no job works on any more; their archives are deleted."""
    for each in CompanyRestore.objects.under_way():
        end_abandoned_restore(each)


def end_abandoned_restore(restore: CompanyRestore) -> CompanyRestore:
    """End one that no job works on any more, so that nobody waits for ever."""
    if not restore.is_under_way or (restore.job_id is not None and is_under_way(restore.job_id)):
        return restore
    _fail(
        restore,
        _(
            "The server could not finish this. Start again; if that does not help, its log says "
            "why. Nothing was restored."
        ),
    )
    _forget_archive(restore)
    restore.refresh_from_db()
    return restore


def _fail(restore: CompanyRestore, failure: str) -> None:
    with transaction.atomic():
        failed = CompanyRestore.objects.filter(pk=restore.pk, status__in=UNDER_WAY).update(
            status=RestoreStatus.FAILED, failure=failure, finished_at=timezone.now()
        )
        if failed:
            restore.refresh_from_db(fields=["begun_id"])
            if restore.begun_id is not None:
                give_up(company_id=restore.begun_id)
            by = Actor(ActorKind.SUPERUSER, name=restore.asked_by)
            schema = restore.schema_name
            record_in_installation(
                RESTORE_FAILED, by=by, name=restore.name, schema=schema, reason=failure
            )


def _forget_archive(restore: CompanyRestore) -> None:
    """What was uploaded is needed no more."""
    if restore.export_id is None:
        with schema_context(PUBLIC):
            default_storage.delete(restore.key)


def _lock(what: str) -> None:
    """Wait for it; it is kept until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"restore:{what}"])


@contextmanager
def _alone(restore_id: int) -> Iterator[bool]:
    """Whether no other process makes it; none does until the end. The lock dies with us."""
    name = [f"restore:{restore_id}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)
