from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project.serving.command import web_command
from tenants.wall.check import ensure_wall
from tenants.wall.pooler import SwappedConnectionError


class Command(BaseCommand):
    """The web server, with the options that a deployment needs: the same that `dev.py up` has."""

    help = "Serves the pages until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Where to listen (127.0.0.1).")
        parser.add_argument("--port", type=int, default=8000, help="On which port (8000).")
        parser.add_argument(
            "--processes", type=int, default=2, help="About one for each core (default 2)."
        )

    def handle(self, *args: Any, host: str, port: int, processes: int, **options: Any) -> None:
        try:
            ensure_wall()
        except SwappedConnectionError as error:
            raise CommandError(str(error)) from error
        command = [sys.executable, *web_command(host=host, port=port, processes=processes)]
        if os.name == "posix":
            os.execv(command[0], command)  # noqa: S606 - signals reach the server itself
        raise SystemExit(subprocess.call(command))
