from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from project.admin_site.dashboard import Figure
from tenants.connection import use_company, use_public
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person, sign_up
from tenants.testing import CompanyTestCase, outside
from tickets.finding.pages.filters import end_of_day
from tickets.models import ErrorType, Ticket, TicketError
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowInstance,
)


def counts_on(response: Any) -> list[int]:
    return [f.count for group in response.context["figure_groups"] for f in group.figures]


class DashboardTestCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        cache.clear()

    def dashboard_of(self, user: User) -> Any:
        self.log_in(user)
        return self.client.get(reverse("admin:index"))

    def make_workflow(self, *, by: User | None = None) -> WorkflowDefinition:
        workflow = WorkflowDefinition.objects.create(key="errands", title="Errands")
        workflow.publish(by=by or self.carla)
        workflow.save()
        return workflow

    def make_ticket(self, title: str, *, by: User, worker: User | None = None) -> Ticket:
        """A ticket with one form task: open with the worker, or waiting for one."""
        workflow = WorkflowDefinition.objects.filter(key="errands").first() or self.make_workflow()
        kind, _made = TicketDefinition.objects.get_or_create(
            key="errand", defaults={"title": "Errand", "workflow": workflow, "is_active": True}
        )
        step, _made = TaskDefinition.objects.get_or_create(
            workflow=workflow, key="run", defaults={"title": "Run the errand", "task_type": "FORM"}
        )
        instance = WorkflowInstance.objects.create(workflow=workflow)
        ticket = Ticket.objects.create(
            title=title,
            definition=kind,
            workflow=workflow,
            workflow_instance=instance,
            created_by=by,
        )
        task = TaskInstance.objects.create(workflow_instance=instance, definition=step)
        if worker is not None:
            task.assign(to=worker, now=timezone.now())
            task.save()
        instance.current_task = task
        instance.save()
        return ticket


