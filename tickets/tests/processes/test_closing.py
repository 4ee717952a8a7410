"""The monthly closing: two checklists side by side, then one step after the other."""

from __future__ import annotations

from datetime import UTC, datetime

from tickets.models import RecurringStart, Ticket
from tickets.starting.begin_start import begin_start
from tickets.tests.processes.described_case import DescribedCase
from workflows.engine.process import JsonObject

DONE: JsonObject = {"result": "done"}
FIRST = ["bank", "cash", "cards", "incoming", "outgoing", "payroll"]
SECOND = ["accruals", "prepayments", "depreciation", "stock", "intercompany"]
LAST = ["vat", "review", "report", "lock"]
# 31 October 2026 is a Saturday.
LAST_WORKING_DAY = "2026-10-30"


class ClosingTests(DescribedCase):
    name = "closing"
    begins = datetime(2026, 10, 30, 9, tzinfo=UTC)
    members = {
        "Accountant": ("anna",),
        "HR": ("hugo",),
        "Managing director": ("max",),
        "Office": ("olga",),
        "Sales": ("sam",),
        "Warehouse": ("will",),
    }

    def start(self) -> Ticket:
        return self.submit({"closes_on": LAST_WORKING_DAY})

    def test_the_definition_is_in_order(self) -> None:
        self.assert_in_order()

    def test_it_starts_by_itself_on_the_last_working_day(self) -> None:
        """31 October 2026 is a Saturday."""
        start = RecurringStart.objects.get(type_key="closing")
        self.assertEqual(start.next_at, datetime(2026, 10, 30, 8, tzinfo=UTC))
        with self.captureOnCommitCallbacks(execute=True):
            self.assertIsNone(begin_start(start_id=start.pk, now=self.begins.replace(hour=7)))
            ticket = begin_start(start_id=start.pk, now=self.begins)
        assert ticket is not None
        self.assertEqual(list(self.open(ticket)), FIRST)
        self.assertEqual(ticket.data, {"closes_on": LAST_WORKING_DAY})
        start.refresh_from_db()
        self.assertEqual(start.next_at, datetime(2026, 11, 30, 8, tzinfo=UTC))
        self.assert_sound()

    def test_six_tasks_at_once_each_with_its_owner(self) -> None:
        ticket = self.start()
        self.assertEqual(
            self.open(ticket),
            {
                "bank": "anna",
                "cash": "olga",
                "cards": "anna",
                "incoming": "anna",
                "outgoing": "sam",
                "payroll": "hugo",
            },
        )
        self.assertEqual(len({self.task(ticket, key).created_at for key in FIRST}), 1)
        self.assert_sound()

    def test_the_others_begin_when_the_sixth_ends_whichever_that_is(self) -> None:
        for last in FIRST:
            with self.subTest(last):
                ticket = self.start()
                for key in sorted(FIRST, key=lambda each: each == last):
                    self.assertNotIn("accruals", self.open(ticket))
                    self.do(ticket, key, DONE)
                self.assertEqual(list(self.open(ticket)), SECOND)
        self.assert_sound()

    def test_each_is_due_on_its_working_day_and_the_end_is_one_after_the_other(self) -> None:
        ticket = self.start()
        days = {}
        for part in (FIRST, SECOND, *([each] for each in LAST)):
            self.assertEqual(list(self.open(ticket)), part)
            for key in part:
                due = self.task(ticket, key).due_at
                assert due is not None
                days[key] = due.date().isoformat()
                self.do(ticket, key, DONE)
        expected = {
            "2026-11-02": ["bank", "cash", "cards"],
            "2026-11-03": ["incoming", "outgoing", "payroll"],
            "2026-11-04": ["accruals", "prepayments", "depreciation", "stock"],
            "2026-11-05": ["intercompany"],
            "2026-11-06": ["vat"],
            "2026-11-09": ["review"],
            "2026-11-10": ["report"],
            "2026-11-11": ["lock"],
        }
        found: dict[str, list[str]] = {}
        for key, day in days.items():
            found.setdefault(day, []).append(key)
        self.assertEqual(found, expected)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "closed"))
        self.assert_sound()

    def test_not_applicable_needs_a_reason(self) -> None:
        ticket = self.start()
        not_applicable: JsonObject = {"result": "na"}
        refused = self.refused(lambda: self.do(ticket, "cash", not_applicable))
        self.assertEqual(refused, ["reason"])
        self.do(ticket, "cash", {**not_applicable, "reason": "There is no till."})
        self.assertNotIn("cash", self.open(ticket))
