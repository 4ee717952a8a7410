"""Two who work in two branches at the same moment: the block ends once."""

from __future__ import annotations

from collections.abc import Callable

from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from tickets.advancing.tests.block_case import block, define_flow, form
from tickets.health import company_findings
from tickets.models import Ticket
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.errors import TaskNotWorkableError
from workflows.models import Path, TaskInstance, WorkflowEvent


class BranchesAtOnceTests(CompanyTransactionTestCase):
    def start(self, *, ends_when: str) -> None:
        definition = define_flow(
            ends_when,
            block("both", starts={"a": "one", "b": "two"}, ends_when=ends_when),
            form("one", "both.a"),
            form("two", "both.b"),
            form("last"),
            by=self.carla,
            ways=[
                (None, "both"),
                ("one", None),
                ("two", None),
                ("both", "last"),
                ("last", None),
            ],
        )
        self.ticket = submit_ticket(definition=definition, data={}, user=self.uma)

    def completion(self, key: str) -> Callable[[], None]:
        task = TaskInstance.objects.select_related("assigned_to").get(definition__key=key)
        worker = task.assigned_to
        assert worker is not None
        return lambda: complete_task(task=task, output={"note": key}, user=worker)

    def assert_sound(self) -> None:
        self.assertEqual(WorkflowEvent.objects.filter(kind="BLOCK_ENDED").count(), 1)
        last = TaskInstance.objects.get(definition__key="last")
        self.assertEqual(last.status, "OPEN")
        self.assertEqual(broken_invariants(self.ticket), [])
        self.assertEqual([each.message for each in company_findings()], [])

    def test_the_last_two_branches_end_at_once(self) -> None:
        self.start(ends_when="all")
        raised = at_once(self.completion("one"), self.completion("two"), company=self.acme)
        self.assertEqual(raised, [None, None])
        self.assert_sound()
        instance = Ticket.objects.get().workflow_instance
        assert instance is not None
        self.assertEqual(instance.data["one"], {"note": "one"})
        self.assertEqual(instance.data["two"], {"note": "two"})

    def test_where_one_is_enough_the_other_is_refused(self) -> None:
        self.start(ends_when="any")
        raised = at_once(self.completion("one"), self.completion("two"), company=self.acme)
        (refused,) = [each for each in raised if each is not None]
        self.assertIsInstance(refused, TaskNotWorkableError)
        self.assert_sound()
        statuses = sorted(Path.objects.values_list("status", flat=True))
        self.assertEqual(statuses, ["CANCELLED", "ENDED"])
