"""What is due, overdue or given to nobody is told once."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.models import Notice
from tickets.notices.find_companies import companies_to_look_at
from tickets.notices.tests.test_tell import told
from tickets.notices.watch_tasks import tell_of_tasks
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.models import TaskInstance, WorkflowInstance
from workflows.running.definition_cache import definition_of


class WatchTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.now = timezone.now()
        self.ticket = self.submit()
        self.task = TaskInstance.objects.select_related("assigned_to").get()
        Notice.objects.all().delete()

    def change(self, **values: object) -> None:
        TaskInstance.objects.filter(pk=self.task.pk).update(
            created_at=self.now - timedelta(days=3), **values
        )

    def look(self) -> int:
        return tell_of_tasks(now=self.now)

    def test_nothing_is_due(self) -> None:
        self.assertEqual(self.look(), 0)
        self.assertNotIn("acme", companies_to_look_at(now=self.now))

    def test_who_has_a_task_is_told_once_that_it_is_due_soon(self) -> None:
        self.change(due_at=self.now + timedelta(hours=5))
        self.assertIn("acme", companies_to_look_at(now=self.now))
        self.assertEqual([self.look(), self.look()], [1, 0])
        self.assertEqual(told("DUE_SOON"), [(self.task.assigned_to, self.ticket.pk)])

    def test_another_due_time_is_told_again(self) -> None:
        self.change(due_at=self.now + timedelta(hours=5))
        self.look()
        self.change(due_at=self.now + timedelta(hours=6))
        self.assertEqual(self.look(), 1)

    def test_a_task_that_never_had_a_day_is_not_due_soon(self) -> None:
        TaskInstance.objects.filter(pk=self.task.pk).update(due_at=self.now + timedelta(hours=5))
        self.assertEqual(self.look(), 0)

    def test_who_has_it_is_told_that_it_is_overdue(self) -> None:
        self.change(due_at=self.now - timedelta(minutes=5))
        self.assertEqual([self.look(), self.look()], [1, 0])
        self.assertEqual(told("OVERDUE"), [(self.task.assigned_to, self.ticket.pk)])

    def test_of_a_task_that_nobody_has_the_ticket_admins_are_told(self) -> None:
        self.change(
            due_at=self.now - timedelta(minutes=5),
            status="PENDING",
            assigned_to=None,
            assigned_at=None,
        )
        self.assertEqual([self.look(), self.look()], [2, 0])
        self.assertEqual(told("OVERDUE"), [(self.terry, self.ticket.pk)])
        self.assertEqual(told("NOBODY_AVAILABLE"), [(self.terry, self.ticket.pk)])

    def test_what_is_old_on_hold_or_done_is_not_told(self) -> None:
        self.change(due_at=self.now - timedelta(days=30))
        self.assertEqual(self.look(), 0)
        self.change(due_at=self.now - timedelta(minutes=5))
        WorkflowInstance.objects.update(status="ON_HOLD")
        self.assertEqual(self.look(), 0)

    def test_who_was_deactivated_is_not_told(self) -> None:
        self.change(due_at=self.now - timedelta(minutes=5))
        assert self.task.assigned_to is not None
        User.objects.filter(pk=self.task.assigned_to.pk).update(is_active=False)
        self.assertEqual(self.look(), 0)

    def test_it_takes_three_statements(self) -> None:
        definition_of(self.ticket.workflow_id)  # which the process keeps
        with self.assertNumQueries(3):
            self.look()
