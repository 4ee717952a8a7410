from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from tickets.finding.index_tickets import index_tickets
from tickets.models import ErrorType, Ticket, TicketError
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject

LIST = reverse("admin:tickets_myticket_changelist")


def page_of(ticket: Ticket) -> str:
    return reverse("admin:tickets_myticket_change", args=(ticket.pk,))


class ListTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.uma)

    def end(self, ticket: Ticket) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            output: JsonObject = {"ok": False, "reason": "Too much"}
            complete_task(task=self.task_of(ticket), output=output, user=self.wendy)

    def test_nothing_yet_says_what_to_do(self) -> None:
        page = self.client.get(LIST)
        self.assertContains(page, "You have no active tickets")
        self.assertContains(page, reverse("admin:tickets_myticket_submit"))

    def test_it_says_where_each_ticket_is_and_who_has_it(self) -> None:
        ticket = self.submit()
        page = self.client.get(LIST)
        self.assertContains(page, f"#{ticket.pk}")
        self.assertContains(page, "Check it, with Wendy Wells")
        self.assertContains(page, "In progress")

    def test_what_ended_is_in_the_archive(self) -> None:
        running, ended = self.submit(what="one"), self.submit(what="two")
        self.end(ended)
        self.assertEqual([row.pk for row in self.client.get(LIST).context["cl"].result_list],
                         [running.pk])  # fmt: skip
        archive = self.client.get(LIST, {"archive": "1"})
        self.assertEqual([row.pk for row in archive.context["cl"].result_list], [ended.pk])
        self.assertContains(archive, "Completed")

    def test_it_finds_by_number_and_title(self) -> None:
        ticket, _other = self.submit(), self.submit()
        Ticket.objects.filter(pk=ticket.pk).update(title="Standing desk")
        index_tickets([ticket.pk])
        for words in (f"#{ticket.pk}", "standing"):
            rows = self.client.get(LIST, {"q": words}).context["cl"].result_list
            self.assertIn(ticket.pk, [row.pk for row in rows])
        self.assertEqual(len(self.client.get(LIST, {"q": "standing"}).context["cl"].result_list), 1)

    def test_it_takes_as_many_queries_for_many_as_for_few(self) -> None:
        self.submit()
        few = self.count_queries(LIST)
        for _time in range(5):
            self.submit()
        self.assertEqual(self.count_queries(LIST), few)

    def test_garbage_in_the_address_is_no_error_page(self) -> None:
        for query in ("o=999", "p=abc", "archive=x", "archive=1&p=99", "q=%00", "nothing=1", "e=1"):
            with self.subTest(query=query):
                self.assertIn(self.client.get(f"{LIST}?{query}").status_code, (200, 302))

    def test_others_see_nothing_of_it(self) -> None:
        ticket = self.submit()
        self.make_user_too("wendy")
        for person in (self.wendy, self.charlie, self.root):
            with self.subTest(person=str(person)):
                self.log_in(person)
                page = self.client.get(LIST)
                if page.status_code == 200:
                    self.assertNotContains(page, "A desk")
                    self.assertEqual(page.context["cl"].result_count, 0)
                self.assertIn(self.client.get(page_of(ticket)).status_code, (403, 404))
        for person in (self.terry, self.walt, self.carla):
            self.log_in(person)
            self.assertEqual(self.client.get(LIST).status_code, 403)

    def test_a_superuser_inside_the_company_sees_the_pages(self) -> None:
        self.log_in(self.root)
        session = self.client.session
        until = int(timezone.now().timestamp()) + 60
        session["active_company"] = {"company": self.acme.pk, "reason": "A test", "until": until}
        session.save()
        addresses = (LIST, reverse("admin:tickets_myticket_submit"), f"{LIST}?archive=1",
                     reverse("admin:tickets_mytask_changelist"))  # fmt: skip
        for address in addresses:
            self.assertEqual(self.client.get(address).status_code, 200)


class DetailTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.uma)

    def test_it_shows_what_was_submitted(self) -> None:
        page = self.client.get(page_of(self.submit(amount=1250.5, why="It is <big>")))
        for text in ("What do you need?", "A desk", "1250.5", "It is &lt;big&gt;"):
            self.assertContains(page, text)

    def test_it_tells_who_did_what(self) -> None:
        ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=self.task_of(ticket), output={"ok": True}, user=self.wendy)
        page = self.client.get(page_of(ticket))
        for text in (
            "Uma Urban submitted the ticket.",
            "Check it was given to Wendy Wells.",
            "Wendy Wells completed Check it.",
            "Now: Order it, with Wendy Wells.",
        ):
            self.assertContains(page, text)

    def test_the_picture_marks_where_it_is(self) -> None:
        ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=self.task_of(ticket), output={"ok": True}, user=self.wendy)
        text = self.client.get(page_of(ticket)).text
        self.assertIn("flow-current", text)
        self.assertIn("Now at: Order it.", text)
        self.assertIn("Finished: Check it.", text)
        self.assertEqual(text.count('class="flow-edge flow-taken"'), 2)

    def test_it_shows_the_outcome(self) -> None:
        ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            output: JsonObject = {"ok": False, "reason": "Too much"}
            complete_task(task=self.task_of(ticket), output=output, user=self.wendy)
        page = self.client.get(page_of(ticket))
        self.assertContains(page, "The ticket ended: refused.")
        self.assertNotContains(page, "Now:")

    def test_nobody_available_is_said(self) -> None:
        self.wendy.is_available = False
        self.wendy.save()
        page = self.client.get(page_of(self.submit()))
        self.assertContains(page, "waiting for somebody to be available")

    def test_an_error_is_told_without_its_trace(self) -> None:
        ticket = self.submit()
        TicketError.objects.create(
            ticket=ticket, error_type=ErrorType.TASK_UPDATE,
            message="KeyError in line 5", stack_trace="Traceback (most recent call last)",
        )  # fmt: skip
        page = self.client.get(page_of(ticket))
        self.assertContains(page, "Something went wrong; our ticket admins have been told.")
        self.assertNotContains(page, "KeyError")
        self.assertNotContains(page, "Traceback")

    def test_a_ticket_whose_workflow_did_not_start_is_no_error_page(self) -> None:
        ticket = self.submit()
        Ticket.objects.filter(pk=ticket.pk).update(workflow_instance=None)
        self.assertContains(self.client.get(page_of(ticket)), "Now: About to start.")

    def test_what_is_typed_into_the_address_is_no_error_page(self) -> None:
        for key in ("abc", "0", "-1", "9" * 30, "1_2", "%00", "٣"):
            with self.subTest(key=key):
                self.assertEqual(self.client.get(f"{LIST}{key}/change/").status_code, 404)

    def test_it_cannot_be_changed_or_deleted(self) -> None:
        ticket = self.submit()
        self.client.post(page_of(ticket), {"title": "Changed"})
        self.assertEqual(Ticket.objects.get().title, ticket.title)
        delete = reverse("admin:tickets_myticket_delete", args=(ticket.pk,))
        self.assertEqual(self.client.post(delete, {"post": "yes"}).status_code, 403)
