"""Starting and ending programs, the same way on Unix and on Windows."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import psutil

from project.development.errors import DevelopmentError
from project.development.records import Record
from project.environment import BASE_DIR

PATIENCE = 35  # seconds to end by itself; the worker finishes its jobs for up to 30


class Ended(BaseException):
    """A signal asked us to end. Like KeyboardInterrupt, no ordinary error."""


def end_on_signals() -> None:
    """Turn Ctrl-C, a closed terminal and a polite kill into Ended."""

    def end(number: int, frame: object) -> None:
        raise Ended

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


def ignore_signals() -> None:
    """While ending, a second Ctrl-C must not leave something behind; each step has its limit."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is going on, and how long it took."""
    print(f"{title} ...", flush=True)
    start = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - start:.1f} s", flush=True)


def run_quietly(arguments: Sequence[str], environment: Mapping[str, str], *, failure: str) -> str:
    """Run a program of the virtual environment; its output, which is shown only where it fails."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        print(result.stdout, end="", file=sys.stderr, flush=True)
        raise DevelopmentError(failure)
    return result.stdout


class Program:
    """A program that runs beside us. Its output goes to a log, and with `show` line by line,
    behind its name, to the terminal."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        log: Path,
        show: bool,
    ) -> None:
        self.name = name
        self._show = show
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=BASE_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            **_new_process_group(),
        )
        self.pid = self._process.pid
        self._started = time.time()
        assert self._process.stdout is not None  # noqa: S101 - what stdout=PIPE means
        self._reader = threading.Thread(
            target=self._forward, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def ask_to_end(self) -> None:
        """What Ctrl-C would do; it takes its time to finish the work at hand."""
        if self.exit_code() is None:
            if sys.platform == "win32":
                self._process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                self._process.terminate()

    def make_end(self, deadline: float) -> None:
        """Wait until the time (of time.monotonic), then kill what is left, children included."""
        family = family_of(self.pid, self._started)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=max(0.0, deadline - time.monotonic()))
        if self.exit_code() is None:
            self._process.kill()
            self._process.wait()
        kill(family)
        self._reader.join(timeout=2)
        self._log.close()

    def _forward(self, stream: IO[str]) -> None:
        for line in stream:
            if self._show:
                print(f"{self.name:6} | {line}", end="", flush=True)
            self._log.write(line)
            self._log.flush()
        stream.close()


def family_of(leader: int, started: float) -> list[psutil.Process]:
    """What a Program has started and what still runs, even where the program itself has died.

    The web server's workers do not notice that their parent was killed, and keep the port. On
    Unix they are known by the session that each Program gets; the time of the start (in seconds
    since 1970) keeps a stranger out who was given the same number since.
    """
    found = []
    if sys.platform == "win32":
        with contextlib.suppress(psutil.Error):
            found = psutil.Process(leader).children(recursive=True)
        return found
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if (
                process.pid != leader
                and os.getsid(process.pid) == leader
                and process.create_time() >= started - 1
                and is_alive(process)
            ):
                found.append(process)
    return found


def kill(processes: Sequence[psutil.Process]) -> None:
    """Until they are gone, and with them the port that they hold. psutil refuses to kill another
    process that was given the same number since."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    wait_for(processes, seconds=5)


def wait_for(processes: Sequence[psutil.Process], *, seconds: float) -> None:
    """Until all have ended. A zombie has: psutil would wait for whoever should collect it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(is_alive(process) for process in processes):
        time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; neither gone, nor a zombie, nor another one under its number."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end_leftovers_of(record: Record) -> bool:
    """End a program that an earlier dev.py left behind, with its children; False if none lives."""
    family = family_of(record.pid, record.started)
    process = record.process()
    if process is not None:
        with contextlib.suppress(psutil.Error):
            process.terminate()
        family.append(process)
        wait_for(family, seconds=PATIENCE)
    kill(family)
    return bool(family)


def _new_process_group() -> dict[str, Any]:
    """In a group of its own: Ctrl-C shall reach dev.py alone, which ends the others in order."""
    if os.name == "nt":
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}
