"""An IT incident: how bad it is, who is told of it, and what comes when nobody answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tickets.models import Ticket
from tickets.tests.processes.described_case import DescribedCase
from workflows.engine.process import JsonObject

REPORT: JsonObject = {
    "system": "ERP",
    "people": 40,
    "since": "2026-03-02T08:30:00Z",
    "description": "Nobody can log in.",
}
SOLVED: JsonObject = {"solution": "Restarted."}


class IncidentTests(DescribedCase):
    name = "incident"
    members = {
        "IT": ("ivo",),
        "IT manager": ("ina",),
        "Technician on call": ("tina", "tom"),
    }

    def rated(self, impact: str, urgency: str) -> Ticket:
        ticket = self.submit(REPORT)
        self.do(ticket, "triage", {"impact": impact, "urgency": urgency})
        return ticket

    def severity(self, ticket: Ticket) -> str:
        return str(self.instance(ticket).data["rating"]["severity"])

    def test_the_definition_is_in_order(self) -> None:
        self.assert_in_order()

    def test_it_is_rated_within_30_minutes_by_the_clock(self) -> None:
        self.now = datetime(2026, 3, 7, 23, 50, tzinfo=UTC)  # a Saturday night
        ticket = self.submit(REPORT)
        due = self.task(ticket, "triage").due_at
        self.assertEqual(due, datetime(2026, 3, 8, 0, 20, tzinfo=UTC))

    def test_impact_and_urgency_say_how_bad_and_how_soon(self) -> None:
        hours = {"S1": 4, "S2": 24, "S3": 72}
        for impact, urgency, expected in (
            ("high", "high", "S1"),
            ("high", "medium", "S2"),
            ("high", "low", "S3"),
            ("medium", "high", "S2"),
            ("medium", "medium", "S3"),
            ("medium", "low", "S4"),
            ("low", "high", "S3"),
            ("low", "medium", "S4"),
            ("low", "low", "S4"),
        ):
            with self.subTest(f"{impact} x {urgency}"):
                ticket = self.rated(impact, urgency)
                self.assertEqual(self.severity(ticket), expected)
                due = self.task(ticket, "solve").due_at
                in_time = hours.get(expected)
                self.assertEqual(due, in_time and self.now + timedelta(hours=in_time))
                self.assertEqual("inform" in self.open(ticket), expected == "S1")

    def test_of_the_worst_both_learn_in_the_same_moment(self) -> None:
        ticket = self.rated("high", "high")
        self.assertEqual(self.open(ticket), {"solve": "tina", "inform": "ina"})
        moments = {self.task(ticket, key).created_at for key in ("solve", "inform")}
        self.assertEqual(len(moments), 1)
        told = self.told("TASK_GIVEN")[-2:]
        self.assertEqual(sorted(who for _kind, who in told), ["ina", "tina"])
        self.assert_sound()

    def test_not_solved_in_time_the_manager_is_told_once_and_the_technician_keeps_it(self) -> None:
        ticket = self.rated("high", "high")
        late = self.begins + timedelta(hours=4)
        self.wait_until(late - timedelta(seconds=1))
        self.assertEqual(self.told(), [])
        self.wait_until(late + timedelta(days=2))
        self.assertEqual(self.told(), [("TASK_LATE", "ina")])
        self.assertEqual(self.open(ticket)["solve"], "tina")
        # Back from the reporter, it is late as it was, and she is not told again.
        self.do(ticket, "solve", SOLVED)
        self.do(ticket, "confirm", {"solved": False, "remark": "Still."})
        self.wait_until(late + timedelta(days=4))
        self.assertEqual(self.told(), [("TASK_LATE", "ina")])
        self.assert_sound()

    def test_not_solved_it_goes_back_to_the_same_technician_and_time_goes_on(self) -> None:
        # Tom has less to do than Tina has by then.
        ticket = self.rated("high", "medium")
        due = self.task(ticket, "solve").due_at
        self.wait_until(self.begins + timedelta(hours=3))
        technician = self.do(ticket, "solve", SOLVED)
        for _more in range(2):
            self.rated("low", "high")
        self.do(ticket, "confirm", {"solved": False, "remark": "Still."})
        self.assertEqual(self.open(ticket), {"solve": technician})
        self.assertEqual(self.task(ticket, "solve").due_at, due)
        self.assertEqual(self.severity(ticket), "S2")
        self.wait_until(self.begins + timedelta(days=1))
        self.assertIn(("TASK_LATE", "ina"), self.told())
        self.assert_sound()

    def test_no_answer_in_three_days_closes_it(self) -> None:
        ticket = self.rated("low", "high")
        self.do(ticket, "solve", SOLVED)
        self.assertEqual(self.open(ticket), {"confirm": "uma"})
        self.wait_until(self.begins + timedelta(days=3, seconds=-1))
        self.assertEqual(self.open(ticket), {"confirm": "uma"})
        self.wait_until(self.begins + timedelta(days=3))
        self.assertEqual(self.ended(ticket), ("COMPLETED", "not confirmed"))
        self.assert_sound()

    def test_the_bad_ones_get_a_post_mortem_within_five_days(self) -> None:
        for urgency, is_bad in (("high", True), ("medium", True), ("low", False)):
            with self.subTest(urgency):
                ticket = self.rated("high", urgency)
                self.do(ticket, "solve", SOLVED)
                self.do(ticket, "confirm", {"solved": True})
                if is_bad:
                    self.assertEqual(self.open(ticket), {"post_mortem": "ivo"})
                    due = self.task(ticket, "post_mortem").due_at
                    self.assertEqual(due, self.begins + timedelta(days=7))
                    self.do(ticket, "post_mortem", {"cause": "A disk.", "measures": "Two disks."})
                self.assertEqual(self.ended(ticket), ("COMPLETED", "solved"))
        self.assert_sound()
