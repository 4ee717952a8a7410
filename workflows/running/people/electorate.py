"""Who may have which vote of an approval: nobody votes twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from workflows.engine.steps.approvals import ApprovalSpec
from workflows.models import Path, PathStatus, TaskInstance
from workflows.running.people.facts import facts_of, who_did


@dataclass(frozen=True, slots=True)
class Electorate:
    """Who may have which of several votes of one approval.

    `never` are the ids of those who have none of them, `paths` by the id of a person those of the
    paths whose votes they have, had or will have. Add to it whom you give one.
    """

    requester_id: int | None
    never: frozenset[int]
    paths: defaultdict[int, set[int | None]]

    def is_kept_from(self, vote: TaskInstance, person_id: int) -> bool:
        """As `Candidates.excluded` says: nobody votes twice."""
        return person_id in self.never or bool(self.paths[person_id] - {vote.path_id})


def electorate_of(votes: Sequence[TaskInstance]) -> Electorate:
    """Of new votes of one approval, which are written. As many queries, however many they are."""
    first = votes[0]
    rule, requester_id = first.definition.rule, facts_of(first).requester
    never = who_did(first, rule.never_tasks)
    if rule.never_requester and requester_id is not None:
        never |= {requester_id}
    paths: defaultdict[int, set[int | None]] = defaultdict(set)
    block = None if first.path is None else first.path.block_task_id
    rows = other_paths(block, own=None).values_list("pk", "item__id", "tasks__assigned_to")
    for path, *people in rows:
        for each in people:
            if isinstance(each, int):
                paths[each].add(path)
    return Electorate(requester_id, frozenset(never), paths)


def never_of_approval(task: TaskInstance, approval: ApprovalSpec) -> set[int]:
    """The ids of those whom an approval must not ask; `task` is its own."""
    excluded = who_did(task, approval.never_tasks)
    requester = facts_of(task).requester if approval.never_requester else None
    return excluded if requester is None else {*excluded, requester}


def who_votes_beside(task: TaskInstance) -> set[int]:
    """Who has, had or will have another vote of the same approval: nobody votes twice."""
    if task.path is None:
        return set()
    others = other_paths(task.path.block_task_id, task.path_id)
    asked = others.values_list("item__id", flat=True)
    votes = TaskInstance.objects.filter(path__in=others.values("pk"), assigned_to__isnull=False)
    found = {*votes.values_list("assigned_to", flat=True), *asked}
    return {each for each in found if isinstance(each, int)}


def other_paths(block: Any, own: Any) -> QuerySet[Path]:
    """The other votes of an approval, without those that are not asked for any more."""
    paths = Path.objects.filter(block_task=block).exclude(status=PathStatus.CANCELLED)
    return paths if own is None else paths.exclude(pk=own)
