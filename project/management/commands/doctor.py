from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from tenants.connection import PUBLIC
from tenants.migrating.versions import schemas_behind
from tenants.models import Company
from tickets.health import (
    Coverage,
    Finding,
    company_findings,
    file_findings,
    history_findings,
    queue_findings,
)
from tickets.health.recording import record_repair
from workflows.running.sealing import seals_since


class Command(BaseCommand):
    """Says of every company what is not as it must be."""

    help = (
        "Checks the tickets and jobs of all active companies, and says what is wrong. "
        "Ends with 1 where something is, or stays, wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="Put right what can safely be put right without a person, and say what was done.",
        )

        parser.add_argument(
            "--quick",
            action="store_true",
            help="Leave out what takes long: comparing each ticket with its history.",
        )

    def handle(self, *args: Any, repair: bool, quick: bool, **options: Any) -> None:
        names = dict(Company.objects.active().values_list("schema_name", "name"))
        coverages: dict[str, Coverage] = {}
        found = mended = mendable = 0
        for finding in _findings(list(names), None if quick else coverages):
            found += 1
            mendable += finding.mend is not None
            self.stdout.write(_line(finding, names))
            if repair and (done := _repair(finding)):
                mended += 1
                self.stdout.write(f"  {done}")
        for line in _vouching(coverages, names):
            self.stdout.write(line)
        self.stdout.write(_summary(companies=len(names), found=found, mended=mended))
        if mendable and not repair:
            self.stdout.write(
                _("With --repair, %(count)d of them can be put right.") % {"count": mendable}
            )
        if found > mended:
            sys.exit(1)


def _findings(schemas: list[str], coverages: dict[str, Coverage] | None) -> Iterator[Finding]:
    """The queue first: a job that runs again needs no second one.

    `coverages` gets one for each company; None: the histories are left out.

    Where tables are missing nothing can be read, and the doctor must not fall ill itself.
    """
    behind = schemas_behind([PUBLIC, *schemas])
    if PUBLIC in behind:
        yield Finding("", None, _("The database lacks migrations: run migrate_schemas first."))
        return
    yield from queue_findings()
    for schema in schemas:
        if schema in behind:
            message = _(
                "Its tables are missing or older than this version of TicketFlower, so that "
                "nothing else could be checked: run migrate_schemas, then the doctor again."
            )
            yield Finding(schema, None, message)
            continue
        with schema_context(schema):
            findings = [*company_findings(), *file_findings()]
        yield from findings
        if coverages is not None:
            coverages[schema] = Coverage()
            yield from _of_histories(schema, coverages[schema])


def _of_histories(schema: str, coverage: Coverage) -> Iterator[Finding]:
    """A part of the tickets at a time; the company is left in between, for the repairs."""
    with schema_context(schema):
        coverage.since = seals_since()
    after: int | None = 0
    while after is not None:
        with schema_context(schema):
            findings, after = history_findings(after=after, coverage=coverage)
        yield from findings


def _repair(finding: Finding) -> str:
    if finding.mend is None:
        return ""
    with schema_context(finding.schema or PUBLIC):
        done = finding.mend()
        if done:
            record_repair(finding, done)
        return done


def _line(finding: Finding, names: dict[str, str]) -> str:
    words = {
        "company": names.get(finding.schema, finding.schema),
        "ticket": finding.ticket_id,
        "message": finding.message,
    }
    if finding.schema and finding.ticket_id is not None:
        return _("%(company)s, ticket #%(ticket)s: %(message)s") % words
    if finding.schema:
        return _("%(company)s: %(message)s") % words
    return finding.message


def _vouching(coverages: dict[str, Coverage], names: dict[str, str]) -> Iterator[str]:
    """Of each company where something is not vouched for: since when, and for how many tickets."""
    tickets = sum(each.tickets for each in coverages.values())
    if tickets and all(each.is_whole for each in coverages.values()):
        yield _("Histories account for all tickets (%(tickets)d), from their first event on.") % {
            "tickets": tickets
        }
    for schema, coverage in coverages.items():
        if said := " ".join(coverage.sentences()):
            yield f"{names[schema]}: {said}"


def _summary(*, companies: int, found: int, mended: int) -> str:
    words = {"companies": companies, "found": found, "mended": mended, "left": found - mended}
    if not found:
        return _("Everything is as it must be (companies: %(companies)d).") % words
    return _("Problems found: %(found)d, repaired: %(mended)d, left: %(left)d.") % words
