"""Whoever submitted a ticket learns nothing of the answers that are for the team alone.

As in the tests of isolation, the pages are read from the URL configuration: each is asked for with
the ids of a ticket whose history holds such answers, so that a new page is covered the day it
appears.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import tag
from django.urls import reverse

from project.tests.isolation.isolation_case import IsolationTestCase
from tickets.files.keep_file import keep_file
from tickets.models import Ticket
from tickets.repairing.correct_data import correct_task_output
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
)

# The first halves of words that stand in the answers: what was, and what counts now.
INTERNAL, INTERNAL_BEFORE, TOLD = "Qwertzinternal", "Qwertzbefore", "Qwertztold"
QUESTIONS: list[JsonObject] = [
    {"name": "told", "type": "text", "label": "What we tell", "seen_by": "requester"},
    {"name": "hidden", "type": "text", "label": "What we think"},
    {"name": "notes", "type": "file", "label": "Our notes"},
]


@tag("companies")
class InternalAnswersTest(IsolationTestCase):
    """Uma submits, Wendy answers twice, Terry corrects an answer; the ticket goes on."""

    ticket: ClassVar[Ticket]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        ticket_type = cls._ticket_type()
        with cls.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=ticket_type, data={}, user=cls.uma)
        ticket = Ticket.objects.get(pk=ticket.pk)
        examples = cls.examples
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        assert task.assigned_to is not None
        worker = task.assigned_to
        notes = keep_file(
            file=SimpleUploadedFile("notes.txt", INTERNAL.encode(), "text/plain"), user=worker
        )
        output: JsonObject = {"told": TOLD, "hidden": INTERNAL_BEFORE, "notes": notes}
        with cls.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output=output, user=worker)
        task.refresh_from_db()
        with cls.captureOnCommitCallbacks(execute=True):
            correct_task_output(
                task=task, output={**output, "hidden": INTERNAL}, by=cls.terry, reason=INTERNAL
            )
        cls.ticket, examples.ticket, examples.task, examples.file = ticket, ticket, task, notes
        examples.error.ticket, examples.error.task = ticket, task
        examples.error.save()
        examples.ticket_type, examples.workflow = ticket_type, ticket_type.workflow
        examples.task_definition = task.definition

    @classmethod
    def _ticket_type(cls) -> TicketDefinition:
        workflow = WorkflowDefinition.objects.create(key="asking", version=1, title="Asking")
        answer = TaskDefinition.objects.create(
            workflow=workflow, key="answer", title="Answer it", fields=QUESTIONS,
            display_layout="export default () => null",
        )  # fmt: skip
        more = TaskDefinition.objects.create(
            workflow=workflow, key="more", title="Think on", fields=QUESTIONS, position=2
        )
        Transition.objects.create(workflow=workflow, to_task=answer)
        Transition.objects.create(workflow=workflow, from_task=answer, to_task=more)
        Transition.objects.create(workflow=workflow, from_task=more, label="done")
        workflow.publish(by=cls.amy)
        workflow.save()
        return TicketDefinition.objects.create(
            key="asking", title="Asking", workflow=workflow, is_active=True
        )

    def paths_with(self, *texts: str, queries: bool = True) -> dict[str, set[str]]:
        """The paths of the pages on which the person who is logged in finds each text."""
        found: dict[str, set[str]] = {text: set() for text in texts}
        for _page, address in self.addresses(queries=queries):
            answer = self.get(address)
            for text in texts:
                if text in answer.text:
                    found[text].add(answer.path)
        return found

    def test_no_page_shows_the_requester_what_is_the_teams(self) -> None:
        self.log_in(self.uma)
        found = self.paths_with(INTERNAL, INTERNAL_BEFORE, TOLD)
        self.assertEqual(found[INTERNAL] | found[INTERNAL_BEFORE], set())
        mine = reverse("admin:tickets_myticket_change", args=(self.ticket.pk,))
        self.assertEqual(found[TOLD], {mine})

    def test_the_same_walk_finds_it_as_a_ticket_admin(self) -> None:
        self.log_in(self.terry)
        found = self.paths_with(INTERNAL, INTERNAL_BEFORE, queries=False)
        task, error = self.examples.task, self.examples.error
        places = {
            reverse("admin:tickets_ticket_change", args=(self.ticket.pk,)),
            reverse("admin:workflows_taskinstance_change", args=(task.pk,)),
            reverse("admin:tickets_ticketerror_change", args=(error.pk,)),
        }
        self.assertLessEqual(places, found[INTERNAL])
        self.assertTrue(found[INTERNAL_BEFORE])

    def test_no_list_finds_it_by_a_search(self) -> None:
        self.log_in(self.uma)
        for name in ("tickets_myticket", "tickets_mytask"):
            address = reverse(f"admin:{name}_changelist")
            answer: Any = self.client.get(address, {"q": INTERNAL})
            if answer.status_code == 200:
                self.assertEqual(answer.context["cl"].result_count, 0)

    def test_another_company_sees_neither(self) -> None:
        self.log_in(self.charlie)
        for address in ("admin:tickets_myticket_change", "admin:tickets_ticket_change"):
            shown = self.get(reverse(address, args=(self.ticket.pk,))).text
            self.assertNotIn(TOLD, shown)
            self.assertNotIn(INTERNAL, shown)
