"""Nothing of a company reaches somebody else's assistant, whatever it sends to whichever tool."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, Final
from uuid import uuid4

from django.test import override_settings, tag

from project.programs.mcp_server import SERVER
from tenants.mcp.tests.assistant import Assistant
from tenants.mcp.tool import Tool
from tenants.testing import CompanyTestCase
from tickets.conversation.write_message import write_message
from tickets.models import Message, TicketError
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.testing import fixture_document, import_fixture
from workflows.models import WorkflowDefinition

SECRET = "whispered-in-acme"
# How many tools a usual run asks; which, says the seed.
FEW: Final = 4
SEED: Final = 7
HOSTILE: tuple[Any, ...] = (
    None,
    "",
    "x" * 20_000,
    "' OR 1=1 --",
    "../../etc/passwd",
    "\x00",
    "\ud800",
    "99999999999999999999",
    0,
    -1,
    2**63 - 1,
    2**63,
    1e308,
    True,
    [],
    [[]] * 50,
    {},
    {"$ref": "file:///etc/passwd", "__proto__": {"var": ["a"] * 50}},
)


def nested(depth: int) -> Any:
    found: Any = {}
    for _ in range(depth):
        found = {"tasks": [found]}
    return found


@override_settings(TOKEN_REQUESTS_A_MINUTE=1_000_000)
class AssistantIsolationCase(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        import_fixture("vacation", self.carla)
        self.workflow.title = SECRET
        WorkflowDefinition.objects.filter(pk=self.workflow.pk).update(title=SECRET)
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        self.ticket.title = SECRET
        self.ticket.save(update_fields=["title"])
        write_message(
            ticket=self.ticket,
            user=self.uma,
            text=SECRET,
            token=uuid4().hex,
            now=self.ticket.created_at,
        )
        self.task = self.current(self.ticket)
        with self.captureOnCommitCallbacks(execute=True):
            failing = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(failing, {"big": True})
        self.error = self.fail_call(failing, SECRET)

    def arguments_that_fit(self, tool: Tool) -> dict[str, Any]:
        """What somebody of Acme would send."""
        known: dict[str, Any] = {
            "ticket": self.ticket.number,
            "task": self.task.pk,
            "error": self.error.pk,
            "ticket_type": "thing",
            "workflow": "flow",
            "document": fixture_document("vacation"),
            "answers": {"amount": 7},
            "text": "Hello",
            "reason": "It is there again.",
            "filename": "notes.txt",
            "content": "SGVsbG8=",
            "idempotency_key": uuid4().hex,
        }
        if tool.name == "try_draft":
            known |= {"ticket": {"amount": 7}, "answers": []}
        needed = tool.input_schema.get("required", [])
        return {name: known[name] for name in needed}

    def variants(self, tool: Tool) -> Iterator[dict[str, Any]]:
        fits = self.arguments_that_fit(tool)
        yield fits
        for name in tool.input_schema["properties"]:
            for value in HOSTILE:
                yield {**fits, name: value}
        yield {**fits, "document": nested(400)}
        yield {**fits, "answers": nested(200), "ticket": nested(200)}
        yield {name: [fits] for name in tool.input_schema["properties"]}

    def ask_as_charlie(self, tools: Iterable[Tool]) -> int:
        """How often they were asked: without that they said or changed anything of Acme."""
        of_charlie = Assistant(self.charlie)
        messages, errors = Message.objects.count(), TicketError.objects.unresolved().count()
        asked = 0
        for tool in tools:
            for arguments in self.variants(tool):
                asked += 1
                self.say_nothing(of_charlie, tool.name, arguments)
        self.assertEqual(Message.objects.count(), messages)
        self.assertEqual(TicketError.objects.unresolved().count(), errors)
        self.task.refresh_from_db()
        self.assertEqual(self.task.status, "OPEN")
        return asked

    def say_nothing(self, assistant: Assistant, tool: str, arguments: dict[str, Any]) -> None:
        with self.subTest(tool, arguments=str(arguments)[:200]):
            message = {"name": tool, "arguments": arguments}
            response = assistant.post(
                {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": message}, {}
            )
            self.assertIn(response.status_code, (200, 400), response.content[:500])
            text = response.content.decode()
            self.assertNotIn(SECRET, text)
            self.assertNotIn("Traceback", text)
            answer = json.loads(text)
            if response.status_code == 200:
                self.assertIn("result", answer)

    def ask_as_terry(self, tools: Iterable[Tool]) -> None:
        person = Assistant(self.terry)
        for tool in tools:
            if not tool.writes and tool.is_allowed(self.terry):
                for arguments in self.variants(tool):
                    response = person.post(
                        {
                            "jsonrpc": "2.0",
                            "id": 1,
                            "method": "tools/call",
                            "params": {"name": tool.name, "arguments": arguments},
                        },
                        {},
                    )
                    with self.subTest(tool.name, arguments=str(arguments)[:200]):
                        self.assertIn(response.status_code, (200, 400))


class SomeAssistantIsolationTests(AssistantIsolationCase):
    def test_some_tools_say_and_change_nothing_of_another_company(self) -> None:
        self.assertGreater(self.ask_as_charlie(self.some()), FEW * len(HOSTILE))

    def test_hostile_arguments_of_somebody_of_acme_break_none_of_some(self) -> None:
        self.ask_as_terry(self.some())

    def some(self) -> list[Tool]:
        return Random(SEED).sample([*SERVER.tools.values()], FEW)

    def test_somebody_of_acme_is_told(self) -> None:
        """That the words above would be found at all."""
        seen = Assistant(self.terry).call("get_ticket", ticket=self.ticket.number)
        self.assertIn(SECRET, str(seen["messages"]))
        self.assertEqual(seen["title"], SECRET)
        self.assertIn(SECRET, str(Assistant(self.terry).call("list_errors")))
        self.assertIn(SECRET, str(Assistant(self.carla).call("list_workflows")))


@tag("companies")
class AssistantIsolationTests(AssistantIsolationCase):
    SECONDS_EACH = 20.0

    def test_no_tool_says_or_changes_anything_of_another_company(self) -> None:
        self.assertGreater(self.ask_as_charlie(SERVER.tools.values()), 500)

    def test_hostile_arguments_of_somebody_of_acme_break_nothing(self) -> None:
        self.ask_as_terry(SERVER.tools.values())
