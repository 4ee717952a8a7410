"""The archive of a company: a zip file, and what stands where in it.

    README.txt                 what this is, for people
    manifest.json              format, version of the tables, counts, the digest of each entry
    public/people.jsonl        the company's people, with their system roles
    data/<table>.jsonl         a table as it is: an object for each row, one a line
    definitions/<key>-v1.json  each version of each workflow, as a bundle (.xlsx beside it)
    tickets/<number> <title>.xlsx   the tickets of each type, for people
    files/<uuid><.ending>      what was uploaded
    pictures/<number>.webp     of people, by their number in public/people.jsonl

An archive that comes from elsewhere is hostile: what it claims is checked before anything is
used. The digests show damage; they do not show who made it.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from tickets.company_data.errors import UnreadableArchiveError

FORMAT: Final = "ticketflower-company"
FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
PEOPLE: Final = "public/people.jsonl"
ENTRY: Final = re.compile(
    r"(?:public|data|definitions|tickets|files|pictures)/[^/\\\x00-\x1f]{1,200}"
)
TABLE_ENTRY: Final = re.compile(r"data/([a-z][a-z0-9_]{0,62})\.jsonl")

CHUNK: Final = 1 << 18
# What reading a zip file raises. RuntimeError: it asks for a password.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
# Of an archive that is read: how much of it there may be, in bytes.
MOST_MANIFEST: Final = 200_000_000
MOST_LINE: Final = 64_000_000
MOST_ENTRIES: Final = 5_000_000


def picture_entry(number: int) -> str:
    """Where the picture of the person stands who has this number in the archive."""
    return f"pictures/{number}.webp"


@dataclass
class Manifest:
    """What the archive says of itself."""

    company: dict[str, Any]
    migrations: list[str]
    tables: dict[str, Any] = field(default_factory=dict)
    content_types: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)  # entries by the uuid of the upload
    missing_files: list[str] = field(default_factory=list)
    too_large_for_workbooks: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    made_at: str = ""
    entries: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **vars(self)}


class ArchiveWriter:
    """Writes entries one after the other, and notes their sizes and digests."""

    def __init__(self, target: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.entries: dict[str, dict[str, Any]] = {}

    @contextmanager
    def entry(self, name: str, *, is_compressed: bool = False) -> Iterator[Callable[[bytes], None]]:
        """An entry; what it yields takes its content piece by piece."""
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_STORED if is_compressed else zipfile.ZIP_DEFLATED
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as stream:

            def write(content: bytes) -> None:
                nonlocal size
                stream.write(content)
                digest.update(content)
                size += len(content)

            yield write
        self.entries[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def add(self, name: str, content: bytes) -> None:
        with self.entry(name) as write:
            write(content)

    def copy(self, name: str, source: IO[bytes], *, is_compressed: bool = True) -> None:
        with self.entry(name, is_compressed=is_compressed) as write:
            while chunk := source.read(CHUNK):
                write(chunk)

    def finish(self, manifest: Manifest) -> None:
        """The last entry: the manifest of all others."""
        manifest.entries = self.entries
        text = json.dumps(manifest.as_json(), ensure_ascii=False, indent=1)
        with self._zip.open(zipfile.ZipInfo(MANIFEST, (1980, 1, 1, 0, 0, 0)), "w") as stream:
            stream.write(text.encode())
        self._zip.close()


class ArchiveReader:
    """An archive from anywhere. Nothing of it is believed before `verify`.

    `most_bytes` is how much it may hold, unpacked. `tell` is told how far reading it is, where all
    of it is read twice: to verify it, and to restore it.

    Raises:
        UnreadableArchiveError: by whatever finds it is no archive, or damaged.
    """

    def __init__(
        self,
        source: IO[bytes],
        *,
        most_bytes: int,
        most_manifest: int = MOST_MANIFEST,
        tell: Callable[[int], None] = lambda _percent: None,
    ) -> None:
        with _refusing_damage():
            self._zip = zipfile.ZipFile(source)
            infos = self._zip.infolist()
        names = [each.filename for each in infos]
        if len(names) > MOST_ENTRIES or len(set(names)) != len(names):
            raise UnreadableArchiveError(_("The archive names files twice, or far too many."))
        self._infos = dict(zip(names, infos, strict=True))
        self._tell, self._read, self._total = tell, 0, 0
        self.manifest = _read_manifest(self._json(MANIFEST, most_manifest))
        self._check_entries(most_bytes)

    def _check_entries(self, most_bytes: int) -> None:
        """That there is what the manifest names, nothing else, and not too much."""
        listed = self.manifest.entries
        if set(listed) | {MANIFEST} != set(self._infos):
            raise UnreadableArchiveError(
                _("The archive does not hold the files that its manifest names. It is damaged.")
            )
        total = 0
        for name, about in listed.items():
            if name != README and not ENTRY.fullmatch(name):
                raise UnreadableArchiveError(
                    _("“%(name)s” is no name of a file in an archive.") % {"name": name[:100]}
                )
            size: Any = about.get("bytes") if isinstance(about, dict) else None
            info = self._infos[name]
            if not isinstance(size, int) or size != info.file_size or size < 0:
                raise _wrong(name)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _wrong(name)
            total += size
        if total > most_bytes:
            raise UnreadableArchiveError(
                _(
                    "The archive holds %(total)d bytes, which is more than the %(most)d that are "
                    "taken. If it is yours, restore it on the server with manage.py "
                    "restore_company, with a higher RESTORE_MOST_BYTES if need be."
                )
                % {"total": total, "most": most_bytes}
            )
        self._total = total

    def verify(self) -> None:
        """Read all of it once, and compare sizes and digests."""
        for name in self.manifest.entries:
            for chunk in self._chunks(name):
                self.note(len(chunk))

    def note(self, read: int) -> None:
        """That so many bytes more were read."""
        self._read += read
        self._tell(min(99, 50 * self._read // max(self._total, 1)))

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of an entry, each without its end; one that is too long is refused."""
        with _refusing_damage(), self._zip.open(self._infos[name]) as stream:
            while line := stream.readline(MOST_LINE + 1):
                if len(line) > MOST_LINE:
                    raise _wrong(name)
                self.note(len(line))
                yield line.rstrip(b"\n")

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._infos[name])

    def _chunks(self, name: str) -> Iterator[bytes]:
        about, digest, size = self.manifest.entries[name], hashlib.sha256(), 0
        with _refusing_damage(), self._zip.open(self._infos[name]) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > about["bytes"]:
                    raise _wrong(name)
                digest.update(chunk)
                yield chunk
        if size != about["bytes"] or digest.hexdigest() != about.get("sha256"):
            raise _wrong(name)

    def _json(self, name: str, most: int) -> Any:
        if name not in self._infos or self._infos[name].file_size > most:
            raise UnreadableArchiveError
        with _refusing_damage(), self._zip.open(self._infos[name]) as stream:
            return parse(stream.read(most + 1), name)

    def close(self) -> None:
        self._zip.close()


