"""Ticket types that steps start: what is certain of them is told when a document is imported."""

from __future__ import annotations

from typing import Any

from tenants.testing import CompanyTestCase
from workflows.authoring.importing.import_bundle import import_bundle, problems_here
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles.tests.test_subtickets import document
from workflows.engine.process import Json, JsonObject


def offer(**more: Any) -> JsonObject:
    """The type that is started: it asks for an amount, a note and a file."""
    fields: list[Json] = [
        {"name": "amount", "label": "Amount", "type": "integer", "required": True},
        {"name": "note", "label": "Note", "type": "text"},
        {"name": "site", "label": "Site", "type": "text", "required": True},
        {"name": "scan", "label": "Scan", "type": "file"},
    ]
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "offer_flow", "title": "Offer", "fields": fields},
        "tasks": [{"key": "offer", "title": "Offer", "fields": [{**fields[1]}]}],  # type: ignore[dict-item]
        "transitions": [{"from": "start", "to": "offer"}, {"from": "offer", "to": "end"}],
        "ticket_types": [{"key": "offer", "title": "Offer", "presets": {"site": "Ghent"}}],
        **more,
    }


class StartedTypeTests(CompanyTestCase):
    def said(self, *, is_published: bool = False, **more: Any) -> list[tuple[str, bool]]:
        found = problems_here(document(**more), is_published=is_published)
        return [(each.message, each.is_error) for each in found]

    def publish(self, found: JsonObject) -> None:
        publish_workflow(workflow=import_bundle(document=found, user=self.carla), user=self.carla)

    def test_a_type_that_is_not_there_or_not_published(self) -> None:
        ((message, is_error),) = self.said()
        self.assertIn("no ticket type “offer”", message)
        self.assertTrue(is_error)
        import_bundle(document=offer(), user=self.carla)
        for is_published in (False, True):
            ((message, is_error),) = self.said(is_published=is_published)
            self.assertIn("is not published", message)
            self.assertEqual(is_error, is_published)

    def test_what_its_form_would_refuse(self) -> None:
        self.publish(offer())
        amount: JsonObject = {"amount": {"var": "ticket.amount"}}
        self.assertEqual(self.said(), [])
        for given, words in (
            ({}, "needs an answer to “Amount”"),
            ({**amount, "notes": "x"}, "no question “notes”"),
            ({**amount, "site": "x"}, "sets “site” itself"),
            ({**amount, "scan": "x"}, "A file stays"),
            ({**amount, "note": {"var": "ticket.amount"}}, "takes a text"),
        ):
            with self.subTest(words):
                ((message, is_error),) = self.said(input_transform=given)
                self.assertIn(words, message)
                self.assertTrue(is_error)

    def test_a_type_that_starts_itself(self) -> None:
        ((message, is_error),) = self.said(ticket_type="flow")
        self.assertIn("without an end", message)
        self.assertTrue(is_error)
        small: Json = {"<": [{"var": "ticket.amount"}, 10]}
        past: JsonObject = {"from": "start", "to": "end", "condition": small, "priority": -1}
        ways: list[JsonObject] = [{"from": "ask", "to": "end"}, past]
        ((message, is_error),) = self.said(ticket_type="flow", ways=ways)
        self.assertIn("starts tickets of itself", message)
        self.assertFalse(is_error)

    def test_a_round(self) -> None:
        self.publish(offer())
        self.publish(document())
        back: JsonObject = {
            "key": "again",
            "title": "Again",
            "task_type": "SUBTICKET",
            "ticket_type": "flow",
            "input_transform": {"amount": {"var": "ticket.amount"}},
        }
        found = offer(
            tasks=[back],
            transitions=[{"from": "start", "to": "again"}, {"from": "again", "to": "end"}],
        )
        ((message, is_error),) = [(each.message, each.is_error) for each in problems_here(found)]
        self.assertIn("in turn", message)
        self.assertFalse(is_error)
