"""New forms of one task definition in the branches of one block, given out together by its rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F

from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.engine.steps.assigning import AssignRule, Mode
from workflows.models import TaskInstance
from workflows.running.people.assignment import (
    assignee_data,
    in_turn,
    least_loaded_first,
    lock_assignment,
)
from workflows.running.people.deputies import acting_deputies
from workflows.running.people.facts import Facts, facts_of, named_by, who_did
from workflows.running.people.votes import people_of
from workflows.running.people.workers import eligible_workers


def are_given_together(tasks: Sequence[TaskInstance]) -> bool:
    """Whether `assign_by_one_rule` may be asked of these new forms.

    They begin the branches of one block for the entries of a list, so that all that a rule reads
    of them is the same, but for the entry.
    """
    first = tasks[0]
    if len(tasks) < 2 or first.path is None or first.definition.is_vote:
        return False
    block = first.path.block_task_id
    return not first.definition.rule.is_for_outside and all(
        each.definition_id == first.definition_id
        and each.path is not None
        and each.path.block_task_id == block
        and each.released_by_id is None
        and not each.path.data
        for each in tasks
    )


def assign_by_one_rule(tasks: Sequence[TaskInstance], *, now: datetime) -> list[JsonObject | None]:
    """As `assign_by_rule` of one after the other; by as many statements, however many they are.

    They are written. Changes the objects; the caller saves them, in this transaction. Returns what
    the event says of each; None: nobody is to have it now.
    """
    rule = tasks[0].definition.rule
    if rule.is_for_group and rule.mode is Mode.NOBODY:  # it is claimed
        return [None for _each in tasks]
    lock_assignment()
    giving = _Giving(tasks, rule)
    return [giving.give(each, now) for each in tasks]


@dataclass(slots=True)
class _Worker:
    person: User
    load: int


class _Giving:
    def __init__(self, tasks: Sequence[TaskInstance], rule: AssignRule) -> None:
        self.first, self.rule = tasks[0], rule
        facts = facts_of(self.first)
        self.requester = facts.requester
        self.excluded = who_did(self.first, rule.never_tasks)
        if rule.never_requester and facts.requester is not None:
            self.excluded |= {facts.requester}
        self.named = self._named_by(tasks, facts)
        numbers = {number for number, _reason in self.named.values() if number is not None}
        self.people, self.workers = people_of(numbers) if numbers else ({}, set[int]())
        self.deputies = acting_deputies([*self.people.values()]) if self.people else {}
        if self.deputies:
            ids = [each.pk for each in self.deputies.values()]
            found = eligible_workers(None).filter(pk__in=ids)
            self.workers |= set(found.values_list("pk", flat=True))
        self._line: list[_Worker] | None = None

    def _named_by(
        self, tasks: Sequence[TaskInstance], facts: Facts
    ) -> dict[int, tuple[int | None, JsonObject]]:
        """By the id of a task the one whom it is for; only what an answer names differs."""
        if not self.rule.named.startswith("item"):
            number, reason = named_by(self.first, self.rule, facts)
            return {each.pk: (number, dict(reason)) for each in tasks}
        found = {}
        for each in tasks:
            item = None if each.path is None else each.path.item
            given = {} if item is None else {"item": item}
            own = replace(facts, answers={**facts.answers, **given})
            found[each.pk] = named_by(each, self.rule, own)
        return found

    def give(self, task: TaskInstance, now: datetime) -> JsonObject | None:
        number, reason = self.named[task.pk]
        given, more = self._one(number)
        if given is None:
            given, more = self._of_group()
        if given is None:
            return None
        self._count(given)
        task.assign(to=given, now=now)
        return {**assignee_data(given), **reason, **more}

    def _one(self, number: int | None) -> tuple[User | None, JsonObject]:
        """The one person whom it is for, or who stands in for them."""
        named = None if number is None else self.people.get(number)
        if named is None or not self._may(named.pk):
            return None, {}
        if named.is_available:
            return named, {}
        deputy = self.deputies.get(named.pk)
        if deputy is None or deputy.pk in self.excluded or deputy.pk not in self.workers:
            return None, {}
        return deputy, {"for": str(named), "for_id": named.pk}

    def _may(self, number: int) -> bool:
        """As the requester they need not be a task worker."""
        is_one = number in self.workers or number == self.requester
        return is_one and number not in self.excluded

    def _of_group(self) -> tuple[User | None, JsonObject]:
        if not self.rule.has_group or self.rule.mode is Mode.NOBODY:
            return None, {}
        said: JsonObject = {} if self.rule.is_for_group else {"fallback": True}
        if self.rule.mode is Mode.IN_TURN:
            said = {"in_turn": True, **said}
        line = self._group()
        if not line:
            return None, {}
        if self.rule.mode is Mode.IN_TURN:
            return line[0].person, said
        return min(line, key=lambda each: each.load).person, said  # of equals the first in the line

    def _group(self) -> list[_Worker]:
        """Those who are there, in the order in which they are given work."""
        if self._line is None:
            is_anybodys = self.rule.is_for_anybody
            role_id = None if is_anybodys else self.first.definition.candidate_role_id
            rows: Any = least_loaded_first(role_id).exclude(pk__in=self.excluded)
            if self.rule.mode is Mode.IN_TURN:
                rows = in_turn(rows, self.first.definition)
            self._line = [_Worker(each, each.given) for each in rows.annotate(given=F("load"))]
        return self._line

    def _count(self, given: User) -> None:
        """They have one more now, and were given work last."""
        line = self._line or []
        for each in line:
            if each.person.pk == given.pk:
                each.load += 1
                line.remove(each)
                line.append(each)
                return
