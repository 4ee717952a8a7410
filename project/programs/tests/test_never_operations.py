"""What no assistant does by the API, as it does not at /mcp: publishing, people, roles, secrets."""

from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase

from project.programs.tests.test_never_tools import NEVER_NAMED
from tenants.api.operations import READS, declared_operations
from tenants.api.tests.api_case import ApiCase
from tenants.mcp.tests.assistant import Assistant
from tenants.tokens.scopes import NEVER_FOR_ASSISTANTS, Scope
from tickets.testing import fixture_document, import_fixture
from workflows.models import CompanyRole, WorkflowDefinition

NEW = [{"name": "Board"}, {"name": "Auditors"}]


class NeverOperationsTests(SimpleTestCase):
    def test_none_that_an_assistant_may_call_is_named_so(self) -> None:
        for each in declared_operations():
            if each.method not in READS and each.scope not in NEVER_FOR_ASSISTANTS:
                wrong = [name for name in NEVER_NAMED if name in each.name]
                self.assertEqual(wrong, [], each.name)
                needed = [name for name in each.permissions if name.startswith("tenants.")]
                self.assertEqual(needed, [], each.name)


class NeverRolesTests(ApiCase):
    """Documents that name company roles make none, where their token is not for roles."""

    def set_up_once(self) -> None:
        import_fixture("vacation", self.carla)

    def document(self, title: str, *, more: Any = ()) -> dict[str, Any]:
        document: dict[str, Any] = fixture_document("vacation")
        document["workflow"]["title"] = title
        document["company_roles"] = [*document["company_roles"], *more]
        return document

    def tokens(self) -> dict[str, str]:
        drafts = {Scope.DEFINITIONS_READ, Scope.DEFINITIONS_DRAFT}
        return {
            "assistant": self.token_of(self.carla, assistant="Claude").raw,
            "program": self.token_of(self.carla, scopes=drafts).raw,
        }

    def assert_refused(self, answer: Any) -> None:
        said = self.assert_problem(answer, 403, "Auditors, Board")
        self.assertIn("admin", said["detail"])
        self.assertEqual(CompanyRole.objects.count(), 1)

    def test_a_new_draft(self) -> None:
        for name, raw in self.tokens().items():
            with self.subTest(name):
                sent = {"document": self.document("Days", more=NEW)}
                self.assert_refused(self.ask(raw, "POST", "workflows", sent))
                unchanged: dict[str, Any] = fixture_document("vacation")
                unchanged["company_roles"] = [*unchanged["company_roles"], *NEW]
                self.assert_refused(self.ask(raw, "POST", "workflows", {"document": unchanged}))
        self.assertFalse(WorkflowDefinition.objects.drafts().exists())

    def test_a_draft_that_is_saved(self) -> None:
        made = self.ask(self.carla, "POST", "workflows", {"document": self.document("Days")})
        path = f"workflows/{made.json()['id']}"
        match = {"If-Match": self.ask(self.carla, "GET", path)["ETag"]}
        for name, raw in self.tokens().items():
            with self.subTest(name):
                sent = {"document": self.document("Leave", more=NEW)}
                self.assert_refused(self.ask(raw, "PUT", path, sent, **match))
        named = self.document("Leave")  # without listing it
        named["tasks"][0]["candidate_role"] = "Board"
        named["company_roles"] = []
        refused = self.ask(self.tokens()["assistant"], "PUT", path, {"document": named}, **match)
        self.assert_problem(refused, 403, "Board")
        self.assertEqual(CompanyRole.objects.count(), 1)

    def test_a_draft_at_mcp(self) -> None:
        for name in ("Claude", ""):
            refused = Assistant(self.carla, name=name).refused(
                "save_draft",
                document=self.document("Days", more=NEW),
                idempotency_key="a-key-of-mine",
            )
            self.assertIn("Auditors, Board", refused["message"])
        self.assertEqual(CompanyRole.objects.count(), 1)

    def test_with_the_scope_they_are_made_as_on_the_page(self) -> None:
        sent = {"document": self.document("Days", more=NEW)}
        self.ask(self.carla, "POST", "workflows", sent, expect=201)
        self.assertEqual(CompanyRole.objects.count(), 3)

    def test_many_are_not_all_listed(self) -> None:
        more = [{"name": f"Role {number:03}"} for number in range(100)]
        sent = {"document": self.document("Days", more=more)}
        said = self.ask(self.tokens()["assistant"], "POST", "workflows", sent).json()
        self.assertIn("Role 009, …", said["detail"])
        self.assertNotIn("Role 010", said["detail"])
