"""What costs the server much has limits of its own at every door, and a line of its own."""

from __future__ import annotations

from typing import Any, Final
from unittest import mock

from django.core.cache import caches
from django.test import override_settings

from project.programs.mcp_server import SERVER
from project.serving.turns import DEAR, VISITORS, line_of
from project.tests.pages import Page, all_pages
from tenants.api.operations import declared_operations
from tenants.api.tests.api_case import ROOT, ApiCase
from tenants.errors import TooDearError
from tenants.limits import table
from tenants.limits.dear import Dear, count_dear
from tenants.mcp.tests.assistant import Assistant
from tenants.mcp.tests.toy import headers_of, modern
from tenants.roles import SystemRole
from tenants.tokens.scopes import Scope
from tickets.finding.find_tickets import find_tickets
from tickets.testing import import_fixture
from workflows.models import WorkflowDefinition

# What people do, by what it is to programs and to assistants; none: they cannot.
SAME: Final = {
    "check_bundle": "check_workflow",
    "try_draft": "try_workflow",
    "run_test_cases": "run_test_cases",
    "replay_draft": "replay_workflow",
    "save_draft": "save_draft",
    # Of programs only where they search: see test_a_search_is_dear.
    "search_tickets": "check_workflow",
}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def line(method: str, path: str) -> tuple[str, str]:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": "192.0.2.1"}
    return line_of({**environ, "HTTP_AUTHORIZATION": "Bearer tf_x", "HTTP_COOKIE": "sessionid=x"})


def path_of(page: Page) -> str:
    return page.path(**dict.fromkeys(page.arguments, "1"))


class LineTests(ApiCase):
    """Read from what pages and operations say of themselves: a new one is covered at once."""

    def test_what_is_dear_is_in_one_line_and_nothing_else_is(self) -> None:
        for each in declared_operations():
            path = ROOT.rstrip("/") + each.path.replace("{workflow_id}", "7")
            with self.subTest(each.name):
                self.assertEqual(line(each.method, path) == (DEAR, "192.0.2.1"), each.is_dear)
        for page in all_pages():
            for method in METHODS:
                if page.name in ("api", "mcp"):
                    continue
                does = "GET" if method == "HEAD" else method
                is_dear = page.kind is not None and does in page.kind.dear
                with self.subTest(page.name, method=method):
                    self.assertEqual(line(method, path_of(page))[0] == DEAR, is_dear)

    def test_who_shows_nothing_is_not_in_it(self) -> None:
        """They are turned away at once, and hold up nobody who waits there."""
        for method, path in (("POST", "/mcp"), ("POST", ROOT + "bundles/check")):
            environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": "192.0.2.1"}
            self.assertEqual(line_of(environ), (VISITORS, "192.0.2.1"))

    def test_what_assistants_ask_for_is_too_and_the_same_as_elsewhere(self) -> None:
        self.assertEqual(line("POST", "/mcp")[0], DEAR)
        dear = {each.name for each in SERVER.tools.values() if each.is_dear}
        self.assertEqual(dear, set(SAME))
        operations = {each.name for each in declared_operations() if each.is_dear}
        self.assertLessEqual(set(SAME.values()), operations)


