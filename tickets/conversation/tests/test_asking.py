"""A worker asks the requester: the task waits, and comes back with the answer."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.roles import SystemRole
from tickets.advancing.timers import fire_timer
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.edit_message import edit_message
from tickets.conversation.errors import CannotAskOneselfError, RequesterGoneError
from tickets.conversation.go_on import go_on_without_answer
from tickets.conversation.tests.talk_case import INTERNAL, TalkCase
from tickets.conversation.write_message import Written
from tickets.health.company import company_findings
from tickets.job_names import FIRE_TIMER
from tickets.models import Message, Notice, Ticket
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.saving.save_answers import save_task_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.errors import NotWaitingError, NotYourTaskError, TaskNotWorkableError
from workflows.models import BusinessCalendar, CompanyRole, TaskInstance, Transition
from workflows.people.change_people import save_person
from workflows.people.releasing import release_tasks
from workflows.running.pool import release_task

HOUR = timedelta(hours=1)
AROUND_THE_CLOCK = [[[0, 1440]]] * 7
OFFICE = [[[540, 1020]]] * 5 + [[]] * 2  # from 9 to 17 o'clock


class AskCase(TalkCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        # The first task is left after a day.
        workflow = cls.definition.workflow
        check = workflow.tasks.get(key="check")
        Transition.objects.create(workflow=workflow, from_task=check, after="PT24H", label="late")

    def set_up_once(self) -> None:
        super().set_up_once()
        BusinessCalendar.objects.create(time_zone="UTC", week=AROUND_THE_CLOCK)
        self.due = timezone.now() + 2 * HOUR
        TaskInstance.objects.filter(pk=self.task.pk).update(due_at=self.due)

    def ask(self, text: str = "Which colour?") -> Written:
        return ask_requester(
            task=self.task, user=self.wendy, text=text, token=uuid.uuid4().hex, now=timezone.now()
        )

    def reload(self) -> TaskInstance:
        self.task = TaskInstance.objects.get(pk=self.task.pk)
        return self.task

    def timers(self) -> int:
        jobs = ProcrastinateJob.objects.filter(task_name=FIRE_TIMER, status="todo")
        return jobs.filter(args__task_id=self.task.pk).count()

    def assert_whole(self) -> None:
        self.assertEqual(broken_invariants(self.ticket), [])


class AskTests(AskCase):
    def test_it_waits_and_comes_back_with_the_answer(self) -> None:
        self.ask()
        task = self.reload()
        self.assertEqual(
            (task.status, task.assigned_to, task.due_at), ("PENDING", self.wendy, None)
        )
        self.assertEqual(Ticket.objects.get(pk=self.ticket.pk).status, "IN_PROGRESS")
        self.assert_whole()
        with self.assertRaises(TaskNotWorkableError):
            complete_task(task=task, output={"ok": True}, user=self.wendy)
        self.said(self.terry, "I do not know.")
        self.assertTrue(self.reload().waits_for_answer)
        self.said(self.uma, "Red.")
        task = self.reload()
        self.assertEqual((task.status, task.assigned_to), ("OPEN", self.wendy))
        assert task.due_at is not None
        self.assertGreater(task.due_at, self.due)
        self.assert_whole()
        complete_task(task=task, output={"ok": True}, user=self.wendy)
        self.assert_whole()

    def test_the_requester_is_told_once_and_that_an_answer_is_needed(self) -> None:
        self.ask()
        told = Notice.objects.filter(recipient=self.uma).exclude(kind="TICKET_MOVED")
        self.assertEqual([each.kind for each in told], ["TICKET_NEEDS_ME"])
        self.said(self.uma, "Red.")
        self.assertTrue(Notice.objects.filter(recipient=self.wendy, kind="MESSAGE").exists())

    def test_no_time_of_it_is_counted_meanwhile(self) -> None:
        began = timezone.now() - HOUR
        self.assertEqual(self.timers(), 1)
        self.ask()
        self.assertEqual(self.timers(), 0)
        # One that fires just now finds nothing to do.
        fire_timer(
            ticket_id=self.ticket.pk, task_id=self.task.pk, after="PT24H",
            due=began.isoformat(), since=began.isoformat(),
        )  # fmt: skip
        fire_timer(
            ticket_id=self.ticket.pk, task_id=self.task.pk, after="PT24H", due=began.isoformat()
        )
        self.assertTrue(self.reload().waits_for_answer)
        self.assertEqual([str(each) for each in company_findings()], [])
        self.said(self.uma, "Red.")
        self.assertEqual((self.reload().status, self.timers()), ("OPEN", 1))
        self.assertEqual([str(each) for each in company_findings()], [])

    def test_it_has_as_much_working_time_as_was_left(self) -> None:
        BusinessCalendar.objects.update(week=OFFICE)
        for due, asked, answered, expected in (
            # Asked on Friday at 16, an hour before it was due, and answered on Sunday.
            ("2026-03-06T17:00", "2026-03-06T16:00", "2026-03-08T12:00", "2026-03-09T10:00"),
            # On Tuesday at 10, when two days were left.
            ("2026-03-05T10:00", "2026-03-03T10:00", "2026-03-06T15:00", "2026-03-10T15:00"),
            # When it was overdue for an hour.
            ("2026-03-03T10:00", "2026-03-03T11:00", "2026-03-03T15:00", "2026-03-03T14:00"),
        ):
            with self.subTest(asked):
                due_at, asked_at, now, wanted = (
                    datetime.fromisoformat(each).replace(tzinfo=UTC)
                    for each in (due, asked, answered, expected)
                )
                TaskInstance.objects.filter(pk=self.task.pk).update(due_at=due_at)
                ask_requester(task=self.task, user=self.wendy, text="?", token=asked, now=asked_at)
                go_on_without_answer(task=self.task, user=self.wendy, now=now)
                self.assertEqual(self.reload().due_at, wanted)

    def test_without_an_answer(self) -> None:
        self.ask()
        with self.assertRaises(NotYourTaskError):
            go_on_without_answer(task=self.task, user=self.terry, now=timezone.now())
        go_on_without_answer(task=self.task, user=self.wendy, now=timezone.now())
        self.assertEqual(self.reload().status, "OPEN")
        with self.assertRaises(NotWaitingError):
            go_on_without_answer(task=self.task, user=self.wendy, now=timezone.now())
        self.said(self.uma, "Red.")  # too late: it is a message like others
        self.assert_whole()

    def test_what_is_said_of_a_task_that_waits_or_goes_on(self) -> None:
        self.ask()
        for refused in (
            lambda: self.ask("And which size?"),
            lambda: complete_task(task=self.task, output={"ok": True}, user=self.wendy),
            lambda: save_task_answers(task=self.task, answers={"ok": True}, user=self.wendy),
            lambda: release_task(task=self.task, user=self.wendy, now=timezone.now()),
        ):
            with self.assertRaisesMessage(TaskNotWorkableError, "It waits for an answer."):
                refused()
        self.said(self.uma, "Red.")
        with self.assertRaisesMessage(NotWaitingError, "you can go on"):
            go_on_without_answer(task=self.task, user=self.wendy, now=timezone.now())
        complete_task(task=self.reload(), output={"ok": True}, user=self.wendy)
        with self.assertRaisesMessage(TaskNotWorkableError, "finished or cancelled"):
            go_on_without_answer(task=self.task, user=self.wendy, now=timezone.now())

    def test_what_is_refused(self) -> None:
        self.ask()
        self.said(self.uma, "Red.")
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        reassign_task(task=self.task, to=self.uma, by=self.terry, reason="She knows.")
        with self.assertRaises(NotYourTaskError):
            self.ask()
        with self.assertRaises(CannotAskOneselfError):
            ask_requester(task=self.task, user=self.uma, text="?", token="x", now=timezone.now())
        self.assertEqual(Message.objects.count(), 2)

    def test_the_same_form_asks_once(self) -> None:
        def ask() -> Written:
            return ask_requester(task=self.task, user=self.wendy, text="Why\r\nthis? ", token="a",
                                 now=timezone.now())  # fmt: skip

        first = ask().message
        for text in ("Why this one?", "Why that one?"):
            again = ask()
            self.assertEqual((again.message, again.is_new), (first, False))
            edit_message(message=first, user=self.wendy, text=text, now=timezone.now())
        self.said(self.uma, "Red.")
        self.assertEqual((ask().message, self.reload().status), (first, "OPEN"))
        self.assertEqual(Message.objects.count(), 2)
        self.assert_whole()

    def test_what_was_written_already_is_no_question(self) -> None:
        """The same form, sent as a message to all by another tab meanwhile."""
        written = self.write(self.wendy, "Why?", token="a").message
        again = ask_requester(
            task=self.task, user=self.wendy, text="Why?", token="a", now=timezone.now()
        )
        self.assertEqual((again.message, again.is_new), (written, False))
        self.assertFalse(self.reload().waits_for_answer)

    def test_ticket_admins_do_with_it_what_they_do_with_others(self) -> None:
        self.give_role(self.walt, SystemRole.TASK_WORKER)
        self.ask()
        hold_ticket(ticket=self.ticket, by=self.terry, reason="Wait.")
        resume_ticket(ticket=self.ticket, by=self.terry, reason="Go on.")
        self.assertEqual(self.timers(), 0)
        self.assertTrue(self.reload().waits_for_answer)
        reassign_task(task=self.task, to=self.walt, by=self.terry, reason="Holidays.")
        self.assertEqual((self.reload().status, self.task.assigned_to), ("OPEN", self.walt))
        self.assertIsNotNone(self.task.due_at)
        self.assert_whole()
        self.assertEqual([str(each) for each in company_findings()], [])

    def test_an_answer_on_hold_and_a_cancelled_ticket(self) -> None:
        self.ask()
        hold_ticket(ticket=self.ticket, by=self.terry, reason="Wait.")
        self.said(self.uma, "Red.")
        self.assertEqual(self.reload().status, "OPEN")
        self.assertEqual(self.timers(), 0)
        resume_ticket(ticket=self.ticket, by=self.terry, reason="Go on.")
        self.ask("And the size?")
        cancel_ticket(ticket=self.ticket, by=self.terry, reason="No.")
        self.said(self.uma, "Large.")
        self.assertEqual(self.reload().status, "CANCELLED")
        self.assert_whole()

    def test_a_worker_who_left_meanwhile(self) -> None:
        self.give_role(self.walt, SystemRole.TASK_WORKER)
        self.walt.is_available = True
        self.walt.save()
        self.ask()
        self.wendy.groups.clear()
        self.said(self.uma, "Red.")
        self.assertEqual(self.reload().assigned_to, self.walt)
        self.assert_whole()


class RequesterWhoLeavesTests(AskCase):
    """Who cannot answer is not asked, and nobody waits for them."""

    def switch_off(self) -> None:
        self.uma.is_active = False
        save_person(person=self.uma, roles=[SystemRole.USER], company_roles=None,
                    now=timezone.now(), actor=self.alice)  # fmt: skip

    def test_they_are_not_asked(self) -> None:
        self.switch_off()
        with self.assertRaises(RequesterGoneError):
            self.ask()
        self.assertEqual((self.reload().status, Message.objects.count()), ("OPEN", 0))
        self.log_in(self.wendy)
        self.assertNotContains(self.client.get(self.my_task), "The task waits until")
        answer = self.post(self.wendy, page=self.my_task, text="Which?", asks=self.task.pk)
        self.assertContains(answer, "cannot answer any more")
        self.assertContains(answer, "Which?")

    def test_the_task_goes_on_when_they_leave(self) -> None:
        self.ask()
        self.switch_off()
        task = self.reload()
        self.assertEqual((task.status, task.assigned_to), ("OPEN", self.wendy))
        assert task.due_at is not None
        self.assertGreater(task.due_at, self.due)
        self.assertEqual(self.timers(), 1)
        self.assert_whole()
        self.assertEqual([str(each) for each in company_findings()], [])

    def test_they_were_at_work_on_others(self) -> None:
        """Whoever asks and is asked at once: both are ended."""
        self.ask()
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        self.give_role(self.walt, SystemRole.USER)
        others = submit_ticket(definition=self.definition, data={"what": "A lamp"}, user=self.walt)
        TaskInstance.objects.filter(workflow_instance=others.workflow_instance_id).update(
            status="PENDING", assigned_to=self.uma
        )
        self.switch_off()
        self.assertEqual(self.reload().status, "OPEN")
        self.assertFalse(TaskInstance.objects.filter(assigned_to=self.uma).exists())


class WorkerWhoLeavesTests(AskCase):
    """Somebody who asked goes before the answer comes: nobody waits for them."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.give_role(self.walt, SystemRole.TASK_WORKER)
        self.walt.is_available = True
        self.walt.save()
        self.ask()

    def save(self, *roles: SystemRole) -> None:
        save_person(person=self.wendy, roles=roles, company_roles=None, now=timezone.now(),
                    actor=self.alice)  # fmt: skip

    def assert_given_to_walt(self) -> None:
        task = self.reload()
        self.assertEqual((task.assigned_to, task.status), (self.walt, "OPEN"))
        assert task.due_at is not None
        self.assertGreater(task.due_at, self.due)
        self.assertEqual(self.timers(), 1)
        self.assert_whole()
        self.assertEqual([str(each) for each in company_findings()], [])

    def test_who_is_switched_off(self) -> None:
        self.wendy.is_active = False
        self.save(SystemRole.TASK_WORKER)
        self.assert_given_to_walt()

    def test_who_is_no_task_worker_any_more(self) -> None:
        self.save(SystemRole.USER)
        self.assert_given_to_walt()

    def test_who_gives_all_to_others(self) -> None:
        release_tasks(user=self.wendy, now=timezone.now())
        self.assert_given_to_walt()

    def test_on_hold_it_is_given_out_when_the_ticket_goes_on(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason="Wait.")
        self.save(SystemRole.USER)
        self.assertIsNone(self.reload().assigned_to)
        resume_ticket(ticket=self.ticket, by=self.terry, reason="Go on.")
        self.assert_given_to_walt()

    def test_an_answer_on_hold_to_somebody_who_cannot_do_it(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason="Wait.")
        self.wendy.groups.clear()
        self.said(self.uma, "Red.")
        resume_ticket(ticket=self.ticket, by=self.terry, reason="Go on.")
        self.assert_given_to_walt()

    def move(self) -> None:
        """To a version in which only walt's role may do it."""
        role = CompanyRole.objects.create(name="Buyers")
        role.members.add(self.walt)
        draft = new_draft(workflow=self.definition.workflow, user=self.carla)
        fields = draft.tasks.get(key="check").fields
        draft.tasks.filter(key="order").update(fields=fields)
        draft.tasks.filter(key="check").update(candidate_role=role)
        published = publish_workflow(workflow=draft, user=self.carla)
        moves = move_tickets(tickets=[self.ticket], to=published, by=self.terry, reason="Newer.")
        self.assertEqual([each.refusal for each in moves], [""])

    def test_moved_to_a_version_in_which_they_may_not_do_it(self) -> None:
        self.move()
        self.assert_given_to_walt()

    def test_moved_on_hold(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason="Wait.")
        self.move()
        resume_ticket(ticket=self.ticket, by=self.terry, reason="Go on.")
        self.assert_given_to_walt()

    def test_the_doctor_finds_who_cannot_do_it(self) -> None:
        self.wendy.groups.clear()
        self.assertIn("who cannot do it", " ".join(str(each) for each in company_findings()))


