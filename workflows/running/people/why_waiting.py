"""Why a form waits without anybody who has it, for ticket admins; and what they can do about it.

Of many tasks at once, in a fixed number of queries. What is not asked for each of them follows from
the rest: of a group that has somebody who is there, and of which the task is not given to anybody,
its rule keeps everybody who is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.models import User
from tenants.names import plain_email
from workflows.engine.problems import quoted
from workflows.engine.process import objects_in
from workflows.engine.steps.assigning import AssignRule, Mode, Who
from workflows.models import CompanyRole, TaskInstance, TaskStatus, WorkflowStatus
from workflows.running.definition_cache import definition_of
from workflows.running.people.candidates_in_sql import answered_id, last_doer_id
from workflows.running.people.facts import REQUESTER
from workflows.running.people.workers import ACTIVE_SCHEMA, eligible_workers


@dataclass(frozen=True, slots=True)
class WhyWaiting:
    """Sentences for ticket admins: what is the matter, and what they can do."""

    reason: str
    advice: str

    def __str__(self) -> str:
        return f"{self.reason} {self.advice}".strip()


@dataclass(frozen=True, slots=True)
class _Group:
    """How many may be given the tasks of a group, and how many of them are there."""

    count: int = 0
    there: int = 0


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a rule reads of one ticket: ids of people."""

    requester: int | None = None
    manager: int | None = None
    answered: int | None = None
    doer: int | None = None


def why_waiting(tasks: Iterable[TaskInstance | None]) -> dict[int, WhyWaiting]:
    """{the id of a task: why nobody has it}, of those of these tasks that wait for somebody.

    Fetch them with their definition and workflow instance. No query where none waits; else up to
    five, however many they are. What is about to be given out is not among them.
    """
    waiting = [each for each in tasks if each is not None and _waits(each)]
    if not waiting:
        return {}
    known = _Known(waiting)
    found = {each.pk: _why(each, known) for each in waiting}
    return {pk: why for pk, why in found.items() if why is not None}


def _waits(task: TaskInstance) -> bool:
    is_without = task.status == TaskStatus.PENDING and task.assigned_to_id is None
    if not is_without or not task.definition.is_form or task.contact_id is not None:
        return False
    return bool(task.workflow_instance.status == WorkflowStatus.IN_PROGRESS)


class _Known:
    """What is known of all of them, each part asked for when it is needed first."""

    def __init__(self, tasks: Collection[TaskInstance]) -> None:
        self.tasks = tasks
        self.rules = {each.pk: each.definition.rule for each in tasks}

    @cached_property
    def roles(self) -> dict[int, str]:
        ids = {each.definition.candidate_role_id for each in self.tasks} - {None}
        return dict(CompanyRole.objects.filter(pk__in=ids).values_list("pk", "name"))

    @cached_property
    def _groups(self) -> dict[int, _Group]:
        rows = (
            eligible_workers(None)
            .filter(company_roles__in=self.roles)
            .order_by()
            .values("company_roles")
            .annotate(**_COUNTS)
        )
        return {row["company_roles"]: _Group(row["count"], row["there"]) for row in rows}

    @cached_property
    def _everybody(self) -> _Group:
        return _Group(**eligible_workers(None).order_by().aggregate(**_COUNTS))

    def group(self, role: int | None) -> _Group:
        return self._everybody if role is None else self._groups.get(role, _Group())

    @cached_property
    def facts(self) -> dict[int, _Facts]:
        ruled = [pk for pk, rule in self.rules.items() if not rule.is_for_group]
        rows = (
            TaskInstance.objects.filter(pk__in=ruled)
            .annotate(answered=answered_id(), doer=last_doer_id())
            .values_list("pk", REQUESTER, f"{REQUESTER}__manager", "answered", "doer")
        )
        return {
            pk: _Facts(requester, manager, _number(answered), doer)
            for pk, requester, manager, answered, doer in rows
        }

    @cached_property
    def people(self) -> dict[int, Any]:
        """Whoever rules name, or has given a task back; also who has left."""
        ids = {each.released_by_id for each in self.tasks}
        emails = set()
        for pk, rule in self.rules.items():
            if not rule.is_for_group:
                facts = self.facts.get(pk, _Facts())
                ids |= {facts.requester, facts.manager, facts.answered, facts.doer}
            if rule.person is not None:
                ids.add(rule.person)
            elif rule.who is Who.PERSON:
                emails.add(plain_email(rule.named))
        is_worker = Exists(eligible_workers(None).filter(pk=OuterRef("pk")))
        people = User.objects.filter(
            Q(pk__in=ids - {None}) | Q(email__in=emails),
            company__schema_name=ACTIVE_SCHEMA,
            is_superuser=False,
        ).annotate(is_worker=is_worker)
        return {each.pk: each for each in people}

    def named(self, task: TaskInstance, rule: AssignRule) -> Any:
        """The one person whom a task is for; None where there is none."""
        facts = self.facts.get(task.pk, _Facts())
        if rule.person is not None:
            return self.people.get(rule.person)
        if rule.who is Who.PERSON:
            email = plain_email(rule.named)
            return next((each for each in self.people.values() if each.email == email), None)
        return self.people.get(
            {
                Who.REQUESTER: facts.requester,
                Who.MANAGER: facts.manager,
                Who.ANSWER: facts.answered,
                Who.DOER: facts.doer,
            }.get(rule.who)
            or 0
        )


