"""Who sees a task that is offered to an assistant: on pages, through tools, through the API."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone

from tenants.mcp.tests.assistant import Assistant
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import set_system_roles
from tenants.testing import CompanyClient
from tickets.api.shapes import Offer
from tickets.conversation.write_message import write_message
from tickets.erasing.own_ticket import Whose, blank_ticket
from tickets.following.pages.progress import Moments
from tickets.models import Ticket
from tickets.seeing import Viewer, viewer_of
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.answer_offer import take_from_assistant
from tickets.working.tests.assisted_case import BOT, GOOD, AssistedCase
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.pool import claim_task


class TimelineTests(AssistedCase):
    def timeline_of(
        self, task: TaskInstance, viewer: Viewer, hidden: tuple[int, ...] = ()
    ) -> list[str]:
        """What the timeline says to whoever looks at the ticket so, oldest first."""
        ticket = task.workflow_instance.ticket
        found = Moments(ticket, viewer, hidden).newest(before=10**18, most=100)
        return [each.shown.text for each in reversed(found)]

    def test_the_team_reads_which_assistant_did_what_for_whom(self) -> None:
        task = self.submit()
        self.bot.write("complete_task", task=task.pk, answers=GOOD)
        told = self.timeline_of(task, Viewer.TEAM)
        self.assertIn(f"Read the invoice was offered to the assistant {BOT}.", told)
        suggested = f"Assistant {BOT} for Wendy Wells has suggested an answer to Read the invoice."
        self.assertIn(suggested, told)
        self.log_in(self.wendy)
        page = self.client.get(f"/app/tickets/mytask/{task.pk}/change/")
        self.assertContains(page, suggested)
        self.assertFalse(
            [each for each in self.timeline_of(task, Viewer.TEAM, (task.pk,)) if BOT in each]
        )

    def test_the_requester_reads_no_more_of_the_team(self) -> None:
        task = self.submit()
        self.bot.call("hand_back_task", task=task.pk, reason="Two totals are on it.")
        handed_back = f"Assistant {BOT} for Wendy Wells has handed back Read the invoice."
        self.assertIn(handed_back, self.timeline_of(task, Viewer.TEAM))
        self.assertFalse([each for each in self.timeline_of(task, Viewer.REQUESTER) if BOT in each])
        ticket = task.workflow_instance.ticket
        self.log_in(self.uma)
        page = self.client.get(f"/app/tickets/myticket/{ticket.pk}/change/")
        self.assertContains(page, "Read the invoice was given to Wendy Wells.")
        self.assertNotContains(page, BOT)
        self.log_in(self.charlie)
        address = f"/app/tickets/myticket/{ticket.pk}/change/"
        self.assertNotContains(self.client.get(address, follow=True), BOT, status_code=404)

    def test_the_team_is_told_why_an_assistant_is_not_at_it(self) -> None:
        task = self.submit()
        take_from_assistant(task=task, by=self.wendy, now=timezone.now())
        taken = f"Read the invoice was taken from the assistant {BOT}."
        self.assertIn(taken, self.timeline_of(task, Viewer.TEAM))


class WallTests(AssistedCase):
    def test_another_assistant_and_another_company_see_nothing(self) -> None:
        task = self.submit()
        others = [Assistant(self.add_bot("Another bot")), Assistant(self.charlie)]
        for other in others:
            self.assertEqual(other.call("my_tasks")["tasks"], [])
            for tool, more in (
                ("get_task", {}),
                ("complete_task", {"answers": GOOD, "idempotency_key": "b" * 12}),
                ("hand_back_task", {"reason": "Not mine."}),
            ):
                refused = other.refused(tool, task=task.pk, **more)
                self.assertIn("nothing", str(refused))
        self.assertEqual(self.offer(task).why, "")

    def test_it_is_no_worker_by_being_an_assistant(self) -> None:
        set_system_roles(user=self.wendy, roles=[])
        task = self.submit()
        self.assertEqual((task.status, task.assigned_to), ("PENDING", None))
        self.assertEqual(self.bot.call("my_tasks", which="pool")["tasks"], [])
        self.assertEqual(self.bot.call("my_tasks")["tasks"], [])
        self.assertTrue(self.bot.refused("claim_task", task=task.pk))
        set_system_roles(user=self.wendy, roles=[SystemRole.TASK_WORKER])
        claim_task(task=task, user=self.wendy, now=timezone.now())
        self.assertEqual(self.offer(task).why, "TAKEN")  # whoever claims it does it

    def test_charlie_finds_no_page_of_it(self) -> None:
        task = self.submit()
        self.log_in(self.charlie)
        for path in (f"{task.pk}/change/", f"{task.pk}/take-from-assistant/"):
            address = f"/app/tickets/mytask/{path}"
            self.assertEqual(self.client.post(address).status_code, 404)
        self.assertEqual(self.offer(task).why, "")

    def test_it_sees_its_ticket_by_the_task_alone(self) -> None:
        task = self.submit()
        ticket = task.workflow_instance.ticket
        self.assertTrue(self.bot.refused("get_ticket", ticket=ticket.number))
        write_message(
            ticket=ticket, user=self.uma, text="It is from March.", token="m", now=timezone.now()
        )
        seen = self.bot.call("get_task", task=task.pk)
        self.assertEqual(seen["messages"][0]["text"], "It is from March.")
        take_from_assistant(task=task, by=self.wendy, now=timezone.now())
        self.assertNotIn("March", str(self.bot.refused("get_task", task=task.pk)))

    def test_what_comes_of_its_ticket_afterwards_it_learns_by_no_call_sent_again(self) -> None:
        """As itself it sees nothing of the ticket: what it did is answered again, and no more."""
        suggested, handed_back = self.submit(), self.submit()
        self.publish({"account": BOT, "checked": False})
        completed = self.submit()
        sent: list[tuple[TaskInstance, str, JsonObject]] = [
            (suggested, "complete_task", {"answers": GOOD}),
            (completed, "complete_task", {"answers": GOOD}),
            (handed_back, "hand_back_task", {"reason": "In doubt."}),
        ]
        for task, tool, more in sent:
            self.send(tool, task=task.pk, **more)
        Ticket.objects.update(title="What happened since", priority=1)
        TaskInstance.objects.update(status="CANCELLED")
        for task, tool, more in sent:
            again = self.send(tool, task=task.pk, **more)
            self.assertEqual((again["task"], again["title"]), (task.pk, task.definition.title))
            self.assertNotIn("since", str(again))
            self.assertNotIn("CANCELLED", str(again))

    def send(self, tool: str, **arguments: Any) -> Any:
        ask = self.bot.call if tool == "hand_back_task" else self.bot.write
        return ask(tool, **arguments)

    def test_what_is_the_requesters_it_sees_as_the_requester(self) -> None:
        self.publish({"account": BOT}, assign_to={"who": "requester"})
        task = self.submit()
        viewer = viewer_of(self.account, task.workflow_instance.ticket, task=task)
        self.assertEqual(viewer, Viewer.REQUESTER)
        seen = self.bot.call("get_task", task=task.pk)
        self.assertEqual(seen["offer"]["for"], str(self.uma))


class ErasedTests(AssistedCase):
    def test_what_was_suggested_goes_with_what_the_requester_has_answered(self) -> None:
        self.publish({"account": BOT}, assign_to={"who": "requester"})
        suggested, handed_back = self.submit(), self.submit()
        self.bot.write("complete_task", task=suggested.pk, answers={"total": 1, "remark": "Secret"})
        self.bot.call("hand_back_task", task=handed_back.pk, reason="They wrote: Secret.")
        for task in (suggested, handed_back):
            ticket = task.workflow_instance.ticket
            withdraw_ticket(ticket=ticket, user=self.uma, reason="Not needed.", now=timezone.now())
            blank_ticket(Whose.of_person(self.uma), ticket.pk)
            offer = self.offer(task)
            self.assertNotIn("Secret", f"{offer.answers} {offer.reason}")


class PageTests(AssistedCase):
    def page(self, task: TaskInstance) -> Any:
        return self.client.get(f"/app/tickets/mytask/{task.pk}/change/")

    def test_its_person_sees_that_an_assistant_is_at_it_and_takes_it(self) -> None:
        task = self.submit()
        self.log_in(self.wendy)
        self.assertContains(self.client.get("/app/tickets/mytask/"), "An assistant is at it, until")
        self.assertContains(self.page(task), "The assistant Invoice bot is at this task until")
        answer = self.client.post(
            f"/app/tickets/mytask/{task.pk}/take-from-assistant/", follow=True
        )
        self.assertContains(answer, "No assistant is at")
        self.assertNotContains(self.page(task), "is at this task until")
        self.assertEqual(self.offer(task).why, "TAKEN")

    def test_a_suggestion_stands_in_the_form_and_its_person_sends_it(self) -> None:
        task = self.submit()
        self.bot.write("complete_task", task=task.pk, answers={"total": 4711, "remark": "Paid"})
        self.log_in(self.wendy)
        self.assertContains(self.client.get("/app/tickets/mytask/"), "Suggestion to check")
        page = self.page(task)
        self.assertContains(page, "Suggested by the assistant Invoice bot.")
        self.assertContains(page, "4711")
        self.assertContains(page, "Paid")
        form = {"answers-total": "4712", "answers-remark": "Paid"}
        done = self.client.post(f"/app/tickets/mytask/{task.pk}/change/", form, follow=True)
        self.assertContains(done, "is done. Thank you.")
        task.refresh_from_db()
        self.assertEqual(task.output_data, {"total": 4712, "remark": "Paid"})
        self.log_in(self.terry)
        page = self.client.get(f"/app/tickets/ticket/{task.workflow_instance.ticket.pk}/change/")
        self.assertContains(page, "Answered with the assistant Invoice bot")
        self.assertContains(page, "The assistant Invoice bot has suggested an answer")

    def test_a_ticket_admin_takes_it_back_on_a_page(self) -> None:
        task = self.submit()
        self.log_in(self.terry)
        page = self.client.get(f"/app/workflows/taskinstance/{task.pk}/change/")
        self.assertContains(page, "Take it back from the assistant")


class ApiTests(AssistedCase):
    def ask(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.bot.token}"}
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body else {}
        return getattr(CompanyClient(), method)(f"/api/v1{path}", headers=headers, **sent)

    def test_a_program_does_the_same(self) -> None:
        task = self.submit()
        [listed] = self.ask("get", "/tasks?which=offered").json()["items"]
        self.assertEqual((listed["id"], listed["offer"]["is_open"]), (task.pk, True))
        seen = self.ask("get", f"/tasks/{task.pk}").json()
        self.assertEqual(seen["submitted"][0]["text"], "March")
        made = self.ask("post", f"/tasks/{task.pk}/complete", answers=GOOD).json()
        self.assertEqual((made["status"], made["offer"]["why"]), ("OPEN", "suggested"))
        self.assertEqual(made["offer"]["suggested"], GOOD)
        other = self.submit()
        back = self.ask("post", f"/tasks/{other.pk}/hand-back", reason="In doubt.")
        self.assertEqual((back.status_code, self.offer(other).why), (204, "HANDED_BACK"))

    def test_what_was_suggested_is_not_for_who_only_sees_the_task(self) -> None:
        task = self.submit()
        self.ask("post", f"/tasks/{task.pk}/complete", answers=GOOD)
        task.refresh_from_db()
        has_it = User.objects.get(pk=task.assigned_to_id)
        for person, seen in ((has_it, GOOD), (self.uma, None), (self.terry, None)):
            offer = Offer.of(task, seen_by=person)
            self.assertEqual(offer and offer.suggested, seen, person)
