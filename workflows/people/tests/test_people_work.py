"""Who gets the tasks when a person comes, goes, or changes roles."""

from __future__ import annotations

from django.urls import reverse

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from workflows.models import CompanyRole, TaskInstance, TaskStatus, WorkflowEvent
from workflows.people.change_people import save_person
from workflows.people.company_roles import save_company_role
from workflows.people.releasing import release_tasks
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_people.released import RELEASED
from workflows.running.tests.work import NOW, make_form, make_task


class WorkTestCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.role = CompanyRole.objects.create(name="Accounting")
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        self.walt.refresh_from_db()

    def save(self, person: User, *roles: SystemRole, company_roles: list[CompanyRole]) -> None:
        save_person(
            person=person, roles=roles, company_roles=company_roles, now=NOW, actor=self.alice
        )

    def kinds(self, task: TaskInstance) -> list[str]:
        return [event.kind for event in WorkflowEvent.objects.filter(task_instance=task)]


class AssigningTests(WorkTestCase):
    def test_whoever_becomes_available_gets_what_waits(self) -> None:
        task = make_task(make_form())
        self.walt.is_available = True
        self.save(self.walt, SystemRole.TASK_WORKER, company_roles=[])
        task = TaskInstance.objects.get(pk=task.pk)
        self.assertEqual((task.status, task.assigned_to_id is None), (TaskStatus.OPEN, False))
        self.assertEqual(self.kinds(task), [ASSIGNED])

    def test_whoever_joins_the_role_gets_what_waits_for_it(self) -> None:
        task = make_task(make_form(role=self.role))
        self.save(self.uma, SystemRole.USER, company_roles=[self.role])
        self.assertIsNone(TaskInstance.objects.get(pk=task.pk).assigned_to)
        self.save(self.wendy, SystemRole.TASK_WORKER, company_roles=[self.role])
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, self.wendy)

    def test_whoever_becomes_a_task_worker_gets_what_waits(self) -> None:
        self.role.members.add(self.uma)
        task = make_task(make_form(role=self.role))
        self.save(self.uma, SystemRole.USER, SystemRole.TASK_WORKER, company_roles=[self.role])
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, self.uma)

    def test_the_role_screen_hands_out_too(self) -> None:
        task = make_task(make_form(role=self.role))
        self.log_in(self.alice)
        self.client.post(
            reverse("admin:workflows_companyrole_change", args=[self.role.pk]),
            {"name": "Accounting", "members": [self.wendy.pk]},
        )
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, self.wendy)

    def test_a_new_person_gets_what_waits(self) -> None:
        task = make_task(make_form(role=self.role))
        nina = User(email="nina@acme.example", company=self.acme)
        self.save(nina, SystemRole.TASK_WORKER, company_roles=[self.role])
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, nina)


class GivingBackTests(WorkTestCase):
    def test_a_deactivated_persons_tasks_go_to_others(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.walt.is_available = True
        self.walt.save()
        self.wendy.is_active = False
        self.save(self.wendy, SystemRole.TASK_WORKER, company_roles=[])
        task = TaskInstance.objects.get(pk=task.pk)
        self.assertEqual((task.assigned_to, task.status), (self.walt, TaskStatus.OPEN))
        self.assertEqual(self.kinds(task), [RELEASED, ASSIGNED])
        event = WorkflowEvent.objects.get(task_instance=task, kind=RELEASED)
        self.assertEqual((event.actor, event.data["from_id"]), (self.alice, self.wendy.pk))

    def test_they_wait_where_nobody_else_is_available(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.wendy.is_active = False
        self.save(self.wendy, SystemRole.TASK_WORKER, company_roles=[])
        task = TaskInstance.objects.get(pk=task.pk)
        self.assertEqual((task.assigned_to, task.status), (None, TaskStatus.PENDING))
        self.assertEqual(list(TaskInstance.objects.unassigned()), [task])

    def test_whoever_is_no_task_worker_any_more_gives_all_back(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.save(self.wendy, SystemRole.USER, company_roles=[])
        self.assertIsNone(TaskInstance.objects.get(pk=task.pk).assigned_to)

    def test_whoever_leaves_a_role_gives_back_its_tasks_only(self) -> None:
        self.role.members.add(self.wendy)
        of_role = make_task(make_form(role=self.role), to=self.wendy)
        other = make_task(make_form(key="other"), to=self.wendy)
        self.save(self.wendy, SystemRole.TASK_WORKER, company_roles=[])
        self.assertIsNone(TaskInstance.objects.get(pk=of_role.pk).assigned_to)
        self.assertEqual(TaskInstance.objects.get(pk=other.pk).assigned_to, self.wendy)

    def test_the_role_screen_gives_back_too(self) -> None:
        self.role.members.add(self.wendy, self.walt)
        User.objects.filter(pk=self.walt.pk).update(is_available=True)
        task = make_task(make_form(role=self.role), to=self.wendy)
        save_company_role(role=self.role, members=[self.walt], now=NOW)
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, self.walt)

    def test_whoever_is_only_away_keeps_what_they_have(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        self.wendy.is_available = False
        self.save(self.wendy, SystemRole.TASK_WORKER, company_roles=[])
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, self.wendy)

    def test_what_is_done_stays_theirs(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        task.complete(output={}, now=NOW)
        task.save()
        self.wendy.is_active = False
        self.save(self.wendy, SystemRole.TASK_WORKER, company_roles=[])
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).assigned_to, self.wendy)

    def test_a_held_workflows_task_is_given_back_and_waits(self) -> None:
        task = make_task(make_form(), to=self.wendy)
        task.workflow_instance.hold()
        task.workflow_instance.save()
        User.objects.filter(pk=self.walt.pk).update(is_available=True)
        self.wendy.is_active = False
        self.save(self.wendy, SystemRole.TASK_WORKER, company_roles=[])
        self.assertIsNone(TaskInstance.objects.get(pk=task.pk).assigned_to)

    def test_all_or_some_are_given_back_on_request(self) -> None:
        self.role.members.add(self.wendy)
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        of_role = make_task(make_form(role=self.role), to=self.wendy)
        other = make_task(make_form(key="other"), to=self.wendy)
        self.assertEqual(release_tasks(user=self.wendy, now=NOW, roles=[self.role]), 1)
        self.assertIsNone(TaskInstance.objects.get(pk=of_role.pk).assigned_to)
        self.assertEqual(TaskInstance.objects.get(pk=other.pk).assigned_to, self.wendy)
        self.assertEqual(release_tasks(user=self.wendy, now=NOW), 1)
        self.assertIsNone(TaskInstance.objects.get(pk=other.pk).assigned_to)

    def test_charlies_company_is_not_touched(self) -> None:
        make_task(make_form(), to=self.wendy)
        self.assertEqual(release_tasks(user=self.charlie, now=NOW), 0)
