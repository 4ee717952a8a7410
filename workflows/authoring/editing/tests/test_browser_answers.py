"""Presets and answers of test cases in the editor: the server's own form for them."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from project.tests.browser import BrowserTestCase
from project.tests.test_accessibility import FINDINGS
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.fields.file.file_input import made_up_upload
from workflows.models import WorkflowDefinition

FIELDS = [
    {"name": "what", "type": "text"},
    {"name": "why", "type": "long_text"},
    {"name": "pieces", "type": "integer"},
    {"name": "price", "type": "number"},
    {"name": "urgent", "type": "boolean"},
    {"name": "place", "type": "choice", "choices": ["North", {"value": "s", "label": "South"}]},
    {"name": "colours", "type": "choices", "choices": ["red", "green", "blue"]},
    {"name": "day", "type": "date"},
    {"name": "hour", "type": "time"},
    {"name": "moment", "type": "datetime"},
    {"name": "mail", "type": "email"},
    {"name": "page", "type": "url"},
    {"name": "phone", "type": "phone"},
    {"name": "buyer", "type": "person"},
    {
        "name": "parts",
        "type": "records",
        "fields": [{"name": "part", "type": "text"}, {"name": "count", "type": "integer"}],
    },
    {"name": "scan", "type": "file"},
]
PRESETS: dict[str, Any] = {
    "what": "A lathe",
    "why": "The old one\nis broken.",
    "pieces": 0,
    "price": 12.5,
    "urgent": False,
    "place": "s",
    "colours": ["red", "blue"],
    "day": "2026-11-30",
    "hour": "08:30",
    "mail": "sam@example.com",
    "page": "https://example.com/",
    "phone": "+49 30 1234",
    "parts": [{"part": "Bolt", "count": 0}, {"part": "Nut"}],
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"iban": {"type": "string", "title": "IBAN"}, "count": {"type": "integer"}},
}


class AnswersTests(BrowserTestCase):
    def draft(self, **changes: Any) -> WorkflowDefinition:
        """One with a call, and with questions of every type."""
        draft = create_workflow(title="Buying", user=self.carla)
        document: dict[str, Any] = export_bundle(workflow=draft)
        document["workflow"]["fields"] = changes.get("fields", FIELDS)
        document["tasks"].append(
            {
                "key": "archive",
                "title": "Archive it",
                "task_type": "SYNC_ACTION",
                "action_url": "https://example.com/archive",
                "output_schema": SCHEMA,
            }
        )
        document["transitions"][-1]["to"] = "archive"
        document["transitions"].append({"from": "archive", "to": "end"})
        document["ticket_types"][0] |= {"presets": changes.get("presets", {})}
        document["tests"] = changes.get("tests", [])
        return save_draft(
            workflow=draft,
            document=document,
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )

    def edit(self, draft: WorkflowDefinition, tab: str) -> Page:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/")
        expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")
        self.open(page, tab)
        return page

    def open(self, page: Page, tab: str) -> None:
        page.get_by_role("tab", name=tab).click()
        page.locator("#ed-panel .ed-item-toggle[aria-expanded=false]").first.press("Enter")

    def part(self, page: Page, name: str) -> Locator:
        return page.locator(f".ed-part[data-name={name}]")

    def question(self, part: Locator, name: str) -> Locator:
        return part.locator(f".tk-fields > .tk-field[data-field={name}]")

    def presets(self, draft: WorkflowDefinition) -> Any:
        return draft.ticket_definitions.get().presets

    def save(self, page: Page) -> None:
        page.keyboard.press("ControlOrMeta+S")
        expect(page.locator("#ed-state")).to_have_text("Saved")

    def look(self, page: Page) -> None:
        """Everything has a name, and fits a phone, in the dark too."""
        self.assertEqual(page.evaluate(FINDINGS), [])
        page.emulate_media(color_scheme="dark")
        self.check(page)
        page.emulate_media(color_scheme="light")

    # --- presets

    def test_presets_of_every_type_with_the_keyboard(self) -> None:
        draft = self.draft()
        page = self.edit(draft, "Ticket types")
        part = self.part(page, "presets")
        keys = page.keyboard
        part.get_by_label("What", exact=True).focus()
        for typed in ("A lathe", "The old one\nis broken.", "0", "12,5"):
            keys.type(typed)
            keys.press("Tab")
        keys.press("ArrowRight")  # yes, no
        keys.press("ArrowRight")
        expect(part.get_by_label("No", exact=True)).to_be_checked()
        keys.press("Tab")
        keys.press("ArrowDown")
        keys.press("ArrowDown")
        expect(part.get_by_label("South")).to_be_checked()
        for colour, is_chosen in (("red", True), ("green", False), ("blue", True)):
            keys.press("Tab")
            expect(part.get_by_label(colour)).to_be_focused()
            if is_chosen:
                keys.press("Space")
        part.get_by_label("Day").fill("2026-11-30")
        part.get_by_label("Hour").fill("08:30")
        part.get_by_label("Mail").focus()
        for typed in ("sam@example.com", "https://example.com/", "+49 30 1234"):
            keys.type(typed)
            keys.press("Tab")
        expect(part.get_by_label("Buyer")).to_be_focused()
        keys.type("Wendy")
        expect(part.get_by_label("Buyer")).to_have_value(self.wendy.email)
        keys.press("Tab")
        expect(part.get_by_role("button", name="Add a row")).to_be_focused()
        keys.press("Enter")
        keys.type("Bolt")
        keys.press("Tab")
        keys.type("0")
        part.get_by_role("button", name="Add a row").press("Enter")
        keys.type("Nut")
        expect(self.question(part, "scan")).to_have_count(0)
        self.save(page)
        self.assertEqual(self.presets(draft), {**PRESETS, "buyer": self.wendy.email})
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.look(page)
        # What is emptied is asked again; what nobody touches stays.
        part.get_by_role("radio", name="No answer").first.focus()
        keys.press("Space")
        part.get_by_label("red").focus()
        keys.press("Space")
        part.get_by_role("button", name="Remove this row").first.press("Enter")
        expect(part.get_by_role("button", name="Add a row")).to_be_focused()
        self.save(page)
        made = {**PRESETS, "buyer": self.wendy.email, "colours": ["blue"]}
        made |= {"parts": [{"part": "Nut"}]}
        made.pop("urgent")
        self.assertEqual(self.presets(draft), made)
        page.locator("#ed-undo").click()
        page.locator("#ed-panel .ed-item-toggle[aria-expanded=false]").first.press("Enter")
        expect(part.get_by_label("Part", exact=True).first).to_have_value("Bolt")
        self.assertEqual(self.errors, [])

    def test_presets_that_no_input_can_show_stay_until_they_are_removed(self) -> None:
        odd: dict[str, Any] = {"gone": {"x": 1}, "pieces": "three", "day": "soon", "urgent": None}
        draft = self.draft(presets={**PRESETS, **odd})
        page = self.edit(draft, "Ticket types")
        part = self.part(page, "presets")
        expect(part.get_by_label("What", exact=True)).to_have_value("A lathe")
        # Wrong, and shown as it is.
        pieces = part.get_by_label("Pieces")
        expect(pieces).to_have_value("three")
        expect(pieces).to_have_attribute("aria-invalid", "true")
        expect(pieces).to_have_accessible_description(re.compile("Enter a whole number"))
        # Not to be shown.
        expect(self.question(part, "day")).to_contain_text("soon")
        expect(self.question(part, "urgent")).to_contain_text("null")
        gone = part.locator(".ed-unfit").last
        expect(gone).to_contain_text("“gone” is answered, and there is no such question")
        expect(gone).to_contain_text('{"x":1}')
        self.look(page)
        part.get_by_label("What", exact=True).fill("A drill")
        self.save(page)
        expected = {**PRESETS, **odd, "what": "A drill"}
        self.assertEqual(self.presets(draft), expected)
        # A problem leads to its question.
        page.get_by_role("tab", name="Workflow").click()
        problems = page.locator("#ed-problem-list").get_by_role("button")
        problems.filter(has_text="Enter a whole number").first.click()
        expect(pieces).to_be_focused()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type("3")
        part.get_by_label("Day").fill("2026-12-01")
        expect(self.question(part, "day")).not_to_contain_text("soon")
        self.question(part, "urgent").get_by_role("button", name="Remove it").press("Enter")
        expect(part.get_by_label("Yes", exact=True)).to_be_focused()
        gone.get_by_role("button", name="Remove it").press("Enter")
        expect(part.locator(".ed-unfit")).to_have_count(0)
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.save(page)
        for name in ("gone", "urgent"):
            expected.pop(name)
        self.assertEqual(self.presets(draft), expected | {"pieces": 3, "day": "2026-12-01"})

    def test_an_error_in_a_row_stands_beside_its_input(self) -> None:
        page = self.edit(
            self.draft(presets={"parts": [{"part": "Nut", "count": 1}]}), "Ticket types"
        )
        part = self.part(page, "presets")
        part.get_by_role("button", name="Add a row").press("Enter")  # stays blank: no record
        part.get_by_role("button", name="Add a row").press("Enter")
        count = part.get_by_label("Count").nth(2)
        count.fill("many")
        expect(count).to_have_accessible_description(re.compile("a whole number"))
        expect(part.get_by_label("Count").nth(1)).not_to_have_attribute("aria-invalid", "true")

    def test_what_was_typed_and_not_read_yet_survives(self) -> None:
        draft = self.draft(presets={"what": "A lathe"})
        page = self.edit(draft, "Ticket types")
        part = self.part(page, "presets")
        expect(part.get_by_label("Price")).to_be_visible()
        page.route("**/editor/answers/", lambda route: route.abort())
        part.get_by_label("Price").fill("12,5")
        expect(part).to_contain_text("The server cannot be reached")
        expect(page.locator("#ed-state")).to_have_text("Not saved yet")
        page.get_by_role("tab", name="Tasks").click()
        page.get_by_role("tab", name="Ticket types").click()
        expect(part.get_by_label("Price")).to_have_value("12,5")
        page.keyboard.press("ControlOrMeta+S")
        expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
        self.errors.clear()
        page.unroute("**/editor/answers/")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(page.locator("#ed-notice")).to_contain_text("What you typed before is back")
        self.open(page, "Ticket types")
        expect(part.get_by_label("Price")).to_have_value("12.5")
        self.save(page)
        self.assertEqual(self.presets(draft), {"what": "A lathe", "price": 12.5})

    # --- test cases

    def test_an_answer_of_a_test_case_with_the_keyboard(self) -> None:
        case: dict[str, Any] = {"name": "A", "ticket": {}, "expect": {"path": ["handle"]}}
        draft = self.draft(fields=[FIELDS[0], FIELDS[13], FIELDS[15]], tests=[case])
        page = self.edit(draft, "Test cases")
        ticket = self.part(page, "ticket")
        ticket.get_by_label("What", exact=True).focus()
        for typed in ("A lathe", "Wendy", "scan.pdf"):
            page.keyboard.type(typed)
            page.keyboard.press("Tab")
        page.get_by_role("button", name="Answer “Handle the request”").press("Enter")
        first = page.get_by_role("region", name="1. Handle the request")
        first.locator(".tk-field").get_by_role("textbox").first.focus()
        page.keyboard.type("Done")
        page.get_by_role("button", name="Answer “Archive it”").press("Enter")
        second = page.get_by_role("region", name="2. Archive it")
        second.get_by_label("IBAN").focus()
        page.keyboard.type("DE1")
        second.get_by_label("Count").fill("two")
        expect(second.get_by_label("Count")).to_have_attribute("aria-invalid", "true")
        second.get_by_label("Count").fill("2")
        other = second.get_by_label("What else it says, as JSON")
        other.fill('{"gone": ')
        expect(second.get_by_role("status")).to_contain_text("Write a JSON object")
        page.keyboard.press("ControlOrMeta+S")
        expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
        expect(other).to_be_focused()
        other.fill('{"ok": [1]}')
        self.look(page)
        self.save(page)
        draft.refresh_from_db()
        made = draft.test_cases[0]
        scan = {"upload": made_up_upload("scan.pdf"), "filename": "scan.pdf"}
        self.assertEqual(
            made["ticket"], {"what": "A lathe", "buyer": self.wendy.email, "scan": scan}
        )
        outputs = [each["output"] for each in made["answers"]]
        self.assertEqual(list(outputs[0].values()), ["Done"])
        self.assertEqual(outputs[1], {"iban": "DE1", "count": 2, "ok": [1]})

    def test_what_the_ticket_type_has_set_is_not_asked(self) -> None:
        draft = self.draft(
            presets={"urgent": True},
            fields=[
                *FIELDS[:6],
                {"name": "how", "type": "text", "visible_when": {"==": [{"var": "urgent"}, True]}},
            ],
            tests=[{"name": "A", "ticket": {}, "expect": {"path": ["handle"]}}],
        )
        page = self.edit(draft, "Test cases")
        ticket = self.part(page, "ticket")
        expect(self.question(ticket, "urgent")).to_be_visible()
        expect(self.question(ticket, "how")).to_be_hidden()
        page.get_by_label("Ticket type").select_option(index=1)
        expect(ticket).to_contain_text("Already set")
        expect(self.question(ticket, "urgent")).to_have_count(0)
        expect(self.question(ticket, "how")).to_be_visible()
        self.look(page)
