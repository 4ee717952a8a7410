"""Who may be given one task, by the rule of its definition: the one place that decides it.

It holds when a task is given out, claimed, handed on and reassigned, and for deputies. What it says
changes with the people, their managers and the answers: ask when it is needed, and keep nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, Concat, Lower, Trim

from tenants.models import User
from tenants.models.user import UserQuerySet
from tenants.names import plain_email
from workflows.engine.approvals import ApprovalSpec
from workflows.engine.assigning import AssignRule, Fallback, Who
from workflows.engine.process import Json, JsonObject
from workflows.engine.task_types import VOTE_TYPES
from workflows.models import (
    CompanyRole,
    Path,
    PathStatus,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.models.task_instance import TaskInstanceQuerySet
from workflows.running.deputies import acting_deputies, acting_deputy
from workflows.running.events.assigned import APPROVER, ASSIGNED
from workflows.running.events.task_completed import TASK_COMPLETED
from workflows.running.keys_now import KeyNow
from workflows.running.workers import colleagues, eligible_workers

# The ticket stands in the app above: by the name under which Django knows it.
TICKET: Final = "workflow_instance__ticket"
REQUESTER: Final = f"{TICKET}__created_by"
_RULE: Final = "definition__assign_to"
# The path around that of a task, in a block within a block.
_AROUND: Final = "path__block_task__path"


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
        """Those who may have it as well because a reminder has added their company role."""
        workers = eligible_workers(None)
        if not self.added:
            return workers.none()
        found: UserQuerySet = workers.filter(
            pk__in=CompanyRole.members.through.objects.filter(companyrole__in=self.added).values(
                "user"
            )
        )
        return found.exclude(pk__in=self.excluded) if self.excluded else found

    def is_added(self, user: User) -> bool:
        """Whether somebody is one of `added_people`."""
        return bool(self.added) and self.added_people().filter(pk=user.pk).exists()

    def people(self) -> UserQuerySet:
        """Everybody who may have it, there or away."""
        allowed = Q(pk__in=self.group().values("pk"))
        for person in (self.named_worker, self.stands_in):
            if person is not None:
                allowed |= Q(pk=person.pk)
        if self.added:
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
    added = frozenset(task.added_roles or ())
    if not definition.assign_to:
        return Candidates(definition.rule, definition.candidate_role_id, added=added)
    rule = definition.rule
    if rule.is_for_outside and task.contact_id is not None:  # the group is for where nobody is
        rule = replace(rule, fallback=Fallback.NOBODY)
    role_id = None if rule.is_for_anybody else definition.candidate_role_id
    facts = _facts_of(task)
    named_id, reason = _named(task, rule, facts)
    requester_id = facts.requester
    excluded = _who_did(task, rule.never_tasks)
    if rule.never_requester and requester_id is not None:
        excluded |= {requester_id}
    is_vote = definition.is_vote
    if is_vote:
        excluded |= _who_votes_beside(task)
    named = None if named_id is None else colleagues().filter(pk=named_id).first()
    return Candidates(
        rule, role_id, named, requester_id, frozenset(excluded), added, reason, is_vote
    )


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
    rule, requester_id = first.definition.rule, _facts_of(first).requester
    never = _who_did(first, rule.never_tasks)
    if rule.never_requester and requester_id is not None:
        never |= {requester_id}
    paths: defaultdict[int, set[int | None]] = defaultdict(set)
    block = None if first.path is None else first.path.block_task_id
    rows = _other_paths(block, own=None).values_list("pk", "item__id", "tasks__assigned_to")
    for path, *people in rows:
        for each in people:
            if isinstance(each, int):
                paths[each].add(path)
    return Electorate(requester_id, frozenset(never), paths)


def never_of_approval(task: TaskInstance, approval: ApprovalSpec) -> set[int]:
    """The ids of those whom an approval must not ask; `task` is its own."""
    excluded = _who_did(task, approval.never_tasks)
    requester = _facts_of(task).requester if approval.never_requester else None
    return excluded if requester is None else {*excluded, requester}


def manager_of_requester(task: TaskInstance) -> int | None:
    """The id of the manager of whoever submitted the ticket, if they have one."""
    return _facts_of(task).manager


def person_named(task: TaskInstance, rule: AssignRule) -> User | None:
    """The one person whom a rule names for a task, active and of this company."""
    named_id, _reason = _named(task, rule, _facts_of(task))
    return None if named_id is None else colleagues().filter(pk=named_id).first()


def person_named_at_start(instance: WorkflowInstance, rule: AssignRule) -> User | None:
    """The same where a ticket leaves the start, which knows no task and nobody who did one."""
    if rule.who is Who.DOER:
        return None
    named_id = _person_of(rule, _facts_around(instance.pk, ()))
    return None if named_id is None else colleagues().filter(pk=named_id).first()


def outside_address(task: TaskInstance) -> str:
    """What stands in the answer that names somebody outside; empty where that is no text."""
    value: object = _facts_of(task).answers
    for name in task.definition.rule.named.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value.strip() if isinstance(value, str) else ""


def _who_votes_beside(task: TaskInstance) -> set[int]:
    """Who has, had or will have another vote of the same approval: nobody votes twice."""
    if task.path is None:
        return set()
    others = _other_paths(task.path.block_task_id, task.path_id)
    asked = others.values_list("item__id", flat=True)
    votes = TaskInstance.objects.filter(path__in=others.values("pk"), assigned_to__isnull=False)
    found = {*votes.values_list("assigned_to", flat=True), *asked}
    return {each for each in found if isinstance(each, int)}


def _other_paths(block: Any, own: Any) -> QuerySet[Path]:
    """The other votes of an approval, without those that are not asked for any more."""
    paths = Path.objects.filter(block_task=block).exclude(status=PathStatus.CANCELLED)
    return paths if own is None else paths.exclude(pk=own)


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


def for_person[T: TaskInstance](user: User, tasks: QuerySet[T]) -> QuerySet[T]:
    """Those of these tasks that this person may have: in SQL what `candidates_of` says of one.

    Without those for which they only stand in for somebody: these are taken over.
    """
    is_worker = Exists(eligible_workers(None).filter(pk=user.pk))
    rule = _RULE
    as_worker = (
        Q(**{f"{rule}__who": Who.MANAGER.value, f"{REQUESTER}__manager": user})
        | Q(**{f"{rule}__who": Who.PERSON.value, f"{rule}__id": user.pk})
        | Q(**{f"{rule}__who": Who.PERSON.value, "_email": user.email})
        & ~Q(**{f"{rule}__has_key": "id"})
        | Q(**{f"{rule}__who": Who.ANSWER.value}) & Q(_answered=str(user.pk))
        | Q(**{f"{rule}__who": Who.DOER.value}) & Q(_last_doer=user.pk)
    )
    for_requester = Q(**{f"{rule}__who": Who.REQUESTER.value})
    as_requester = Q(**{REQUESTER: user}) & (for_requester | as_worker)
    is_for = Case(
        When(as_requester, then=Value(True)),
        When(_of_group(user) | as_worker | Q(_is_added=True), then=is_worker),
        default=Value(False),
    )
    # As `plain_email`, but for what only the spelling of a bundle takes out.
    email = Lower(Trim(KeyTextTransform("email", F(rule))))
    found = tasks.alias(
        _answered=answered_id(),
        _email=email,
        _last_doer=last_doer_id(),
        _is_added=_is_added(user),
        _is_for=is_for,
    )
    return _not_kept_from(user, found).filter(_is_for=True)


def in_pool_of[T: TaskInstance](user: User, tasks: QuerySet[T]) -> QuerySet[T]:
    """What this person may take: of `TaskInstance.objects.on_offer` what nobody has, and what
    somebody else has and a reminder has offered to a company role of theirs."""
    found = for_person(user, tasks).exclude(assigned_to=user)
    return found.filter(Q(assigned_to=None) | Q(_is_added=True))


def _is_added(user: User) -> Exists:
    """Whether a reminder has added one of the user's company roles to a task: SQL."""
    number = Func(F("pk"), function="to_jsonb", output_field=JSONField())
    has = Func(
        OuterRef("added_roles"), number, function="jsonb_contains", output_field=BooleanField()
    )
    return Exists(user.company_roles.order_by().alias(_has=has).filter(_has=True))


