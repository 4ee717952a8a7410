"""Blocks in the editor: made, filled, led to and saved by clicking."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import expect

from project.tests.browser import BrowserTestCase
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.models import TaskDefinition


class BlockTests(BrowserTestCase):
    def test_a_block_from_nothing(self) -> None:
        workflow = create_workflow(title="Onboarding", user=self.carla)
        page = self.open_window(self.carla)
        page.goto(reverse("admin:workflows_workflowdefinition_edit", args=(workflow.pk,)))
        page.get_by_role("tab", name="Tasks").click()
        page.get_by_role("button", name="Add a task", exact=True).click()
        task = page.locator(".ed-item.ed-open").first
        task.get_by_label("Title").first.fill("Prepare")
        task.get_by_label("How it is done").select_option(
            label="Branches side by side, or one for each item of a list"
        )
        # It begins with two branches, each with a task that is only ticked off.
        block = page.locator("#task-prepare")
        branches = block.locator('[data-name="branches"] > .ed-item')
        expect(branches).to_have_count(2)
        branches.nth(0).get_by_label("Title").fill("Computer")
        branches.nth(1).get_by_role("button", name="Add a task to this branch").click()
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        expect(page.locator("#ed-picture .flow-lane")).to_have_count(2)
        expect(page.locator("#ed-picture")).to_contain_text("Computer")
        block.get_by_label("When the block ends").select_option(
            label="When one has ended: the rest is cancelled"
        )
        # Transitions of a task in a branch stay in it.
        inner = page.locator("#task-task_3")
        targets = inner.get_by_label("To", exact=True).locator("option")
        expect(targets).to_have_text(
            ["Task 1 of “Branch 2”", "Task 2 of “Branch 2”", "End of the branch"]
        )
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        kept = TaskDefinition.objects.get(workflow=workflow, key="prepare")
        assert kept.block is not None
        self.assertEqual([each.title for each in kept.block.branches], ["Computer", "Branch 2"])
        self.assertEqual(kept.ends_when, "any")
        places = workflow.tasks.exclude(branch="").values_list("branch", flat=True)
        self.assertEqual(
            sorted(places), ["prepare.branch_2", "prepare.branch_2", "prepare.computer"]
        )
