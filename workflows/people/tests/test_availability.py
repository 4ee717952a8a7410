"""Whoever is away gets nothing new; what they have can go to others, and they can come back."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.urls import reverse

from tenants.errors import OtherCompanyError
from tenants.models import User
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, outside
from tenants.testing_tools.waits import in_thread, wait_until_blocked
from workflows.models import CompanyRole, TaskInstance, TaskStatus, WorkflowEvent
from workflows.people.change_availability import set_availability
from workflows.people.releasing import release_tasks
from workflows.running.people.assignment import choose_worker, lock_assignment
from workflows.running.state_manager import WorkflowStateManager
from workflows.running.tests.work import NOW, make_form, make_task

LIST = reverse("admin:tickets_mytask_changelist")
AVAILABILITY = reverse("admin:tickets_mytask_availability")
HAND_ON = reverse("admin:tickets_mytask_hand_on")
PEOPLE = reverse("admin:tenants_user_changelist")


def worker_of(task: TaskInstance) -> User | None:
    return TaskInstance.objects.select_related("assigned_to").get(pk=task.pk).assigned_to


class AwayTests(CompanyTestCase):
    def away(self, *people: User) -> None:
        for person in people:
            set_availability(user=person, is_available=False, now=NOW)

    def back(self, *people: User) -> None:
        for person in people:
            set_availability(user=person, is_available=True, now=NOW)

    def test_whoever_is_away_gets_nothing_new(self) -> None:
        self.away(self.wendy)
        self.assertEqual(choose_worker(None), self.walt)
        self.away(self.walt)
        self.assertIsNone(choose_worker(None))

    def test_whoever_is_away_keeps_what_they_have(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.away(self.wendy)
        self.assertEqual(worker_of(task), self.wendy)

    def test_whoever_comes_back_is_given_what_waits_oldest_first(self) -> None:
        self.away(self.wendy, self.walt)
        form = make_form()
        tasks = [make_task(form) for _ in range(3)]
        # Made in this order, but the last one has waited longest.
        TaskInstance.objects.filter(pk=tasks[2].pk).update(created_at=NOW - timedelta(days=9))
        self.back(self.wendy)
        given = WorkflowEvent.objects.filter(kind="ASSIGNED").order_by("pk")
        self.assertEqual(
            list(given.values_list("task_instance", flat=True)),
            [tasks[2].pk, tasks[0].pk, tasks[1].pk],
        )
        self.assertEqual([worker_of(task) for task in tasks], [self.wendy] * 3)

    def test_open_work_is_handed_round_at_once(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.away(self.wendy)
        self.assertEqual(release_tasks(user=self.wendy, now=NOW, actor=self.alice), 1)
        self.assertEqual(worker_of(task), self.walt)

    def test_whoever_hands_on_while_available_is_not_given_it_back(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.away(self.walt)
        release_tasks(user=self.wendy, now=NOW)
        self.assertIsNone(worker_of(task))
        self.away(self.wendy)
        self.back(self.wendy)
        self.assertEqual(worker_of(task), self.wendy)

    def test_somebody_of_another_company_cannot_be_changed_here(self) -> None:
        with self.assertRaises(OtherCompanyError):
            set_availability(user=self.charlie, is_available=False, now=NOW)
        with outside():
            self.assertTrue(User.objects.get(pk=self.charlie.pk).is_available)


class ScreenTests(CompanyTestCase):
    def test_a_worker_goes_and_comes_back(self) -> None:
        self.log_in(self.wendy)
        self.assertContains(self.client.get(LIST), "I am away")
        page = self.client.post(AVAILABILITY, {"available": "no"}, follow=True)
        self.assertContains(page, "I am back")
        self.assertFalse(User.objects.get(pk=self.wendy.pk).is_available)
        self.client.post(AVAILABILITY, {"available": "yes"})
        self.assertTrue(User.objects.get(pk=self.wendy.pk).is_available)

    def test_a_worker_hands_on_what_is_open(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.log_in(self.wendy)
        self.client.post(AVAILABILITY, {"available": "no"})
        self.assertContains(self.client.get(LIST), "Hand on my open task")
        self.client.post(HAND_ON)
        self.assertEqual(worker_of(task), self.walt)

    def test_a_link_changes_nothing(self) -> None:
        self.log_in(self.wendy)
        for page in (AVAILABILITY, HAND_ON):
            self.assertEqual(self.client.get(page).status_code, 405)

    def test_only_workers_are_asked(self) -> None:
        for person in (self.uma, self.alice, self.terry, self.root):
            with self.subTest(person=str(person)):
                self.log_in(person)
                for page in (AVAILABILITY, HAND_ON):
                    self.assertEqual(self.client.post(page).status_code, 403)

    def test_an_admin_hands_somebodys_tasks_round(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.log_in(self.alice)
        page = self.client.post(
            PEOPLE,
            {"action": "reassign_open_tasks", "_selected_action": [self.wendy.pk]},
            follow=True,
        )
        self.assertContains(page, "1 open task was taken away")
        self.assertEqual(worker_of(task), self.walt)
        event = WorkflowEvent.objects.get(task_instance=task, kind="RELEASED")
        self.assertEqual(event.actor, self.alice)

    def test_nobody_else_hands_round(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        for person in (self.charlie, self.terry):
            self.log_in(person)
            self.client.post(
                PEOPLE, {"action": "reassign_open_tasks", "_selected_action": [self.wendy.pk]}
            )
            self.assertEqual(worker_of(task), self.wendy)


class AtOnceTests(CompanyTransactionTestCase):
    def test_what_is_made_while_somebody_comes_back_does_not_wait(self) -> None:
        """A task for which nobody was there, and which is not committed yet, is given out too."""
        role = CompanyRole.objects.create(name="Accounting")
        role.members.add(self.wendy)
        form = make_form(role=role)
        form.workflow.transitions.create(to_task=form)
        set_availability(user=self.wendy, is_available=False, now=NOW)
        self.addCleanup(User.objects.filter(pk=self.wendy.pk).update, is_available=True)

        def come_back() -> None:
            set_availability(user=self.wendy, is_available=True, now=NOW)

        with transaction.atomic():
            lock_assignment()
            back = in_thread(come_back, company=self.acme)
            wait_until_blocked()  # for whoever chooses a worker
            WorkflowStateManager.create(form.workflow, now=NOW).advance({})
            self.assertEqual(TaskInstance.objects.get().status, TaskStatus.PENDING)
        self.assertIsNone(back.wait())
        self.assertEqual(worker_of(TaskInstance.objects.get()), self.wendy)
