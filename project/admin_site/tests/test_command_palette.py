from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.urls import reverse

from project.admin_site.command_palette import LIMIT
from tenants.connection import use_company
from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.finding.index_tickets import index_tickets
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from workflows.engine.process import JsonObject
from workflows.models import CompanyRole, TicketDefinition, WorkflowDefinition


def make_tickets(*titles: str, by: User) -> list[Ticket]:
    workflow = WorkflowDefinition.objects.create(key="errands", title="Errands")
    kind = TicketDefinition.objects.create(key="errand", title="Errand", workflow=workflow)
    tickets = [
        Ticket.objects.create(title=title, definition=kind, workflow=workflow, created_by=by)
        for title in titles
    ]
    index_tickets([each.pk for each in tickets])
    return tickets


class CommandPaletteTests(CompanyTestCase):
    def search(self, term: str, **more: str) -> Any:
        return self.client.get(reverse("admin:search"), {"s": term, **more})

    def test_it_finds_screens(self) -> None:
        self.log_in(self.uma)
        response = self.search("SUBMIT")
        self.assertContains(response, reverse("admin:tickets_myticket_submit"))

    def test_it_offers_no_screen_that_the_person_may_not_use(self) -> None:
        self.log_in(self.uma)
        for term in ("All tickets", "People", "Companies", "Import"):
            self.assertContains(self.search(term), "Nothing matched your search")

    def test_a_user_finds_their_own_tickets_by_title_and_number(self) -> None:
        mine, other = *make_tickets("A new desk", by=self.uma), None
        other = Ticket.objects.create(
            title="A desk for walt",
            definition=mine.definition,
            workflow=mine.workflow,
            created_by=self.walt,
        )
        self.log_in(self.uma)
        for term in ("desk", str(mine.pk), f"#{mine.pk}"):
            with self.subTest(term):
                response = self.search(term)
                self.assertContains(
                    response, reverse("admin:tickets_myticket_change", args=[mine.pk])
                )
                self.assertNotContains(response, other.title)

    def test_a_ticket_admin_finds_everybodys(self) -> None:
        ticket = make_tickets("A new desk", by=self.uma)[0]
        self.log_in(self.terry)
        self.assertContains(
            self.search("desk"), reverse("admin:tickets_ticket_change", args=[ticket.pk])
        )

    def test_a_worker_can_tell_tasks_of_the_same_title_apart(self) -> None:
        workflow = import_fixture("vacation", by=self.carla)
        CompanyRole.objects.get(name="Vacation Approver").members.add(self.wendy)
        first, second = (
            submit_ticket(
                definition=workflow.ticket_definitions.get(),
                data={"location": "Spain", "season": season},
                user=self.uma,
                title=f"Off in {season}",
            )
            for season in ("Summer", "Winter")
        )
        self.log_in(self.wendy)
        both = self.search("approve the vac")
        for ticket in (first, second):
            self.assertContains(both, f"My task for #{ticket.pk} {ticket.title}</span>")
        one = self.search(f"#{second.pk}")
        self.assertContains(one, second.title)
        self.assertNotContains(one, first.title)

    def test_it_takes_as_many_queries_for_many_tasks_as_for_one(self) -> None:
        workflow = import_fixture("vacation", by=self.carla)
        CompanyRole.objects.get(name="Vacation Approver").members.add(self.wendy)
        definition = workflow.ticket_definitions.get()
        self.log_in(self.wendy)
        counts = []
        for number in (1, 2, 3):
            data: JsonObject = {"location": "Spain", "season": "Summer"}
            submit_ticket(definition=definition, data=data, user=self.uma)
            cache.clear()
            counts.append(self.count_queries(f"{reverse('admin:search')}?s=vacation"))
            self.assertEqual(self.search("vacation").text.count("My task for #"), 2 * number)
        self.assertEqual(counts[1], counts[2])

    def test_another_company_finds_nothing_of_it(self) -> None:
        """Nor by a cache: the same term, asked first where there is something to find."""
        make_tickets("A secret desk", by=self.uma)
        self.log_in(self.terry)
        self.assertContains(self.search("secret desk"), "A secret desk")
        self.log_in(self.charlie)
        self.assertContains(self.search("secret desk"), "Nothing matched your search")

    def test_a_superuser_finds_only_what_is_where_they_are(self) -> None:
        make_tickets("A secret desk", by=self.uma)
        self.log_in(self.root)
        self.assertContains(self.search("secret desk"), "Nothing matched your search")
        self.enter(self.acme)
        self.assertContains(self.search("secret desk"), "A secret desk")
        self.enter(self.globex)
        self.assertContains(self.search("secret desk"), "Nothing matched your search")

    def test_it_shows_a_few_of_many(self) -> None:
        make_tickets(*(f"Desk {number}" for number in range(LIMIT * 3)), by=self.uma)
        self.log_in(self.uma)
        self.assertEqual(self.search("desk").content.decode().count("<a "), LIMIT)

    def test_nothing_that_a_person_can_type_breaks_it(self) -> None:
        self.log_in(self.wendy)
        for term in ("#", "#0", "#-1", "9" * 400, "#" + "9" * 30):
            with self.subTest(term[:20]):
                self.assertEqual(self.search(term).status_code, 200)
        self.log_in(self.charlie)
        for term in ("", " ", "a\x00b", "%", "\\", "'", "#", "²", "9" * 400, "x" * 9_000):
            with self.subTest(term[:20]):
                self.assertEqual(self.search(term).status_code, 200)
        for page in ("abc", "0", "-1", "999"):
            self.assertEqual(self.search("ticket", page=page).status_code, 200)

    def test_visitors_find_nothing(self) -> None:
        self.assertEqual(self.search("ticket").status_code, 302)

    def test_everybody_has_it_and_its_shortcut(self) -> None:
        for person in (self.uma, self.root):
            self.log_in(person)
            response = self.client.get("/app/")
            self.assertContains(response, 'id="search-input-command"', count=1)
            self.assertContains(response, "Available shortcuts", count=1)

    def test_the_cache_keeps_companies_apart(self) -> None:
        """For whatever else is cached, by us or by a library."""
        cache.set("what", "acme's")
        use_company(self.globex)
        self.assertIsNone(cache.get("what"))
        use_company(self.acme)
        self.assertEqual(cache.get("what"), "acme's")
        cache.delete("what")
