"""The screens of the ticket admin: all tickets, all tasks, ticket errors."""

from __future__ import annotations

import re
from typing import Any

from django.core.cache import cache
from django.db.models import Model
from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.advancing.advance_ticket import advance_ticket
from tickets.models import ErrorStatus, ErrorType, Ticket, TicketError
from tickets.repairing.errors import ErrorAlreadyHandledError, MayNotRepairError, NotesMissingError
from tickets.repairing.handle_error import resolve_error, review_error
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.definitions.tests.test_definition_pages import bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import CompanyRole, TaskInstance, TicketDefinition, WorkflowInstance

TICKETS = reverse("admin:tickets_ticket_changelist")
TASKS = reverse("admin:workflows_taskinstance_changelist")
ERRORS = reverse("admin:tickets_ticketerror_changelist")


def change_url(obj: Model) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(obj.pk,))


class AdministrationTestCase(CompanyTestCase):
    """A ticket that Wendy has approved, so that it now waits for a call; Terry looks at it."""

    ticket: Ticket
    error: TicketError

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        document = bundle()
        document["ticket_types"][0]["roles_with_access"] = []
        draft = import_bundle(document=document, user=cls.carla)
        publish_workflow(workflow=draft, user=cls.carla)
        CompanyRole.objects.get().members.add(cls.wendy)
        cls.ticket = cls.submit("A new saw", amount=250)
        task = TaskInstance.objects.get()
        complete_task(task=task, output={"approved": True}, user=cls.wendy)
        advance_ticket(ticket_id=cls.ticket.pk)
        cls.ticket = Ticket.objects.get(pk=cls.ticket.pk)
        cls.error = TicketError.objects.create(
            ticket=cls.ticket,
            task=TaskInstance.objects.latest("pk"),
            error_type=ErrorType.TASK_UPDATE,
            message="The shop answered <503>.",
            stack_trace="Traceback: line 1",
        )

    @classmethod
    def submit(cls, title: str, **data: Any) -> Ticket:
        definition = TicketDefinition.objects.active().get()
        ticket = submit_ticket(definition=definition, data=data, user=cls.uma, title=title)
        advance_ticket(ticket_id=ticket.pk)
        return ticket

    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.terry)


class TicketListTest(AdministrationTestCase):
    def test_it_shows_everybodys_tickets_and_where_they_are(self) -> None:
        page = self.client.get(TICKETS)
        self.assertContains(page, "A new saw")
        self.assertContains(page, f"#{self.ticket.pk}")
        self.assertContains(page, "Uma Urban")
        self.assertContains(page, "Order it, done automatically")
        self.assertContains(page, "In progress")
        self.assertContains(page, "badge-bad")

    def found(self, **query: str) -> list[str]:
        page = self.client.get(TICKETS, query)
        return [ticket.title for ticket in page.context["cl"].result_list]

    def test_filters_and_search_narrow_it(self) -> None:
        self.submit("Cheap nails", amount=2)
        both, saw, nails = ["Cheap nails", "A new saw"], ["A new saw"], ["Cheap nails"]
        for query, expected in (
            ({}, both),
            ({"errors": "yes"}, saw),
            ({"errors": "no"}, nails),
            ({"status": "IN_PROGRESS"}, both),
            ({"status": "COMPLETED"}, []),
            ({"status": "NOT_STARTED"}, []),
            ({"type": "urgent_purchase"}, both),
            ({"type": "nonsense"}, both),
            ({"submitter": str(self.uma.pk)}, both),
            ({"submitter": str(self.wendy.pk)}, []),
            ({"submitter": str(self.charlie.pk)}, both),
            ({"q": "saw"}, saw),
            ({"q": f"#{self.ticket.pk}"}, saw),
            ({"q": str(self.ticket.pk)}, saw),
            ({"q": "uma@acme"}, both),
            ({"q": "9" * 40}, []),
        ):
            with self.subTest(query):
                self.assertEqual(self.found(**query), expected)

    def test_a_ticket_whose_workflow_could_not_start_is_not_started(self) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(workflow_instance=None)
        self.assertEqual(self.found(status="NOT_STARTED"), ["A new saw"])

    def test_people_of_other_companies_are_not_offered(self) -> None:
        page = self.client.get(TICKETS)
        self.assertContains(page, "Walt Wood")
        self.assertNotContains(page, "Charlie Chaplin")

    def _warm_up(self, url: str) -> None:
        """The counts beside the navigation are kept for some seconds: from now on."""
        cache.clear()
        self.client.get(url)

    def test_queries_do_not_grow_with_rows(self) -> None:
        for url in (TICKETS, TASKS, ERRORS):
            self._add(5)
            self._warm_up(url)
            few = self.count_queries(url)
            self._add(20)
            self._warm_up(url)
            with self.subTest(url):
                self.assertEqual(self.count_queries(url), few)
                self.assertLess(few, 20)

    def _add(self, count: int) -> None:
        for number in range(count):
            ticket = self.submit(f"Ticket {number}", amount=number + 1)
            ticket.refresh_from_db()
            instance = ticket.workflow_instance
            assert instance is not None
            TicketError.objects.create(
                ticket=ticket,
                task=instance.current_task,
                error_type=ErrorType.TASK_UPDATE,
                message="No",
            )


