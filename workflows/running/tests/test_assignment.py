from __future__ import annotations

import random
import threading
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, outside
from tenants.testing_tools.waits import PATIENCE, at_once, in_thread
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.running.people.assignment import assign_waiting_tasks, choose_worker, lock_assignment
from workflows.running.state_manager import WorkflowStateManager


class _Tasks:
    """A workflow with one task, and instances of it."""

    def make_workflow(self, role: CompanyRole | None = None) -> None:
        self.workflow = WorkflowDefinition.objects.create(key="flow", title="Flow")
        self.definition = TaskDefinition.objects.create(
            workflow=self.workflow, key="do", title="Do", candidate_role=role
        )
        self.workflow.transitions.create(to_task=self.definition)
        self.workflow.transitions.create(from_task=self.definition)

    def give(self, to: User | None, **fields: object) -> TaskInstance:
        task = TaskInstance(
            workflow_instance=WorkflowInstance.objects.create(workflow=self.workflow),
            definition=self.definition,
            **fields,
        )
        if to is not None:
            task.assign(to=to, now=timezone.now())
        task.save()
        return task


class PickWorkerTests(_Tasks, CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()

    def test_it_picks_the_one_with_the_fewest_unfinished_tasks(self) -> None:
        self.give(self.wendy)
        self.assertEqual(choose_worker(None), self.walt)
        self.give(self.walt)
        self.give(self.walt)
        self.assertEqual(choose_worker(None), self.wendy)

    def test_finished_tasks_do_not_count(self) -> None:
        self.give(self.walt)
        for _ in range(3):
            task = self.give(self.wendy)
            task.complete(output={}, now=timezone.now())
            task.save()
        self.assertEqual(choose_worker(None), self.wendy)

    def test_of_equals_it_picks_whoever_was_given_work_longest_ago(self) -> None:
        now = timezone.now()
        for worker, days in ((self.wendy, 1), (self.walt, 5)):
            task = self.give(worker)
            TaskInstance.objects.filter(pk=task.pk).update(assigned_at=now - timedelta(days=days))
        self.assertEqual(choose_worker(None), self.walt)

    def test_it_picks_only_members_of_the_company_role(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        self.assertIsNone(choose_worker(role))
        role.members.add(self.walt, self.uma)
        self.give(self.walt)
        self.assertEqual(choose_worker(role), self.walt)

    def test_it_passes_over_people_who_are_away_or_switched_off(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        self.assertEqual(choose_worker(None), self.walt)
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        self.assertIsNone(choose_worker(None))

    def test_a_task_that_is_about_to_end_counts_as_ended(self) -> None:
        """Whoever it would be once it is written, whatever tasks there are."""
        workers = [self.wendy, self.walt, self.uma]
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        role = CompanyRole.objects.create(name="Accounting")
        role.members.set(workers[1:])
        now, changed = timezone.now(), 0
        for seed in range(60):
            chance = random.Random(seed)
            tasks = TaskInstance.objects.all()
            tasks.delete()
            for _ in range(chance.randrange(1, 9)):
                self.give(chance.choice(workers))
            for task in tasks:
                tasks.filter(pk=task.pk).update(
                    assigned_at=now - timedelta(minutes=chance.randrange(3)),
                    status=chance.choice(("OPEN", "OPEN", "IN_PROGRESS", "ERROR", "COMPLETED")),
                )
            ended, of = chance.choice(list(tasks)), chance.choice((None, role))
            passed_over_id = chance.choice((None, None, self.walt.pk))
            before = choose_worker(of, passed_over_id=passed_over_id)
            early = choose_worker(of, passed_over_id=passed_over_id, ended=ended.pk)
            tasks.filter(pk=ended.pk).update(status="COMPLETED")
            with self.subTest(seed=seed):
                self.assertEqual(early, choose_worker(of, passed_over_id=passed_over_id))
            changed += early != before
        self.assertGreater(changed, 3)

    def test_it_never_picks_somebody_of_another_company(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        role.members.add(self.wendy)
        self.assertEqual(choose_worker(role), self.wendy)
        with outside():
            User.objects.filter(pk=self.wendy.pk).update(company=self.charlie.company)
        self.assertIsNone(choose_worker(role))


class AssignWaitingTasksTests(_Tasks, CompanyTestCase):
    def test_it_gives_out_waiting_tasks_oldest_first(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        self.make_workflow(role)
        first, second = self.give(None), self.give(None)
        role.members.add(self.wendy)
        self.assertEqual(assign_waiting_tasks(now=timezone.now()), 2)
        first.refresh_from_db()
        second.refresh_from_db()
        self.assertEqual((first.status, first.assigned_to), (TaskStatus.OPEN, self.wendy))
        self.assertEqual(second.assigned_to, self.wendy)
        given = WorkflowEvent.objects.filter(kind="ASSIGNED").values_list(
            "task_instance", flat=True
        )
        self.assertEqual(list(given), [first.pk, second.pk])

    def test_what_nobody_can_do_goes_on_waiting(self) -> None:
        self.make_workflow(CompanyRole.objects.create(name="Nobody"))
        task = self.give(None)
        self.assertEqual(assign_waiting_tasks(now=timezone.now()), 0)
        task.refresh_from_db()
        self.assertEqual(task.status, TaskStatus.PENDING)


class AssignmentUnderConcurrencyTests(_Tasks, CompanyTransactionTestCase):
    def test_tasks_made_at_once_are_spread_evenly(self) -> None:
        self.make_workflow()
        workers = [
            create_person(
                company=self.acme,
                email=f"worker{number}@acme.example",
                password=None,
                roles=[SystemRole.TASK_WORKER],
            )
            for number in range(2)
        ]

        def start_two() -> None:
            for _ in range(2):
                with transaction.atomic():
                    manager = WorkflowStateManager.create(self.workflow, now=timezone.now())
                    manager.advance({})

        raised = at_once(*[start_two] * 6, company=self.acme)
        self.assertEqual(raised, [None] * 6)
        everybody = [self.wendy, self.walt, *workers]
        loads = [TaskInstance.objects.inbox(worker).count() for worker in everybody]
        self.assertEqual(loads, [3, 3, 3, 3])

    def test_a_task_that_something_only_points_at_is_handed_out(self) -> None:
        """An event of it, or saved answers: at their commit they hold its key for a moment."""
        self.make_workflow()
        task = self.give(None)
        held, done = threading.Event(), threading.Event()

        def point_at_it() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM workflows_taskinstance WHERE id = %s FOR KEY SHARE",
                    [task.pk],
                )
                held.set()
                done.wait(timeout=PATIENCE)

        pointing = in_thread(point_at_it, company=self.acme)
        try:
            self.assertTrue(held.wait(timeout=PATIENCE))
            with transaction.atomic():
                self.assertEqual(assign_waiting_tasks(now=timezone.now()), 1)
        finally:
            done.set()
            self.assertIsNone(pointing.wait())

    def test_the_lock_is_of_one_company(self) -> None:
        """Another company's assignments do not wait for ours."""
        with transaction.atomic():
            lock_assignment()

            def lock_elsewhere() -> None:
                with transaction.atomic():
                    lock_assignment()

            self.assertIsNone(in_thread(lock_elsewhere, company=self.globex).wait())
