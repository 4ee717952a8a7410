from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from tenants.audit.record import record
from workflows.authoring.definitions.export_bundle import EXPORTED, export_bundle
from workflows.bundles import write_bundle
from workflows.engine.process import JsonObject
from workflows.management.command_line import company_named, file_type_of, write_file
from workflows.models import WorkflowDefinition
from workflows.workbooks import write_document


class Command(BaseCommand):
    help = (
        "Export a workflow as a bundle: the published version, or the newest where none is "
        "published."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version gives way: here it is the version of the workflow.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, help="The schema of the company.")
        parser.add_argument("--version", type=int, dest="number", help="Another version.")
        parser.add_argument(
            "--output",
            type=Path,
            help="A file, .json, .yaml, .xlsx or .ods; without one, JSON on standard output.",
        )
        parser.add_argument("key", help="The key of the workflow.")

    def handle(
        self,
        *args: Any,
        company: str,
        key: str,
        number: int | None,
        output: Path | None,
        **options: Any,
    ) -> None:
        with tenant_context(company_named(company)):
            workflow = _version(key, number)
            document = export_bundle(workflow=workflow)
            record(EXPORTED, about=workflow)
        if output is None:
            self.stdout.write(self._for_terminal(document), ending="")
            return
        write_file(output, write_document(document, file_type_of(output)))

    def _for_terminal(self, document: JsonObject) -> str:
        """Readable, or in plain ASCII where standard output cannot take every character."""
        text = write_bundle(document)
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return json.dumps(document, indent=2) + "\n"
        return text


def _version(key: str, number: int | None) -> WorkflowDefinition:
    if number is None:
        found = WorkflowDefinition.objects.latest(key)
    else:
        found = WorkflowDefinition.objects.filter(key=key, version=number).first()
    if found is not None:
        return found
    known = WorkflowDefinition.objects.order_by("key", "version").values_list("key", "version")
    raise CommandError(
        _("There is no such workflow. There is: %(known)s.")
        % {
            "known": ", ".join(f"{each} ({version})" for each, version in known[:50])
            or _("none yet")
        }
    )
