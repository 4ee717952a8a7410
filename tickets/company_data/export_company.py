"""Exports: started by a person, made by the worker, fetched, and deleted after some days."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import IO, Final

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit.acting import current_actor
from tenants.audit.record import record
from tenants.connection import company_of
from tenants.jobs import defer, is_under_way
from tenants.models import Company, CompanyExport, User
from tenants.models.company_export import UNDER_WAY, ExportStatus
from tickets.company_data.archive import CHUNK
from tickets.company_data.errors import ExportUnderWayError
from tickets.company_data.kinds_of_audit import EXPORT_FETCHED, EXPORT_MADE, EXPORT_STARTED
from tickets.company_data.write_archive import write_archive
from tickets.job_names import EXPORT_COMPANY, FORGET_EXPORT

logger = logging.getLogger(__name__)

FOLDER: Final = "exports"


# Archives of one company that are there at the same time.
MOST_KEPT: Final = 2


def start_export(*, company: Company, by: User) -> CompanyExport:
    """Have the worker make an archive of a company.

    Raises:
        ExportUnderWayError: one is being made already.
    """
    with company_of(company.schema_name):
        for each in CompanyExport.objects.of_company(company).under_way():
            end_abandoned_export(each)
        with transaction.atomic():
            try:
                with transaction.atomic():
                    export = CompanyExport.objects.create(
                        company=company, asked_by=str(by), created_at=timezone.now()
                    )
            except IntegrityError as error:  # the database takes one at a time
                raise ExportUnderWayError from error
            export.job_id = defer(EXPORT_COMPANY, export_id=export.pk)
            export.save(update_fields=["job_id"])
            record(EXPORT_STARTED, about=company, by=current_actor())
    return export


def make_export(*, export_id: int) -> None:
    """Make the archive. Safe to repeat: a worker that was killed leaves nothing that counts.

    It is written beside the storage and put there whole; what a killed worker has put there in
    part is deleted before.
    """
    export = CompanyExport.objects.select_related("company").filter(pk=export_id).first()
    if export is None or not export.is_under_way:
        return
    CompanyExport.objects.filter(pk=export_id).update(status=ExportStatus.RUNNING, progress=0)
    _make_room(export.company)
    default_storage.delete(export.key)
    exports = CompanyExport.objects.filter(pk=export_id)
    with (
        tempfile.TemporaryFile() as content,
        telling(lambda percent: exports.update(progress=percent)) as tell,
    ):
        write_archive(content, company=export.company, tell=tell)
        size, digest = _size_and_digest(content)
        content.seek(0)
        saved = default_storage.save(export.key, File(content))
    if saved != export.key:  # the same job ran beside itself, and was quicker
        default_storage.delete(saved)
        return
    now = timezone.now()
    with transaction.atomic():
        export = CompanyExport.objects.select_for_update(of=("self",)).get(pk=export_id)
        if not export.is_under_way:
            return
        export.status, export.progress = ExportStatus.DONE, 100
        export.size, export.sha256, export.finished_at = size, digest, now
        export.expires_at = now + timedelta(days=settings.COMPANY_EXPORT_DAYS)
        export.save()
        left = (export.expires_at - now).total_seconds()
        defer(FORGET_EXPORT, after_seconds=left, export_id=export.pk)
        record(EXPORT_MADE, bytes=size, sha256=digest)


def _make_room(company: Company) -> None:
    """Forget the oldest archives, so that with the next one there are MOST_KEPT: each may be as
    large as all that the company has, and nobody is to fill the storage with them."""
    done = CompanyExport.objects.of_company(company).filter(status=ExportStatus.DONE)
    for pk in done.order_by("-pk").values_list("pk", flat=True)[MOST_KEPT - 1 :]:
        forget_export(export_id=pk)


def end_abandoned_export(export: CompanyExport) -> CompanyExport:
    """End one that no job works on any more, so that nobody waits for ever."""
    if not export.is_under_way or (export.job_id is not None and is_under_way(export.job_id)):
        return export
    with transaction.atomic():
        export = CompanyExport.objects.select_for_update(of=("self",)).get(pk=export.pk)
        if export.is_under_way:
            export.status = ExportStatus.FAILED
            export.failure = _(
                "The server could not finish this. Start another one; if that does not help, tell "
                "whoever runs TicketFlower: its log says why."
            )
            export.save(update_fields=["status", "failure"])
    return export


def open_export(export: CompanyExport) -> IO[bytes]:
    """The archive, to be handed out; noted in the audit log. Call it in the company's schema.

    Raises:
        FileNotFoundError: it is not kept any more.
    """
    content = default_storage.open(export.key)
    record(EXPORT_FETCHED, export=export.pk, made_at=export.finished_at)
    return content


def forget_export(*, export_id: int) -> None:
    """Delete an archive whose time is over; the row says that there was one."""
    export = CompanyExport.objects.filter(pk=export_id).first()
    if export is None or export.is_under_way:
        return
    default_storage.delete(export.key)
    CompanyExport.objects.filter(pk=export_id).exclude(status__in=UNDER_WAY).update(
        status=ExportStatus.DELETED
    )


def clean_up_exports() -> None:
    """Delete, in the active company, what no export that is kept or under way names."""
    kept = (
        CompanyExport.objects.filter(
            status__in=(*UNDER_WAY, ExportStatus.DONE), expires_at__gt=timezone.now()
        )
        | CompanyExport.objects.under_way()
    )
    keys = {each.key for each in kept}
    with suppress(FileNotFoundError):
        for name in default_storage.listdir(FOLDER)[1]:
            if f"{FOLDER}/{name}" not in keys:
                default_storage.delete(f"{FOLDER}/{name}")


@contextmanager
def telling(note: Callable[[int], object]) -> Iterator[Callable[[int], None]]:
    """What notes the progress at once: on a connection of its own, past the transaction."""
    last = 0

    with ThreadPoolExecutor(1) as other:

        def tell(percent: int) -> None:
            nonlocal last
            if percent > last:
                last = percent
                other.submit(note, percent)

        yield tell
        other.submit(lambda: connection.close())  # the thread's own


def _size_and_digest(content: IO[bytes]) -> tuple[int, str]:
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
