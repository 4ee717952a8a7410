"""A purchase with limits: tasks for the requester, their manager, and never for the same person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.health.company import forms_against_their_rules
from tickets.models import Notice, Ticket
from tickets.notices.watch_tasks import tell_of_tasks
from tickets.repairing.correct_data import correct_task_output, correct_ticket_data
from tickets.repairing.reassign_task import reassign_task
from tickets.submitting.submit_for import may_submit_for_others
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from tickets.working.hand_over import hand_over
from tickets.working.take_over import take_over, tasks_to_stand_in_for
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.errors import MayNotClaimError, WorkerNotEligibleError
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.people.change_availability import set_availability
from workflows.people.change_people import save_person
from workflows.people.deputies import name_deputy
from workflows.people.managers import set_manager
from workflows.people.releasing import give_out_waiting_tasks
from workflows.running.definition_cache import forget_definitions
from workflows.running.events.kind import event_sentence
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.history import replay, stored_state
from workflows.running.people.assignment import _in_turn, _least_loaded_first
from workflows.running.pool import claim_task, pool_of, release_task

OK: list[Json] = [{"name": "ok", "label": "Approved?", "type": "boolean", "required": True}]


def _task(key: str, title: str, role: str = "", **assign_to: Json) -> JsonObject:
    task: JsonObject = {"key": key, "title": title, "fields": OK}
    if role:
        task["candidate_role"] = role
    if assign_to:
        task["assign_to"] = assign_to
    return task


def purchase() -> JsonObject:
    """The first process of those that people describe, as far as it is about who does what."""
    above: Json = {">": [{"var": "ticket.amount"}, 250]}
    far_above: Json = {">": [{"var": "ticket.amount"}, 2500]}
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "purchase",
            "title": "Purchase",
            "fields": [
                {"name": "amount", "label": "Amount", "type": "number", "required": True},
                {"name": "buyer", "label": "Who orders it", "type": "person"},
            ],
        },
        "tasks": [
            _task("approve", "Approve", who="manager", never=["requester"]),
            _task("finance", "Finance approves", "Finance", never=["requester", "tasks.approve"]),
            _task("director", "Director approves", "Directors", never=["requester"]),
            _task("order", "Order it", "Finance", who="answer", answer="ticket.buyer",
                  fallback="role"),
            _task("confirm", "Confirm the delivery", who="requester"),
            _task("pay", "Pay", "Finance", never=["tasks.confirm"], mode="in_turn"),
            _task("file", "File it", who="doer", task="approve", fallback="everybody"),
        ],
        "transitions": [
            {"from": "start", "to": "approve"},
            {"from": "approve", "to": "finance", "condition": above},
            {"from": "approve", "to": "order", "priority": 1},
            {"from": "finance", "to": "director", "condition": far_above},
            {"from": "finance", "to": "order", "priority": 1},
            {"from": "director", "to": "order"},
            {"from": "order", "to": "confirm"},
            {"from": "confirm", "to": "pay"},
            {"from": "pay", "to": "file"},
            {"from": "file", "to": "end"},
        ],
        "ticket_types": [{"key": "purchase", "title": "Purchase"}],
        "company_roles": [{"name": "Finance"}, {"name": "Directors"}],
    }  # fmt: skip


def _answer(person: User) -> JsonObject:
    return {"id": person.pk, "email": person.email, "name": str(person)}


class RuleCase(CompanyTestCase):
    """Uma's manager is wendy; walt and dora are in Finance, and dora is the director."""

    workflow: ClassVar[WorkflowDefinition]
    type: ClassVar[TicketDefinition]
    dora: ClassVar[User]
    finance: ClassVar[CompanyRole]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        workflow = import_bundle(document=purchase(), user=cls.carla)
        publish_workflow(workflow=workflow, user=cls.carla)
        cls.workflow = workflow
        cls.type = workflow.ticket_definitions.get()
        cls.dora = cls.add("Dora", SystemRole.TASK_WORKER, SystemRole.USER)
        roles = {role.name: role for role in CompanyRole.objects.all()}
        roles["Finance"].members.add(cls.walt, cls.dora)
        roles["Directors"].members.add(cls.dora)
        cls.finance = roles["Finance"]
        set_manager(user=cls.uma, manager=cls.wendy, actor=cls.alice, now=timezone.now())

    @classmethod
    def add(cls, name: str, *roles: SystemRole) -> User:
        person = User(email=f"{name.lower()}@acme.example", company=cls.acme, first_name=name)
        return save_person(person=person, roles=roles, company_roles=[], now=timezone.now())

    def submit(self, amount: int = 100, *, by: User | None = None, **more: Any) -> Ticket:
        data = {"amount": amount, **more}
        return submit_ticket(definition=self.type, data=data, user=by or self.uma)

    def task(self, ticket: Ticket) -> TaskInstance:
        return (
            TaskInstance.objects.select_related("definition__workflow", "assigned_to")
            .filter(workflow_instance=ticket.workflow_instance_id)
            .latest("pk")
        )

    def done(self, ticket: Ticket) -> TaskInstance:
        """Whoever has the current task does it; the next one."""
        task = self.task(ticket)
        assert task.assigned_to is not None
        complete_task(task=task, output={"ok": True}, user=task.assigned_to)
        return self.task(ticket)

    def at(self, ticket: Ticket, key: str) -> TaskInstance:
        task = self.task(ticket)
        while task.definition.key != key:
            task = self.done(ticket)
        return task

    def said(self, task: TaskInstance) -> str:
        event = (
            WorkflowEvent.objects.select_related("task_instance__definition", "actor")
            .filter(task_instance=task, kind=ASSIGNED)
            .latest("pk")
        )
        return event_sentence(ASSIGNED.screen.history, event)

    def away(self, person: User) -> None:
        set_availability(user=person, is_available=False, now=timezone.now())

    def change_rule(self, key: str, role: CompanyRole | None = None, **assign_to: Json) -> None:
        """Of a version that is published: only a test does so."""
        TaskDefinition.objects.filter(workflow=self.workflow, key=key).update(
            assign_to=assign_to or None, candidate_role=role
        )
        forget_definitions()
        self.addCleanup(forget_definitions)


