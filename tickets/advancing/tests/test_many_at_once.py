"""People work on many tickets while others come, go, and change roles: nobody waits for ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import ClassVar

from django.db import transaction
from django.db.models import Q
from django.test import tag
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tickets.advancing.tests.test_concurrent_changes import DECLARED, ConcurrentCase
from tickets.advancing.timers import fire_timer
from tickets.health import company_findings
from tickets.models import Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.saving.save_answers import save_task_answers
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json
from workflows.models import CompanyRole, TaskInstance
from workflows.people.change_availability import set_availability
from workflows.people.change_people import save_person
from workflows.people.company_roles import save_company_role
from workflows.people.releasing import release_tasks
from workflows.running.people.assignment import assign_waiting_tasks
from workflows.running.pool import claim_task, release_task

FORMS = Q(definition__task_type="FORM")


@tag("processes")
class ManyAtOnceTests(ConcurrentCase):
    THREADS: ClassVar = 5
    EACH: ClassVar = 70

    def make_workflow(self, *, small_condition: Json = None) -> None:
        super().make_workflow(small_condition=small_condition)
        self.role = CompanyRole.objects.create(name="Signers")
        self.role.members.add(self.wendy)
        self.sign.candidate_role = self.role
        self.sign.save()
        self.workflow.transitions.create(from_task=self.check, to_task=self.sign, after="PT1H")
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        self.workers = [self.wendy, self.walt, self.uma]

    def test_whatever_happens_beside_each_other(self) -> None:
        verbs: list[Callable[[random.Random], object]] = [
            *[self.do_submit, self.do_complete, self.do_release, self.do_claim] * 2,
            *[self.do_save, self.do_reassign, self.do_hold, self.do_resume, self.do_time_out],
            *[self.do_cancel, self.do_hand_out],
            *[self.do_come_or_go, self.do_give_back, self.do_change_role, self.do_change_person],
        ]

        def person(seed: int) -> Callable[[], None]:
            chance = random.Random(seed)
            chosen = [chance.choice(verbs) for _ in range(self.EACH)]

            def act() -> None:
                for verb in chosen:
                    try:
                        verb(chance)
                    except (*DECLARED, TaskInstance.DoesNotExist, Ticket.DoesNotExist):
                        continue

            return act

        raised = self.at_once(*(person(seed) for seed in range(self.THREADS)))
        self.assertEqual(raised, [None] * self.THREADS)
        for ticket in Ticket.objects.all():
            self.assertEqual(broken_invariants(ticket), [])
        self.assertEqual(company_findings(), [])

    def some_task(self, chance: random.Random, *which: Q, **status: object) -> TaskInstance:
        tasks = TaskInstance.objects.filter(FORMS, *which, **status)
        found = tasks.select_related("definition", "assigned_to").order_by("pk")[:8]
        if not found:
            raise TaskInstance.DoesNotExist
        return chance.choice(found)

    def own_task(self, chance: random.Random) -> tuple[TaskInstance, User]:
        task = self.some_task(chance, status__in=("OPEN", "IN_PROGRESS"))
        if task.assigned_to is None:
            raise TaskInstance.DoesNotExist
        return task, task.assigned_to

    def some_ticket(self, chance: random.Random) -> Ticket:
        found = Ticket.objects.running().order_by("pk")[:8]
        if not found:
            raise Ticket.DoesNotExist
        return chance.choice(found)

    def do_submit(self, chance: random.Random) -> None:
        if Ticket.objects.running().count() < 8:
            self.submit()

    def do_complete(self, chance: random.Random) -> None:
        task, worker = self.own_task(chance)
        is_check = task.definition.key == "check"
        complete_task(task=task, output={"big": False} if is_check else {}, user=worker)

    def do_save(self, chance: random.Random) -> None:
        task, worker = self.own_task(chance)
        save_task_answers(task=task, answers={}, user=worker)

    def do_release(self, chance: random.Random) -> None:
        task, worker = self.own_task(chance)
        release_task(task=task, user=worker, now=timezone.now())

    def do_claim(self, chance: random.Random) -> None:
        task = self.some_task(chance, status="PENDING", assigned_to=None)
        claim_task(task=task, user=chance.choice(self.workers), now=timezone.now())

    def do_reassign(self, chance: random.Random) -> None:
        task = self.some_task(chance, status__in=("OPEN", "IN_PROGRESS", "PENDING"))
        to = chance.choice([*self.workers, None])
        reassign_task(task=task, to=to, by=self.terry, reason=REASON)

    def do_hold(self, chance: random.Random) -> None:
        hold_ticket(ticket=self.some_ticket(chance), by=self.terry, reason=REASON)

    def do_resume(self, chance: random.Random) -> None:
        for ticket in Ticket.objects.filter(workflow_instance__status="ON_HOLD"):
            resume_ticket(ticket=ticket, by=self.terry, reason=REASON)

    def do_cancel(self, chance: random.Random) -> None:
        cancel_ticket(ticket=self.some_ticket(chance), by=self.terry, reason=REASON)

    def do_time_out(self, chance: random.Random) -> None:
        task = self.some_task(chance, definition__key="check", status__in=("OPEN", "PENDING"))
        ticket = Ticket.objects.get(workflow_instance=task.workflow_instance_id)
        fire_timer(
            ticket_id=ticket.pk, task_id=task.pk, after="PT1H", due="2020-01-01T00:00:00+00:00"
        )

    def do_hand_out(self, chance: random.Random) -> None:
        with transaction.atomic():
            assign_waiting_tasks(now=timezone.now())

    def do_come_or_go(self, chance: random.Random) -> None:
        is_available = chance.random() < 0.6
        user = User.objects.get(pk=chance.choice(self.workers).pk)
        set_availability(user=user, is_available=is_available, now=timezone.now())

    def do_give_back(self, chance: random.Random) -> None:
        release_tasks(user=chance.choice(self.workers), now=timezone.now())

    def do_change_role(self, chance: random.Random) -> None:
        role = CompanyRole.objects.get(pk=self.role.pk)
        members = chance.sample(self.workers, chance.randrange(3))
        save_company_role(role=role, members=members, now=timezone.now())

    def do_change_person(self, chance: random.Random) -> None:
        person = User.objects.get(pk=self.walt.pk)
        roles = chance.choice(([SystemRole.TASK_WORKER], [SystemRole.USER]))
        save_person(person=person, roles=roles, company_roles=[], now=timezone.now())
