"""Whether the storage has the files that tickets name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from tickets.health.finding import AT_A_TIME, Finding, finding
from tickets.models import FileUpload
from workflows.fields.answers.people import ERASED

_FOLDER: Final = "uploads"


def file_findings() -> list[Finding]:
    """Each file of a ticket of the active company, in any version, that the storage has not.

    One list of the storage, and one query. Files of people who were erased are gone by right.
    """
    try:
        stored = set(default_storage.listdir(_FOLDER)[1])
    except FileNotFoundError:
        stored = set()
    except OSError as error:
        message = _("The storage of files does not answer (%(error)s): nothing of it was checked.")
        return [finding(None, message % {"error": error})]
    return list(_missing(stored))


def _missing(stored: set[str]) -> Iterator[Finding]:
    rows = FileUpload.objects.filter(ticket__isnull=False).exclude(filename=ERASED).order_by("pk")
    columns = ("ticket", "file", "filename", "version")
    for ticket, key, name, version in rows.values_list(*columns).iterator(chunk_size=AT_A_TIME):
        if not _is_there(key, stored):
            message = _(
                "Version %(version)s of the file “%(name)s” is not in the storage: bring it back "
                "from a backup of the files."
            )
            yield finding(ticket, message % {"name": name, "version": version})


def _is_there(key: str, stored: set[str]) -> bool:
    folder, _slash, name = key.rpartition("/")
    if folder == _FOLDER:
        return name in stored
    return bool(key) and default_storage.exists(key)
