"""A bundle without errors, as this company writes it, and the rows that a version is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import IntegrityError, transaction

from tenants.models import User
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.next_version import next_ticket_type_version, next_version
from workflows.authoring.importing.task_origin import TaskOrigin
from workflows.bundles import canonical
from workflows.bundles.document.canonical import END, START, as_text, default_of, key_order
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.approvals import Approvers, with_votes
from workflows.engine.steps.reminders import with_reminder_roles
from workflows.errors import RolesNotThereError
from workflows.fields.in_database.kept_people import kept_parts, numbers_of
from workflows.fields.in_database.kept_roles import reminders_with_numbers, with_role_numbers
from workflows.fields.specs.company_roles import with_roles
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
)

CONTENT = ("workflow", "tasks", "transitions", "ticket_types", "tests")
_JSON_DEFAULTS = {"ext_ref": list, "fields": list, "presets": dict}
# Of a task: left empty, as the rows that were there before blocks are.
_EMPTY_BY_DEFAULT: Final[JsonObject] = {
    "ends_when": "",
    "order": "",
    "most": None,
    "needed": "",
}


def content_of(document: JsonObject) -> JsonObject:
    """What a version consists of: company roles are the company's own."""
    return {name: document[name] for name in CONTENT if name in document}


def key_of(document: JsonObject) -> str:
    return str(_object(document, "workflow").get("key", ""))


class WholeBundle:
    """A bundle without errors, in canonical form and with roles spelt as the company does."""

    def __init__(self, document: JsonObject) -> None:
        document = canonical(document)
        self.key = key_of(document)
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
        spelt = {name: self._existing_spelling(name) for name in self.roles}
        transitions: list[Json] = [
            {**each, "messages": with_reminder_roles(each["messages"], spelt)}
            if "messages" in each
            else each
            for each in _list(document, "transitions")
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
                "transitions": transitions,
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

    def is_content_of(self, version: WorkflowDefinition) -> bool:
        """Whether that version would stay as it is, and the company's roles, too."""
        old, new = content_of(export_bundle(workflow=version)), content_of(self.document)
        return not self.missing_roles() and as_text(old) == as_text(new)

    def comparable_with(self, version: WorkflowDefinition) -> tuple[JsonObject, JsonObject]:
        """That version and this bundle, without what does not count as content of either.

        Company roles are the company's own. A bundle that lists no ticket types leaves
        those of the published version as they are.
        """
        old, new = content_of(export_bundle(workflow=version)), content_of(self.document)
        if version.is_published and "ticket_types" not in new:
            old.pop("ticket_types", None)
        return old, new

    def ensure_roles_exist(self) -> None:
        """Raises RolesNotThereError: it has company roles that the company does not have."""
        if missing := self.missing_roles():
            raise RolesNotThereError(missing)

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
        self._make_transitions(workflow, tasks, roles)
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
        self,
        workflow: WorkflowDefinition,
        tasks: dict[str, TaskDefinition],
        roles: dict[str, CompanyRole],
    ) -> None:
        rows = []
        documents = _list(self.document, "transitions")
        people = numbers_of(documents)
        for each in documents:
            values = _values("transition", each)
            values |= kept_parts(values, people)
            values["messages"] = reminders_with_numbers(values["messages"], roles)
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


def _object(document: JsonObject, name: str) -> JsonObject:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _list(document: JsonObject, name: str) -> Sequence[JsonObject]:
    return objects_in(document.get(name))
