"""Who may submit a ticket type, and whether it is offered: the service and its page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.tests.screens import make_type
from workflows.authoring.ticket_types.change_ticket_type import (
    change_ticket_type,
    ticket_type_marker,
)
from workflows.errors import (
    AnotherVersionActiveError,
    TicketTypeChangedError,
    WorkflowNotPublishedError,
)
from workflows.models import CompanyRole, TicketDefinition


class TicketTypeCase(CompanyTestCase):
    type: TicketDefinition
    role: CompanyRole

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.type = make_type()
        cls.role = CompanyRole.objects.create(name="Buyers")

    def fresh(self) -> TicketDefinition:
        return TicketDefinition.objects.get(pk=self.type.pk)

    def is_offered(self) -> bool:
        return TicketDefinition.objects.submittable_by(self.uma).exists()


class ServiceTest(TicketTypeCase):
    def test_only_members_of_the_roles_may_submit_it(self) -> None:
        change_ticket_type(definition=self.type, roles=[self.role], is_active=True)
        self.assertFalse(self.is_offered())
        self.role.members.add(self.uma)
        self.assertTrue(self.is_offered())
        change_ticket_type(definition=self.type, roles=[], is_active=True)
        self.role.members.clear()
        self.assertTrue(self.is_offered())

    def test_it_is_switched_off_and_on(self) -> None:
        change_ticket_type(definition=self.type, roles=[], is_active=False)
        self.assertFalse(self.is_offered())
        change_ticket_type(definition=self.type, roles=[], is_active=True)
        self.assertTrue(self.is_offered())

    def test_one_version_is_active_at_most(self) -> None:
        second = make_type(version=2)
        with self.assertRaisesMessage(AnotherVersionActiveError, "Version 2"):
            change_ticket_type(definition=self.type, roles=[], is_active=True)
        change_ticket_type(definition=second, roles=[], is_active=False)
        self.assertEqual(TicketDefinition.objects.active().count(), 0)

    def test_its_workflow_must_be_published(self) -> None:
        second = make_type(version=2)
        change_ticket_type(definition=second, roles=[], is_active=False)
        with self.assertRaises(WorkflowNotPublishedError):
            change_ticket_type(definition=self.type, roles=[], is_active=True)
        self.assertFalse(self.fresh().is_active)

    def test_what_somebody_else_changed_is_not_overwritten(self) -> None:
        seen = ticket_type_marker(self.type)
        change_ticket_type(definition=self.type, roles=[self.role], is_active=True, expected=seen)
        with self.assertRaises(TicketTypeChangedError):
            change_ticket_type(definition=self.type, roles=[], is_active=False, expected=seen)
        self.assertTrue(self.fresh().is_active)
        self.assertEqual(list(self.fresh().roles_with_access.all()), [self.role])


class PageTest(TicketTypeCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)
        self.url = reverse("admin:workflows_ticketdefinition_offer", args=(self.type.pk,))

    def send(self, **data: Any) -> Any:
        values = {"expected": ticket_type_marker(self.fresh()), **data}
        return self.client.post(self.url, values, follow=True)

    def test_it_is_led_to_and_saved(self) -> None:
        detail = reverse("admin:workflows_ticketdefinition_change", args=(self.type.pk,))
        self.assertContains(self.client.get(detail), self.url)
        self.assertContains(self.client.get(self.url), "Buyers")
        page = self.send(is_active="on", roles=[self.role.pk])
        self.assertRedirects(page, detail)
        self.assertContains(page, "The ticket type is saved.")
        self.assertContains(page, "Buyers")
        self.send(roles=[])
        self.assertFalse(self.fresh().is_active)

    def test_refusals_are_said_and_what_was_chosen_stays(self) -> None:
        second = make_type(version=2)
        page = self.send(is_active="on", roles=[self.role.pk])
        self.assertContains(page, f"Version {second.version} of this ticket type is active")
        form = page.context["form"]
        self.assertEqual(form["roles"].value(), [str(self.role.pk)])
        self.assertTrue(form["is_active"].value())
        page = self.send(is_active="on", expected="1")
        self.assertContains(page, "Somebody changed this ticket type")

    def test_nonsense_is_survived(self) -> None:
        for roles in (["abc"], ["9" * 40], ["-1"], ["\x00"]):
            page = self.send(is_active="on", roles=roles)
            self.assertEqual(page.status_code, 200)
            self.assertIn("roles", page.context["form"].errors)
        wrong = reverse("admin:workflows_ticketdefinition_offer", args=("9" * 30,))
        self.assertEqual(self.client.get(wrong).status_code, 404)

    def test_others_are_refused(self) -> None:
        for person in (self.alice, self.wendy, self.terry, self.uma, self.root):
            self.log_in(person)
            self.assertEqual(self.client.get(self.url).status_code, 403)
            self.assertEqual(self.send().status_code, 403)
        self.log_in(self.charlie)
        self.assertEqual(self.send().status_code, 404)
        self.assertTrue(self.fresh().is_active)