class RoleTests(DashboardTestCase):
    def test_a_user_is_led_to_submitting_and_sees_their_running_tickets(self) -> None:
        self.make_ticket("A stamp", by=self.uma, worker=self.wendy)
        self.make_ticket("A letter", by=self.walt)
        response = self.dashboard_of(self.uma)
        self.assertContains(response, reverse("admin:tickets_myticket_submit"))
        self.assertContains(response, "A stamp")
        self.assertContains(response, "Run the errand")
        self.assertNotContains(response, "A letter")

    def test_a_worker_sees_their_open_tasks_the_oldest_first(self) -> None:
        for title in ("The first errand", "The second errand"):
            self.make_ticket(title, by=self.uma, worker=self.wendy)
        self.make_ticket("Of walt", by=self.uma, worker=self.walt)
        response = self.dashboard_of(self.wendy)
        page = response.content.decode()
        self.assertLess(page.index("The first errand"), page.index("The second errand"))
        self.assertNotContains(response, "Of walt")

    def test_what_has_just_come_does_not_wait_for_0_minutes(self) -> None:
        self.make_ticket("The first errand", by=self.uma, worker=self.wendy)
        response = self.dashboard_of(self.wendy)
        self.assertContains(response, "waits for less than a minute")
        TaskInstance.objects.update(created_at=timezone.now() - timedelta(hours=2))
        self.assertContains(self.dashboard_of(self.wendy), "waits for 2\xa0hours")

    def test_a_worker_who_is_not_available_is_told(self) -> None:
        self.assertContains(self.dashboard_of(self.wendy), "New tasks appear here")
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        self.assertContains(self.dashboard_of(self.wendy), "You are set to not available")

    def test_a_ticket_admin_sees_what_needs_care(self) -> None:
        ticket = self.make_ticket("A stamp", by=self.uma)
        TicketError.objects.create(
            ticket=ticket, error_type=ErrorType.TASK_UPDATE, message="The stamp was licked."
        )
        response = self.dashboard_of(self.terry)
        self.assertEqual(counts_on(response), [1, 1, 0, 0, 1])
        self.assertContains(response, "The stamp was licked.")
        self.assertContains(response, "Tasks that nobody has")

    def test_a_creator_sees_drafts_and_published_workflows(self) -> None:
        self.assertContains(self.dashboard_of(self.carla), "No workflow yet")
        self.make_workflow()
        WorkflowDefinition.objects.create(key="draft", title="Half a thought")
        response = self.dashboard_of(self.carla)
        self.assertContains(response, "Errands (v1)")
        self.assertContains(response, "Half a thought (v1)")
        self.assertContains(response, reverse("admin:workflows_workflowdefinition_import"))

    def test_an_admin_sees_who_has_no_role(self) -> None:
        create_person(
            company=self.acme, email="new@acme.example", password=None, roles=(), first_name="Nell"
        )
        with outside():
            create_person(
                company=self.globex,
                email="new@globex.example",
                password=None,
                roles=(),
                first_name="G",
            )
        response = self.dashboard_of(self.alice)
        self.assertContains(response, "new@acme.example")
        self.assertNotContains(response, "new@globex.example")

    def test_somebody_without_a_role_is_told_whom_to_ask(self) -> None:
        self.uma.groups.clear()
        self.assertContains(self.dashboard_of(self.uma), "You have no role yet")

    def test_a_superuser_outside_sees_companies_and_nothing_of_their_work(self) -> None:
        self.make_ticket("A stamp", by=self.uma)
        response = self.dashboard_of(self.root)
        self.assertContains(response, "Acme")
        self.assertContains(response, "6 people")
        self.assertNotContains(response, "A stamp")

    def test_those_who_can_see_to_it_are_told_that_no_worker_runs(self) -> None:
        text = "Nobody does the work in the background"
        for seconds, is_shown in ((None, True), (90, True), (10, False)):
            with outside(), connection.cursor() as cursor:
                cursor.execute("DELETE FROM procrastinate_workers")
                if seconds is not None:
                    cursor.execute(
                        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES"
                        " (now() - make_interval(secs => %s))",
                        [seconds],
                    )
            for user in (self.alice, self.root):
                with self.subTest(user=user.email, seconds=seconds):
                    self.assertEqual(text in self.dashboard_of(user).content.decode(), is_shown)
            self.assertNotContains(self.dashboard_of(self.uma), text)

    def test_nobody_sees_another_companys_work(self) -> None:
        ticket = self.make_ticket("A secret stamp", by=self.uma, worker=self.wendy)
        TicketError.objects.create(
            ticket=ticket, error_type=ErrorType.TASK_UPDATE, message="A secret reason"
        )
        response = self.dashboard_of(self.charlie)
        for secret in ("A secret stamp", "A secret reason", "Errands", "Wendy", "acme"):
            self.assertNotContains(response, secret)
        self.assertEqual(set(counts_on(response)), {0})

    def test_each_number_is_that_of_the_list_that_it_leads_to(self) -> None:
        for each in ("one", "two", "three"):
            self.make_ticket(each, by=self.uma, worker=self.wendy)
        lost = self.make_ticket("four", by=self.uma)
        TicketError.objects.create(
            ticket=lost, error_type=ErrorType.TASK_UPDATE, message="It broke."
        )
        WorkflowInstance.objects.update(status="IN_PROGRESS")
        first, second, third = TaskInstance.objects.filter(assigned_to=self.wendy).order_by("pk")
        now = timezone.now()
        TaskInstance.objects.filter(pk=first.pk).update(due_at=now - timedelta(days=1))
        TaskInstance.objects.filter(pk=second.pk).update(
            due_at=end_of_day(now) - timedelta(microseconds=1)
        )
        TaskInstance.objects.filter(pk=third.pk).update(
            status="PENDING", due_at=now + timedelta(days=2)
        )
        for person, expected in (
            (self.wendy, [1, 1, 3, 1]),
            (self.uma, [1, 4]),
            (self.terry, [1, 1, 1, 1, 4]),
        ):
            response = self.dashboard_of(person)
            self.assertEqual(counts_on(response), expected)
            for group in response.context["figure_groups"]:
                for figure in group.figures:
                    with self.subTest(figure.label, person=person.email):
                        rows = self.client.get(figure.url).context["cl"].result_count
                        self.assertEqual(rows, figure.count)

    def test_what_is_too_many_to_read_is_not_counted(self) -> None:
        self.assertEqual(Figure("Overdue", 100, "").text, "99+")
        self.assertEqual(Figure("Overdue", 99, "").text, "99")
        self.assertEqual(Figure("Running", 1000, "", most=999).text, "999+")

    def test_no_raw_list_of_models_is_shown(self) -> None:
        for person in (self.uma, self.alice, self.root):
            response = self.dashboard_of(person)
            self.assertNotContains(response, 'class="model-')
            self.assertNotContains(response, "Site administration")

    def test_it_takes_few_queries_however_much_there_is(self) -> None:
        for role in SystemRole:
            self.give_role(self.alice, role)
        self.log_in(self.alice)
        self.client.get("/app/")
        self.make_ticket("One", by=self.alice, worker=self.alice)
        with_one = self.count_queries("/app/")
        for number in range(5):
            ticket = self.make_ticket(f"Ticket {number}", by=self.alice, worker=self.alice)
            self.make_ticket(f"Waiting {number}", by=self.alice)
            TicketError.objects.create(
                ticket=ticket, error_type=ErrorType.TASK_UPDATE, message="No"
            )
        self.assertLessEqual(self.count_queries("/app/"), with_one + 2)


