from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.models import User
from workflows.authoring.definitions.export_bundle import export_bundle, with_types_of_published
from workflows.authoring.importing.empty_roles import empty_role_problems
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.importing.started_types import started_type_problems
from workflows.authoring.importing.task_origin import TaskOrigin
from workflows.authoring.trying.run_test_cases import run_test_cases_of_document
from workflows.bundles import (
    Change,
    Problem,
    Severity,
    TestCaseResult,
    canonical,
    check_bundle,
    differences,
    errors_of,
    test_case_failures,
)
from workflows.bundles.document.canonical import END, START, as_text, default_of, key_order
from workflows.bundles.document.errors import InvalidBundleError
from workflows.bundles.document.problems import path_in_words
from workflows.bundles.outline.named import references_in
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.approvals import Approvers, with_votes
from workflows.engine.steps.reminders import with_reminder_roles
from workflows.engine.values.storable import unstorable
from workflows.errors import NotADraftError
from workflows.fields.facts import NO_FACTS
from workflows.fields.in_database.kept_people import kept_parts, numbers_of
from workflows.fields.in_database.kept_roles import reminders_with_numbers, with_role_numbers
from workflows.fields.in_database.look_up import look_up
from workflows.fields.specs.company_roles import with_roles
from workflows.models import (
    CompanyRole,
    DefinitionStatus,
    TaskDefinition,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
)

IMPORTED = declare("definitions.imported", gettext_lazy("Imported a workflow"))

CONTENT = ("workflow", "tasks", "transitions", "ticket_types", "tests")
_JSON_DEFAULTS = {"ext_ref": list, "fields": list, "presets": dict}
# Of a task: left empty, as the rows that were there before blocks are.
_EMPTY_BY_DEFAULT: Final[JsonObject] = {
    "ends_when": "",
    "order": "",
    "most": None,
    "needed": "",
}


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


def preview_bundle(*, document: object) -> BundlePreview:
    """Say what importing this document would do, with every problem; changes nothing."""
    problems = problems_here(document)
    if errors_of(problems) or not isinstance(document, dict):
        return BundlePreview(problems, [], [], None, 0, is_unchanged=False)
    bundle = WholeBundle(document)
    current = WorkflowDefinition.objects.latest(bundle.key)
    old: JsonObject = {}
    new = _content(bundle.document)
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
    *, document: object, user: User | None, replaces: SeenDraft | None = None
) -> WorkflowDefinition:
    """Make a new draft version of a workflow from a bundle, all of it or nothing.

    With `replaces` the bundle takes the place of that draft of the same workflow.

    Company roles that the company does not have are made; those that it has stay as they
    are. Ticket types become new versions that are not active: publishing makes them so. A
    bundle with the content of the published or of the newest version makes no new draft:
    that version is returned.

    Raises:
        InvalidBundleError: the bundle has errors; it has every problem.
        NotADraftError: what it replaces was published or deleted in the meantime.
        DraftChangedError: somebody has saved what it replaces in the meantime.
    """
    lock_definitions()
    problems = problems_here(document)
    if errors_of(problems) or not isinstance(document, dict):
        raise InvalidBundleError(problems)
    bundle = WholeBundle(document)
    roles = bundle.make_roles()
    if (same := bundle.same_version()) is not None:
        return same
    new_roles = bundle.missing_roles()
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


