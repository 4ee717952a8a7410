"""Which task of a version stands for one of older versions that it does not have: a proposal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Final

from tenants.names import name_key
from workflows.models import TaskDefinition, WorkflowDefinition

# How much two titles must have in common, from 0 to 1, where nothing else says that they are one.
LEAST_ALIKE: Final = 0.75


def gone_tasks(
    workflow_ids: Iterable[int], to: Mapping[str, TaskDefinition]
) -> dict[str, TaskDefinition]:
    """The tasks of these versions that have no task of their key in `to`, the newest of each."""
    tasks = TaskDefinition.objects.filter(workflow__in=set(workflow_ids)).exclude(key__in=to)
    ordered = tasks.select_related("workflow").order_by("workflow__version", "position", "pk")
    return {task.key: task for task in ordered}


def new_tasks(workflow_ids: Iterable[int], to: WorkflowDefinition) -> list[TaskDefinition]:
    """The tasks of `to` that none of these versions has, in its order."""
    known = TaskDefinition.objects.filter(workflow__in=set(workflow_ids)).values("key")
    return list(to.tasks.exclude(key__in=known).order_by("position", "pk"))


def propose(gone: Mapping[str, TaskDefinition], new: Iterable[TaskDefinition]) -> dict[str, str]:
    """{old key: new key}, where it seems plain: the title is the same or nearly so, or the form is.

    Only tasks of the same type; each is proposed once, the surest first.
    """
    pairs = sorted(
        (
            (_likeness(old, other), position, old.key, other.key)
            for position, old in enumerate(gone.values())
            for other in new
            if old.task_type == other.task_type
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    found: dict[str, str] = {}
    for likeness, _position, old_key, new_key in pairs:
        if likeness >= LEAST_ALIKE and old_key not in found and new_key not in found.values():
            found[old_key] = new_key
    return found


def _likeness(one: TaskDefinition, other: TaskDefinition) -> float:
    titles = name_key(one.title)[:200], name_key(other.title)[:200]
    if titles[0] == titles[1]:
        return 2.0
    if _asks(one) == _asks(other) and _asks(one) not in ("[]", '""'):
        return 1.5
    return SequenceMatcher(None, *titles).ratio()


def _asks(task: TaskDefinition) -> str:
    """What tells tasks of a type apart: its form, or the address that is called."""
    return json.dumps(task.fields if task.is_form else task.action_url, sort_keys=True)
