"""What the pages beside a workflow's own page have in common: trying, test cases, versions."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from tenants.limits.bodies import LARGE_BODY
from tenants.pages.links import admin_link
from tenants.pages.page import ObjectPage
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.models import WorkflowDefinition


class DefinitionPage(ObjectPage):
    """A page for workflow creators about one version of a workflow; `title` is its own name."""

    permissions = ("workflows.change_workflowdefinition",)
    largest_body = LARGE_BODY

    workflow: WorkflowDefinition

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        found = (
            WorkflowDefinition.objects.with_tasks_and_transitions()
            .filter(pk=self.object.pk)
            .first()
        )
        if found is None:  # deleted since just now
            raise Http404
        self.workflow = self.object = found

    def shell(self) -> dict[str, Any]:
        return {
            **super().shell(),
            "title": self.workflow.title,
            "crumb": self.title,
            "workflow": self.workflow,
            "badge": definition_badge(self.workflow),
            "workflow_url": admin_link(self.workflow),
        }