class TicketPageTest(AdministrationTestCase):
    def test_it_tells_the_whole_story(self) -> None:
        page = self.client.get(change_url(self.ticket))
        self.assertContains(page, '<svg class="flow"')
        self.assertContains(page, "Amount in EUR")
        self.assertContains(page, "250")
        self.assertContains(page, "The shop answered &lt;503&gt;.")
        self.assertContains(page, change_url(self.error))
        for task in TaskInstance.objects.all():
            self.assertContains(page, change_url(task))
        self.assertContains(page, "Approve the purchase was given to Wendy Wells.")
        self.assertContains(page, "Approved?")

    def test_it_shows_which_conditions_were_tried(self) -> None:
        page = self.client.get(change_url(self.ticket))
        self.assertContains(page, "To Order it, when Amount in EUR is more than 100:")
        self.assertContains(page, "yes, taken")

    def test_a_decision_that_failed_is_shown(self) -> None:
        # Below 100 the first condition is false, the second is always true.
        cheap = self.submit("Cheap", amount=2)
        task = TaskInstance.objects.latest("pk")
        complete_task(task=task, output={"approved": True}, user=self.wendy)
        advance_ticket(ticket_id=cheap.pk)
        page = self.client.get(change_url(cheap))
        self.assertContains(page, "The workflow ended: nothing to order.")
        outcomes = [
            [tried.outcome for tried in entry.event.tried]
            for entry in page.context["conversation"].entries
            if entry.event.tried
        ]
        self.assertEqual(outcomes, [["yes"], ["no", "yes"]])

    def test_a_ticket_without_a_workflow_instance_has_a_page(self) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(workflow_instance=None)
        WorkflowInstance.objects.update(current_task=None)
        page = self.client.get(change_url(self.ticket))
        self.assertContains(page, "About to start")

    def test_nothing_can_be_changed_by_a_form(self) -> None:
        for obj in (self.ticket, self.error, TaskInstance.objects.earliest("pk")):
            with self.subTest(str(obj)):
                response = self.client.post(change_url(obj), {"title": "x", "status": "RESOLVED"})
                self.assertEqual(response.status_code, 403)


