"""What a step reads that has waited for another transaction is what that one has committed."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from tenants.models import User
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import in_thread, wait_until_blocked
from tickets.models import FileUpload, SavedAnswers, Ticket
from tickets.moving.tests.test_move_tickets import NextVersion
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.saving.save_answers import save_task_answers, save_ticket_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.errors import NotYourTaskError, TaskNotWorkableError, WorkflowOnHoldError
from workflows.models import WorkflowInstance
from workflows.running.definition_cache import forget_definitions


class WaitingCase(NextVersion, CompanyTransactionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()
        self.ticket = self.submit()
        self.task = self.current(self.ticket)
        assert self.task.assigned_to is not None
        self.worker: User = self.task.assigned_to

    def complete(self, output: JsonObject | None = None) -> None:
        complete_task(task=self.task, output=output or {"big": False}, user=self.worker)

    def while_waiting(
        self,
        waits: Callable[[], object],
        change: Callable[[], object],
        then: Callable[[], object] | None = None,
    ) -> list[Exception]:
        """Change something, and commit it once `waits` waits for it; returns what that raised.

        `then` is what the change goes on with while the other waits.
        """
        with transaction.atomic():
            change()
            waiting = in_thread(waits, company=self.acme)
            wait_until_blocked()
            if then is not None:
                then()
        raised = waiting.wait()
        return [] if raised is None else [raised]


class CompleteTests(WaitingCase):
    def test_answers_that_were_saved_meanwhile_are_forgotten(self) -> None:
        raised = self.while_waiting(
            self.complete,
            lambda: save_task_answers(task=self.task, answers={"big": True}, user=self.worker),
        )
        self.assertEqual(raised, [])
        self.task.refresh_from_db()
        self.assertEqual(self.task.status, "COMPLETED")
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_given_away(self) -> None:
        other = self.walt if self.worker == self.wendy else self.wendy
        (error,) = self.while_waiting(
            self.complete,
            lambda: reassign_task(task=self.task, to=other, by=self.terry, reason=REASON),
        )
        self.assertIsInstance(error, NotYourTaskError)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_completed(self) -> None:
        (error,) = self.while_waiting(self.complete, self.complete)
        self.assertIsInstance(error, TaskNotWorkableError)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_cancelled(self) -> None:
        (error,) = self.while_waiting(
            self.complete, lambda: cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        )
        self.assertIsInstance(error, TaskNotWorkableError)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_held(self) -> None:
        (error,) = self.while_waiting(
            self.complete, lambda: hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        )
        self.assertIsInstance(error, WorkflowOnHoldError)

    def test_moved_to_another_version(self) -> None:
        version = self.publish_next(title="Look")
        raised = self.while_waiting(self.complete, lambda: self.move(self.ticket, to=version))
        self.assertEqual(raised, [])
        following = self.current(self.ticket)
        self.assertEqual(
            (following.definition.workflow, following.definition.key), (version, "sign")
        )
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_an_output_that_was_corrected(self) -> None:
        def change() -> None:
            instance = WorkflowInstance.objects.select_for_update(no_key=True).get(
                ticket=self.ticket
            )
            instance.data = {"other": {"x": 1}}
            instance.save(update_fields=["data"])

        raised = self.while_waiting(self.complete, change)
        self.assertEqual(raised, [])
        instance = WorkflowInstance.objects.get(ticket=self.ticket)
        self.assertEqual(instance.data, {"other": {"x": 1}, "check": {"big": False}})

    def test_data_that_was_corrected(self) -> None:
        """The transition is decided by what the ticket says now."""
        self.small_transition.condition = {"==": [{"var": "ticket.amount"}, 9]}
        self.small_transition.save()
        forget_definitions()
        self.addCleanup(forget_definitions)

        def change() -> None:
            ticket = Ticket.objects.select_for_update(no_key=True).get()
            ticket.data = {"amount": 9}
            ticket.save(update_fields=["data"])

        raised = self.while_waiting(self.complete, change)
        self.assertEqual(raised, [])
        self.assertEqual(self.current(self.ticket).definition, self.sign)
        self.assertEqual(broken_invariants(self.ticket), [])


class SubmitTests(WaitingCase):
    def test_saving_the_same_form_beside_it(self) -> None:
        """Both take the saved answers and their files, in the same order."""
        self.workflow.fields = [
            *self.workflow.fields,
            {"name": "doc", "label": "D", "type": "file"},
        ]
        self.workflow.save()
        forget_definitions()
        self.addCleanup(forget_definitions)
        upload = FileUpload.objects.create(filename="a.txt", uploaded_by=self.uma)
        value: JsonObject = {"upload": str(upload.uuid), "filename": "a.txt"}

        def save(answers: JsonObject) -> None:
            save_ticket_answers(definition=self.type, slot="a" * 32, answers=answers, user=self.uma)

        save({})
        raised = self.while_waiting(
            lambda: submit_ticket(
                definition=self.type, data={"amount": 7, "doc": value}, user=self.uma, slot="a" * 32
            ),
            lambda: save({"amount": 3}),
            then=lambda: save({"doc": value}),
        )
        self.assertEqual(raised, [])
        self.assertEqual(Ticket.objects.count(), 2)
        upload.refresh_from_db()
        self.assertEqual(upload.ticket, Ticket.objects.latest("pk"))
        self.assertEqual(SavedAnswers.objects.count(), 0)