class AskPageTests(AskCase):
    def test_on_screen(self) -> None:
        self.log_in(self.wendy)
        self.assertContains(self.client.get(self.my_task), "The task waits until Uma Urban answers")
        answer = self.post(self.wendy, page=self.my_task, text="Which colour?", asks=self.task.pk)
        page = self.client.get(answer.url)
        self.assertContains(page, "You asked Uma Urban.")
        self.assertNotContains(page, "The task waits until")
        tasks = reverse("admin:tickets_mytask_changelist")
        self.assertContains(self.client.get(tasks), "Check it")
        self.log_in(self.uma)
        page = self.client.get(self.my_ticket)
        self.assertContains(page, "Wendy Wells asks you something.")
        self.assertContains(page, "waiting for an answer of Uma Urban")
        self.post(self.uma, page=self.my_ticket, text="Red.")
        self.assertNotContains(self.client.get(self.my_ticket), "asks you something")
        self.log_in(self.wendy)
        self.assertContains(self.client.get(self.my_task), "Uma Urban answered. Check it goes on.")

    def test_what_was_filled_in_is_kept(self) -> None:
        save_task_answers(task=self.task, answers={"ok": True}, user=self.wendy)
        self.ask()
        self.log_in(self.wendy)
        self.assertContains(self.client.get(self.my_task), "You asked Uma Urban.")
        go_on = reverse("admin:tickets_message_go_on", args=(self.task.pk,))
        self.assertRedirects(self.client.post(go_on), self.my_task)
        self.assertContains(self.client.get(self.my_task), "These are the answers that you saved")

    def test_what_is_made_up(self) -> None:
        for asks in ("0", "x", "99999999999999999999", str(self.task.pk)):
            answer = self.post(self.terry, asks=asks, text="Not mine")
            self.assertIn(answer.status_code, (200, 302))
        self.assertEqual(self.reload().status, "OPEN")
        answer = self.post(self.wendy, asks=self.task.pk, visibility="INTERNAL", text="Colour?")
        self.assertContains(answer, "An internal note cannot ask")
        self.assertContains(answer, "Colour?")
        self.assertFalse(Message.objects.filter(visibility=INTERNAL).exists())
        go_on = reverse("admin:tickets_message_go_on", args=(self.task.pk,))
        for person in (self.uma, self.terry, self.charlie):
            self.log_in(person)
            self.assertEqual(self.client.post(go_on).status_code, 404)
