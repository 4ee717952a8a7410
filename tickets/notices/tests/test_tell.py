"""Who is told of what: in the transaction of what causes it, and nobody else."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.models import Notice, TicketError
from tickets.notices.kinds.mention import MENTION
from tickets.notices.tell import tell, tell_role
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of


def told(kind: str) -> list[tuple[User, int | None]]:
    found = Notice.objects.filter(kind=kind).select_related("recipient").order_by("pk")
    return [(each.recipient, each.ticket_id) for each in found]


class TellTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.ticket = self.submit()
        Notice.objects.all().delete()

    def mention(self, *people: User, by: User | None = None, key: str = "") -> int:
        return tell(MENTION, people, ticket_id=self.ticket.pk, by=by, key=key)

    def test_who_may_see_the_ticket_is_told_and_nobody_else(self) -> None:
        task = TaskInstance.objects.get(workflow_instance=self.ticket.workflow_instance)
        worker = task.assigned_to
        assert worker is not None
        other = self.walt if worker == self.wendy else self.wendy
        count = self.mention(self.uma, worker, other, self.terry, self.carla, self.charlie)
        self.assertEqual(count, 3)
        ticket = self.ticket.pk
        people = {person for person, about in told("MENTION") if about == ticket}
        self.assertEqual(people, {self.uma, worker, self.terry})

    def test_nobody_is_told_of_what_they_did(self) -> None:
        self.assertEqual(self.mention(self.uma, self.terry, by=self.terry), 1)
        self.assertEqual(Notice.objects.get().actor, self.terry)

    def test_who_was_deactivated_is_not_told(self) -> None:
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        self.assertEqual(self.mention(self.uma), 0)

    def test_of_one_key_a_person_is_told_once(self) -> None:
        self.assertEqual([self.mention(self.uma, key="m:1") for _time in range(2)], [1, 0])
        self.assertEqual([self.mention(self.uma) for _time in range(2)], [1, 1])

    def test_without_anybody_nothing_is_asked(self) -> None:
        definition_of(self.ticket.workflow_id)  # which the process keeps
        with self.assertNumQueries(0):
            self.assertEqual(self.mention(), 0)
        with self.assertNumQueries(1):
            self.mention(self.uma, self.terry)

    def test_a_role_is_told_in_this_company_only(self) -> None:
        self.assertEqual(tell_role(MENTION, SystemRole.ADMIN, ticket_id=None), 1)
        self.assertEqual(told("MENTION"), [(self.alice, None)])

    def test_what_is_undone_was_not_told(self) -> None:
        with transaction.atomic():
            self.mention(self.uma)
            transaction.set_rollback(True)
        self.assertFalse(Notice.objects.exists())

    def test_ticket_admins_are_told_of_an_error(self) -> None:
        TicketError.objects.create(ticket=self.ticket, error_type="TASK_UPDATE", message="x")
        self.assertEqual(told("ERROR"), [(self.terry, self.ticket.pk)])

    def test_a_cancelled_ticket_is_told_to_who_submitted_it(self) -> None:
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual(told("TICKET_ENDED"), [(self.uma, self.ticket.pk)])
        notice = Notice.objects.get(kind="TICKET_ENDED")
        self.assertEqual((notice.actor, notice.about), (self.terry, {"cancelled": True}))


class StepTests(ScreenTestCase):
    """What a step tells people stands in the statement of the step: see also StatementTests."""

    def submit_now(self) -> TaskInstance:
        ticket = submit_ticket(definition=self.definition, data={"what": "A desk"}, user=self.uma)
        return self.task_of(ticket)

    def test_the_worker_of_a_new_ticket_is_told_of_the_task(self) -> None:
        task = self.submit_now()
        ticket = task.workflow_instance.ticket
        self.assertEqual(told("TASK_GIVEN"), [(task.assigned_to, ticket.pk)])
        notice = Notice.objects.get()
        self.assertEqual(notice.about, {"task": task.pk, "title": task.definition.title})
        self.assertLess(timezone.now() - notice.created_at, timedelta(minutes=5))

    def test_a_step_tells_the_next_worker_and_who_submitted(self) -> None:
        task = self.submit_now()
        ticket = task.workflow_instance.ticket
        assert task.assigned_to is not None
        Notice.objects.all().delete()
        complete_task(task=task, output={"ok": True}, user=task.assigned_to)
        following = self.task_of(ticket)
        self.assertEqual(told("TASK_GIVEN"), [(following.assigned_to, ticket.pk)])
        self.assertEqual(told("TICKET_MOVED"), [(self.uma, ticket.pk)])
        assert following.assigned_to is not None
        output: JsonObject = {"ok": True} if following.definition.fields else {}
        complete_task(task=following, output=output, user=following.assigned_to)
        self.assertEqual(told("TICKET_ENDED"), [(self.uma, ticket.pk)])
        self.assertEqual(len(told("TICKET_MOVED")), 1)

    def test_a_task_without_a_worker_tells_nobody_yet(self) -> None:
        User.objects.filter(pk__in=(self.wendy.pk, self.walt.pk)).update(is_available=False)
        self.assertIsNone(self.submit_now().assigned_to)
        self.assertFalse(Notice.objects.exists())

    def test_who_is_given_a_task_by_hand_is_told_and_by_whom(self) -> None:
        task = self.submit_now()
        other = self.walt if task.assigned_to == self.wendy else self.wendy
        Notice.objects.all().delete()
        reassign_task(task=task, to=other, by=self.terry, reason="She knows it.")
        notice = Notice.objects.get()
        self.assertEqual((notice.recipient, notice.actor), (other, self.terry))
