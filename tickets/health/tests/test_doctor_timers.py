"""What the doctor finds of timers: lost ones fire in the end, and those that are over are not."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tickets.advancing.tests.test_timeout_transitions import TimeoutCase
from tickets.health import company_findings
from tickets.health.tests.test_doctor import run_doctor, switch
from tickets.models import Ticket, TicketError
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from workflows.models import BusinessCalendar, TaskInstance

AROUND_THE_CLOCK = [[[0, 1440]]] * 7


class DoctorOfTimersTests(TimeoutCase):
    """Checking a purchase has two days, by a calendar without free time."""

    def set_up_once(self) -> None:
        super().set_up_once()
        switch(self.globex, on=False)
        BusinessCalendar.objects.create(time_zone="UTC", week=AROUND_THE_CLOCK, holidays=[])
        self.now = timezone.now()

    def lose_timers(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name LIKE '%fire_timer'")

    def assert_repaired(self) -> None:
        code, said = run_doctor("--quick")
        self.assertEqual(code, 1, said)
        self.assertIn("is to be left after 2 days, but no job will do it.", said)
        self.assertIn("found: 1,", said)
        code, said = run_doctor("--quick", "--repair")
        self.assertEqual(code, 0, said)
        self.assertIn("The timer was put into the queue again.", said)
        self.assertEqual(len(self.timers()), 1)
        self.assertEqual(run_doctor("--quick", "--repair")[0], 0)
        self.assertEqual(len(self.timers()), 1)

    def due_in(self) -> float:
        """Hours from `now` until the one timer is due, as its job and its argument say."""
        (timer,) = self.timers()
        assert timer.scheduled_at is not None
        due = timer.scheduled_at.isoformat()[:16]
        self.assertEqual(str(timer.args["due"])[:16], due)
        return (timer.scheduled_at - self.now).total_seconds() / 3600

    def test_a_lost_timer_fires_when_it_would_have(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make(self.now - timedelta(hours=20))
        self.assertEqual(run_doctor("--quick")[0], 0)
        before = self.timers()[0].args
        self.lose_timers()
        self.assert_repaired()
        self.assertEqual(self.timers()[0].args, before)
        self.assertAlmostEqual(self.due_in(), 28, delta=0.1)
        self.fire(self.timers()[0], now=self.now + timedelta(hours=29))
        self.assertEqual(self.tasks(ticket)[-1], ("order", "OPEN"))
        self.assertEqual(broken_invariants(ticket), [])

    def test_one_whose_time_is_over_fires_at_once(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make(self.now - timedelta(days=9))
        self.lose_timers()
        self.assert_repaired()
        (timer,) = self.timers()
        self.assertIsNone(timer.scheduled_at)
        self.fire(timer, now=timezone.now())
        self.assertEqual(self.tasks(ticket)[-1], ("order", "OPEN"))

    def test_its_time_begins_anew_with_what_begins_it_anew(self) -> None:
        self.add_transition(to_task=self.order)
        ticket = self.make(self.now - timedelta(hours=40))
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON)
        self.assertEqual(run_doctor("--quick")[0], 0)  # on hold it has none
        now = self.now - timedelta(hours=8)
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON, now=now)
        self.lose_timers()
        self.assert_repaired()
        self.assertAlmostEqual(self.due_in(), 40, delta=0.1)

    def test_a_timer_that_found_no_way_is_not_lost(self) -> None:
        self.add_transition(to_task=self.order, condition={">": [{"var": "ticket.amount"}, 1000]})
        ticket = self.make(self.now - timedelta(days=9))
        self.fire(self.timers()[0], now=self.now)
        self.lose_timers()
        self.assertEqual(run_doctor("--quick")[0], 0)
        Ticket.objects.filter(pk=ticket.pk).update(data={"what": "A desk", "amount": 5000})
        self.assert_repaired()

    def test_each_of_several_is_looked_for(self) -> None:
        self.add_transition(to_task=self.order)
        self.add_transition(to_task=None, condition=False)
        self.add_transition(after="P5D", to_task=None)
        self.make(self.now - timedelta(hours=1))
        self.assertEqual(len(self.timers()), 2)
        self.assertEqual(run_doctor("--quick")[0], 0)
        self.lose_timers()
        code, said = run_doctor("--quick", "--repair")
        self.assertEqual(code, 0, said)
        self.assertIn("found: 2, repaired: 2", said)
        self.assertEqual({each.args["after"] for each in self.timers()}, {"P2D", "P5D"})

    def test_a_form_that_failed_in_time_and_is_given_to_somebody_has_its_time_again(self) -> None:
        self.add_transition(to_task=self.order, condition={"==": [{"var": "ticket.nothing"}, 1]})
        ticket = self.make(self.now - timedelta(days=9))
        self.fire(self.timers()[0], now=self.now)
        self.lose_timers()
        self.assertEqual(TicketError.objects.unresolved().count(), 1)
        self.assertEqual(run_doctor("--quick")[0], 0)
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        reassign_task(task=task, to=self.walt, by=self.terry, reason=REASON, now=self.now)
        self.assertAlmostEqual(self.due_in(), 48, delta=0.1)
        self.assertEqual(run_doctor("--quick")[0], 0)

    def test_it_takes_as_many_queries_for_many_as_for_one(self) -> None:
        self.add_transition(to_task=self.order)
        counts = []
        for count in (1, 9):
            while TaskInstance.objects.count() < count:
                self.make(self.now - timedelta(days=9))
            self.lose_timers()
            with CaptureQueriesContext(connection) as queries:
                self.assertEqual(len(company_findings()), count)
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])
