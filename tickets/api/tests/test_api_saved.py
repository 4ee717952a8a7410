"""Programs keep half-filled tickets, submit for others, and reopen, as their people may."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tickets.api.tests.test_api_tickets import ANSWERS, VacationCase
from tickets.models import Message, SavedAnswers, Ticket, TicketLink
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from workflows.models import TaskInstance, TicketDefinition

KEY: dict[str, Any] = {"Idempotency-Key": "a-1"}


class SavedTests(VacationCase):
    def save(self) -> Any:
        body = {"type": "vacation", "answers": {"location": "Spain"}, "title": "Holidays"}
        return self.ask(self.uma, "POST", "saved-tickets", body, **KEY, expect=201).json()

    def test_a_ticket_is_begun_once_and_submitted_later(self) -> None:
        saved = self.save()
        self.assertEqual(self.save(), saved)
        path = f"saved-tickets/{saved['id']}"
        self.ask(self.uma, "PUT", path, {"answers": {"location": 3}}, expect=200)
        read = self.ask(self.uma, "GET", path, expect=200).json()
        self.assertEqual(read["answers"], {"location": 3})
        listed = self.ask(self.uma, "GET", "saved-tickets", expect=200).json()["items"]
        self.assertEqual([each["id"] for each in listed], [saved["id"]])
        body = {"type": "vacation", "answers": ANSWERS, "saved": saved["id"]}
        self.ask(self.uma, "POST", "tickets", body, expect=201)
        self.assertFalse(SavedAnswers.objects.exists())

    def test_nobody_else_has_it(self) -> None:
        path = f"saved-tickets/{self.save()['id']}"
        for person, status in ((self.charlie, 404), (self.terry, 403)):
            self.assert_problem(self.ask(person, "GET", path), status)
            self.assert_problem(self.ask(person, "PUT", path, {"answers": {}}), status)
            self.assert_problem(self.ask(person, "DELETE", path), status)
        self.assertEqual(self.ask(self.charlie, "GET", "saved-tickets").json()["items"], [])
        other = {"type": "vacation", "answers": ANSWERS, "saved": SavedAnswers.objects.get().pk}
        self.assert_problem(self.ask(self.charlie, "POST", "tickets", other), 404)
        self.assertTrue(SavedAnswers.objects.exists())
        self.ask(self.uma, "DELETE", path, expect=204)
        self.assert_problem(self.ask(self.uma, "DELETE", path), 404)

    def test_what_was_saved_of_a_task_is_discarded(self) -> None:
        task = self.task()
        worker = task.assigned_to
        assert worker is not None
        self.ask(worker, "PUT", f"tasks/{task.pk}/saved", {"answers": {}}, expect=200)
        path = f"saved-tasks/{task.pk}"
        other = self.walt if worker == self.wendy else self.wendy
        for person in (other, self.charlie):
            self.assert_problem(self.ask(person, "DELETE", path), 404)
        self.ask(worker, "DELETE", path, expect=204)
        self.assertFalse(SavedAnswers.objects.exists())


class ForOthersTests(VacationCase):
    def test_a_ticket_admin_submits_for_somebody(self) -> None:
        people = self.ask(self.terry, "GET", "requesters", expect=200).json()["items"]
        self.assertIn(self.uma.pk, [each["id"] for each in people])
        self.assertNotIn(self.charlie.pk, [each["id"] for each in people])
        path = f"requesters/{self.uma.pk}"
        types = self.ask(self.terry, "GET", f"{path}/ticket-types", expect=200).json()["items"]
        self.assertEqual([each["key"] for each in types], ["vacation"])
        body = {"type": "vacation", "answers": ANSWERS}
        made = self.ask(self.terry, "POST", f"{path}/tickets", body, **KEY, expect=201).json()
        self.ask(self.terry, "POST", f"{path}/tickets", body, **KEY, expect=201)
        self.assertEqual(Ticket.objects.get().created_by, self.uma)
        self.assertEqual(made["id"], Ticket.objects.get().pk)
        wrong = {"type": "vacation", "answers": {**ANSWERS, "season": "Soon"}}
        said = self.assert_problem(self.ask(self.terry, "POST", f"{path}/tickets", wrong), 422)
        self.assertEqual(said["errors"][0]["pointer"], "/answers/season")

    def test_nobody_else_does(self) -> None:
        path, body = f"requesters/{self.uma.pk}", {"type": "vacation", "answers": ANSWERS}
        self.assert_problem(self.ask(self.uma, "GET", "requesters"), 403)
        self.assert_problem(self.ask(self.carla, "POST", f"{path}/tickets", body), 403)
        self.assert_problem(self.ask(self.charlie, "POST", f"{path}/tickets", body), 404)
        self.assert_problem(self.ask(self.charlie, "GET", f"{path}/ticket-types"), 404)
        self.assertFalse(Ticket.objects.exists())


class ReopenTests(VacationCase):
    def test_a_follow_up_of_ones_own(self) -> None:
        old, body = self.ticket(), {"answers": ANSWERS, "why": "It rained"}
        path = f"tickets/{old.pk}/reopen"
        self.assert_problem(self.ask(self.uma, "POST", path, body), 409)
        TicketDefinition.objects.filter(key="vacation").update(reopen_days=30)
        withdraw_ticket(ticket=old, user=self.uma, reason="No", now=timezone.now())
        self.ask(self.uma, "POST", path, body, **KEY, expect=201)
        self.ask(self.uma, "POST", path, body, **KEY, expect=201)
        self.assertEqual(Ticket.objects.count(), 2)
        self.assertEqual(TicketLink.objects.get().kind, "FOLLOW_UP")
        self.assertEqual(Message.objects.get().text, "It rained")
        self.assert_problem(self.ask(self.charlie, "POST", path, body), 404)
        self.assert_problem(self.ask(self.terry, "POST", path, body), 403)
        self.assertEqual(TaskInstance.objects.filter(status="OPEN").count(), 1)
