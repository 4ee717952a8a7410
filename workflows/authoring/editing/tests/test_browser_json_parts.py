"""Links and the schemas of calls in the editor: forms that django-jsonform draws."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from project.tests.browser import PHONE, WIDE, BrowserTestCase
from project.tests.test_accessibility import FINDINGS
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.models import WorkflowDefinition

# Schemas that a form shows, and gives back as they are.
SHOWN: list[dict[str, Any]] = [
    {"type": "object", "properties": {"iban": {"type": "string", "minLength": 5}}},
    {"type": "object", "title": "Answer", "additionalProperties": False},
    {
        "type": "object",
        "description": "What comes back.",
        "properties": {
            "a": {"type": "integer", "minimum": 0, "maximum": 10},
            "b": {"type": "number", "exclusiveMinimum": 0.5},
            "c": {"type": "string", "enum": ["x", "y"], "default": "x"},
            "d": {"type": "string", "format": "date-time"},
            "e": {"type": "string", "format": "hostname", "pattern": "^a"},
            "f": {"type": ["string", "null"]},
            "chosen": {"enum": ["signed", "declined"]},
            "mixed": {"enum": ["signed", 3]},
            "g": {"oneOf": [{"const": 1}, {"const": "2"}]},
            "h": {"type": "array", "items": {"type": "number"}, "maxItems": 3},
            "i": {"type": "array", "items": {"type": "string", "minLength": 1}},
            "j": {},
            "k": {"type": "boolean", "title": "Two\nlines"},
            "__proto__": {"type": "string"},
            "l": {
                "type": "object",
                "properties": {"m": {"type": "object", "additionalProperties": {"type": "null"}}},
                "required": ["m"],
            },
            "n": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"o": {"type": "string"}},
                    "required": ["o"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["c", "a"],
        "minProperties": 1,
    },
]
# Schemas that it cannot show, so that they are text.
TEXT: list[dict[str, Any]] = [
    {"type": ["object", "null"], "properties": {"a": {"type": "string"}}},
    {"properties": {"a": {"type": "string"}}},
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]},
    {"type": "object", "properties": {"a": True}},
    {"type": "object"},
]


class JSONPartTests(BrowserTestCase):
    def draft(self, **changes: Any) -> WorkflowDefinition:
        """One with a call."""
        draft = create_workflow(title="Buying", user=self.carla)
        document: dict[str, Any] = export_bundle(workflow=draft)
        document["tasks"].append(
            {
                "key": "archive",
                "title": "Archive it",
                "task_type": "SYNC_ACTION",
                "action_url": "https://example.com/archive",
                **changes.get("task", {}),
            }
        )
        document["transitions"][-1]["to"] = "archive"
        document["transitions"].append({"from": "archive", "to": "end"})
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
        return page

    def part(self, page: Page, name: str) -> Locator:
        return page.locator(f".ed-part[data-name={name}]")

    def save(self, page: Page) -> None:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")

    def look(self, page: Page) -> None:
        """Everything has a name, and fits a phone, in the dark too."""
        self.assertEqual(page.evaluate(FINDINGS), [])
        page.emulate_media(color_scheme="dark")
        self.check(page)
        page.emulate_media(color_scheme="light")

    # --- links

    def test_links_with_the_keyboard(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        links = self.part(page, "ext_ref")
        links.get_by_role("button", name="Add a link").press("Enter")
        first, second = (links.get_by_role("group", name=f"Link {each}") for each in (1, 2))
        expect(first.get_by_label("Name")).to_be_focused()
        page.keyboard.type("Handbook")
        expect(first.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
        expect(first.get_by_label("Address")).to_have_accessible_description(
            "“uri” is missing. Add it."
        )
        expect(first.get_by_label("Name")).to_be_focused()  # the error took nothing away
        page.keyboard.press("Tab")
        page.keyboard.type("https://example.com/handbook")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        links.get_by_role("button", name="Add a link").press("Enter")
        expect(second.get_by_label("Name")).to_be_focused()
        page.keyboard.type("Prices")
        second.get_by_label("Address").fill("javascript:alert(1)")
        expect(second.locator(".rjf-error-text")).to_contain_text("http")
        page.get_by_role("tab", name="Tasks").click()
        page.locator("#ed-problem-list").get_by_role("button").click()
        expect(second.get_by_label("Address")).to_be_focused()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type("https://example.com/prices")
        self.look(page)
        second.get_by_role("button", name="Move “Link 2” up").press("Enter")
        expect(first.get_by_label("Name")).to_have_value("Prices")
        expect(first.get_by_role("button", name="Move “Link 1” down")).to_be_focused()
        self.save(page)
        draft.refresh_from_db()
        self.assertEqual(
            draft.ext_ref,
            [
                {"label": "Prices", "uri": "https://example.com/prices"},
                {"label": "Handbook", "uri": "https://example.com/handbook"},
            ],
        )
        first.get_by_role("button", name="Remove “Link 1”").press("Enter")
        expect(second).to_have_count(0)
        page.locator("#ed-undo").click()
        expect(second).to_be_visible()
        self.assertEqual(self.errors, [])

    # --- schemas

    def open_schema(self, page: Page) -> Locator:
        page.get_by_role("tab", name="Tasks").click()
        page.locator(".ed-item-toggle", has_text="Archive it").click()
        page.locator("summary", has_text="Schema of the output").click()
        return self.part(page, "output_schema")

    def test_a_schema_by_clicking(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        part = self.open_schema(page)
        part.get_by_role("button", name="Add a field").click()
        expect(part.locator(".ed-errors")).to_have_text("Each field needs a name.")
        page.keyboard.type("iban")
        part.get_by_label("Type").select_option(label="Text")
        part.get_by_label("Must be there").check()
        part.get_by_label("Most characters").fill("34")
        part.get_by_role("button", name="Add a field").last.click()
        page.keyboard.type("iban")
        expect(part.locator(".ed-errors")).to_have_text("There are two fields “iban”.")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("There are two fields")
        page.get_by_role("tab", name="Transitions").click()
        page.get_by_role("tab", name="Tasks").click()
        expect(part.get_by_label("Name").nth(1)).to_have_value("iban")
        part.get_by_label("Name").nth(1).fill("lines")
        lines = part.get_by_role("group", name="lines")
        lines.get_by_label("Type").select_option(label="List")
        lines.get_by_label("What is in the list").select_option(label="Fields of its own")
        lines.get_by_role("button", name="Add a field").click()
        page.keyboard.type("kind")
        kind = lines.get_by_role("group", name="kind")
        kind.get_by_label("Type").select_option(label="Text")
        kind.get_by_role("button", name="Add a value").click()
        kind.get_by_label("Value 1", exact=True).fill("a")
        self.look(page)
        self.save(page)
        self.assertEqual(
            draft.tasks.get(key="archive").output_schema,
            {
                "type": "object",
                "properties": {
                    "iban": {"type": "string", "maxLength": 34},
                    "lines": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"kind": {"type": "string", "enum": ["a"]}},
                        },
                    },
                },
                "required": ["iban"],
            },
        )

    def test_a_schema_is_shown_as_a_form_or_left_as_it_is(self) -> None:
        page = self.edit(self.draft())
        part = self.open_schema(page)
        part.get_by_role("button", name="Write as JSON").click()
        area = part.get_by_label("Schema of the output, as JSON")
        to_form = part.get_by_role("button", name="Use the form")
        for schema in SHOWN:
            area.fill(json.dumps(schema))
            to_form.click()
            expect(part.get_by_label("Nothing else is allowed").last).to_be_visible()
            page.get_by_role("tab", name="Transitions").click()
            page.get_by_role("tab", name="Tasks").click()
            part.get_by_role("button", name="Write as JSON").click()
            self.assertEqual(json.loads(area.input_value()), schema)
        for schema in TEXT:
            area.fill(json.dumps(schema))
            expect(part).to_contain_text("A form cannot show all of it")
            expect(to_form).to_be_hidden()
            page.get_by_role("tab", name="Transitions").click()
            page.get_by_role("tab", name="Tasks").click()
            self.assertEqual(json.loads(area.input_value()), schema)
        area.fill("[]")
        expect(part.locator(".ed-errors")).to_contain_text("A schema is an object")
        self.assertEqual(self.errors, [])

    def test_a_change_keeps_what_the_form_does_not_show(self) -> None:
        schema = SHOWN[2]
        draft = self.draft(task={"output_schema": schema})
        page = self.edit(draft)
        part = self.open_schema(page)
        part.get_by_role("group", name="a", exact=True).get_by_label("Largest number").fill("9")
        page.set_viewport_size(PHONE)
        page.set_viewport_size(WIDE)
        self.save(page)
        changed = json.loads(json.dumps(schema))
        changed["properties"]["a"]["maximum"] = 9
        stored = draft.tasks.get(key="archive").output_schema
        assert isinstance(stored, dict)
        stored["required"] = sorted(stored["required"], reverse=True)
        self.assertEqual(stored, changed)
