"""The versions of workflows whose tasks can be changed: those that the editor would open."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from workflows.models import DefinitionStatus, WorkflowDefinition
from workflows.models.workflow_definition import WorkflowDefinitionQuerySet


def changeable_versions() -> WorkflowDefinitionQuerySet:
    """The drafts, and the published versions that have no later draft: one is made of them then."""
    later = WorkflowDefinition.objects.drafts().filter(
        key=OuterRef("key"), version__gt=OuterRef("version")
    )
    published = Q(status=DefinitionStatus.PUBLISHED) & ~Exists(later)
    found: WorkflowDefinitionQuerySet = WorkflowDefinition.objects.filter(
        Q(status=DefinitionStatus.DRAFT) | published
    ).order_by("title", "key", "-version")
    return found


def version_to_change(workflow: WorkflowDefinition) -> WorkflowDefinition | None:
    """Where the tasks of a version would be changed: it, or a later draft; None: nowhere."""
    versions = changeable_versions().filter(key=workflow.key, version__gte=workflow.version)
    return versions.filter(pk=workflow.pk).first() or versions.order_by("-version").first()
