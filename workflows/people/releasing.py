"""Taking forms away from people, for others; and the locks of whoever changes who may have one.

The locks are taken in the order of `workflows.running.people.assignment`: workflow instances first,
then the choosing of workers, then people.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import Entry, record, record_all
from tenants.fast.batch import Batch
from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.engine.task_types import FORM_TYPES
from workflows.models import CompanyRole, TaskInstance, WorkflowInstance
from workflows.models.task_instance import ALIVE, ASSIGNMENT
from workflows.running.events.kind import EventKind
from workflows.running.events.of_people.released import RELEASED
from workflows.running.events.of_talk.answered import ANSWERED
from workflows.running.people.assignment import assign_waiting_tasks, lock_assignment
from workflows.running.people.candidates import may_have
from workflows.running.questions import QUESTION_ENDED, due_after_question, questions_to
from workflows.running.record_event import record_event
from workflows.running.sealing import batch_of_history

TASKS_RELEASED = declare("people.tasks_released", _("Gave a person's open tasks to others"))


def release_tasks(
    *,
    user: User,
    now: datetime,
    actor: User | None = None,
    roles: Collection[CompanyRole] | None = None,
) -> int:
    """Take a person's unfinished forms away and give them to others who are available.

    All of them, or only those of these company roles. Nobody else available: they wait in the
    pool. The same person is given none of them again until they have been away and come back;
    they may claim one. Returns how many were taken away.
    """
    only = None if roles is None else [role.pk for role in roles]
    with transaction.atomic():
        lock_forms(forms_of(user, only))
        released = release(forms_of(user, only), now=now, actor=actor, passed_over=user)
        if released and actor is not None and actor.pk != user.pk:
            record(TASKS_RELEASED, about=user, person=actor, count=released)
        assign_waiting_tasks(now=now)
    return released


def release_tasks_of_people(
    *, people: Collection[User], now: datetime, actor: User | None = None
) -> int:
    """`release_tasks` of several people at once; those who are away are given none of it.

    Returns how many were taken away.
    """
    forms = forms_given().filter(assigned_to__in=[person.pk for person in people])
    with transaction.atomic():
        lock_forms(forms)
        counts = [
            (person, release(forms_of(person), now=now, actor=actor, passed_over=person))
            for person in people
        ]
        record_all(
            (
                Entry(TASKS_RELEASED, person, details={"count": count})
                for person, count in counts
                if count
            ),
            person=actor,
        )
        assign_waiting_tasks(now=now)
    return sum(count for _person, count in counts)


def give_out_waiting_tasks(*, now: datetime) -> int:
    """Give out what waits for a worker, under the locks that this takes; returns how many tasks.

    Where somebody became available the services above do so themselves.
    """
    with transaction.atomic():
        lock_choosing()
        return assign_waiting_tasks(now=now)


def lock_choosing() -> None:
    """Until the transaction ends nobody else chooses a worker. Lock people's rows after it only."""
    lock_forms(TaskInstance.objects.none())


def forms_given() -> QuerySet[TaskInstance]:
    """Those that somebody has, also while they wait for an answer."""
    return TaskInstance.objects.filter(
        status__in=ALIVE, definition__task_type__in=FORM_TYPES, assigned_to__isnull=False
    )


def forms_of(person: User, roles: Collection[int] | None = None) -> QuerySet[TaskInstance]:
    """The forms that a person has to fill in: all, or only those of these company roles."""
    forms = forms_given().filter(assigned_to=person.pk)
    return forms if roles is None else forms.filter(definition__candidate_role__in=roles)


def lock_forms(*forms: QuerySet[TaskInstance]) -> None:
    """Lock what will change: these forms' instances and the waiting ones', then the choosing.

    Once nobody else can choose a worker the instances are looked up again: a form may have
    been given out, or back, in between. Then it lets go of everything and begins anew: whoever
    holds that form's instance may be waiting to choose a worker.
    """
    known: set[int] = set()
    while True:
        known |= _instances_of(*forms, TaskInstance.objects.waiting_for_worker())
        with transaction.atomic():
            # no_key: others may still write rows that only point at the instance, such as events.
            instances = WorkflowInstance.objects.filter(pk__in=known).order_by("pk")
            list(instances.select_for_update(no_key=True).values_list("pk"))
            lock_assignment()
            if _instances_of(*forms, TaskInstance.objects.waiting_for_worker()) <= known:
                return
            transaction.set_rollback(True)


def _instances_of(*tasks: QuerySet[TaskInstance]) -> set[int]:
    return {
        instance
        for each in tasks
        for instance in each.order_by().values_list("workflow_instance", flat=True)
    }


def stop_passing_over(person: User) -> None:
    """Somebody who was away is no longer passed over for what was released."""
    TaskInstance.objects.waiting_for_worker().filter(released_by=person).update(released_by=None)


def release(
    forms: QuerySet[TaskInstance],
    *,
    now: datetime,
    actor: User | None,
    passed_over: User | None = None,
) -> int:
    """Take these forms away from whoever has them, under the locks of `lock_forms`.

    `passed_over` is given none of them again for now. Without, whoever may have a form by its own
    rule keeps it. Returns how many were taken away.
    """
    released = 0
    found = forms.select_related("assigned_to", "definition__workflow").order_by("pk")
    for task in found:
        person = task.assigned_to
        if passed_over is None and _may_keep(task, person):
            continue
        batch = batch_of_history(now=now)
        had_asked = task.waits_for_answer
        if had_asked:
            _go_on(task, batch, now=now, actor=actor)
        task.release(by=passed_over)
        batch.update(task, *ASSIGNMENT)
        data: JsonObject = {"from": str(person), "from_id": person.pk} if person else {}
        _record(batch, RELEASED, task, data, now=now, actor=actor)
        batch.write()
        if had_asked:
            QUESTION_ENDED.call_all(task, now)
        released += 1
    return released


def _may_keep(task: TaskInstance, person: User | None) -> bool:
    """Whether a task's own rule lets somebody have it, whatever roles they have lost."""
    return person is not None and bool(task.definition.assign_to) and may_have(task, person)


def end_questions_to(person: User, *, now: datetime, actor: User | None) -> None:
    """Somebody who left answers no more: what waits for them goes on with whoever has it."""
    for task in questions_to([person]).order_by("pk"):
        batch = batch_of_history(now=now)
        _go_on(task, batch, now=now, actor=actor)
        batch.write()
        QUESTION_ENDED.call_all(task, now)


def _go_on(task: TaskInstance, batch: Batch, *, now: datetime, actor: User | None) -> None:
    """A form that waits for an answer waits no more: with the batch that the caller writes."""
    task.go_on(due_at=due_after_question(task, now=now))
    batch.update(task, "status", "due_at")
    _record(batch, ANSWERED, task, {"without": True}, now=now, actor=actor)


def _record(
    batch: Batch,
    kind: EventKind,
    task: TaskInstance,
    data: JsonObject,
    *,
    now: datetime,
    actor: User | None,
) -> None:
    instance_id = task.workflow_instance_id
    record_event(batch, kind, instance_id=instance_id, at=now, task=task, data=data, by=actor)
