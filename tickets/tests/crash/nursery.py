from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Self

from django.conf import settings

from tickets.tests.crash.installation import CHILD, Installation


class Nursery:
    """Bears processes that each carry out one order: see `child.carry_out`."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._born = 0
        self._log = (installation.folder / "nursery.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, *CHILD, "nursery"],
            cwd=settings.BASE_DIR,
            env=installation.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def bear(self, do: str, *arguments: object, at: str) -> tuple[str, bool]:
        """Have a process do something and die `at` a commit (see `dying`); waits for its end.

        Returns its name, and whether it has survived.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._born += 1
        name = f"process-{self._born}"
        environment = {"CRASH_NAME": name, "CRASH_AT": at}
        order = {"environment": environment, "do": do, "with": arguments}
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        status = self._process.stdout.readline().strip()
        if not status:
            raise AssertionError(f"The nursery has died: see {self._installation.folder}.")
        return name, status == "0"
