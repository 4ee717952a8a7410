from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from django.conf import settings


class Process:
    """A Python program that runs beside us, and that can be killed with all that it started."""

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], *, log: Path
    ) -> None:
        self.name = name
        self._family: list[psutil.Process] = []
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def learn_family(self) -> None:
        """Remember what it has started: when it has died nobody knows whose those were."""
        with contextlib.suppress(psutil.Error):
            self._family = psutil.Process(self._process.pid).children(recursive=True)

    def kill(self) -> None:
        """Kill -9. psutil refuses to kill another process that was given the same number."""
        if self.is_running:
            self.learn_family()
            self._process.kill()
        self._process.wait()
        for process in self._family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(self._family, timeout=5)
