"""The editor while the server is slow: what is typed meanwhile is what counts."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from project.tests.browser import BrowserTestCase
from project.tests.late_answers import HELD, LATE, SETTLED
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.models import WorkflowDefinition


class LateAnswersTests(BrowserTestCase):
    def draft(self, when: Any = None) -> WorkflowDefinition:
        draft = create_workflow(title="Buying", user=self.carla)
        document: dict[str, Any] = export_bundle(workflow=draft)
        document["workflow"]["fields"] = [
            {"name": "amount", "label": "Amount", "type": "number", "default": 1}
        ]
        document["tasks"].append(
            {"key": "sum", "title": "Add up", "task_type": "VALUES", "values": {"a": 1}}
        )
        document["transitions"][-1]["to"] = "sum"
        document["transitions"].append({"from": "sum", "to": "end"})
        if when:
            begin = next(each for each in document["transitions"] if each["from"] == "start")
            begin["condition"] = when
            document["transitions"].append({"from": "start", "to": "end"})
        return save_draft(
            workflow=draft,
            document=document,
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )

    def edit(self, draft: WorkflowDefinition) -> Page:
        page = self.open_window(self.carla)
        page.add_init_script(LATE)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/")
        # It says more than one thing where there is nothing to fix.
        expect(page.locator("#ed-problem-count")).to_have_text(
            re.compile("^(No problems|It can be published; a few notes)$")
        )
        return page

    def release(self, page: Page) -> None:
        page.evaluate("() => window.release()")
        page.evaluate(SETTLED)

    def save(self, page: Page) -> None:
        page.keyboard.press("ControlOrMeta+S")
        expect(page.locator("#ed-state")).to_have_text("Saved")

    def question(self, page: Page) -> Locator:
        page.get_by_role("tab", name="Ticket form").click()
        entry = page.locator("#ed-panel .ed-item").first
        if "ed-open" not in (entry.get_attribute("class") or ""):
            entry.locator(".ed-item-toggle").first.click()
        return entry

    def as_text(self, page: Page) -> Locator:
        """The condition of the first transition, as text."""
        page.get_by_role("tab", name="Transitions").click()
        transition = page.locator(".ed-transition").first
        transition.get_by_role("button", name=re.compile("^(Only if…|Change)$")).click()
        transition.get_by_role("button", name="Write as text").click()
        return transition.get_by_label("The condition as text")

    def test_saving_twice_while_a_number_is_read_saves_once(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        saved: list[Request] = []

        def note(request: Request) -> None:
            if request.method == "POST" and request.url.endswith("/edit/"):
                saved.append(request)

        page.on("request", note)
        page.evaluate("() => hold('/editor/number/')")
        self.question(page).get_by_label("Smallest number").fill("0,5")
        page.wait_for_function(HELD)
        page.keyboard.press("ControlOrMeta+S")
        page.keyboard.press("ControlOrMeta+S")
        self.release(page)
        expect(page.locator("#ed-state")).to_have_text("Saved")
        page.wait_for_load_state("networkidle")
        expect(page.locator("#ed-notice")).to_be_hidden()
        self.assertEqual(len(saved), 1)
        draft.refresh_from_db()
        self.assertEqual(draft.fields[0]["min"], 0.5)
        self.check(page)

    def test_a_number_that_was_being_read_does_not_come_over_the_next(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        page.evaluate("() => hold('/editor/number/')")
        self.question(page).get_by_label("Smallest number").fill("0,5")
        page.wait_for_function(HELD)
        page.get_by_role("tab", name="Transitions").click()
        smallest = self.question(page).get_by_label("Smallest number")
        expect(smallest).to_have_value("0,5")
        smallest.fill("7")
        self.release(page)
        self.save(page)
        draft.refresh_from_db()
        self.assertEqual(draft.fields[0]["min"], 7)
        # What is left while it is read is there in the input that is drawn next.
        page.evaluate("() => { answered = {}; release = null; hold('/editor/number/'); }")
        smallest.fill("0,25")
        page.wait_for_function(HELD)
        page.get_by_role("tab", name="Transitions").click()
        self.question(page)
        self.release(page)
        self.save(page)
        draft.refresh_from_db()
        self.assertEqual(draft.fields[0]["min"], 0.25)

    def test_values_that_were_typed_and_saved_at_once_are_all_there(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        page.get_by_role("tab", name="Tasks").click()
        page.locator(".ed-item-toggle", has_text="Add up").click()
        area = page.get_by_label("One line each: name = value")
        expect(page.locator(".ed-result")).to_contain_text('"a": 1')
        area.evaluate(
            """(area) => hold("/editor/transform/", () => {
                type(area, "a = 1 + 2");
                setTimeout(() => document.getElementById("ed-save").click(), 100);
            })"""
        )
        area.fill("a = 1 + 1")
        page.wait_for_function(HELD)
        self.release(page)
        expect(page.locator("#ed-state")).to_have_text("Saved")
        tasks: Any = export_bundle(workflow=WorkflowDefinition.objects.get(pk=draft.pk))["tasks"]
        self.assertEqual(tasks[-1]["values"], {"a": {"+": [1, 2]}})
        self.check(page)

    def test_the_preview_of_a_form_shows_what_was_taken_back(self) -> None:
        page = self.edit(self.draft())
        label = self.question(page).get_by_label("Question", exact=True)
        page.get_by_text("Preview of the form").click()
        preview = page.locator(".ed-preview-form")
        expect(preview).to_contain_text("Amount")
        page.evaluate("() => hold('/editor/form/')")
        label.fill("Price")
        page.wait_for_function(HELD)
        label.fill("Amount")
        page.evaluate("() => new Promise((done) => setTimeout(done, 500))")
        self.release(page)
        expect(preview).to_contain_text("Amount")
        expect(preview).not_to_contain_text("Price")
        self.check(page)

    def test_what_was_mended_just_now_can_be_published(self) -> None:
        page = self.edit(self.draft())
        title = page.get_by_label("Title").first
        title.fill("")
        expect(page.locator("#ed-problem-count")).to_have_text("1 problem to fix")
        title.evaluate(
            """(title) => {
                holdAll("/editor/check/");
                type(title, "Buying more");
                document.getElementById("ed-publish").click();
            }"""
        )
        page.wait_for_function(HELD)
        page.evaluate("() => window.release()")  # which leaves the page: nothing settles there
        expect(page.locator("body")).to_contain_text("Version 1 of “Buying more” is published.")

    def test_a_problem_that_was_mended_meanwhile_is_not_shown(self) -> None:
        page = self.edit(self.draft())
        title = page.get_by_label("Title").first
        title.evaluate(
            """(title) => hold("/editor/check/", () => {
                type(title, "Buying more");
                const count = document.getElementById("ed-problem-count");
                setTimeout(() => { window.seen = count.textContent; }, 150);
            })"""
        )
        title.fill("")
        page.wait_for_function(HELD)
        self.release(page)
        page.wait_for_function("() => window.seen")
        self.assertEqual(page.evaluate("window.seen"), "No problems")

    def test_an_error_of_an_earlier_condition_is_not_shown(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        text = self.as_text(page)
        page.evaluate("() => hold('/editor/condition/', () => { throw new TypeError('late'); })")
        text.fill("ticket.amount > 10")
        page.wait_for_function(HELD)
        text.fill("ticket.amount > 20")
        expect(page.locator(".ed-sentence").first).to_contain_text("20")
        self.release(page)
        self.save(page)
        begins = draft.transitions.get(from_task=None, to_task__isnull=False)
        self.assertEqual(begins.condition, {">": [{"var": "ticket.amount"}, 20]})
        self.check(page)

    def test_a_condition_that_is_being_read_is_published_with_the_rest(self) -> None:
        draft = self.draft(when={">": [{"var": "ticket.amount"}, 10]})
        page = self.edit(draft)
        text = self.as_text(page)
        expect(text).to_have_value("ticket.amount > 10")
        page.evaluate("() => hold('/editor/condition/')")
        text.fill("ticket.amount > 20")
        page.get_by_role("button", name="Publish").click()
        page.wait_for_function(HELD)
        # Longer than saving waits for what it knows nothing of.
        page.evaluate("() => new Promise((done) => setTimeout(done, 1500))")
        page.evaluate("() => window.release()")
        expect(page.locator("body")).to_contain_text("Version 1 of “Buying” is published.")
        begins = draft.transitions.get(from_task=None, to_task__isnull=False)
        self.assertEqual(begins.condition, {">": [{"var": "ticket.amount"}, 20]})

    def test_what_was_undone_while_it_was_read_is_not_missed(self) -> None:
        page = self.edit(self.draft())
        page.get_by_label("Title").first.fill("Buying more")
        text = self.as_text(page)
        page.evaluate(
            """() => hold("/editor/condition/", () => document.getElementById("ed-undo").click())"""
        )
        text.fill("ticket.amount >")
        page.wait_for_function(HELD)
        self.release(page)
        expect(page.locator("#ed-state")).to_have_text("Saved")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")

    def test_trying_again_twice_draws_answers_once(self) -> None:
        page = self.edit(self.draft())
        page.route("**/editor/answers/", lambda route: route.abort())
        page.get_by_role("tab", name="Ticket types").click()
        page.locator("#ed-panel .ed-item-toggle[aria-expanded=false]").first.press("Enter")
        part = page.locator(".ed-part[data-name=presets]")
        expect(part).to_contain_text("The server cannot be reached")
        page.unroute("**/editor/answers/")
        self.errors.clear()
        page.evaluate("() => { late['/editor/answers/'] = () => {}; }")
        part.get_by_role("button", name="Try again").dblclick()
        expect(part.get_by_label("Amount")).to_be_visible()
        page.wait_for_load_state("networkidle")
        self.assertEqual(page.evaluate("answered['/editor/answers/']"), 1)