class TaskPagesTest(AdministrationTestCase):
    def found(self, **query: str) -> list[str]:
        page = self.client.get(TASKS, query)
        return [task.definition.key for task in page.context["cl"].result_list]

    def test_filters_narrow_the_list(self) -> None:
        for query, expected in (
            ({}, ["order", "approve"]),
            ({"status": "COMPLETED"}, ["approve"]),
            ({"status": "UNASSIGNED"}, []),
            ({"worker": str(self.wendy.pk)}, ["approve"]),
            ({"kind": "SYNC_ACTION"}, ["order"]),
            ({"type": "urgent_purchase"}, ["order", "approve"]),
            ({"q": str(self.ticket.pk)}, ["order", "approve"]),
        ):
            with self.subTest(query):
                self.assertEqual(self.found(**query), expected)

    def test_a_task_that_waits_for_a_worker_is_found(self) -> None:
        self.wendy.is_available = False
        self.wendy.save(update_fields=["is_available"])
        self.submit("Nobody is here", amount=5)
        page = self.client.get(TASKS, {"status": "UNASSIGNED"})
        self.assertContains(page, "Nobody is here")
        self.assertEqual(page.context["cl"].result_count, 1)

    def test_its_page_shows_what_came_of_it(self) -> None:
        page = self.client.get(change_url(TaskInstance.objects.earliest("pk")))
        self.assertContains(page, "Wendy Wells")
        self.assertContains(page, "Approved?")
        self.assertContains(page, change_url(self.ticket))

    def test_the_page_of_a_call_shows_its_error(self) -> None:
        page = self.client.get(change_url(TaskInstance.objects.latest("pk")))
        self.assertContains(page, "The shop answered")
        self.assertContains(page, "Idempotency key")


class ErrorPagesTest(AdministrationTestCase):
    def act(self, verb: str, **data: str) -> Any:
        url = reverse(f"admin:tickets_ticketerror_{verb}", args=(self.error.pk,))
        return self.client.post(url, data, follow=True)

    def status(self) -> str:
        return str(TicketError.objects.get(pk=self.error.pk).status)

    def test_the_list_shows_errors_and_filters_them(self) -> None:
        for query, count in (
            ({}, 1),
            ({"status": "unresolved"}, 1),
            ({"status": "RESOLVED"}, 0),
            ({"kind": "TASK_UPDATE"}, 1),
            ({"kind": "TASK_CREATION"}, 0),
            ({"type": "urgent_purchase"}, 1),
            ({"q": "shop"}, 1),
            ({"q": f"#{self.ticket.pk}"}, 1),
            ({"q": "nothing"}, 0),
        ):
            with self.subTest(query):
                page = self.client.get(ERRORS, query)
                self.assertEqual(page.context["cl"].result_count, count)

    def test_the_page_shows_message_trace_and_links(self) -> None:
        page = self.client.get(change_url(self.error))
        self.assertContains(page, "The shop answered &lt;503&gt;.")
        self.assertContains(page, "Traceback: line 1")
        self.assertContains(page, change_url(self.ticket))

    def test_it_is_marked_as_reviewed_by_somebody(self) -> None:
        page = self.act("review")
        self.assertEqual(self.status(), ErrorStatus.REVIEWED)
        self.assertContains(page, "The error is marked as reviewed.")
        self.assertContains(page, "Terry Tate,")
        self.assertContains(self.act("review"), "already taken care of")

    def test_it_is_resolved_with_notes(self) -> None:
        page = self.act("resolve", notes="Called the shop.")
        self.assertEqual(self.status(), ErrorStatus.RESOLVED)
        self.assertContains(page, "Called the shop.")
        page = self.act("resolve", notes="Again.")
        self.assertContains(page, "already taken care of")
        self.assertNotContains(page, "Again.")

    def test_it_is_not_resolved_without_notes(self) -> None:
        for notes in ("", "   ", "x" * 5_001, "a\x00b"):
            with self.subTest(notes[:5]):
                page = self.act("resolve", notes=notes)
                self.assertEqual(page.status_code, 200)
                self.assertEqual(self.status(), ErrorStatus.NEW)
        self.assertContains(self.act("resolve"), "Write down how the error was resolved")

    def test_what_was_typed_is_not_lost(self) -> None:
        page = self.act("resolve", notes="A long story. " * 500)
        self.assertContains(page, "A long story.")

    def test_a_link_does_nothing(self) -> None:
        for verb in ("review", "resolve"):
            url = reverse(f"admin:tickets_ticketerror_{verb}", args=(self.error.pk,))
            self.assertEqual(self.client.get(url).status_code, 405)
        self.assertEqual(self.status(), ErrorStatus.NEW)

    def test_the_services_guard_themselves(self) -> None:
        for notes in (" ", "\x00"):
            with self.assertRaises(NotesMissingError):
                resolve_error(error=self.error, by=self.terry, notes=notes)
        for person in (self.wendy, self.charlie):
            with self.assertRaises(MayNotRepairError):
                review_error(error=self.error, by=person)
            with self.assertRaises(MayNotRepairError):
                resolve_error(error=self.error, by=person, notes="Mine.")
        review_error(error=self.error, by=self.terry)
        with self.assertRaises(ErrorAlreadyHandledError):
            review_error(error=self.error, by=self.terry)
        resolve_error(error=self.error, by=self.terry, notes="Done.")
        with self.assertRaises(ErrorAlreadyHandledError):
            resolve_error(error=self.error, by=self.terry, notes="Done again.")