def lock_definitions() -> None:
    """Let one transaction of this company at a time make or publish versions, until it ends.

    Without it two imports at the same moment would both take the same version number, and
    two workflows could both take the same key for a ticket type.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"definitions:{current_schema()}"],
        )


def next_version(key: str) -> int:
    newest: int | None = WorkflowDefinition.objects.versions_of(key).aggregate(
        newest=Max("version")
    )["newest"]
    return (newest or 0) + 1


def newest_draft(key: str) -> WorkflowDefinition | None:
    """The newest version of a workflow, where that is a draft."""
    newest = WorkflowDefinition.objects.versions_of(key).first()
    return newest if newest is not None and newest.is_draft else None


def problems_here(document: object, *, is_published: bool = False) -> list[Problem]:
    """The problems of a bundle, with those that only this company can tell.

    `is_published`: it is about to be, so that what nobody could fill in is an error.
    """
    known = look_up(references_in(document)) if not any(unstorable(document)) else NO_FACTS
    found = check_bundle(document, known)
    if isinstance(document, dict) and not errors_of(found):
        found += _foreign_ticket_types(document)
        found += empty_role_problems(document, is_published=is_published)
        found += started_type_problems(document, is_published=is_published)
    return found


def _foreign_ticket_types(document: JsonObject) -> list[Problem]:
    """Ticket types whose key another workflow uses: publishing would take them away from it."""
    key = _key_of(document)
    own = {each["key"]: index for index, each in enumerate(_list(document, "ticket_types"))}
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


class WholeBundle:
    """A bundle without errors, in canonical form and with roles spelt as the company does."""

    def __init__(self, document: JsonObject) -> None:
        document = canonical(document)
        self.key = _key_of(document)
        self.roles = {
            str(each["name"]): _existing_role(str(each["name"]))
            for each in _list(document, "company_roles")
        }
        self.document = self._with_existing_spelling(document)

    def _with_existing_spelling(self, document: JsonObject) -> JsonObject:
        """“accountant” and “Accountant” are one role of a company: write what it writes."""
        workflow = self._with_existing_spelling_in_fields(_object(document, "workflow"))
        tasks: list[Json] = [
            self._with_existing_spelling_in_fields(self._with_existing_spelling_in_task(each))
            for each in _list(document, "tasks")
        ]
        types: list[Json] = []
        for each in _list(document, "ticket_types"):
            named = each.get("roles_with_access", [])
            roles = {
                self._existing_spelling(role) for role in (named if isinstance(named, list) else [])
            }
            types.append({**each, "roles_with_access": list[Json](sorted(roles))})
        listed: list[Json] = [
            {**each, "name": self._existing_spelling(each["name"])}
            for each in _list(document, "company_roles")
        ]
        return canonical(
            {
                **document,
                "workflow": workflow,
                "tasks": tasks,
                "ticket_types": types,
                "company_roles": listed,
            }
        )

    def _with_existing_spelling_in_task(self, task: JsonObject) -> JsonObject:
        made = {**task}
        if "candidate_role" in task:
            made["candidate_role"] = self._existing_spelling(task["candidate_role"])
        if "reminders" in task:
            spelt = {name: self._existing_spelling(name) for name in self.roles}
            made["reminders"] = with_reminder_roles(task["reminders"], spelt)
        if role := _role_of_approvers(task):
            made["approvers"] = {Approvers.ROLE.value: self._existing_spelling(role)}
        return made

    def _with_existing_spelling_in_fields(self, part: JsonObject) -> JsonObject:
        if "fields" not in part:
            return part
        return {**part, "fields": with_roles(part["fields"], self._existing_spelling)}

    def _existing_spelling(self, name: Json) -> str:
        role = self.roles.get(str(name))
        return role.name if role is not None else str(name)

    def missing_roles(self) -> list[str]:
        return [name for name, role in self.roles.items() if role is None]

    def same_version(self) -> WorkflowDefinition | None:
        """The published or the newest version, where its content is that of the bundle."""
        versions = WorkflowDefinition.objects.versions_of(self.key)
        published, newest = versions.published().first(), versions.first()
        candidates = [published]
        if newest is not None and newest.is_draft:
            candidates.append(newest)
        for each in candidates:
            if each is not None:
                old, new = self.comparable_with(each)
                if as_text(old) == as_text(new):
                    return each
        return None

    def comparable_with(self, version: WorkflowDefinition) -> tuple[JsonObject, JsonObject]:
        """That version and this bundle, without what does not count as content of either.

        Company roles are the company's own. A bundle that lists no ticket types leaves
        those of the published version as they are.
        """
        old, new = _content(export_bundle(workflow=version)), _content(self.document)
        if version.is_published and "ticket_types" not in new:
            old.pop("ticket_types", None)
        return old, new

    def make_roles(self) -> dict[str, CompanyRole]:
        """The bundle's company roles by name, those that are missing made now."""
        descriptions = {
            str(each["name"]): str(each.get("description", ""))
            for each in _list(self.document, "company_roles")
        }
        made: dict[str, CompanyRole] = {}
        for name, role in self.roles.items():
            kept = role or _make_role(name, descriptions[name])
            made[kept.name] = made[name] = kept
        return made

    def make_draft(self, roles: dict[str, CompanyRole], *, user: User | None) -> WorkflowDefinition:
        workflow = WorkflowDefinition.objects.create(
            version=next_version(self.key),
            created_by=user,
            test_cases=self.test_cases(),
            **self.workflow_values(roles),
        )
        self.make_parts(workflow, roles, user=user)
        return workflow

    def replace_draft(self, draft: WorkflowDefinition, *, user: User | None) -> WorkflowDefinition:
        """Nothing refers to the parts of a draft, so that they are simply made anew."""
        origins = TaskOrigin.all_of(draft)
        draft.transitions.all().delete()
        draft.tasks.all().delete()
        draft.ticket_definitions.all().delete()
        roles = self.make_roles()
        for name, value in self.workflow_values(roles).items():
            setattr(draft, name, value)
        draft.test_cases = self.test_cases()
        draft.changed_by = user
        draft.save()
        self.make_parts(draft, roles, user=user, origins=origins)
        return draft

    def test_cases(self) -> list[JsonObject]:
        return list(_list(self.document, "tests"))

    def workflow_values(self, roles: dict[str, CompanyRole]) -> dict[str, Json]:
        values = _values("workflow", _object(self.document, "workflow"))
        return {**values, "fields": with_role_numbers(values["fields"], roles)}

    def make_parts(
        self,
        workflow: WorkflowDefinition,
        roles: dict[str, CompanyRole],
        *,
        user: User | None,
        origins: Mapping[str, TaskOrigin] | None = None,
    ) -> None:
        """The tasks, transitions and ticket types of a version that has none of them yet.

        `origins` has, by their keys, the tasks that it had before.
        """
        tasks = self._make_tasks(workflow, roles, user=user, origins=origins or {})
        self._make_transitions(workflow, tasks)
        self._make_ticket_types(workflow, roles, user=user)

    def _make_tasks(
        self,
        workflow: WorkflowDefinition,
        roles: dict[str, CompanyRole],
        *,
        user: User | None,
        origins: Mapping[str, TaskOrigin],
    ) -> dict[str, TaskDefinition]:
        rows = []
        documents = _list(self.document, "tasks")
        positions = {str(each["key"]): place for place, each in enumerate(documents)}
        people = numbers_of(documents)
        for each in with_votes(documents):
            position = positions[str(each["key"]).partition(".")[0]]
            values = _values("task", each)
            role = values.pop("candidate_role")
            if approving := _role_of_approvers(each):
                role, values["approvers"] = approving, {Approvers.ROLE.value: True}
            values["fields"] = with_role_numbers(values["fields"], roles)
            values |= kept_parts(values, people)
            values |= {name: empty for name, empty in _EMPTY_BY_DEFAULT.items() if name not in each}
            for name in ("ends_when", "needed"):
                values[name] = str(values[name])  # also where it is a number
            values["reminders"] = reminders_with_numbers(values["reminders"], roles)
            origin = origins.get(str(each["key"]))
            rows.append(
                TaskDefinition(
                    workflow=workflow,
                    position=position,
                    candidate_role=roles[str(role)] if role else None,
                    **({"created_by": user} if origin is None else origin.values_of(each)),
                    **values,
                )
            )
        return {row.key: row for row in TaskDefinition.objects.bulk_create(rows)}

    def _make_transitions(
        self, workflow: WorkflowDefinition, tasks: dict[str, TaskDefinition]
    ) -> None:
        rows = []
        for each in _list(self.document, "transitions"):
            values = _values("transition", each)
            source, target = str(values.pop("from")), str(values.pop("to"))
            if values["outcome"] == default_of("transition", "outcome"):
                values["outcome"] = ""  # as the rows that were there before ends said it
            rows.append(
                Transition(
                    workflow=workflow,
                    from_task=None if source == START else tasks[source],
                    to_task=None if target == END else tasks[target],
                    **values,
                )
            )
        Transition.objects.bulk_create(rows)

    def _make_ticket_types(
        self, workflow: WorkflowDefinition, roles: dict[str, CompanyRole], *, user: User | None
    ) -> None:
        for each in _list(self.document, "ticket_types"):
            values = _values("ticket_type", each)
            named = values.pop("roles_with_access")
            row = TicketDefinition.objects.create(
                workflow=workflow,
                version=next_ticket_type_version(str(values["key"])),
                created_by=user,
                **values,
            )
            names = named if isinstance(named, list) else []
            row.roles_with_access.set([roles[str(name)] for name in names])


