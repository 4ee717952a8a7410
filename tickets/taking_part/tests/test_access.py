"""Who reads and writes what of a ticket's conversation."""

from __future__ import annotations

from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import outside
from tickets.conversation.errors import MayNotWriteError
from tickets.conversation.follow_ticket import follow_ticket
from tickets.conversation.hide_message import hide_message
from tickets.conversation.tests.talk_case import INTERNAL, TalkCase
from tickets.models import Follower
from tickets.repairing.reassign_task import reassign_task
from tickets.taking_part.access import Access, access_to, participants
from workflows.running.definition_cache import definition_of

READER = Access(public=True)
TEAM = Access(public=True, internal=True)
ADMIN = Access(public=True, internal=True, may_hide=True)


class AccessTests(TalkCase):
    def assert_access(self, **expected: Access) -> None:
        """Of each person, asked alone and among all; of everybody else: none."""
        among = {each.person.pk: each.access for each in participants(self.ticket)}
        for name in ("alice", "wendy", "walt", "terry", "carla", "uma", "charlie"):
            with self.subTest(name):
                with outside():
                    person = User.objects.select_related("company").get(pk=getattr(self, name).pk)
                wanted = expected.get(name, Access())
                self.assertEqual(access_to(self.ticket, person), wanted)
                self.assertEqual(among.get(person.pk, Access()), wanted)

    def test_the_requester_its_worker_and_ticket_admins(self) -> None:
        self.assert_access(uma=READER, wendy=TEAM, terry=ADMIN)

    def test_who_had_a_task_of_it_stays_on_its_team(self) -> None:
        self.give_role(self.walt, SystemRole.TASK_WORKER)
        reassign_task(task=self.task, to=self.walt, by=self.terry, reason="Holidays.")
        self.assert_access(uma=READER, wendy=TEAM, walt=TEAM, terry=ADMIN)

    def test_nobody_reads_more_by_following(self) -> None:
        for person in (self.carla, self.walt):
            Follower.objects.create(ticket=self.ticket, person=person, since=timezone.now())
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        follow_ticket(ticket=self.ticket, user=self.uma, now=timezone.now())
        self.assert_access(uma=READER, wendy=TEAM, terry=ADMIN, carla=READER, walt=READER)

    def test_a_requester_who_works_on_it_is_on_the_team(self) -> None:
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        reassign_task(task=self.task, to=self.uma, by=self.terry, reason="She knows.")
        self.assert_access(uma=TEAM, wendy=TEAM, terry=ADMIN)

    def test_who_is_switched_off_takes_no_part(self) -> None:
        User.objects.filter(pk__in=[self.uma.pk, self.terry.pk]).update(is_active=False)
        self.assert_access(wendy=TEAM)

    def test_a_superuser_who_came_in_looks_on_and_is_nobody_of_it(self) -> None:
        self.assertEqual(access_to(self.ticket, self.root), ADMIN)
        self.assertNotIn(self.root, [each.person for each in participants(self.ticket)])

    def test_what_is_hidden_is_for_ticket_admins(self) -> None:
        message = self.said(self.wendy, "Oops")
        hide_message(message=message, user=self.terry, reason="Wrong.", now=timezone.now())
        message.refresh_from_db()
        self.assertEqual([each.may_read(message) for each in (READER, TEAM, ADMIN)],
                         [False, False, True])  # fmt: skip

    def test_an_internal_note_is_for_the_team(self) -> None:
        note = self.said(self.wendy, "Between us", INTERNAL)
        self.assertEqual([each.may_read(note) for each in (Access(), READER, TEAM)],
                         [False, False, True])  # fmt: skip

    def test_only_who_takes_part_may_follow(self) -> None:
        follow_ticket(ticket=self.ticket, user=self.terry, now=timezone.now())
        follow_ticket(ticket=self.ticket, user=self.terry, now=timezone.now())
        self.assertEqual(Follower.objects.count(), 1)
        for person in (self.carla, self.charlie):
            with self.assertRaises(MayNotWriteError):
                follow_ticket(ticket=self.ticket, user=person, now=timezone.now())

    def test_the_statements_do_not_grow(self) -> None:
        definition_of(self.ticket.workflow_id)  # which the process keeps
        with self.assertNumQueries(5):
            participants(self.ticket)
        for person in (self.uma, self.wendy):
            fresh = User.objects.select_related("company").get(pk=person.pk)
            fresh.get_all_permissions()
            with self.assertNumQueries(1):
                access_to(self.ticket, fresh)
