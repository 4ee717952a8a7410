from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from tenants.errors import TicketFlowerError
from tickets.company_data.write_archive import write_archive
from workflows.management.command_line import company_named


class Command(BaseCommand):
    help = (
        "Write everything of a company into an archive, as it is at one moment: tables, people, "
        "definitions, tickets as workbooks, files, and the audit log. No passwords, no secrets."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--schema", required=True, help="The schema of the company.")
        parser.add_argument("--to", type=Path, required=True, help="The file to write, .zip.")

    def handle(self, *args: Any, schema: str, to: Path, **options: Any) -> None:
        company = company_named(schema)
        partial = to.with_name(f"{to.name}.part")
        try:
            with tenant_context(company), partial.open("wb") as target:
                manifest = write_archive(target, company=company, tell=lambda _percent: None)
            partial.replace(to)
        except OSError as error:
            raise CommandError(
                _("The file %(path)s cannot be written (%(reason)s).")
                % {"path": to, "reason": error.strerror or error}
            ) from error
        except TicketFlowerError as error:
            raise CommandError(str(error)) from error
        finally:
            partial.unlink(missing_ok=True)
        words = {
            "path": to,
            "rows": sum(about["rows"] for about in manifest.tables.values()),
            "files": len(manifest.files),
        }
        self.stdout.write(_("%(path)s: %(rows)d rows, %(files)d files.") % words)
        if manifest.missing_files:
            text = _(
                "%(count)d uploads were no longer there; README.txt in the archive lists them."
            )
            self.stdout.write(text % {"count": len(manifest.missing_files)})
