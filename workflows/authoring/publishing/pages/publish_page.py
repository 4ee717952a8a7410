"""Publishing a draft, and what a version's page shows about its publication and its versions."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from tenants.limits.dear import Dear
from tenants.models import User
from tenants.pages.page import register_page
from workflows.authoring.definitions.additions import Panel, panels, version_notices
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.pages.definition_page import DefinitionPage
from workflows.authoring.importing.pages.problem_rows import problem_rows
from workflows.authoring.publishing.certain_approvals import allow_requesters, only_by_requester
from workflows.authoring.publishing.compare_versions import compare_in_words
from workflows.authoring.publishing.pages.change_rows import change_rows
from workflows.authoring.publishing.pages.versions_page import versions_of
from workflows.authoring.publishing.publish_workflow import publish_workflow, publishing_problems
from workflows.authoring.publishing.writers import is_by_assistant, writers_of
from workflows.errors import DraftChangedError, UnreadDraftError
from workflows.models import WorkflowDefinition

# Those that stand beside the button; the page that compares has more.
MOST_CHANGES: Final = 20


@register_page(
    WorkflowDefinition, "<int:object_id>/publish/", name="workflows_workflowdefinition_publish"
)
class PublishPage(DefinitionPage):
    """POST publishes a draft; what is wrong with it stands on its page.

    Where an assistant has written in it, it is published from its page alone, which shows that
    and what is new. `read` is that of which it showed it: what somebody, or their assistant, has
    saved since is not published unread. With `allow` it lets requesters approve, where nobody else
    could: see certain_approvals.py.
    """

    dear = {"POST": Dear.ASKED}
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if "allow" in request.POST:
            keys = only_by_requester(export_bundle(workflow=self.workflow))
            allow_requesters(workflow=self.workflow, keys=keys, user=self.person)
            messages.success(request, _("Requesters may approve their own requests there now."))
            return self.back()
        publish_workflow(workflow=self.workflow, user=self.person, first=self.ensure_read)
        words = {"title": self.workflow.title, "version": self.workflow.version}
        text = _("Version %(version)s of “%(title)s” is published.") % words
        messages.success(request, text)
        return self.back()

    def ensure_read(self, draft: WorkflowDefinition) -> None:
        """Called under the lock of the draft.

        Raises:
            DraftChangedError: the page showed another state of it.
            UnreadDraftError: an assistant has written in it, and no page showed it.
        """
        read = self.request.POST.get("read")
        if read is None and is_by_assistant(draft):
            raise UnreadDraftError
        if read is not None and read != state_of(draft):
            raise DraftChangedError(by=draft.changed_by, at=draft.updated_at)


def state_of(draft: WorkflowDefinition) -> str:
    """What each saving of a draft changes."""
    return draft.updated_at.isoformat()


@panels.register
def publish_panel(request: HttpRequest, workflow: WorkflowDefinition) -> Panel | None:
    """What stands between a draft and its publication, for who may publish it."""
    if not workflow.is_draft or not PublishPage.admits(request):
        return None
    user = request.user
    found = publishing_problems(workflow=workflow, user=user if isinstance(user, User) else None)
    problems = problem_rows(found)
    # Such a problem stands at `never`, and only such a one is an error there.
    may_allow = any(each.is_error and each.path[-1:] == ("never",) for each in found)
    context = {
        "may_allow": may_allow,
        "workflow": workflow,
        "problems": problems,
        "refusals": [each for each in problems if each.is_error],
        "writers": writers_of(workflow),
        "read": state_of(workflow),
        "test_count": len(workflow.test_cases) if isinstance(workflow.test_cases, list) else 0,
        **_changes(workflow),
    }
    html = render_to_string("publishing/_publish.html", context, request)
    return Panel(html, order=10, is_above=True)


def _changes(workflow: WorkflowDefinition) -> dict[str, Any]:
    """What is different from what is published: the first changes, and how many there are."""
    versions = WorkflowDefinition.objects.versions_of(workflow.key)
    published = versions.published().with_tasks_and_transitions().first()
    if published is None:
        return {}
    rows = change_rows(compare_in_words(old=published, new=workflow))
    return {"published": published, "changes": rows[:MOST_CHANGES], "change_count": len(rows)}


@panels.register
def versions_panel(request: HttpRequest, workflow: WorkflowDefinition) -> Panel:
    """The versions of a workflow, and what can be done with this one."""
    context = {
        "workflow": workflow,
        "versions": versions_of(workflow),
        "notices": [each for each in version_notices.call_all(request, workflow) if each],
        "may_change": DefinitionPage.admits(request),
    }
    return Panel(render_to_string("publishing/_versions.html", context, request), order=20)
