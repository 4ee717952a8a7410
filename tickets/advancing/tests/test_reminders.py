"""Reminders, and escalation that takes nothing away. The clock is moved, nothing sleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db import transaction
from django.urls import reverse

from tenants.roles import SystemRole
from tickets.advancing.tests.times_case import MONDAY, TimesCase, loan
from tickets.conversation.ask_requester import ask_requester
from tickets.health import company_findings
from tickets.job_names import FIRE_TIMER, REMIND
from tickets.models import Notice, Ticket
from tickets.notices.words import sentence_for
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.working.complete_task import complete_task
from tickets.working.take_over import take_over
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.bundles import check_bundle, errors_of
from workflows.engine.process import JsonObject
from workflows.errors import MayNotTakeOverError
from workflows.models import BusinessCalendar, TaskInstance, WorkflowEvent
from workflows.people.company_roles import uses_of_role
from workflows.running.events.kind import kind_named
from workflows.running.pool import pool_of
from workflows.running.state_manager import WorkflowStateManager
from workflows.running.workflow_repair import WorkflowRepair

TWO_LEVELS: JsonObject = {
    "due_in": "P3D",
    "reminders": [
        {"when": "P1D before due"},
        {"when": "on due", "tell": "manager", "text": "Please look after it."},
        {"when": "P1D after due", "tell": "role", "role": "Heads", "add": True},
    ],
}
ROLES = ("Heads",)


class ReminderTests(TimesCase):
    def setUp(self) -> None:
        super().setUp()
        self.heads = self.role("Heads", self.walt)
        self.wendy.manager = self.carla
        self.wendy.save(update_fields=["manager"])

    def levels(self) -> Ticket:
        return self.submit(self.publish(loan(TWO_LEVELS, roles=ROLES)))

    def test_each_comes_once_and_the_first_keeps_the_task(self) -> None:
        ticket = self.levels()
        self.assertEqual(self.times(), ["04 09:00", "05 09:00", "06 09:00"])
        for job in self.jobs():
            for _again in range(2):
                self.run_job(job)
        self.assertEqual(
            self.told(),
            [("TASK_REMINDER", "Wendy"), ("TASK_LATE", "Carla"), ("TASK_OFFERED", "Walt")],
        )
        task = self.task(ticket)
        self.assertEqual((task.assigned_to, task.status), (self.wendy, "OPEN"))
        events = WorkflowEvent.objects.filter(kind="REMINDED", task_instance=task)
        self.assertEqual([each.data["tell"] for each in events.order_by("pk")],
                         ["worker", "manager", "role"])  # fmt: skip
        self.assertEqual(broken_invariants(ticket), [])
        said = sentence_for(Notice.objects.with_words().get(kind="TASK_LATE"), self.carla)
        self.assertIn("“Take it back”", said)
        self.assertIn("Please look after it.", said)

    def test_answered_in_between_no_second_level(self) -> None:
        ticket = self.levels()
        first, second, third = self.jobs()
        self.run_job(first)
        self.assertEqual(len(self.jobs()), 3)  # the worker deletes what it has done
        complete_task(task=self.task(ticket), user=self.wendy, output={"ok": True},
                      now=MONDAY + timedelta(days=2, hours=1))  # fmt: skip
        self.assertEqual(self.jobs(), [])
        for job in (second, third):  # those that are under way
            self.run_job(job, late=MONDAY + timedelta(days=30))
        self.assertEqual(self.told(), [("TASK_REMINDER", "Wendy")])
        self.assertEqual(broken_invariants(ticket), [])

    def test_they_come_after_an_outage_and_not_for_a_ticket_that_has_ended(self) -> None:
        ticket = self.levels()
        first, second, _third = self.jobs()
        self.run_job(first, late=MONDAY + timedelta(days=40))
        cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)
        self.assertEqual(self.jobs(), [])
        self.run_job(second, late=MONDAY + timedelta(days=41))
        self.assertEqual(self.told(), [("TASK_REMINDER", "Wendy")])

    def test_whoever_is_added_may_take_it_over(self) -> None:
        ticket = self.levels()
        task = self.task(ticket)
        with self.assertRaises(MayNotTakeOverError):
            take_over(task=task, by=self.walt, now=MONDAY)
        self.assertNotIn(task.pk, pool_of(self.walt).values_list("pk", flat=True))
        self.run_job(self.jobs()[-1])
        self.assertEqual(list(pool_of(self.walt)), [task])
        self.assertEqual(list(pool_of(self.wendy)), [])
        self.log_in(self.walt)
        page = self.client.get(reverse("admin:tickets_mytask_changelist"), {"pool": 1})
        self.assertContains(page, "Wendy Wells has it")
        self.assertContains(page, "Take over")
        self.client.post(reverse("admin:tickets_mytask_take_over", args=[task.pk]))
        task = self.task(ticket)
        self.assertEqual(task.assigned_to, self.walt)
        event = WorkflowEvent.objects.filter(kind="ASSIGNED").latest("pk")
        self.assertIs(event.data["offered"], True)
        gone = Notice.objects.with_words().get(kind="TASK_GONE")
        self.assertEqual(gone.recipient, self.wendy)
        self.assertIn("took over “Take it back”", sentence_for(gone, self.wendy))
        self.assertEqual(broken_invariants(ticket), [])
        complete_task(task=task, user=self.walt, output={"ok": True})

    def test_two_company_roles_at_the_same_time_are_both_told(self) -> None:
        self.role("Owners", self.carla)
        both: JsonObject = {
            "reminders": [
                {"when": "P1D", "tell": "role", "role": name} for name in ("Heads", "Owners")
            ]
        }
        ticket = self.submit(self.publish(loan(both, roles=(*ROLES, "Owners"))))
        jobs = self.jobs()
        self.assertEqual(len(jobs), 2)
        for job in jobs:
            for _again in range(2):
                self.run_job(job)
        self.assertEqual(sorted(self.told()), [("TASK_LATE", "Carla"), ("TASK_LATE", "Walt")])
        self.assertEqual(broken_invariants(ticket), [])

    def test_the_rule_of_the_task_holds_for_whoever_is_added(self) -> None:
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        self.heads.members.add(self.uma)
        task: JsonObject = {
            "assign_to": {"never": ["requester"]},
            "reminders": [{"when": "P1D", "tell": "role", "role": "Heads", "add": True}],
        }
        ticket = self.submit(self.publish(loan(task, roles=ROLES)))
        self.run_job(self.jobs()[0])
        self.assertEqual(list(pool_of(self.uma)), [])
        with self.assertRaises(MayNotTakeOverError):
            take_over(task=self.task(ticket), by=self.uma, now=MONDAY)

    def test_the_manager_can_be_added_who_keeps_what_others_have(self) -> None:
        self.give_role(self.carla, SystemRole.TASK_WORKER)
        reminder: JsonObject = {"when": "P1D", "tell": "manager", "add": True}
        ticket = self.submit(self.publish(loan({"reminders": [reminder]})))
        self.run_job(self.jobs()[0])
        task = self.task(ticket)
        self.assertEqual((task.assigned_to, task.added_people), (self.wendy, [self.carla.pk]))
        self.assertEqual(self.told(), [("TASK_OFFERED", "Carla")])
        self.assertEqual(list(pool_of(self.carla)), [task])
        self.assertEqual(list(pool_of(self.walt)), [])
        event = WorkflowEvent.objects.get(kind="REMINDED", task_instance=task)
        self.assertEqual(event.data["person_id"], self.carla.pk)
        history = kind_named("REMINDED").screen.history
        assert callable(history)
        self.assertIn("%(person)s may do it as well now", str(history(event)))
        self.assertEqual(broken_invariants(ticket), [])
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:workflows_taskinstance_change", args=[task.pk]))
        self.assertContains(page, str(self.carla))
        take_over(task=task, by=self.carla, now=MONDAY + timedelta(days=2))
        self.assertEqual(self.task(ticket).assigned_to, self.carla)
        complete_task(task=self.task(ticket), user=self.carla, output={"ok": True})
        self.assertEqual(broken_invariants(ticket), [])

    def test_who_is_no_task_worker_is_told_and_not_added(self) -> None:
        reminder: JsonObject = {"when": "P1D", "tell": "manager", "add": True}
        ticket = self.submit(self.publish(loan({"reminders": [reminder]})))
        self.run_job(self.jobs()[0])
        self.assertEqual(self.told(), [("TASK_LATE", "Carla")])
        self.assertIsNone(self.task(ticket).added_people)
        self.assertEqual(list(pool_of(self.carla)), [])

    def test_named_people_are_told_and_added_each_for_themselves(self) -> None:
        """At the same time, too; and somebody of another company is nobody here."""
        person: JsonObject = {"when": "P1D", "tell": "person", "add": True}
        reminders: JsonObject = {
            "reminders": [
                {**person, "person": self.walt.email},
                {**person, "person": self.terry.email},
                {**person, "person": self.charlie.email},
            ]
        }
        ticket = self.submit(self.publish(loan(reminders)))
        for job in self.jobs():
            for _again in range(2):
                self.run_job(job)
        self.assertEqual(self.task(ticket).added_people, [self.walt.pk])
        told = self.told()
        self.assertEqual(told.count(("TASK_OFFERED", "Walt")), 1)
        # Terry by name, and as a ticket admin as nobody was told of the third.
        self.assertEqual(told.count(("TASK_LATE", "Terry")), 2)
        self.assertNotIn("Charlie", {who for _kind, who in told})
        self.assertEqual([each.pk for each in pool_of(self.walt)], [self.task(ticket).pk])

    def test_a_named_person_is_kept_by_number_and_follows_their_address(self) -> None:
        reminder: JsonObject = {"when": "P1D", "tell": "person", "person": self.walt.email}
        workflow = self.publish(loan({"reminders": [reminder]})).workflow
        task = workflow.tasks.exclude(reminders=None).get()
        kept: dict[str, Any] = {"id": self.walt.pk, "email": self.walt.email}
        self.assertEqual([each["person"] for each in task.reminders or []], [kept])
        self.walt.email = "walter@example.com"
        self.walt.save(update_fields=["email"])
        document = export_bundle(workflow=workflow)
        self.assertIn("'person': 'walter@example.com'", str(document["tasks"]))
        self.assertNotIn(kept["email"], str(document["tasks"]))
        self.assertEqual(errors_of(check_bundle(document)), [])

    def test_the_rule_of_the_task_holds_for_a_person_who_is_added(self) -> None:
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        reminder: JsonObject = {"when": "P1D", "tell": "person", "person": self.uma.email}
        task: JsonObject = {
            "assign_to": {"never": ["requester"]},
            "reminders": [{**reminder, "add": True}],
        }
        ticket = self.submit(self.publish(loan(task)))
        self.run_job(self.jobs()[0])
        self.assertEqual(self.told(), [("TASK_LATE", "Uma")])
        self.assertEqual(list(pool_of(self.uma)), [])
        with self.assertRaises(MayNotTakeOverError):
            take_over(task=self.task(ticket), by=self.uma, now=MONDAY)

    def test_on_hold_and_during_a_question_time_stops(self) -> None:
        ticket = self.submit(self.publish(loan({"reminders": [{"when": "P1D"}]})))
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON, now=MONDAY + timedelta(hours=1))
        self.assertEqual(self.jobs(), [])
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON, now=MONDAY + timedelta(days=7))
        self.assertEqual(self.times(), ["10 09:00"])
        (job,) = self.jobs()
        ask_requester(task=self.task(ticket), user=self.wendy, text="Which?", token="t",
                      now=MONDAY + timedelta(days=7, hours=1))  # fmt: skip
        self.assertEqual(self.jobs(), [])
        self.run_job(job, late=MONDAY + timedelta(days=30))  # one that was under way
        self.assertEqual(self.told(), [])

    def test_who_was_reminded_is_not_reminded_again(self) -> None:
        ticket = self.submit(self.publish(loan({"reminders": [{"when": "P1D"}, {"when": "P5D"}]})))
        self.run_job(self.jobs()[0])
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON)
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON)
        self.assertEqual([each.args["reminder"] for each in self.jobs()], ["P5D > worker"])

    def test_where_nobody_is_to_be_told_the_ticket_admins_are(self) -> None:
        self.wendy.manager = None
        self.wendy.save(update_fields=["manager"])
        self.submit(self.publish(loan({"reminders": [{"when": "P1D", "tell": "manager"}]})))
        self.run_job(self.jobs()[0])
        self.assertEqual({kind for kind, _who in self.told()}, {"TASK_LATE"})
        self.assertIn("Terry", {who for _kind, who in self.told()})

    def test_the_deputy_can_be_told_who_need_not_be_away(self) -> None:
        reminder: JsonObject = {"when": "P1D", "tell": "deputy"}
        self.wendy.deputy = self.walt
        self.wendy.save(update_fields=["deputy"])
        ticket = self.submit(self.publish(loan({"reminders": [reminder]})))
        self.run_job(self.jobs()[0])
        self.assertEqual(self.told(), [("TASK_LATE", "Walt")])
        self.assertEqual(self.task(ticket).assigned_to, self.wendy)

    def test_who_votes_is_reminded_each_for_themselves(self) -> None:
        """Of Wendy's vote Walt, who has one himself, is given nothing."""
        self.wendy.deputy = self.walt
        self.wendy.save(update_fields=["deputy"])
        approval: JsonObject = {
            "task_type": "APPROVAL",
            "approvers": {"people": [self.wendy.email, self.walt.email]},
            "needed": "all",
            "fields": [],
            "reminders": [{"when": "P1D"}, {"when": "P2D", "tell": "deputy", "give": True}],
        }
        ticket = self.submit(self.publish(loan(approval)))
        self.assertEqual(len(self.jobs()), 4)
        for job in self.jobs()[:2]:
            self.run_job(job)
        told = self.told()
        self.assertEqual(sorted(told), [("TASK_REMINDER", "Walt"), ("TASK_REMINDER", "Wendy")])
        for job in self.jobs()[2:]:
            self.run_job(job)
        have = TaskInstance.objects.filter(definition__key="back.vote").order_by("pk")
        self.assertEqual([each.assigned_to for each in have], [self.wendy, self.walt])
        self.assertIn(("TASK_LATE", "Terry"), self.told())
        self.assertEqual(company_findings(), [])
        document = export_bundle(workflow=ticket.workflow)
        self.assertIn("'give': True", str(document["tasks"]))

    def test_the_requester_can_be_told(self) -> None:
        self.submit(self.publish(loan({"reminders": [{"when": "P1D", "tell": "requester"}]})))
        self.run_job(self.jobs()[0])
        self.assertEqual(self.told(), [("TICKET_REMINDER", "Uma")])

    def test_a_date_is_followed_at_the_same_hour(self) -> None:
        """Over the change of the clocks, on 29 March."""
        BusinessCalendar.objects.update(time_zone="Europe/Brussels")
        task: JsonObject = {
            "due_in": "on ticket.until",
            "reminders": [
                {"when": "P2D clock before ticket.until at 09:00"},
                {"when": "on ticket.until at 09:00"},
            ],
        }
        late: JsonObject = {"from": "back", "to": "file", "after": "P1D clock after ticket.until"}
        ticket = self.submit(self.publish(loan(task, late)), until="2026-03-30")
        self.assertEqual(self.times(), ["28 08:00", "30 07:00"])
        self.assertEqual(self.times(FIRE_TIMER), ["31 15:00"])
        self.assertEqual(self.task(ticket).due_at, datetime(2026, 3, 30, 15, tzinfo=UTC))
        # The date is corrected: all of them move.
        data: JsonObject = {"item": "Beamer", "until": "2026-04-10"}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
        self.assertEqual(self.times(), ["08 07:00", "10 07:00"])
        self.assertEqual(self.times(FIRE_TIMER), ["11 15:00"])
        self.assertEqual(self.task(ticket).due_at, datetime(2026, 4, 10, 15, tzinfo=UTC))
        self.assertEqual(broken_invariants(ticket), [])
        # Also where the task is in error: its other times begin anew when it is tried again.
        with transaction.atomic():
            manager = WorkflowStateManager.lock(ticket.workflow_instance_id or 0, now=MONDAY)
            manager.fail_task(manager.read_task(self.task(ticket).pk), reason="It broke.")
            data = {"item": "Beamer", "until": "2026-04-13"}
            correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)
            self.assertEqual(self.task(ticket).due_at, datetime(2026, 4, 13, 15, tzinfo=UTC))
            transaction.set_rollback(True)
        # Returned before: no further reminder ever.
        under_way = [*self.jobs(), *self.jobs(FIRE_TIMER)]
        complete_task(task=self.task(ticket), user=self.wendy, output={"ok": True})
        self.assertEqual([*self.jobs(), *self.jobs(FIRE_TIMER)], [])
        for job in under_way:
            self.run_job(job, late=datetime(2026, 5, 1, tzinfo=UTC))
        self.assertEqual(self.told(), [])

    def test_what_would_have_come_before_the_task_reminds_of_nothing(self) -> None:
        task: JsonObject = {"reminders": [{"when": "P9D before ticket.until"}]}
        definition = self.publish(loan(task))
        self.submit(definition, until="2026-03-03")
        self.submit(definition)
        self.assertEqual(self.jobs(), [])

    def test_a_lost_job_is_made_anew(self) -> None:
        self.levels()
        self.jobs()[0].__class__.objects.filter(task_name=REMIND).delete()
        found = company_findings()
        self.assertEqual(len(found), 3)
        for each in found:
            assert each.mend is not None
            self.assertNotEqual(each.mend(), "")
        self.assertEqual(self.times(), ["04 09:00", "05 09:00", "06 09:00"])
        self.assertEqual(company_findings(), [])

    def test_a_role_is_kept_by_its_number(self) -> None:
        ticket = self.levels()
        self.heads.name = "Managers"
        self.heads.save()
        document = export_bundle(workflow=ticket.workflow)
        self.assertIn("'role': 'Managers'", str(document["tasks"]))
        self.assertIn({"name": "Managers"}, document["company_roles"])  # type: ignore[arg-type]
        self.assertEqual(len(uses_of_role(self.heads)), 1)
        self.log_in(self.carla)
        address = reverse("admin:workflows_workflowdefinition_change", args=[ticket.workflow_id])
        self.assertContains(self.client.get(address), "Managers are told, and Managers may do it")


