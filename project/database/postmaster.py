"""Where the embedded Postgres is, whether it runs or not: what the settings need. Starts nothing.

Postgres itself writes what there is to know about a running server into `postmaster.pid`; that
file, checked against the process it names, is the only record of it. What makes, starts and ends
the server stands in project/development/embedded_postgres.py.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

NAME = "ticketflower"  # of the database and of its owner
UNIX_PORT = 5432  # only a part of the socket's name: nothing listens on it
LONGEST_SOCKET_FOLDER = 80  # bytes; the system takes about 100 for the whole path
ON_WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class Postmaster:
    """A running server, as its own pid file describes it. `host` is a socket folder on Unix."""

    pid: int
    host: str
    port: int


def database_entry(data_dir: Path) -> dict[str, Any]:
    """The part of Django's database settings that is the server's own. Starts nothing.

    While no server has ever been started the password is empty, and connecting fails.
    """
    running = running_postmaster(data_dir)
    password = password_file(data_dir)
    return {
        "NAME": NAME,
        "USER": NAME,
        "PASSWORD": password.read_text(encoding="ascii").strip() if password.exists() else "",
        "HOST": running.host if running else socket_folder(data_dir),
        "PORT": str(running.port if running else UNIX_PORT),
        "OPTIONS": {},
    }


def running_postmaster(data_dir: Path, *, ready: bool = True) -> Postmaster | None:
    """What is running on this data folder; with `ready`, only a server that takes connections.

    The pid file outlives a server that was killed, and its number may then belong to nobody, to
    a zombie, or to another program: only a live postgres on this very folder counts.
    """
    try:
        lines = (
            (cluster_folder(data_dir) / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        )
    except (FileNotFoundError, PermissionError):  # Windows refuses while it is being written.
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    if not is_postgres_on(pid, cluster_folder(data_dir)):
        return None
    # Lines: pid, data folder, start time, port, socket folder, listening address, memory, status.
    if ready and (len(lines) < 8 or lines[7].strip() != "ready"):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else UNIX_PORT
    host = lines[4].strip() if len(lines) > 4 else ""
    return Postmaster(pid=pid, host=host or "127.0.0.1", port=port)


def is_postgres_on(pid: int, cluster: Path) -> bool:
    """Whether this process is a Postgres that works on this folder."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name().lower():
            return False
        command = process.cmdline()
    except psutil.AccessDenied:
        return True  # Its name fits and it is not ours to look into: leave it alone.
    except psutil.Error:
        return False
    return any(os.path.normcase(part) == os.path.normcase(str(cluster)) for part in command)


def cluster_folder(data_dir: Path) -> Path:
    return data_dir / "postgres"


def password_file(data_dir: Path) -> Path:
    return data_dir / "postgres.password"


def superuser_password_file(data_dir: Path) -> Path:
    """Of the server's own superuser, `postgres`: for repairs by hand, not for the application."""
    return data_dir / "postgres.superuser.password"


def socket_folder(data_dir: Path) -> str:
    """The cluster's own folder, or a short one where that path would be too long for a socket."""
    if ON_WINDOWS:
        return "127.0.0.1"
    cluster = str(cluster_folder(data_dir))
    if len(os.fsencode(cluster)) <= LONGEST_SOCKET_FOLDER and "," not in cluster:
        return cluster
    name = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]
    return str(Path(tempfile.gettempdir()) / f"ticketflower-{name}")
