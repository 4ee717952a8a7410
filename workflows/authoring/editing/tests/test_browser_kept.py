"""What is typed into the editor is not lost, and nobody else meets it."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from playwright.sync_api import Page, Route, expect

from project.tests.browser import BrowserTestCase
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing_tools.examples import long_run_only
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.publishing.delete_draft import delete_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import WorkflowDefinition

KEPT = "() => Object.keys(localStorage).filter(each => each.startsWith('ticketflower-editor:'))"
LOG_OUT = "() => document.querySelector('form[action$=\"/logout/\"]').requestSubmit()"
BACK = "What you typed before is back"
# An answer that is cut off when the question is taken back.
SLOW_BODY = """
const plain = window.fetch;
window.fetch = async (address, options) => {
  const answer = await plain(address, options);
  if (!String(address).includes("/editor/check/")) return answer;
  const bytes = await answer.arrayBuffer();
  const body = new ReadableStream({
    start(stream) {
      const cut = () => stream.error(new DOMException("cut off", "AbortError"));
      options.signal.addEventListener("abort", cut);
      setTimeout(() => {
        if (options.signal.aborted) return;
        stream.enqueue(new Uint8Array(bytes));
        stream.close();
        options.signal.removeEventListener("abort", cut);
      }, 1500);
    },
  });
  window.checks = (window.checks ?? 0) + 1;
  return new Response(body, { status: answer.status, headers: answer.headers });
};
"""


def fulfill(body: str, route: Route) -> None:
    route.fulfill(status=200, content_type="application/json", body=body)


class KeptCase(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.draft = create_workflow(title="Buying", user=self.carla)

    def edit(self, page: Page, draft: WorkflowDefinition | None = None) -> None:
        pk = (draft or self.draft).pk
        page.goto(f"/app/workflows/workflowdefinition/{pk}/edit/")
        expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")

    def typed(self, title: str = "Mine", by: User | None = None) -> Page:
        page = self.open_window(by or self.carla)
        self.edit(page)
        self.type(page, title)
        return page

    def type(self, page: Page, title: str) -> None:
        page.get_by_label("Title").fill(title)
        page.wait_for_function(f"() => ({KEPT})().length > 0")

    def tab(self, page: Page) -> Page:
        """Another tab of the same browser."""
        other = page.context.new_page()
        other.set_default_timeout(15_000)
        other.on("console", self._note)
        other.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        return other

    def save(self, page: Page) -> None:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")

    def ignore_refusal(self) -> None:
        self.assertRegex(self.errors.pop(), "40[49]")  # the browser notes every refusal


class CarryTests(KeptCase):
    def carry(self, page: Page) -> Any:
        page.get_by_role("button", name="Save", exact=True).click()
        notice = page.get_by_role("alert")
        expect(notice).to_contain_text("Nothing that you typed is lost.")
        self.ignore_refusal()
        self.check(page)
        notice.get_by_role("button", name="Carry what I typed into the next draft").click()
        return notice

    def test_a_draft_that_was_published_elsewhere(self) -> None:
        page = self.typed()
        publish_workflow(workflow=self.draft, user=self.alice)
        self.carry(page)
        expect(page.locator("body")).to_contain_text("What you typed is kept in version 2, a draft")
        expect(page.get_by_label("Title")).to_have_value("Mine")
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.assertEqual(page.evaluate(KEPT), [])
        titles = WorkflowDefinition.objects.order_by("version").values_list("title", flat=True)
        self.assertEqual(list(titles), ["Buying", "Mine"])
        self.check(page)

    @long_run_only
    def test_a_workflow_that_was_deleted_elsewhere(self) -> None:
        page = self.typed()
        address = page.url
        delete_draft(workflow=WorkflowDefinition.objects.get())
        self.carry(page)
        expect(page).to_have_url(re.compile(r"/\d+/edit/$"))
        expect(page).not_to_have_url(address)
        expect(page.get_by_label("Title")).to_have_value("Mine")
        self.assertEqual(WorkflowDefinition.objects.get().title, "Mine")

    def test_where_somebody_has_the_next_draft_it_is_asked(self) -> None:
        page = self.typed()
        publish_workflow(workflow=self.draft, user=self.alice)
        there = new_draft(workflow=self.draft, user=self.alice)
        notice = self.carry(page)
        expect(notice).to_contain_text("version 2, of Alice Archer")
        self.ignore_refusal()
        link = notice.get_by_role("link", name="See that draft")
        self.assertRegex(str(link.get_attribute("href")), f"/{there.pk}/edit/$")
        there.refresh_from_db()
        self.assertEqual(there.title, "Buying")
        self.check(page)
        notice.get_by_role("button", name="Replace it with mine").click()
        expect(page).to_have_url(re.compile(f"/{there.pk}/edit/$"))
        expect(page.get_by_label("Title")).to_have_value("Mine")

    def test_what_was_typed_before_it_was_published_is_offered_in_the_next_draft(self) -> None:
        page = self.typed()
        other = self.tab(page)
        page.close()
        publish_workflow(workflow=self.draft, user=self.alice)
        self.edit(other, new_draft(workflow=self.draft, user=self.alice))
        notice = other.get_by_role("alert")
        expect(notice).to_contain_text("a version that is no draft any more")
        expect(other.get_by_label("Title")).to_have_value("Buying")
        notice.get_by_role("button", name="Show what I typed").click()
        expect(other.get_by_label("Title")).to_have_value("Mine")
        self.save(other)
        self.assertEqual(other.evaluate(KEPT), [])
        self.check(other)


class KeptTests(KeptCase):
    def test_it_survives_the_closing_of_the_tab(self) -> None:
        page = self.typed()
        other = self.tab(page)
        page.close()
        self.edit(other)
        expect(other.get_by_role("alert")).to_contain_text(BACK)
        expect(other.get_by_label("Title")).to_have_value("Mine")
        self.save(other)
        self.assertEqual(other.evaluate(KEPT), [])
        self.check(other)

    def test_two_tabs_do_not_overwrite_each_other(self) -> None:
        page = self.typed("One")
        second = self.tab(page)
        self.edit(second)
        expect(second.get_by_role("alert")).to_contain_text("open in another tab too")
        expect(second.get_by_label("Title")).to_have_value("Buying")
        second.get_by_label("Title").fill("Two")
        second.wait_for_function(f"() => ({KEPT})().length === 2")
        third = self.tab(page)
        page.close()
        second.close()
        self.edit(third)
        offers = third.get_by_role("button", name="Show what I typed")
        expect(offers).to_have_count(2)
        offers.nth(1).click()
        expect(third.get_by_label("Title")).to_have_value("One")
        # What was not taken is still there.
        self.save(third)
        self.edit(third)
        third.get_by_role("button", name="Show what I typed").click()
        expect(third.get_by_label("Title")).to_have_value("Two")
        self.check(third)

    def test_nobody_else_meets_it(self) -> None:
        self.give_role(self.alice, SystemRole.WORKFLOW_CREATOR)
        page = self.typed()
        other = self.tab(page)
        page.close()
        other.context.clear_cookies()
        self._log_in(other.context, self.alice)
        self.edit(other)
        expect(other.get_by_label("Title")).to_have_value("Buying")
        expect(other.get_by_role("alert")).to_be_hidden()
        other.context.clear_cookies()
        self._log_in(other.context, self.carla)
        self.edit(other)
        expect(other.get_by_label("Title")).to_have_value("Mine")

    def test_who_logs_out_takes_it_along(self) -> None:
        page = self.typed()
        other = self.tab(page)
        other.goto("/app/")
        page.on("dialog", lambda dialog: dialog.accept())
        with other.expect_navigation():
            other.evaluate(LOG_OUT)
        self.assertEqual(other.evaluate(KEPT), [])
        # The tab that is still open keeps it to itself, whatever is typed now.
        page.get_by_label("Title").fill("Later")
        page.evaluate("window.dispatchEvent(new Event('pagehide'))")  # at once, not a moment later
        self.assertEqual(page.evaluate(KEPT), [])

    @long_run_only
    def test_who_logs_out_on_the_very_page_takes_it_along_too(self) -> None:
        page = self.typed()
        page.on("dialog", lambda dialog: dialog.accept())
        with page.expect_navigation():
            page.evaluate(LOG_OUT)
        self.assertEqual(page.evaluate(KEPT), [])

    def test_what_is_old_is_thrown_away(self) -> None:
        page = self.typed()
        other = self.tab(page)
        page.close()
        other.goto("/app/")
        age = """(days) => {
            for (const name of Object.keys(localStorage)) {
                if (!name.startsWith("ticketflower-editor:")) continue;
                const kept = JSON.parse(localStorage[name]);
                localStorage[name] = JSON.stringify({ ...kept, at: Date.now() - days * 864e5 });
            }
        }"""
        other.evaluate(age, 13)
        self.edit(other)
        expect(other.get_by_label("Title")).to_have_value("Mine")
        other.on("dialog", lambda dialog: dialog.accept())
        other.goto("/app/")
        other.evaluate(age, 15)
        self.edit(other)
        expect(other.get_by_label("Title")).to_have_value("Buying")
        self.assertEqual(other.evaluate(KEPT), [])


class AnswerTests(KeptCase):
    """An answer may be cut off, or be none."""

    def test_a_check_that_is_cut_off_while_it_is_read(self) -> None:
        page = self.open_window(self.carla)
        page.add_init_script(SLOW_BODY)
        self.edit(page)
        page.get_by_label("Title").fill("One")
        page.wait_for_function("() => window.checks >= 2")
        page.get_by_label("Title").fill("")
        expect(page.locator("#ed-problem-count")).to_have_text("1 problem to fix")
        self.check(page)

    def test_an_answer_that_is_none(self) -> None:
        page = self.open_window(self.carla)
        self.edit(page)
        count = page.locator("#ed-problem-count")
        for number, body in enumerate(
            ["null", "[]", "3", '"x"', "{}", "<html>", "", '{"rules":[]}']
        ):
            with self.subTest(body):
                page.unroute_all()
                page.route(
                    "**/editor/check/",
                    partial(fulfill, body),
                )
                page.get_by_label("Title").fill(f"Name {number}")
                expect(count).to_have_text("The check does not answer")
                page.unroute_all()
                page.get_by_label("Title").fill(f"Name {number}, again")
                expect(count).to_have_text("No problems")
        page.route("**/edit/", lambda route: route.fulfill(status=200, body="null"))
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("What you typed is kept on this page.")
        page.unroute_all()
        self.save(page)
        self.check(page)
