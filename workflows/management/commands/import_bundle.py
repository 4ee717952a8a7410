from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from django_tenants.utils import tenant_context

from tenants.companies.language_and_zone import company_zone
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.importing.import_run import why_not_imported
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import errors_of
from workflows.bundles.document.errors import BundleError
from workflows.errors import DraftChangedError, NotADraftError
from workflows.management.command_line import (
    BundleCommand,
    change_lines,
    company_named,
    counted,
    problem_lines,
    read_argument,
)
from workflows.models import WorkflowDefinition
from workflows.workbooks import Reading


class Command(BundleCommand):
    help = (
        "Import a bundle as a new draft version of its workflow: all of it, or nothing. Ends "
        "with 0 where that was done, 1 where the bundle has errors, 2 where the file cannot be "
        "read. Times in a workbook that name no zone are meant in the company's."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, help="The schema of the company.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would change.")
        parser.add_argument(
            "--replace-draft",
            action="store_true",
            help="Where the newest version is a draft, replace it; otherwise it is kept beside.",
        )
        parser.add_argument("--publish", action="store_true", help="Publish the new version too.")
        parser.add_argument("file", type=Path, help="The file: .json, .yaml, .xlsx or .ods.")

    def handle(
        self,
        *args: Any,
        company: str,
        file: Path,
        dry_run: bool,
        publish: bool,
        replace_draft: bool,
        **options: Any,
    ) -> None:
        with tenant_context(company_named(company)):
            reading = read_argument(file, zone=company_zone())
            draft = self._preview(reading)
            if draft is not None and not replace_draft:
                self.say(_beside(draft))
            if not dry_run:
                replaces = SeenDraft.of(draft) if draft is not None and replace_draft else None
                self._import(reading.document, publish=publish, replaces=replaces)

    def _preview(self, reading: Reading) -> WorkflowDefinition | None:
        """Say what importing would do; the draft that it may replace.

        Raises:
            CommandError: the bundle has errors, which are shown.
        """
        preview = preview_bundle(document=reading.document)
        problems = reading.check(preview.problems)
        for line in problem_lines(problems, reading):
            self.say(line)
        if errors_of(problems):
            raise CommandError(counted(problems))
        for line in change_lines(preview.changes):
            self.say(line)
        for name in preview.new_company_roles:
            self.say(_("added: Company role %(name)s") % {"name": name})
        if preview.is_unchanged:
            self.say(
                _("Version %(version)d has the same content already.")
                % {"version": preview.version}
            )
        return preview.draft

    @transaction.atomic
    def _import(self, document: object, *, publish: bool, replaces: SeenDraft | None) -> None:
        try:
            workflow = import_bundle(document=document, user=None, replaces=replaces)
            if publish and workflow.is_draft:
                workflow = publish_workflow(workflow=workflow, user=None)
        except (DraftChangedError, NotADraftError) as error:  # so did the draft
            raise CommandError(why_not_imported(error)) from error
        except BundleError as error:  # something changed since the preview
            raise CommandError(str(error)) from error
        self.say(_import_summary(workflow))


def _beside(draft: WorkflowDefinition) -> str:
    return _(
        "Version %(version)d is a draft, which was never published, and stays as it is; "
        "--replace-draft replaces it."
    ) % {"version": draft.version}


def _import_summary(workflow: WorkflowDefinition) -> str:
    return _("%(workflow)s: %(status)s.") % {
        "workflow": workflow,
        "status": workflow.get_status_display(),
    }
