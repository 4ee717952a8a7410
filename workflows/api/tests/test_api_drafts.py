"""Programs begin, copy and delete drafts; retiring is none of an assistant's."""

from __future__ import annotations

from typing import Any

from tenants.api.tests.api_case import ApiCase
from tickets.testing import import_fixture
from workflows.models import WorkflowDefinition

KEY: dict[str, Any] = {"Idempotency-Key": "a-1"}


class DraftTests(ApiCase):
    def set_up_once(self) -> None:
        import_fixture("vacation", self.carla)
        self.published = WorkflowDefinition.objects.get()

    def path(self, verb: str = "") -> str:
        return f"workflows/{self.published.pk}{verb}"

    def test_a_workflow_begins_with_its_title_once(self) -> None:
        made = self.ask(
            self.carla, "POST", "workflows/new", {"title": "Trips"}, **KEY, expect=201
        ).json()
        self.ask(self.carla, "POST", "workflows/new", {"title": "Trips"}, **KEY, expect=201)
        self.assertEqual((made["key"], made["status"]), ("trips", "DRAFT"))
        self.assertEqual(WorkflowDefinition.objects.count(), 2)

    def test_a_version_is_copied_and_changed_in_a_draft(self) -> None:
        copy = self.ask(self.carla, "POST", self.path("/duplicate"), expect=201).json()
        self.assertNotEqual(copy["key"], self.published.key)
        first = self.ask(self.carla, "POST", self.path("/draft"), expect=200).json()
        self.assertEqual((first["key"], first["version"]), (self.published.key, 2))
        again = self.ask(self.carla, "POST", self.path("/draft"), expect=200).json()
        self.assertEqual(again["id"], first["id"])
        draft = f"workflows/{first['id']}"
        etag = self.ask(self.carla, "GET", draft, expect=200)["ETag"]
        wrong: dict[str, Any] = {"If-Match": '"x"'}
        match: dict[str, Any] = {"If-Match": etag}
        self.assert_problem(self.ask(self.carla, "DELETE", draft, **wrong), 412)
        self.ask(self.carla, "DELETE", draft, **match, expect=204)
        self.assert_problem(self.ask(self.carla, "DELETE", self.path()), 409)

    def test_it_is_retired_and_brought_back(self) -> None:
        self.assert_problem(self.ask(self.carla, "POST", self.path("/bring-back")), 409)
        assistant = self.token_of(self.carla, assistant="Claude").raw
        self.assert_problem(self.ask(assistant, "POST", self.path("/retire")), 403)
        self.ask(self.carla, "POST", self.path("/retire"), expect=200)
        self.assert_problem(self.ask(self.carla, "POST", self.path("/retire")), 409)
        back = self.ask(self.carla, "POST", self.path("/bring-back"), expect=201).json()
        self.assertEqual((back["version"], back["status"]), (2, "DRAFT"))

    def test_nobody_else_does(self) -> None:
        for method, verb in (
            ("POST", "/duplicate"),
            ("POST", "/draft"),
            ("POST", "/bring-back"),
            ("POST", "/retire"),
            ("DELETE", ""),
        ):
            with self.subTest(verb):
                self.assert_problem(self.ask(self.charlie, method, self.path(verb)), 404)
                self.assert_problem(self.ask(self.terry, method, self.path(verb)), 403)
        self.published.refresh_from_db()
        self.assertEqual(self.published.status, "PUBLISHED")
