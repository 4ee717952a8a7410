"""Who is running on a data folder: one small file for each process, under `run/`.

A record counts only while the very process that it names lives. A process number alone is not
enough: the system gives it to another program one day.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

CLOCK_TOLERANCE = 1.0  # seconds; the start of a process is read with the clock's own rounding


@dataclass(frozen=True)
class Record:
    """A process that dev.py started, or dev.py itself. `started` is seconds since 1970."""

    name: str
    pid: int
    started: float
    address: str = ""

    def process(self) -> psutil.Process | None:
        """The live process, or None where it has ended or is somebody else by now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= CLOCK_TOLERANCE
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


def write(data_dir: Path, name: str, pid: int, *, address: str = "") -> Record:
    """Record a process that has just been started."""
    record = Record(name, pid, psutil.Process(pid).create_time(), address)
    path = _path(data_dir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(record)), encoding="utf-8")
    return record


def remove(data_dir: Path, name: str) -> None:
    """Forget a process that has ended."""
    _path(data_dir, name).unlink(missing_ok=True)


def read(data_dir: Path) -> dict[str, Record]:
    """All records by name, of the living and the dead."""
    found = {}
    for path in sorted((data_dir / "run").glob("*.json")):
        # A file may be gone by now, or half written by a process that is just starting.
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
            record = Record(**json.loads(path.read_text(encoding="utf-8")))
            found[record.name] = record
    return found


def alive(data_dir: Path) -> dict[str, Record]:
    """The recorded processes that live, by name."""
    return {name: record for name, record in read(data_dir).items() if record.process()}


def _path(data_dir: Path, name: str) -> Path:
    return data_dir / "run" / f"{name}.json"
