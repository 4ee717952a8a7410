"""Definitions: reading and checking them, drafts, trying, test cases, comparing, publishing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.once import keep_nothing
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.api.versions import ensure_unchanged, etag_of
from tenants.limits.bodies import LARGE_BODY
from tenants.tokens.scopes import Scope
from workflows.api.problems import DocumentProblem, shown
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.next_version import lock_definitions
from workflows.authoring.editing.save_draft import save_draft as save
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.publishing.compare_versions import compare_in_words
from workflows.authoring.publishing.delete_draft import delete_draft as delete
from workflows.authoring.publishing.publish_workflow import publish_workflow as publish
from workflows.authoring.publishing.publish_workflow import publishing_problems
from workflows.authoring.trying.run_test_cases import run_test_cases as run_cases
from workflows.authoring.trying.run_test_cases import trial_of
from workflows.authoring.trying.try_state import submitter_texts
from workflows.bundles import TestCaseResult, errors_of
from workflows.bundles.telling.describe_changes import DescribedChange, describe_changes
from workflows.bundles.trying.trial import EXAMPLE_SUBMITTER, clock_of_case
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem
from workflows.engine.simulate import read_answers
from workflows.errors import InvalidDataError
from workflows.models import WorkflowDefinition

router = Router(tags=["Workflows"])
MAY_READ: Final = ("workflows.view_workflowdefinition",)
MAY_ADD: Final = ("workflows.add_workflowdefinition",)
MAY_CHANGE: Final = ("workflows.change_workflowdefinition",)
MOST_PROBLEMS: Final = 200
MOST_CHANGES: Final = 500
MOST_STEPS: Final = 200


class Version(Schema):
    """A version of a workflow."""

    id: int
    key: str
    title: str
    version: int
    status: str = Field(description="DRAFT, PUBLISHED or RETIRED.")
    updated_at: datetime

    @classmethod
    def of(cls, workflow: WorkflowDefinition) -> Version:
        return cls(**cls.values_of(workflow))

    @staticmethod
    def values_of(workflow: WorkflowDefinition) -> dict[str, Any]:
        return {
            "id": workflow.pk,
            "key": workflow.key,
            "title": workflow.title,
            "version": workflow.version,
            "status": str(workflow.status),
            "updated_at": workflow.updated_at,
        }


class Versions(Schema):
    items: list[Version]
    next: str | None


class VersionWithDocument(Version):
    document: dict[str, Any] = Field(description="The whole of it, as a bundle.")


class Document(Sent):
    document: dict[str, Any] = Field(description="A workflow as a bundle: docs/bundle-format.md.")


class CaseResult(Schema):
    name: str
    has_passed: bool
    reason: str = Field(description="What went wrong; empty: nothing.")

    @classmethod
    def of(cls, case: TestCaseResult) -> CaseResult:
        return cls(name=case.name, has_passed=case.has_passed, reason=str(case.reason))


class Cases(Schema):
    has_passed: bool
    items: list[CaseResult]


class ChangeInWords(Schema):
    kind: str
    where: str
    old: str
    new: str

    @classmethod
    def of(cls, change: DescribedChange) -> ChangeInWords:
        return cls(
            kind=str(change.kind),
            where=str(change.where),
            old=str(change.old),
            new=str(change.new),
        )


class Comparison(Schema):
    items: list[ChangeInWords]
    is_cut: bool


class Checked(Schema):
    """What importing a document would do."""

    is_ok: bool = Field(description="Whether it can become a draft.")
    problems: list[DocumentProblem]
    tests: list[CaseResult]
    changes: list[ChangeInWords] = Field(description="Compared with the version that counts now.")
    new_company_roles: list[str]


class Trying(Sent):
    ticket_type: Annotated[str, Field(max_length=63)] = ""
    ticket: dict[str, Any] = Field(description="The answers on the ticket's form.")
    answers: list[dict[str, Any]] = Field(
        default=[],
        max_length=500,
        description="Of each task in turn, as test cases have them: {task, output}.",
    )
    submitter: dict[str, str] = Field(default={}, description="email, first_name, last_name.")
    today: Annotated[str, Field(max_length=10, description="Such as 2026-10-30.")] = ""


class Tried(Schema):
    """How a ticket would go. Nothing is saved, and no call is made."""

    outcome: str
    end: str
    error: str
    path: list[str] = Field(description="The keys of the tasks that were reached.")
    waiting_for: list[str]
    problems: list[str] = Field(description="What a form refuses of the last answer.")
    unused_answers: list[str]


class Publishable(Schema):
    is_ok: bool
    problems: list[DocumentProblem]


@operation(
    router, "GET", "/workflows", scope=Scope.DEFINITIONS_READ, answer=Versions,
    permissions=MAY_READ,
)  # fmt: skip
def list_workflows(
    request: HttpRequest,
    key: Annotated[str, Field(max_length=63)] = "",
    status: Annotated[str, Field(max_length=20)] = "",
    limit: Limit = 50,
    after: Cursor = "",
) -> Versions:
    """List versions of workflows, the newest first."""
    rows = WorkflowDefinition.objects.all()
    if key:
        rows = rows.filter(key=key)
    if status:
        rows = rows.filter(status=status)
    items, more = listed(rows, after=after, limit=limit, show=Version.of)
    return Versions(items=items, next=more)


@operation(
    router, "GET", "/workflows/{workflow_id}", scope=Scope.DEFINITIONS_READ,
    answer=VersionWithDocument, permissions=MAY_READ,
)  # fmt: skip
def get_workflow(
    request: HttpRequest, response: HttpResponse, workflow_id: Number
) -> VersionWithDocument:
    """Read a version of a workflow as a bundle.

    The ETag is for saving it: somebody else may have saved it by then.
    """
    workflow = version(workflow_id)
    response["ETag"] = etag_of(workflow.updated_at)
    return VersionWithDocument(
        **Version.values_of(workflow), document=export_bundle(workflow=workflow)
    )


@operation(
    router, "POST", "/bundles/check", scope=Scope.DEFINITIONS_READ, answer=Checked,
    permissions=MAY_ADD, largest_body=LARGE_BODY, is_dear=True,
)  # fmt: skip
def check_workflow(request: HttpRequest, sent: Document) -> Checked:
    """Check a document: every problem with its place, its test cases, and what it would change.

    Nothing is saved.
    """
    preview = preview_bundle(document=sent.document)
    changes = describe_changes(preview.changes, old=preview.old, new=preview.new)
    return Checked(
        is_ok=preview.can_be_imported,
        problems=shown(preview.problems, most=MOST_PROBLEMS),
        tests=[CaseResult.of(each) for each in preview.cases],
        changes=[ChangeInWords.of(each) for each in changes[:MOST_CHANGES]],
        new_company_roles=preview.new_company_roles,
    )


@operation(
    router, "POST", "/workflows", scope=Scope.DEFINITIONS_DRAFT, answer=Version, status=201,
    permissions=MAY_ADD, once=True, largest_body=LARGE_BODY, is_dear=True,
)  # fmt: skip
def create_draft(request: HttpRequest, sent: Document) -> Version:
    """Make a new draft of a workflow from a bundle.

    A bundle with the content of the newest or the published version makes none: that version is
    answered. Company roles that the company does not have are made only with the scope
    people:write; without it they are refused.
    """
    holder, began = holder_in(request), timezone.now()
    made = import_bundle(
        document=sent.document, user=holder.user, makes_roles=holder.has(Scope.PEOPLE_WRITE)
    )
    if made.updated_at < began:
        keep_nothing(request)
    return Version.of(made)


@operation(
    router, "PUT", "/workflows/{workflow_id}", scope=Scope.DEFINITIONS_DRAFT, answer=Version,
    permissions=MAY_CHANGE, versioned=True, largest_body=LARGE_BODY, is_dear=True,
)  # fmt: skip
def save_draft(
    request: HttpRequest, response: HttpResponse, workflow_id: Number, sent: Document
) -> Version:
    """Save a draft. It may have problems, which publishing refuses.

    Send the ETag with which it was read as If-Match: who saves second must not undo what the first
    has saved. Company roles are made as for a new draft. A draft that has this content already
    stays as it is.
    """
    workflow, holder = version(workflow_id), holder_in(request)
    ensure_unchanged(request, workflow.updated_at, is_required=True)
    saved = save(
        workflow=workflow,
        document=sent.document,
        user=holder.user,
        expected_updated_at=workflow.updated_at,
        makes_roles=holder.has(Scope.PEOPLE_WRITE),
        only_if_changed=True,
    )
    response["ETag"] = etag_of(saved.updated_at)
    return Version.of(saved)


@operation(
    router, "DELETE", "/workflows/{workflow_id}", scope=Scope.DEFINITIONS_DRAFT, answer=None,
    status=204, permissions=MAY_CHANGE, versioned=True,
)  # fmt: skip
def delete_draft(request: HttpRequest, workflow_id: Number) -> None:
    """Delete a draft with its tasks, transitions and ticket types."""
    with version_as_read(request, workflow_id) as workflow:
        delete(workflow=workflow)


@operation(
    router, "POST", "/workflows/{workflow_id}/try", scope=Scope.DEFINITIONS_DRAFT, answer=Tried,
    permissions=MAY_CHANGE, is_dear=True,
)  # fmt: skip
def try_workflow(request: HttpRequest, workflow_id: Number, tried: Trying) -> Tried:
    """Try a version: how a ticket with these answers would go."""
    trial = trial_of(version(workflow_id))
    chosen = tried.ticket_type or next(iter(trial.ticket_types), "")
    clock = clock_of_case({"today": tried.today}, trial.clock)
    try:
        refused = trial.refusals(tried.ticket, ticket_type=chosen, clock=clock)
    except FieldError as error:
        raise InvalidDataError([FieldProblem("", str(error))]) from error
    if refused:
        raise InvalidDataError(refused)
    who = submitter_texts({**EXAMPLE_SUBMITTER, **tried.submitter})
    facts = trial.facts(tried.ticket, ticket_type=chosen, submitter=who, clock=clock)
    run = trial.run(facts=facts, answers=read_answers(list(tried.answers)), clock=clock)
    return Tried(
        outcome=run.outcome.value,
        end=run.end_label,
        error=run.error,
        path=list(run.path)[:MOST_STEPS],
        waiting_for=[each.task or "" for each in run.waiting][:MOST_STEPS],
        problems=[f"{each.field}: {each.message}" for each in run.last_step.refused],
        unused_answers=[each.task for each in run.unused][:MOST_STEPS],
    )


@operation(
    router, "POST", "/workflows/{workflow_id}/tests", scope=Scope.DEFINITIONS_DRAFT, answer=Cases,
    permissions=MAY_CHANGE, is_dear=True,
)  # fmt: skip
def run_test_cases(request: HttpRequest, workflow_id: Number) -> Cases:
    """Run the test cases of a version. Nothing is saved, and no call is made."""
    cases = run_cases(workflow=version(workflow_id))
    passed = bool(cases) and all(each.has_passed for each in cases)
    return Cases(has_passed=passed, items=[CaseResult.of(each) for each in cases])


@operation(
    router, "GET", "/workflows/{workflow_id}/changes", scope=Scope.DEFINITIONS_READ,
    answer=Comparison, permissions=MAY_READ, is_dear=True,
)  # fmt: skip
def compare_workflows(request: HttpRequest, workflow_id: Number, since: Number) -> Comparison:
    """Compare a version with another one of the same workflow (`since`), in words."""
    new, old = version(workflow_id), version(since)
    if new.key != old.key:
        raise Http404
    found = compare_in_words(old=old, new=new)
    items = [ChangeInWords.of(each) for each in found[:MOST_CHANGES]]
    return Comparison(items=items, is_cut=len(found) > MOST_CHANGES)


@operation(
    router, "GET", "/workflows/{workflow_id}/publishable", scope=Scope.DEFINITIONS_READ,
    answer=Publishable, permissions=MAY_CHANGE, is_dear=True,
)  # fmt: skip
def check_publishable(request: HttpRequest, workflow_id: Number) -> Publishable:
    """What stands in the way of publishing a draft."""
    problems = publishing_problems(workflow=version(workflow_id))
    return Publishable(is_ok=not errors_of(problems), problems=shown(problems, most=MOST_PROBLEMS))


@operation(
    router, "POST", "/workflows/{workflow_id}/publish", scope=Scope.DEFINITIONS_PUBLISH,
    answer=Version, permissions=MAY_CHANGE, versioned=True, is_dear=True,
)  # fmt: skip
def publish_workflow(request: HttpRequest, workflow_id: Number) -> Version:
    """Publish a draft: new tickets start with it from now on. No assistant does this."""
    with version_as_read(request, workflow_id) as workflow:
        published = publish(workflow=workflow, user=holder_in(request).user, now=timezone.now())
    return Version.of(published)


@contextmanager
def version_as_read(request: HttpRequest, number: int) -> Iterator[WorkflowDefinition]:
    """A version for what is done to all of it, locked as its services lock it: nobody saves it
    between the look whether it is as it was read and what follows.

    Raises:
        Http404, ChangedMeanwhileError
    """
    with transaction.atomic():
        lock_definitions()
        found = WorkflowDefinition.objects.select_for_update().filter(pk=number).first()
        if found is None:
            raise Http404
        ensure_unchanged(request, found.updated_at)
        yield found


def version(number: int) -> WorkflowDefinition:
    """Raises Http404: there is no such version here."""
    found: WorkflowDefinition | None = WorkflowDefinition.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found
