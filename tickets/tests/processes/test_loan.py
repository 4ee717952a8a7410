"""An equipment loan: reminders that follow the return date, and what comes when it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tickets.job_names import END_WAIT
from tickets.models import Ticket
from tickets.tests.processes.described_case import DescribedCase
from workflows.engine.process import JsonObject

HANDED_OUT: JsonObject = {"serial_number": "C-17", "condition": "As new"}
FINE: JsonObject = {"condition": "fine"}


class LoanTests(DescribedCase):
    """In Brussels, where the clocks are put back on 25 October."""

    name = "loan"
    zone = "Europe/Brussels"
    begins = datetime(2026, 10, 19, 8, tzinfo=UTC)  # a Monday, 10 o'clock
    members = {"Storekeeper": ("stan",), "Department head": ("heidi",)}

    def lent(self, until: str = "2026-10-27") -> Ticket:
        ticket = self.submit(loan(until))
        self.do(ticket, "hand_out", HANDED_OUT)
        return ticket

    def test_the_definition_is_in_order(self) -> None:
        self.assert_in_order()

    def test_at_most_14_days(self) -> None:
        self.assertEqual(self.refused(lambda: self.submit(loan("2026-11-03"))), ["until"])
        self.assertEqual(self.refused(lambda: self.submit(loan("2026-10-18"))), ["until"])
        self.submit(loan("2026-11-02"))

    def test_the_borrower_is_reminded_at_the_same_hour_over_a_change_of_clocks(self) -> None:
        ticket = self.lent("2026-10-26")
        self.assertEqual(self.open(ticket), {"take_back": "stan", "extend": "uma"})
        before, on, head = self.times()
        self.assertEqual(before, datetime(2026, 10, 24, 7, tzinfo=UTC))  # 9 o'clock
        self.assertEqual(on, datetime(2026, 10, 26, 8, tzinfo=UTC))  # 9 o'clock again
        self.assertEqual(head, datetime(2026, 11, 2, 8, tzinfo=UTC))
        self.wait_until(on)
        self.assertEqual(self.told(), [("TICKET_REMINDER", "uma")] * 2)
        self.assert_sound()

    def test_returned_a_day_before_nobody_is_reminded_any_more(self) -> None:
        ticket = self.lent()
        self.wait_until(datetime(2026, 10, 26, 12, tzinfo=UTC))
        self.assertEqual(self.told(), [("TICKET_REMINDER", "uma")])
        self.do(ticket, "take_back", FINE)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "back in order"))
        self.assertEqual((self.jobs(), self.open(ticket)), ([], {}))
        self.wait_until(self.begins + timedelta(days=60))
        self.assertEqual(self.told(), [("TICKET_REMINDER", "uma")])
        self.assert_sound()

    def test_late_the_storekeeper_phones_and_the_head_is_told(self) -> None:
        ticket = self.lent()
        self.wait_until(datetime(2026, 10, 28, 7, 59, tzinfo=UTC))
        self.assertNotIn("phone", self.open(ticket))
        self.wait_until(datetime(2026, 10, 28, 8, tzinfo=UTC))
        self.assertEqual(self.open(ticket), {"take_back": "stan", "extend": "uma", "phone": "stan"})
        self.do(ticket, "phone", {"said": "Tomorrow."})
        self.assertEqual(self.open(ticket), {"take_back": "stan", "extend": "uma"})
        self.wait_until(datetime(2026, 11, 3, 8, tzinfo=UTC))
        self.assertEqual(self.told()[2:], [("TASK_LATE", "heidi")])
        self.assert_sound()

    def test_what_comes_back_before_the_call_needs_none(self) -> None:
        ticket = self.lent()
        self.wait_until(datetime(2026, 10, 28, 8, tzinfo=UTC))
        self.do(ticket, "take_back", FINE)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "back in order"))
        self.assert_sound()

    def test_extended_once_all_times_move(self) -> None:
        ticket = self.lent()
        self.wait_until(datetime(2026, 10, 26, 12, tzinfo=UTC))
        refused = self.refused(lambda: self.extend(ticket, "2026-11-10"))
        self.assertEqual(refused, ["ticket.until"])
        self.extend(ticket, "2026-11-04")
        self.assertEqual(self.open(ticket), {"take_back": "stan"})  # there is no second time
        self.assertEqual(
            [each.day for each in self.times()], [2, 4, 11]
        )  # two days before, on the day, seven days late
        self.assertEqual(self.times(END_WAIT), [datetime(2026, 11, 5, 8, tzinfo=UTC)])
        self.assertEqual(
            self.task(ticket, "take_back").due_at, datetime(2026, 11, 4, 16, tzinfo=UTC)
        )
        (changed,) = self.events(ticket, "CHANGED")
        self.assertEqual((changed.data["old"], changed.data["new"]),
                         ({"until": "2026-10-27"}, {"until": "2026-11-04"}))  # fmt: skip
        self.wait_until(datetime(2026, 11, 5, 8, tzinfo=UTC))
        self.assertIn("phone", self.open(ticket))
        # One reminder of the first date, two of the second.
        self.assertEqual(self.told(), [("TICKET_REMINDER", "uma")] * 3)
        self.assert_sound()

    def extend(self, ticket: Ticket, until: str) -> None:
        self.do(ticket, "extend", changes={"ticket.until": until})

    def test_damaged_there_is_a_report_with_its_cost(self) -> None:
        ticket = self.lent()
        self.do(ticket, "take_back", {"condition": "damaged"})
        self.assertEqual(self.open(ticket), {"damage": "stan"})
        self.assertEqual(
            self.refused(lambda: self.do(ticket, "damage", {"what": "Lens"})), ["cost"]
        )
        self.do(ticket, "damage", {"what": "Lens", "cost": 80})
        self.assertEqual(self.ended(ticket), ("COMPLETED", "back damaged"))
        self.assert_sound()


def loan(until: str) -> JsonObject:
    return {"item": "Camera", "from": "2026-10-19", "until": until, "purpose": "The fair"}
