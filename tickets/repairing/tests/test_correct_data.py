from __future__ import annotations

from typing import Any

from tenants.testing import CompanyTestCase
from tickets.calling.run_action import run_action
from tickets.errors import ReasonMissingError
from tickets.models import Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import (
    correct_task_input,
    correct_task_output,
    correct_ticket_data,
)
from tickets.repairing.errors import ChangedMeanwhileError, MayNotRepairError
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.tests.refusals import refused
from workflows.actions.tests.remote_system import RemoteSystem, answering
from workflows.engine.process import JsonObject
from workflows.errors import (
    InputNotCorrectableError,
    InvalidDataError,
    NothingChangedError,
    OutputReplacedError,
    WorkflowEndedError,
)
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.events.of_repairs.changed import CHANGED


class CorrectDataCase(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow(small_condition={">": [{"var": "ticket.amount"}, 100]})
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": False})
        self.error = TicketError.objects.get()
        self.ticket = Ticket.objects.get()

    def tearDown(self) -> None:
        self.assertEqual(broken_invariants(self.ticket), [])
        super().tearDown()


class CorrectTicketDataTests(CorrectDataCase):
    def correct(self, data: JsonObject, **more: Any) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            correct_ticket_data(ticket=self.ticket, data=data, by=self.terry, reason=REASON, **more)

    def test_it_corrects_and_goes_on_at_once(self) -> None:
        self.correct({"amount": 500}, then_retry=self.error)
        self.assertEqual(Ticket.objects.get().data, {"amount": 500, "site": "Ghent"})
        self.assertEqual(self.current(self.ticket).definition, self.sign)
        self.error.refresh_from_db()
        self.assertEqual(self.error.status, "RESOLVED")

    def test_the_history_keeps_the_old_and_the_new_values(self) -> None:
        self.correct({"amount": 500})
        event = self.last_event(CHANGED)
        self.assertEqual(event.actor, self.terry)
        self.assertEqual(
            event.data,
            {"what": "ticket", "old": {"amount": 7}, "new": {"amount": 500}, "reason": REASON},
        )
        self.assertEqual(self.current(self.ticket).status, "ERROR")

    def test_presets_stay_as_the_ticket_has_them(self) -> None:
        self.type.presets = {"site": "Bruges"}
        self.type.save()
        self.correct({"amount": 500})
        self.assertEqual(Ticket.objects.get().data["site"], "Ghent")
        with self.assertRaises(InvalidDataError):
            self.correct({"amount": 501, "site": "Bruges"})

    def test_it_refuses_data_that_does_not_fit_the_form(self) -> None:
        wrongs: list[JsonObject] = [
            {"amount": 5000},
            {},
            {"amount": "many"},
            {"amount": 5, "colour": "red"},
        ]
        for wrong in wrongs:
            with self.assertRaises(InvalidDataError):
                self.correct(wrong)
        self.assertEqual(Ticket.objects.get().data["amount"], 7)
        self.assertFalse(WorkflowEvent.objects.filter(kind="CHANGED").exists())

    def test_the_same_data_again_is_no_change(self) -> None:
        with self.assertRaises(NothingChangedError):
            self.correct({"amount": 7})
        self.correct({"amount": 7}, then_retry=self.error)
        self.assertEqual(TicketError.objects.unresolved().count(), 1)
        self.assertFalse(WorkflowEvent.objects.filter(kind="CHANGED").exists())

    def test_a_page_that_is_out_of_date_overwrites_nothing(self) -> None:
        seen = marker_of(self.ticket)
        self.correct({"amount": 500}, expected=seen)
        with self.assertRaises(ChangedMeanwhileError):
            self.correct({"amount": 600}, expected=seen)
        self.assertEqual(Ticket.objects.get().data["amount"], 500)

    def test_both_happen_or_neither(self) -> None:
        self.correct({"amount": 500}, then_retry=self.error)
        with self.assertRaisesMessage(Exception, REASON):
            self.correct({"amount": 600}, then_retry=self.error)
        self.assertEqual(Ticket.objects.get().data["amount"], 500)

    def test_a_ticket_whose_workflow_was_not_made_can_be_corrected(self) -> None:
        with (
            refused("workflows_workflowinstance"),
            self.assertLogs("tickets.advancing.advance_ticket", "ERROR"),
            self.captureOnCommitCallbacks(execute=True),
        ):
            self.ticket = self.submit()
        self.correct({"amount": 9}, then_retry=self.ticket.errors.get())
        self.assertEqual(self.current(self.ticket).definition, self.check)
        kinds = WorkflowEvent.objects.filter(workflow_instance__ticket=self.ticket)
        self.assertEqual(
            list(kinds.values_list("kind", flat=True)),
            ["CHANGED", "RETRIED", "STARTED", "MOVED", "ASSIGNED"],
        )

    def test_a_ticket_on_hold_can_be_corrected_and_one_that_has_ended_cannot(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.correct({"amount": 500})
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        with self.assertRaises(WorkflowEndedError):
            self.correct({"amount": 600})

    def test_only_ticket_admins_may_and_they_say_why(self) -> None:
        for person in (self.uma, self.wendy, self.alice, self.charlie):
            with self.assertRaises(MayNotRepairError):
                correct_ticket_data(
                    ticket=self.ticket, data={"amount": 1}, by=person, reason=REASON
                )
        with self.assertRaises(ReasonMissingError):
            correct_ticket_data(ticket=self.ticket, data={"amount": 1}, by=self.terry, reason=" ")


class CorrectTaskOutputTests(CorrectDataCase):
    def correct(self, output: JsonObject, **more: Any) -> None:
        task = TaskInstance.objects.get(definition=self.check)
        with self.captureOnCommitCallbacks(execute=True):
            correct_task_output(task=task, output=output, by=self.terry, reason=REASON, **more)

    def test_the_way_on_reads_the_corrected_output(self) -> None:
        self.correct({"big": True}, then_retry=self.error)
        self.assertEqual(self.current(self.ticket).definition, self.archive)
        self.assertEqual(self.instance(self.ticket).data, {"check": {"big": True}})
        event = self.last_event(CHANGED)
        self.assertEqual(event.data["old"], {"big": False})
        self.assertEqual(event.data["new"], {"big": True})
        self.assertEqual((event.actor, event.data["reason"]), (self.terry, REASON))

    def test_it_refuses_an_output_that_does_not_fit(self) -> None:
        wrongs: list[JsonObject] = [{}, {"big": "yes"}, {"big": True, "small": True}]
        for wrong in wrongs:
            with self.assertRaises(InvalidDataError):
                self.correct(wrong)
        with self.assertRaises(NothingChangedError):
            self.correct({"big": False})

    def test_a_task_without_an_output_has_none_to_correct(self) -> None:
        self.correct({"big": True}, then_retry=self.error)
        with self.assertRaises(OutputReplacedError):
            correct_task_output(
                task=self.current(self.ticket),
                output={"document": "A"},
                by=self.terry,
                reason=REASON,
            )

    def test_charlie_of_another_company_may_not(self) -> None:
        with self.assertRaises(MayNotRepairError):
            correct_task_output(
                task=TaskInstance.objects.get(),
                output={"big": True},
                by=self.charlie,
                reason=REASON,
            )


class CorrectTaskInputTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.archive.input_schema = {
            "type": "object",
            "properties": {"amount": {"type": "integer"}},
            "required": ["amount"],
        }
        self.archive.input_transform = {"amount": {"var": "ticket.amount"}}
        self.archive.save()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        self.error = self.fail_call(self.ticket)

    def correct(self, body: JsonObject, **more: Any) -> None:
        correct_task_input(
            task=self.current(self.ticket), body=body, by=self.terry, reason=REASON, **more
        )

    def test_the_next_attempt_sends_what_was_written(self) -> None:
        self.correct({"amount": 8}, then_retry=self.error)
        with (
            RemoteSystem(answering(b'{"document": "ACC-1"}')) as system,
            self.settings(ACTION_CONNECT_TO=system.connect_to),
            self.captureOnCommitCallbacks(execute=True),
        ):
            run_action(ticket_id=self.ticket.pk, task_id=self.current(self.ticket).pk)
        self.assertEqual([each.body for each in system.received], [b'{"amount":8}'])
        self.assertEqual(Ticket.objects.get().status, "COMPLETED")
        self.assertEqual(Ticket.objects.get().data["amount"], 7)
        event = self.last_event(CHANGED)
        self.assertEqual((event.data["old"], event.data["new"]), ({"amount": 7}, {"amount": 8}))
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_it_must_fit_the_input_schema_and_differ(self) -> None:
        wrongs: list[JsonObject] = [{}, {"amount": "many"}]
        for wrong in wrongs:
            with self.assertRaises(InvalidDataError):
                self.correct(wrong)
        with self.assertRaises(NothingChangedError):
            self.correct({"amount": 7})

    def test_only_a_call_in_error_has_an_input_to_correct(self) -> None:
        self.correct({"amount": 8}, then_retry=self.error)
        with self.assertRaises(InputNotCorrectableError):
            self.correct({"amount": 9})
        with self.assertRaises(InputNotCorrectableError):
            correct_task_input(
                task=TaskInstance.objects.get(definition=self.check),
                body={"big": True},
                by=self.terry,
                reason=REASON,
            )

    def test_only_ticket_admins_may(self) -> None:
        for person in (self.uma, self.wendy, self.charlie):
            with self.assertRaises(MayNotRepairError):
                correct_task_input(
                    task=self.current(self.ticket), body={"amount": 8}, by=person, reason=REASON
                )