class FirstStepsTests(DashboardTestCase):
    def setUp(self) -> None:
        super().setUp()
        use_public()
        self.bea = sign_up(
            company_name="Bright Bakery",
            first_name="Bea",
            last_name="Baker",
            email="bea@bakery.example",
            password="rye-and-sourdough",
        )
        assert self.bea.company is not None
        self.bakery = self.bea.company
        use_company(self.bakery)

    def done(self) -> list[bool]:
        cache.clear()
        response = self.dashboard_of(self.bea)
        return [step.done for step in response.context.get("first_steps") or []]

    def test_they_are_ticked_off_one_by_one_and_then_go_away(self) -> None:
        self.assertEqual(self.done(), [False, False, False, False])
        WorkflowDefinition.objects.create(key="draft", title="A draft is not enough")
        self.assertEqual(self.done(), [False, False, False, False])
        workflow = self.make_workflow(by=self.bea)
        self.assertEqual(self.done(), [True, False, False, False])
        ben = create_person(
            company=self.bakery, email="ben@bakery.example", password=None, roles=()
        )
        self.assertEqual(self.done(), [True, True, False, False])
        self.give_role(ben, SystemRole.TASK_WORKER)
        self.assertEqual(self.done(), [True, True, True, False])
        kind = TicketDefinition.objects.create(key="errand", title="Errand", workflow=workflow)
        Ticket.objects.create(
            title="The first", definition=kind, workflow=workflow, created_by=self.bea
        )
        self.assertEqual(self.done(), [])
        self.assertNotContains(self.client.get("/app/"), "First steps")

    def test_each_leads_to_its_screen(self) -> None:
        response = self.dashboard_of(self.bea)
        for step in response.context["first_steps"]:
            self.assertEqual(self.client.get(step.url).status_code, 200, step.url)

    def test_who_may_not_do_a_step_gets_no_link(self) -> None:
        self.bea.groups.set(self.bea.groups.filter(name=SystemRole.ADMIN.value))
        response = self.dashboard_of(self.bea)
        self.assertEqual(
            [bool(step.url) for step in response.context["first_steps"]],
            [False, True, True, False],
        )
        self.assertContains(response, "Somebody with the role for it must do this.", count=2)
