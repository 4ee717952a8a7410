from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from tenants.companies.company_limits import give_room_back
from tenants.models import Company
from tickets.models import FileUpload

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
AT_ONCE = 200


def clean_up_uploads(*, now: datetime) -> int:
    """Delete the files that were uploaded a week ago and never submitted; returns how many.

    Saved answers keep theirs. One that is being submitted or saved at this moment is locked,
    and left for the next time. Safe to repeat, and beside itself.
    """
    deleted, last = 0, 0
    while True:
        with transaction.atomic():
            batch = _lock_some(after=last, before=now - KEPT)
            if not batch:
                return deleted
            # Before they are deleted: what is deleted has no id any more.
            last = batch[-1].pk
            deleted += sum(_delete(upload) for upload in _unsaved(batch))


def discard_uploads(keys: Iterable[UUID]) -> None:
    """Delete these files at once, but for those that belong to a ticket or to saved answers."""
    wanted = FileUpload.objects.filter(ticket=None, uuid__in=list(keys)).order_by("pk")
    with transaction.atomic():
        for upload in _unsaved(list(wanted.select_for_update())):
            _delete(upload)


def _lock_some(*, after: int, before: datetime) -> list[FileUpload]:
    old = FileUpload.objects.filter(ticket=None, uploaded_at__lt=before, pk__gt=after)
    return list(old.order_by("pk").select_for_update(skip_locked=True)[:AT_ONCE])


def _unsaved(uploads: list[FileUpload]) -> list[FileUpload]:
    """Asked after they are locked: answers may have been saved just before that."""
    named = FileUpload.objects.filter(pk__in=[upload.pk for upload in uploads])
    free = set(named.filter(saved_answers=None).values_list("pk", flat=True))
    return [upload for upload in uploads if upload.pk in free]


def _delete(upload: FileUpload) -> bool:
    """The file first: should the process die here, the row is found again the next time."""
    try:
        upload.file.delete(save=False)
    except OSError:
        logger.exception("The file of upload %s could not be deleted", upload.pk)
        return False
    give_room_back(Company.objects.current(), upload.size)
    upload.delete()
    return True
