"""What the rule of a task reads: people and answers of its ticket, and who did what in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Case, Func, Q, TextField, Value, When

from tenants.models import User
from tenants.names import plain_email
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.assigning import AssignRule, Who
from workflows.models import Path, TaskInstance, TaskStatus, WorkflowEvent
from workflows.models.task_instance import TaskInstanceQuerySet
from workflows.running.events.of_people.assigned import APPROVER
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.looking_back.keys_now import KeyNow
from workflows.running.people.workers import colleagues

# The ticket stands in the app above: by the name under which Django knows it.
TICKET: Final = "workflow_instance__ticket"
REQUESTER: Final = f"{TICKET}__created_by"
RULE: Final = "definition__assign_to"


def manager_of_requester(task: TaskInstance) -> int | None:
    """The id of the manager of whoever submitted the ticket, if they have one."""
    return facts_of(task).manager


def person_named(task: TaskInstance, rule: AssignRule) -> User | None:
    """The one person whom a rule names for a task, active and of this company."""
    named_id, _reason = named_by(task, rule, facts_of(task))
    return None if named_id is None else colleagues().filter(pk=named_id).first()


def outside_address(task: TaskInstance) -> str:
    """What stands in the answer that names somebody outside; empty where that is no text."""
    value: object = facts_of(task).answers
    for name in task.definition.rule.named.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value.strip() if isinstance(value, str) else ""


def task_key() -> Func:
    """The key of a task now, as documents have it: of a vote that of its approval."""
    return Func(KeyNow(), Value("."), Value(1), function="split_part", output_field=TextField())


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules read of a ticket: ids of people, and the answers by `ticket` and `tasks`.

    In a branch, what that has brought, too, and the `item` of a list.
    """

    requester: int | None = None
    manager: int | None = None
    answers: Mapping[str, Json] = field(default_factory=dict)


def facts_of(task: TaskInstance) -> Facts:
    row = (
        TaskInstance.objects.filter(pk=task.pk)
        .values_list(
            REQUESTER, f"{REQUESTER}__manager", f"{TICKET}__data", "workflow_instance__data"
        )
        .first()
    )
    requester, manager, ticket, tasks = row or (None, None, None, None)
    answers: dict[str, Json] = {"ticket": ticket, "tasks": tasks}
    for path in reversed(_outwards(task)):
        answers["tasks"] = {**(tasks or {}), **path.data}
        tasks = answers["tasks"]
        answers["item"] = answers.get("item") if path.item is None else path.item
    return Facts(requester, manager, answers)


def _outwards(task: TaskInstance) -> list[Path]:
    """The paths on which a task stands, its own first; none on the main one."""
    found = []
    path = task.path
    while path is not None:
        found.append(path)
        path = path.block_task.path
    return found


def named_by(task: TaskInstance, rule: AssignRule, facts: Facts) -> tuple[int | None, JsonObject]:
    """The id of the one person whom a task is for, and how the history says it."""
    reason: JsonObject = {} if rule.is_for_group else {"as": rule.who.value}
    if task.definition.is_vote:
        reason = {"as": APPROVER}
    found: object = None
    match rule.who:
        case Who.REQUESTER:
            found = facts.requester
        case Who.MANAGER:
            found = facts.manager
        case Who.ANSWER:
            found = _person_at(rule.named, facts.answers)
        case Who.DOER:
            found, title = _last_doer(task, rule.named)
            reason["done"] = title
        case Who.PERSON:
            found = rule.person
            if found is None:
                person = colleagues().filter(email=plain_email(rule.named))
                found = person.values_list("pk", flat=True).first()
    return (found if isinstance(found, int) else None), reason


def _person_at(path: str, answers: Mapping[str, Json]) -> int | None:
    """The id in the answer of a person question at `ticket.name` or `tasks.key.name`."""
    value: object = answers
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    found = value.get("id") if isinstance(value, Mapping) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _visits(task: TaskInstance, keys: Collection[str]) -> TaskInstanceQuerySet:
    found: TaskInstanceQuerySet = (
        TaskInstance.objects.filter(
            workflow_instance=task.workflow_instance_id, status=TaskStatus.COMPLETED
        )
        .alias(_key=task_key())
        .filter(_key__in=keys)
    )
    if task.path is not None:  # of its block the other branches do not count
        beside = Q(path__block_task=task.path.block_task_id) & ~Q(path=task.path)
        counts = Case(When(beside, then=Value(False)), default=Value(True))
        found = found.alias(_counts=counts).filter(_counts=True)
    return found


def _last_doer(task: TaskInstance, key: str) -> tuple[int | None, str]:
    visits = _visits(task, [key]).order_by("-pk")
    row = visits.values_list("assigned_to", "definition__title").first()
    return row or (None, "")


def who_did(task: TaskInstance, keys: Collection[str]) -> set[int]:
    """Everybody who did one of these tasks: who had it, and who completed it for them."""
    if not keys:
        return set()
    visits = _visits(task, keys)
    had = visits.exclude(assigned_to=None).values_list("assigned_to", flat=True)
    done = WorkflowEvent.objects.filter(
        task_instance__in=visits.values("pk"), kind=TASK_COMPLETED
    ).exclude(actor=None)
    found: set[int] = {*had, *done.values_list("actor", flat=True)}
    return found
