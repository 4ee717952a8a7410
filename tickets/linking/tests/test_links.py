from __future__ import annotations

from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.models import User
from tickets.conversation.follow_ticket import follow_ticket
from tickets.errors import ReasonMissingError
from tickets.linking import link_tickets as linking
from tickets.linking.errors import (
    DuplicateInCircleError,
    LinkedAlreadyError,
    LinkToItselfError,
    MayNotLinkError,
    MayNotMarkDuplicateError,
    NoSuchTicketError,
    NotOfOtherTeamError,
    TooManyLinksError,
)
from tickets.linking.link_tickets import link_tickets, unlink_tickets
from tickets.linking.mark_duplicate import mark_as_duplicate
from tickets.linking.pages import links_section
from tickets.linking.pages.links_section import Links
from tickets.models import Follower, LinkKind, Notice, Ticket, TicketLink
from tickets.seeing import Viewer, cancel_reason
from tickets.taking_part.access import access_to, tickets_seen_by
from tickets.tests.screens import ScreenTestCase
from workflows.errors import WorkflowEndedError
from workflows.models import TaskInstance, WorkflowEvent


class LinkCase(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.one, self.other, self.third = (self.submit(what=each) for each in "abc")
        self.now = timezone.now()

    def link(self, **more: Any) -> TicketLink:
        sent = {"ticket": self.one, "number": self.other.pk, "kind": LinkKind.RELATES, **more}
        return link_tickets(**{"user": self.terry, "now": self.now, **sent})

    def mark(self, ticket: Ticket, other: Ticket, **more: Any) -> Ticket:
        sent = {"user": self.terry, "reason": "The same.", "now": self.now, **more}
        return mark_as_duplicate(ticket=ticket, number=other.pk, **sent)

    def shown(self, ticket: Ticket, person: Any) -> list[tuple[str, int]]:
        links = Links(ticket, person, access_to(ticket, person))
        return [(str(each.label), each.other.pk) for each in links.shown]

    def seen_by_another(self) -> Ticket:
        """Of wendy as a user; uma takes no part in it."""
        self.make_user_too("wendy")
        Ticket.objects.filter(pk=self.other.pk).update(created_by=self.wendy)
        return Ticket.objects.get(pk=self.other.pk)


class LinkTests(LinkCase):
    def test_both_show_it_in_their_direction(self) -> None:
        self.link(kind=LinkKind.FOLLOW_UP)
        self.assertEqual(self.shown(self.one, self.uma), [("Is a follow-up of", self.other.pk)])
        self.assertEqual(self.shown(self.other, self.terry), [("Has the follow-up", self.one.pk)])

    def test_only_tickets_that_one_may_see_are_named(self) -> None:
        other = self.seen_by_another()
        self.link()
        self.assertEqual(self.shown(self.one, self.uma), [])
        self.assertEqual(len(self.shown(self.one, self.terry)), 1)
        follow_ticket(ticket=other, user=self.terry, now=self.now)
        Follower.objects.create(ticket=other, person=self.uma, since=self.now)
        self.assertEqual(len(self.shown(self.one, self.uma)), 1)

    def test_who_sees_which_tickets_is_what_access_says(self) -> None:
        self.seen_by_another()
        Follower.objects.create(ticket=self.third, person=self.walt, since=self.now)
        people = (self.alice, self.wendy, self.walt, self.terry, self.carla, self.uma,
                  self.charlie, self.root)  # fmt: skip
        for person in people:
            seen = set(tickets_seen_by(person).values_list("pk", flat=True))
            allowed = {each.pk for each in Ticket.objects.all() if access_to(each, person)}
            self.assertEqual(seen, allowed, str(person))

    def test_who_may_link_what(self) -> None:
        self.link(user=self.uma)
        TicketLink.objects.all().delete()
        self.link(user=self.wendy)
        for person in (self.walt, self.alice, self.charlie):
            with self.assertRaises(MayNotLinkError):
                self.link(user=person)
        Follower.objects.create(ticket=self.one, person=self.walt, since=self.now)
        with self.assertRaises(MayNotLinkError):
            self.link(user=self.walt)
        with self.assertRaises(MayNotLinkError):
            self.link(kind=LinkKind.DUPLICATE)

    def test_what_is_refused(self) -> None:
        with self.assertRaises(LinkToItselfError):
            self.link(number=self.one.pk)
        for number in (0, 10**12):
            with self.assertRaises(NoSuchTicketError):
                self.link(number=number)
        self.seen_by_another()
        Ticket.objects.filter(pk=self.third.pk).update(created_by=self.terry)
        with self.assertRaises(NoSuchTicketError):
            self.link(number=self.other.pk, user=self.uma)
        self.link()
        with self.assertRaises(LinkedAlreadyError):
            self.link(ticket=self.other, number=self.one.pk)

    def test_it_is_taken_away_by_who_may_link(self) -> None:
        link = self.link()
        with self.assertRaises(MayNotLinkError):
            unlink_tickets(link=link, ticket=self.one, user=self.walt)
        for _time in range(2):
            unlink_tickets(link=link, ticket=self.one, user=self.wendy)
        self.assertFalse(TicketLink.objects.exists())

    def test_what_one_cannot_see_one_cannot_take_away(self) -> None:
        self.seen_by_another()
        links = [self.link()]
        links.append(self.link(number=self.third.pk))
        unlink_tickets(link=links[0], ticket=self.one, user=self.uma)
        unlink_tickets(link=links[1], ticket=self.one, user=self.uma)
        self.assertEqual(TicketLink.objects.get(), links[0])
        TicketLink.objects.update(kind=LinkKind.DUPLICATE)
        link = TicketLink.objects.get()
        unlink_tickets(link=link, ticket=self.one, user=self.uma)
        with self.assertRaises(MayNotLinkError):
            unlink_tickets(link=link, ticket=self.one, user=self.terry)
        self.assertTrue(TicketLink.objects.exists())

    def test_a_ticket_has_so_many_links_and_no_more(self) -> None:
        self.link()
        with mock.patch.object(linking, "MOST_LINKS", 1):
            for more in (
                {"number": self.third.pk},
                {"ticket": self.third, "number": self.one.pk},
            ):
                with self.assertRaises(TooManyLinksError) as raised:
                    self.link(**more)
                self.assertIn(f"#{self.one.pk} is linked to 1", str(raised.exception))
            with self.assertRaises(TooManyLinksError):
                self.mark(self.third, self.one)
            self.mark(self.one, self.other)

    def test_a_page_shows_some_and_loads_no_answers(self) -> None:
        self.link(number=self.third.pk)
        self.link()
        TicketLink.objects.filter(other=self.other).update(kind=LinkKind.DUPLICATE)
        with mock.patch.object(links_section, "MOST_SHOWN", 1):
            for person in (self.uma, self.terry):
                links = Links(self.one, person, access_to(self.one, person))
                (shown,) = links.shown
                self.assertEqual((shown.other, links.more), (self.other, 1))
                self.assertIn("data", shown.other.get_deferred_fields())
            self.log_in(self.uma)
            page = reverse("admin:tickets_myticket_change", args=(self.one.pk,))
            self.assertContains(self.client.get(page), "1 more is not shown.")
        self.assertNotContains(self.client.get(page), "not shown.")

    def test_many_links_cost_as_many_queries_as_one(self) -> None:
        self.link()
        access = access_to(self.one, self.uma)
        with self.assertNumQueries(2):
            self.assertEqual(len(Links(self.one, self.uma, access).shown), 1)
        self.link(number=self.third.pk)
        with self.assertNumQueries(2):
            self.assertEqual(len(Links(self.one, self.uma, access).shown), 2)


class DuplicateTests(LinkCase):
    def test_it_ends_and_points_to_the_other(self) -> None:
        task = self.task_of(self.one)
        self.mark(self.one, self.other)
        ticket = Ticket.objects.get(pk=self.one.pk)
        self.assertEqual(ticket.status, "CANCELLED")
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).status, "CANCELLED")
        self.assertEqual(self.shown(ticket, self.uma), [("Is a duplicate of", self.other.pk)])
        self.assertEqual(self.shown(self.other, self.uma), [("Has the duplicate", ticket.pk)])
        event = WorkflowEvent.objects.get(kind="DUPLICATE")
        self.assertEqual((event.actor, event.data["of"]), (self.terry, self.other.pk))
        self.assertEqual(cancel_reason(ticket, viewer=Viewer.REQUESTER), "The same.")
        kinds = {(each.kind, each.recipient) for each in Notice.objects.filter(ticket=ticket)}
        self.assertTrue({("TICKET_ENDED", self.uma), ("TASK_GONE", self.wendy)} <= kinds)

    def test_its_people_follow_the_other(self) -> None:
        other = self.seen_by_another()
        Follower.objects.create(ticket=self.one, person=self.walt, since=self.now)
        self.mark(self.one, other)
        following = Follower.objects.filter(ticket=other).values_list("person", flat=True)
        self.assertEqual(set(following), {self.uma.pk, self.walt.pk})
        self.assertTrue(access_to(other, self.uma).public)
        self.assertFalse(access_to(other, self.uma).internal)

    def test_not_in_a_circle(self) -> None:
        self.mark(self.one, self.other)
        self.mark(self.other, self.third)
        for last in (self.one, self.other):
            with self.assertRaises(DuplicateInCircleError):
                self.mark(self.third, last)
        with self.assertRaises(WorkflowEndedError):
            self.mark(self.one, self.third)

    def test_a_link_that_says_less_gives_way(self) -> None:
        self.link(ticket=self.other, number=self.one.pk)
        self.mark(self.one, self.other)
        link = TicketLink.objects.get()
        self.assertEqual((link.ticket, link.kind), (self.one, "DUPLICATE"))
        with self.assertRaises(MayNotLinkError):
            unlink_tickets(link=link, ticket=self.one, user=self.terry)

    def test_only_its_worker_and_ticket_admins_may_and_they_say_why(self) -> None:
        for person in (self.uma, self.walt, self.alice, self.charlie):
            with self.assertRaises(MayNotMarkDuplicateError):
                self.mark(self.one, self.other, user=person)
        with self.assertRaises(ReasonMissingError):
            self.mark(self.one, self.other, reason=" ")
        self.mark(self.one, self.other, user=self.wendy)

    def test_who_merely_follows_the_other_lets_nobody_else_read_it(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        User.objects.filter(pk=self.walt.pk).update(is_available=True)
        other = self.submit()
        self.assertEqual(self.task_of(other).assigned_to, self.walt)
        Follower.objects.create(ticket=other, person=self.wendy, since=self.now)
        Follower.objects.create(ticket=self.one, person=self.alice, since=self.now)
        with self.assertRaises(NotOfOtherTeamError):
            self.mark(self.one, other, user=self.wendy)
        self.assertFalse(Ticket.objects.get(pk=self.one.pk).has_ended)
        self.assertEqual(Follower.objects.filter(ticket=other).count(), 1)

    def test_a_task_that_goes_meanwhile_gives_no_right(self) -> None:
        def loses_it(*args: Any, **more: Any) -> Ticket:
            its = TaskInstance.objects.filter(workflow_instance=self.one.workflow_instance_id)
            its.update(assigned_to=self.walt)
            return linking.lock_both(*args, **more)

        with (
            mock.patch("tickets.linking.mark_duplicate.lock_both", loses_it),
            self.assertRaises(MayNotMarkDuplicateError),
        ):
            self.mark(self.one, self.other, user=self.wendy)

    def test_the_audit_log_tells_of_both(self) -> None:
        Follower.objects.create(ticket=self.one, person=self.walt, since=self.now)
        self.mark(self.one, self.other)
        event = AuditEvent.objects.get(kind="tickets.joined_duplicate")
        self.assertEqual(event.subject_id, str(self.other.pk))
        self.assertEqual(event.data["duplicate"], self.one.pk)
        self.assertEqual(event.data["followers"], [self.walt.pk])


class LinkPagesTests(LinkCase):
    def address(self, name: str, ticket: Ticket) -> str:
        return reverse(f"admin:tickets_message_{name}", args=(ticket.pk,))

    def test_a_requester_links_own_tickets_on_screen(self) -> None:
        self.log_in(self.uma)
        page = reverse("admin:tickets_myticket_change", args=(self.one.pk,))
        self.assertContains(self.client.get(page), self.address("link", self.one))
        self.assertNotContains(self.client.get(page), self.address("duplicate", self.one))
        for typed in ("", "abc", "#", "9" * 30):
            sent = {"kind": "RELATES", "number": typed}
            answer = self.client.post(self.address("link", self.one), sent)
            self.assertContains(answer, "Write the number of a ticket")
        sent = {"kind": "RELATES", "number": f"#{self.other.pk} "}
        answer = self.client.post(self.address("link", self.one), sent, follow=True)
        self.assertContains(answer, "Linked tickets")
        self.assertContains(answer, str(self.other))
        link = TicketLink.objects.get()
        self.client.post(self.address("unlink", self.one), {"link": link.pk})
        self.assertFalse(TicketLink.objects.exists())

    def test_a_worker_closes_a_duplicate_on_screen(self) -> None:
        self.log_in(self.wendy)
        answer = self.client.post(self.address("duplicate", self.one), {"number": "#9999"})
        self.assertContains(answer, "Say why")
        sent = {"number": "#9999", "reason": "The same."}
        answer = self.client.post(self.address("duplicate", self.one), sent)
        self.assertContains(answer, "There is no ticket #9999 that you may see.")
        sent["number"] = f"{self.other.pk}"
        answer = self.client.post(self.address("duplicate", self.one), sent, follow=True)
        self.assertContains(answer, f"a duplicate of ticket #{self.other.pk}")
        again = self.client.get(self.address("duplicate", self.one), follow=True)
        self.assertContains(again, "ended")

    def test_others_cannot_tell_that_it_is_there(self) -> None:
        for person in (self.walt, self.alice, self.charlie):
            self.log_in(person)
            for name in ("link", "duplicate"):
                self.assertEqual(self.client.get(self.address(name, self.one)).status_code, 404)
