"""The dashboard shows ticket admins which tasks nobody can be given, and who is missing."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.core.cache import cache
from django.urls import reverse

from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.models import CompanyRole, TaskDefinition

WORDS = "Where people are missing"


class MissingPeopleTests(CompanyTestCase):
    """Purchases are checked by accountants."""

    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.type = make_type()
        self.role = CompanyRole.objects.create(name="Accounting")
        TaskDefinition.objects.filter(key="check").update(candidate_role=self.role)

    def submit(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            submit_ticket(definition=self.type, data={"what": "A desk"}, user=self.uma)

    def dashboard(self) -> Any:
        self.log_in(self.terry)
        return self.client.get(reverse("admin:index"))

    def test_a_role_without_task_workers_is_named(self) -> None:
        self.role.members.add(self.uma)
        self.submit()
        page = self.dashboard()
        self.assertContains(page, WORDS)
        self.assertContains(page, "No task worker has this company role.")
        self.assertEqual(
            [(each.role, each.count, each.is_empty) for each in page.context["understaffed_roles"]],
            [("Accounting", 1, True)],
        )
        self.assertContains(page, "?status=UNASSIGNED")

    def test_a_role_whose_workers_are_away_is_told_apart(self) -> None:
        self.role.members.add(self.wendy)
        self.wendy.is_available = False
        self.wendy.save(update_fields=["is_available"])
        self.submit()
        self.assertContains(self.dashboard(), "Everybody who could be given these tasks is away.")

    def test_tasks_of_no_role_need_any_task_worker(self) -> None:
        TaskDefinition.objects.filter(key="check").update(candidate_role=None)
        for worker in (self.wendy, self.walt):
            worker.groups.remove(worker.groups.get(name=SystemRole.TASK_WORKER.value))
        self.submit()
        self.assertContains(self.dashboard(), "Nobody is a task worker.")

    def test_nothing_is_said_where_nobody_is_missing(self) -> None:
        self.role.members.add(self.wendy)
        self.submit()
        self.assertNotContains(self.dashboard(), WORDS)

    def test_only_ticket_admins_of_the_company_are_told(self) -> None:
        self.submit()
        for person in (self.uma, self.wendy, self.carla, self.charlie):
            self.log_in(person)
            self.assertNotContains(self.client.get(reverse("admin:index")), WORDS)

    def test_no_more_are_looked_at_than_wait_the_longest(self) -> None:
        for _number in range(3):
            self.submit()
        self.assertContains(self.dashboard(), "3 tasks, the oldest for")
        with mock.patch("project.admin_site.dashboard.MOST_WAITING", 2):
            page = self.dashboard()
        self.assertContains(page, "2 tasks or more, the oldest for")

    def test_queries_do_not_grow_with_tasks(self) -> None:
        self.submit()
        self.dashboard()
        few = self.count_queries(reverse("admin:index"))
        for _number in range(5):
            self.submit()
        self.assertLessEqual(self.count_queries(reverse("admin:index")), few)
