"""What `lint_migrations` does once Django is set up."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping

from django.db.migrations.loader import MigrationLoader
from django_migration_linter.migration_linter import MigrationLinter
from django_tenants.utils import schema_context

from tenants.connection import PUBLIC
from tenants.provisioning import TEMPLATE_SCHEMA

# A table of a company is locked for a moment only, so that an index may be made as Django does it:
# that is but a warning. Whether data can be taken back is decided by who writes the migration.
LEFT_OUT = ("RUNPYTHON_REVERSIBLE", "RUNSQL_REVERSIBLE")
QUIET = ("ok", "ignore", "warning")


def lint(apps: Collection[str], known: Mapping[str, str]) -> int:
    """Print what is wrong with the migrations of these apps, except the `known` ones; 1 where
    something is, or where a known one is not wrong any more, or not there."""
    logging.getLogger("django_migration_linter").setLevel(logging.WARNING)
    found = {name for app in apps for name in _wrong(app, known)}
    for name in sorted(set(known) - found):
        print(f"{name} is known, and nothing is wrong with it: take it out of KNOWN.")
    return int(found != set(known))


def _wrong(app: str, known: Mapping[str, str]) -> Iterator[str]:
    with schema_context(PUBLIC if app == "tenants" else TEMPLATE_SCHEMA):
        linter = MigrationLinter(
            no_cache=True,
            ignore_initial_migrations=True,  # they make tables that nobody uses yet
            exclude_migration_tests=LEFT_OUT,
            quiet=QUIET,
            analyser_string="postgresql",  # our engine's name tells it nothing
        )
        for (label, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
            if label != app:
                continue
            full_name, before = f"{app}.{name}", linter.nb_erroneous
            linter.no_output = full_name in known
            linter.lint_migration(migration)
            if linter.nb_erroneous > before:
                yield full_name
