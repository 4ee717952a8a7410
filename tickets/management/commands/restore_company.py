from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.errors import TicketFlowerError
from tickets.company_data.restore_company import restore_company


class Command(BaseCommand):
    help = (
        "Restore an archive of a company as a new company, on an installation of the same version: "
        "all of it, or nothing. It is switched off until --start, or until a superuser switches it "
        "on; nobody has a password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The archive.")
        parser.add_argument("--name", required=True, help="The name of the new company.")
        parser.add_argument("--schema", default="", help="Its schema; made from the name without.")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="OLD=NEW",
            help="An e-mail address, and the one that its person gets. May be given several times.",
        )
        parser.add_argument(
            "--make-up-addresses",
            action="store_true",
            help="Whoever has an address that is in use here gets one that no mail reaches.",
        )
        parser.add_argument(
            "--start",
            action="store_true",
            help="Switch the company on, and make its jobs anew: timers run, other systems are "
            "called. Not where the old one still works.",
        )

    def handle(self, *args: Any, file: Path, name: str, **options: Any) -> None:
        try:
            with file.open("rb") as source:
                made = restore_company(
                    source,
                    name=name,
                    schema_name=options["schema"],
                    addresses=_addresses(options["map"]),
                    makes_up_addresses=options["make_up_addresses"],
                    start=options["start"],
                )
        except OSError as error:
            raise CommandError(
                _("The file %(path)s cannot be read (%(reason)s).")
                % {"path": file, "reason": error.strerror or error}
            ) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except TicketFlowerError as error:
            raise CommandError(str(error)) from error
        words = {
            "company": made.company,
            "schema": made.company.schema_name,
            "people": made.people,
            "rows": sum(made.rows.values()),
            "files": made.files,
        }
        self.stdout.write(
            _(
                "%(company)s was restored (schema %(schema)s): %(people)d people, %(rows)d rows, "
                "%(files)d files. Nobody has a password yet."
            )
            % words
        )
        for each in made.mended:
            self.stdout.write(f"  {each}")
        if not options["start"]:
            self.stdout.write(
                _(
                    "It is switched off, and none of its jobs is made. Switch it on under "
                    "Companies, then run manage.py doctor --repair: it makes timers and calls anew."
                )
            )


def _addresses(given: list[str]) -> dict[str, str]:
    found = {}
    for each in given:
        old, separator, new = each.partition("=")
        if not separator or not old or not new:
            raise CommandError(
                _("“%(given)s” is no pair of addresses: write --map old=new.") % {"given": each}
            )
        found[old] = new
    return found
