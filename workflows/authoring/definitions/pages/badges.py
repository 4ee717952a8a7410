from __future__ import annotations

from collections.abc import Mapping

from django.utils.safestring import SafeString

from tenants.pages.badges import badge
from workflows.models import DefinitionStatus, WorkflowDefinition

DEFINITION_TONES: Mapping[str, str] = {
    DefinitionStatus.DRAFT: "warn",
    DefinitionStatus.PUBLISHED: "good",
    DefinitionStatus.RETIRED: "plain",
}


def definition_badge(workflow: WorkflowDefinition) -> SafeString:
    """The status of a version."""
    status = DefinitionStatus(workflow.status)
    return badge(status.label, DEFINITION_TONES[status])
