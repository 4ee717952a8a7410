"""Where a page stands, in its head; and how lists say how much they have."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.repairing.tests.repair_case import SmallWorkflow


class HeadCase(SmallWorkflow, CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()

    def page(self, user: User, name: str, *arguments: object) -> Any:
        self.log_in(user)
        response = self.client.get(reverse(f"admin:{name}", args=arguments))
        self.assertEqual(response.status_code, 200, name)
        return response

    def crumbs(self, user: User, name: str, *arguments: object) -> list[tuple[str, str]]:
        """The titles of a page's breadcrumbs, with their addresses."""
        page = self.page(user, name, *arguments)
        found = [each["crumbs"] for each in page.context if "crumbs" in each]
        return [(each.title, each.url) for each in found[-1]]

    def titles(self, user: User, name: str, *arguments: object) -> list[str]:
        return [title for title, _url in self.crumbs(user, name, *arguments)]


class BreadcrumbTest(HeadCase):
    def test_a_list_is_called_what_the_sidebar_calls_it(self) -> None:
        for user, name, title in (
            (self.uma, "index", "Dashboard"),
            (self.uma, "tickets_myticket_changelist", "My tickets"),
            (self.wendy, "tickets_mytask_changelist", "My tasks"),
            (self.terry, "tickets_ticket_changelist", "All tickets"),
            (self.terry, "workflows_taskinstance_changelist", "All tasks"),
            (self.carla, "workflows_workflowdefinition_changelist", "Workflows"),
            (self.carla, "workflows_ticketdefinition_changelist", "Ticket types"),
            (self.alice, "workflows_companyrole_changelist", "Company roles"),
            (self.alice, "workflows_businesscalendar", "Working hours"),
        ):
            with self.subTest(name):
                self.assertEqual(self.crumbs(user, name), [(title, "")])

    def test_pages_beside_a_list_are_named(self) -> None:
        workflows = "workflows_workflowdefinition"
        self.assertEqual(self.titles(self.carla, f"{workflows}_gallery"), ["Gallery"])
        self.assertEqual(self.titles(self.carla, f"{workflows}_import")[0], "Import")
        self.assertEqual(self.titles(self.uma, "tickets_myticket_submit"), ["Submit a ticket"])
        self.assertEqual(
            self.titles(self.alice, "workflows_companyrole_add"),
            ["Company roles", "Add company role"],
        )
        self.assertEqual(
            self.titles(self.carla, "workflows_ticketdefinition_import"),
            ["Ticket types", "Upload: ticket types"],
        )

    def test_an_objects_page_ends_with_the_object(self) -> None:
        name = "workflows_workflowdefinition_change"
        pages = reverse("admin:workflows_workflowdefinition_changelist")
        self.assertEqual(
            self.crumbs(self.carla, name, self.workflow.pk),
            [("Workflows", pages), (str(self.workflow), "")],
        )
        titles = self.titles(self.terry, "tickets_ticket_change", self.ticket.pk)
        self.assertEqual(titles, ["All tickets", str(self.ticket)])
        titles = self.titles(self.uma, "tickets_myticket_change", self.ticket.pk)
        self.assertEqual(titles, ["My tickets", str(self.ticket)])

    def test_pages_beside_an_objects_own_lead_back_to_it(self) -> None:
        own = reverse("admin:workflows_workflowdefinition_change", args=(self.workflow.pk,))
        for page, title in (("try", "Try it"), ("tests", "Test cases"), ("replay", "Replay")):
            with self.subTest(page):
                name = f"workflows_workflowdefinition_{page}"
                crumbs = self.crumbs(self.carla, name, self.workflow.pk)
                self.assertEqual(crumbs[1:], [(str(self.workflow), own), (title, "")])

    def test_what_is_not_in_the_sidebar_is_called_as_its_list(self) -> None:
        task = self.workflow.tasks.earliest("pk")
        titles = self.titles(self.carla, "workflows_taskdefinition_change", task.pk)
        self.assertEqual(titles, ["Task definitions", str(task)])

    def test_nothing_leads_where_one_may_not_go(self) -> None:
        """A ticket admin may move tickets, and may not see the workflow's page."""
        name = "workflows_workflowdefinition_move_tickets"
        for _title, url in self.crumbs(self.terry, name, self.workflow.pk):
            if url:
                self.assertEqual(self.client.get(url).status_code, 200)

    def test_what_people_typed_is_only_text(self) -> None:
        type(self.workflow).objects.update(title="<script>x</script>")
        page = self.page(self.carla, "workflows_workflowdefinition_change", self.workflow.pk)
        self.assertNotContains(page, "<script>x")

    def test_charlie_sees_his_own_company_only(self) -> None:
        self.log_in(self.charlie)
        url = reverse("admin:workflows_workflowdefinition_change", args=(self.workflow.pk,))
        self.assertNotContains(self.client.get(url), str(self.workflow), status_code=404)


class ListCountTest(HeadCase):
    def test_my_own_are_counted_as_what_they_are(self) -> None:
        self.assertContains(self.page(self.uma, "tickets_myticket_changelist"), "1 ticket\n")
        self.give_role(self.wendy, SystemRole.TASK_WORKER)
        for user in (self.wendy, self.walt):
            page = self.page(user, "tickets_mytask_changelist")
            self.assertNotContains(page, "my task\n")

    def test_workflows_are_counted_as_workflows(self) -> None:
        page = self.page(self.carla, "workflows_workflowdefinition_changelist")
        self.assertContains(page, "1 workflow\n")

    def test_lists_are_called_what_they_hold(self) -> None:
        page = self.page(self.alice, "workflows_companyrole_changelist")
        self.assertContains(page, "<title>")
        self.assertEqual(page.context["title"], "Company roles")
        self.assertEqual(
            self.page(self.alice, "tenants_user_changelist").context["title"], "People"
        )
