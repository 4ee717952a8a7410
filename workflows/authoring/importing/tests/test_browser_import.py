"""Mending a file that has very many problems: the page shows at once where it is uploaded."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, expect

from project.tests.browser import PHONE, WIDE, BrowserTestCase
from tickets.testing import fixture_document
from workflows.authoring.importing.tests.test_import_page import many_mistakes
from workflows.workbooks import FileType, write_document

ADDRESS = "/app/workflows/workflowdefinition/import/"


class ManyProblemsTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = TemporaryDirectory(prefix="ticketflower-import-")
        self.addCleanup(folder.cleanup)
        self.wrong, self.corrected = Path(folder.name, "a.xlsx"), Path(folder.name, "b.xlsx")
        self.wrong.write_bytes(write_document(many_mistakes(300), FileType.XLSX))
        self.corrected.write_bytes(write_document(fixture_document("vacation"), FileType.XLSX))

    def test_the_corrected_file_is_uploaded_without_scrolling(self) -> None:
        page = self.open_window(self.carla)
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            self.upload(page, self.wrong)
            expect(page.get_by_role("alert")).to_contain_text("There are 301 problems to fix.")
            expect(page.get_by_label("The corrected file")).to_be_in_viewport()
            expect(page.get_by_role("button", name="Check").first).to_be_in_viewport()
            self.assertLess(page.locator(".cell:visible").count(), 30)
            page.get_by_text("Show 290 more").click()
            expect(page.get_by_text("question “Question 299” (q299), type")).to_be_visible()
            self.check(page)
            page.get_by_label("The corrected file").set_input_files(self.corrected)
            page.get_by_role("button", name="Check").first.click()
            expect(page.get_by_role("status")).to_contain_text("it would become version 1")

    def upload(self, page: Page, file: Path) -> None:
        page.goto(ADDRESS)
        page.get_by_label("A file").set_input_files(file)
        page.get_by_role("button", name="Check").click()
