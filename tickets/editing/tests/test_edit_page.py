"""The page of a task that shows earlier answers; and Try it, which does the same."""

from __future__ import annotations

import json
import re
from typing import Any

from django.urls import reverse

from tickets.editing.tests.edit_case import EditCase
from tickets.models import SavedAnswers, Ticket
from tickets.repairing.correct_data import correct_ticket_data
from workflows.engine.process import JsonObject


def seen_in(page: str) -> str:
    found = re.search(r'name="edits_seen" value="([^"]*)"', page)
    assert found is not None
    return found[1].replace("&quot;", '"')


class EditPageTests(EditCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = self.sent_back()
        self.address = reverse("admin:tickets_mytask_change", args=(self.task(self.ticket).pk,))
        self.log_in(self.uma)

    def page(self) -> str:
        return self.client.get(self.address).content.decode()

    def send(self, seen: str | None = None, **typed: str) -> Any:
        data = {
            "earlier-amount": "50",
            "earlier-urgency": "",
            "earlier.estimate-hours": "1",
            "answers-remark": "Fewer",
            "edits_seen": seen_in(self.page()) if seen is None else seen,
            **typed,
        }
        return self.client.post(self.address, data)

    def test_it_shows_what_is_listed_and_no_more(self) -> None:
        page = self.page()
        self.assertRegex(page, r'name="earlier-amount"[^>]*value="900"')
        self.assertRegex(page, r'name="earlier.estimate-hours"[^>]*value="3"')
        self.assertNotIn('name="earlier-reason"', page)
        self.assertNotIn('name="earlier-what"', page)
        for secret in ("Not at all", "Far too much"):  # the team's
            self.assertNotIn(secret, page)
        for button in ("Give back", "Hand over", "Set priority"):  # nobody else could have it
            self.assertNotIn(button, page)

    def test_completed_it_changes_the_ticket(self) -> None:
        self.assertEqual(self.send().status_code, 302)
        ticket = self.fresh(self.ticket)
        self.assertEqual(ticket.data["amount"], 50)
        self.assertEqual(self.send("{}").status_code, 302)  # a second click
        self.assertEqual(len(self.changes(ticket)), 2)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
        self.assertIn("Uma Urban changed what was submitted. Amount: 900 → 50", text)
        self.assertIn("Hours: 3 → 1", text)

    def test_what_is_refused_stands_beside_its_question(self) -> None:
        page = self.send(**{"earlier-amount": "6000"}).content.decode()
        self.assertIn('href="#id_earlier-amount_label"', page)
        self.assertIn('value="6000"', page)
        self.assertIn("Fewer", page)
        self.assertEqual(self.fresh(self.ticket).data["amount"], 900)

    def test_a_change_of_somebody_else_is_told_once(self) -> None:
        seen = seen_in(self.page())
        data: JsonObject = {"what": "Chairs", "amount": 800, "reason": "Old ones"}
        correct_ticket_data(ticket=self.fresh(self.ticket), data=data, by=self.terry, reason="A.")
        page = self.send(seen).content.decode()
        self.assertIn("Somebody changed this since you opened the page. It is now: 800", page)
        self.assertRegex(page, r'name="earlier-amount"[^>]*value="50"')
        self.assertEqual(self.send(seen_in(page)).status_code, 302)
        self.assertEqual(self.fresh(self.ticket).data["amount"], 50)

    def test_saved_for_later_it_comes_back(self) -> None:
        self.send(_save_for_later="1", **{"earlier-amount": "9000"})
        saved = SavedAnswers.objects.get()
        self.assertEqual(saved.answers["ticket.amount"], 9000)
        page = self.page()
        self.assertRegex(page, r'name="earlier-amount"[^>]*value="9000"')
        self.assertIn("Fewer", page)
        self.assertEqual(self.fresh(self.ticket).data["amount"], 900)
        data: JsonObject = {"what": "Chairs", "amount": 800, "reason": "Old ones"}
        correct_ticket_data(ticket=self.fresh(self.ticket), data=data, by=self.terry, reason="A.")
        self.assertIn("It is now: 800", self.send().content.decode())
        self.assertEqual(Ticket.objects.get().data["amount"], 800)

    def test_which_questions_are_asked_follows_the_answers(self) -> None:
        address = reverse("admin:tickets_mytask_visible", args=(self.task(self.ticket).pk,))
        for amount, is_asked in (("50", False), ("2000", True)):
            answer = self.client.post(address, {"earlier-amount": amount})
            names = json.loads(answer.content)["visible"]
            self.assertEqual("ticket.quote" in names, is_asked)
            self.assertIn("remark", names)
            self.assertIn("tasks.estimate.hours", names)

    def test_whatever_is_sent_is_survived(self) -> None:
        for seen in ("", "x", "[]", "[" * 2000, '{"ticket.amount": 1}', "9" * 30_000):
            with self.subTest(seen=seen[:20]):
                response = self.send(seen, **{"earlier-amount": "x"})
                self.assertEqual(response.status_code, 200)


class TryItTests(EditCase):
    def test_it_shows_them_and_conditions_read_the_new_ones(self) -> None:
        self.log_in(self.carla)
        address = reverse("admin:workflows_workflowdefinition_try", args=(self.workflow.pk,))
        page = self.client.get(address).content.decode()

        def send(task: str, **typed: str) -> str:
            nonlocal page
            state = re.search(r'name="state" value="([^"]*)"', page)
            assert state is not None
            data = {"state": state[1], "task": task, "next": "1", **typed}
            page = self.client.post(address, data).content.decode()
            return page

        send("", **{"answers-what": "Chairs", "answers-amount": "900", "email": "a@b.example"})
        send("estimate", **{"answers-hours": "3"})
        shown = send("decide", **{"answers-decision": "refused"})
        self.assertRegex(shown, r'name="earlier-amount"[^>]*value="900"')
        wrong = send("correct", **{"earlier-amount": "0", "earlier.estimate-hours": "1"})
        self.assertIn("id_earlier-amount_error", wrong)
        send("correct", **{"earlier-amount": "50", "earlier.estimate-hours": "1"})
        self.assertIn("It changed earlier answers:", page)
        self.assertIn("small", send("decide", **{"answers-decision": "approved"}))
