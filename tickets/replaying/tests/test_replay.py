"""Finished tickets in another version of their workflow; and a simulation is what happens."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.audit.models import AuditEvent
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import tampering
from tenants.testing_tools.examples import examples
from tickets.advancing.timers import fire_timer
from tickets.calling.run_action import run_action
from tickets.job_names import FIRE_TIMER
from tickets.models import Ticket
from tickets.replaying.errors import MayNotReplayError
from tickets.replaying.replay_tickets import (
    END,
    WAITS,
    Divergence,
    Onward,
    Refusal,
    Replay,
    replay_tickets,
)
from tickets.testing import import_fixture
from tickets.tests.test_published_processes import INVOICE, ProcessTestCase
from tickets.working.complete_task import complete_task
from workflows.actions.tests.remote_system import RemoteSystem, answering
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.gallery.processes import find_process
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.trying.run_test_cases import trial_of
from workflows.bundles import canonical
from workflows.engine.process import JsonObject
from workflows.engine.simulate import Answer
from workflows.models import (
    CompanyRole,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_repairs.held import HELD
from workflows.running.events.of_repairs.resumed import RESUMED
from workflows.running.events.of_repairs.retried import RETRIED
from workflows.running.events.of_steps.failed import FAILED
from workflows.running.events.of_steps.moved import MOVED

APPROVE, CLARIFY, PAY = "approve_invoice", "invoice_clarification", "prepare_bank_transfer"


class FinishedTicketsCase(ProcessTestCase):
    """Invoices that were processed: approved and paid, or refused."""

    accounting: ClassVar[RemoteSystem]

    @classmethod
    def setUpClass(cls) -> None:
        cls.accounting = cls.enterClassContext(RemoteSystem(answering(b'{"archived": true}')))
        cls.enterClassContext(override_settings(ACTION_CONNECT_TO=cls.accounting.connect_to))
        super().setUpClass()

    def set_up_once(self) -> None:
        super().set_up_once()
        self.workflow = import_fixture("invoice", self.carla)

    def answer(self, ticket: Ticket, output: JsonObject) -> None:
        """Complete the current task, whoever has it; a call answers by itself."""
        task = self.current_task(ticket)
        with self.captureOnCommitCallbacks(execute=True):
            if task.definition.is_form:
                worker = task.assigned_to or self.wendy
                complete_task(task=task, output=output, user=worker)
            else:
                run_action(ticket_id=ticket.pk, task_id=task.pk)

    def let_time_pass(self, ticket: Ticket) -> None:
        """The timer of the current task fires, at its time."""
        task = self.current_task(ticket)
        job = ProcrastinateJob.objects.get(task_name=FIRE_TIMER, args__task_id=task.pk)
        arguments = {name: value for name, value in job.args.items() if name != "schema"}
        with self.captureOnCommitCallbacks(execute=True):
            fire_timer(**arguments, now=datetime.fromisoformat(job.args["due"]))

    def paid(self, **data: Any) -> Ticket:
        ticket = self.submit("invoice", INVOICE | data)
        self.answer(ticket, {"approved": True})
        self.answer(ticket, {"transfer_reference": "TR-1"})
        self.answer(ticket, {})
        return ticket

    def refused(self) -> Ticket:
        ticket = self.submit("invoice", dict(INVOICE))
        self.answer(ticket, {"approved": False})
        self.answer(ticket, {"clarified": False})
        return ticket

    def draft(self, change: Any) -> WorkflowDefinition:
        document: dict[str, Any] = export_bundle(workflow=self.workflow)
        document.pop("tests", None)
        change(document)
        return import_bundle(document=document, user=self.carla)

    def give_everybody_every_role(self) -> None:
        for role in CompanyRole.objects.all():
            role.members.set([self.wendy])


class ReplayTest(FinishedTicketsCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.give_everybody_every_role()
        self.first, self.second = self.paid(), self.refused()

    def replay(self, change: Any, limit: int = 50) -> Replay:
        return replay_tickets(workflow=self.draft(change), limit=limit, by=self.root)

    def test_the_same_definition_makes_no_difference(self) -> None:
        found = replay_tickets(workflow=self.workflow, limit=50, by=self.root)
        self.assertEqual((found.count, found.same), (2, 2))
        self.assertEqual((found.divergences, found.refusals), ({}, {}))

    def test_a_changed_way_is_found_with_where_they_part(self) -> None:
        def straight_to_the_end(document: Any) -> None:
            document["transitions"][1].update(to="end", label="paid by hand")
            document["transitions"] = [
                each
                for each in document["transitions"]
                if each["from"] not in (PAY, "archive_invoice")
            ]
            document["tasks"] = document["tasks"][:2]
            document["company_roles"] = document["company_roles"][1:]

        found = self.replay(straight_to_the_end)
        divergence = Divergence(APPROVE, Onward(PAY), Onward(kind=END, label="paid by hand"))
        self.assertEqual(found.divergences, {divergence: [self.first.pk]})
        self.assertEqual(found.same, 1)

    def test_a_new_task_waits_for_an_answer(self) -> None:
        def ask_more(document: Any) -> None:
            fields = [{"name": "sure", "type": "boolean", "required": True}]
            document["tasks"].append({"key": "confirm", "title": "Confirm", "fields": fields})
            document["transitions"][6]["to"] = "confirm"
            document["transitions"].append({"from": "confirm", "to": "end"})

        found = self.replay(ask_more)
        old = Onward(kind=END, label="invoice processed")
        divergence = Divergence("archive_invoice", old, Onward("confirm"))
        self.assertEqual(found.divergences, {divergence: [self.first.pk]})

    def test_a_form_that_refuses_what_was_answered_is_found(self) -> None:
        def be_stricter(document: Any) -> None:
            document["tasks"][2]["fields"][0]["pattern"] = "^[0-9]+$"
            document["workflow"]["fields"][0]["max"] = 5

        found = self.replay(be_stricter)
        self.assertEqual(
            found.refusals, {Refusal("", ("creditor",)): [self.second.pk, self.first.pk]}
        )

        def be_less_strict(document: Any) -> None:
            document["tasks"][2]["fields"][0]["pattern"] = "^[0-9]+$"

        found = self.replay(be_less_strict)
        self.assertEqual(found.refusals, {Refusal(PAY, ("transfer_reference",)): [self.first.pk]})
        self.assertEqual(found.same, 1)

    def test_a_field_that_became_a_preset_counts_as_the_preset(self) -> None:
        def preset(document: Any) -> None:
            document["ticket_types"][0]["presets"] = {"category": "Misc"}
            document["transitions"][1]["condition"] = {"==": [{"var": "ticket.category"}, "Misc"]}
            document["transitions"][2]["condition"] = None

        found = self.replay(preset)
        divergence = Divergence(APPROVE, Onward(CLARIFY), Onward(PAY))
        self.assertEqual(found.divergences, {divergence: [self.second.pk]})

    def test_tickets_of_older_versions_count_and_running_ones_do_not(self) -> None:
        publish_workflow(
            workflow=self.draft(lambda document: document["workflow"].update(title="B")),
            user=self.carla,
        )
        third = self.refused()
        self.submit("invoice", dict(INVOICE))
        found = replay_tickets(workflow=self.workflow, limit=50, by=self.root)
        self.assertEqual((found.count, found.same), (3, 3))
        newest = replay_tickets(workflow=self.workflow, limit=1, by=self.root)
        self.assertEqual(newest.count, 1)
        self.assertGreater(third.pk, self.second.pk)

    def test_a_condition_that_fails_is_found(self) -> None:
        def fail(document: Any) -> None:
            document["transitions"][1]["condition"] = {
                ">": [{"+": [{"var": ["tasks.approve_invoice.comment", "x"]}]}, 5]
            }
            document["transitions"][2]["condition"] = None

        found = self.replay(fail)
        self.assertEqual([each.new.kind for each in found.divergences], ["stops", "stops"])
        self.assertEqual(len(found.errors), 2)

    def test_a_ticket_that_parts_before_a_form_refuses_is_one_that_parts(self) -> None:
        def swap_and_be_stricter(document: Any) -> None:
            swap(document)
            document["tasks"][2]["fields"][0]["pattern"] = "^[0-9]+$"
            document["tasks"][1]["fields"][0].update(type="text", required=True)
            document["transitions"][3]["condition"] = {
                "==": [{"var": "tasks.invoice_clarification.clarified"}, "yes"]
            }
            document["transitions"][4]["condition"] = None

        found = self.replay(swap_and_be_stricter)
        self.assertEqual(found.refused, 0)
        self.assertEqual(found.differing, 2)

    def test_nothing_is_saved(self) -> None:
        before = [model.objects.count() for model in (Ticket, TaskInstance, WorkflowEvent)]
        calls = len(self.accounting.received)
        replay_tickets(workflow=self.workflow, limit=500, by=self.root)
        after = [model.objects.count() for model in (Ticket, TaskInstance, WorkflowEvent)]
        self.assertEqual(before, after)
        self.assertGreater(calls, 0)
        self.assertEqual(len(self.accounting.received), calls)

    def test_its_queries_do_not_grow_with_the_tickets(self) -> None:
        self.queries()  # definitions that the process keeps are read once
        few = self.queries()
        for _number in range(4):
            self.refused()
        self.assertEqual(self.queries(), few)
        self.assertLess(few, 15)

    def queries(self) -> int:
        with CaptureQueriesContext(connection) as queries:
            replay_tickets(workflow=self.workflow, limit=500, by=self.root)
        return len(queries)


def swap(document: Any) -> None:
    """What is approved is clarified, and the other way round."""
    approved, refused = document["transitions"][1:3]
    approved["to"], refused["to"] = refused["to"], approved["to"]


class NotDoneInTimeTest(FinishedTicketsCase):
    """IT help: what a technician does not do within two days goes to the manager."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.workflow = import_fixture("it_help", self.carla)
        self.give_everybody_every_role()
        self.ticket = self.submit("it_outage", {"topic": "other", "summary": "x"})
        self.let_time_pass(self.ticket)
        self.answer(self.ticket, {"decision": "again", "advice": "x"})
        self.answer(self.ticket, {"solved": True, "solution": "x"})

    def replay(self, change: Any) -> Replay:
        return replay_tickets(workflow=self.draft(change), limit=50, by=self.root)

    def test_it_is_not_done_in_time_again(self) -> None:
        found = replay_tickets(workflow=self.workflow, limit=50, by=self.root)
        self.assertEqual((found.count, found.same), (1, 1))
        self.assertEqual((found.divergences, found.refusals), ({}, {}))

    def test_a_time_that_leads_elsewhere_is_found(self) -> None:
        def give_up(document: Any) -> None:
            timed(document).update(to="end", label="nobody came")

        found = self.replay(give_up)
        end = Onward(kind=END, label="nobody came")
        divergence = Divergence("solve", Onward("escalate"), end, "P2D")
        self.assertEqual(found.divergences, {divergence: [self.ticket.pk]})
        self.give_role(self.carla, SystemRole.TICKET_ADMIN)
        self.log_in(self.carla)
        draft = WorkflowDefinition.objects.get(key=self.workflow.key, version=2)
        url = reverse("admin:workflows_workflowdefinition_replay", args=(draft.pk,))
        page = self.client.get(url, {"tickets": "50"})
        self.assertContains(page, "After “Solve the problem” was not done within 2 days")

    def test_a_shorter_time_would_have_come_first(self) -> None:
        def hurry(document: Any) -> None:
            document["transitions"].append({"from": "solve", "to": "triage", "after": "P1D"})

        (divergence,) = self.replay(hurry).divergences
        self.assertEqual((divergence.after, divergence.new), ("solve", Onward("triage")))

    def test_who_took_too_long_for_a_new_limit_is_found(self) -> None:
        """It took the manager three days, and nobody had said how long it may take."""
        task = self.task("escalate")
        self.took(task, days=3)

        def limit(document: Any) -> None:
            transition = {"from": "escalate", "to": "end", "label": "forgotten", "after": "P2D"}
            document["transitions"].append(transition)

        divergence = Divergence(
            "escalate", Onward("solve"), Onward(kind=END, label="forgotten"), "P2D"
        )
        self.assertEqual(self.replay(limit).divergences, {divergence: [self.ticket.pk]})
        self.took(task, days=1)
        self.assertEqual(self.replay(limit).same, 1)

    def test_on_hold_and_in_error_no_time_passes(self) -> None:
        task = self.task("escalate")
        begin = self.took(task, days=7)

        def limit(document: Any) -> None:
            document["transitions"].append({"from": "escalate", "to": "end", "after": "P2D"})

        for number, (stop, go_on) in enumerate(
            ((HELD, RESUMED), (FAILED, RETRIED),
             (FAILED, ASSIGNED))
        ):  # fmt: skip
            with self.subTest(stop=stop, go_on=go_on):
                for kind, day in ((stop, 1), (go_on, 6)):
                    WorkflowEvent.objects.create(
                        workflow_instance=task.workflow_instance, task_instance=task,
                        kind=kind, at=begin + timedelta(days=day, seconds=number),
                    )  # fmt: skip
                self.assertEqual(self.replay(limit).same, 1)
                with tampering():
                    WorkflowEvent.objects.filter(kind__in=[stop, go_on], at__gt=begin).delete()

    def test_times_that_are_none_are_survived(self) -> None:
        draft = self.draft(lambda document: timed(document).update(label="x"))
        draft.transitions.filter(after="P2D").update(after="soon")
        self.assertEqual(replay_tickets(workflow=draft, limit=5, by=self.root).count, 1)
        draft.transitions.filter(after="soon").update(after="P999DT999H59M")
        self.assertEqual(replay_tickets(workflow=draft, limit=5, by=self.root).count, 1)

    def task(self, key: str) -> TaskInstance:
        return TaskInstance.objects.get(definition__key=key)

    def took(self, task: TaskInstance, *, days: int) -> datetime:
        """Say that a task took so many days; when it began."""
        begin = datetime(2026, 3, 2, 10, tzinfo=UTC)
        TaskInstance.objects.filter(pk=task.pk).update(
            created_at=begin, completed_at=begin + timedelta(days=days, hours=1)
        )
        return begin

    def test_with_more_time_it_waits(self) -> None:
        found = self.replay(lambda document: timed(document).update(after="P3D"))
        (divergence,) = found.divergences
        self.assertEqual((divergence.old, divergence.new.kind), (Onward("escalate"), WAITS))


