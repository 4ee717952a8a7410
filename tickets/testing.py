"""Definitions for tests: the bundles of fixtures/, imported and published."""

from __future__ import annotations

from django.conf import settings

from tenants.models import User
from tickets.services import import_bundle, publish_workflow
from workflows.bundles import read_bundle
from workflows.engine.process import JsonObject
from workflows.models import WorkflowDefinition


def fixture_document(name: str) -> JsonObject:
    """The bundle in fixtures/<name>.json, fresh each time: a test may change it."""
    document = read_bundle((settings.BASE_DIR / "fixtures" / f"{name}.json").read_bytes())
    if not isinstance(document, dict):
        raise TypeError(f"fixtures/{name}.json is not a bundle.")
    return document


def import_fixture(name: str, by: User | None) -> WorkflowDefinition:
    """Import the bundle into the active company and publish it; `name` is invoice, vacation ..."""
    workflow = import_bundle(document=fixture_document(name), user=by)
    return publish_workflow(workflow=workflow, user=by) if workflow.is_draft else workflow
