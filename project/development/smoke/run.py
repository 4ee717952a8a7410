"""Starting servers for the walk, walking, and cleaning up."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import httpx

from project.database.settings import DB_VARIABLES
from project.development.embedded_postgres import EmbeddedPostgresError
from project.development.errors import DevelopmentError
from project.development.processes import Ended, ignore_signals
from project.development.servers import Servers, prepare_environment
from project.development.smoke.browsing import SmokeError
from project.development.smoke.by_mail import MailWalk
from project.development.smoke.main_path import Walk
from project.development.smoke.post_office import (
    MAIL_VARIABLES,
    PostOffice,
    post_office,
    variables,
)


def walk(address: str, folder: Path, post: PostOffice) -> None:
    """Both ways, in one company. Raises SmokeError at the first step that fails.

    The folder takes the document that is uploaded.
    """
    path = Walk(address, folder, post)
    by_mail = MailWalk(path)
    try:
        _take(path, Walk.STEPS)
        _take(by_mail, MailWalk.STEPS)
    finally:
        by_mail.close()
        path.close()


def _take(path: Any, steps: Sequence[tuple[str, Callable[[Any], None]]]) -> None:
    """Each step, with a line and its time."""
    for title, take in steps:
        start = time.monotonic()
        try:
            take(path)
        except (SmokeError, httpx.HTTPError) as error:
            raise SmokeError(f"{title}: {error}") from error
        print(f"ok {time.monotonic() - start:6.2f} s  {title}", flush=True)


def main() -> int:
    """Start servers on a free port and a folder of their own, walk, and clean up. 0 or 1."""
    folder = Path(tempfile.mkdtemp(prefix="ticketflower-smoke-"))
    start = time.monotonic()
    failure = ""
    with data_in(folder):
        servers = Servers(port=free_port(), show_output=False)
        try:
            servers.claim()
            servers.prepare()
            set_django_up()
            with post_office(servers.address) as post:
                servers.start()
                try:
                    walk(servers.address, folder, post)
                finally:
                    ignore_signals()
                    servers.end()
        except (SmokeError, DevelopmentError, EmbeddedPostgresError) as error:
            failure = str(error)
        except Ended:
            failure = "It was interrupted."
        finally:
            ignore_signals()
            servers.end()
    if failure:
        shutil.rmtree(folder / "postgres", ignore_errors=True)
        print(f"FAILED  {failure}", file=sys.stderr)
        print(f"The servers' logs are kept in {folder / 'logs'}.", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    print(f"The main path works ({time.monotonic() - start:.1f} s).")
    return 0


def set_django_up() -> None:
    """In this process, too: the mail servers of the tests need it. It knows the same database."""
    prepare_environment()
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    django.setup()


@contextmanager
def data_in(folder: Path) -> Iterator[None]:
    """Another data folder, and the embedded Postgres even where a server is configured: this
    must never touch real data, nor send mails. Empty values also switch those of `.env` off."""
    changed = dict.fromkeys(("DATABASE_URL", *DB_VARIABLES, *MAIL_VARIABLES), "")
    with variables(changed | {"TICKETFLOWER_DATA_DIR": str(folder)}):
        yield


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
