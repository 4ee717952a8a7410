"""Ticket admins look at workflows, task definitions and ticket types, and change none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from django.db.models import Model
from django.test import tag
from django.urls import reverse

from project.tests.pages import forms_of
from tenants.pages.links import admin_link
from tenants.testing import CompanyTestCase, outside
from tickets.models import ErrorType, TicketError
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.definitions.tests.test_definition_pages import bundle
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import TaskInstance, TicketDefinition, WorkflowDefinition

DEFINITIONS = re.compile(r"/app/workflows/(workflow|task|ticket)definition/")


@tag("companies")
class TicketAdminsLookTest(CompanyTestCase):
    SECONDS_EACH = 10.0

    def setUp(self) -> None:
        super().setUp()
        document = bundle()
        document["ticket_types"][0]["roles_with_access"] = []
        published = import_bundle(document=document, user=self.carla)
        self.workflow = publish_workflow(workflow=published, user=self.carla)
        self.draft = new_draft(workflow=self.workflow, user=self.carla)
        ticket_type = TicketDefinition.objects.get(is_active=True)
        self.ticket = submit_ticket(
            definition=ticket_type, data={"amount": 500}, user=self.uma, title="Chairs"
        )
        self.task = TaskInstance.objects.get()
        self.error = TicketError.objects.create(
            ticket=self.ticket,
            task=self.task,
            error_type=ErrorType.TASK_UPDATE,
            message="It went wrong.",
        )
        self.log_in(self.terry)

    def test_an_error_leads_to_what_says_how_it_should_have_gone(self) -> None:
        page = self.client.get(admin_link(self.error))
        self.assertContains(page, "How it should go")
        described: list[Model] = [self.workflow, self.task.definition, self.ticket.definition]
        for each in described:
            self.assertContains(page, f'href="{admin_link(each)}"')
            self.assertEqual(self.client.get(admin_link(each)).status_code, 200)

    def test_an_error_without_a_task_leads_to_the_workflow(self) -> None:
        self.error.task = None
        self.error.save()
        page = self.client.get(admin_link(self.error))
        self.assertContains(page, admin_link(self.workflow))
        self.assertNotContains(page, admin_link(self.task.definition))

    def test_whoever_may_not_see_definitions_reads_their_titles(self) -> None:
        with outside():
            group = self.terry.groups.get(name="ticket_admin")
            group.permissions.remove(*group.permissions.filter(codename__endswith="definition"))
        page = self.client.get(admin_link(self.error))
        self.assertContains(page, str(self.workflow))
        self.assertNotContains(page, admin_link(self.workflow))

    def test_no_link_and_no_button_leads_where_they_may_not_go(self) -> None:
        visited: dict[tuple[str, tuple[str, ...]], str] = {}
        waiting = [reverse("admin:index"), admin_link(self.error), admin_link(self.draft)]
        while waiting:
            address = waiting.pop()
            parts = urlsplit(address)
            place = (parts.path, tuple(name for name, _value in parse_qsl(parts.query)))
            if place in visited:
                continue
            page = self.client.get(address, follow=True)
            with self.subTest(address):
                self.assertEqual(page.status_code, 200)
            visited[place] = address
            if "text/html" not in page["Content-Type"]:
                continue
            html = page.content.decode()
            waiting += links_in(html, parts.path)
            if DEFINITIONS.match(parts.path):
                self.ensure_forms_answer(html, address)
        seen = {path for path, _names in visited}
        for each in (self.workflow, self.draft, self.task.definition, self.ticket.definition):
            self.assertIn(admin_link(each), seen)

    def ensure_forms_answer(self, html: str, address: str) -> None:
        for form in forms_of(html, address=address):
            if form.method.lower() == "post" and DEFINITIONS.match(urlsplit(form.action).path):
                with self.subTest(page=address, form=form.action):
                    self.assertNotEqual(self.client.post(form.action, {}).status_code, 403)

    def test_what_changes_definitions_is_refused(self) -> None:
        for name, arguments in (
            ("workflowdefinition_import", ()),
            ("workflowdefinition_gallery", ()),
            ("workflowdefinition_publish", (self.draft.pk,)),
            ("workflowdefinition_delete_draft", (self.draft.pk,)),
            ("workflowdefinition_start_editing", (self.workflow.pk,)),
            ("taskdefinition_upload", ()),
            ("ticketdefinition_offer", (self.ticket.definition_id,)),
            ("ticketdefinition_import", ()),
        ):
            with self.subTest(name):
                address = reverse(f"admin:workflows_{name}", args=arguments)
                self.assertEqual(self.client.post(address, {}).status_code, 403)
        self.assertEqual(WorkflowDefinition.objects.count(), 2)


def links_in(html: str, path: str) -> Iterator[str]:
    """The addresses of pages of ours that a page leads to, without what ends the session."""
    for link in re.findall(r'<a\b[^>]*\shref="([^"#]+)', html):
        address = unescape(link)
        if address.startswith("?"):
            address = path + address
        if address.startswith("/app/") and "logout" not in address and "password" not in address:
            yield address
