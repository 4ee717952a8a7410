from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from workflows.authoring.definitions.export_bundle import with_types_of_published
from workflows.authoring.definitions.next_version import lock_definitions, next_version
from workflows.authoring.importing.assistants import assistant_account_problems
from workflows.authoring.importing.empty_roles import empty_role_problems
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.importing.started_types import started_type_problems
from workflows.authoring.importing.whole_bundle import WholeBundle, content_of, key_of
from workflows.authoring.trying.run_test_cases import run_test_cases_of_document
from workflows.bundles import (
    Change,
    Problem,
    Severity,
    TestCaseResult,
    check_bundle,
    differences,
    errors_of,
    test_case_failures,
)
from workflows.bundles.document.errors import InvalidBundleError
from workflows.bundles.document.problems import path_in_words
from workflows.bundles.outline.named import references_in
from workflows.engine.process import JsonObject, objects_in
from workflows.engine.values.storable import unstorable
from workflows.errors import NotADraftError
from workflows.fields.facts import NO_FACTS
from workflows.fields.in_database.look_up import look_up
from workflows.models import DefinitionStatus, TicketDefinition, WorkflowDefinition

IMPORTED = declare("definitions.imported", gettext_lazy("Imported a workflow"))


@dataclass(frozen=True, slots=True)
class BundlePreview:
    """What importing a bundle would do.

    `changes` compares it with `current`, the version that counts now (None: the workflow is
    new). `version` is the number that the new draft would get; of an unchanged bundle, the
    number of the version that has the same content. While there are errors nothing can be
    imported, and `changes` is empty. `cases` are the results of the test cases; those that do
    not pass are among the warnings, and stop publishing. `old` and `new` are the contents that
    were compared. `draft` is the newest version where that is a draft, which this may replace.
    """

    problems: list[Problem]
    changes: list[Change]
    new_company_roles: list[str]
    current: WorkflowDefinition | None
    version: int
    is_unchanged: bool
    cases: list[TestCaseResult] = field(default_factory=list)
    old: JsonObject = field(default_factory=dict)
    new: JsonObject = field(default_factory=dict)
    draft: WorkflowDefinition | None = None

    @property
    def errors(self) -> list[Problem]:
        return errors_of(self.problems)

    @property
    def can_be_imported(self) -> bool:
        return not self.errors


def preview_bundle(*, document: object, beside: Sequence[JsonObject] = ()) -> BundlePreview:
    """Say what importing this document would do, with every problem; changes nothing.

    `beside` are documents that are imported before it.
    """
    problems = problems_here(document, beside=beside)
    if errors_of(problems) or not isinstance(document, dict):
        return BundlePreview(problems, [], [], None, 0, is_unchanged=False)
    bundle = WholeBundle(document)
    current = WorkflowDefinition.objects.latest(bundle.key)
    old: JsonObject = {}
    new = content_of(bundle.document)
    if current is not None:
        old, new = bundle.comparable_with(current)
    same = bundle.same_version()
    runnable = with_types_of_published(bundle.key, bundle.document)
    cases = run_test_cases_of_document(runnable)
    failures = [
        replace(each, severity=Severity.WARNING) for each in test_case_failures(runnable, cases)
    ]
    return BundlePreview(
        problems=[*problems, *failures],
        changes=[] if same is not None else differences(old, new),
        new_company_roles=bundle.missing_roles(),
        current=current,
        version=same.version if same is not None else next_version(bundle.key),
        is_unchanged=same is not None,
        cases=cases,
        old=old,
        new=new,
        draft=None if same is not None else newest_draft(bundle.key),
    )


@transaction.atomic
def import_bundle(
    *,
    document: object,
    user: User | None,
    replaces: SeenDraft | None = None,
    makes_roles: bool = True,
) -> WorkflowDefinition:
    """Make a new draft version of a workflow from a bundle, all of it or nothing.

    With `replaces` the bundle takes the place of that draft of the same workflow.

    Company roles that the company does not have are made, where `makes_roles`; those that it has
    stay as they are. Ticket types become new versions that are not active: publishing makes them
    so. A bundle with the content of the published or of the newest version makes no new draft:
    that version is returned.

    Raises:
        InvalidBundleError: the bundle has errors; it has every problem.
        RolesNotThereError: it has company roles that are not there, and not `makes_roles`.
        NotADraftError: what it replaces was published or deleted in the meantime.
        DraftChangedError: somebody has saved what it replaces in the meantime.
    """
    lock_definitions()
    problems = problems_here(document)
    if errors_of(problems) or not isinstance(document, dict):
        raise InvalidBundleError(problems)
    if not makes_roles:
        WholeBundle(document).ensure_roles_exist()
    bundle = WholeBundle(document)
    if (same := bundle.same_version()) is not None:
        return same
    new_roles = bundle.missing_roles()
    roles = bundle.make_roles()
    if replaces is None:
        made = bundle.make_draft(roles, user=user)
    else:
        draft = replaces.lock()
        if draft.key != bundle.key:
            raise NotADraftError
        made = bundle.replace_draft(draft, user=user)
    record(
        IMPORTED,
        about=made,
        person=user,
        key=made.key,
        version=made.version,
        replaces_draft=replaces is not None,
        new_company_roles=new_roles,
    )
    return made


def newest_draft(key: str) -> WorkflowDefinition | None:
    """The newest version of a workflow, where that is a draft."""
    newest = WorkflowDefinition.objects.versions_of(key).first()
    return newest if newest is not None and newest.is_draft else None


def problems_here(
    document: object, *, is_published: bool = False, beside: Sequence[JsonObject] = ()
) -> list[Problem]:
    """The problems of a bundle, with those that only this company can tell.

    `is_published`: it is about to be, so that what nobody could fill in is an error.
    """
    known = look_up(references_in(document)) if not any(unstorable(document)) else NO_FACTS
    found = check_bundle(document, known)
    if isinstance(document, dict) and not errors_of(found):
        found += _foreign_ticket_types(document)
        found += empty_role_problems(document, is_published=is_published)
        found += assistant_account_problems(document)
        found += started_type_problems(document, is_published=is_published, beside=beside)
    return found


def _foreign_ticket_types(document: JsonObject) -> list[Problem]:
    """Ticket types whose key another workflow uses: publishing would take them away from it."""
    key = key_of(document)
    own = {
        each["key"]: index for index, each in enumerate(objects_in(document.get("ticket_types")))
    }
    used = (
        TicketDefinition.objects.filter(key__in=list(own))
        .exclude(workflow__key=key)
        .filter(Q(is_active=True) | ~Q(workflow__status=DefinitionStatus.RETIRED))
        .select_related("workflow")
        .order_by("key", "-version")
    )
    found: dict[str, Problem] = {}
    for each in used:
        message = _(
            "The workflow “%(workflow)s” already has a ticket type with the key “%(key)s”. "
            "Choose another key."
        )
        path = ("ticket_types", own[each.key], "key")
        problem = Problem(
            path, message % {"workflow": each.workflow.title, "key": each.key}, each.key
        )
        found.setdefault(each.key, replace(problem, where=path_in_words(document, path)))
    return list(found.values())
