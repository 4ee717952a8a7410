"""The editor by clicking: a workflow with a branch from nothing to a ticket that takes it."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from project.tests.browser import BrowserTestCase
from project.tests.test_accessibility import FINDINGS
from tenants.testing_tools.examples import is_long_run
from tickets.models import Ticket
from tickets.testing import import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.gallery.processes import find_process
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.models import CompanyRole, TaskDefinition, TicketDefinition, WorkflowDefinition

# Each has its sample data, and what comes out of them where something is written.
TRANSFORMS_ARE_TRIED = """() => [...document.querySelectorAll(".ed-transform")].every((each) => {
    const [written] = each.querySelectorAll("textarea");
    const [sample] = each.querySelectorAll(".ed-try .ed-help");
    return sample.textContent && (!written.value || each.querySelector(".ed-result").textContent);
})"""


class EditorTests(BrowserTestCase):
    def test_a_workflow_with_a_branch_from_nothing(self) -> None:
        page = self.open_window(self.carla)
        page.goto("/app/workflows/workflowdefinition/")
        self.follow_link(page.get_by_role("link", name="New workflow"))
        self.check(page)
        page.get_by_label("What is it called?").fill("Buying")
        page.get_by_role("button", name="Make it").click()
        expect(page).to_have_url(re.compile("/edit/$"))
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.check(page)

        self.ask_for_an_amount(page)
        self.add_an_approval(page)
        self.branch(page)
        self.see_and_mend_a_problem(page)

        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.check(page)
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("body")).to_contain_text("Version 1 of “Buying” is published.")
        CompanyRole.objects.get(name="Boss").members.add(self.wendy)
        self.assertEqual(TaskDefinition.objects.get(key="approve_it").due_in, "P2D")

        self.submit(5000)
        self.submit(50)
        reached = [
            ticket.workflow_instance.current_task.definition.title
            for ticket in Ticket.objects.order_by("pk")
            if ticket.workflow_instance and ticket.workflow_instance.current_task
        ]
        self.assertEqual(reached, ["Approve it", "Handle the request"])

    # --- its steps

    def ask_for_an_amount(self, page: Page) -> None:
        self.tab(page, "Ticket form")
        page.get_by_role("button", name="Add a question").click()
        question = page.locator(".ed-item.ed-open")
        question.get_by_label("Question", exact=True).fill("Amount in EUR")
        question.get_by_label("Type of the answer").select_option(label="Number")
        question.get_by_label("An answer is required").check()
        question.locator("summary").get_by_text("More settings").click()
        expect(question.get_by_label("Name", exact=True)).to_have_value("amount_in_eur")
        page.get_by_text("Preview of the form").click()
        expect(page.locator(".ed-preview-form")).to_contain_text("Amount in EUR")
        self.check(page)

    def add_an_approval(self, page: Page) -> None:
        self.tab(page, "Tasks")
        page.get_by_role("button", name="Add a task").click()
        task = page.locator(".ed-item.ed-open").first
        task.get_by_label("Title").fill("Approve it")
        task.get_by_label("Who does it").select_option(label="New role…")
        task.get_by_label("Name of the new company role").fill("Boss")
        task.get_by_role("button", name="Add", exact=True).click()
        expect(task.get_by_label("Who does it")).to_have_value("Boss")
        # The picture has it, and the check asks for its form.
        expect(page.locator("#ed-picture svg")).to_contain_text("Approve it")
        expect(page.locator("#ed-problem-list")).to_contain_text("A FORM task needs a form.")
        task.get_by_role("button", name="Add a question").click()
        inner = task.locator(".ed-item.ed-open")
        inner.get_by_label("Question", exact=True).fill("Do you approve?")
        inner.get_by_label("Type of the answer").select_option(label="Yes or no")
        inner.get_by_label("An answer is required").check()
        task.get_by_label("How long it may take").fill("2")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.check(page)

    def branch(self, page: Page) -> None:
        """Large amounts go to the approval first, and from there on as all others."""
        self.tab(page, "Transitions")
        start = page.locator(".ed-card").filter(has_text="From the start")
        start.get_by_role("button", name="Add a transition").click()
        transition = start.locator(".ed-transition").first
        transition.get_by_label("To", exact=True).select_option(label="Approve it")
        transition.get_by_label("Label").fill("expensive")
        transition.get_by_label("What is looked at").select_option(label="Amount in EUR")
        transition.get_by_label("How it is compared").select_option(label="is more than")
        transition.get_by_label("What it is compared with").fill("1000")
        expect(transition.locator(".ed-sentence")).to_have_text(
            "If Amount in EUR is more than 1000"
        )
        transition.get_by_role("button", name="Write as text").click()
        expect(transition.get_by_label("The condition as text")).to_have_value(
            "ticket.amount_in_eur > 1000"
        )
        transition.get_by_role("button", name="Close").click()
        expect(page.locator("#ed-picture svg")).to_contain_text("expensive")
        self.target_of(page, "After “Handle the request”").select_option(label="End")
        self.target_of(page, "After “Approve it”").select_option(label="Handle the request")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.check(page)

    def target_of(self, page: Page, heading: str) -> Locator:
        """Where the only transition from there leads."""
        card = page.locator(".ed-card").filter(has=page.get_by_role("heading", name=heading))
        return card.get_by_label("To", exact=True)

    def see_and_mend_a_problem(self, page: Page) -> None:
        self.tab(page, "Transitions")
        start = page.locator(".ed-card").filter(has_text="From the start")
        start.get_by_role("button", name="Change").click()
        start.get_by_role("button", name="Write as text").click()
        text = start.get_by_label("The condition as text")
        expect(text).to_have_value("ticket.amount_in_eur > 1000")
        text.fill("ticket.amuont_in_eur > 1000")
        problems = page.locator("#ed-problem-list")
        problem = problems.get_by_role("button")
        expect(problem).to_contain_text("Did you mean “ticket.amount_in_eur”?")
        self.tab(page, "Workflow")
        problem.click()
        expect(page.get_by_role("tab", name="Transitions")).to_have_attribute(
            "aria-selected", "true"
        )
        expect(start.get_by_text("Did you mean “ticket.amount_in_eur”?")).to_be_visible()
        start.get_by_role("button", name="Write as text").click()
        expect(text).to_have_value("ticket.amuont_in_eur > 1000")
        # What cannot be read is told, and is not saved.
        text.fill("ticket.amount_in_eur >")
        expect(problems).to_contain_text("a name or a value, such as")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
        self.tab(page, "Tasks")
        self.tab(page, "Transitions")
        expect(text).to_have_value("ticket.amount_in_eur >")
        text.fill("ticket.amount_in_eur > 1000")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.check(page)

    def submit(self, amount: int) -> None:
        definition = TicketDefinition.objects.active().get()
        page = self.open_window(self.uma)
        page.goto(f"/app/tickets/myticket/add/?definition={definition.pk}")
        page.get_by_label("Title").fill("A lathe")
        page.get_by_label("What is it about?").fill("A lathe")
        page.get_by_label("Amount in EUR").fill(str(amount))
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")

    def tab(self, page: Page, name: str) -> None:
        page.get_by_role("tab", name=name).click()

    # --- what is typed is not lost

    def edit(self, draft: WorkflowDefinition) -> Page:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/")
        expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")
        return page

    def test_of_two_editors_the_second_is_told_and_loses_nothing(self) -> None:
        draft = create_workflow(title="Buying", user=self.carla)
        page = self.edit(draft)
        page.get_by_label("Title").fill("Mine")
        document: dict[str, Any] = export_bundle(workflow=draft)
        document["workflow"]["title"] = "Theirs"
        save_draft(
            workflow=draft,
            document=document,
            user=self.alice,
            expected_updated_at=draft.updated_at,
        )
        page.get_by_role("button", name="Save").click()
        notice = page.get_by_role("alert")
        expect(notice).to_contain_text("Alice Archer has saved this draft")
        expect(page.get_by_label("Title")).to_have_value("Mine")
        self.assertIn("409", self.errors.pop())  # the browser notes every refusal
        self.check(page)
        notice.get_by_role("button", name="Replace it with mine").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.assertEqual(WorkflowDefinition.objects.get().title, "Mine")

    def test_what_was_typed_survives_an_expired_session(self) -> None:
        draft = create_workflow(title="Buying", user=self.carla)
        page = self.edit(draft)
        page.get_by_label("Title").fill("Mine")
        page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("You are not logged in any more")
        expect(page.get_by_label("Title")).to_have_value("Mine")
        self._log_in(page.context, self.carla)
        page.goto(page.url)
        expect(page.get_by_role("alert")).to_contain_text("What you typed before is back")
        expect(page.get_by_label("Title")).to_have_value("Mine")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.assertEqual(WorkflowDefinition.objects.get().title, "Mine")

    def test_looking_at_everything_changes_nothing(self) -> None:
        """A shipped process, with all its entries opened: the document stays as it is.

        A long run opens all three that are examples.
        """
        for name in ("invoice", "it_help", "vacation") if is_long_run() else ("invoice",):
            published = import_fixture(name, by=self.carla)
            page = self.open_window(self.carla)
            page.goto(f"/app/workflows/workflowdefinition/{published.pk}/")
            page.get_by_role("button", name="Edit").click()
            expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")
            names = (
                "Ticket form",
                "Tasks",
                "Transitions",
                "Ticket types",
                "Company roles",
                "Test cases",
            )
            for tab in names:
                self.tab(page, tab)
                self.click_all(page.locator("#ed-panel [aria-expanded=false]"))
                self.click_all(page.locator("#ed-panel details:not([open]) > summary"))
                self.click_all(page.get_by_role("button", name="Change", exact=True))
                page.wait_for_function(TRANSFORMS_ARE_TRIED)
                self.assertEqual(page.evaluate(FINDINGS), [], tab)
                self.check(page)

            expect(page.locator("#ed-state")).to_have_text("Saved")

    def click_all(self, found: Locator) -> None:
        """Each click leaves one less to be clicked."""
        while found.count():
            found.first.click()

    def test_a_way_out_of_a_task_that_waits_too_long(self) -> None:
        draft = create_workflow(title="Buying", user=self.carla)
        page = self.edit(draft)
        self.tab(page, "Transitions")
        card = page.locator(".ed-card").filter(has_text="After “Handle the request”")
        card.get_by_role("button", name="Add a transition").click()
        transition = card.locator(".ed-transition").first
        transition.get_by_role("button", name="Close").click()
        transition.get_by_label("When this transition is taken").select_option(
            label="when it is not done within"
        )
        transition.get_by_label("Time after which it is taken").fill("4")
        transition.get_by_label("Unit of the time").select_option(label="hours of working time")
        transition.get_by_label("Label").fill("given up")
        expect(page.locator("#ed-picture svg")).to_contain_text("given up")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.assertEqual(draft.transitions.get(label="given up").after, "PT4H")
        self.check(page)

    def test_a_way_out_of_a_call_that_fails(self) -> None:
        found = find_process("order")
        assert found is not None
        draft = import_bundle(document=found.document, user=self.carla)
        page = self.edit(draft)
        self.tab(page, "Transitions")
        card = page.locator(".ed-card").filter(has_text="After “Take the payment”")
        card.get_by_role("button", name="Add a transition").click()
        transition = card.locator(".ed-transition").first
        transition.get_by_role("button", name="Close").click()
        taken = transition.get_by_label("When this transition is taken")
        expect(taken.locator("option")).to_have_count(3)  # nothing waits at it
        taken.select_option(label="when the call fails for good")
        transition.get_by_label("Label").fill("not known there")
        transition.get_by_role("button", name="Only if…").click()
        transition.get_by_label("What is looked at").select_option(
            label="status of the failed call"
        )
        transition.get_by_label("What it is compared with").fill("404")
        transition.get_by_role("button", name="Send a mail on this way").click()
        mail = transition.locator(".ed-mails .ed-item")
        mail.get_by_label("Subject").fill("Not paid")
        mail.get_by_label("Text", exact=True).fill("Why: ")
        mail.get_by_label("Put an answer into the text").select_option(
            label="The failed call: reason of the failure"
        )
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        expect(page.locator("#ed-picture svg")).to_contain_text("not known there")
        expect(page.locator("#ed-picture .flow-edge.flow-failing")).to_have_count(4 + 2)
        start = page.locator(".ed-card").filter(has_text="From the start")
        start.get_by_role("button", name="Add a transition").click()
        cancelled = start.locator(".ed-transition").first
        cancelled.get_by_role("button", name="Close").click()
        cancelled.get_by_label("When this transition is taken").select_option(
            label="when the ticket is withdrawn or cancelled, wherever it is"
        )
        cancelled.get_by_label("Label").fill("given up")
        expect(page.locator("#ed-picture .flow-edge.flow-failing")).to_have_count(4 + 3)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        made = draft.transitions.get(label="not known there")
        self.assertTrue(made.on_failure)
        self.assertEqual(made.condition, {"==": [{"var": "failure.status"}, 404]})
        self.assertEqual([each["text"] for each in made.messages or ()], ["Why: {failure.reason}"])
        self.assertTrue(draft.transitions.get(label="given up").on_cancel)
        self.check(page)

    def test_a_mail_on_a_way(self) -> None:
        draft = create_workflow(title="Buying", user=self.carla)
        page = self.edit(draft)
        self.tab(page, "Transitions")
        card = page.locator(".ed-card").filter(has_text="After “Handle the request”")
        card.get_by_role("button", name="Send a mail on this way").click()
        mail = card.locator(".ed-mails .ed-item")
        expect(page.locator("#ed-problem-count")).to_have_text("2 problems to fix")
        mail.get_by_label("Who gets the mail").select_option(label="The members of a company role")
        mail.get_by_label("Which company role").select_option(label="New role…")
        mail.get_by_label("Name of the new company role").fill("Buyers")
        mail.get_by_role("button", name="Add", exact=True).click()
        mail.get_by_label("Subject").fill("Order {number}")
        expect(mail.locator(".ed-item-title")).to_have_text("Order {number}")
        mail.get_by_label("Text", exact=True).fill("Please buy ")
        mail.get_by_label("Put an answer into the text").select_option(
            label="Handle the request: What was done?"
        )
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        expect(page.locator("#ed-picture .flow-mail")).to_have_count(1)
        expect(page.locator("#ed-picture desc")).to_contain_text("A mail goes to members of Buyers")
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        role = CompanyRole.objects.get(name="Buyers")
        told = {"who": "role", "role": role.pk, "subject": "Order {number}"}
        way = draft.transitions.get(from_task__key="handle")
        self.assertEqual(way.messages, [{**told, "text": "Please buy {handle.result}"}])
        page.reload()
        self.tab(page, "Transitions")
        mail.get_by_role("button", name="Remove “Order {number}”").click()
        expect(card.get_by_role("button", name="Send a mail on this way")).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.assertIsNone(draft.transitions.get(from_task__key="handle").messages)

    def test_who_sees_an_answer_and_what_an_end_means(self) -> None:
        draft = create_workflow(title="Buying", user=self.carla)
        draft.tasks.update(fields=[{"name": "done", "label": "What was done?", "type": "text"}])
        page = self.edit(draft)
        sees = "Whoever submitted the ticket sees the answer"
        self.tab(page, "Ticket form")
        self.click_all(page.locator("#ed-panel [aria-expanded=false]"))
        expect(page.get_by_label("An answer is required").first).to_be_visible()
        expect(page.get_by_label(sees)).to_have_count(0)
        self.tab(page, "Tasks")
        self.click_all(page.locator("#ed-panel [aria-expanded=false]"))
        page.get_by_label(sees).check()
        self.tab(page, "Transitions")
        card = page.locator(".ed-card").filter(has_text="After “Handle the request”")
        meaning, target = card.get_by_label("What this end means"), card.get_by_label("To")
        meaning.select_option(label="Bad: it was refused or did not succeed")
        expect(page.locator("#ed-picture .flow-bad")).to_be_visible()
        start = page.locator(".ed-card").filter(has_text="From the start")
        expect(start.get_by_label("What this end means")).to_have_count(0)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.assertEqual(draft.tasks.get().fields[0]["seen_by"], "requester")
        self.assertEqual(draft.transitions.get(to_task=None).outcome, "bad")
        target.select_option(label="Handle the request")
        expect(meaning).to_have_count(0)
        target.select_option(label="End")
        expect(meaning).to_have_value("good")
        self.check(page)

    def test_whom_a_task_is_for(self) -> None:
        CompanyRole.objects.create(name="Finance")
        draft = create_workflow(title="Buying", user=self.carla)
        draft.tasks.update(fields=[{"name": "done", "label": "What was done?", "type": "text"}])
        page = self.edit(draft)
        self.tab(page, "Tasks")
        self.click_all(page.locator("#ed-panel [aria-expanded=false]"))
        page.get_by_label("Given to", exact=True).select_option(label="The requester's manager")
        page.get_by_label("Where that person is not there").select_option(label="A company role")
        page.get_by_label("Which company role").select_option(label="Finance")
        page.get_by_label("Who of them").select_option(value="in_turn")
        page.get_by_label("The requester", exact=True).check()
        expect(page.locator("#ed-picture svg")).to_contain_text("the requester's manager")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        task = draft.tasks.select_related("candidate_role").get()
        self.assertEqual(str(task.candidate_role), "Finance")
        rule = {
            "who": "manager", "fallback": "role", "never": ["requester"], "mode": "in_turn",
        }  # fmt: skip
        self.assertEqual(task.assign_to, rule)
        page.get_by_label("Given to", exact=True).select_option(value="person")
        expect(page.locator("#ed-panel")).to_contain_text("Name the person by their e-mail address")
        page.get_by_label("Given to", exact=True).select_option(value="requester")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")

    def test_when_a_task_is_due_and_who_is_reminded(self) -> None:
        CompanyRole.objects.create(name="Heads")
        draft = create_workflow(title="Lending", user=self.carla)
        draft.fields = [{"name": "until", "label": "Until when?", "type": "date"}]
        draft.save()
        page = self.edit(draft)
        self.tab(page, "Tasks")
        self.click_all(page.locator("#ed-panel [aria-expanded=false]"))
        page.get_by_label("Counted from").select_option(label="on: The ticket: Until when?")
        page.get_by_role("button", name="Add a reminder").click()
        page.get_by_label("Time of the reminder").fill("2")
        page.get_by_role("button", name="Add a reminder").click()
        reminder = page.locator(".ed-reminder").nth(1)
        reminder.get_by_label("Counted from").select_option(label="after: when it is due")
        reminder.get_by_label("Unit of the time").select_option(label="days by the clock")
        reminder.get_by_label("Time of the day").fill("09:00")
        reminder.get_by_label("Who is told").select_option(label="The members of a company role")
        expect(page.locator("#ed-panel")).to_contain_text("Name in “role” the company role")
        reminder = page.locator(".ed-reminder").nth(1)
        reminder.get_by_label("Which company role").select_option(label="Heads")
        reminder.get_by_label("Members of a company role may do it as well").check()
        expect(page.locator("#ed-picture svg")).to_contain_text("reminds 2 days before the due")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        task, heads = draft.tasks.get(), CompanyRole.objects.get(name="Heads")
        self.assertEqual(task.due_in, "on ticket.until")
        late = {"when": "P1D clock after due at 09:00", "tell": "role", "role": heads.pk}
        self.assertEqual(task.reminders, [{"when": "P2D before due"}, {**late, "add": True}])
        page.get_by_label("How it is done").select_option(label="Nobody: it waits until a time")
        page.get_by_role("textbox", name="How long it waits").fill("3")
        # Nothing is lost: nobody has a step that waits, which is said of each reminder.
        expect(page.locator("#ed-problem-count")).to_have_text("2 problems to fix")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        waits, kept = draft.tasks.get(), task.reminders
        self.assertEqual((waits.task_type, waits.wait, waits.reminders), ("WAIT", "P3D", kept))

    def test_an_address_leads_to_a_place(self) -> None:
        """As the picture and the problems of the workflow's page write it."""
        draft = create_workflow(title="Buying", user=self.carla)
        page = self.open_window(self.carla)
        address = f"/app/workflows/workflowdefinition/{draft.pk}/edit/"
        page.goto(f"{address}#task-handle")
        expect(page.get_by_label("Description")).to_be_visible()
        page.goto("/app/")
        page.goto(f"{address}#at=tasks%5B0%5D.fields%5B0%5D.pattern")
        expect(page.get_by_label("Question", exact=True)).to_have_value("What was done?")
        expect(page.get_by_label("Pattern")).to_be_focused()
        self.check(page)

    def test_undo_brings_a_removed_task_back(self) -> None:
        page = self.edit(create_workflow(title="Buying", user=self.carla))
        self.tab(page, "Tasks")
        page.get_by_role("button", name="Remove “Handle the request”").click()
        expect(page.locator("#ed-problem-list")).to_contain_text("This list is empty")
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.check(page)
