"""Two admins at the same moment: real transactions, real locks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction

from tenants.errors import EmailInUseError, LastAdminError
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTransactionTestCase, tampering
from tenants.testing_tools.waits import at_once, in_thread, wait_until_blocked
from workflows.models import CompanyRole, TaskInstance, WorkflowInstance
from workflows.people.absence import plan_absence, switch_absences
from workflows.people.change_people import save_person
from workflows.people.releasing import release_tasks
from workflows.running.people.assignment import assign_if_possible, lock_assignment
from workflows.running.tests.work import NOW, make_form


class AtOnceTests(CompanyTransactionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.give_role(self.uma, SystemRole.ADMIN)
        self.addCleanup(self.as_it_was)

    def as_it_was(self) -> None:
        """People stand in `public` and outlast the test."""
        for person, roles in (
            (self.alice, [SystemRole.ADMIN]),
            (self.uma, [SystemRole.USER]),
            (self.wendy, [SystemRole.TASK_WORKER]),
        ):
            User.objects.filter(pk=person.pk).update(is_active=True, is_available=True)
            person.groups.clear()
            for role in roles:
                self.give_role(person, role)

    def demote(self, person: User) -> Callable[[], object]:
        def call() -> None:
            fresh = User.objects.get(pk=person.pk)
            save_person(person=fresh, roles=[SystemRole.USER], company_roles=[], now=NOW)

        return call

    def deactivate(self, person: User) -> Callable[[], object]:
        def call() -> None:
            fresh = User.objects.get(pk=person.pk)
            fresh.is_active = False
            save_person(person=fresh, roles=[SystemRole.ADMIN], company_roles=[], now=NOW)

        return call

    def test_two_admins_who_remove_each_other_leave_one(self) -> None:
        for remove in (self.demote, self.deactivate):
            with self.subTest(remove.__name__):
                errors = at_once(remove(self.alice), remove(self.uma), company=self.acme)
                self.assertEqual([type(e) for e in errors if e], [LastAdminError])
                admins = User.objects.of_company(self.acme).active().with_role(SystemRole.ADMIN)
                self.assertEqual(admins.count(), 1)
                for person in (self.alice, self.uma):
                    User.objects.filter(pk=person.pk).update(is_active=True)
                    self.give_role(person, SystemRole.ADMIN)

    def test_a_double_click_adds_one_person_and_says_so(self) -> None:
        """Both forms found the e-mail address free; the database decides."""

        def add() -> None:
            person = User(email="twice@acme.example", company=self.acme)
            save_person(person=person, roles=[], company_roles=[], now=NOW)

        try:
            errors = at_once(add, add, company=self.acme)
            self.assertEqual([type(e) for e in errors if e], [EmailInUseError])
        finally:
            # Plain SQL: the ORM would look for what points at the person in every company.
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM tenants_user WHERE email = 'twice@acme.example'")

    def test_a_task_that_is_made_while_its_worker_comes_finds_them(self) -> None:
        """Whoever is second sees what the first did: no task is left waiting."""
        role = CompanyRole.objects.create(name="Accounting")
        role.members.add(self.wendy)
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        form = make_form(role=role)

        def make() -> None:
            with transaction.atomic():
                instance = WorkflowInstance.objects.create(workflow=form.workflow)
                task = TaskInstance(workflow_instance=instance, definition=form)
                assign_if_possible(task, now=NOW)
                task.save(force_insert=True)

        def come() -> None:
            wendy = User.objects.get(pk=self.wendy.pk)
            wendy.is_available = True
            save_person(person=wendy, roles=[SystemRole.TASK_WORKER], company_roles=[role], now=NOW)

        for _round in range(5):
            with tampering():  # their history goes with them
                TaskInstance.objects.all().delete()
            User.objects.filter(pk=self.wendy.pk).update(is_available=False)
            self.assertEqual(at_once(make, come, company=self.acme), [None, None])
            self.assertEqual(TaskInstance.objects.get().assigned_to, self.wendy)


class GivenMeanwhileTests(CompanyTransactionTestCase):
    """Whoever chooses workers waits for no form: somebody may hold it and wait to choose."""

    def setUp(self) -> None:
        super().setUp()
        definition = make_form()
        instance = WorkflowInstance.objects.create(workflow=definition.workflow)
        self.task = TaskInstance.objects.create(workflow_instance=instance, definition=definition)
        TaskInstance.objects.filter(pk=self.task.pk).update(status="ERROR")

    def change_while_waiting(self, call: Callable[[], object], **given: object) -> None:
        """The call waits to choose, and behind it whoever holds the task; then that is changed."""
        with transaction.atomic():
            lock_assignment()
            threads = []
            for number, each in enumerate((call, self.hold), start=1):
                threads.append(in_thread(each, company=self.acme))
                wait_until_blocked(connections=number)
            TaskInstance.objects.filter(pk=self.task.pk).update(**given)
        self.assertEqual([each.wait() for each in threads], [None, None])
        self.task.refresh_from_db()

    def hold(self) -> None:
        """As somebody does who is about to complete the task."""
        with transaction.atomic():
            pk = self.task.workflow_instance_id
            WorkflowInstance.objects.select_for_update(no_key=True).get(pk=pk)
            lock_assignment()

    def test_a_form_that_was_given_to_somebody_who_hands_all_on(self) -> None:
        self.change_while_waiting(
            lambda: release_tasks(user=self.wendy, now=NOW),
            status="OPEN",
            assigned_to=self.wendy,
            assigned_at=NOW,
        )
        self.assertEqual(self.task.assigned_to, self.walt)


class AbsenceAtOnceTests(CompanyTransactionTestCase):
    """Whoever notes an absence waits for the choosing before they touch the person."""

    def setUp(self) -> None:
        super().setUp()
        self.wendys = User.objects.filter(pk=self.wendy.pk)
        self.addCleanup(
            self.wendys.update,
            is_available=True,
            away_from=None,
            away_until=None,
            first_name="Wendy",
        )

    def change_while_waiting(self, call: Callable[[], object], **given: object) -> User:
        """The call waits to choose; whoever chooses then changes the person, as an admin does."""
        with transaction.atomic():
            lock_assignment()
            thread = in_thread(call, company=self.acme)
            wait_until_blocked()
            self.wendys.update(**given)
        self.assertIsNone(thread.wait())
        wendy: User = self.wendys.get()
        return wendy

    def test_a_plan_of_somebody_whom_an_admin_is_changing(self) -> None:
        until = NOW + timedelta(days=1)

        def plan() -> None:
            plan_absence(user=self.wendy, away_from=NOW, away_until=until, now=NOW)

        wendy = self.change_while_waiting(plan, first_name="Wanda")
        self.assertEqual((wendy.first_name, wendy.away_until), ("Wanda", until))
        self.assertFalse(wendy.is_available)

    def test_who_stays_away_longer_in_the_moment_in_which_they_would_come_back(self) -> None:
        self.wendys.update(is_available=False, away_until=NOW)
        until = NOW + timedelta(days=1)
        wendy = self.change_while_waiting(lambda: switch_absences(now=NOW), away_until=until)
        self.assertEqual((wendy.is_available, wendy.away_until), (False, until))