_COUNTS = {
    "count": Count("pk", distinct=True),
    "there": Count("pk", distinct=True, filter=Q(is_available=True)),
}


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else None


def _why(task: TaskInstance, known: _Known) -> WhyWaiting | None:
    rule = known.rules[task.pk]
    found: list[WhyWaiting] = []
    if not rule.is_for_group:
        named = _why_not_named(task, rule, known)
        if named is None:
            return None
        found.append(named)
    if rule.has_group:
        role = None if rule.is_for_anybody else task.definition.candidate_role_id
        group = _why_not_group(task, rule, role, known)
        if group is None:
            return None
        found.append(group)
    return WhyWaiting(" ".join(each.reason for each in found), found[-1].advice)


def _why_not_named(task: TaskInstance, rule: AssignRule, known: _Known) -> WhyWaiting | None:
    facts, person = known.facts.get(task.pk, _Facts()), known.named(task, rule)
    give = _("Give it to somebody.")
    if person is None:
        return _nobody_named(task, rule, known.people.get(facts.requester or 0))
    words = {"person": person}
    is_requester = person.pk == facts.requester
    if not person.is_active:
        return WhyWaiting(_("It is for %(person)s, who has left.") % words, give)
    if is_requester and rule.never_requester:
        reason = _("It is for %(person)s, who submitted the ticket and is never given it.") % words
        return WhyWaiting(reason, give)
    if not is_requester and not person.is_worker:
        advice = _("Give them that system role under “People”, or give it to somebody else.")
        return WhyWaiting(_("It is for %(person)s, who is no task worker.") % words, advice)
    if not person.is_available:
        reason = _("It is for %(person)s, who is away; nobody stands in who may have it.") % words
        return WhyWaiting(reason, _when_they_are_back())
    if person.pk == task.released_by_id:
        return WhyWaiting(_("%(person)s, for whom it is, has given it back.") % words, give)
    if rule.never_tasks:
        reason = _("It is for %(person)s, who is never given it: they did %(tasks)s.")
        return WhyWaiting(reason % {**words, "tasks": _titles(task, rule)}, give)
    return None