class PurchaseTests(RuleCase):
    def test_each_step_goes_to_whom_it_is_for_and_the_history_says_why(self) -> None:
        ticket = self.submit(5000, buyer=_answer(self.wendy))
        approve = self.task(ticket)
        self.assertEqual(approve.assigned_to, self.wendy)
        self.assertEqual(
            self.said(approve), "Approve was given to Wendy Wells, the requester's manager."
        )
        finance = self.done(ticket)
        self.assertIn(finance.assigned_to, (self.walt, self.dora))
        self.assertEqual(self.done(ticket).assigned_to, self.dora)
        order = self.done(ticket)
        self.assertEqual(order.assigned_to, self.wendy)
        self.assertIn("whom an answer names", self.said(order))
        confirm = self.done(ticket)
        self.assertEqual(confirm.assigned_to, self.uma)
        self.assertIn("who submitted the ticket", self.said(confirm))
        pay = self.done(ticket)
        self.assertIn(pay.assigned_to, (self.walt, self.dora))
        file = self.done(ticket)
        self.assertEqual(file.assigned_to, self.wendy)
        self.assertIn("who did Approve", self.said(file))
        self.done(ticket)
        instance = WorkflowInstance.objects.get(ticket=ticket)
        self.assertEqual(instance.status, "COMPLETED")
        self.assertEqual(replay(instance.events.order_by("pk")), stored_state(instance))

    def test_who_approved_does_not_approve_for_finance(self) -> None:
        self.finance.members.add(self.wendy)
        finance = self.at(self.submit(300), "finance")
        holder = finance.assigned_to
        assert holder is not None
        self.assertNotEqual(holder, self.wendy)  # although she has the least to do
        with self.assertRaises(WorkerNotEligibleError):
            hand_over(
                task=finance, to=self.wendy, by=holder, reason="Busy",
                now=timezone.now(),
            )  # fmt: skip

    def test_the_directors_own_purchase_waits_and_is_told(self) -> None:
        set_manager(user=self.dora, manager=self.wendy, actor=self.alice, now=timezone.now())
        ticket = self.submit(5000, by=self.dora)
        director = self.at(ticket, "director")
        self.assertIsNone(director.assigned_to)
        self.assertEqual(director.status, TaskStatus.PENDING)
        self.assertNotIn(director, pool_of(self.dora))
        with self.assertRaises(MayNotClaimError):
            claim_task(task=director, user=self.dora, now=timezone.now())
        with self.assertRaises(WorkerNotEligibleError):
            reassign_task(task=director, to=self.wendy, by=self.terry, reason="x")
        reassign_task(
            task=director, to=self.wendy, by=self.terry, reason="Only she can", against_rule=True
        )
        director = self.task(ticket)
        self.assertEqual(director.assigned_to, self.wendy)
        self.assertIn("against the rule", self.said(director))
        # It stays theirs when their roles are looked at again.
        save_person(
            person=self.wendy, roles=[SystemRole.TASK_WORKER, SystemRole.USER], company_roles=[],
            now=timezone.now(),
        )  # fmt: skip
        self.assertEqual(self.task(ticket).assigned_to, self.wendy)

    def test_without_a_manager_it_waits_until_there_is_one(self) -> None:
        set_manager(user=self.uma, manager=None, actor=self.alice, now=timezone.now())
        ticket = self.submit()
        self.assertIsNone(self.task(ticket).assigned_to)
        set_manager(user=self.uma, manager=self.walt, actor=self.alice, now=timezone.now())
        self.assertEqual(self.task(ticket).assigned_to, self.walt)

    def test_a_fallback_has_it_where_nobody_is_named(self) -> None:
        order = self.at(self.submit(), "order")
        self.assertIn(order.assigned_to, (self.walt, self.dora))
        self.assertIn("as the one whom it is for cannot", self.said(order))

    def test_of_the_manager_who_is_away_the_deputy(self) -> None:
        name_deputy(user=self.wendy, deputy=self.walt, actor=self.wendy)
        self.away(self.wendy)
        ticket = self.submit()
        self.assertEqual(self.task(ticket).assigned_to, self.walt)
        self.assertIn("stands in for Wendy Wells", self.said(self.task(ticket)))

    def test_a_deputy_takes_over_unless_they_are_excluded(self) -> None:
        ticket = self.submit()
        name_deputy(user=self.wendy, deputy=self.walt, actor=self.wendy)
        self.away(self.wendy)
        task = self.task(ticket)
        self.assertEqual(list(tasks_to_stand_in_for(deputy=self.walt, people=[self.wendy])), [task])
        take_over(task=task, by=self.walt, now=timezone.now())
        self.assertEqual(self.task(ticket).assigned_to, self.walt)

    def test_no_deputy_approves_their_own_request(self) -> None:
        set_manager(user=self.dora, manager=self.wendy, actor=self.alice, now=timezone.now())
        name_deputy(user=self.wendy, deputy=self.dora, actor=self.wendy)
        self.away(self.wendy)
        ticket = self.submit(by=self.dora)
        self.assertIsNone(self.task(ticket).assigned_to)
        self.assertEqual(list(tasks_to_stand_in_for(deputy=self.dora, people=[self.wendy])), [])

    def test_in_turn(self) -> None:
        given = [self.at(self.submit(), "pay").assigned_to for _each in range(4)]
        self.assertEqual(given[:2], given[2:])
        self.assertEqual(set(given), {self.walt, self.dora})

    def test_whose_turn_it_is_is_read_once_and_not_for_each_worker(self) -> None:
        pay = self.workflow.tasks.get(key="pay")
        workers = _in_turn(_least_loaded_first(self.finance.pk), pay)
        self.assertIn("InitPlan", workers.explain())

    def test_what_is_only_claimed_waits_in_the_pool(self) -> None:
        self.change_rule("approve", self.finance, mode="nobody", never=["requester"])
        ticket = self.submit(by=self.dora)
        task = self.task(ticket)
        self.assertIsNone(task.assigned_to)
        self.assertEqual(list(pool_of(self.walt)), [task])
        self.assertEqual(list(pool_of(self.dora)), [])
        self.assertEqual(list(pool_of(self.wendy)), [])
        set_availability(user=self.walt, is_available=False, now=timezone.now())
        set_availability(user=self.walt, is_available=True, now=timezone.now())
        self.assertIsNone(self.task(ticket).assigned_to)
        claim_task(task=task, user=self.walt, now=timezone.now())
        release_task(task=self.task(ticket), user=self.walt, now=timezone.now())
        self.assertIsNone(self.task(ticket).assigned_to)

    def test_a_lasting_pool_costs_nothing_when_people_change(self) -> None:
        self.change_rule("approve", self.finance, mode="nobody")
        counts = []
        for _each in range(2):
            self.submit()
            self.submit()
            with CaptureQueriesContext(connection) as queries:
                self.assertEqual(give_out_waiting_tasks(now=timezone.now()), 0)
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])

    def test_the_choosing_is_locked_once_for_all_that_waits(self) -> None:
        self.change_rule("approve", self.finance, never=["requester"])
        for person in (self.walt, self.dora):
            self.away(person)
        for _each in range(3):
            self.submit()
        User.objects.filter(pk=self.walt.pk).update(is_available=True)
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(give_out_waiting_tasks(now=timezone.now()), 3)
        self.assertEqual(sum("pg_advisory" in each["sql"] for each in queries), 2)

    def test_a_corrected_answer_names_somebody(self) -> None:
        self.change_rule("approve", who="answer", answer="ticket.buyer")
        ticket = self.submit()
        self.assertIsNone(self.task(ticket).assigned_to)
        correct_ticket_data(
            ticket=ticket, data={"amount": 100, "buyer": _answer(self.walt)}, by=self.terry,
            reason="He buys it",
        )  # fmt: skip
        self.assertEqual(self.task(ticket).assigned_to, self.walt)

    def test_a_corrected_output_names_somebody(self) -> None:
        person: Json = {"name": "buyer", "label": "Who orders it", "type": "person"}
        TaskDefinition.objects.filter(workflow=self.workflow, key="approve").update(
            fields=[*OK, person]
        )
        self.change_rule("order", who="answer", answer="tasks.approve.buyer")
        ticket = self.submit()
        approve = self.task(ticket)
        self.assertIsNone(self.at(ticket, "order").assigned_to)
        correct_task_output(
            task=approve, output={"ok": True, "buyer": _answer(self.walt)}, by=self.terry,
            reason="He buys it",
        )  # fmt: skip
        self.assertEqual(self.task(ticket).assigned_to, self.walt)

    def test_an_address_is_compared_as_it_is_kept(self) -> None:
        self.change_rule("approve", who="person", email=f" {self.walt.email.upper()}")
        self.away(self.walt)
        task = self.task(self.submit())
        self.assertIsNone(task.assigned_to)
        self.assertEqual(list(pool_of(self.walt)), [task])

    def test_who_submitted_may_claim_what_an_answer_gives_them(self) -> None:
        self.change_rule("approve", who="answer", answer="ticket.buyer")
        self.away(self.uma)
        task = self.task(self.submit(buyer=_answer(self.uma)))
        self.assertIsNone(task.assigned_to)
        self.assertEqual(list(pool_of(self.uma)), [task])

    def test_a_named_person_and_who_did_a_task(self) -> None:
        self.change_rule("approve", who="person", email=self.walt.email.title())
        self.change_rule("finance", self.finance, never=["tasks.approve"])
        ticket = self.submit(300)
        self.assertEqual(self.task(ticket).assigned_to, self.walt)
        self.assertEqual(self.done(ticket).assigned_to, self.dora)


