from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project.backups import BackupError, back_up, write_keys


class Command(BaseCommand):
    """Writes a backup of everything."""

    help = "Writes the database and the files of all companies into a new folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="A folder that does not exist yet.")
        parser.add_argument(
            "--keys",
            type=Path,
            help="Also write the secret keys into this new file. Keep it elsewhere, and safe.",
        )

    def handle(self, *args: Any, folder: Path, keys: Path | None, **options: Any) -> None:
        try:
            if keys is not None:
                write_keys(keys)
            manifest = back_up(folder)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Backed up {manifest['companies']} companies into {folder}.")
        if manifest["files_in_bucket"]:
            self.stdout.write(
                "Their files are not in it: they are in the bucket. See docs/running.md."
            )
