"""A workbook that is uploaded is read in the zone of the company."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tenants.models import Company
from tenants.testing import CompanyTestCase
from workflows.authoring.importing.findings import check_file
from workflows.workbooks.tests.workbook_files import column_of, saved, workbook


class ZoneOfFileTests(CompanyTestCase):
    def checked(self, moment: datetime) -> Any:
        book = workbook("it_help")
        sheet = book["Fields"]
        row = sheet.max_row + 1
        for heading, value in (
            ("Form", "ticket"), ("Name", "since"), ("Label", "Since when?"),
            ("Type", "datetime"), ("Default", moment),
        ):  # fmt: skip
            sheet.cell(row, column_of(sheet, heading)).value = value
        return check_file(content=saved(book), filename="it.xlsx")

    def test_in_the_companys_zone(self) -> None:
        Company.objects.filter(pk=self.acme.pk).update(time_zone="Europe/Berlin")
        found = self.checked(datetime(2026, 1, 31, 14, 30))  # noqa: DTZ001
        fields = found.document["workflow"]["fields"]
        self.assertEqual(fields[-1]["default"], "2026-01-31T13:30:00Z")
        refused = self.checked(datetime(2026, 10, 25, 2, 30))  # noqa: DTZ001
        (problem,) = [each for each in refused.problems if each.is_error]
        self.assertIn("with its zone", problem.message)
