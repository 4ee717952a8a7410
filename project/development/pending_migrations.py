"""Exits with 0 where the database has every migration in every schema, with 3 where not.

Run as `python -m project.development.pending_migrations`.
"""

from __future__ import annotations

import os
import sys

import django

UP_TO_DATE, PENDING = 0, 3


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    # Models can be imported only now.
    from tenants.migrating.versions import has_pending_migrations  # noqa: PLC0415

    return PENDING if has_pending_migrations() else UP_TO_DATE


if __name__ == "__main__":
    sys.exit(main())
