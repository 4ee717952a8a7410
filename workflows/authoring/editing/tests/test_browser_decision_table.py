"""Steps that are done at once, in the editor: a decision table as a grid, and values."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from project.tests.browser import BrowserTestCase
from project.tests.test_accessibility import FINDINGS
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.models import WorkflowDefinition


class DecisionTableTests(BrowserTestCase):
    def draft(self) -> WorkflowDefinition:
        draft = create_workflow(title="Shipping", user=self.carla)
        document: dict[str, Any] = export_bundle(workflow=draft)
        document["workflow"]["fields"] += [
            {"name": "weight", "label": "Weight", "type": "number", "required": True},
            {
                "name": "speed",
                "label": "Speed",
                "type": "choice",
                "required": True,
                "choices": ["slow", "fast"],
            },
        ]
        return save_draft(
            workflow=draft,
            document=document,
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )

    def edit(self, draft: WorkflowDefinition) -> Page:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/")
        expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")
        page.get_by_role("tab", name="Tasks").click()
        page.locator(".ed-item-toggle", has_text="Handle the request").click()
        return page

    def test_a_table_and_values_by_clicking(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        page.get_by_label("How it is done").select_option("DECISION")
        for part in ("an input", "an input", "an output"):
            page.get_by_role("button", name=f"Add {part}").click()
        for at, (heading, name, reads) in enumerate(
            (("Weight", "weight", "ticket.weight"), ("Speed", "speed", "ticket.speed"))
        ):
            head = page.locator(".ed-table-inputs").nth(at)
            head.get_by_label("Heading").fill(heading)
            head.get_by_label("Name").fill(name)
            head.get_by_label("Reads").fill(reads)
        output = page.locator(".ed-table-outputs")
        output.get_by_label("Heading").fill("Carrier")
        output.get_by_label("Name").fill("carrier")
        expect(page.locator(".ed-table-inputs").first.get_by_label("Type")).to_have_value("number")
        for row, cells in enumerate((("<= 5", "fast", "Courier"), ("<= 5", "", "Letter")), start=1):
            if row > 1:
                page.get_by_role("button", name="Add a row").click()
            for column, cell in zip(("Weight", "Speed", "Carrier"), cells, strict=True):
                page.get_by_label(f"{column}, row {row}").fill(cell)
        problems = page.locator("#ed-problem-list")
        expect(problems).to_contain_text("No row covers this: Weight: > 5")
        page.get_by_label("Weight, row 2").fill("heavy")
        expect(problems).to_contain_text("“heavy”: Enter a number.")
        page.get_by_label("Weight, row 2").fill("<= 5")
        page.get_by_label("Where no row fits", exact=True).check()
        page.get_by_label("Carrier, where no row fits").fill("Forwarder")
        expect(problems).not_to_contain_text("No row covers")
        self.assertEqual(page.evaluate(FINDINGS), [])
        self.check(page)
        page.get_by_role("button", name="Add a task").click()
        page.get_by_label("Title").last.fill("Add up")
        page.get_by_label("How it is done").last.select_option("VALUES")
        page.get_by_label("One line each: name = value").fill("double = ticket.weight * 2")
        expect(page.locator(".ed-result")).to_contain_text('"double": 2')
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        tasks: Any = export_bundle(workflow=WorkflowDefinition.objects.get(pk=draft.pk))["tasks"]
        self.assertEqual(
            tasks[0]["table"],
            {
                "inputs": [
                    {
                        "name": "weight",
                        "label": "Weight",
                        "value": {"var": "ticket.weight"},
                        "type": "number",
                    },
                    {"name": "speed", "label": "Speed", "value": {"var": "ticket.speed"}},
                ],
                "outputs": [{"name": "carrier", "label": "Carrier"}],
                "rows": [
                    {"when": ["<= 5", "fast"], "then": ["Courier"]},
                    {"when": ["<= 5", ""], "then": ["Letter"]},
                ],
                "default": {"carrier": "Forwarder"},
            },
        )
        self.assertEqual(tasks[1]["values"], {"double": {"*": [{"var": "ticket.weight"}, 2]}})
        self.assertEqual(self.errors, [])
