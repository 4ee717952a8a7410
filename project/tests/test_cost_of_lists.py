"""What a list costs by a token does not grow with what stands in it."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.api.tests.api_case import ApiCase
from tenants.mcp.tests.assistant import Assistant
from tenants.roles import SystemRole
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from workflows.engine.process import JsonObject
from workflows.models import CompanyRole, TicketDefinition

ANSWERS: Final[JsonObject] = {"location": "Spain", "season": "Summer"}
LISTS: Final = (
    "ticket-types", "tickets", "tickets?whose=all", "tickets?whose=all&search=spain", "tasks",
    "tasks?which=pool", "tasks?which=done", "workflows", "errors", "people", "roles", "notices",
    "audit",
)  # fmt: skip
TOOLS: Final[tuple[tuple[str, JsonObject], ...]] = (
    ("list_ticket_types", {}),
    ("search_tickets", {"whose": "all"}),
    ("search_tickets", {"whose": "all", "text": "spain"}),
    ("my_tasks", {}),
    ("my_tasks", {"which": "pool"}),
    ("list_workflows", {}),
    ("list_errors", {}),
)


class CostTests(ApiCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        for role in SystemRole:
            self.give_role(self.wendy, role)
        import_fixture("vacation", self.carla)
        for each in CompanyRole.objects.all():
            each.members.set([self.wendy])

    def submit(self, times: int) -> None:
        definition = TicketDefinition.objects.active().get(key="vacation")
        for _each in range(times):
            submit_ticket(definition=definition, data=ANSWERS, user=self.wendy)

    def test_lists_cost_as_many_queries_with_many_rows(self) -> None:
        assistant = Assistant(self.wendy)
        self.submit(2)
        before = self.costs(assistant)
        self.submit(8)
        self.assertEqual(Ticket.objects.count(), 10)
        after = self.costs(assistant)
        grown = {name: (cost, after[name]) for name, cost in before.items() if after[name] > cost}
        self.assertEqual(grown, {})

    def costs(self, assistant: Assistant) -> dict[str, int]:
        """Queries, after a first time in which the process reads what it keeps."""
        found: dict[str, int] = {}
        for path in LISTS:
            self.ask(self.wendy, "GET", path, expect=200)
            found[path] = self.cost(lambda path=path: self.ask(self.wendy, "GET", path))
        for tool, arguments in TOOLS:
            assistant.call(tool, **arguments)
            found[f"{tool} {arguments}"] = self.cost(
                lambda tool=tool, arguments=arguments: assistant.call(tool, **arguments)
            )
        return found

    def cost(self, ask: Any) -> int:
        with CaptureQueriesContext(connection) as asked:
            ask()
        return len(asked)
