"""Large files: checked and applied by the worker, while a page shows how far it is."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.companies.language_and_zone import company_zone
from tenants.jobs import defer, is_under_way
from tenants.models import User
from tenants.names import LONGEST_NAME
from workflows.authoring.importing.findings import Findings, check_file, check_reading, findings_of
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.bundles.document.errors import InvalidBundleError
from workflows.errors import (
    DraftChangedError,
    ImportGoneError,
    NotADraftError,
    UnreadableBundleError,
)
from workflows.models import ImportRun
from workflows.models.import_run import ImportStatus
from workflows.workbooks import FileType, read_document

# The names of the jobs; those in the queue keep the ones that they were deferred by.
RUN_IMPORT = "tickets.jobs.run_import"
FORGET_IMPORT = "tickets.jobs.forget_import"

# Measured: half a megabyte of text, which is a workbook of about a hundred kilobytes, takes
# about a second to read, check and compare. What is larger is the worker's.
LARGE_TEXT = 500_000
LARGE_WORKBOOK = 100_000
# How long a file that nobody applies is kept, and the record of it after that.
KEPT = timedelta(days=1)


def is_large(content: bytes) -> bool:
    """Whether a file takes too long for a page that somebody waits for."""
    return len(content) > (LARGE_WORKBOOK if content.startswith(b"PK") else LARGE_TEXT)


def start_import(*, content: bytes, filename: str, user: User) -> ImportRun:
    """Have the worker check a file. The same person's earlier files are no longer kept."""
    with transaction.atomic():
        ImportRun.objects.filter(created_by=user).exclude(content=None).filter(
            status=ImportStatus.READY
        ).update(content=None)
        run = ImportRun.objects.create(
            content=content, filename=_short_name(filename), created_by=user
        )
        run.job_id = defer(RUN_IMPORT, import_run_id=run.pk)
        run.save(update_fields=["job_id"])
        defer(FORGET_IMPORT, after_seconds=KEPT.total_seconds(), import_run_id=run.pk)
    return run


def apply_import(*, run: ImportRun, is_replacing: bool = False) -> ImportRun:
    """Have the worker make the draft of a file that was checked.

    Pressed twice it is applied once. `is_replacing`: it takes the place of the draft that the
    check found, if nobody has saved that since.

    Raises:
        ImportGoneError: the file is not kept any more.
    """
    with transaction.atomic():
        run = _locked(run.pk)
        if not run.is_ready:
            return run
        if run.content is None:
            raise ImportGoneError
        run.start_applying()
        run.findings = {**run.findings, "is_replacing": is_replacing}
        run.job_id = defer(RUN_IMPORT, import_run_id=run.pk)
        run.save(update_fields=["status", "progress", "findings", "job_id"])
    return run


def continue_import(*, import_run_id: int) -> None:
    """Check or apply, whichever is due. Safe to repeat, late, and beside itself."""
    if not ImportRun.objects.filter(pk=import_run_id).exists():
        return
    with transaction.atomic():
        run = _locked(import_run_id)
        if run.status in (ImportStatus.WAITING, ImportStatus.CHECKING):
            run.start_checking()
            run.save(update_fields=["status", "progress"])
    if run.status == ImportStatus.CHECKING:
        _check(run)
    elif run.status == ImportStatus.APPLYING:
        _apply(run)


def end_abandoned_import(*, run: ImportRun) -> ImportRun:
    """End a run that nobody works on any more, so that its page does not wait for ever."""
    if not run.is_running or (run.job_id is not None and is_under_way(run.job_id)):
        return run
    with transaction.atomic():
        run = _locked(run.pk)  # the job may have ended well since it was read
        if run.is_running:
            run.fail(
                failure=_(
                    "The server could not finish this. Nothing was changed. Upload the file "
                    "again; if that does not help, tell whoever runs TicketFlower: its log "
                    "says why."
                )
            )
            _save_end(run)
    return run


def forget_import(*, import_run_id: int) -> None:
    """Delete the record of an import, with the file if that is still there."""
    ImportRun.objects.filter(pk=import_run_id).delete()


def _check(run: ImportRun) -> None:
    try:
        reading = read_document(bytes(run.content or b""), run.filename, zone=company_zone())
    except UnreadableBundleError as error:
        _refuse(run.pk, failure=str(error))
        return
    _note_progress(run.pk, 40)
    checked = check_reading(reading)
    findings = checked.findings()
    with transaction.atomic():
        run = _locked(run.pk)
        if run.status != ImportStatus.CHECKING:
            return
        if findings.can_be_applied:
            run.accept(findings=findings.as_json())
        else:
            run.refuse(findings=findings.as_json())
        _save_end(run)


def _apply(run: ImportRun) -> None:
    checked = check_file(content=bytes(run.content or b""), filename=run.filename)
    _note_progress(run.pk, 50)
    with transaction.atomic():
        run = _locked(run.pk)
        if run.status != ImportStatus.APPLYING:
            return
        try:
            with transaction.atomic():
                made = import_bundle(
                    document=checked.document, user=run.created_by, replaces=_replaced(run)
                )
            run.finish(definition=made)
        except InvalidBundleError as error:  # somebody changed something since the check
            findings = findings_of(error.problems, reading=checked.reading)
            run.refuse(findings=findings.as_json())
        except (DraftChangedError, NotADraftError) as error:
            run.fail(
                failure=_("%(reason)s Upload the file again.") % {"reason": why_not_imported(error)}
            )
        _save_end(run)


def _replaced(run: ImportRun) -> SeenDraft | None:
    findings = Findings.from_json(run.findings)
    return findings.draft.seen if findings.is_replacing and findings.draft else None


def why_not_imported(error: DraftChangedError | NotADraftError) -> str:
    """Why a draft was not replaced."""
    if isinstance(error, NotADraftError):
        return _("The draft was published or deleted in the meantime. Nothing was imported.")
    return _("%(reason)s Nothing was imported.") % {"reason": error}


def _refuse(run_id: int, *, failure: str) -> None:
    with transaction.atomic():
        run = _locked(run_id)
        if run.status == ImportStatus.CHECKING:
            run.refuse(failure=failure)
            _save_end(run)


def _locked(run_id: int) -> ImportRun:
    return ImportRun.objects.select_for_update(of=("self",)).get(pk=run_id)


def _save_end(run: ImportRun) -> None:
    run.save(
        update_fields=["status", "progress", "findings", "failure", "content", "definition"],
    )


def _note_progress(run_id: int, percent: int) -> None:
    """Seen at once: outside of any transaction."""
    ImportRun.objects.filter(pk=run_id).update(progress=percent)


def _short_name(filename: str) -> str:
    """The end of a name that is too long: there stands the kind of file."""
    kept = "".join(letter for letter in filename if letter.isprintable())
    return kept[-LONGEST_NAME:] if FileType.of(kept) else kept[:LONGEST_NAME]