def _nobody_named(task: TaskInstance, rule: AssignRule, requester: User | None) -> WhyWaiting:
    give = _("Give it to somebody.")
    match rule.who:
        case Who.MANAGER:
            reason = _("It is for the manager of %(person)s, who has none.")
            advice = _("Name one under “People”, or give it to somebody.")
            return WhyWaiting(reason % {"person": requester or _("the requester")}, advice)
        case Who.ANSWER:
            reason = _("It is for the person in “%(answer)s”, which names nobody.")
            advice = _("Correct the answer, or give it to somebody.")
            return WhyWaiting(reason % {"answer": _label(task, rule.named)}, advice)
        case Who.DOER:
            reason = _("It is for whoever did “%(task)s”, which nobody has done.")
            return WhyWaiting(reason % {"task": _title(task, rule.named)}, give)
        case Who.OUTSIDE:
            reason = _("It is for somebody outside, but “%(answer)s” names no e-mail address.")
            advice = _("Correct the answer, or give it to somebody.")
            return WhyWaiting(reason % {"answer": _label(task, rule.named)}, advice)
        case Who.PERSON:
            reason = _("It is for %(email)s, whom this company does not have (any more).")
            return WhyWaiting(reason % {"email": rule.named}, give)
    return WhyWaiting(_("It is for the requester, who has left."), give)


def _why_not_group(
    task: TaskInstance, rule: AssignRule, role: int | None, known: _Known
) -> WhyWaiting | None:
    group, name = known.group(role), known.roles.get(role or 0, "")
    words: Mapping[str, object] = {"role": name, "count": group.count}
    if not group.count and role is not None:
        reason = _("No task worker has the company role “%(role)s”.") % words
        return WhyWaiting(reason, _("Give it to somebody under “Company roles”."))
    if not group.count:
        advice = _("Give somebody the system role of a task worker under “People”.")
        return WhyWaiting(_("There is no task worker."), advice)
    if rule.mode is Mode.NOBODY and rule.is_for_group:
        reason = _("It is given to nobody by itself: it waits until somebody claims it.")
        return WhyWaiting(reason, _("You can give it to somebody, too."))
    if not group.there:
        return WhyWaiting(_all_away(name, group.count), _given_when_back())
    kept = list(_kept_from(task, rule, known))
    if not kept:
        return None
    reason = _("Nobody else is there who may have it: it is never given to %(people)s.")
    return WhyWaiting(reason % {"people": ", ".join(kept)}, _given_when_back())


def _when_they_are_back() -> str:
    return _("They are given it when they are back. You can give it to somebody else.")


def _given_when_back() -> str:
    return _("It is given out when one of them is back. You can give it to somebody, too.")


def _all_away(role: str, count: int) -> str:
    if not role:
        text = ngettext(
            "The only task worker is away.", "All %(count)d task workers are away.", count
        )
        return text % {"count": count}
    text = ngettext(
        "The only task worker with the company role “%(role)s” is away.",
        "All %(count)d task workers with the company role “%(role)s” are away.",
        count,
    )
    return text % {"count": count, "role": role}


def _kept_from(task: TaskInstance, rule: AssignRule, known: _Known) -> Iterator[str]:
    """Who of a group is not given it by itself."""
    if rule.never_requester:
        yield _("the requester")
    if rule.never_tasks:
        yield _("whoever did %(tasks)s") % {"tasks": _titles(task, rule)}
    if task.released_by_id is not None:
        gave_back = known.people.get(task.released_by_id)
        yield _("%(person)s, who gave it back") % {"person": gave_back or _("somebody")}


def _titles(task: TaskInstance, rule: AssignRule) -> str:
    return ", ".join(quoted(_title(task, key)) for key in rule.never_tasks)


def _title(task: TaskInstance, key: str) -> str:
    known = definition_of(task.workflow_instance.workflow_id).tasks.get(key)
    return key if known is None else known.title


def _label(task: TaskInstance, path: str) -> str:
    """What people call the question at `ticket.name` or `tasks.key.name`."""
    known = definition_of(task.workflow_instance.workflow_id)
    *owner, name = path.split(".")
    form = known.tasks.get(owner[-1]) if len(owner) > 1 else known.workflow
    specs = [] if form is None else objects_in(form.fields)
    labels = (str(each.get("label") or name) for each in specs if each.get("name") == name)
    return next(labels, path)
