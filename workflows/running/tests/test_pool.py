"""Claiming what nobody has, and giving an own task back."""

from __future__ import annotations

from functools import partial

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from workflows.errors import (
    MayNotClaimError,
    NotYourTaskError,
    TaskNotWorkableError,
    TaskTakenError,
    WorkflowOnHoldError,
)
from workflows.models import CompanyRole, TaskInstance, TaskStatus, WorkflowEvent
from workflows.people.change_availability import set_availability
from workflows.running.people.assignment import assign_waiting_tasks
from workflows.running.pool import claim_task, pool_of, release_task
from workflows.running.tests.work import NOW, make_form, make_task


class PoolCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.role = CompanyRole.objects.create(name="Accounting")
        for person in (self.wendy, self.walt):
            User.objects.filter(pk=person.pk).update(is_available=False)

    def there(self, person: User) -> None:
        User.objects.filter(pk=person.pk).update(is_available=True)

    def read(self, task: TaskInstance) -> TaskInstance:
        return TaskInstance.objects.select_related("assigned_to").get(pk=task.pk)


class ClaimTests(PoolCase):
    def test_the_pool_holds_what_one_may_claim(self) -> None:
        open_to_all = make_task(make_form())
        of_role = make_task(make_form(role=self.role, key="role"))
        make_task(make_form(key="taken"), to=self.walt)
        held = make_task(make_form(key="held"))
        held.workflow_instance.hold()
        held.workflow_instance.save()
        self.role.members.add(self.wendy)
        self.assertEqual(list(pool_of(self.wendy)), [open_to_all, of_role])
        self.assertEqual(list(pool_of(self.walt)), [open_to_all])

    def test_a_worker_claims_although_they_are_away(self) -> None:
        task = make_task(make_form())
        claim_task(task=task, user=self.wendy, now=NOW)
        task = self.read(task)
        self.assertEqual((task.status, task.assigned_to), (TaskStatus.OPEN, self.wendy))
        event = WorkflowEvent.objects.get(kind="ASSIGNED")
        self.assertEqual((event.actor, event.data["to_id"]), (self.wendy, self.wendy.pk))

    def test_what_somebody_has_is_not_claimed(self) -> None:
        task = make_task(make_form(), to=self.walt)
        with self.assertRaises(TaskTakenError):
            claim_task(task=task, user=self.wendy, now=NOW)
        self.assertEqual(self.read(task).assigned_to, self.walt)

    def test_only_workers_of_the_role_claim(self) -> None:
        task = make_task(make_form(role=self.role))
        self.role.members.add(self.uma)
        for person in (self.wendy, self.uma, self.charlie, self.root):
            with self.subTest(person=str(person)), self.assertRaises(MayNotClaimError):
                claim_task(task=task, user=person, now=NOW)

    def test_a_held_or_ended_task_is_not_claimed(self) -> None:
        task = make_task(make_form())
        task.workflow_instance.hold()
        task.workflow_instance.save()
        with self.assertRaises(WorkflowOnHoldError):
            claim_task(task=task, user=self.wendy, now=NOW)
        task.cancel(now=NOW)
        task.save()
        with self.assertRaises(TaskNotWorkableError):
            claim_task(task=task, user=self.wendy, now=NOW)


class ReleaseTests(PoolCase):
    def test_another_worker_is_given_it_at_once(self) -> None:
        self.there(self.walt)
        task = make_task(make_form(), to=self.wendy)
        release_task(task=task, user=self.wendy, now=NOW)
        self.assertEqual(self.read(task).assigned_to, self.walt)

    def test_it_does_not_come_straight_back(self) -> None:
        self.there(self.wendy)
        task = make_task(make_form(), to=self.wendy)
        release_task(task=task, user=self.wendy, now=NOW)
        self.assertEqual(assign_waiting_tasks(now=NOW), 0)
        self.assertEqual(self.read(task).status, TaskStatus.PENDING)

    def test_it_waits_for_another_worker_or_a_claim(self) -> None:
        self.there(self.wendy)
        first, second = (make_task(make_form(key=key), to=self.wendy) for key in ("a", "b"))
        for task in (first, second):
            release_task(task=task, user=self.wendy, now=NOW)
        claim_task(task=first, user=self.wendy, now=NOW)
        self.assertIsNone(self.read(first).released_by)
        set_availability(user=self.walt, is_available=True, now=NOW)
        self.assertEqual(self.read(first).assigned_to, self.wendy)
        self.assertEqual(self.read(second).assigned_to, self.walt)

    def test_only_an_own_open_task_is_given_back(self) -> None:
        task = make_task(make_form(), to=self.walt)
        with self.assertRaises(NotYourTaskError):
            release_task(task=task, user=self.wendy, now=NOW)
        done = make_task(make_form(key="done"), to=self.wendy)
        done.complete(output={}, now=NOW)
        done.save()
        with self.assertRaises(TaskNotWorkableError):
            release_task(task=done, user=self.wendy, now=NOW)


class AtOnceTests(CompanyTransactionTestCase):
    def test_of_many_who_claim_one_wins(self) -> None:
        task = make_task(make_form())
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        self.addCleanup(self.uma.groups.set, list(self.uma.groups.filter(name="user")))
        people = [self.wendy, self.walt, self.uma]
        refused: list[User] = []

        def claim(person: User) -> None:
            try:
                claim_task(task=task, user=person, now=NOW)
            except TaskTakenError:
                refused.append(person)

        at_once(*(partial(claim, each) for each in people), company=self.acme)
        winner = TaskInstance.objects.select_related("assigned_to").get().assigned_to
        self.assertEqual({winner, *refused}, set(people))
        self.assertEqual(len(refused), 2)
        self.assertEqual(WorkflowEvent.objects.filter(kind="ASSIGNED").count(), 1)
