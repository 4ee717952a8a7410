"""People write to each other in the browser: by keyboard, with drafts, and once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from project.tests.browser import BrowserTestCase
from tenants.models import User
from tickets.models import CannedReply, Message, Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.models import TaskInstance


class ConversationTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        definition = make_type()
        self.ticket: Ticket = submit_ticket(
            definition=definition, data={"what": "A desk"}, user=self.uma
        )
        task = TaskInstance.objects.get(workflow_instance=self.ticket.workflow_instance)
        self.my_ticket = f"/app/tickets/myticket/{self.ticket.pk}/change/"
        self.my_task = f"/app/tickets/mytask/{task.pk}/change/"
        self.all_tickets = f"/app/tickets/ticket/{self.ticket.pk}/change/"

    def open(self, user: User, address: str) -> Page:
        page = self.open_window(user)
        page.goto(address)
        return page

    def test_the_requester_and_the_worker_write_to_each_other(self) -> None:
        page = self.open(self.uma, self.my_ticket)
        text = page.get_by_label("Write a message")
        text.press_sequentially("Please ask @wen")
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Wendy Wells"])
        text.press("Enter")
        expect(text).to_have_value("Please ask @Wendy Wells ")
        text.press_sequentially("or @")
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(
            ["Terry Tate", "Wendy Wells"]
        )
        text.press("ArrowDown")
        text.press("ArrowUp")
        text.press("Tab")
        expect(text).to_have_value("Please ask @Wendy Wells or @Terry Tate ")
        text.press_sequentially("@t")
        text.press("Escape")
        expect(page.get_by_role("listbox", include_hidden=True).first).to_be_hidden()
        # By keyboard on to the button: past the files.
        text.press("Tab")
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator(".tk-mention")).to_have_text(["@Wendy Wells", "@Terry Tate"])
        expect(page.get_by_label("Write a message")).to_have_value("")
        self.check(page)
        message = Message.objects.get()
        self.assertEqual(message.mentioned_ids, {self.wendy.pk, self.terry.pk})

        page = self.open(self.wendy, self.my_task)
        expect(page.locator(f"#message-{message.pk}")).to_contain_text("Please ask @Wendy Wells")
        page.get_by_label("The team only").check()
        page.get_by_label("Write a message").press_sequentially("Is **she** right, @")
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Terry Tate"])
        page.keyboard.press("Escape")
        with page.expect_navigation():
            page.get_by_role("button", name="Send").dblclick(no_wait_after=True)
        expect(page.locator(".tk-message.tk-internal strong")).to_have_text("she")
        self.check(page)
        self.assertEqual(Message.objects.filter(visibility="INTERNAL").count(), 1)

        page = self.open(self.terry, self.all_tickets)
        expect(page.locator(".tk-message")).to_have_count(2)
        self.check(page)

    def test_a_draft_is_kept_until_it_is_sent(self) -> None:
        page = self.open(self.uma, self.my_ticket)
        page.get_by_label("Write a message").fill("Half a sen")
        page.goto("/app/tickets/myticket/")
        page.goto(self.my_ticket)
        expect(page.get_by_label("Write a message")).to_have_value("Half a sen")
        with page.expect_navigation():
            page.get_by_role("button", name="Send").click()
        expect(page.locator(".tk-message-text")).to_have_text("Half a sen")
        page.reload()
        expect(page.get_by_label("Write a message")).to_have_value("")
        self.assertEqual(Message.objects.count(), 1)

    def test_a_canned_reply_is_put_in_where_the_caret_is(self) -> None:
        CannedReply.objects.create(name="Thanks", text="Thank you, {{requester}}.")
        CannedReply.objects.create(name="Wait", text="It takes **a week**.")
        page = self.open(self.wendy, self.my_task)
        text = page.get_by_label("Write a message")
        text.fill("Hello!  Bye")
        text.evaluate("each => each.setSelectionRange(7, 7)")
        page.get_by_role("button", name="Insert a canned reply").press("Enter")
        search = page.get_by_role("combobox", name="Search canned replies")
        expect(search).to_be_focused()
        options = page.get_by_role("listbox", name="Canned replies").get_by_role("option")
        expect(options).to_have_count(2)
        search.press("ArrowDown")
        expect(options.nth(1)).to_have_attribute("aria-selected", "true")
        search.press_sequentially("nothing")
        expect(options).to_have_count(0)
        search.press("Enter")  # neither chooses nor sends
        search.fill("thank")
        self.check(page)
        search.press("Enter")
        expect(text).to_have_value(f"Hello! Thank you, {self.uma}. Bye")
        expect(text).to_be_focused()
        page.get_by_role("button", name="Insert a canned reply").click()
        page.get_by_role("option", name="Wait").click()
        said = f"Hello! Thank you, {self.uma}.It takes **a week**. Bye"
        expect(text).to_have_value(said)
        page.reload()  # the draft has it
        expect(text).to_have_value(said)

    def test_earlier_ones_come_without_a_reload(self) -> None:
        for number in range(40):
            Message.objects.create(
                ticket=self.ticket,
                text=f"Number {number}",
                written_by=self.uma,
                written_at=self.ticket.created_at,
                token=str(number),
            )
        page = self.open(self.uma, self.my_ticket)
        expect(page.locator(".tk-message")).to_have_count(30)
        page.evaluate("window.isTheSamePage = true")
        page.get_by_text("Show what was before").click()
        expect(page.locator(".tk-message")).to_have_count(40)
        self.assertTrue(page.evaluate("window.isTheSamePage"))
        expect(page.locator(".tk-message").first).to_contain_text("Number 0")
        self.check(page)