def _role_of_approvers(task: JsonObject) -> Json:
    """The company role whose members approve; None: it is no approval, or others do."""
    approvers = task.get("approvers")
    role = approvers.get(Approvers.ROLE.value) if isinstance(approvers, dict) else None
    return role or None


def next_ticket_type_version(key: str) -> int:
    newest: int | None = TicketDefinition.objects.filter(key=key).aggregate(newest=Max("version"))[
        "newest"
    ]
    return (newest or 0) + 1


def _existing_role(name: str) -> CompanyRole | None:
    """The company's role of this name, or of one that looks like it."""
    return CompanyRole.objects.named(name).first()


def _make_role(name: str, description: str) -> CompanyRole:
    try:
        with transaction.atomic():
            return CompanyRole.objects.create(name=name, description=description)
    except IntegrityError:  # an admin made it at this very moment, or the bundle has it twice
        role = _existing_role(name)
        if role is None:
            raise
        return role


def _values(part: str, document: JsonObject) -> dict[str, Json]:
    """The values of a row, with the defaults that a canonical bundle leaves out."""
    return {
        name: document[name] if name in document else _default(part, name)
        for name in key_order(part)
    }


def _default(part: str, name: str) -> Json:
    made = _JSON_DEFAULTS.get(name)
    return made() if made is not None else default_of(part, name)


def _content(document: JsonObject) -> JsonObject:
    """What a version consists of: company roles are the company's own."""
    return {name: document[name] for name in CONTENT if name in document}


def _key_of(document: JsonObject) -> str:
    return str(_object(document, "workflow").get("key", ""))


def _object(document: JsonObject, name: str) -> JsonObject:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _list(document: JsonObject, name: str) -> Sequence[JsonObject]:
    found = document.get(name)
    entries: Iterable[Json] = found if isinstance(found, list) else []
    return [each for each in entries if isinstance(each, dict)]