def for_deputy[T: TaskInstance](deputy: User, tasks: QuerySet[T]) -> QuerySet[T]:
    """Those of these tasks that a task worker may have in the place of whoever has them.

    In SQL what `Candidates.may_stand_in` says of one.
    """
    for_one = Q(**{f"{_RULE}__has_key": "who"})
    is_for = Case(When(for_one | _of_group(deputy), then=Value(True)), default=Value(False))
    return _not_kept_from(deputy, tasks.alias(_is_for=is_for)).filter(_is_for=True)


def _task_key() -> Func:
    """The key of a task now, as documents have it: of a vote that of its approval."""
    return Func(KeyNow(), Value("."), Value(1), function="split_part", output_field=TextField())


def _of_group(user: User) -> Q:
    """The tasks whose group the user is in, as far as company roles say."""
    roles = user.company_roles.all()
    of_role = Q(definition__candidate_role=None) | Q(definition__candidate_role__in=roles)
    for_group = Q(**{f"{_RULE}__isnull": True}) | ~Q(**{f"{_RULE}__has_key": "who"})
    return (
        (for_group & of_role)
        | Q(**{f"{_RULE}__fallback": "role"}) & of_role
        | Q(**{f"{_RULE}__fallback": "everybody"})
    )


def _not_kept_from[T: TaskInstance](user: User, tasks: QuerySet[T]) -> QuerySet[T]:
    never = KeyTransform("never", OuterRef(_RULE))
    key = Concat(Value("tasks."), _task_key())
    is_one = Func(never, key, function="jsonb_exists", output_field=BooleanField())
    excluded = Q(**{f"{_RULE}__never__contains": ["requester"], REQUESTER: user}) | (
        Q(**{f"{_RULE}__has_key": "never"})
        & Q(Exists(_done_by(user).alias(_is_one=is_one).filter(_is_one=True)))
    )
    others = _other_paths(OuterRef("path__block_task"), OuterRef("path"))
    votes = others.filter(Q(item__id=user.pk) | Q(tasks__assigned_to=user))
    excluded |= Q(definition__task_type__in=VOTE_TYPES) & Q(Exists(votes))
    kept = Case(When(excluded, then=Value(True)), default=Value(False))
    found: QuerySet[T] = tasks.alias(_is_kept_from=kept).filter(_is_kept_from=False)
    return found