class LookingAfterTests(RuleCase):
    """What looks at all tasks knows the rules, too."""

    def found(self) -> list[str]:
        return [each.message for each in forms_against_their_rules()]

    def test_the_doctor_finds_who_may_not_have_it(self) -> None:
        approve = self.task(self.submit(by=self.dora))
        self.assertIsNone(approve.assigned_to)
        confirm = self.at(self.submit(), "confirm")
        self.assertEqual(self.found(), [])
        TaskInstance.objects.filter(pk=confirm.pk).update(assigned_to=self.walt)
        (message,) = self.found()
        self.assertIn("whom its rule keeps from it", message)
        TaskInstance.objects.filter(pk=confirm.pk).update(assigned_to=self.uma)
        reassign_task(
            task=confirm, to=self.walt, by=self.terry, reason="She is ill", against_rule=True
        )
        self.assertEqual(self.found(), [])
        # Who was given it as a deputy keeps it when the other is back.
        name_deputy(user=self.wendy, deputy=self.walt, actor=self.wendy)
        self.away(self.wendy)
        self.assertEqual(self.task(self.submit()).assigned_to, self.walt)
        set_availability(user=self.wendy, is_available=True, now=timezone.now())
        self.assertEqual(self.found(), [])

    def test_what_is_due_is_told_to_a_deputy_whom_the_rule_lets(self) -> None:
        set_manager(user=self.dora, manager=self.wendy, actor=self.alice, now=timezone.now())
        tasks = [self.task(self.submit(by=person)) for person in (self.uma, self.dora)]
        name_deputy(user=self.wendy, deputy=self.dora, actor=self.wendy)
        self.away(self.wendy)
        TaskInstance.objects.filter(pk__in=[each.pk for each in tasks]).update(
            due_at=timezone.now() - timedelta(hours=1)
        )
        tell_of_tasks(now=timezone.now())
        told = Notice.objects.filter(recipient=self.dora, kind="OVERDUE")
        self.assertEqual([each.about["task"] for each in told], [tasks[0].pk])


