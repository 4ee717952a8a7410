"""To whom a task can be given: the people of a choice, those with the least to do first."""

from __future__ import annotations

from typing import Final

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.models import User
from tenants.models.user import UserQuerySet
from workflows.models import TaskInstance
from workflows.models.task_instance import UNFINISHED
from workflows.running.people.candidates import candidates_of
from workflows.running.people.deputies import acting_deputies
from workflows.running.people.workers import eligible_workers

# A dropdown with more people than this is no help.
MOST_WORKERS: Final = 300


def worker_choices(
    task: TaskInstance | None, *, has_it: int | None, without_them: bool = False
) -> list[tuple[str, str]]:
    """Those who may be given this task; `has_it` is whoever has it now.

    None: every task worker.
    """
    people = eligible_workers(None) if task is None else candidates_of(task).people_to_hand_to()
    return _choices(people, has_it=has_it, without_them=without_them)


def choices_against_rule(task: TaskInstance, *, has_it: int | None) -> list[tuple[str, str]]:
    """The task workers whom the task's own rule keeps from it; nobody where it has none."""
    if not task.definition.assign_to or task.definition.is_vote:
        return []
    others = eligible_workers(None).exclude(pk__in=candidates_of(task).people().values("pk"))
    return _choices(others, has_it=has_it, without_them=True)


def _choices(
    people: UserQuerySet, *, has_it: int | None, without_them: bool
) -> list[tuple[str, str]]:
    open_tasks = Count("assigned_tasks", filter=Q(assigned_tasks__status__in=UNFINISHED))
    workers = people.annotate(open_tasks=open_tasks)
    if without_them and has_it is not None:
        workers = workers.exclude(pk=has_it)
    ordered = workers.order_by("-is_available", "open_tasks", "first_name", "pk")
    rows = list(ordered[:MOST_WORKERS])
    may_have_it = {each.pk for each in rows}
    deputies = {
        away: deputy
        for away, deputy in acting_deputies(rows).items()
        if deputy.pk in may_have_it and deputy.pk != has_it
    }
    return [
        (str(each.pk), _worker_line(each, deputies.get(each.pk), has_it=each.pk == has_it))
        for each in rows
    ]


def _worker_line(worker: User, deputy: User | None, *, has_it: bool) -> str:
    count: int = getattr(worker, "open_tasks", 0)
    words = [ngettext("%(count)d open task", "%(count)d open tasks", count) % {"count": count}]
    if not worker.is_available and deputy is not None and not has_it:
        words.append(_("away, and %(deputy)s stands in") % {"deputy": deputy})
    elif not worker.is_available:
        words.append(_("away"))
    if has_it:
        words.append(_("has it now"))
    return _("%(person)s: %(words)s") % {"person": worker, "words": ", ".join(words)}
