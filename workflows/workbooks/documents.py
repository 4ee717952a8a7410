"""Files in every format into documents, and documents into files."""

from __future__ import annotations

from datetime import UTC, tzinfo
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.document.reading import MAX_BYTES, read_bundle, write_bundle
from workflows.engine.problems import short
from workflows.engine.process import JsonObject
from workflows.errors import UnreadableBundleError
from workflows.workbooks.cells.zone import cells_in
from workflows.workbooks.formats.archive import Archive, damaged, encrypted
from workflows.workbooks.formats.ods_reading import read_ods
from workflows.workbooks.formats.ods_writing import MEDIA_TYPE, write_ods
from workflows.workbooks.formats.xlsx_reading import read_xlsx
from workflows.workbooks.formats.xlsx_writing import write_xlsx
from workflows.workbooks.from_workbook import read_grids
from workflows.workbooks.reading import Reading
from workflows.workbooks.to_workbook import pages_of, pages_of_tasks
from workflows.workbooks.yaml_files import read_yaml, write_yaml


class FileType(StrEnum):
    """The formats of a definition; the value is the ending of the file's name."""

    XLSX = "xlsx"
    ODS = "ods"
    JSON = "json"
    YAML = "yaml"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    @classmethod
    def of(cls, filename: str) -> FileType | None:
        """The format that a file's name says, or None."""
        ending = PurePath(filename).suffix.lower().removeprefix(".")
        return cls.YAML if ending == "yml" else cls(ending) if ending in list(cls) else None


_MEDIA_TYPES: Final = {
    FileType.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileType.ODS: MEDIA_TYPE,
    FileType.JSON: "application/json",
    FileType.YAML: "application/yaml",
}
_ZIP: Final = b"PK"
_OLD_OFFICE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_TABLES: Final = gettext_lazy(
    "A file of this kind has only one table. A workflow needs several: download the template, "
    "copy your rows into its sheets, and save it as .xlsx or .ods."
)
_NO_WORKBOOK: Final = gettext_lazy(
    "This kind of file cannot be read. Upload a workbook (.xlsx or .ods), or a bundle as .json "
    "or .yaml."
)


def read_document(content: bytes, filename: str = "", *, zone: tzinfo = UTC) -> Reading:
    """The document in a file of any format.

    The content says what it is; the name only helps where that leaves a doubt. Without a name,
    text is JSON where it begins with a bracket, and YAML otherwise.

    Other words that people use for the same are read as ours: see
    workflows.bundles.document.synonyms.
    Times in the cells of a workbook that name no zone are meant in `zone`.

    Raises:
        UnreadableBundleError: it cannot be read at all; what is wrong inside is in the reading.
    """
    with cells_in(zone):
        return _in_our_words(_read(content, filename))


def read_tasks(
    content: bytes, filename: str = "", *, around: JsonObject, zone: tzinfo = UTC
) -> Reading:
    """The task definitions in a file of any format, without the rest of their workflow.

    `around` is that workflow, a canonical bundle: cells may name what stands in it. `zone` as of
    `read_document`.

    Raises:
        UnreadableBundleError: it cannot be read at all; what is wrong inside is in the reading.
    """
    with cells_in(zone):
        return _in_our_words(_read(content, filename, around))


def _in_our_words(reading: Reading) -> Reading:
    made = in_our_words(reading.document)
    places = {made.our_path(path): place for path, place in reading.places.items()}
    return Reading(made.document, [*reading.problems, *made.problems], places)


def _read(content: bytes, filename: str, around: JsonObject | None = None) -> Reading:
    if len(content) > MAX_BYTES:
        raise UnreadableBundleError(
            _("The file is larger than %(limit)s MB, which is the most that is read.")
            % {"limit": MAX_BYTES // 1024 // 1024}
        )
    if not content.strip():
        raise UnreadableBundleError(_("The file is empty."))
    if content.startswith((_ZIP, _OLD_OFFICE)):
        return _read_workbook(content, around)
    file_type = FileType.of(filename)
    ending = PurePath(filename).suffix.lower()
    if file_type in {FileType.XLSX, FileType.ODS}:
        raise damaged()
    if ending in {".csv", ".tsv", ".tab"}:
        raise UnreadableBundleError(str(_TABLES))
    if file_type is None and ending not in {"", ".txt"}:
        raise UnreadableBundleError(str(_NO_WORKBOOK))
    is_json = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}
    if file_type is FileType.YAML or (file_type is None and not is_json):
        return read_yaml(content)
    return Reading(read_bundle(content))


def read_workbook(content: bytes, filename: str = "") -> Reading:
    """The document in a workbook, .xlsx or .ods, whatever its name ends with.

    Raises:
        UnreadableBundleError: it is no workbook, is damaged, protected, or too large.
    """
    return _in_our_words(_read_workbook(content))


def _read_workbook(content: bytes, around: JsonObject | None = None) -> Reading:
    if content.startswith(_OLD_OFFICE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise encrypted()
        raise UnreadableBundleError(
            _("This is a workbook of an old kind (.xls). Save it as .xlsx and try again.")
        )
    archive = Archive(content)
    if "content.xml" in archive.names:
        return _read_open_document(archive, around)
    if any(each.startswith("xl/") for each in archive.names) or "xl/workbook.xml" in archive.names:
        return read_grids(read_xlsx(archive), around=around)
    if any(each.startswith(("word/", "ppt/")) for each in archive.names):
        raise UnreadableBundleError(str(_NO_WORKBOOK))
    raise damaged()


def _read_open_document(archive: Archive, around: JsonObject | None) -> Reading:
    kind = (
        archive.read("mimetype").decode("ascii", "replace") if "mimetype" in archive.names else ""
    )
    if kind and "spreadsheet" not in kind:
        raise UnreadableBundleError(str(_NO_WORKBOOK))
    return read_grids(read_ods(archive), around=around)


def read_file(path: Path, *, zone: tzinfo = UTC) -> Reading:
    """The document in a file on this machine; `zone` as of `read_document`.

    Raises:
        UnreadableBundleError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise UnreadableBundleError(_("There is no file %(path)s.") % {"path": path}) from error
    except (OSError, ValueError) as error:
        raise UnreadableBundleError(
            _("The file %(path)s cannot be read (%(reason)s).")
            % {"path": path, "reason": short(getattr(error, "strerror", None) or str(error))}
        ) from error
    return read_document(content, path.name, zone=zone)


def write_document(document: JsonObject, file_type: FileType) -> bytes:
    """A bundle as the content of a file."""
    if file_type is FileType.JSON:
        return write_bundle(document).encode()
    if file_type is FileType.YAML:
        return write_yaml(document).encode()
    return write_workbook(document, file_type)


def write_tasks(tasks: JsonObject, file_type: FileType, *, around: JsonObject) -> bytes:
    """Task definitions without the rest of their workflow (`around`) as the content of a file."""
    if file_type in {FileType.JSON, FileType.YAML}:
        return write_document(tasks, file_type)
    pages = pages_of_tasks(tasks, around=around)
    return write_ods(pages) if file_type is FileType.ODS else write_xlsx(pages)


def write_workbook(document: JsonObject, file_type: FileType = FileType.XLSX) -> bytes:
    """A bundle as the content of a workbook."""
    pages = pages_of(document)
    return write_ods(pages) if file_type is FileType.ODS else write_xlsx(pages)
