"""Steps that the engine does itself: values that are set, and decision tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tenants.testing import CompanyTestCase
from tickets.advancing.advance_ticket import advance_ticket
from tickets.advancing.tests.block_case import BlockCase, block, form
from tickets.advancing.tests.test_statements_of_a_step import NOT_COUNTED
from tickets.following.pages.history import history
from tickets.models import Ticket, TicketError
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.seeing.viewer import Viewer
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import canonical, check_bundle
from workflows.engine.process import JsonObject
from workflows.engine.tests.table_example import COUNTRIES, PROBES, answers, table
from workflows.models import TaskInstance, WorkflowDefinition, WorkflowEvent
from workflows.running.history import replay, stored_state

OK: list[dict[str, Any]] = [{"name": "ok", "label": "OK?", "type": "boolean", "required": True}]


def shipping(**parts: Any) -> dict[str, Any]:
    """A ticket is rated by the table, and then somebody sends it."""
    document: dict[str, Any] = {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "shipping",
            "title": "Shipping",
            "fields": [
                {"name": "country", "type": "choice", "required": True, "choices": COUNTRIES},
                {"name": "weight", "type": "number", "required": True},
                {"name": "express", "type": "boolean", "required": True},
                {"name": "worth", "type": "number", "required": True},
                {"name": "wanted", "type": "date", "required": True},
            ],
        },
        "tasks": [
            {"key": "offer", "title": "Find the offer", "task_type": "DECISION", "table": table()},
            {
                "key": "sum",
                "title": "Add up",
                "task_type": "VALUES",
                "values": {
                    "total": {"*": [{"var": "tasks.offer.price"}, 1.19]},
                    "is_dear": {">": [{"var": "tasks.offer.price"}, 100]},
                },
            },
            {"key": "send", "title": "Send", "fields": OK},
            {"key": "ask", "title": "Ask", "fields": OK},
        ],
        "transitions": [
            {"from": "start", "to": "offer"},
            {"from": "offer", "to": "sum"},
            {
                "from": "sum",
                "to": "ask",
                "condition": {
                    "or": [
                        {"var": "tasks.sum.is_dear"},
                        {"==": [{"var": "tasks.offer.row"}, 14]},
                    ]
                },
                "priority": 1,
            },
            {"from": "sum", "to": "send", "priority": 2},
            {"from": "send", "to": "end"},
            {"from": "ask", "to": "send"},
        ],
        "ticket_types": [{"key": "shipping", "title": "Shipping"}],
    }
    return {**document, **parts}


class AtOnceCase(CompanyTestCase):
    def publish(self, document: dict[str, Any]) -> WorkflowDefinition:
        draft = import_bundle(document=document, user=self.carla)
        return publish_workflow(workflow=draft, user=self.carla)

    def submit(self, workflow: WorkflowDefinition, data: JsonObject) -> Ticket:
        definition = workflow.ticket_definitions.get()
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=definition, data=data, user=self.uma)
        return Ticket.objects.get(pk=ticket.pk)

    def path(self, ticket: Ticket) -> list[str]:
        tasks = TaskInstance.objects.filter(workflow_instance__ticket=ticket).order_by("pk")
        return list(tasks.values_list("definition__key", flat=True))

    def output(self, ticket: Ticket, key: str) -> Any:
        assert ticket.workflow_instance is not None
        return ticket.workflow_instance.data.get(key)

    def complete(self, ticket: Ticket) -> None:
        assert ticket.workflow_instance is not None
        task = ticket.workflow_instance.current_task
        assert task is not None
        assert task.assigned_to is not None
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output={"ok": True}, user=task.assigned_to)

    def assert_sound(self, ticket: Ticket) -> None:
        """The history alone says the same."""
        instance = Ticket.objects.get(pk=ticket.pk).workflow_instance
        assert instance is not None
        events = WorkflowEvent.objects.filter(workflow_instance=instance).order_by("pk")
        self.assertEqual(replay(events), stored_state(instance))
        self.assertEqual(broken_invariants(ticket), [])

    def lines(self, ticket: Ticket) -> list[str]:
        workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(
            pk=ticket.workflow_id
        )
        found = history(workflow, ticket.workflow_instance_id, viewer=Viewer.TEAM)
        return [line.text for line in found.lines]


class TableTests(AtOnceCase):
    workflow: ClassVar[WorkflowDefinition]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        draft = import_bundle(document=shipping(), user=cls.carla)
        cls.workflow = publish_workflow(workflow=draft, user=cls.carla)

    def test_the_definition_is_in_order(self) -> None:
        document: Any = canonical(shipping())
        self.assertEqual([each.message for each in check_bundle(document)], [])

    def test_each_of_40_probes_finds_its_row(self) -> None:
        for probe in PROBES:
            with self.subTest(probe):
                ticket = self.submit(self.workflow, answers(probe[:5]))
                self.assertEqual(self.output(ticket, "offer")["row"], probe[-1])
                last = "ask" if probe[-1] in (11, 12, 13, 14) else "send"
                self.assertEqual(self.path(ticket), ["offer", "sum", last])

    def test_values_are_exact_and_conditions_read_the_row(self) -> None:
        ticket = self.submit(self.workflow, answers(PROBES[8][:5]))
        self.assertEqual(self.output(ticket, "sum"), {"total": 14.8631, "is_dear": False})
        ticket = self.submit(self.workflow, answers(PROBES[-1][:5]))
        self.assertEqual(self.path(ticket)[-1], "ask")  # because of its row alone
        self.assert_sound(ticket)

    def test_the_history_names_the_row(self) -> None:
        ticket = self.submit(self.workflow, answers(PROBES[6][:5]))
        lines = self.lines(ticket)
        row = "Find the offer: row 3 of the decision table fits: Insured from 500 on"
        self.assertIn(row, lines)
        self.assertIn("Add up: the values were set.", lines)
        event = WorkflowEvent.objects.get(kind="DONE_AT_ONCE", data__has_key="rows")
        self.assertEqual(event.data["rows"], [3])
        self.assertEqual(event.data["read"]["Weight"], 5)
        self.assertIsNone(event.actor)

    def test_they_cost_one_statement_together(self) -> None:
        """It draws the ids of the tasks; without such steps a submission takes three."""
        data = answers(PROBES[0][:5])
        self.submit(self.workflow, data)
        definition = self.workflow.ticket_definitions.get()
        self.assertEqual(
            self.count(lambda: submit_ticket(definition=definition, data=data, user=self.uma)), 4
        )

    def count(self, act: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as queries:
            act()
        return sum(not each["sql"].startswith(NOT_COUNTED) for each in queries)

    def test_the_ticket_goes_on_after_them(self) -> None:
        ticket = self.submit(self.workflow, answers(PROBES[0][:5]))
        self.complete(ticket)
        self.assertEqual(Ticket.objects.get(pk=ticket.pk).status, "COMPLETED")
        self.assert_sound(ticket)


class FailingTests(AtOnceCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        document = shipping()
        document["workflow"]["fields"][3]["required"] = False
        self.workflow = self.publish(document)
        data = answers(PROBES[0][:5])
        del data["worth"]
        self.ticket = self.submit(self.workflow, data)

    def test_it_is_an_error_of_the_step(self) -> None:
        error = TicketError.objects.get()
        assert error.task is not None
        self.assertEqual((error.task.definition.key, error.error_type), ("offer", "TASK_UPDATE"))
        self.assertIn("cannot read “Value”", error.message)
        self.assertEqual(error.task.status, "ERROR")
        self.assert_sound(self.ticket)

    def test_mended_data_and_a_retry_lead_on(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            correct_ticket_data(
                ticket=self.ticket,
                data=answers(PROBES[0][:5]),
                by=self.terry,
                reason=REASON,
                then_retry=TicketError.objects.get(),
            )
        self.assertEqual(self.path(self.ticket), ["offer", "sum", "send"])
        self.assertFalse(TicketError.objects.unresolved().exists())
        self.assert_sound(self.ticket)

    def test_advancing_twice_changes_nothing(self) -> None:
        advance_ticket(ticket_id=self.ticket.pk)
        self.assertEqual(TicketError.objects.count(), 1)
        self.assertEqual(self.path(self.ticket), ["offer"])

    def test_no_row_and_no_default(self) -> None:
        document = shipping()
        document["workflow"]["key"] = document["ticket_types"][0]["key"] = "gap"
        document["tasks"][0]["table"]["rows"] = document["tasks"][0]["table"]["rows"][:1]
        ticket = self.submit(self.publish(document), answers(PROBES[-1][:5]))
        error = TicketError.objects.get(ticket=ticket)
        self.assertIn("No row of the decision table fits (Country: other", error.message)


class CircleTests(AtOnceCase):
    def circle(self, condition: Any = None) -> dict[str, Any]:
        """Two steps that lead to each other without anybody in between."""
        count = {"+": [{"var": ["tasks.one.n", 0]}, 1]}
        return shipping(
            tasks=[
                {"key": "one", "title": "One", "task_type": "VALUES", "values": {"n": count}},
                {"key": "two", "title": "Two", "task_type": "VALUES", "values": {"x": 1}},
                {"key": "send", "title": "Send", "fields": OK},
            ],
            transitions=[
                {"from": "start", "to": "one"},
                {"from": "one", "to": "two"},
                {
                    "from": "two",
                    "to": "one",
                    "condition": condition or {"<": [{"var": "tasks.one.n"}, 100000]},
                    "priority": 1,
                },
                {"from": "two", "to": "send", "priority": 2},
                {"from": "send", "to": "end"},
            ],
        )

    def test_the_check_warns_of_it(self) -> None:
        messages = [each.message for each in check_bundle(self.circle())]
        self.assertEqual(len(messages), 1)
        self.assertIn("would go round until the ticket stops", messages[0])
        counted = self.circle({"<": [{"var": "visits.one"}, 3]})
        self.assertEqual([each.message for each in check_bundle(counted)], [])

    def test_a_block_in_which_somebody_is_waited_for_is_no_such_circle(self) -> None:
        inside: dict[str, dict[str, Any]] = {
            "vote": {"task_type": "APPROVAL", "approvers": {"manager": True}},
            "time": {"task_type": "WAIT", "wait": "P1D"},
            "form": {"fields": OK},
            "call": {"task_type": "SYNC_ACTION", "action_url": "https://example.com/"},
        }
        warned = {}
        for key, step in inside.items():
            document = self.circle()
            document["tasks"][1] = {
                "key": "two",
                "title": "Two",
                "task_type": "BLOCK",
                "branches": [{"key": "a", "title": "A", "start": key}],
            }
            document["tasks"].append({"key": key, "title": key, "branch": "two.a", **step})
            document["transitions"].append({"from": key, "to": "end"})
            texts = [each.message for each in check_bundle(document)]
            warned[key] = any("without a person, a time or a count" in each for each in texts)
        self.assertEqual(warned, {"vote": False, "time": False, "form": False, "call": True})

    @override_settings(TICKET_MOST_VISITS=20)
    def test_it_is_stopped(self) -> None:
        ticket = self.submit(self.publish(self.circle()), answers(PROBES[0][:5]))
        error = TicketError.objects.get()
        self.assertIn("has come to the task “One” 20 times", error.message)
        self.assertEqual(self.path(ticket), ["one", "two"] * 20)
        self.assertEqual(self.output(ticket, "one"), {"n": 20})
        self.assert_sound(ticket)

    def test_a_count_of_visits_ends_it(self) -> None:
        workflow = self.publish(self.circle({"<": [{"var": "visits.one"}, 3]}))
        ticket = self.submit(workflow, answers(PROBES[0][:5]))
        self.assertEqual(self.path(ticket), [*["one", "two"] * 3, "send"])
        self.assert_sound(ticket)


class WhoDidItTests(AtOnceCase):
    """Conditions read who did a step, and when."""

    def workflow(self, condition: Any) -> WorkflowDefinition:
        return self.publish(
            shipping(
                tasks=[
                    {"key": "first", "title": "First", "fields": OK},
                    {"key": "note", "title": "Note", "task_type": "VALUES", "values": {"x": 1}},
                    {"key": "send", "title": "Send", "fields": OK},
                    {"key": "ask", "title": "Ask", "fields": OK},
                ],
                transitions=[
                    {"from": "start", "to": "first"},
                    {"from": "first", "to": "note"},
                    {"from": "note", "to": "ask", "condition": condition, "priority": 1},
                    {"from": "note", "to": "send", "priority": 2},
                    {"from": "ask", "to": "end"},
                    {"from": "send", "to": "end"},
                ],
            )
        )

    def after_first(self, condition: Any) -> str:
        ticket = self.submit(self.workflow(condition), answers(PROBES[0][:5]))
        self.complete(ticket)
        self.assert_sound(ticket)
        return self.path(ticket)[-1]

    def test_by_whom(self) -> None:
        self.walt.is_available = False
        self.walt.save()
        condition = {"==": [{"var": "done.first.by.email"}, self.wendy.email]}
        self.assertEqual(self.after_first(condition), "ask")

    def test_when(self) -> None:
        condition = {"<": [{"var": "done.first.at"}, "2001-01-01T00:00:00Z"]}
        self.assertEqual(self.after_first(condition), "send")

    def test_what_nobody_did(self) -> None:
        condition = {"==": [{"var": "done.note.by.email"}, ""]}
        self.assertEqual(self.after_first(condition), "ask")

    def test_a_later_step_reads_it_from_the_database(self) -> None:
        document = shipping()
        document["tasks"][3]["fields"] = OK
        document["transitions"][5] = {
            "from": "ask",
            "to": "send",
            "condition": {"!=": [{"var": "done.ask.by.name"}, ""]},
            "priority": 1,
        }
        document["transitions"].append({"from": "ask", "to": "end", "priority": 2})
        ticket = self.submit(self.publish(document), answers(PROBES[-1][:5]))
        self.complete(ticket)
        self.assertEqual(self.path(ticket)[-1], "send")


class InABranchTests(BlockCase):
    def test_they_are_done_in_the_branches_of_a_block(self) -> None:
        """One branch looks the table up and asks somebody, the other sets a value and ends."""
        rows: list[Any] = [
            {"when": ["yes"], "then": ["one"]},
            {"when": ["not yes"], "then": ["two"]},
        ]
        read: Any = {"name": "note", "value": {"var": "ticket.note"}}
        found: Any = {"inputs": [read], "outputs": [{"name": "kind"}], "rows": rows}
        rate = {"key": "rate", "title": "Rate", "task_type": "DECISION", "table": found}
        add: Any = {"key": "add", "title": "Add", "task_type": "VALUES", "values": {"x": 1}}
        self.define(
            block("both", starts={"left": "rate", "right": "add"}),
            {**rate, "branch": "both.left"},
            {**add, "branch": "both.right"},
            form("send", "both.left"),
            ways=[
                (None, "both"),
                ("rate", "send", {"condition": {"==": [{"var": "tasks.rate.row"}, 1]}}),
                ("send", None),
                ("add", None),
                ("both", None, {"label": "done"}),
            ],
        )
        self.submit({"note": "yes"})
        self.assertEqual(self.open_keys(), ["send"])
        self.assertEqual(self.status_of("add"), "COMPLETED")
        self.assert_sound()
        self.complete("send")
        self.assertEqual(self.instance().status, "COMPLETED")
        self.assertEqual(self.instance().data["rate"], {"kind": "one", "row": 1})
        self.assertEqual(self.instance().data["add"], {"x": 1})
        self.assert_sound()

    def test_a_form_beside_a_branch_that_is_enough_at_once_is_given_to_nobody(self) -> None:
        add: Any = {"key": "add", "title": "Add", "task_type": "VALUES", "values": {"x": 1}}
        self.define(
            block("both", starts={"left": "send", "right": "add"}, ends_when="any"),
            form("send", "both.left"),
            {**add, "branch": "both.right"},
            ways=[(None, "both"), ("send", None), ("add", None), ("both", None)],
        )
        self.submit({"note": "yes"})
        self.assertEqual((self.open_keys(), self.status_of("send")), ([], "CANCELLED"))
        self.assertEqual(self.instance().status, "COMPLETED")
        self.assert_sound()
