"""A workbook that is uploaded is read in the zone of the company."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command

from tenants.connection import use_company
from tenants.models import Company
from tenants.testing import CompanyTestCase
from workflows.authoring.importing.findings import check_file
from workflows.models import WorkflowDefinition
from workflows.workbooks.tests.workbook_files import column_of, saved, workbook


class ZoneOfFileTests(CompanyTestCase):
    def content(self, moment: datetime) -> bytes:
        book = workbook("it_help")
        sheet = book["Fields"]
        row = sheet.max_row + 1
        for heading, value in (
            ("Form", "ticket"), ("Name", "since"), ("Label", "Since when?"),
            ("Type", "datetime"), ("Default", moment),
        ):  # fmt: skip
            sheet.cell(row, column_of(sheet, heading)).value = value
        return saved(book)

    def checked(self, moment: datetime) -> Any:
        return check_file(content=self.content(moment), filename="it.xlsx")

    def test_by_the_command_too(self) -> None:
        self.acme.time_zone = "Europe/Berlin"
        self.acme.save()
        use_company(self.acme)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "it.xlsx"
            path.write_bytes(self.content(datetime(2026, 1, 31, 14, 30)))  # noqa: DTZ001
            call_command("import_bundle", "--company=acme", str(path), stdout=StringIO())
        fields = WorkflowDefinition.objects.get().fields
        self.assertEqual(fields[-1]["default"], "2026-01-31T13:30:00Z")

    def test_in_the_companys_zone(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(time_zone="Europe/Berlin")
        use_company(Company.objects.get(pk=self.acme.pk))  # which may be known as it was
        self.addCleanup(use_company, self.acme)
        found = self.checked(datetime(2026, 1, 31, 14, 30))  # noqa: DTZ001
        fields = found.document["workflow"]["fields"]
        self.assertEqual(fields[-1]["default"], "2026-01-31T13:30:00Z")
        refused = self.checked(datetime(2026, 10, 25, 2, 30))  # noqa: DTZ001
        (problem,) = [each for each in refused.problems if each.is_error]
        self.assertIn("with its zone", problem.message)