def parse(content: bytes, name: str) -> Any:
    """JSON of the archive.

    Raises:
        UnreadableArchiveError: it is none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _wrong(name) from error


def is_storable(text: str) -> bool:
    """Whether Postgres takes it: JSON can hold halves of characters, and a zero byte."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def shown(text: str) -> str:
    """Something of an archive, as a sentence may quote it."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def _read_manifest(content: Any) -> Manifest:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UnreadableArchiveError
    version = content.get("format_version")
    if version != FORMAT_VERSION:
        raise UnreadableArchiveError(
            _(
                "The archive has version %(version)s of its format, and this TicketFlower reads "
                "%(own)d. Update TicketFlower. Nothing was restored."
            )
            % {"version": shown(str(version)[:20]), "own": FORMAT_VERSION}
        )
    kinds = {
        "company": dict,
        "migrations": list,
        "tables": dict,
        "content_types": dict,
        "files": dict,
        "missing_files": list,
        "too_large_for_workbooks": list,
        "left_out": dict,
        "made_at": str,
        "entries": dict,
    }
    for name, kind in kinds.items():
        if not isinstance(content.get(name), kind):
            raise _wrong(MANIFEST)
    return Manifest(**{name: content[name] for name in kinds})


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise UnreadableArchiveError(
            _("The file cannot be read as an archive: it is damaged, or something else.")
        ) from error


def _wrong(name: str) -> UnreadableArchiveError:
    return UnreadableArchiveError(
        _("“%(name)s” in the archive is not what its manifest says. It is damaged.")
        % {"name": name[:100]}
    )
