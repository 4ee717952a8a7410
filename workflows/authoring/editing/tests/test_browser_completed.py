"""A key that is still being typed is no less there than what was left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.editing.tests.test_browser_kept import BACK, KEPT, KeptCase
from workflows.models import CompanyRole, WorkflowDefinition


class CompletedCase(KeptCase):
    def setUp(self) -> None:
        super().setUp()
        document: dict[str, Any] = export_bundle(workflow=self.draft)
        document["workflow"]["fields"] = [{"name": "amount", "label": "Amount", "type": "number"}]
        document["tasks"][0]["title"] = "Look at it"
        self.draft = save_draft(
            workflow=self.draft,
            document=document,
            user=self.carla,
            expected_updated_at=self.draft.updated_at,
        )
        self.questions = 0

    def open(self) -> Page:
        page = self.open_window(self.carla)
        page.on("dialog", self.accept)
        self.edit(page)
        return page

    def accept(self, dialog: Any) -> None:
        self.questions += 1
        dialog.accept()

    def entry(self, page: Page, tab: str) -> Locator:
        """The first entry of a tab, open with all that is folded in it."""
        page.get_by_role("tab", name=tab).click()
        entry = page.locator("#ed-panel .ed-item").first
        if "ed-open" not in (entry.get_attribute("class") or ""):
            entry.locator(".ed-item-toggle").first.click()
        self.unfold(page)
        return entry

    def unfold(self, page: Page) -> None:
        page.evaluate(
            "document.querySelectorAll('#ed-panel details.ed-more').forEach((e) => e.open = true)"
        )

    def of_workflow(self, page: Page) -> Locator:
        page.get_by_role("tab", name="Workflow").click()
        self.unfold(page)
        return page.locator("#ed-panel [data-name=key]")

    def of_task(self, page: Page) -> Locator:
        return self.entry(page, "Tasks").locator("[data-name=key]").first

    def of_ticket_type(self, page: Page) -> Locator:
        return self.entry(page, "Ticket types").locator("[data-name=key]").first

    def of_question(self, page: Page) -> Locator:
        return self.entry(page, "Ticket form").locator("[data-name=name]").first

    def saved(self) -> dict[str, Any]:
        return export_bundle(workflow=WorkflowDefinition.objects.get())

    def save_now(self, page: Page) -> None:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.assertEqual(page.evaluate(KEPT), [])

    def reload(self, page: Page) -> None:
        """As whoever is asked whether they want to leave, and do."""
        self.questions = 0
        page.reload()
        self.assertEqual(self.questions, 1)
        expect(page.get_by_role("alert")).to_contain_text(BACK)


class CompletedTests(CompletedCase):
    def test_what_is_being_typed_survives_a_reload(self) -> None:
        page = self.open()
        places: tuple[tuple[Callable[[Page], Locator], Callable[[Any], object]], ...] = (
            (self.of_workflow, lambda made: made["workflow"]["key"]),
            (self.of_task, lambda made: made["tasks"][0]["key"]),
            (self.of_ticket_type, lambda made: made["ticket_types"][0]["key"]),
            (self.of_question, lambda made: made["workflow"]["fields"][0]["name"]),
        )
        for find, read in places:
            with self.subTest(find.__name__):
                control = find(page)
                control.fill("")
                control.press_sequentially("bought")
                expect(page.locator("#ed-state")).to_have_text("Not saved yet")
                expect(page.locator("#ed-problem-list")).not_to_contain_text("Text that cannot")
                self.reload(page)
                expect(find(page)).to_have_value("bought")
                self.save_now(page)
                self.assertEqual(read(self.saved()), "bought")
        self.assertIn("bought", [each["to"] for each in self.saved()["transitions"]])
        self.check(page)

    def test_a_new_role_that_is_being_named_survives_a_reload(self) -> None:
        page = self.open()
        task = self.entry(page, "Tasks")
        roles = task.locator("[data-name=candidate_role]")
        roles.select_option(label="New role…")
        name = page.get_by_label("Name of the new company role")
        name.press_sequentially("Buyers")
        self.reload(page)
        self.entry(page, "Tasks")
        expect(name).to_have_value("Buyers")
        self.save_now(page)
        self.assertEqual(self.saved()["tasks"][0]["candidate_role"], "Buyers")
        # Whoever gives it up has typed nothing.
        roles.select_option(label="New role…")
        name.press_sequentially("Sellers")
        expect(page.locator("#ed-state")).to_have_text("Not saved yet")
        name.press("Escape")
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.check(page)

    def test_a_role_that_is_being_renamed_survives_a_reload(self) -> None:
        page = self.open()
        roles = page.get_by_role("tab", name="Company roles")
        roles.click()
        page.get_by_role("button", name="Add a company role").click()
        page.get_by_label("Name of the new company role").press_sequentially("Buyers")
        self.reload(page)
        roles.click()
        page.get_by_label("Name of the new company role").press("Enter")
        name = page.locator("#ed-panel .ed-row [data-name=name]")
        name.press("End")
        name.press_sequentially(" at home")
        self.reload(page)
        roles.click()
        expect(name).to_have_value("Buyers at home")
        self.save_now(page)
        made = CompanyRole.objects.filter(name__startswith="Buyers")
        self.assertEqual([each.name for each in made], ["Buyers at home"])
        self.check(page)

    def test_what_is_typed_back_is_nothing_to_save(self) -> None:
        page = self.open()
        control = self.of_task(page)
        before = control.input_value()
        control.press("End")
        control.press_sequentially("x")
        expect(page.locator("#ed-state")).to_have_text("Not saved yet")
        control.press("Backspace")
        expect(control).to_have_value(before)
        expect(page.locator("#ed-state")).to_have_text("Saved")

    def test_what_was_not_looked_at_since_is_shown_before_it_is_saved(self) -> None:
        page = self.open()
        control = self.of_task(page)
        control.fill("")
        control.press_sequentially("bought")
        self.reload(page)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Nothing was saved. This was typed")
        expect(page.locator("#ed-panel [data-name=key]").first).to_have_value("bought")
        self.save_now(page)
        self.assertEqual(self.saved()["tasks"][0]["key"], "bought")
        self.check(page)
