"""How the web server is started: the same everywhere, on Windows too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

APPLICATION: Final = "project.asgi:application"
# How granian writes what it says, where lines are JSON.
LOG_CONFIG: Final = Path(__file__).resolve().parent.parent / "observing" / "granian_logging.json"


def web_command(
    *,
    host: str,
    port: int,
    processes: int,
    application: str = APPLICATION,
    level: str = "warning",
    respawn: bool = True,
) -> list[str]:
    """What follows the Python interpreter.

    `application` is an ASGI one; `respawn` says whether a process that dies is started again.
    """
    return [
        "-m",
        "granian",
        *("--interface", "asginl", "--http", "1", "--no-ws"),
        *("--host", host, "--port", str(port), "--workers", str(processes)),
        # Connections that wait are the edge's to bound: they must not keep /healthz out.
        *("--backpressure", "4096", "--backlog", "1024"),
        *("--http1-header-read-timeout", "10000"),
        # Somebody who does not read their answer must not keep a process from ending.
        *("--workers-kill-timeout", "30"),
        *(("--respawn-failed-workers", "--respawn-interval", "1") if respawn else ()),
        *("--log-level", level),
        *(("--log-config", str(LOG_CONFIG)) if os.environ.get("LOG_FORMAT") == "json" else ()),
        application,
    ]
