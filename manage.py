#!/usr/bin/env python3
"""Django's command line. Newcomers want dev.py, which prepares everything and then calls this."""

from __future__ import annotations

import os
import sys

# These neither need a database nor may wait for one to start.
WITHOUT_DATABASE = {"help", "version", "--help", "-h", "--version", "collectstatic"}

# They do what others ask for.
FOR_OTHERS = {"run_web", "run_worker", "test"}


def main() -> None:
    """Run one command; with no server configured, on the embedded Postgres, started if need be."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        from project.database.settings import is_configured
        from project.development import embedded_postgres
        from project.environment import apply_development_defaults, data_dir
        from tenants.audit.acting import SYSTEM, acting_as, command
    except ImportError as error:
        sys.exit(
            f"TicketFlower's packages are not installed here ({error}): "
            "run `python3 dev.py up` once, then use the Python in .venv."
        )
    try:
        if not is_configured():
            apply_development_defaults()
            if len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_DATABASE:
                embedded_postgres.ensure_running(data_dir())
        # Here, because Django would show a traceback for a mistake in the configuration.
        _ = settings.INSTALLED_APPS
    except (ImproperlyConfigured, embedded_postgres.EmbeddedPostgresError) as error:
        sys.exit(str(error))
    # What a command changes stands in the audit log as its doing: nobody knows who started it.
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    with acting_as(SYSTEM if name in FOR_OTHERS else command(f"manage.py {name}")):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