def timed(document: Any) -> Any:
    return next(each for each in document["transitions"] if "after" in each)


class ReplayPageTest(FinishedTicketsCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.give_everybody_every_role()
        self.ticket = self.paid(creditor="Secret Sauce")
        self.changed = self.draft(swap)
        self.url = reverse("admin:workflows_workflowdefinition_replay", args=(self.changed.pk,))
        self.give_role(self.carla, SystemRole.TICKET_ADMIN)
        self.log_in(self.carla)

    def test_it_says_where_tickets_part(self) -> None:
        page = self.client.get(self.url, {"tickets": "50"})
        self.assertContains(page, "After “Approve the invoice”")
        self.assertContains(page, "to “Prepare the bank transfer”")
        self.assertContains(page, "to “Clarify the invoice”")

    def test_it_names_the_tickets(self) -> None:
        link = reverse("admin:tickets_ticket_change", args=(self.ticket.pk,))
        self.assertContains(self.client.get(self.url, {"tickets": "50"}), link)

    def test_who_may_not_see_tickets_learns_nothing_of_them(self) -> None:
        """Conditions of a draft could ask for every answer, bit by bit."""
        carla = User.objects.get(pk=self.carla.pk)
        carla.groups.set(Group.objects.filter(name=SystemRole.WORKFLOW_CREATOR))
        self.log_in(carla)
        for asked in ({}, {"tickets": "50"}):
            page = self.client.get(self.url, asked)
            self.assertContains(page, "needs the right to see all tickets")
            self.assertNotContains(page, "After “Approve the invoice”")
            self.assertNotIn("replay", page.context)
        with self.assertRaises(MayNotReplayError):
            replay_tickets(workflow=self.changed, limit=50, by=carla)
        self.assertFalse(AuditEvent.objects.filter(kind="tickets.replayed").exists())

    def test_it_stands_in_the_audit_log(self) -> None:
        self.client.get(self.url, {"tickets": "50"})
        event = AuditEvent.objects.get(kind="tickets.replayed")
        self.assertEqual((event.actor_id, event.data), (self.carla.pk, {"count": 1}))

    def test_it_asks_first(self) -> None:
        page = self.client.get(self.url)
        self.assertIsNone(page.context["replay"])
        self.assertContains(page, "Replay them")

    def test_how_many_is_limited(self) -> None:
        limits, no_number = "Give a number from 1 to 500.", "Enter a whole number."
        for wrong, text in (
            *((each, limits) for each in ("0", "501", "-1", "9" * 30)),
            *((each, no_number) for each in ("", "abc", "1;2", "\x00")),
            ("1.000", "could mean two numbers"),
        ):
            with self.subTest(wrong):
                page = self.client.get(self.url, {"tickets": wrong})
                self.assertContains(page, text)
                self.assertEqual(page.context["limit"], wrong)

    def test_how_many_is_read_as_every_number_is(self) -> None:
        for typed, meant in (("50", 50), (" 50 ", 50), ("50.0", 50), ("٣", 3)):
            with self.subTest(typed):
                page = self.client.get(self.url, {"tickets": typed})
                self.assertEqual(page.context["limit"], meant)
                self.assertIsNotNone(page.context["replay"])

    def test_it_is_only_read(self) -> None:
        self.assertEqual(self.client.post(self.url).status_code, 405)

    def test_without_finished_tickets_it_says_so(self) -> None:
        vacation = import_fixture("vacation", self.carla)
        url = reverse("admin:workflows_workflowdefinition_replay", args=(vacation.pk,))
        self.assertContains(self.client.get(url, {"tickets": "5"}), "has finished yet")


SETTINGS = examples(15)
COMMENT = st.sampled_from([{}, {"comment": "Why?"}])
OUTPUTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    APPROVE: st.builds(lambda yes, more: {"approved": yes, **more}, st.booleans(), COMMENT),
    CLARIFY: st.fixed_dictionaries({"clarified": st.booleans()}),
    PAY: st.just({"transfer_reference": "TR-1"}),
    "triage": st.sampled_from([{"outcome": "answered", "answer": "x"}, {"outcome": "technician"}]),
    "solve": st.builds(lambda yes: {"solved": yes, "solution": "x"}, st.booleans()),
    "escalate": st.sampled_from(
        [{"decision": "again", "advice": "x"}, {"decision": "close", "advice": "x", "budget": 5}]
    ),
}
HELP = st.builds(
    lambda priority: {"topic": "other", "priority": priority, "summary": "x"},
    st.sampled_from(["low", "normal", "high", "critical"]),
)