def _done_by(user: User) -> TaskInstanceQuerySet:
    """What a person did in the same workflow instance, for a subquery: as `_who_did` says."""
    finished = WorkflowEvent.objects.filter(
        task_instance=OuterRef("pk"), kind=TASK_COMPLETED, actor=user
    )
    done: TaskInstanceQuerySet = TaskInstance.objects.filter(
        Q(assigned_to=user) | Exists(finished),
        workflow_instance=OuterRef("workflow_instance"),
        status=TaskStatus.COMPLETED,
    )
    # Of the block in which the task stands the other branches do not count.
    beside = Q(path__block_task=OuterRef("path__block_task")) & ~Q(path=OuterRef("path"))
    counts = Case(When(beside, then=Value(False)), default=Value(True))
    found: TaskInstanceQuerySet = done.alias(_counts=counts).filter(_counts=True)
    return found


def last_doer_id() -> Subquery:
    """The id of whoever did the task that the rule names, when it was done last: SQL."""
    done: TaskInstanceQuerySet = TaskInstance.objects.filter(
        workflow_instance=OuterRef("workflow_instance"), status=TaskStatus.COMPLETED
    )
    named = done.alias(_key=KeyNow()).filter(_key=KeyTextTransform("task", OuterRef(_RULE)))
    return Subquery(named.order_by("-pk").values("assigned_to")[:1])


