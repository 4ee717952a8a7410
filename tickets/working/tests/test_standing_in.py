"""A deputy, while somebody is away: what they are told, see, take over and are given."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from itertools import pairwise
from typing import Any, ClassVar
from unittest.mock import patch

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.errors import OtherCompanyError
from tenants.mail.models import OutgoingMail
from tenants.models import User
from tenants.roles import SystemRole
from tickets.models import Notice
from tickets.notices.mail_notices import mail_notices
from tickets.notices.watch_tasks import tell_of_tasks
from tickets.repairing.reassign_task import reassign_task
from tickets.tests.screens import ScreenTestCase
from tickets.working.hand_over import hand_over
from tickets.working.take_over import take_over
from workflows.errors import (
    DeputyError,
    MayNotTakeOverError,
    NothingChangedError,
    TaskWaitsError,
)
from workflows.models import CompanyRole, TaskInstance, TaskStatus, WorkflowEvent
from workflows.people.absence import plan_absence, switch_absences
from workflows.people.change_availability import set_availability
from workflows.people.change_people import save_person
from workflows.people.deputies import name_deputy
from workflows.running.history import replay, stored_state
from workflows.running.people.deputies import MOST_FOLLOWED, acting_deputy, people_who_named

LIST = reverse("admin:tickets_mytask_changelist")
STANDING_IN = reverse("admin:tickets_mytask_standing_in")
DAY = timedelta(days=1)


class DeputyCase(ScreenTestCase):
    """Wendy has a task, walt is her deputy, and nobody else does tasks."""

    def set_up_once(self) -> None:
        super().set_up_once()
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        self.task = self.task_of(self.submit())
        self.assertEqual(self.task.assigned_to, self.wendy)
        User.objects.filter(pk=self.walt.pk).update(is_available=True)

    def name(self, person: User, deputy: User | None) -> None:
        name_deputy(user=person, deputy=deputy, actor=person)

    def send_away(self, person: User) -> None:
        set_availability(user=person, is_available=False, now=timezone.now(), actor=person)

    def now(self, person: User) -> User:
        found: User = User.objects.get(pk=person.pk)
        return found

    def holder(self) -> User | None:
        return TaskInstance.objects.get(pk=self.task.pk).assigned_to

    def worker(self, name: str) -> User:
        person = User(email=f"{name}@acme.example", company=self.acme, first_name=name)
        return save_person(
            person=person, roles=[SystemRole.TASK_WORKER], company_roles=[], now=timezone.now()
        )

    def told(self, person: User, kind: str) -> int:
        return Notice.objects.filter(recipient=person, kind=kind).count()


class WhoStandsInTests(DeputyCase):
    def test_only_while_they_are_away(self) -> None:
        self.name(self.wendy, self.walt)
        self.assertIsNone(acting_deputy(self.now(self.wendy)))
        self.send_away(self.wendy)
        self.assertEqual(acting_deputy(self.now(self.wendy)), self.walt)
        self.assertEqual(people_who_named(self.now(self.walt)), [self.wendy])
        set_availability(user=self.wendy, is_available=True, now=timezone.now())
        self.assertIsNone(acting_deputy(self.now(self.wendy)))
        self.assertEqual(people_who_named(self.now(self.walt)), [])

    def test_a_deputy_who_is_away_too_is_skipped(self) -> None:
        dora = self.worker("Dora")
        self.name(self.wendy, self.walt)
        self.name(self.walt, dora)
        self.send_away(self.wendy)
        self.send_away(self.walt)
        self.assertEqual(acting_deputy(self.now(self.wendy)), dora)
        self.assertEqual(people_who_named(dora), [self.walt, self.wendy])
        self.assertEqual(people_who_named(self.now(self.walt)), [])
        # She was told of both: of wendy, too, when walt went.
        self.assertEqual(self.told(dora, "STANDS_IN"), 3)

    def test_circles_and_long_chains_end(self) -> None:
        self.name(self.wendy, self.walt)
        self.name(self.walt, self.wendy)
        self.send_away(self.wendy)
        self.send_away(self.walt)
        self.assertIsNone(acting_deputy(self.now(self.wendy)))
        chain = [self.wendy, *(self.worker(f"W{number}") for number in range(MOST_FOLLOWED + 1))]
        for person, deputy in pairwise(chain):
            User.objects.filter(pk=person.pk).update(deputy=deputy, is_available=False)
        self.assertIsNone(acting_deputy(self.now(self.wendy)))
        self.assertEqual(acting_deputy(self.now(chain[1])), chain[-1])
        self.assertNotIn(self.wendy, people_who_named(chain[-1]))
        self.assertIn(chain[1], people_who_named(chain[-1]))

    def test_who_was_switched_off_stands_in_for_nobody(self) -> None:
        self.name(self.wendy, self.walt)
        self.send_away(self.wendy)
        walt = self.now(self.walt)
        walt.is_active = False
        save_person(
            person=walt, roles=[SystemRole.TASK_WORKER], company_roles=None, now=timezone.now()
        )
        self.assertIsNone(acting_deputy(self.now(self.wendy)))
        self.assertEqual(people_who_named(walt), [])
        self.log_in(self.wendy)
        page = self.client.get(reverse("admin:tickets_mytask_absence"))
        self.assertContains(page, "Walt Wood can stand in no more")

    def test_whom_nobody_can_name(self) -> None:
        for person in (self.wendy, self.uma, self.charlie):
            with self.subTest(person=str(person)), self.assertRaises(DeputyError):
                self.name(self.wendy, person)
        with self.assertRaises(OtherCompanyError):
            self.name(self.charlie, self.walt)

    def test_they_are_told_when_named_and_when_it_begins(self) -> None:
        now = timezone.now()
        self.name(self.wendy, self.walt)
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 1)
        self.name(self.wendy, self.walt)  # once more
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 1)
        plan_absence(user=self.wendy, away_from=now + DAY, away_until=now + 2 * DAY, now=now)
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 2)
        switch_absences(now=now + DAY)
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 3)
        self.log_in(self.walt)
        page = self.client.get(reverse("admin:notices"))
        self.assertContains(page, "Wendy Wells is away until")
        notice = Notice.objects.filter(recipient=self.walt).latest("pk")
        opened = self.client.get(reverse("admin:notice", args=[notice.pk]))
        self.assertIn(STANDING_IN, opened["Location"])
        self.assertEqual(AuditEvent.objects.filter(kind="people.deputy_named").count(), 1)

    def test_the_choosing_of_workers_is_locked_before_the_person(self) -> None:
        """As everybody else does: so no two wait for each other."""
        with CaptureQueriesContext(connection) as queries:
            self.name(self.wendy, self.walt)
        locks = ("assignment:", "FOR NO KEY UPDATE OF")
        taken = [each["sql"] for each in queries if any(lock in each["sql"] for lock in locks)]
        self.assertIn(locks[0], taken[0])
        self.assertIn(locks[1], taken[-1])

    def test_they_are_told_when_it_is_withdrawn(self) -> None:
        now = timezone.now()
        self.name(self.wendy, self.walt)
        for times in (1, 2):  # the same once more is told once more
            plan_absence(user=self.wendy, away_from=now + DAY, away_until=now + 2 * DAY, now=now)
            self.assertEqual(self.told(self.walt, "STANDS_IN"), 1 + times)
            plan_absence(user=self.wendy, away_from=None, away_until=None, now=now)
            self.assertEqual(self.told(self.walt, "STANDS_IN_NO_MORE"), times)
        notice = Notice.objects.filter(recipient=self.walt).latest("pk")
        self.assertEqual(set(notice.about), {"from", "until"})
        plan_absence(user=self.wendy, away_from=None, away_until=None, now=now)  # there was none
        self.assertEqual(self.told(self.walt, "STANDS_IN_NO_MORE"), 2)
        # One that has begun, by its form, which names nobody any more.
        plan_absence(user=self.wendy, away_from=now, away_until=now + DAY, now=now)
        self.log_in(self.wendy)
        self.client.post(reverse("admin:tickets_mytask_absence"), {"deputy": ""})
        self.assertEqual(self.told(self.walt, "STANDS_IN_NO_MORE"), 3)
        self.log_in(self.walt)
        self.assertContains(self.client.get(reverse("admin:notices")), "Wendy Wells is back before")
        # Whose time is over comes back, and nothing is withdrawn.
        self.name(self.wendy, self.walt)
        plan_absence(user=self.wendy, away_from=now, away_until=now + DAY, now=now)
        switch_absences(now=now + 2 * DAY)
        self.assertEqual(self.told(self.walt, "STANDS_IN_NO_MORE"), 3)

    def test_they_are_told_when_the_person_is_switched_off(self) -> None:
        self.name(self.wendy, self.walt)
        wendy = self.now(self.wendy)
        wendy.is_active = False
        roles = [SystemRole.TASK_WORKER]
        for _time in range(2):
            save_person(person=wendy, roles=roles, company_roles=None, now=timezone.now())
        notice = Notice.objects.get(recipient=self.walt, kind="STANDS_IN_NO_MORE")
        self.assertEqual((notice.actor, notice.about), (self.wendy, {"inactive": True}))
        self.log_in(self.walt)
        page = self.client.get(reverse("admin:notices"))
        self.assertContains(page, "Wendy Wells was deactivated")

    def test_of_many_one_is_searched(self) -> None:
        address = reverse("admin:tickets_mytask_absence")
        self.log_in(self.wendy)
        self.assertContains(self.client.get(address), '<select name="deputy"')
        with patch("workflows.people.pages.absence_form.MOST_LISTED", 0):
            page = self.client.get(address)
            self.assertNotContains(page, '<select name="deputy"')
            self.assertContains(page, "person/people.js")
            search = unescape(re.findall('data-people="([^"]+)"', page.content.decode())[0])
            for text, found in (("walt", [self.walt.email]), ("wendy", []), ("uma", [])):
                people = self.client.get(f"{search}&q={text}").json()["people"]
                self.assertEqual([each["email"] for each in people], found, text)
            for typed in (self.walt.email.upper(), " walt  WOOD "):
                User.objects.filter(pk=self.wendy.pk).update(deputy=None)
                self.client.post(address, {"deputy": typed})
                self.assertEqual(self.now(self.wendy).deputy, self.walt, typed)
            self.assertContains(self.client.get(address), f'value="{self.walt.email}"')
            for typed in (
                self.wendy.email,
                self.uma.email,
                "Nobody Known",
                "x\x00",
                str(self.walt.pk),
            ):
                answer = self.client.post(address, {"deputy": typed})
                self.assertContains(answer, str(DeputyError.message), msg_prefix=typed)
            self.worker("Walt2")
            User.objects.filter(first_name="Walt2").update(first_name="Walt", last_name="Wood")
            answer = self.client.post(address, {"deputy": "Walt Wood"})
            self.assertContains(answer, "Several people are called that")
            self.assertContains(answer, 'value="Walt Wood"')

    def test_who_stays_away_longer_has_them_told(self) -> None:
        now = timezone.now()
        self.name(self.wendy, self.walt)
        for days, told in ((1, 2), (3, 3), (3, 3)):
            plan_absence(user=self.wendy, away_from=now, away_until=now + days * DAY, now=now)
            self.assertEqual(self.told(self.walt, "STANDS_IN"), told, days)

    def test_who_comes_back_is_told_for_whom_they_stand_in(self) -> None:
        dora = self.worker("Dora")
        self.name(self.wendy, self.walt)
        self.name(self.walt, dora)
        self.send_away(self.walt)
        self.send_away(self.wendy)
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 1)
        set_availability(user=self.walt, is_available=True, now=timezone.now())
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 2)
        notice = Notice.objects.filter(recipient=self.walt).latest("pk")
        self.assertEqual((notice.actor, notice.about), (self.wendy, {"away": True}))

    def test_who_is_switched_on_again_is_told_for_whom_they_stand_in(self) -> None:
        self.name(self.wendy, self.walt)
        for is_active in (False, True):
            walt = self.now(self.walt)
            walt.is_active = is_active
            roles = [SystemRole.TASK_WORKER]
            save_person(person=walt, roles=roles, company_roles=None, now=timezone.now())
            if not is_active:
                self.send_away(self.wendy)
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 2)

    def test_who_comes_and_goes_tells_them_once_a_day(self) -> None:
        self.name(self.wendy, self.walt)
        for _time in range(3):
            self.send_away(self.wendy)
            set_availability(user=self.wendy, is_available=True, now=timezone.now())
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 2)

    def test_many_for_whom_they_stood_in_cost_no_more(self) -> None:
        dora = self.worker("Dora")
        self.name(self.walt, dora)
        costs = []
        for number in range(2):
            for name in "AB":
                person = self.worker(f"{name}{number}")
                User.objects.filter(pk=person.pk).update(deputy=self.walt, is_available=False)
            with CaptureQueriesContext(connection) as queries:
                self.send_away(self.walt)
            costs.append(len(queries))
            self.assertEqual(self.told(dora, "STANDS_IN"), 2 + 2 * (number + 1))
            set_availability(user=self.walt, is_available=True, now=timezone.now())
        self.assertEqual(*costs)


class GivenByNameTests(DeputyCase):
    roles: ClassVar[list[str]] = []

    def set_up_once(self) -> None:
        super().set_up_once()
        self.dora = self.worker("Dora")
        self.name(self.wendy, self.walt)
        self.send_away(self.wendy)
        # Dora has it.
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        reassign_task(
            task=self.task, to=self.dora, by=self.terry, reason="Busy", now=timezone.now()
        )
        User.objects.filter(pk=self.walt.pk).update(is_available=True)

    def hand(self, to: User) -> User | None:
        return hand_over(task=self.task, to=to, by=self.dora, reason="Yours", now=timezone.now())

    def test_it_goes_to_the_deputy(self) -> None:
        self.log_in(self.dora)
        page = self.client.get(reverse("admin:tickets_mytask_hand_over", args=[self.task.pk]))
        self.assertContains(page, "away, and Walt Wood stands in")
        self.assertEqual(self.hand(self.wendy), self.walt)
        self.assertEqual(self.holder(), self.walt)
        event = WorkflowEvent.objects.filter(kind="ASSIGNED").latest("pk")
        self.assertEqual(event.data["for_id"], self.wendy.pk)
        self.assertEqual(self.told(self.walt, "TASK_GIVEN"), 1)
        instance = self.task.workflow_instance
        events = WorkflowEvent.objects.filter(workflow_instance=instance)
        self.assertEqual(replay(events), stored_state(instance))
        self.log_in(self.terry)
        ticket = reverse("admin:tickets_ticket_change", args=[instance.ticket.pk])
        self.assertContains(self.client.get(ticket), "Walt Wood, who stands in for Wendy Wells")

    def test_it_goes_to_whom_it_is_given_where_the_deputy_may_not_have_it(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        role.members.add(self.wendy, self.dora)
        self.task.definition.__class__.objects.filter(pk=self.task.definition_id).update(
            candidate_role=role
        )
        self.assertEqual(self.hand(self.wendy), self.wendy)

    def test_a_deputy_who_gives_it_means_whom_they_name(self) -> None:
        self.assertEqual(self.hand(self.walt), self.walt)
        given = hand_over(
            task=self.task, to=self.wendy, by=self.walt, reason="Later", now=timezone.now()
        )
        self.assertEqual(given, self.wendy)

    def test_so_it_goes_for_a_ticket_admin(self) -> None:
        reassign_task(
            task=self.task, to=self.wendy, by=self.terry, reason="Hers", now=timezone.now()
        )
        self.assertEqual(self.holder(), self.walt)

    def test_who_gives_it_once_more_takes_nothing_from_the_deputy(self) -> None:
        again: dict[str, Any] = {
            "task": self.task,
            "to": self.wendy,
            "by": self.terry,
            "reason": "Hers",
        }
        reassign_task(**again)
        with self.assertRaises(NothingChangedError):
            reassign_task(**again)
        self.assertEqual(self.holder(), self.walt)
        reassign_task(**again, from_deputy=True)
        self.assertEqual(self.holder(), self.wendy)

    def test_the_rule_gives_nobody_more_than_their_share(self) -> None:
        """What nobody is named for goes to who is there and has least to do, deputy or not."""
        given = [self.task_of(self.submit()).assigned_to for _number in range(3)]
        # Dora had one already.
        self.assertEqual(given, [self.walt, self.dora, self.walt])


class TakingOverTests(DeputyCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.name(self.wendy, self.walt)
        self.address = reverse("admin:tickets_mytask_take_over", args=[self.task.pk])

    def take(self) -> None:
        take_over(task=self.task, by=self.walt, now=timezone.now())

    def test_the_list_and_its_button(self) -> None:
        self.log_in(self.walt)
        self.assertNotContains(self.client.get(LIST), STANDING_IN)
        self.assertContains(self.client.get(STANDING_IN), "You stand in for nobody now")
        self.send_away(self.wendy)
        page = self.client.get(LIST)
        self.assertContains(page, "You stand in for Wendy Wells.")
        self.assertContains(self.client.get(STANDING_IN), self.address)
        page = self.client.post(self.address, follow=True)
        self.assertContains(page, "is yours now")
        self.assertEqual(self.holder(), self.walt)
        event = WorkflowEvent.objects.filter(kind="ASSIGNED").latest("pk")
        self.assertEqual((event.data["for_id"], event.actor), (self.wendy.pk, self.walt))
        # A second click leads there, too.
        self.assertEqual(self.client.post(self.address).status_code, 302)
        self.assertContains(self.client.get(STANDING_IN), "No open task that you may take over")
        instance = self.task.workflow_instance
        events = WorkflowEvent.objects.filter(workflow_instance=instance)
        self.assertEqual(replay(events), stored_state(instance))

    def test_who_is_back_keeps_their_tasks(self) -> None:
        with self.assertRaises(MayNotTakeOverError):
            self.take()
        self.log_in(self.walt)
        page = self.client.post(self.address, follow=True)
        self.assertContains(page, "You cannot take this task over")
        self.assertEqual(self.holder(), self.wendy)

    def test_no_more_than_their_company_roles_allow(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        role.members.add(self.wendy)
        self.task.definition.__class__.objects.filter(pk=self.task.definition_id).update(
            candidate_role=role
        )
        self.send_away(self.wendy)
        with self.assertRaises(MayNotTakeOverError):
            self.take()
        self.log_in(self.walt)
        page = self.client.get(STANDING_IN)
        self.assertNotContains(page, str(self.task.workflow_instance.ticket))
        self.assertEqual(self.client.post(self.address).status_code, 404)

    def test_a_task_that_waits_is_named_to_who_stands_in_alone(self) -> None:
        TaskInstance.objects.filter(pk=self.task.pk).update(status=TaskStatus.PENDING)
        with self.assertRaises(MayNotTakeOverError):
            self.take()
        self.send_away(self.wendy)
        with self.assertRaises(TaskWaitsError):
            self.take()

    def test_others_do_nothing(self) -> None:
        self.send_away(self.wendy)
        dora = self.worker("Dora")
        self.log_in(dora)
        self.assertContains(self.client.get(STANDING_IN), "You stand in for nobody now")
        self.client.post(self.address)
        for person, status in ((self.uma, 403), (self.terry, 403), (self.charlie, 404)):
            with self.subTest(person=str(person)):
                self.log_in(person)
                self.assertEqual(self.client.post(self.address).status_code, status)
        self.assertEqual(self.holder(), self.wendy)

    def test_what_is_due_is_told_to_both(self) -> None:
        self.send_away(self.wendy)
        now = timezone.now()
        TaskInstance.objects.filter(pk=self.task.pk).update(due_at=now - DAY)
        tell_of_tasks(now=now)
        self.assertEqual(self.told(self.wendy, "OVERDUE"), 1)
        self.assertEqual(self.told(self.walt, "OVERDUE"), 1)
        notice = Notice.objects.get(recipient=self.walt, kind="OVERDUE")
        self.log_in(self.walt)
        opened = self.client.get(reverse("admin:notice", args=[notice.pk]))
        self.assertIn(STANDING_IN, opened["Location"])
        self.assertEqual(tell_of_tasks(now=now), 0)

    @override_settings(MAIL_IN_ADDRESS="reply@tickets.example")
    def test_who_only_stands_in_is_offered_no_answer_by_mail(self) -> None:
        self.send_away(self.wendy)
        now = timezone.now()
        TaskInstance.objects.filter(pk=self.task.pk).update(due_at=now - DAY)
        tell_of_tasks(now=now)
        Notice.objects.exclude(kind="OVERDUE").delete()
        mail_notices(now=now)
        offers = dict(OutgoingMail.objects.values_list("to", "reply_to"))
        self.assertTrue(offers[self.wendy.email])
        self.assertEqual(offers[self.walt.email], "")

    def test_what_is_due_is_not_told_to_a_deputy_without_the_role(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        self.task.definition.__class__.objects.filter(pk=self.task.definition_id).update(
            candidate_role=role
        )
        self.send_away(self.wendy)
        now = timezone.now()
        TaskInstance.objects.filter(pk=self.task.pk).update(due_at=now - DAY)
        tell_of_tasks(now=now)
        self.assertEqual(self.told(self.walt, "OVERDUE"), 0)


class ByAnAdminTests(DeputyCase):
    def test_an_admin_says_it_for_who_is_ill(self) -> None:
        page = reverse("admin:tenants_user_absence", args=[self.wendy.pk])
        person = reverse("admin:tenants_user_change", args=[self.wendy.pk])
        self.log_in(self.alice)
        self.assertContains(self.client.get(person), page)
        times = {"away_from": "2020-07-01T08:00", "away_until": "2999-07-15T08:00"}
        answer = self.client.post(page, {**times, "deputy": self.walt.pk})
        self.assertRedirects(answer, person)
        wendy = self.now(self.wendy)
        self.assertEqual((wendy.is_available, wendy.deputy), (False, self.walt))
        self.assertEqual(acting_deputy(wendy), self.walt)
        self.assertEqual(self.told(self.walt, "STANDS_IN"), 1)
        self.assertContains(self.client.get(person), "Deputy: Walt Wood.")
        for kind in ("people.absence_planned", "people.deputy_named"):
            event = AuditEvent.objects.filter(kind=kind).latest("pk")
            self.assertEqual(event.actor_id, self.alice.pk)

    def test_what_is_wrong_is_said_and_nothing_saved(self) -> None:
        page = reverse("admin:tenants_user_absence", args=[self.wendy.pk])
        self.log_in(self.alice)
        times = {"away_from": "2020-07-02T08:00", "away_until": "2020-07-01T08:00"}
        answer = self.client.post(page, {**times, "deputy": self.walt.pk})
        self.assertEqual(list(answer.context["form"].errors), ["away_until"])
        self.assertIsNone(self.now(self.wendy).deputy)
        for nobody in (self.wendy.pk, self.charlie.pk, "x", "9" * 30):
            answer = self.client.post(page, {"deputy": nobody})
            self.assertEqual(list(answer.context["form"].errors), ["deputy"])
        self.assertNotContains(self.client.get(page), "Charlie")

    def test_the_deputy_is_told_how_it_is_after_all_of_it(self) -> None:
        now = timezone.now()
        plan_absence(user=self.wendy, away_from=now, away_until=now + DAY, now=now)
        self.log_in(self.alice)
        page = reverse("admin:tenants_user_absence", args=[self.wendy.pk])
        self.client.post(page, {"away_from": "", "away_until": "", "deputy": self.walt.pk})
        self.assertTrue(self.now(self.wendy).is_available)
        notice = Notice.objects.get(recipient=self.walt, kind="STANDS_IN")
        self.assertEqual(notice.about, {})

    def test_others_may_not(self) -> None:
        page = reverse("admin:tenants_user_absence", args=[self.wendy.pk])
        for person, status in ((self.walt, 403), (self.terry, 403), (self.charlie, 404)):
            self.log_in(person)
            self.assertEqual(self.client.get(page).status_code, status, str(person))
