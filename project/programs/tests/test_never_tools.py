"""What is never among the tools of assistants: publishing, people, roles and secrets."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from django.test import SimpleTestCase

import tickets.mcp
import workflows.mcp
from project.programs.mcp_server import SERVER
from tenants.mcp.tool import Tool

TOOLS = {
    *("list_ticket_types", "get_form", "upload_file", "submit_ticket", "search_tickets"),
    "get_ticket",
    *("add_message", "my_tasks", "get_task", "claim_task", "complete_task"),
    "hand_back_task",
    *("list_workflows", "get_workflow", "check_bundle", "save_draft", "try_draft"),
    *("run_test_cases", "replay_draft", "list_errors", "retry_step"),
}
NEVER_NAMED = ("publish", "retire", "role", "people", "person", "secret", "token", "invite")
# A module that does such a thing; with all that stands beneath it.
NEVER_IMPORTED = (
    "workflows.authoring.publishing",
    "workflows.people",
    "workflows.signing",
    "tenants.services",
    "tenants.account",
    "tenants.tokens.make_token",
    "tenants.encryption",
    "tickets.company_data",
    "tickets.erasing",
    "tickets.moving",
)
NEVER_NEEDED = ("tenants.", "audit.", "workflows.change_companyrole", "signingsecret")


def modules() -> Iterator[ModuleType]:
    for package in (tickets.mcp, workflows.mcp):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".tests" not in each.name:
                yield importlib.import_module(each.name)


def imported_by(module: ModuleType) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


class NeverToolsTests(SimpleTestCase):
    def test_these_are_the_tools(self) -> None:
        """A new one is a decision: write it down here, and in docs/assistants.md."""
        self.assertEqual(SERVER.tools.keys(), TOOLS)

    def test_none_is_named_so(self) -> None:
        for name in SERVER.tools:
            self.assertEqual([each for each in NEVER_NAMED if each in name], [], name)

    def test_none_needs_a_right_to_do_so(self) -> None:
        for tool in SERVER.tools.values():
            for permission in tool.permissions:
                wrong = [each for each in NEVER_NEEDED if each in permission]
                self.assertEqual(wrong, [], f"{tool.name}: {permission}")
            self.assertNotIn(tool.scope, ("definitions:publish", "people:write"))

    def test_no_module_of_tools_could(self) -> None:
        seen = 0
        for module in modules():
            seen += 1
            for name in imported_by(module):
                wrong = [each for each in NEVER_IMPORTED if name.startswith(each)]
                self.assertEqual(wrong, [], f"{module.__name__} imports {name}")
        self.assertGreater(seen, 8)

    def test_every_tool_is_declared_in_full(self) -> None:
        for tool in SERVER.tools.values():
            with self.subTest(tool.name):
                self.declared_in_full(tool)

    def declared_in_full(self, tool: Tool) -> None:
        listed = tool.as_json()
        self.assertGreater(len(tool.description), 40)
        self.assertIn("properties", listed["outputSchema"])
        for name, schema in tool.input_schema["properties"].items():
            self.assertIn("description", schema, name)
            self.bounded(schema, name)
        self.assertLessEqual(set(tool.required), set(tool.arguments))
        if not tool.writes:
            self.assertFalse(tool.is_destructive)

    def bounded(self, schema: dict[str, object], name: str) -> None:
        kind = schema.get("type")
        if kind == "string":
            has_bound = {"maxLength", "enum", "pattern"} & schema.keys()
            self.assertTrue(has_bound, name)
        if kind == "integer":
            self.assertLessEqual({"minimum", "maximum"}, schema.keys(), name)
        if kind == "array":
            self.assertIn("maxItems", schema, name)
