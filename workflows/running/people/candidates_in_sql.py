"""Which tasks a person may have: in SQL what candidates.py says of one."""

from __future__ import annotations

from typing import Final

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
from workflows.engine.steps.assigning import Who
from workflows.engine.task_types import VOTE_TYPES
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent
from workflows.models.task_instance import TaskInstanceQuerySet
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.looking_back.keys_now import KeyNow
from workflows.running.people.electorate import other_paths
from workflows.running.people.facts import REQUESTER, RULE, TICKET, task_key
from workflows.running.people.workers import eligible_workers

# The path around that of a task, in a block within a block.
_AROUND: Final = "path__block_task__path"


def for_person[T: TaskInstance](user: User, tasks: QuerySet[T]) -> QuerySet[T]:
    """Those of these tasks that this person may have: in SQL what `candidates_of` says of one.

    Without those for which they only stand in for somebody: these are taken over.
    """
    is_worker = Exists(eligible_workers(None).filter(pk=user.pk))
    rule = RULE
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
    somebody else has and a reminder has offered to them or a company role of theirs."""
    found = for_person(user, tasks).exclude(assigned_to=user)
    return found.filter(Q(assigned_to=None) | Q(_is_added=True))


def _is_added(user: User) -> Case:
    """Whether a reminder has added the user to a task, or one of their company roles: SQL."""
    number = Func(F("pk"), function="to_jsonb", output_field=JSONField())
    has = Func(
        OuterRef("added_roles"), number, function="jsonb_contains", output_field=BooleanField()
    )
    of_role = Exists(user.company_roles.order_by().alias(_has=has).filter(_has=True))
    by_name = Q(added_people__contains=[user.pk])
    return Case(When(by_name | Q(of_role), then=Value(True)), default=Value(False))


def for_deputy[T: TaskInstance](deputy: User, tasks: QuerySet[T]) -> QuerySet[T]:
    """Those of these tasks that a task worker may have in the place of whoever has them.

    In SQL what `Candidates.may_stand_in` says of one.
    """
    for_one = Q(**{f"{RULE}__has_key": "who"})
    is_for = Case(When(for_one | _of_group(deputy), then=Value(True)), default=Value(False))
    return _not_kept_from(deputy, tasks.alias(_is_for=is_for)).filter(_is_for=True)


def _of_group(user: User) -> Q:
    """The tasks whose group the user is in, as far as company roles say."""
    roles = user.company_roles.all()
    of_role = Q(definition__candidate_role=None) | Q(definition__candidate_role__in=roles)
    for_group = Q(**{f"{RULE}__isnull": True}) | ~Q(**{f"{RULE}__has_key": "who"})
    return (
        (for_group & of_role)
        | Q(**{f"{RULE}__fallback": "role"}) & of_role
        | Q(**{f"{RULE}__fallback": "everybody"})
    )


def _not_kept_from[T: TaskInstance](user: User, tasks: QuerySet[T]) -> QuerySet[T]:
    never = KeyTransform("never", OuterRef(RULE))
    key = Concat(Value("tasks."), task_key())
    is_one = Func(never, key, function="jsonb_exists", output_field=BooleanField())
    excluded = Q(**{f"{RULE}__never__contains": ["requester"], REQUESTER: user}) | (
        Q(**{f"{RULE}__has_key": "never"})
        & Q(Exists(_done_by(user).alias(_is_one=is_one).filter(_is_one=True)))
    )
    others = other_paths(OuterRef("path__block_task"), OuterRef("path"))
    votes = others.filter(Q(item__id=user.pk) | Q(tasks__assigned_to=user))
    excluded |= Q(definition__task_type__in=VOTE_TYPES) & Q(Exists(votes))
    kept = Case(When(excluded, then=Value(True)), default=Value(False))
    found: QuerySet[T] = tasks.alias(_is_kept_from=kept).filter(_is_kept_from=False)
    return found


def _done_by(user: User) -> TaskInstanceQuerySet:
    """What a person did in the same workflow instance, for a subquery: as `who_did` says."""
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
    named = done.alias(_key=KeyNow()).filter(_key=KeyTextTransform("task", OuterRef(RULE)))
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
