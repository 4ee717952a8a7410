"""What the pages beside a workflow's own page have in common: trying, test cases, replay."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from tenants.active_company import active_company
from tenants.pages.detail_page import admin_link
from tenants.pages.page import Page
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.models import WorkflowDefinition


class DefinitionPage(Page):
    """A page for workflow creators about one version of a workflow; `crumb` is its own name."""

    workflow: WorkflowDefinition

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model) -> bool:
        return may_change_workflows(request)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_change_workflows(request):
            raise PermissionDenied
        assert self.model_admin is not None  # noqa: S101 - given to as_view
        found = self.model_admin.find(request, str(kwargs["object_id"]))
        self.workflow = WorkflowDefinition.objects.whole().get(pk=found.pk)
        return super().dispatch(request, *args, **kwargs)

    def page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        assert self.model_admin is not None  # noqa: S101 - given to as_view
        shown = {
            **self.model_admin.admin_site.each_context(request),
            "opts": self.model_admin.opts,
            "title": self.workflow.title,
            "crumb": self.crumb,
            "original": self.workflow,
            "workflow": self.workflow,
            "badge": definition_badge(self.workflow),
            "workflow_url": admin_link(self.workflow),
            **context,
        }
        return TemplateResponse(request, self.template_name, shown)


def may_change_workflows(request: HttpRequest) -> bool:
    return active_company(request) is not None and request.user.has_perm(
        "workflows.change_workflowdefinition"
    )