class SimulationIsWhatHappensTest(FinishedTicketsCase):
    """The same answers through the real services and through the simulation."""

    def set_up_once(self) -> None:
        super().set_up_once()
        import_fixture("it_help", self.carla)
        self.give_everybody_every_role()

    def check(self, key: str, ticket_data: Any, data: st.DataObject) -> None:
        ticket = self.submit(key, ticket_data)
        for _step in range(8):
            task = (
                TaskInstance.objects.unfinished().filter(workflow_instance__ticket=ticket).first()
            )
            if task is None:
                break
            is_late = data.draw(st.booleans())
            if is_late and task.definition.key == "solve":
                self.let_time_pass(ticket)
                continue
            outputs = OUTPUTS.get(task.definition.key, st.just({}))
            self.answer(ticket, data.draw(outputs))
        self.compare(Ticket.objects.get(pk=ticket.pk))

    def compare(self, ticket: Ticket) -> None:
        instance = WorkflowInstance.objects.get(ticket=ticket)
        tasks = TaskInstance.objects.filter(workflow_instance=instance).order_by("pk")
        made = list(tasks.select_related("definition"))
        trial = trial_of(ticket.workflow)
        answers = [
            Answer(each.definition.key, after="P2D")
            if each.status == TaskStatus.CANCELLED
            else Answer(each.definition.key, each.output_data or {})
            for each in made
            if each.output_data is not None or each.status == TaskStatus.CANCELLED
        ]
        found = trial.run(facts=ticket.facts(self.acme), answers=answers)
        self.assertEqual(list(found.path), [each.definition.key for each in made])
        self.assertEqual(found.last_step.data, instance.data)
        self.assertEqual(found.end_label, instance.end_label)
        self.assertEqual(found.outcome == "COMPLETED", instance.status == "COMPLETED")
        moves = WorkflowEvent.objects.filter(workflow_instance=instance, kind=MOVED)
        self.assertEqual(
            [each.decision.as_json() for each in found.steps if each.decision is not None],
            [
                {name: value for name, value in each.data.items() if name != "made"}
                for each in moves.order_by("pk")
            ],
        )
        # A call that waits to be made is shown already.
        done = [step for step in found.steps if step.output is not None]
        sent = [step.sends for step in done if step.sends is not None]
        called = [each.input_data for each in made if each.input_data is not None]
        self.assertEqual(sent, called)

    def test_of_the_invoice_process(self) -> None:
        @given(st.data())
        @SETTINGS
        def check(data: st.DataObject) -> None:
            self.check("invoice", dict(INVOICE), data)

        check()

    def test_of_the_it_help_process(self) -> None:
        @given(HELP, st.data())
        @SETTINGS
        def check(ticket_data: Any, data: st.DataObject) -> None:
            self.check("it_help", ticket_data, data)

        check()


