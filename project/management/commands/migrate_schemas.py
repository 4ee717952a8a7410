from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand
from django_tenants.migration_executors import get_executor

from tenants.connection import PUBLIC, use_public
from tenants.errors import SharedTablesInUseError
from tenants.migrating.one_run import only_one_run
from tenants.migrating.upgrade import (
    IN_USE,
    Outcome,
    upgrade_companies,
    upgrade_shared,
    write_versions,
)
from tenants.migrating.versions import forget_what_is_known, is_public_up_to_date
from tenants.models import Company
from tenants.provisioning import keep_company_schema
from tenants.spare_schemas.keep import drop_spares_of_others
from tenants.wall.build import build_all_walls
from tenants.wall.check import ensure_wall
from tenants.wall.pooler import SwappedConnectionError

# With one of these the standard way is asked for: it undoes, pretends, or only says something.
FOR_THE_STANDARD_WAY = (
    "app_label",
    "migration_name",
    "executor",
    "fake",
    "fake_initial",
    "plan",
    "prune",
    "run_syncdb",
    "check_unapplied",
)


class Command(MigrateSchemasCommand):
    """Brings `public` and every company up to date; see docs/upgrading.md."""

    help = (
        "Brings the database up to date: first what all companies share, then each company. "
        "A company that fails does not stop the others; it is listed with the reason, and its "
        "people read that it is being brought up to date. Running it again finishes what is left. "
        "With --executor=standard each company is migrated by Django itself, which takes long."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--tolerate-failures",
            action="store_true",
            help="End with 0 also where companies failed: the others can work.",
        )

    def handle(self, *args: Any, tolerate_failures: bool = False, **options: Any) -> None:
        use_public()
        try:
            ensure_wall()
        except SwappedConnectionError as error:
            raise CommandError(str(error)) from error
        with only_one_run(self.stdout.write):
            # Whoever was waited for may have done it all.
            forget_what_is_known()
            if any(options.get(name) for name in FOR_THE_STANDARD_WAY):
                super().handle(*args, **options)
                write_versions()
                self._build_walls({})
                return
            self._upgrade(tolerate_failures=tolerate_failures, **options)

    def _upgrade(self, *, tolerate_failures: bool, **options: Any) -> None:
        schema = options.get("schema_name")
        only_public = options.get("shared") or schema == PUBLIC
        only_companies = options.get("tenant") or (schema and not only_public)
        if not only_companies:
            self._upgrade_public(options)
        if only_public:
            return
        outcome = upgrade_companies(
            schemas=[schema] if schema else None,
            tell=self.stdout.write if options["verbosity"] else _say_nothing,
        )
        self._build_walls(outcome.failures)
        self._say_how_it_ended(outcome, options["verbosity"], tolerate_failures=tolerate_failures)

    def _upgrade_public(self, options: dict[str, Any]) -> None:
        if is_public_up_to_date():
            # What belongs to no migration: permissions of models, and the system roles.
            emit_post_migrate_signal(
                options["verbosity"], False, connection.alias, apps=apps, plan=[]
            )
            return
        # As Django's own command takes them: all of its options, none of ours.
        self.options = {**options, "schema_name": PUBLIC}

        def migrate() -> None:
            get_executor("standard")((), self.options).run_migrations(tenants=[PUBLIC])

        try:
            upgrade_shared(migrate, tell=self.stdout.write)
        except SharedTablesInUseError as error:
            raise CommandError(str(error)) from error

    def _build_walls(self, failures: dict[str, str]) -> None:
        """Around new tables, and around all of a company that an older version made meanwhile."""
        if is_public_up_to_date():  # else there is nothing to build it with
            for schema in build_all_walls():
                failures.setdefault(schema, f"{IN_USE}: no wall around them yet")
            keep_company_schema()
            drop_spares_of_others()

    def _say_how_it_ended(
        self, outcome: Outcome, verbosity: int, *, tolerate_failures: bool
    ) -> None:
        if verbosity:
            up_to_date = outcome.companies - outcome.upgraded - len(outcome.failures)
            self.stdout.write(
                f"Companies: {outcome.upgraded} brought up to date, {up_to_date} were, "
                f"{len(outcome.failures)} failed."
            )
        if not outcome.failures:
            return
        text = "\n".join(
            [
                "Not brought up to date; the people of these companies cannot work:",
                *_lines(outcome.failures),
                "Mend the reason, and run migrate_schemas again.",
            ]
        )
        if not tolerate_failures:
            raise CommandError(text)
        self.stderr.write(text)


def _lines(failures: dict[str, str]) -> list[str]:
    names = dict(
        Company.objects.filter(schema_name__in=failures).values_list("schema_name", "name")
    )
    return [
        f"  {names.get(schema, '?')} ({schema}): {reason}" for schema, reason in failures.items()
    ]


def _say_nothing(_text: str) -> None:
    """For --verbosity 0."""
