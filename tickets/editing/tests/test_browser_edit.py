"""In a real browser: what was refused is corrected, and the approver sees what it says now."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import expect

from project.tests.browser import BrowserTestCase
from tenants.models import User
from tickets.editing.tests.edit_case import REFUSED, publish_request
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.models import TaskInstance


class ResubmissionTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        workflow = publish_request(self.carla)
        self.ticket = submit_ticket(
            definition=workflow.ticket_definitions.get(),
            data={"what": "Chairs", "amount": 900, "reason": "Old ones"},
            user=self.uma,
        )
        self.done({"hours": 3})
        self.done(REFUSED)

    def task(self) -> TaskInstance:
        tasks = TaskInstance.objects.filter(workflow_instance=self.ticket.workflow_instance_id)
        return tasks.select_related("definition", "assigned_to").latest("pk")

    def done(self, output: object) -> None:
        task = self.task()
        assert isinstance(task.assigned_to, User)
        complete_task(task=task, output=output, user=task.assigned_to)  # type: ignore[arg-type]

    def test_corrected_and_resubmitted(self) -> None:
        page = self.open_window(self.uma)
        page.goto(reverse("admin:tickets_mytask_change", args=(self.task().pk,)))
        amount = page.get_by_label("Amount")
        expect(amount).to_have_value("900")
        expect(page.get_by_text("Old ones").first).to_be_visible()
        quote = page.locator('[data-field="quote"]')
        expect(quote).to_be_hidden()
        amount.fill("2000")
        expect(quote).to_be_visible()
        amount.fill("50")
        expect(quote).to_be_hidden()
        page.reload()
        expect(amount).to_have_value("50")  # what was typed was put back
        self.check(page)
        page.get_by_label("What was changed").fill("Fewer")
        page.get_by_role("button", name="Complete").click()
        expect(page.get_by_text("is done. Thank you.")).to_be_visible()
        self.assertEqual(Ticket.objects.get().data["amount"], 50)
        task = self.task()
        assert isinstance(task.assigned_to, User)
        page = self.open_window(task.assigned_to)
        page.goto(reverse("admin:tickets_mytask_change", args=(task.pk,)))
        changes = page.locator(".tk-changes li").filter(has_text="Amount")
        expect(changes).to_contain_text("900")
        expect(changes).to_contain_text("50")
        self.check(page)
        self.assertEqual(self.errors, [])
