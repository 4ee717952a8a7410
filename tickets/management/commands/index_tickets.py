from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand
from django_tenants.utils import tenant_context

from tenants.models import Company
from tickets.finding.index_parts import index_parts
from tickets.finding.index_tickets import index_all, index_changed
from workflows.management.command_line import company_named


class Command(BaseCommand):
    help = (
        "Make anew what searches find of all tickets, of one company or of all. Needed by hand "
        "only after somebody has made the extension pg_trgm, which finds parts of words, and after "
        "an upgrade during which servers of version 0.2 went on (--changed)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--schema", help="The schema of the company; without it, all of them.")
        parser.add_argument(
            "--changed",
            action="store_true",
            help="Only of tickets that were changed since the upgrade that brought the search.",
        )

    def handle(self, *args: Any, schema: str | None, changed: bool, **options: Any) -> None:
        chosen = [company_named(schema)] if schema else list(Company.objects.order_by("pk"))
        for company in chosen:
            with tenant_context(company):
                knows_parts = index_parts()
                count = index_changed() if changed else index_all()
            self.stdout.write(f"{company.schema_name}: {count} tickets.")
            if not knows_parts:
                self.stderr.write(
                    "The database has no extension pg_trgm: words are found by their beginnings."
                    " docs/running.md says how to have it made."
                )