def answered_id() -> Func:
    """The id of the person whom an answer names, as text: SQL."""
    answer = KeyTextTransform("answer", F("definition__assign_to"))
    path = Func(
        Func(answer, Value("."), function="string_to_array", output_field=ArrayField(TextField())),
        template="(%(expressions)s || ARRAY['id'])",
        output_field=ArrayField(TextField()),
    )
    facts = Func(
        Value("ticket"),
        F(f"{TICKET}__data"),
        Value("tasks"),
        _joined(F("workflow_instance__data"), F(f"{_AROUND}__data"), F("path__data")),
        Value("item"),
        Coalesce(F("path__item"), F(f"{_AROUND}__item")),
        function="jsonb_build_object",
        output_field=JSONField(),
    )
    return Func(
        facts,
        path,
        template="(%(expressions)s)",
        arg_joiner=" #>> ",
        output_field=TextField(),
    )


def _joined(*objects: F) -> Func:
    """JSON objects as one; a later one counts more, and one that is null nothing."""
    empty = Value({}, output_field=JSONField())
    return Func(
        *(Coalesce(each, empty) for each in objects),
        template="(%(expressions)s)",
        arg_joiner=" || ",
        output_field=JSONField(),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What rules read of a ticket: ids of people, and the answers by `ticket` and `tasks`.

    In a branch, what that has brought, too, and the `item` of a list.
    """

    requester: int | None = None
    manager: int | None = None
    answers: Mapping[str, Json] = field(default_factory=dict)


def _facts_of(task: TaskInstance) -> _Facts:
    return _facts_around(task.workflow_instance_id, _outwards(task))


def _facts_around(instance_id: int, outwards: Sequence[Path]) -> _Facts:
    """`outwards` are the paths from a branch to the main one."""
    owner = "ticket__created_by"
    instances = WorkflowInstance.objects.filter(pk=instance_id)
    row = instances.values_list(owner, f"{owner}__manager", "ticket__data", "data").first()
    requester, manager, ticket, tasks = row or (None, None, None, None)
    answers: dict[str, Json] = {"ticket": ticket, "tasks": tasks}
    for path in reversed(outwards):
        answers["tasks"] = {**(tasks or {}), **path.data}
        tasks = answers["tasks"]
        answers["item"] = answers.get("item") if path.item is None else path.item
    return _Facts(requester, manager, answers)


def _outwards(task: TaskInstance) -> list[Path]:
    """The paths on which a task stands, its own first; none on the main one."""
    found = []
    path = task.path
    while path is not None:
        found.append(path)
        path = path.block_task.path
    return found


def _named(task: TaskInstance, rule: AssignRule, facts: _Facts) -> tuple[int | None, JsonObject]:
    """The id of the one person whom a task is for, and how the history says it."""
    reason: JsonObject = {} if rule.is_for_group else {"as": rule.who.value}
    if task.definition.is_vote:
        reason = {"as": APPROVER}
    if rule.who is Who.DOER:
        found, title = _last_doer(task, rule.named)
        return found, {**reason, "done": title}
    return _person_of(rule, facts), reason


def _person_of(rule: AssignRule, facts: _Facts) -> int | None:
    """The id of the person whom a rule names that asks for nobody who did a task."""
    found: object = None
    match rule.who:
        case Who.REQUESTER:
            found = facts.requester
        case Who.MANAGER:
            found = facts.manager
        case Who.ANSWER:
            found = _person_at(rule.named, facts.answers)
        case Who.PERSON:
            found = rule.person
            if found is None:
                person = colleagues().filter(email=plain_email(rule.named))
                found = person.values_list("pk", flat=True).first()
    return found if isinstance(found, int) else None


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
        .alias(_key=_task_key())
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


def _who_did(task: TaskInstance, keys: Collection[str]) -> set[int]:
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


def _is_worker(user: User) -> bool:
    return eligible_workers(None).filter(pk=user.pk).exists()
