from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project.backups import BackupError, restore


class Command(BaseCommand):
    """Brings a backup of everything back."""

    help = "Restores a backup of `back_up` into an empty database and an empty folder of files."
    requires_system_checks: list[str] = []  # there is no table yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="The backup.")
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="Also where its keys are not here: secrets in it stay unreadable.",
        )

    def handle(self, *args: Any, folder: Path, without_keys: bool, **options: Any) -> None:
        try:
            manifest = restore(folder, without_keys=without_keys)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored {manifest['companies']} companies as of {manifest['made_at']}. "
            "Run `migrate_schemas`, then `doctor`, before you let people in."
        )