class FailedCallTest(ProcessTestCase):
    """An order whose payment was refused."""

    def set_up_once(self) -> None:
        super().set_up_once()
        found = find_process("order")
        assert found is not None
        self.document: dict[str, Any] = copy.deepcopy(found.document)
        self.workflow = import_bundle(document=self.document, user=self.carla)
        publish_workflow(workflow=self.workflow, user=self.carla)
        for role in CompanyRole.objects.all():
            role.members.set([self.wendy, self.uma])
        ticket: JsonObject = {
            "customer": "A",
            "email": "a@example.com",
            "product": "7",
            "quantity": 1,
        }
        order = self.submit("order", {**ticket, "amount": 5, "address": "Here"})
        self.call(order, answering(b'{"available": true}'))
        self.call(order, answering(b'{"error": "no money"}', status=402))
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=self.current_task(order), output={"again": False}, user=self.wendy)

    def call(self, ticket: Ticket, reply: Any) -> None:
        with (
            RemoteSystem(reply) as system,
            override_settings(ACTION_CONNECT_TO=[f"shop.example:80=127.0.0.1:{system.port}"]),
            self.captureOnCommitCallbacks(execute=True),
        ):
            run_action(ticket_id=ticket.pk, task_id=self.current_task(ticket).pk)

    def test_the_same_definition_makes_no_difference(self) -> None:
        found = replay_tickets(workflow=self.workflow, limit=50, by=self.root)
        self.assertEqual((found.count, found.same), (1, 1))

    def test_another_way_for_the_failure_is_found(self) -> None:
        ask = next(each for each in self.document["transitions"] if each["to"] == "ask")
        ask["condition"] = {"==": [{"var": "failure.answer.error"}, "other"]}
        draft = import_bundle(document=self.document, user=self.carla)
        found = replay_tickets(workflow=draft, limit=50, by=self.root)
        self.assertEqual((found.count, found.same), (1, 0))

    def test_an_export_is_the_document_again(self) -> None:
        exported = export_bundle(workflow=self.workflow)
        self.assertEqual(exported["transitions"], canonical(self.document)["transitions"])
