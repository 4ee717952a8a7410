from __future__ import annotations

from tenants.models import User
from tickets.services.export_bundle import export_bundle
from tickets.services.import_bundle import import_as_new_draft
from workflows.models import WorkflowDefinition


def new_draft(*, workflow: WorkflowDefinition, user: User | None) -> WorkflowDefinition:
    """Copy a version, its ticket types included, as the next draft of its workflow.

    Raises:
        InvalidBundleError: the version does not pass the checks of today; it has every problem.
    """
    return import_as_new_draft(document=export_bundle(workflow=workflow), user=user)