class DearTests(ApiCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        import_fixture("vacation", self.carla)
        for role in (SystemRole.TICKET_ADMIN, SystemRole.ADMIN):
            self.give_role(self.carla, role)
        self.workflow = WorkflowDefinition.objects.get()

    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()
        self.addCleanup(caches["rates"].clear)

    def check(self, who: Any, **headers: Any) -> Any:
        return self.ask(who, "POST", "bundles/check", {"document": {}}, **headers)

    @override_settings(DEAR_REQUESTS_A_MINUTE=2)
    def test_a_person_has_one_limit_at_all_doors(self) -> None:
        pages = f"/app/workflows/workflowdefinition/{self.workflow.pk}"
        self.assertEqual(self.check(self.carla).status_code, 200)
        asked = Assistant(self.carla, scopes=[Scope.DEFINITIONS_READ, Scope.DEFINITIONS_DRAFT])
        self.assertIn("result", asked.ask("tools/call", name="check_bundle",
                                          arguments={"document": {}}))  # fmt: skip
        refused = self.check(self.token_of(self.carla).raw)
        said = self.assert_problem(refused, 429, "Try again in")
        self.assertEqual(said["code"], "too_dear")
        self.assertGreater(int(refused["Retry-After"]), 0)
        message = modern("tools/call", {"name": "check_bundle", "arguments": {"document": {}}})
        response = asked.post(message, headers_of(message))
        self.assertEqual(response.status_code, 429)
        self.assertGreater(int(response["Retry-After"]), 0)
        self.log_in(self.carla)
        for way in ("try", "tests", "replay", "compare"):
            page = self.client.get(f"{pages}/{way}/")
            with self.subTest(way):
                self.assertContains(page, "Try again in", status_code=429)
                self.assertGreater(int(page["Retry-After"]), 0)
                self.assertEqual(self.client.head(f"{pages}/{way}/").status_code, 429)
        # What costs little goes on.
        self.ask(self.carla, "GET", "workflows", expect=200)
        self.assertEqual(self.client.get(f"{pages}/change/").status_code, 200)

    def test_what_is_refused_is_not_begun(self) -> None:
        with (
            override_settings(DEAR_REQUESTS_A_MINUTE=0),
            mock.patch("workflows.api.definitions.preview_bundle") as begun,
        ):
            self.assert_problem(self.check(self.carla), 429)
        begun.assert_not_called()

    @override_settings(COMPANY_MOST_DEAR_REQUESTS_A_MINUTE=1)
    def test_a_company_has_one_and_another_company_has_its_own(self) -> None:
        self.assertEqual(self.check(self.carla).status_code, 200)
        self.give_role(self.uma, SystemRole.WORKFLOW_CREATOR)
        self.assert_problem(self.check(self.uma), 429)
        self.assertEqual(self.check(self.charlie).status_code, 200)

    def test_the_report_of_many_years_is_dear(self) -> None:
        path = "report?first=2017-01-01&last=2026-11-30"
        self.ask(self.carla, "GET", path, expect=200)
        with override_settings(DEAR_REQUESTS_A_MINUTE=0):
            self.assert_problem(self.ask(self.carla, "GET", path), 429)

    def test_a_search_is_dear_and_a_list_is_not(self) -> None:
        self.raw_of(self.uma)
        with override_settings(DEAR_REQUESTS_A_MINUTE=1):
            for _each in range(3):
                self.ask(self.uma, "GET", "tickets", expect=200)
            self.ask(self.uma, "GET", "tickets?search=spain", expect=200)
            self.assert_problem(self.ask(self.uma, "GET", "tickets?search=spain"), 429)

    @override_settings(CHECKS_WHILE_TYPING_A_MINUTE=1)
    def test_searches_of_pages_are_counted_too(self) -> None:
        self.log_in(self.carla)
        with mock.patch("tickets.finding.pages.search.find_tickets", wraps=find_tickets) as found:
            pages = [self.client.get("/app/tickets/ticket/?q=spain") for _each in range(2)]
        self.assertEqual(found.call_count, 1)
        self.assertNotContains(pages[0], "Try again in")
        self.assertContains(pages[1], "Try again in")
        self.assertEqual(self.client.get("/app/tickets/ticket/").status_code, 200)

    def test_who_may_not_is_not_counted(self) -> None:
        with override_settings(DEAR_REQUESTS_A_MINUTE=1):
            for _each in range(3):
                self.assert_problem(self.check(self.uma), 403)

    def test_checks_while_somebody_types_are_answered_as_scripts_are(self) -> None:
        self.log_in(self.carla)
        address = "/app/workflows/workflowdefinition/editor/check/"
        few = mock.patch.object(table.Limit, "most_now", return_value=1)
        with few:
            sent: dict[str, Any] = {"data": {"document": {}}, "content_type": "application/json"}
            self.assertEqual(self.client.post(address, **sent).status_code, 200)
            refused = self.client.post(address, **sent)
        self.assertEqual(refused.status_code, 429)
        self.assertIn("Try again in", refused.json()["message"])
        self.assertGreater(int(refused["Retry-After"]), 0)

    def test_they_are_counted_apart_from_what_is_asked_for(self) -> None:
        asked: dict[str, Any] = {"person_id": self.carla.pk, "schema": "acme"}
        with override_settings(DEAR_REQUESTS_A_MINUTE=0):
            with self.assertRaises(TooDearError):
                count_dear(Dear.ASKED, **asked)
            count_dear(Dear.WHILE_TYPING, **asked)
