"""Purchase with limits: who approves what, what is corrected, and what is late."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tenants.mail.models import OutgoingMail
from tickets.models import Ticket
from tickets.tests.processes.described_case import YES, DescribedCase
from workflows.engine.process import JsonObject

APPROVED: JsonObject = {"decision": "approved"}
SENT_BACK: JsonObject = {"decision": "question", "comment": "Ten of them?"}

QUESTION: JsonObject = {"vote": "refuse", "comment": "Ten of them?", "send_back": True}


class PurchaseCase(DescribedCase):
    name = "purchase"
    members = {
        "Finance": ("fiona",),
        "Managing director": ("max", "paula"),
        "Purchasing": ("pia",),
    }
    managers = {"uma": "mara"}
    deputies = {"mara": "dan"}

    def ask(
        self, quantity: int, price: str, *, quotes: int = 0, by: str = "uma", **more: Any
    ) -> Ticket:
        return self.submit(self.request(quantity, price, quotes=quotes, by=by, **more), by=by)

    def request(
        self, quantity: int, price: str, *, quotes: int = 0, by: str = "uma", **more: Any
    ) -> JsonObject:
        data: JsonObject = {
            "cost_centre": "Sales",
            "lines": [line(quantity, price)],
            "supplier": "miller",
            "why": "It is needed.",
            **more,
        }
        for number in range(quotes):
            data[f"quote_{number + 1}"] = self.upload(f"quote {number + 1}.pdf", by=by)
        return data

    def approve(self, ticket: Ticket) -> list[str]:
        """All approve; returns which steps that were, until it is to be ordered."""
        steps = []
        while "order" not in (found := self.open(ticket)):
            key = next(iter(found))
            self.do(ticket, key, APPROVED if key == "manager" else YES)
            steps.append(key.removesuffix(".vote"))
        return steps


def line(quantity: int, price: str) -> JsonObject:
    return {"article": "Chair", "quantity": quantity, "unit_price": float(price)}


class ApprovalTests(PurchaseCase):
    def test_the_definition_is_in_order(self) -> None:
        self.assert_in_order()

    def test_the_total_says_who_approves(self) -> None:
        for quantity, price, quotes, total, expected in (
            (2, "125.00", 0, "250", ["manager"]),
            (3, "83.34", 0, "250.02", ["manager", "finance"]),
            (1, "2500.00", 3, "2500", ["manager", "finance"]),
            (1, "2500.01", 3, "2500.01", ["manager", "finance", "director"]),
        ):
            with self.subTest(total):
                ticket = self.ask(quantity, price, quotes=quotes)
                self.assertEqual(Decimal(str(ticket.data["total"])), Decimal(total))
                self.assertEqual(self.open(ticket), {"manager": "mara"})
                self.assertEqual(self.approve(ticket), expected)
        self.assert_sound()

    def test_above_1000_three_quotes_are_needed(self) -> None:
        self.assertEqual(self.ask(10, "99.99", quotes=2).data["total"], 999.9)
        request = self.request(11, "99.99", quotes=2)
        self.assertEqual(self.refused(lambda: self.submit(request)), ["quote_3"])
        self.assertEqual(self.ask(11, "99.99", quotes=3).data["total"], 1099.89)

    def test_a_new_supplier_is_named(self) -> None:
        request = self.request(1, "10", supplier="new")
        expected = ["supplier_name", "supplier_email"]
        self.assertEqual(self.refused(lambda: self.submit(request)), expected)
        self.ask(1, "10", supplier="new", supplier_name="Bauer", supplier_email="b@bauer.example")

    def test_the_managing_directors_own_purchase_is_approved_by_somebody_else(self) -> None:
        ticket = self.ask(1, "3000", quotes=3, by="max")
        have = []
        while "order" not in (found := self.open(ticket)):
            have.append(found)
            key = next(iter(found))
            self.do(ticket, key, APPROVED if key == "manager" else YES)
        self.assertEqual(
            have, [{"manager": "paula"}, {"finance.vote": "fiona"}, {"director.vote": "paula"}]
        )
        self.assert_sound()

    def test_a_refusal_ends_it(self) -> None:
        ticket = self.ask(3, "83.34")
        self.do(ticket, "manager", APPROVED)
        self.do(ticket, "finance.vote", {"vote": "refuse", "comment": "Not this year."})
        self.assertEqual(self.ended(ticket), ("COMPLETED", "not approved"))


class CorrectedTests(PurchaseCase):
    def test_what_is_approved_ordered_and_told_is_what_was_corrected(self) -> None:
        for by_finance in (False, True):
            with self.subTest(by_finance=by_finance):
                ticket = self.ask(10, "100")
                if by_finance:
                    self.do(ticket, "manager", APPROVED)
                    question: JsonObject = {
                        "vote": "refuse",
                        "comment": "Ten of them?",
                        "send_back": True,
                    }
                    self.do(ticket, "finance.vote", question)
                else:
                    self.do(ticket, "manager", SENT_BACK)
                self.assertEqual(self.open(ticket), {"correct": "uma"})
                changes: JsonObject = {"ticket.lines": [line(1, "100")]}
                self.do(ticket, "correct", {"answer": "One is enough."}, changes=changes)
                ticket = Ticket.objects.get(pk=ticket.pk)
                self.assertEqual(ticket.data["total"], 100)
                self.assertEqual(ticket.data["lines"][0]["quantity"], 1)
                (changed,) = self.events(ticket, "CHANGED")
                self.assertEqual(changed.data["old"]["lines"][0]["quantity"], 10)
                self.assertEqual(changed.data["new"]["lines"][0]["quantity"], 1)
                self.assertEqual(
                    (changed.data["old"]["total"], changed.data["new"]["total"]), (1000, 100)
                )
                # The approvals that follow are those of 100 EUR.
                self.assertEqual(self.approve(ticket), ["manager"])
        self.assert_sound()

    def test_the_order_goes_to_the_supplier_as_it_was_corrected(self) -> None:
        ticket = self.ask(10, "100")
        self.do(ticket, "manager", SENT_BACK)
        self.do(ticket, "correct", changes={"ticket.lines": [line(1, "100")]})
        self.approve(ticket)
        self.do(ticket, "order", {"order_number": "O-7"})
        mail = OutgoingMail.objects.get()
        self.assertEqual((mail.to, mail.subject), ("orders@miller.example", "Order O-7"))
        self.assertIn("All together: 100 EUR.", mail.text)
        self.assertNotRegex(mail.text, r"\b10\b")
        self.assert_sound()

    def test_finance_pays_what_has_come(self) -> None:
        ticket = self.ask(1, "20")
        self.approve(ticket)
        self.assertEqual(self.do(ticket, "order", {"order_number": "O-1"}), "pia")
        self.assertEqual(self.open(ticket), {"delivery": "uma"})
        self.do(ticket, "delivery")
        self.assertEqual(self.open(ticket), {"pay": "fiona"})
        paid: JsonObject = {"paid_on": "2026-03-09"}
        self.assertEqual(self.refused(lambda: self.do(ticket, "pay", paid)), ["invoice"])
        self.do(ticket, "pay", {**paid, "invoice": self.upload("invoice.pdf", by="fiona")})
        self.assertEqual(self.ended(ticket), ("COMPLETED", "paid"))
        self.assert_sound()


class LateTests(PurchaseCase):
    def test_the_manager_is_reminded_and_then_it_goes_to_the_deputy(self) -> None:
        ticket = self.ask(1, "20")
        self.wait_until(self.begins + timedelta(days=1))
        self.assertEqual(self.told(), [("TASK_REMINDER", "mara")])
        self.assertEqual(self.open(ticket), {"manager": "mara"})
        self.wait_until(self.begins + timedelta(days=2, minutes=-1))
        self.assertEqual(self.open(ticket), {"manager": "mara"})
        self.wait_until(self.begins + timedelta(days=2))
        self.assertEqual(self.open(ticket), {"manager": "dan"})
        self.assertEqual(
            self.told("TASK_GIVEN", "TASK_GONE")[-2:],
            [("TASK_GIVEN", "dan"), ("TASK_GONE", "mara")],
        )
        given = self.events(ticket, "ASSIGNED")[-1]
        self.assertEqual((given.data["to"], given.data["for"]), ("Dan", "Mara"))
        self.assert_sound()
        self.assertEqual(self.do(ticket, "manager", APPROVED), "dan")
        self.assertEqual(self.open(ticket), {"order": "pia"})
        self.assert_sound()

    def test_a_weekend_is_no_time_to_decide(self) -> None:
        self.now = self.begins + timedelta(days=4)  # a Friday
        ticket = self.ask(1, "20")
        self.wait_until(self.begins + timedelta(days=8, minutes=-1))
        self.assertEqual(self.open(ticket), {"manager": "mara"})
        self.wait_until(self.begins + timedelta(days=8))
        self.assertEqual(self.open(ticket), {"manager": "dan"})

    def test_without_a_deputy_it_stays_and_the_ticket_admins_are_told(self) -> None:
        type(self.people["mara"]).objects.filter(first_name="Mara").update(deputy=None)
        ticket = self.ask(1, "20")
        self.wait_until(self.begins + timedelta(days=3))
        self.assertEqual(self.open(ticket), {"manager": "mara"})
        self.assertIn(("TASK_LATE", "terry"), self.told())
        self.assert_sound()
