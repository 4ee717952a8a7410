from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from project.development.upgrading.shadowed_files import keep_digests


class Command(BaseCommand):
    help = (
        "Keeps the digests of the libraries' files that ours stand in the place of, after "
        "somebody has looked at what changed in them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for name in keep_digests():
            self.stdout.write(f"Kept: {name}")
