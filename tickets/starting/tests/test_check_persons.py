"""Starts as the tickets of nobody who may submit them are refused when they are published."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.advancing.tests.times_case import loan
from tickets.models import RecurringStart
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow, publishing_problems
from workflows.bundles.document.errors import NotPublishableError
from workflows.models import CompanyRole, WorkflowDefinition
from workflows.people.change_people import save_person

PLACE = "ticket_types[0].starts[0].on_behalf_of"


def document(email: str = "", roles: tuple[str, ...] = ()) -> Any:
    made: Any = loan({})
    start = {"key": "daily", "rule": "FREQ=DAILY", "at": "08:00"}
    if email:
        start["on_behalf_of"] = email
    made["ticket_types"][0]["starts"] = [start]
    if roles:
        made["ticket_types"][0]["roles_with_access"] = list(roles)
        made["company_roles"] = [{"name": each} for each in roles]
    return made


class PersonOfStartTests(CompanyTestCase):
    def draft(self, email: str = "", roles: tuple[str, ...] = ()) -> WorkflowDefinition:
        return import_bundle(document=document(email, roles), user=self.carla)

    def refusals(self, draft: WorkflowDefinition) -> list[tuple[str, str]]:
        found = publishing_problems(workflow=draft, user=self.carla)
        return [(each.place, each.message) for each in found if each.is_error]

    def test_whoever_publishes_may_not_submit(self) -> None:
        self.assertFalse(self.carla.has_perm("tickets.add_myticket"))
        draft = self.draft()
        ((place, message),) = self.refusals(draft)
        self.assertEqual(place, PLACE)
        self.assertIn("you may not submit this ticket type yourself", message)
        with self.assertRaises(NotPublishableError):
            publish_workflow(workflow=draft, user=self.carla)
        self.log_in(self.carla)
        page = reverse("admin:workflows_workflowdefinition_change", args=[draft.pk])
        shown = self.client.get(page)
        self.assertContains(shown, "This draft cannot be published: 1 problem.")
        self.assertContains(shown, "you may not submit this ticket type yourself")
        self.assertFalse(RecurringStart.objects.exists())
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(page, follow=True), "Loan", status_code=404)

    def test_somebody_is_named(self) -> None:
        draft = self.draft(self.uma.email)
        self.assertEqual(self.refusals(draft), [])
        publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(RecurringStart.objects.get().person, self.uma)
        # A later version that says nothing keeps whom the company has named.
        self.assertEqual(self.refusals(self.draft()), [])

    def test_whoever_is_named_may_not(self) -> None:
        ((place, message),) = self.refusals(self.draft(self.carla.email))
        self.assertEqual(place, PLACE)
        self.assertIn(self.carla.email, message)
        role = CompanyRole.objects.create(name="Borrowers")
        ((_place, message),) = self.refusals(self.draft(self.uma.email, ("Borrowers",)))
        self.assertIn(self.uma.email, message)
        role.members.add(self.uma)
        self.assertEqual(self.refusals(self.draft(self.uma.email, ("Borrowers",))), [])

    def test_whose_it_is_has_left(self) -> None:
        publish_workflow(workflow=self.draft(self.uma.email), user=self.carla)
        self.uma.is_active = False
        self.uma.save()
        ((_place, message),) = self.refusals(self.draft())
        self.assertIn(str(self.uma), message)

    def test_whoever_publishes_may_submit(self) -> None:
        save_person(
            person=self.carla, roles=[SystemRole.WORKFLOW_CREATOR, SystemRole.USER],
            company_roles=None, now=timezone.now(), actor=self.alice,
        )  # fmt: skip
        draft = self.draft()
        self.assertEqual(self.refusals(draft), [])
        publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(RecurringStart.objects.get().person, self.carla)