class EmptyListsTest(CompanyTestCase):
    def test_they_say_what_will_be_there(self) -> None:
        self.log_in(self.terry)
        for url, words in (
            (TICKETS, "No tickets yet"),
            (TASKS, "No tasks yet"),
            (ERRORS, "Nothing to look after"),
        ):
            self.assertContains(self.client.get(url), words)
            self.assertNotContains(self.client.get(url, {"q": "x"}), words)


class WhoMayTest(AdministrationTestCase):
    def pages(self) -> list[str]:
        task = TaskInstance.objects.earliest("pk")
        return [TICKETS, TASKS, ERRORS, *map(change_url, (self.ticket, task, self.error))]

    def buttons(self) -> list[str]:
        return [
            reverse(f"admin:tickets_ticketerror_{verb}", args=(self.error.pk,))
            for verb in ("review", "resolve")
        ]

    def test_others_are_refused(self) -> None:
        for person in (self.alice, self.wendy, self.carla, self.uma, self.root):
            self.log_in(person)
            for url in self.pages():
                with self.subTest(url=url, person=person.email):
                    self.assertEqual(self.client.get(url).status_code, 403)
            for url in self.buttons():
                response = self.client.post(url, {"notes": "Mine."})
                self.assertEqual(response.status_code, 403)

    def test_charlie_sees_nothing(self) -> None:
        pages, buttons = self.pages(), self.buttons()
        self.log_in(self.charlie)
        for url in pages[:3]:
            self.assertNotContains(self.client.get(url), "A new saw")
        for url in pages[3:]:
            self.assertIn(self.client.get(url).status_code, (302, 404))
        for url in buttons:
            self.assertEqual(self.client.post(url, {"notes": "Mine."}).status_code, 404)
        self.assertEqual(TicketError.objects.get().status, ErrorStatus.NEW)

    def test_a_ticket_admin_sees_no_links_to_pages_that_are_refused(self) -> None:
        page = self.client.get(change_url(self.ticket)).content.decode()
        links = set(re.findall(r'href="(/app/workflows/workflowdefinition/[^"#]*)"', page))
        self.assertTrue(links)
        for link in links:
            self.assertEqual(self.client.get(link).status_code, 200, link)

    def test_garbage_is_survived(self) -> None:
        for base in (TICKETS, TASKS, ERRORS):
            for wrong in ("abc", "0", "99999999999999999999", "%00"):
                response = self.client.get(f"{base}{wrong}/change/")
                self.assertIn(response.status_code, (302, 404))
            for query in (
                "status=%00", "type=%00", "submitter=abc", "worker=99999999999999999999",
                "o=999", "p=abc", "q=%00", "q=%23", "q=" + "9" * 5_000, "title__regex=(",
                "_facets=1", "message=%00", "created_by__password__startswith=p", "q=\u0663",
            ):  # fmt: skip
                with self.subTest(base=base, query=query):
                    response = self.client.get(f"{base}?{query}")
                    self.assertIn(response.status_code, (200, 302))
