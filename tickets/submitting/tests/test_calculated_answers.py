"""A purchase with a calculated total, which needs quotes above a limit: from form to history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from django.urls import reverse

from tickets.models import Ticket
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.correct_data import correct_ticket_data
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import ScreenTestCase, make_type
from workflows.engine.conditions.text import Names, parse_expression
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError
from workflows.models import BusinessCalendar, TicketDefinition, Transition, WorkflowEvent

ADD = reverse("admin:tickets_myticket_add")
TOKEN = "0" * 32
SAID = "Above 1,000 EUR three quotes are needed."


def rule(text: str) -> Any:
    names = ("lines", "total", "quotes", "quantity", "price", "wanted_by")
    return parse_expression(text, names=Names(fields=names))


FIELDS: list[JsonObject] = [
    {
        "name": "lines", "label": "Lines", "type": "records", "required": True,
        "fields": [
            {"name": "quantity", "type": "integer", "required": True},
            {"name": "price", "type": "number", "required": True},
            {"name": "sum", "type": "number", "computed": rule("quantity * price")},
        ],
    },
    {"name": "total", "label": "Total", "type": "number", "computed": rule("sum(lines.sum)"),
     "required": True, "listed": True},
    {
        "name": "quotes", "label": "Quotes", "type": "integer", "required": True,
        "checks": [{"condition": rule("total <= 1000 or quotes >= 3"), "message": SAID}],
    },
    {"name": "wanted_by", "label": "Wanted by", "type": "date", "min": rule("today"),
     "default": rule("today + 14 days")},
    {"name": "why", "label": "Why?", "type": "text", "required": rule("total > 500")},
]  # fmt: skip


class CalculatedAnswersTests(ScreenTestCase):
    purchase: TicketDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.purchase = make_type("purchase_lines", fields=FIELDS)

    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.uma)

    def send(self, quantity: int, price: str, *, address: str = "", **more: str) -> Any:
        data = {
            "title": "",
            "token": TOKEN,
            "answers-lines-0-quantity": str(quantity),
            "answers-lines-0-price": price,
            **{f"answers-{name}": value for name, value in more.items()},
        }
        return self.client.post(address or f"{ADD}?definition={self.purchase.pk}", data)

    def test_at_the_limit_two_quotes_do_and_above_it_they_are_refused_beside_the_question(
        self,
    ) -> None:
        page = self.send(11, "99.99", quotes="2", why="x")
        self.assertContains(page, SAID)
        field = (
            page.content.decode().split('data-field="quotes"')[1].split('data-field="wanted_by"')[0]
        )
        self.assertIn(SAID, field)
        shown = page.content.decode().split('name="answers-total"')[1].split("</output>")[0]
        self.assertTrue(shown.endswith("099.89"), shown)
        self.assertEqual(Ticket.objects.count(), 0)
        response = self.send(10, "99.99", quotes="2", why="x")
        ticket = Ticket.objects.get()
        self.assertEqual(response.status_code, 302)
        self.assertEqual(ticket.data["total"], 999.9)
        self.assertEqual(ticket.data["lines"], [{"quantity": 10, "price": 99.99, "sum": 999.9}])

    def test_what_the_browser_says_of_it_does_not_count(self) -> None:
        forged = {"total": "1", "lines-0-sum": "1"}
        page = self.send(11, "99.99", quotes="2", why="x", **forged)
        self.assertContains(page, SAID)
        with self.assertRaises(InvalidDataError):
            submit_ticket(
                definition=self.purchase,
                data={"lines": [{"quantity": 11, "price": 99.99, "sum": 1}], "total": 1,
                      "quotes": 2, "why": "x"},
                user=self.uma,
            )  # fmt: skip

    def test_the_server_is_asked_for_it_while_somebody_types(self) -> None:
        address = reverse("admin:tickets_myticket_visible") + f"?definition={self.purchase.pk}"
        page = self.client.get(f"{ADD}?definition={self.purchase.pk}")
        self.assertContains(page, '<output class="tk-calculated" name="answers-total"')
        found = json.loads(self.send(6, "99.99", address=address).content)
        self.assertEqual(
            found["calculated"],
            {"answers-total": "599.94", "answers-lines-0-sum": "599.94"},
        )
        self.assertEqual(found["required"], ["why"])
        self.assertNotIn("required", json.loads(self.send(1, "5", address=address).content))

    def test_today_is_asked_of_the_company_and_what_a_form_begins_with_follows_it(self) -> None:
        late = datetime(2026, 10, 30, 23, 30, tzinfo=UTC)
        with patch("django.utils.timezone.now", return_value=late):
            page = self.client.get(f"{ADD}?definition={self.purchase.pk}")
            self.assertContains(page, 'value="2026-11-1')
            page = self.send(1, "5", quotes="0", wanted_by="2026-10-29")
        self.assertContains(page, "or later.")
        self.assertEqual(Ticket.objects.count(), 0)

    def test_a_correction_calculates_anew(self) -> None:
        ticket = submit_ticket(
            definition=self.purchase,
            data={"lines": [{"quantity": 10, "price": 99.99}], "quotes": 2, "why": "x"},
            user=self.uma,
        )
        correct_ticket_data(
            ticket=ticket,
            data={"lines": [{"quantity": 1, "price": 99.99}], "quotes": 2, "why": "x"},
            by=self.terry,
            reason="One is enough.",
        )
        ticket.refresh_from_db()
        self.assertEqual(ticket.data["total"], 99.99)


class TodayInAStepTests(ScreenTestCase):
    def test_a_decision_says_by_which_date_it_was_made(self) -> None:
        definition = make_type("dated", fields=[{"name": "due", "type": "date", "required": True}])
        Transition.objects.filter(workflow=definition.workflow, from_task=None).update(
            condition={">=": [{"var": "ticket.due"}, {"var": "today"}]}
        )
        now = datetime(2026, 10, 30, 12, tzinfo=UTC)
        with patch("django.utils.timezone.now", return_value=now):
            ticket = submit_ticket(definition=definition, data={"due": "2026-10-30"}, user=self.uma)
        event = WorkflowEvent.objects.get(workflow_instance=ticket.workflow_instance, kind="MOVED")
        self.assertEqual(event.data["today"], "2026-10-30")
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=(ticket.pk,)))
        self.assertEqual(page.status_code, 200)

    def test_working_days_are_those_of_the_company(self) -> None:
        limit = parse_expression("today + 1 working day", names=Names(fields=("due",)))
        fields: list[JsonObject] = [{"name": "due", "type": "date", "max": limit}]
        definition = make_type("dated", fields=fields)
        BusinessCalendar.objects.create(holidays=[{"date": "2026-11-02", "name": "Ours"}])
        now = datetime(2026, 10, 30, 12, tzinfo=UTC)  # a Friday
        with patch("django.utils.timezone.now", return_value=now):
            submit_ticket(definition=definition, data={"due": "2026-11-03"}, user=self.uma)
            with self.assertRaises(InvalidDataError):
                submit_ticket(definition=definition, data={"due": "2026-11-04"}, user=self.uma)

    def test_a_ticket_that_is_moved_gets_what_its_version_calculates(self) -> None:
        number: JsonObject = {"name": "net", "type": "number", "required": True}
        old = make_type("priced", fields=[number])
        ticket = submit_ticket(definition=old, data={"net": 10.1}, user=self.uma)
        gross = parse_expression("net * 3", names=Names(fields=("net",)))
        more: JsonObject = {
            "name": "gross", "type": "number", "computed": gross, "required": True,
        }  # fmt: skip
        new = make_type("priced", version=2, fields=[number, more])
        moved = move_tickets(tickets=[ticket], to=new.workflow, by=self.terry, reason="Priced.")
        self.assertEqual([each.refusal for each in moved], [""])
        ticket.refresh_from_db()
        self.assertEqual(ticket.data, {"net": 10.1, "gross": 30.3})
