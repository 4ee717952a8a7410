"""What is kept of a choice is changed: whatever names it follows."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from project.tests.browser import BrowserTestCase
from tenants.testing_tools.examples import long_run_only
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.models import WorkflowDefinition

KIND = {"var": "ticket.kind"}


def document_of(draft: WorkflowDefinition) -> dict[str, Any]:
    """A document in which three questions (one a column of records) have the choices a and b."""
    document: dict[str, Any] = export_bundle(workflow=draft)
    choices = [{"value": "a", "label": "First"}, {"value": "b", "label": "Second"}]
    column = {"name": "sort", "label": "Sort", "type": "choice", "choices": choices, "default": "a"}
    document["workflow"]["fields"] = [
        {"name": "kind", "label": "Kind", "type": "choice", "required": True, "choices": choices}
        | {"default": "a"},
        {"name": "kinds", "label": "Kinds", "type": "choices", "choices": choices}
        | {"default": ["b", "a"]},
        {"name": "parts", "label": "Parts", "type": "records", "fields": [column]}
        | {"default": [{"sort": "a"}, {"sort": "b"}]},
        {"name": "why", "label": "Why", "type": "text"}
        | {"visible_when": {"in": [{"var": "kind"}, ["a", "x"]]}},
        {"name": "text", "label": "Text", "type": "text", "default": "a"},
    ]
    some = {"some": [{"var": ["ticket.parts", []]}, {"==": [{"var": "sort"}, "a"]}]}
    any_of = {
        "or": [
            {"==": [KIND, "a"]},
            {"!": {"in": [KIND, ["a", "b"]]}},
            {"in": ["a", {"var": ["ticket.kinds", []]}]},
            some,
            {"==": [{"var": ["ticket.text", "a"]}, "a"]},
        ]
    }
    document["transitions"][0:1] = [
        {"from": "start", "to": "handle", "condition": any_of, "priority": 1},
        {"from": "start", "to": "handle", "priority": 2},
    ]
    answers = {"kind": "a", "kinds": ["a"], "parts": [{"sort": "a"}], "text": "a"}
    document["ticket_types"][0]["presets"] = answers
    ticket_type = document["ticket_types"][0]["key"]
    document["tests"] = [
        {"name": "With answers", "ticket": answers, "expect": {"path": ["handle"]}}
        | {"expect": {"path": ["handle"], "status": "WAITING"}},
        {"name": "By type", "ticket_type": ticket_type}
        | {"expect": {"path": ["handle"], "status": "WAITING"}},
    ]
    return document


class ChoiceTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        draft = create_workflow(title="Buying", user=self.carla)
        self.draft = save_draft(
            workflow=draft,
            document=document_of(draft),
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )
        self.before: dict[str, Any] = export_bundle(workflow=self.draft)

    def edit(self) -> Page:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{self.draft.pk}/edit/#form")
        expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")
        return page

    def open(self, page: Page, title: str) -> Locator:
        name = page.locator(".ed-item-title").get_by_text(title, exact=True)
        name.click()
        return page.locator(".ed-item.ed-open").filter(has=name).last

    def saved(self, page: Page) -> Any:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.draft.refresh_from_db()
        return export_bundle(workflow=self.draft)

    def condition(self, document: Any) -> list[Any]:
        found: list[Any] = document["transitions"][0]["condition"]["or"]
        return found

    def test_of_one_choice(self) -> None:
        page = self.edit()
        question = self.open(page, "Kind")
        question.get_by_label("Choice 1, as it is kept").fill("")
        question.get_by_label("Choice 1, as it is kept").press_sequentially("abc")
        saved = self.saved(page)
        self.assertEqual(saved["workflow"]["fields"][0]["default"], "abc")
        rule = saved["workflow"]["fields"][3]["visible_when"]
        self.assertEqual(rule, {"in": [{"var": "kind"}, ["abc", "x"]]})
        same, not_in, *others = self.condition(saved)
        self.assertEqual(same, {"==": [KIND, "abc"]})
        self.assertEqual(not_in, {"!": {"in": [KIND, ["abc", "b"]]}})
        self.assertEqual(others, self.condition(self.before)[2:])
        answers = {"kind": "abc", "kinds": ["a"], "parts": [{"sort": "a"}], "text": "a"}
        self.assertEqual(saved["ticket_types"][0]["presets"], answers)
        self.assertEqual(saved["tests"][0]["ticket"], answers)
        while page.locator("#ed-undo").is_enabled():
            page.locator("#ed-undo").click()
        self.assertEqual(self.saved(page), self.before)
        self.check(page)

    @long_run_only
    def test_of_several_choices(self) -> None:
        page = self.edit()
        question = self.open(page, "Kinds")
        question.get_by_label("Choice 1, as it is kept").fill("z")
        saved = self.saved(page)
        self.assertEqual(saved["workflow"]["fields"][1]["default"], ["b", "z"])
        self.assertEqual(self.condition(saved)[2], {"in": ["z", {"var": ["ticket.kinds", []]}]})
        self.assertEqual(self.condition(saved)[:2], self.condition(self.before)[:2])
        self.assertEqual(saved["ticket_types"][0]["presets"]["kinds"], ["z"])
        self.assertEqual(saved["tests"][0]["ticket"]["kinds"], ["z"])
        self.assertEqual(saved["tests"][0]["ticket"]["kind"], "a")

    def test_of_a_column_of_records(self) -> None:
        page = self.edit()
        self.open(page, "Parts")
        question = self.open(page, "Sort")
        question.get_by_label("Choice 1, as it is kept").fill("z")
        saved = self.saved(page)
        parts = saved["workflow"]["fields"][2]
        self.assertEqual(parts["default"], [{"sort": "z"}, {"sort": "b"}])
        self.assertEqual(parts["fields"][0]["default"], "z")
        self.assertEqual(self.condition(saved)[3]["some"][1], {"==": [{"var": "sort"}, "z"]})
        self.assertEqual(saved["ticket_types"][0]["presets"]["parts"], [{"sort": "z"}])
        self.assertEqual(saved["tests"][0]["ticket"]["parts"], [{"sort": "z"}])

    def test_two_that_change_places(self) -> None:
        """For a while both keep the same: nothing that names them is mixed up."""
        page = self.edit()
        question = self.open(page, "Kind")
        question.get_by_label("Choice 1, as it is kept").fill("b")
        question.get_by_label("Choice 2, as it is kept").fill("a")
        saved = self.saved(page)
        self.assertEqual(self.condition(saved)[0], {"==": [KIND, "b"]})
        self.assertEqual(self.condition(saved)[1], {"!": {"in": [KIND, ["b", "a"]]}})
        self.assertEqual(saved["tests"][0]["ticket"]["kind"], "b")

    def test_a_label_that_is_kept_itself_and_an_open_rule(self) -> None:
        page = self.edit()
        question = self.open(page, "Kind")
        why = self.open(page, "Why")
        why.get_by_role("button", name="Change", exact=True).click()
        question.get_by_label("Choice 1, as it is kept").fill("")
        question.get_by_label("Choice 1, as it is shown").fill("Primary")
        expect(page.get_by_label("Primary", exact=True)).to_be_checked()
        saved = self.saved(page)
        self.assertEqual(saved["workflow"]["fields"][0]["choices"][0], "Primary")
        rule = saved["workflow"]["fields"][3]["visible_when"]
        self.assertEqual(rule, {"in": [{"var": "kind"}, ["Primary", "x"]]})
        self.assertEqual(self.condition(saved)[0], {"==": [KIND, "Primary"]})
