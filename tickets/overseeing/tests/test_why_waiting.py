"""A ticket admin reads why nobody has a task, and what to do, where they see the ticket."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tickets.models import Ticket
from tickets.working.tests.test_given_by_rule import RuleCase, _answer
from workflows.models import CompanyRole, TaskInstance
from workflows.people.change_people import save_person
from workflows.people.company_roles import save_company_role
from workflows.people.managers import set_manager
from workflows.running.people.why_waiting import why_waiting
from workflows.running.pool import release_task


class WhyWaitingTests(RuleCase):
    def why(self, ticket: Ticket) -> str:
        task = self.task(ticket)
        found = why_waiting([task]).get(task.pk)
        return "" if found is None else f"{found.reason} {found.advice}"

    def assert_why(self, ticket: Ticket, *parts: str) -> None:
        found = self.why(ticket)
        for part in parts:
            self.assertIn(part, found)

    def test_who_has_it_needs_no_reason(self) -> None:
        self.assertEqual(self.why(self.submit()), "")

    def test_the_requester_has_no_manager(self) -> None:
        set_manager(user=self.uma, manager=None, actor=self.alice, now=timezone.now())
        self.assert_why(self.submit(), "the manager of Uma Urban, who has none", "“People”")

    def test_the_one_person_is_away(self) -> None:
        self.away(self.wendy)
        self.assert_why(self.submit(), "Wendy Wells, who is away", "when they are back")

    def test_the_one_person_does_no_tasks_or_has_left(self) -> None:
        self.change_rule("approve", who="person", email=self.uma.email)
        self.assert_why(self.submit(by=self.dora), "Uma Urban, who is no task worker")
        self.change_rule("approve", who="person", email="nobody@acme.example")
        self.assert_why(self.submit(), "nobody@acme.example, whom this company does not have")
        self.change_rule("approve", who="answer", answer="ticket.buyer")
        ticket = self.submit(buyer=_answer(self.walt))
        self.walt.is_active = False
        save_person(person=self.walt, roles=[], company_roles=None, now=timezone.now())
        self.assert_why(ticket, "Walt Wood, who has left")

    def test_an_answer_names_nobody(self) -> None:
        self.change_rule("approve", who="answer", answer="ticket.buyer")
        self.assert_why(self.submit(), "“Who orders it”, which names nobody", "Correct the answer")

    def test_the_one_person_is_never_given_it(self) -> None:
        self.change_rule("approve", who="answer", answer="ticket.buyer", never=["requester"])
        self.assert_why(self.submit(buyer=_answer(self.uma)), "submitted the ticket and is never")
        self.change_rule("finance", who="doer", task="approve", never=["tasks.approve"])
        self.change_rule("approve", self.finance)
        self.assert_why(self.at(self.submit(300), "finance"), "they did “Approve”")

    def at(self, ticket: Ticket, key: str) -> Ticket:  # type: ignore[override]
        super().at(ticket, key)
        return ticket

    def test_nobody_has_the_role(self) -> None:
        role = CompanyRole.objects.create(name="Board")
        self.change_rule("approve", role)
        self.assert_why(self.submit(), "No task worker has the company role “Board”.")
        save_company_role(role=role, members=[self.uma], now=timezone.now())
        self.assert_why(self.submit(), "No task worker has the company role “Board”.")

    def test_everybody_of_the_role_is_away(self) -> None:
        self.change_rule("approve", self.finance)
        for person in (self.walt, self.dora):
            self.away(person)
        self.assert_why(self.submit(), "All 2 task workers with the company role “Finance”")

    def test_whoever_is_there_is_excluded_or_gave_it_back(self) -> None:
        self.change_rule("approve", self.finance, never=["requester"])
        self.away(self.walt)
        self.assert_why(self.submit(by=self.dora), "Nobody else is there", "the requester")
        ticket = self.submit()
        release_task(task=self.task(ticket), user=self.dora, now=timezone.now())
        self.assert_why(ticket, "Dora, who gave it back")

    def test_both_reasons_where_there_is_a_fallback(self) -> None:
        self.change_rule("approve", self.finance, who="answer", answer="ticket.buyer",
                         fallback="role")  # fmt: skip
        for person in (self.walt, self.dora):
            self.away(person)
        self.assert_why(self.submit(), "names nobody", "“Finance” are away")

    def test_it_is_only_claimed(self) -> None:
        self.change_rule("approve", self.finance, mode="nobody")
        self.assert_why(self.submit(), "until somebody claims it")

    def test_ticket_admins_read_it_and_a_list_costs_no_more_for_many(self) -> None:
        set_manager(user=self.uma, manager=None, actor=self.alice, now=timezone.now())
        ticket = self.submit()
        self.log_in(self.terry)
        listed = reverse("admin:tickets_ticket_changelist")
        task = self.task(ticket)
        for page in (
            listed,
            reverse("admin:tickets_ticket_change", args=[ticket.pk]),
            reverse("admin:workflows_taskinstance_change", args=[task.pk]),
        ):
            self.assertContains(self.client.get(page), "the manager of Uma Urban, who has none")
        counts = []
        for _each in range(2):
            tasks = list(TaskInstance.objects.select_related("definition", "workflow_instance"))
            with CaptureQueriesContext(connection) as queries:
                why_waiting(tasks)
            counts.append(len(queries))
            for _more in range(3):
                self.submit()
        self.assertEqual(counts[0], counts[1])
