"""Who is given the votes of an approval: those whom it asks, all at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.events.of_people.assigned import APPROVER
from workflows.running.people.assignment import assignee_data, lock_assignment
from workflows.running.people.deputies import acting_deputies
from workflows.running.people.electorate import electorate_of
from workflows.running.people.workers import colleagues, eligible_workers


def assign_votes(votes: Sequence[TaskInstance], *, now: datetime) -> list[JsonObject | None]:
    """Give the new votes of one approval to whom it asks, or to their deputies.

    Says what `assign_by_rule` says of one after the other; by as many statements, however many they
    are. They are written. Changes the objects; the caller saves them, in this transaction. Returns
    what the event says of each; None: it waits for whom it asks.
    """
    lock_assignment()
    electorate, asked = electorate_of(votes), [_asked(each) for each in votes]
    people, workers = _people(asked)
    deputies = acting_deputies([*people.values()])
    if deputies:
        standing_in = eligible_workers(None).filter(pk__in=[each.pk for each in deputies.values()])
        workers |= set(standing_in.values_list("pk", flat=True))
    found: list[JsonObject | None] = []
    for vote, number in zip(votes, asked, strict=True):
        reason: JsonObject = {"as": APPROVER}
        given = people.get(number)
        # As the requester they need not be a task worker.
        is_one = number in workers or number == electorate.requester_id
        if given is None or not is_one or electorate.is_kept_from(vote, number):
            found.append(None)
            continue
        if not given.is_available:
            reason |= {"for": str(given), "for_id": number}
            given = deputies.get(number)
            if given is None or given.pk not in workers or electorate.is_kept_from(vote, given.pk):
                found.append(None)
                continue
        vote.assign(to=given, now=now)
        electorate.paths[given.pk].add(vote.path_id)
        found.append({**assignee_data(given), **reason})
    return found


def _people(ids: Collection[int]) -> tuple[dict[int, User], set[int]]:
    """Those of these people who are there, by their ids; and the ids of those who do tasks."""
    does_tasks = Exists(eligible_workers(None).filter(pk=OuterRef("pk")))
    found: Any = colleagues().filter(pk__in=ids).annotate(does_tasks=does_tasks)
    return {each.pk: each for each in found}, {each.pk for each in found if each.does_tasks}


def _asked(vote: TaskInstance) -> int:
    """The id of the person whom a vote is for; 0: it names nobody."""
    item = None if vote.path is None else vote.path.item
    number = item.get("id") if isinstance(item, dict) else None
    return number if isinstance(number, int) else 0
