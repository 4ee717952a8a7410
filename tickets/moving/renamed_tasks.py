"""Which task of a version stands for one of older versions that it does not have: a proposal."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Self

from tenants.names import name_key
from workflows.models import TaskDefinition, WorkflowDefinition

# How much two titles must have in common, from 0 to 1, where nothing else says that they are one.
LEAST_ALIKE: Final = 0.75
# Pairs of titles that are compared letter by letter: thirty tasks with thirty others.
MOST_COMPARED: Final = 900


def gone_tasks(
    workflow_ids: Iterable[int], to: Mapping[str, TaskDefinition]
) -> dict[str, TaskDefinition]:
    """The tasks of these versions that have no task of their key in `to`, the newest of each."""
    tasks = TaskDefinition.objects.written().filter(workflow__in=set(workflow_ids))
    tasks = tasks.exclude(key__in=to)
    ordered = tasks.select_related("workflow").order_by("workflow__version", "position", "pk")
    return {task.key: task for task in ordered}


def new_tasks(workflow_ids: Iterable[int], to: WorkflowDefinition) -> list[TaskDefinition]:
    """The tasks of `to` that none of these versions has, in its order."""
    known = TaskDefinition.objects.filter(workflow__in=set(workflow_ids)).values("key")
    return list(to.tasks.written().exclude(key__in=known).order_by("position", "pk"))


def propose(gone: Mapping[str, TaskDefinition], new: Iterable[TaskDefinition]) -> dict[str, str]:
    """{old key: new key}, where it seems plain: the title is the same or nearly so, or the form is.

    Only tasks of the same type; each is proposed once, the surest first. Where very many are left
    that nothing says the same of, those are not compared: there it is for people to say.
    """
    old = [_Task.of(each) for each in gone.values()]
    other = [_Task.of(each) for each in new]
    found = _alike(
        [(each.key, (each.type, each.title)) for each in old],
        [(each.key, (each.type, each.title)) for each in other],
    )
    old, other = _left(old, other, found)
    found |= _alike(
        [(each.key, (each.type, each.asks)) for each in old if each.asks],
        [(each.key, (each.type, each.asks)) for each in other if each.asks],
    )
    old, other = _left(old, other, found)
    if len(old) * len(other) <= MOST_COMPARED:
        found |= _nearly_alike(old, other)
    return found


@dataclass(frozen=True, slots=True)
class _Task:
    """What is compared. `asks` tells tasks of a type apart: the form, or the address called."""

    key: str
    type: str
    title: str
    asks: str

    @classmethod
    def of(cls, task: TaskDefinition) -> Self:
        asked = task.action_url if task.is_call else _asked(task)
        asks = json.dumps(asked, sort_keys=True) if asked else ""
        return cls(task.key, task.task_type, name_key(task.title)[:200], asks)


def _asked(task: TaskDefinition) -> object:
    return task.fields or task.branches or task.table or task.values or task.message


def _left(
    old: list[_Task], other: list[_Task], found: Mapping[str, str]
) -> tuple[list[_Task], list[_Task]]:
    taken = set(found.values())
    return (
        [each for each in old if each.key not in found],
        [each for each in other if each.key not in taken],
    )


def _alike(
    old: Iterable[tuple[str, Hashable]], other: Iterable[tuple[str, Hashable]]
) -> dict[str, str]:
    """{old key: new key} of what is the same; of several the first."""
    free: dict[Hashable, deque[str]] = {}
    for key, same in other:
        free.setdefault(same, deque()).append(key)
    return {key: free[same].popleft() for key, same in old if free.get(same)}


def _nearly_alike(old: Iterable[_Task], other: Iterable[_Task]) -> dict[str, str]:
    pairs = []
    matcher = SequenceMatcher()
    for place, new in enumerate(other):
        matcher.set_seq2(new.title)  # what is kept of it serves all that it is compared with
        for position, one in enumerate(old):
            if one.type != new.type:
                continue
            matcher.set_seq1(one.title)
            if matcher.real_quick_ratio() < LEAST_ALIKE or matcher.quick_ratio() < LEAST_ALIKE:
                continue
            ratio = matcher.ratio()
            if ratio >= LEAST_ALIKE:
                pairs.append((-ratio, position, place, one.key, new.key))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for *_order, old_key, new_key in sorted(pairs):
        if old_key not in found and new_key not in taken:
            found[old_key] = new_key
            taken.add(new_key)
    return found