class RequesterTests(RuleCase):
    def test_the_requester_does_their_task_without_being_a_task_worker(self) -> None:
        ticket = self.submit()
        page = reverse("admin:tickets_mytask_change", args=[self.task(ticket).pk])
        self.log_in(self.uma)
        self.assertEqual(self.client.get(page).status_code, 403)
        confirm = self.at(ticket, "confirm")
        page = reverse("admin:tickets_mytask_change", args=[confirm.pk])
        self.log_in(self.uma)
        self.assertContains(self.client.get(page), "Confirm the delivery")
        self.assertContains(
            self.client.get(reverse("admin:tickets_mytask_changelist")), "Confirm the delivery"
        )
        self.client.post(page, {"answers-ok": "true"})
        self.assertEqual(self.task(ticket).definition.key, "pay")

    def test_they_get_no_other_right_of_task_workers(self) -> None:
        self.at(self.submit(), "confirm")
        self.assertTrue(self.uma.has_perm("tickets.change_mytask"))
        self.assertFalse(self.uma.has_perm("tickets.view_cannedreply"))
        self.assertFalse(may_submit_for_others(self.uma))
        self.assertEqual(list(pool_of(self.uma)), [])

    def test_others_without_the_role_see_nothing_of_it(self) -> None:
        confirm = self.at(self.submit(), "confirm")
        page = reverse("admin:tickets_mytask_change", args=[confirm.pk])
        for person in (self.carla, self.charlie):
            self.log_in(person)
            self.assertIn(self.client.get(page).status_code, (302, 403, 404))

    def test_who_is_no_task_worker_any_more_sees_nothing_of_other_peoples_tickets(self) -> None:
        ticket = self.submit()
        page = reverse("admin:tickets_mytask_change", args=[self.task(ticket).pk])
        done = reverse("admin:tickets_mytask_changelist", query={"archive": 1})
        self.done(ticket)
        self.log_in(self.wendy)
        self.assertContains(self.client.get(done), page)
        save_person(
            person=self.wendy, roles=[SystemRole.USER], company_roles=[], now=timezone.now()
        )
        self.assertEqual(self.client.get(done).status_code, 403)
        self.assertEqual(self.client.get(page).status_code, 403)
        # A task of their own ticket opens My tasks, and shows no more than it.
        set_manager(user=self.wendy, manager=self.walt, actor=self.alice, now=timezone.now())
        confirm = self.at(self.submit(by=self.wendy), "confirm")
        self.assertEqual(confirm.assigned_to, self.wendy)
        self.log_in(self.wendy)
        self.assertNotContains(self.client.get(done), page)
        self.assertEqual(self.client.get(page).status_code, 404)
        self.assertEqual(self.client.post(page, {"answers-ok": "true"}).status_code, 404)
        own = reverse("admin:tickets_mytask_change", args=[confirm.pk])
        self.client.post(own, {"answers-ok": "true"})
        self.assertContains(self.client.get(done), own)
        self.assertEqual(self.client.get(own).status_code, 200)

    def test_who_leaves_loses_it(self) -> None:
        ticket = self.submit()
        self.at(ticket, "confirm")
        self.uma.is_active = False
        save_person(
            person=self.uma, roles=[SystemRole.USER], company_roles=None, now=timezone.now()
        )
        self.assertIsNone(self.task(ticket).assigned_to)
