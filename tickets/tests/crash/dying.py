"""A process that kills itself at a commit: only ever in the processes of these tests.

`CRASH_AT` says where: `before 3` before its third commit; `after 3` when that is committed but
nothing has followed it, no on_commit and no answer; empty never. `CRASH_JOURNAL` is a file in
which the processes note what they did, `CRASH_NAME` what it calls this one.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import psutil
from django.db.backends.base.base import BaseDatabaseWrapper


def note(line: str) -> None:
    """Add a line to the journal; whole, also where others write at the same time."""
    with Path(os.environ["CRASH_JOURNAL"]).open("ab", buffering=0) as journal:
        journal.write(f"{line}\n".encode())


def die_at_commit(who: str) -> None:
    """Have this process, which is ready for its work now, killed where CRASH_AT says.

    `who` is what the journal calls it then.
    """
    note(f"ready {os.environ['CRASH_NAME']}")
    where, _space, number = os.environ.get("CRASH_AT", "").partition(" ")
    if not where:
        return
    counted = itertools.count(1)
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def commit_or_die(self: BaseDatabaseWrapper) -> None:
        is_the_one = next(counted) == int(number)
        if is_the_one and where == "before":
            _die(f"died {who} before")
        commit(self)
        if is_the_one:
            _die(f"died {who} after")

    BaseDatabaseWrapper._commit = commit_or_die  # type: ignore[attr-defined]


def _die(line: str) -> None:
    note(line)
    psutil.Process().kill()
    # The signal may take a moment to come, in which nothing may happen any more.
    os._exit(137)