class WaitTests(TimesCase):
    """A step that waits for a message of another system, which nobody has."""

    TASK: ClassVar[JsonObject] = {
        "task_type": "WAIT",
        "wait": "P10D",
        "answered_by": "ticket.item",
        "due_in": "P3D",
        "reminders": [
            {"when": "P1D before due", "tell": "requester"},
            {"when": "on due", "tell": "role", "role": "Heads"},
            {"when": "P1D after due", "tell": "ticket_admins", "text": "Call the supplier."},
        ],
    }

    def document(self, **more: Any) -> Any:
        made: Any = loan({**self.TASK, **more}, roles=ROLES)
        del made["tasks"][0]["fields"]
        return made

    def setUp(self) -> None:
        super().setUp()
        self.role("Heads", self.walt)

    def test_people_are_told_while_it_waits(self) -> None:
        ticket = self.submit(self.publish(self.document()))
        self.assertEqual(self.times(), ["04 09:00", "05 09:00", "06 09:00"])
        self.assertEqual(f"{self.task(ticket).due_at:%d %H:%M}", "05 09:00")
        for job in self.jobs():
            for _again in range(2):
                self.run_job(job)
        self.assertEqual(
            self.told(),
            [("TICKET_REMINDER", "Uma"), ("TASK_LATE", "Walt"), ("TASK_LATE", "Terry")],
        )
        self.assertEqual(self.task(ticket).status, "PENDING")
        self.assertEqual(broken_invariants(ticket), [])
        self.assertEqual(list(company_findings()), [])
        late = Notice.objects.with_words().filter(recipient=self.terry).get(kind="TASK_LATE")
        self.assertIn("Call the supplier.", sentence_for(late, self.terry))

    def test_none_comes_after_the_answer(self) -> None:
        ticket = self.submit(self.publish(self.document()))
        jobs = self.jobs()
        with transaction.atomic():
            instance = ticket.workflow_instance_id or 0
            manager = WorkflowRepair.lock(instance, now=MONDAY + timedelta(hours=1))
            manager.end_wait(manager.read_task(self.task(ticket).pk), answer={})
        for job in jobs:
            self.run_job(job)
        self.assertEqual(self.told(), [])
        self.assertEqual(broken_invariants(ticket), [])

    def test_what_nobody_can_be_told_is_found(self) -> None:
        for wrong, at in (
            ({"when": "P1D"}, "tell"),
            ({"when": "P1D", "tell": "manager"}, "tell"),
            ({"when": "P1D", "tell": "role", "role": "Heads", "add": True}, "add"),
        ):
            with self.subTest(wrong=wrong):
                found = errors_of(check_bundle(self.document(reminders=[wrong])))
                self.assertEqual(
                    [each.path for each in found], [("tasks", 0, "reminders", 0, at)], found
                )
        self.assertEqual(errors_of(check_bundle(self.document())), [])
