from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from workflows.bundles import FORMAT, FORMAT_VERSION, canonical
from workflows.bundles.document.canonical import END, START
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.approvals import Approvers
from workflows.fields.in_database.kept_people import addresses_of, part_of_document
from workflows.fields.in_database.kept_roles import (
    reminders_with_names,
    roles_named_in,
    roles_of_reminders,
    with_role_names,
)
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
)

# A page's download is another kind: files.definition_downloaded.
EXPORTED = declare("files.definition_exported", _("Exported a definition on the server"))

# What stands in a bundle under the name that the model's field has.
_WORKFLOW = ("key", "title", "description", "ext_ref", "fields", "display_layout")
_TASK = (
    "key",
    "title",
    "description",
    "ext_ref",
    "task_type",
    "fields",
    "input_schema",
    "output_schema",
    "edit_layout",
    "display_layout",
    "action_url",
    "input_transform",
    "output_transform",
    "timeout_seconds",
    "retries",
    "assign_to",
    "assistant",
    "edits",
    "due_in",
    "values",
    "table",
    "reminders",
    "wait",
    "answered_by",
    "message",
)
# What only blocks and the tasks inside them have: an empty column says nothing.
_OF_BLOCKS = ("branch", "branches", "ends_when", "for_each", "order", "most", "hide_answers")
_OF_SUBTICKETS = ("ticket_type", "wait_for_end")
_OF_APPROVALS = ("approvers", "needed", "never")
_TICKET_TYPE = (
    "key",
    "title",
    "description",
    "ext_ref",
    "presets",
    "priority",
    "priority_from",
    "icon",
    "reopen_days",
    "asks_rating",
    "starts",
    "public_for",
    "edit_layout",
    "display_layout",
)


def export_bundle(*, workflow: WorkflowDefinition) -> JsonObject:
    """The whole definition as a canonical bundle; importing it changes nothing.

    Of the ticket types a published version exports those that are offered; a draft or a
    retired version the newest of each key. Of the company roles, those that are named.
    """
    rows = workflow.tasks.written().select_related("candidate_role")
    tasks = list(rows.order_by("position", "pk"))
    ticket_types = ticket_types_of(workflow)
    in_questions = roles_named_in([workflow.fields, *(each.fields for each in tasks)])
    transitions = list(workflow.transitions.order_by("pk"))
    in_questions |= roles_of_reminders(
        [*(each.reminders for each in tasks), *(each.messages for each in transitions)]
    )
    people = addresses_of([*tasks, *transitions])
    own = _named(workflow, _WORKFLOW)
    document: JsonObject = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "workflow": {**own, "fields": with_role_names(own["fields"], in_questions)},
        "tasks": [_task(each, in_questions, people) for each in tasks],
        "transitions": _transitions(transitions, tasks, in_questions, people),
        "ticket_types": [_ticket_type(each) for each in ticket_types],
        "company_roles": _company_roles(tasks, ticket_types, in_questions.values()),
        "tests": workflow.test_cases,
    }
    return canonical(document)


def ticket_types_of(workflow: WorkflowDefinition) -> list[TicketDefinition]:
    """The ticket types that belong to this version, in the order in which they were made."""
    types = workflow.ticket_definitions.prefetch_related("roles_with_access").order_by("pk")
    if workflow.is_published:
        return list(types.filter(is_active=True))
    newest: dict[str, TicketDefinition] = {}
    for each in types:
        if each.key not in newest or each.version > newest[each.key].version:
            newest[each.key] = each
    return list(newest.values())


def with_types_of_published(key: str, document: JsonObject) -> JsonObject:
    """The document with the ticket types that publishing it would move on to it.

    A document that lists ticket types of its own stays as it is.
    """
    if document.get("ticket_types"):
        return document
    published = WorkflowDefinition.objects.versions_of(key).published().first()
    if published is None:
        return document
    other = export_bundle(workflow=published)
    merged = {**document, "ticket_types": other.get("ticket_types", [])}
    roles: dict[str, Json] = {}
    for each in (other, document):
        listed = each.get("company_roles", [])
        for role in listed if isinstance(listed, list) else []:
            if isinstance(role, dict):
                roles[str(role["name"])] = role
    return {**merged, "company_roles": list(roles.values())}


def _named(
    row: WorkflowDefinition | TaskDefinition | TicketDefinition, names: Iterable[str]
) -> JsonObject:
    return {name: getattr(row, name) for name in names}


def _task(
    task: TaskDefinition, in_questions: Mapping[int, CompanyRole], people: Mapping[int, str]
) -> JsonObject:
    document = _named(task, _TASK)
    more = _named(task, (*_OF_BLOCKS, *_OF_APPROVALS, *_OF_SUBTICKETS))
    document |= {name: value for name, value in more.items() if value not in (None, "")}
    document["fields"] = with_role_names(document["fields"], in_questions)
    document = {name: part_of_document(name, value, people) for name, value in document.items()}
    document["reminders"] = reminders_with_names(document["reminders"], in_questions)
    if task.candidate_role is None:
        return document
    if task.type.is_approval:
        document["approvers"] = {Approvers.ROLE.value: task.candidate_role.name}
    else:
        document["candidate_role"] = task.candidate_role.name
    return document


def _transitions(
    rows: Iterable[Transition],
    tasks: Iterable[TaskDefinition],
    roles: Mapping[int, CompanyRole],
    people: Mapping[int, str],
) -> list[Json]:
    keys = {task.pk: task.key for task in tasks}

    def transition_values(row: Transition) -> Json:
        return {
            "from": keys[row.from_task_id] if row.from_task_id else START,
            "to": keys[row.to_task_id] if row.to_task_id else END,
            "label": row.label,
            "condition": row.condition,
            "priority": row.priority,
            "after": row.after,
            "on_failure": row.on_failure,
            "on_cancel": row.on_cancel,
            "outcome": row.end_outcome.value,
            "messages": messages_of_row(row.messages, roles, people),
        }

    return [transition_values(row) for row in rows]


def messages_of_row(
    kept: Json, roles: Mapping[int, CompanyRole], people: Mapping[int, str]
) -> Json:
    """The mails of a transition that was kept, as documents have them."""
    return part_of_document("messages", reminders_with_names(kept, roles), people)


def _ticket_type(definition: TicketDefinition) -> JsonObject:
    roles = sorted(role.name for role in definition.roles_with_access.all())
    return {**_named(definition, _TICKET_TYPE), "roles_with_access": list[Json](roles)}


def _company_roles(
    tasks: Iterable[TaskDefinition],
    ticket_types: Iterable[TicketDefinition],
    in_questions: Iterable[CompanyRole],
) -> list[Json]:
    roles = {each.name: each for each in in_questions}
    for task in tasks:
        if task.candidate_role is not None:
            roles.setdefault(task.candidate_role.name, task.candidate_role)
    for each in ticket_types:
        roles |= {role.name: role for role in each.roles_with_access.all()}
    return [{"name": name, "description": roles[name].description} for name in sorted(roles)]
