"""The screens of the workflow creator: workflows, their tasks, ticket types."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from django.urls import reverse

from tenants.testing import CompanyTestCase
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import (
    CompanyRole,
    DefinitionStatus,
    TaskDefinition,
    TicketDefinition,
    WorkflowDefinition,
)

LIST = reverse("admin:workflows_workflowdefinition_changelist")
TASKS = reverse("admin:workflows_taskdefinition_changelist")
TYPES = reverse("admin:workflows_ticketdefinition_changelist")

BUNDLE: dict[str, Any] = {
    "format": "ticketflower-bundle",
    "format_version": 1,
    "workflow": {
        "key": "purchase",
        "title": "Purchase",
        "fields": [
            {"name": "amount", "label": "Amount in EUR", "type": "number", "required": True},
            {
                "name": "urgency",
                "label": "Urgency",
                "type": "choice",
                "choices": ["Low", "High"],
            },
        ],
    },
    "tasks": [
        {
            "key": "approve",
            "title": "Approve the purchase",
            "candidate_role": "Approver",
            "fields": [{"name": "approved", "label": "Approved?", "type": "boolean"}],
        },
        {
            "key": "order",
            "title": "Order it",
            "task_type": "SYNC_ACTION",
            "action_url": "https://shop.example/orders",
            "input_transform": {"amount": {"var": "ticket.amount"}},
        },
    ],
    "transitions": [
        {"from": "start", "to": "approve"},
        {
            "from": "approve",
            "to": "order",
            "condition": {">": [{"var": "ticket.amount"}, 100]},
            "priority": 1,
        },
        {"from": "approve", "to": "end", "label": "nothing to order", "priority": 2},
        {"from": "order", "to": "end", "label": "ordered"},
    ],
    "ticket_types": [
        {
            "key": "urgent_purchase",
            "title": "Urgent purchase",
            "presets": {"urgency": "High"},
            "roles_with_access": ["Approver"],
        }
    ],
    "company_roles": [{"name": "Approver"}],
}


def bundle(**workflow: object) -> dict[str, Any]:
    made = deepcopy(BUNDLE)
    made["workflow"] |= workflow
    return made


def change_url(obj: WorkflowDefinition | TaskDefinition | TicketDefinition) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(obj.pk,))


def button_url(workflow: WorkflowDefinition, verb: str) -> str:
    return reverse(f"admin:workflows_workflowdefinition_{verb}", args=(workflow.pk,))


class DefinitionTestCase(CompanyTestCase):
    workflow: WorkflowDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        draft = import_bundle(document=bundle(), user=cls.carla)
        cls.workflow = publish_workflow(workflow=draft, user=cls.carla)

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def make_draft(self, **workflow: object) -> WorkflowDefinition:
        return import_bundle(document=bundle(**workflow), user=self.carla)


class RolesWithoutPeopleTest(DefinitionTestCase):
    def test_it_says_whose_tasks_would_wait(self) -> None:
        page = self.client.get(change_url(self.workflow))
        self.assertEqual([str(each) for each in page.context["roles_without_people"]], ["Approver"])
        self.assertContains(page, "A company admin says who is in them.")
        role = CompanyRole.objects.get(name="Approver")
        role.members.add(self.uma)  # who is given no tasks
        self.assertContains(self.client.get(change_url(self.workflow)), "Nobody is there yet")
        role.members.add(self.wendy)
        self.assertNotContains(self.client.get(change_url(self.workflow)), "Nobody is there yet")


class WorkflowListTest(DefinitionTestCase):
    def test_it_shows_the_newest_version_of_each_workflow(self) -> None:
        self.make_draft(title="Purchase, better")
        page = self.client.get(LIST)
        self.assertContains(page, "Purchase, better")
        self.assertNotContains(page, change_url(self.workflow))
        self.assertContains(page, "Draft")

    def test_older_versions_can_be_reached(self) -> None:
        self.make_draft(title="Purchase, better")
        for versions in ("all", "PUBLISHED"):
            with self.subTest(versions):
                page = self.client.get(LIST, {"versions": versions})
                self.assertContains(page, change_url(self.workflow))

    def test_it_counts_tasks_and_names_ticket_types(self) -> None:
        page = self.client.get(LIST)
        self.assertContains(page, "Urgent purchase")
        row = page.context["cl"].result_list[0]
        self.assertEqual(row.task_count, 2)
        self.assertContains(page, "Carla Cole")

    def test_its_queries_do_not_grow_with_its_rows(self) -> None:
        self._add(4)
        self.client.get(LIST)
        few = self.count_queries(LIST)
        self._add(20)
        self.client.get(LIST)
        self.assertEqual(self.count_queries(LIST), few)
        self.assertLess(few, 20)

    def _add(self, count: int) -> None:
        start = WorkflowDefinition.objects.count()
        for number in range(start, start + count):
            document = bundle(key=f"purchase_{number}", title=f"Purchase {number}")
            document["ticket_types"][0]["key"] = f"urgent_{number}"
            publish_workflow(
                workflow=import_bundle(document=document, user=self.carla), user=self.carla
            )

    def test_an_empty_list_says_what_to_do(self) -> None:
        WorkflowDefinition.objects.update(key="gone")
        TicketDefinition.objects.all().delete()
        TaskDefinition.objects.all().delete()
        WorkflowDefinition.objects.all().delete()
        page = self.client.get(LIST)
        self.assertContains(page, "There are no workflows yet")
        self.assertContains(page, reverse("admin:workflows_workflowdefinition_import"))

    def test_a_search_that_finds_nothing_is_not_an_empty_list(self) -> None:
        page = self.client.get(LIST, {"q": "nothing like this"})
        self.assertNotContains(page, "There are no workflows yet")


class WorkflowPageTest(DefinitionTestCase):
    def test_it_explains_the_workflow(self) -> None:
        page = self.client.get(change_url(self.workflow))
        self.assertContains(page, '<svg class="flow"')
        self.assertContains(page, 'href="#task-approve"')
        self.assertContains(page, 'id="task-approve"')
        self.assertContains(page, "Amount in EUR")
        self.assertContains(page, "Amount in EUR is more than 100")
        self.assertContains(page, "members of Approver")
        self.assertContains(page, "https://shop.example/orders")
        self.assertContains(page, "Urgent purchase")
        self.assertContains(page, "Published by Carla Cole")

    def test_it_links_the_other_versions(self) -> None:
        draft = self.make_draft(title="Purchase, better")
        page = self.client.get(change_url(draft))
        self.assertContains(page, change_url(self.workflow))

    def test_a_published_version_has_no_publish_button(self) -> None:
        page = self.client.get(change_url(self.workflow))
        self.assertNotContains(page, button_url(self.workflow, "publish"))
        self.assertContains(page, button_url(self.workflow, "start_editing"))

    def test_what_a_customer_wrote_is_text(self) -> None:
        draft = self.make_draft(title="<script>alert(1)</script>", description="<b>bold</b>")
        page = self.client.get(change_url(draft))
        self.assertNotContains(page, "<script>alert(1)")
        self.assertNotContains(page, "<b>bold</b>")

    def test_a_reference_that_is_no_web_address_is_no_link(self) -> None:
        WorkflowDefinition.objects.filter(pk=self.workflow.pk).update(
            ext_ref=[{"label": "Trap", "uri": "javascript:alert(1)"}, "nonsense"]
        )
        page = self.client.get(change_url(self.workflow))
        self.assertContains(page, "Trap")
        self.assertNotContains(page, "javascript:alert")

    def test_it_survives_a_broken_draft(self) -> None:
        """Such as on-screen editing may leave behind: it is shown, and cannot be published."""
        draft = self.make_draft(title="Broken")
        for fields in ("nonsense", [{"name": 3}], {"a": 1}, [None], 7):
            WorkflowDefinition.objects.filter(pk=draft.pk).update(fields=fields)
            with self.subTest(fields):
                page = self.client.get(change_url(draft))
                self.assertContains(page, "cannot be published")

    def test_a_post_changes_nothing(self) -> None:
        response = self.client.post(change_url(self.workflow), {"title": "Mine"})
        self.assertEqual(response.status_code, 403)

    def test_it_cannot_be_deleted_or_added_by_hand(self) -> None:
        delete = reverse("admin:workflows_workflowdefinition_delete", args=(self.workflow.pk,))
        self.assertEqual(self.client.post(delete, {"post": "yes"}).status_code, 403)
        add = reverse("admin:workflows_workflowdefinition_add")
        self.assertEqual(self.client.get(add).status_code, 403)


class PublishTest(DefinitionTestCase):
    def test_it_publishes_a_draft(self) -> None:
        draft = self.make_draft(title="Purchase, better")
        response = self.client.post(button_url(draft, "publish"), follow=True)
        self.assertContains(response, "Version 2 of “Purchase, better” is published.")
        draft = WorkflowDefinition.objects.get(pk=draft.pk)
        self.assertEqual(draft.status, DefinitionStatus.PUBLISHED)
        self.assertEqual(draft.published_by, self.carla)
        old = WorkflowDefinition.objects.get(pk=self.workflow.pk)
        self.assertEqual(old.status, DefinitionStatus.RETIRED)

    def test_it_does_nothing_on_get(self) -> None:
        draft = self.make_draft(title="Purchase, better")
        for verb in ("publish", "start_editing"):
            self.assertEqual(self.client.get(button_url(draft, verb)).status_code, 405)
        self.assertTrue(WorkflowDefinition.objects.get(pk=draft.pk).is_draft)
        self.assertEqual(WorkflowDefinition.objects.count(), 2)

    def test_a_draft_with_errors_is_refused_and_says_why(self) -> None:
        draft = self.make_draft(title="Purchase, better")
        draft.transitions.filter(from_task=None).delete()
        page = self.client.get(change_url(draft))
        self.assertContains(page, "This draft cannot be published")
        self.assertNotContains(page, button_url(draft, "publish"))
        response = self.client.post(button_url(draft, "publish"), follow=True)
        self.assertContains(response, "must be corrected before it can be published")
        self.assertTrue(WorkflowDefinition.objects.get(pk=draft.pk).is_draft)

    def test_publishing_twice_is_told_not_done(self) -> None:
        response = self.client.post(button_url(self.workflow, "publish"), follow=True)
        self.assertContains(response, "Only a draft can be changed or published.")


class DownloadTest(DefinitionTestCase):
    def test_it_downloads_the_bundle(self) -> None:
        response = self.client.get(button_url(self.workflow, "download"))
        self.assertEqual(response["Content-Type"], "application/json")
        self.assertEqual(response["Content-Disposition"], 'attachment; filename="purchase-v1.json"')
        document = json.loads(response.content)
        self.assertEqual(document["workflow"]["key"], "purchase")
        self.assertEqual(import_bundle(document=document, user=self.carla), self.workflow)


class TaskAndTicketTypePagesTest(DefinitionTestCase):
    def test_the_task_list_shows_the_tasks(self) -> None:
        page = self.client.get(TASKS)
        self.assertContains(page, "Approve the purchase")
        self.assertContains(page, "Purchase")
        calls = self.client.get(TASKS, {"type": "SYNC_ACTION"})
        self.assertNotContains(calls, "Approve the purchase")

    def test_the_task_list_is_narrowed_and_searched(self) -> None:
        draft = self.make_draft(title="Purchase, better")

        def shown(**asked: str) -> set[tuple[str, int]]:
            page = self.client.get(TASKS, asked)
            return {(each.key, each.workflow.version) for each in page.context["cl"].result_list}

        first, second = {("approve", 1), ("order", 1)}, {("approve", 2), ("order", 2)}
        for asked, expected in (
            ({}, second),
            ({"version": "all"}, first | second),
            ({"version": "1"}, first),
            ({"status": "PUBLISHED"}, first),
            ({"status": "DRAFT"}, second),
            ({"status": "DRAFT", "version": "1"}, set()),
            ({"workflow": "purchase"}, second),
            ({"workflow": "nothing"}, second),  # what is no choice counts for nothing
            ({"type": "SYNC_ACTION"}, {("order", 2)}),
            ({"q": "approver"}, {("approve", 2)}),
            ({"q": "better", "type": "FORM"}, {("approve", 2)}),
        ):
            with self.subTest(asked):
                self.assertEqual(shown(**asked), expected)
        self.assertEqual(draft.version, 2)

    def test_a_workflow_leads_to_its_tasks_and_back(self) -> None:
        page = self.client.get(change_url(self.workflow))
        self.assertContains(page, f"{TASKS}?workflow=purchase&amp;version=1")
        for task in self.workflow.tasks.all():
            self.assertContains(page, change_url(task))
            self.assertContains(self.client.get(change_url(task)), change_url(self.workflow))
        upload = reverse("admin:workflows_taskdefinition_upload")
        self.assertContains(page, f"{upload}?workflow={self.workflow.pk}")
        self.log_in(self.terry)
        page = self.client.get(change_url(self.workflow))
        self.assertContains(page, TASKS)
        self.assertNotContains(page, upload)
        self.assertNotContains(self.client.get(TASKS), upload)

    def test_the_task_page_explains_the_task(self) -> None:
        form, call = TaskDefinition.objects.order_by("position")
        page = self.client.get(change_url(form))
        self.assertContains(page, "Approved?")
        self.assertContains(page, "Amount in EUR is more than 100")
        self.assertContains(page, f"{change_url(self.workflow)}#task-approve")
        page = self.client.get(change_url(call))
        self.assertContains(page, "https://shop.example/orders")
        self.assertContains(page, "ticket.amount")

    def test_the_ticket_type_page_shows_presets_and_what_is_asked(self) -> None:
        definition = TicketDefinition.objects.get()
        page = self.client.get(change_url(definition))
        self.assertContains(page, "What is filled in beforehand")
        self.assertContains(page, "High")
        self.assertContains(page, "Amount in EUR")
        self.assertContains(page, "Approver")
        self.assertContains(page, change_url(self.workflow))
        asked = [row.name for row in page.context["fields"].rows]
        self.assertEqual(asked, ["amount"])

    def test_the_ticket_type_list_shows_the_active_ones(self) -> None:
        draft = self.make_draft(title="Purchase, better")
        mine = TicketDefinition.objects.get(workflow=draft)
        self.assertNotContains(self.client.get(TYPES), change_url(mine))
        page = self.client.get(TYPES, {"versions": "inactive"})
        self.assertContains(page, change_url(mine))

    def test_their_queries_do_not_grow_with_their_rows(self) -> None:
        role = CompanyRole.objects.get()
        for url in (TASKS, TYPES):
            self._add(4, role)
            self.client.get(url)
            few = self.count_queries(url)
            self._add(20, role)
            self.client.get(url)
            with self.subTest(url):
                self.assertEqual(self.count_queries(url), few)

    def _add(self, count: int, role: CompanyRole) -> None:
        start = TicketDefinition.objects.count()
        for number in range(start, start + count):
            TaskDefinition.objects.create(
                workflow=self.workflow, key=f"t{number}", title=f"T {number}", candidate_role=role
            )
            definition = TicketDefinition.objects.create(
                key=f"type_{number}", title=f"Type {number}", workflow=self.workflow, is_active=True
            )
            definition.roles_with_access.add(role)


class WhoMayTest(DefinitionTestCase):
    def all_pages(self) -> list[str]:
        return [
            LIST,
            TASKS,
            TYPES,
            change_url(self.workflow),
            change_url(TaskDefinition.objects.earliest("pk")),
            change_url(TicketDefinition.objects.get()),
            button_url(self.workflow, "download"),
        ]

    def test_others_are_refused(self) -> None:
        for person in (self.alice, self.wendy, self.terry, self.uma):
            self.log_in(person)
            # A ticket admin looks at them, and no more.
            expected = 200 if person == self.terry else 403
            for url in self.all_pages():
                with self.subTest(url=url, person=person.email):
                    self.assertEqual(self.client.get(url).status_code, expected)
            for verb in ("publish", "start_editing"):
                with self.subTest(verb=verb, person=person.email):
                    response = self.client.post(button_url(self.workflow, verb))
                    self.assertEqual(response.status_code, 403)

    def test_charlie_sees_nothing(self) -> None:
        pages = self.all_pages()
        self.log_in(self.charlie)
        for url in pages[:3]:
            page = self.client.get(url)
            self.assertEqual(page.status_code, 200)
            self.assertNotContains(page, "urchase")
        for url in pages[3:]:
            with self.subTest(url):
                self.assertIn(self.client.get(url).status_code, (302, 404))
        for verb in ("publish", "start_editing"):
            self.assertEqual(self.client.post(button_url(self.workflow, verb)).status_code, 404)

    def test_a_superuser_outside_a_company_gets_no_page(self) -> None:
        pages = self.all_pages()
        self.log_in(self.root)
        for url in pages:
            with self.subTest(url):
                self.assertEqual(self.client.get(url).status_code, 403)

    def test_ids_that_are_none_are_not_found(self) -> None:
        for wrong in ("abc", "0", "-1", "99999999999999999999", "1%00", "ü"):
            for base in (LIST, TASKS, TYPES):
                with self.subTest(base=base, wrong=wrong):
                    response = self.client.get(f"{base}{wrong}/change/")
                    self.assertIn(response.status_code, (302, 404))
            for verb in ("download", "publish", "new-draft"):
                with self.subTest(verb=verb, wrong=wrong):
                    response = self.client.post(f"{LIST}{wrong}/{verb}/")
                    self.assertIn(response.status_code, (302, 404))

    def test_garbage_in_the_query_string_is_survived(self) -> None:
        for query in (
            "versions=%00", "versions=x", "o=999", "o=abc", "p=abc", "p=99999999999999999999",
            "q=%00", "type=%00", "title=%00", "key__regex=(", "workflow__key=%00", "_facets=1",
            "pk=abc", "all=", "_to_field=x", "created_by__password__startswith=p",
        ):  # fmt: skip
            for base in (LIST, TASKS, TYPES):
                with self.subTest(base=base, query=query):
                    response = self.client.get(f"{base}?{query}")
                    self.assertIn(response.status_code, (200, 302, 400, 404))
