"""Two admins at the same moment: real transactions, real locks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

from tenants.connection import work_in
from tenants.errors import EmailInUseError, LastAdminError
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTransactionTestCase
from workflows.models import CompanyRole, TaskInstance, WorkflowInstance
from workflows.people.change_people import give_back_tasks, save_person
from workflows.running.assignment import assign_if_possible, lock_assignment
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

    def together(self, *calls: Callable[[], object]) -> list[BaseException | None]:
        """Run each call in a thread and connection of its own, all begun at once."""
        begin = threading.Barrier(len(calls))
        errors: list[BaseException | None] = [None] * len(calls)

        def run(number: int, call: Callable[[], object]) -> None:
            try:
                work_in(self.acme)
                begin.wait(timeout=10)
                call()
            except Exception as error:
                errors[number] = error
            finally:
                connection.close()

        threads = [
            threading.Thread(target=run, args=(number, call)) for number, call in enumerate(calls)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        return errors

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
                errors = self.together(remove(self.alice), remove(self.uma))
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
            errors = self.together(add, add)
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
            TaskInstance.objects.all().delete()
            User.objects.filter(pk=self.wendy.pk).update(is_available=False)
            self.assertEqual(self.together(make, come), [None, None])
            self.assertEqual(TaskInstance.objects.get().assigned_to, self.wendy)


class GivenMeanwhileTests(CompanyTransactionTestCase):
    """Whoever chooses workers waits for no form: somebody may hold it and wait to choose."""

    def setUp(self) -> None:
        super().setUp()
        definition = make_form()
        instance = WorkflowInstance.objects.create(workflow=definition.workflow)
        self.task = TaskInstance.objects.create(workflow_instance=instance, definition=definition)
        TaskInstance.objects.filter(pk=self.task.pk).update(status="ERROR")
        self.raised: list[Exception] = []

    def change_while_waiting(self, call: Callable[[], object], **given: object) -> None:
        """The call waits to choose, and behind it whoever holds the task; then that is changed."""
        threads = [
            threading.Thread(target=self.run_elsewhere, args=(each,)) for each in (call, self.hold)
        ]
        with transaction.atomic():
            lock_assignment()
            for number, thread in enumerate(threads, start=1):
                thread.start()
                self.wait_until_waiting(number)
            TaskInstance.objects.filter(pk=self.task.pk).update(**given)
        for thread in threads:
            thread.join(timeout=30)
        self.assertEqual(self.raised, [])
        self.task.refresh_from_db()

    def run_elsewhere(self, call: Callable[[], object]) -> None:
        try:
            work_in(self.acme)
            call()
        except Exception as error:
            self.raised.append(error)
        finally:
            connection.close()

    def hold(self) -> None:
        """As somebody does who is about to complete the task."""
        with transaction.atomic():
            pk = self.task.workflow_instance_id
            WorkflowInstance.objects.select_for_update(no_key=True).get(pk=pk)
            lock_assignment()

    def wait_until_waiting(self, number: int) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
                    " AND database = (SELECT oid FROM pg_database"
                    " WHERE datname = current_database())"
                )
                if cursor.fetchone()[0] >= number:
                    return
            time.sleep(0.02)
        self.fail("They do not wait.")

    def test_a_form_that_was_given_to_somebody_who_hands_all_on(self) -> None:
        self.change_while_waiting(
            lambda: give_back_tasks(user=self.wendy, now=NOW),
            status="OPEN",
            assigned_to=self.wendy,
            assigned_at=NOW,
        )
        self.assertEqual(self.task.assigned_to, self.walt)
