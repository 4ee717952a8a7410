"""Who may be given one task, by the rule of its definition: the one place that decides it.

It holds when a task is given out, claimed, handed on and reassigned, and for deputies. What it says
changes with the people, their managers and the answers: ask when it is needed, and keep nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Q

from tenants.models import User
from tenants.models.user import UserQuerySet
from workflows.engine.process import JsonObject
from workflows.engine.steps.assigning import AssignRule, Fallback
from workflows.models import CompanyRole, TaskInstance, WorkflowEvent
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.people.deputies import acting_deputies, acting_deputy
from workflows.running.people.electorate import who_votes_beside
from workflows.running.people.facts import facts_of, named_by, who_did
from workflows.running.people.workers import colleagues, eligible_workers


@dataclass(frozen=True)
class Candidates:
    """Who may be given one task. `rule` is that of its definition.

    `named` is the one person whom it is for, if there is one, whether they may be given it or not;
    `excluded` are the ids of those who never are. A vote (`is_vote`) may be handed on to whoever is
    not among them.
    """

    rule: AssignRule
    role_id: int | None
    named: User | None = None
    requester_id: int | None = None
    excluded: frozenset[int] = frozenset()
    # The numbers of company roles that a reminder has added.
    added: frozenset[int] = frozenset()
    # The numbers of people whom one has added.
    added_by_name: frozenset[int] = frozenset()
    # What the history says of how the person was found.
    reason: JsonObject | None = None
    is_vote: bool = False

    def group(self) -> UserQuerySet:
        """Those of the group who may have it; nobody where it is for one person alone."""
        workers = eligible_workers(self.role_id)
        if not self.rule.has_group:
            return workers.none()
        return workers.exclude(pk__in=self.excluded) if self.excluded else workers

    @cached_property
    def named_worker(self) -> User | None:
        """The one person, if they may have it: as the requester they need not be a task worker."""
        named = self.named
        if named is None or named.pk in self.excluded:
            return None
        if named.pk != self.requester_id and not _is_worker(named):
            return None
        return named

    @cached_property
    def stands_in(self) -> User | None:
        """Who has it in the place of the one person, who is away and may have it."""
        deputy = None if self.named_worker is None else acting_deputy(self.named_worker)
        return deputy if deputy is not None and self.may_stand_in(deputy) else None

    def may_stand_in(self, deputy: User) -> bool:
        """Whether a deputy of somebody who may have it may: a task worker, of the role for a group.

        Of the one person whom a task is for the deputy needs no company role.
        """
        if deputy.pk in self.excluded:
            return False
        if not self.rule.is_for_group and _is_worker(deputy):
            return True
        return self.group().filter(pk=deputy.pk).exists()

    def added_people(self) -> UserQuerySet:
        """Those who may have it as well: a reminder has added them, or their company role."""
        workers = eligible_workers(None)
        if not self.has_added:
            return workers.none()
        members = CompanyRole.members.through.objects.filter(companyrole__in=self.added)
        found: UserQuerySet = workers.filter(
            Q(pk__in=members.values("user")) | Q(pk__in=self.added_by_name)
        )
        return found.exclude(pk__in=self.excluded) if self.excluded else found

    @property
    def has_added(self) -> bool:
        return bool(self.added or self.added_by_name)

    def may_be_added(self, user: User) -> bool:
        """Whether somebody might do it as well if a reminder added them."""
        return replace(self, added_by_name=frozenset({user.pk})).is_added(user)

    def is_added(self, user: User) -> bool:
        """Whether somebody is one of `added_people`."""
        return self.has_added and self.added_people().filter(pk=user.pk).exists()

    def people(self) -> UserQuerySet:
        """Everybody who may have it, there or away."""
        allowed = Q(pk__in=self.group().values("pk"))
        for person in (self.named_worker, self.stands_in):
            if person is not None:
                allowed |= Q(pk=person.pk)
        if self.has_added:
            allowed |= Q(pk__in=self.added_people().values("pk"))
        found: UserQuerySet = colleagues().filter(allowed)
        return found

    def people_to_hand_to(self) -> UserQuerySet:
        """To whom it may be handed on: those of `people`, and any task worker for a vote."""
        if not self.is_vote:
            return self.people()
        found: UserQuerySet = eligible_workers(None).exclude(pk__in=self.excluded)
        return found

    def may_be_handed(self, user: User) -> bool:
        return self.people_to_hand_to().filter(pk=user.pk).exists()

    def may_have(self, user: User) -> bool:
        return self.people().filter(pk=user.pk).exists()


def candidates_of(task: TaskInstance) -> Candidates:
    """As it is now. No query for a task whose definition has no rule of its own."""
    definition = task.definition
    added, by_name = frozenset(task.added_roles or ()), frozenset(task.added_people or ())
    if not definition.assign_to:
        return Candidates(
            definition.rule, definition.candidate_role_id, added=added, added_by_name=by_name
        )
    rule = definition.rule
    if rule.is_for_outside and task.contact_id is not None:  # the group is for where nobody is
        rule = replace(rule, fallback=Fallback.NOBODY)
    role_id = None if rule.is_for_anybody else definition.candidate_role_id
    facts = facts_of(task)
    named_id, reason = named_by(task, rule, facts)
    requester_id = facts.requester
    excluded = who_did(task, rule.never_tasks)
    if rule.never_requester and requester_id is not None:
        excluded |= {requester_id}
    is_vote = definition.is_vote
    if is_vote:
        excluded |= who_votes_beside(task)
    named = None if named_id is None else colleagues().filter(pk=named_id).first()
    return Candidates(
        rule,
        role_id,
        named,
        requester_id,
        frozenset(excluded),
        added=added,
        added_by_name=by_name,
        reason=reason,
        is_vote=is_vote,
    )


def may_have(task: TaskInstance, user: User) -> bool:
    """Whether somebody may have a task, or keep it.

    By its rule; or because a ticket admin gave it to them against it; or because they were given
    it in the place of somebody, who may be back by now.
    """
    candidates = candidates_of(task)
    if candidates.may_have(user):
        return True
    if not task.definition.assign_to:
        return False
    given = WorkflowEvent.objects.filter(task_instance=task, kind=ASSIGNED).order_by("-pk").first()
    if given is None or given.data.get("to_id") != user.pk:
        return False
    if given.data.get("override"):
        return _is_worker(user)
    if given.data.get("delegated"):
        return candidates.may_be_handed(user)
    return bool(given.data.get("for_id")) and candidates.may_stand_in(user)


def deputy_for_task(absent: User, task: TaskInstance) -> User | None:
    """Who stands in for somebody who is away and has this task, or is to be given it."""
    deputy = acting_deputy(absent)
    if deputy is None or not candidates_of(task).may_stand_in(deputy):
        return None
    return deputy


def deputies_for_task(people: Collection[User], task: TaskInstance) -> Mapping[int, User]:
    """The same of several: {the id of who is away: the deputy}."""
    found = acting_deputies(people)
    if not found:
        return {}
    candidates = candidates_of(task)
    may = {each.pk: candidates.may_stand_in(each) for each in found.values()}
    return {away: deputy for away, deputy in found.items() if may[deputy.pk]}


def _is_worker(user: User) -> bool:
    return eligible_workers(None).filter(pk=user.pk).exists()
