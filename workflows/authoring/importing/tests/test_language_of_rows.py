"""Nothing that is stored of a definition depends on the language of whoever made it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation

from tenants.testing import CompanyTestCase
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject
from workflows.engine.task_types import WRITTEN_TYPES
from workflows.models import WorkflowDefinition

# Each type of task in the shortest form, by its type: a new type belongs here.
TASKS: dict[str, JsonObject] = {
    "FORM": {"fields": [{"name": "done", "type": "boolean"}]},
    "SYNC_ACTION": {"action_url": "https://books.example/"},
    "ASYNC_ACTION": {"action_url": "https://books.example/"},
    "BLOCK": {"branches": [{"key": "one", "title": "One", "start": "inside"}]},
    "APPROVAL": {"approvers": {"role": "Managers"}, "needed": 1},
    "WAIT": {"wait": "P1D"},
    "SUBTICKET": {"ticket_type": "all"},
    "MESSAGE": {"message": {"who": "requester", "subject": "Hello", "text": "It is done."}},
    "VALUES": {"values": {"sum": 1}},
    "DECISION": {
        "table": {
            "inputs": [{"name": "what", "value": {"var": "ticket.what"}}],
            "outputs": [{"name": "level"}],
            "rows": [{"when": [""], "then": ["low"]}],
        }
    },
}


def bundle() -> JsonObject:
    keys = [each.lower() for each in TASKS]
    tasks: list[Any] = [
        {"key": key, "title": key.title(), "task_type": kind, **more}
        for key, (kind, more) in zip(keys, TASKS.items(), strict=True)
    ]
    tasks.append({"key": "inside", "title": "Inside", "branch": "block.one"})
    ways: list[Any] = [
        {"from": source, "to": target}
        for source, target in zip(["start", *keys], [*keys, "end"], strict=True)
    ]
    ways.append({"from": "inside", "to": "end"})
    ways.append({"from": "form", "to": "end", "after": "P2D", "priority": 1})
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "all", "title": "All", "fields": [{"name": "what", "type": "text"}]},
        "tasks": tasks,
        "transitions": ways,
        "ticket_types": [{"key": "all", "title": "All"}],
        "company_roles": [{"name": "Managers"}],
    }


class LanguageOfRowsTests(CompanyTestCase):
    def test_a_definition_is_stored_alike_in_every_language(self) -> None:
        self.assertEqual(set(TASKS), {str(each) for each in WRITTEN_TYPES})
        english, german = self.rows("en"), self.rows("de")
        self.assertEqual(english, german)
        self.assertIn("approve", str(english).lower())

    def rows(self, language: str) -> list[Any]:
        """What the tables have of a workflow that is imported and published in a language."""
        with transaction.atomic(), translation.override(language):
            made = import_bundle(document=bundle(), user=self.carla)
            publish_workflow(workflow=made, user=self.carla)
            found: list[Any] = []
            querysets: list[QuerySet[Any]] = [
                WorkflowDefinition.objects.filter(pk=made.pk),
                made.tasks.all(),
                made.transitions.all(),
                made.ticket_definitions.all(),
            ]
            for rows in querysets:
                found += [_without_numbers(dict(row)) for row in rows.order_by("pk").values()]
            transaction.set_rollback(True)
        return found


def _without_numbers(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what is another one each time: numbers of rows, times, the checksum."""
    return {
        name: value
        for name, value in row.items()
        if not name.endswith(("id", "_at", "checksum")) and name != "id"
    }
