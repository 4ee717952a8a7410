"""Reminders of a task that waits: who is told, and who may do it as well from then on.

A reminder takes nothing away, but one that gives the task to a deputy: whoever has it keeps it. It
comes once, as its event in the history says, which is written with the notices.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from tenants.errors import RateLimitedError
from tenants.models import User
from tenants.names import plain_email
from tenants.roles import SystemRole
from tickets.advancing.lock_ticket import lock_task_of, lock_ticket
from tickets.advancing.set_timers import reminders_sent
from tickets.advancing.task_times import is_current_wait
from tickets.advancing.timer_jobs import defer_reminder
from tickets.models import Ticket
from tickets.notices.kinds.kind import NoticeKind
from tickets.notices.kinds.task_gone import TASK_GONE
from tickets.notices.kinds.task_late import TASK_LATE
from tickets.notices.kinds.task_offered import TASK_OFFERED
from tickets.notices.kinds.task_reminder import TASK_REMINDER
from tickets.notices.kinds.ticket_reminder import TICKET_REMINDER
from tickets.notices.tell import tell, tell_role
from workflows.engine.process import JsonObject
from workflows.engine.steps.reminders import Reminder, Tell
from workflows.models import CompanyRole, TaskInstance, WorkflowStatus
from workflows.running.people.candidates import candidates_of, deputy_for_task
from workflows.running.people.deputies import deputy_of
from workflows.running.people.outside import send_link
from workflows.running.people.workers import colleagues
from workflows.running.workflow_repair import WorkflowRepair


def remind(
    *,
    ticket_id: int,
    task_id: int,
    reminder: str,
    due: str,
    since: str,
    now: datetime | None = None,
) -> None:
    """Tell the people whom a reminder of a task names, where the task still waits.

    `reminder` is its name in the definition, `due` when it comes and `since` when the task's time
    began, in ISO 8601. Safe to call twice, late, or beside whoever completes the task. On hold, and
    while the requester is asked something, nobody is reminded: its time begins anew afterwards.
    """
    now = now or timezone.now()
    moment, began = datetime.fromisoformat(due), datetime.fromisoformat(since)
    with transaction.atomic():
        if now < moment:  # the clocks of two machines differ
            defer_reminder(
                ticket_id=ticket_id,
                task_id=task_id,
                reminder=reminder,
                since=began,
                due=moment,
                now=now,
            )
            return
        ticket = lock_ticket(ticket_id)
        locked = lock_task_of(ticket, task_id, now=now)
        if locked is None:
            return
        manager, task = locked
        if manager.instance.status != WorkflowStatus.IN_PROGRESS:
            return
        if not task.is_alive or task.waits_for_answer or not is_current_wait(task, began):
            return
        for each in task.definition.listed_reminders:
            if each.name == reminder and not reminders_sent(task).has(each, moment):
                _Reminding(each, task, ticket, moment).send(manager)
                return


@dataclass(frozen=True, slots=True)
class _Reminding:
    reminder: Reminder
    task: TaskInstance
    ticket: Ticket
    moment: datetime  # when it was due

    def send(self, manager: WorkflowRepair) -> None:
        role, person = self._role(), self._person()
        adds = role.pk if role is not None and self.reminder.adds else None
        data: JsonObject = {
            "reminder": self.reminder.name,
            "when": self.reminder.when.iso,
            "due": self.moment.isoformat(),
            "tell": self.reminder.tell.value,
        }
        if role is not None:
            data["role"] = role.name
        adds_person = self._added_person(person) if role is None else None
        if person is not None and (self.reminder.tell is Tell.PERSON or adds_person is not None):
            data |= {"person": str(person), "person_id": person.pk}
        if adds is not None or adds_person is not None:
            data["add"] = True
        had_it = self.task.assigned_to
        if self.reminder.gives:
            data["give"] = True
        # First who may have it from now on: they are told that they may.
        manager.remind(self.task, data=data, adds=adds, adds_person=adds_person)
        offered = self._offered() if adds is not None else set()
        if adds_person is not None:
            offered = {adds_person}
        told = self._tell(TASK_OFFERED, offered)
        if self.reminder.gives:
            told += self._give(manager, had_it)
        else:
            told += self._tell_others(role, person, offered, now=manager.now)
        if not told:  # a task that waits is never nobody's matter
            self._tell_admins()

    def _give(self, manager: WorkflowRepair, had_it: User | None) -> int:
        """The deputy is told with the event that gives it to them."""
        deputy = manager.give_to_deputy(self.task)
        if deputy is None or had_it is None:
            return 0
        about: JsonObject = {**self._about(), "why": "taken_over"}
        tell(
            TASK_GONE,
            [had_it],
            ticket_id=self.ticket.pk,
            about=about,
            by=deputy,
            sees_anyway=True,
        )
        return 1

    def _role(self) -> CompanyRole | None:
        number = self.reminder.role
        return CompanyRole.objects.filter(pk=number).first() if isinstance(number, int) else None

    def _person(self) -> User | None:
        """The one person who is told, where it is one."""
        worker, named = self.task.assigned_to, self.reminder.person
        match self.reminder.tell:
            case Tell.PERSON if isinstance(named, int):
                return colleagues().filter(pk=named).first()
            case Tell.PERSON if isinstance(named, str):
                return colleagues().filter(email=plain_email(named)).first()
            case Tell.MANAGER if worker is not None and worker.manager_id is not None:
                return colleagues().filter(pk=worker.manager_id).first()
            case Tell.DEPUTY if worker is not None:
                return deputy_of(worker)
        return None

    def _added_person(self, person: User | None) -> int | None:
        """Their number, where they may do it as well from now on; who has it needs nothing."""
        if person is None or not self.reminder.adds_who_is_told or self.reminder.gives:
            return None
        if person.pk == self.task.assigned_to_id:
            return None
        return person.pk if candidates_of(self.task).may_be_added(person) else None

    def _offered(self) -> set[int]:
        """Those who may do it as well, besides whoever has it."""
        people = candidates_of(self.task).added_people()
        return {*people.values_list("pk", flat=True)} - {self.task.assigned_to_id}

    def _tell_others(
        self,
        role: CompanyRole | None,
        person: User | None,
        offered: Collection[int],
        *,
        now: datetime,
    ) -> int:
        match self.reminder.tell:
            case Tell.WORKER if self.task.is_with_contact:
                said = self.reminder.text or gettext("Your answer is still awaited.")
                try:
                    send_link(self.task, now=now, said=said)
                except RateLimitedError:
                    return 0
                return 1
            case Tell.WORKER:
                return self._tell(TASK_REMINDER, self._who_has_it())
            case Tell.REQUESTER:
                return self._tell(TICKET_REMINDER, {self.ticket.created_by_id})
            case Tell.MANAGER | Tell.DEPUTY | Tell.PERSON:
                return 0 if person is None else self._tell_person(person, offered)
            case Tell.ROLE:
                members = set() if role is None else set(role.members.values_list("pk", flat=True))
                return self._tell(TASK_LATE, members - {*offered})
        return self._tell_admins()

    def _tell_person(self, person: User, offered: Collection[int]) -> int:
        has_it = person.pk == self.task.assigned_to_id
        return self._tell(TASK_REMINDER if has_it else TASK_LATE, {person.pk} - {*offered})

    def _who_has_it(self) -> set[int]:
        """Its worker; whoever stands in for them, too, while they are away."""
        worker = self.task.assigned_to
        if worker is None:
            return set()
        deputy = None if worker.is_available else deputy_for_task(worker, self.task)
        return {worker.pk} if deputy is None else {worker.pk, deputy.pk}

    def _tell(self, kind: NoticeKind, people: Collection[int]) -> int:
        return tell(kind, people, ticket_id=self.ticket.pk, about=self._about(), sees_anyway=True)

    def _tell_admins(self) -> int:
        role = SystemRole.TICKET_ADMIN
        return tell_role(TASK_LATE, role, ticket_id=self.ticket.pk, about=self._about())

    def _about(self) -> JsonObject:
        about: JsonObject = {"task": self.task.pk, "title": self.task.definition.title}
        if self.task.due_at is not None:
            about["due"] = self.task.due_at.isoformat()
        if self.reminder.text:
            about["said"] = self.reminder.text
        return about
