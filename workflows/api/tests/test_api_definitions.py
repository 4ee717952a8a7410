"""Programs read, check, draft, try, test, compare and publish workflows, as creators may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from tenants.api.tests.api_case import ApiCase
from tickets.testing import fixture_document, import_fixture
from workflows.models import WorkflowDefinition

TICKET = {"location": "Spain", "season": "Summer"}


class DefinitionCase(ApiCase):
    def set_up_once(self) -> None:
        self.published = import_fixture("vacation", self.carla)

    def document(self, **changes: Any) -> dict[str, Any]:
        document: dict[str, Any] = fixture_document("vacation")
        document["workflow"].update(changes)
        return document

    def draft(self, **changes: Any) -> int:
        sent = {"document": self.document(**(changes or {"description": "Another"}))}
        number: int = self.ask(self.carla, "POST", "workflows", sent, expect=201).json()["id"]
        return number


class ReadTests(DefinitionCase):
    def test_a_version_is_read_as_a_bundle(self) -> None:
        listed = self.ask(self.carla, "GET", "workflows", expect=200).json()["items"]
        self.assertEqual([each["id"] for each in listed], [self.published.pk])
        read = self.ask(self.carla, "GET", f"workflows/{self.published.pk}", expect=200)
        self.assertEqual(read.json()["document"]["workflow"]["key"], "vacation_request")
        self.assertTrue(read["ETag"])

    def test_others_find_none_of_it(self) -> None:
        self.assertEqual(self.ask(self.charlie, "GET", "workflows").json()["items"], [])
        path = f"workflows/{self.published.pk}"
        self.assert_problem(self.ask(self.charlie, "GET", path), 404)
        self.assert_problem(self.ask(self.uma, "GET", path), 403)


class CheckTests(DefinitionCase):
    def test_each_problem_has_its_place(self) -> None:
        document = self.document()
        document["tasks"][0]["name"] = document["tasks"][0].pop("title")
        sent = {"document": document}
        said = self.ask(self.carla, "POST", "bundles/check", sent, expect=200).json()
        self.assertFalse(said["is_ok"])
        self.assertTrue(said["problems"][0]["pointer"].startswith("/document/tasks/0"))
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_what_would_change_is_told(self) -> None:
        sent = {"document": self.document(description="Another")}
        said = self.ask(self.carla, "POST", "bundles/check", sent, expect=200).json()
        self.assertTrue(said["is_ok"])
        self.assertIn("Another", [each["new"] for each in said["changes"]])
        self.assertTrue(all(each["has_passed"] for each in said["tests"]))


class DraftTests(DefinitionCase):
    def test_it_is_made_saved_tried_tested_compared_and_published(self) -> None:
        number = self.draft()
        path = f"workflows/{number}"
        etag = self.ask(self.carla, "GET", path)["ETag"]
        sent = {"document": self.document(description="A third")}
        saved = self.ask(self.carla, "PUT", path, sent, **{"If-Match": etag}, expect=200)
        unread: list[dict[str, Any]] = [{}, {"If-Match": "*"}, {"If-Match": " * "}]
        for each in unread:
            self.assert_problem(self.ask(self.carla, "PUT", path, sent, **each), 428)
        stale = self.ask(self.carla, "PUT", path, sent, **{"If-Match": etag})
        self.assert_problem(stale, 412)
        self.assert_problem(self.ask(self.carla, "PUT", path, sent), 428)
        tests = self.ask(self.carla, "POST", f"{path}/tests", expect=200).json()
        self.assertTrue(tests["has_passed"])
        tried = self.ask(self.carla, "POST", f"{path}/try", {"ticket": TICKET}, expect=200).json()
        self.assertEqual(tried["waiting_for"], ["approve_vacation"])
        changes = self.ask(
            self.carla, "GET", f"{path}/changes?since={self.published.pk}", expect=200
        ).json()["items"]
        self.assertIn("A third", [each["new"] for each in changes])
        self.ask(self.carla, "GET", f"{path}/publishable", expect=200)
        self.assert_problem(
            self.ask(self.carla, "POST", f"{path}/publish", **{"If-Match": etag}), 412
        )
        now = {"If-Match": saved["ETag"]}
        self.ask(self.carla, "POST", f"{path}/publish", **now, expect=200)
        self.assertTrue(WorkflowDefinition.objects.get(pk=number).is_published)
        self.assert_problem(self.ask(self.carla, "POST", f"{path}/publish"), 409)

    def test_what_was_read_is_compared_under_the_lock(self) -> None:
        """Nobody saves a draft between the look at If-Match and its publishing."""
        draft, done = self.draft(), list[str]()

        def noted(what: str) -> Callable[..., None]:
            return lambda *_given, **_more: done.append(what)

        names, compared = "workflows.api.definitions", noted("compared")
        with (
            patch(f"{names}.lock_definitions", side_effect=noted("locked"), create=True),
            patch(f"{names}.ensure_unchanged", side_effect=compared),
            patch("workflows.api.drafts.ensure_unchanged", side_effect=compared, create=True),
        ):
            self.ask(self.carla, "POST", f"workflows/{draft}/publish", expect=200)
            self.ask(self.carla, "POST", f"workflows/{draft}/retire", expect=200)
            self.assert_problem(self.ask(self.carla, "DELETE", f"workflows/{draft}"), 409)
        self.assertEqual(done, 3 * ["locked", "compared"])

    def test_a_key_makes_one_draft(self) -> None:
        sent = {"document": self.document(description="Another")}
        for _time in range(2):
            self.ask(self.carla, "POST", "workflows", sent, **{"Idempotency-Key": "d"}, expect=201)
        self.assertEqual(WorkflowDefinition.objects.count(), 2)

    def test_a_broken_one_is_refused_with_its_places(self) -> None:
        document = self.document()
        del document["tasks"]
        answer = self.ask(self.carla, "POST", "workflows", {"document": document})
        said = self.assert_problem(answer, 409)
        self.assertTrue(said["errors"][0]["pointer"].startswith("/document"))

    def test_an_assistant_drafts_and_never_publishes(self) -> None:
        raw = self.token_of(self.carla, assistant="Claude").raw
        sent = {"document": self.document(description="By Claude")}
        number = self.ask(raw, "POST", "workflows", sent, expect=201).json()["id"]
        refused = self.ask(raw, "POST", f"workflows/{number}/publish")
        self.assert_problem(refused, 403, "definitions:publish")
        self.assertTrue(WorkflowDefinition.objects.get(pk=number).is_draft)
