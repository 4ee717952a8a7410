"""For tests: the bundles of fixtures/, imported and published; and steps that are late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from unittest import mock

from django.conf import settings

from tenants.models import User
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
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


@contextmanager
def without_taking_steps() -> Iterator[None]:
    """What people submit and complete inside is committed, but its step is not taken.

    As if the step had failed, and the process had died before it tried again.
    """
    with ExitStack() as stack:
        for name in ("tickets.submitting.submit_ticket", "tickets.working.complete_task"):
            module = import_module(name)
            stack.enter_context(mock.patch.object(module, "take_step", side_effect=RuntimeError))
            stack.enter_context(mock.patch.object(module.logger, "exception"))
        safety_net = import_module("tickets.advancing.safety_net")
        stack.enter_context(mock.patch.object(safety_net, "advance_ticket"))
        yield
