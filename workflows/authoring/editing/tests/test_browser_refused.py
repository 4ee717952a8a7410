"""Where the server refuses what the editor asks, it is left alone for a while; nothing is lost."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from project.tests.test_browser_refused import COUNTED, HOUR, LEFT_ALONE, TIMES
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.tests.test_browser_kept import KeptCase
from workflows.models import WorkflowDefinition


class EditorRefusedTests(KeptCase):
    def open(self) -> Page:
        page = self.open_window(self.carla)
        page.add_init_script(COUNTED)
        page.clock.install()
        self.edit(page)
        return page

    def refuse(self, page: Page, end: str, *, status: int = 429) -> None:
        headers = {"Retry-After": "3600"} if status == 429 else {}
        page.route(f"**{end}", lambda route: route.fulfill(status=status, headers=headers))

    def ensure_left_alone(self, page: Page, end: str) -> None:
        page.wait_for_function(LEFT_ALONE, arg=end)
        times = page.evaluate(TIMES, end)
        page.clock.run_for(60_000)
        self.assertEqual(page.evaluate(TIMES, end), times)

    def test_the_check(self) -> None:
        page = self.open()
        self.refuse(page, "/editor/check/")
        count = page.locator("#ed-problem-count")
        page.get_by_label("Title").fill("Buying more")
        expect(count).to_have_text("The check does not answer")
        page.get_by_label("Title").fill("Buying most")
        self.ensure_left_alone(page, "/editor/check/")
        page.unroute_all()
        page.clock.fast_forward(HOUR)
        expect(count).to_have_text(re.compile("^(No problems|It can be published; a few notes)$"))

    def as_text(self, page: Page) -> None:
        page.get_by_role("tab", name="Transitions").click()
        transition = page.locator(".ed-transition").first
        transition.get_by_role("button", name=re.compile("^(Only if…|Change)$")).click()
        transition.get_by_role("button", name="Write as text").click()

    def condition(self) -> object:
        made: Any = export_bundle(workflow=WorkflowDefinition.objects.get())
        return made["transitions"][0].get("condition")

    def test_a_condition_is_read_when_the_server_takes_it_again(self) -> None:
        page = self.open()
        self.as_text(page)
        self.refuse(page, "/editor/condition/")
        text = page.get_by_label("The condition as text")
        text.fill("number > 1")
        page.wait_for_function(LEFT_ALONE, arg="/editor/condition/")
        text.fill("number > 12")
        self.ensure_left_alone(page, "/editor/condition/")
        page.unroute_all()
        page.clock.fast_forward(HOUR)
        expect(page.locator(".ed-sentence").first).to_contain_text("12")
        self.save(page)
        self.assertEqual(self.condition(), {">": [{"var": "number"}, 12]})

    def test_who_saves_does_not_wait_for_the_pause(self) -> None:
        page = self.open()
        self.as_text(page)
        self.refuse(page, "/editor/condition/", status=401)
        page.get_by_label("The condition as text").fill("number > 1")
        page.wait_for_function(LEFT_ALONE, arg="/editor/condition/")
        page.get_by_label("The condition as text").fill("number > 12")
        self.ensure_left_alone(page, "/editor/condition/")
        page.unroute_all()  # they have logged in again in another tab
        self.save(page)
        self.assertEqual(self.condition(), {">": [{"var": "number"}, 12]})
