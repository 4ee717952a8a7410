"""Programs say who may submit ticket types, pause recurring starts, and read what is set up."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tenants.models import Company
from tickets.api.tests.test_api_tickets import VacationCase
from tickets.models import RecurringStart
from workflows.models import CompanyRole, Contact, TicketDefinition

SECRET = "whsec-of-nobody"


class OfferTests(VacationCase):
    def setUp(self) -> None:
        super().setUp()
        self.type = TicketDefinition.objects.active().get(key="vacation")
        self.path = f"offers/{self.type.pk}"

    def test_who_may_submit_is_changed_unless_it_was_changed(self) -> None:
        role = CompanyRole.objects.all()[0]
        etag = self.ask(self.carla, "GET", self.path, expect=200)["ETag"]
        wanted = {"is_active": True, "company_roles": [role.pk]}
        match = {"If-Match": etag}
        self.ask(self.carla, "PUT", self.path, wanted, **match, expect=200)
        self.assertEqual(list(self.type.roles_with_access.all()), [role])
        self.assert_problem(self.ask(self.carla, "PUT", self.path, wanted, **match), 412)
        unknown = {"is_active": True, "company_roles": [999]}
        self.assert_problem(self.ask(self.carla, "PUT", self.path, unknown), 404)
        self.assertEqual(self.ask(self.uma, "GET", "ticket-types").json()["items"], [])

    def test_how_long_tickets_are_kept(self) -> None:
        self.ask(self.carla, "PUT", f"{self.path}/kept", {"days": 400}, expect=200)
        kept = self.ask(self.carla, "GET", f"{self.path}/kept", expect=200).json()
        self.assertEqual(kept, {"days": 400})
        self.assert_problem(self.ask(self.carla, "PUT", f"{self.path}/kept", {"days": -1}), 422)

    def test_nobody_else_and_no_assistant(self) -> None:
        raw = self.token_of(self.carla, assistant="Claude").raw
        wanted = {"is_active": False, "company_roles": []}
        for method, path, body in (
            ("PUT", self.path, wanted),
            ("PUT", f"{self.path}/kept", {"days": 1}),
        ):
            self.assert_problem(self.ask(self.charlie, method, path, body), 404)
            self.assert_problem(self.ask(self.terry, method, path, body), 403)
            self.assert_problem(self.ask(raw, method, path, body), 403)
        self.assertEqual(self.ask(self.charlie, "GET", "offers").json()["items"], [])
        self.type.refresh_from_db()
        self.assertTrue(self.type.is_active)

    def test_ways_in_are_read_without_their_secret(self) -> None:
        read = self.ask(self.carla, "GET", f"{self.path}/way-in", expect=200).json()
        self.assertEqual(read["address_on"], False)
        self.assertNotIn("secret", str(read))
        self.assert_problem(self.ask(self.charlie, "GET", f"{self.path}/way-in"), 404)
        self.assert_problem(self.ask(self.uma, "GET", f"{self.path}/way-in"), 403)

    def test_recurring_starts_are_listed(self) -> None:
        start = RecurringStart.objects.create(type_key="vacation", key="weekly")
        listed = self.ask(self.carla, "GET", "starts", expect=200).json()["items"]
        self.assertEqual([each["id"] for each in listed], [start.pk])
        path = f"starts/{start.pk}"
        # No definition names it any more.
        self.assert_problem(self.ask(self.carla, "POST", f"{path}/pause"), 409)
        self.assert_problem(self.ask(self.charlie, "POST", f"{path}/pause"), 404)
        self.assert_problem(self.ask(self.charlie, "POST", f"{path}/resume"), 404)
        self.assert_problem(self.ask(self.uma, "POST", f"{path}/pause"), 403)


class SettingsTests(VacationCase):
    def test_people_outside_are_listed(self) -> None:
        Contact.objects.create(email="bea@bakery.example", name="Bea")
        for person in (self.alice, self.terry):
            listed = self.ask(person, "GET", "contacts", expect=200).json()["items"]
            self.assertEqual([each["email"] for each in listed], ["bea@bakery.example"])
        self.assert_problem(self.ask(self.uma, "GET", "contacts"), 403)
        self.assertEqual(self.ask(self.charlie, "GET", "contacts").json()["items"], [])

    def test_the_report_in_numbers(self) -> None:
        self.ticket()
        day = timezone.localdate().isoformat()
        path = f"report?first={day}&last={day}"
        sections: dict[str, Any] = {
            each["key"]: each
            for each in self.ask(self.terry, "GET", path, expect=200).json()["items"]
        }
        self.assertIn("Vacation", str(sections))
        self.assertTrue(all(each["headings"] for each in sections.values()))
        theirs = self.ask(self.charlie, "GET", path, expect=200)
        self.assertNotContains(theirs, "acation")
        self.assert_problem(self.ask(self.uma, "GET", path), 403)
        for wrong in (
            "first=2026-02-01&last=2026-01-01",
            "first=1901-01-01&last=2026-01-01",
            "first=9999-12-30&last=9999-12-31",
        ):
            self.assert_problem(self.ask(self.terry, "GET", f"report?{wrong}"), 422)

    def test_what_ticket_numbers_begin_with(self) -> None:
        self.ask(self.alice, "PUT", "ticket-numbers", {"prefix": "ACME"}, expect=200)
        self.assertEqual(Company.objects.get(pk=self.acme.pk).ticket_prefix, "ACME")
        for wrong in ("A", "acme", "TOOLONGFORIT"):
            refused = self.ask(self.alice, "PUT", "ticket-numbers", {"prefix": wrong})
            self.assert_problem(refused, 422)
        self.assert_problem(self.ask(self.terry, "PUT", "ticket-numbers", {"prefix": ""}), 403)
        self.ask(self.charlie, "PUT", "ticket-numbers", {"prefix": "ZYX"}, expect=200)
        self.assertEqual(Company.objects.get(pk=self.acme.pk).ticket_prefix, "ACME")
