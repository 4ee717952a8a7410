"""Programs read ticket errors, repair and move tickets, and read notices, as their people may."""

from __future__ import annotations

from tenants.roles import SystemRole
from tickets.api.tests.test_api_tickets import VacationCase
from tickets.models import ErrorType, Notice, TicketError


class RepairTests(VacationCase):
    def setUp(self) -> None:
        super().setUp()
        self.broken = self.ticket()
        self.error = TicketError.objects.create(
            ticket=self.broken, error_type=ErrorType.TASK_UPDATE, message="It went wrong"
        )

    def test_errors_are_read_reviewed_and_resolved(self) -> None:
        listed = self.ask(self.terry, "GET", "errors?status=NEW", expect=200).json()["items"]
        self.assertEqual([each["message"] for each in listed], ["It went wrong"])
        path = f"errors/{self.error.pk}"
        self.assertTrue(self.ask(self.terry, "GET", path, expect=200)["ETag"])
        self.ask(self.terry, "POST", f"{path}/review", expect=200)
        self.ask(self.terry, "POST", f"{path}/resolve", {"notes": "Mended"}, expect=200)
        self.error.refresh_from_db()
        self.assertEqual(self.error.status, "RESOLVED")
        self.assert_problem(self.ask(self.terry, "POST", f"{path}/retry", {"reason": "x"}), 409)

    def test_nobody_else_finds_them(self) -> None:
        path = f"errors/{self.error.pk}"
        self.assert_problem(self.ask(self.uma, "GET", path), 403)
        self.assert_problem(self.ask(self.charlie, "GET", path), 404)
        self.assert_problem(self.ask(self.charlie, "POST", f"{path}/review"), 404)
        repair = f"tickets/{self.broken.pk}/repairs/hold"
        self.assert_problem(self.ask(self.uma, "POST", repair, {"reason": "x"}), 403)
        self.assert_problem(self.ask(self.charlie, "POST", repair, {"reason": "x"}), 404)

    def test_a_ticket_is_held_and_goes_on_unless_it_was_changed(self) -> None:
        path = f"tickets/{self.broken.pk}"
        etag = self.ask(self.terry, "GET", path, expect=200)["ETag"]
        held = f"{path}/repairs/hold"
        self.ask(self.terry, "POST", held, {"reason": "Wait"}, **{"If-Match": etag}, expect=200)
        resumed = f"{path}/repairs/resume"
        stale = self.ask(self.terry, "POST", resumed, {"reason": "On"}, **{"If-Match": etag})
        self.assert_problem(stale, 412)
        self.ask(self.terry, "POST", resumed, {"reason": "On"}, expect=200)
        self.assert_problem(self.ask(self.terry, "POST", f"{path}/repairs/burn", {}), 422)

    def test_tickets_are_replayed_and_moved(self) -> None:
        path = f"workflows/{self.broken.workflow_id}"
        self.assert_problem(self.ask(self.carla, "POST", f"{path}/replay", {}), 403)
        self.give_role(self.carla, SystemRole.TICKET_ADMIN)
        replayed = self.ask(self.carla, "POST", f"{path}/replay", {}, expect=200).json()
        self.assertEqual(replayed["count"], 0)
        moving = {"tickets": [self.broken.pk], "reason": "Newer"}
        moved = self.ask(self.carla, "POST", f"{path}/move", moving, expect=200).json()["items"]
        self.assertFalse(moved[0]["is_moved"])
        self.assertTrue(moved[0]["refusal"])

    def test_everybody_reads_what_they_were_told(self) -> None:
        worker = Notice.objects.exclude(recipient=self.uma)[0].recipient
        told = self.ask(worker, "GET", "notices?unread=true", expect=200).json()["items"]
        self.assertTrue(told[0]["text"])
        self.assertEqual(self.ask(self.charlie, "GET", "notices").json()["items"], [])
