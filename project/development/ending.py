"""`stop` and `reset`: end what runs on the data folder, and delete it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path

import psutil

from project.database.settings import is_configured
from project.development import embedded_postgres, records
from project.development.errors import DevelopmentError
from project.development.processes import end_leftovers_of, wait_for
from project.environment import data_dir

UP_SECONDS = 75  # that a running `up` gets to end its programs and the database


def stop() -> list[str]:
    """End what is recorded here and proves to be ours; the names of what has ended."""
    ended = []
    if (up := records.alive(data_dir()).get("up")) and (process := up.process()):
        # On Windows nothing can ask a program of another window to end.
        if os.name != "nt":
            with contextlib.suppress(psutil.Error):
                process.terminate()  # It ends the web server, the worker and the database itself.
                wait_for([process], seconds=UP_SECONDS)
        ended.append("up")
    for name, record in records.read(data_dir()).items():
        if end_leftovers_of(record):
            ended.append(name)
        records.remove(data_dir(), name)
    if embedded_postgres.stop(data_dir()):
        ended.append("Postgres")
    return ended


def reset(*, confirmed: bool) -> None:
    """Delete the data folder, after asking. Raises DevelopmentError where it is not ours."""
    folder = data_dir()
    _check_that_it_is_ours(folder)
    if not confirmed and not _confirm(folder):
        raise DevelopmentError("Nothing was deleted.")
    stop()
    if folder.exists():
        _delete(folder)
    print(f"Deleted {folder}.")
    if is_configured():
        print("The database server that the configuration names was left as it is.")


def _check_that_it_is_ours(folder: Path) -> None:
    """TICKETFLOWER_DATA_DIR may name anything: a home folder must not be deleted by mistake."""
    if folder.exists() and not (folder / "run").is_dir() and any(folder.iterdir()):
        raise DevelopmentError(
            f"{folder} does not look like TicketFlower's data folder: nothing was deleted."
        )


def _confirm(folder: Path) -> bool:
    if not sys.stdin.isatty():
        raise DevelopmentError("Nothing was deleted: without a terminal to ask, add --yes.")
    question = f"Delete all companies, tickets and files in {folder}? Type yes: "
    return input(question).strip().lower() == "yes"


def _delete(folder: Path) -> None:
    """On Windows a file stays locked for a moment after the process that had it open."""
    for attempt in range(10):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if attempt == 9:
                raise DevelopmentError(f"{folder} could not be deleted: {error}.") from error
            time.sleep(0.3)
        else:
            return
