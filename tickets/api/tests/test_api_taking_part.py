"""Programs follow, link, prioritize and rate tickets, edit and hide messages, read notices."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tickets.api.tests.test_api_tickets import VacationCase
from tickets.models import Follower, Message, Notice, Ticket, TicketLink


class TwoTickets(VacationCase):
    def setUp(self) -> None:
        super().setUp()
        self.one = self.ticket()
        self.two = self.ticket()
        self.path = f"tickets/{self.one.pk}"


class FollowTests(TwoTickets):
    def test_one_follows_and_does_so_no_longer(self) -> None:
        path = f"{self.path}/following"
        self.ask(self.terry, "PUT", path, {"is_following": True}, expect=200)
        self.assertTrue(self.ask(self.terry, "GET", path).json()["is_following"])
        self.assertEqual(Follower.objects.get().person, self.terry)
        self.ask(self.terry, "PUT", path, {"is_following": False}, expect=200)
        self.assertFalse(Follower.objects.exists())

    def test_who_takes_part_is_listed(self) -> None:
        people = self.ask(self.uma, "GET", f"{self.path}/people", expect=200).json()["items"]
        requesters = [each["id"] for each in people if each["is_requester"]]
        self.assertEqual(requesters, [self.uma.pk])

    def test_nobody_else_does(self) -> None:
        stranger = self.carla
        for person in (self.charlie, stranger):
            for method, path, body in (
                ("GET", "people", None),
                ("GET", "following", None),
                ("PUT", "following", {"is_following": True}),
                ("GET", "links", None),
                ("POST", "links", {"ticket": self.two.pk, "kind": "RELATES"}),
                ("DELETE", "links/1", None),
                ("POST", "duplicate", {"of": self.two.pk, "reason": "x"}),
                ("PUT", "priority", {"priority": "high"}),
            ):
                with self.subTest(path, person=person.email):
                    answer = self.ask(person, method, f"{self.path}/{path}", body)
                    self.assert_problem(answer, 404)
        self.assertFalse(Follower.objects.exists() or TicketLink.objects.exists())


class LinkTests(TwoTickets):
    def test_tickets_are_linked_once_and_unlinked(self) -> None:
        path, body = f"{self.path}/links", {"ticket": self.two.pk, "kind": "RELATES"}
        key: dict[str, Any] = {"Idempotency-Key": "a-1"}
        made = self.ask(self.uma, "POST", path, body, **key, expect=201).json()
        self.ask(self.uma, "POST", path, body, **key, expect=201)
        self.assert_problem(self.ask(self.uma, "POST", path, body), 409)
        listed = self.ask(self.uma, "GET", path, expect=200).json()["items"]
        self.assertEqual([(each["link"], each["ticket"]) for each in listed],
                         [(made["link"], self.two.pk)])  # fmt: skip
        self.ask(self.uma, "DELETE", f"{path}/{made['link']}", expect=204)
        self.ask(self.uma, "DELETE", f"{path}/{made['link']}", expect=204)
        self.assertFalse(TicketLink.objects.exists())

    def test_a_duplicate_is_closed(self) -> None:
        body = {"of": self.two.pk, "reason": "The same trip"}
        self.assert_problem(self.ask(self.uma, "POST", f"{self.path}/duplicate", body), 403)
        closed = self.ask(self.terry, "POST", f"{self.path}/duplicate", body, expect=200).json()
        self.assertEqual(closed["status"], "CANCELLED")
        listed = self.ask(self.terry, "GET", f"{self.path}/links", expect=200).json()["items"]
        self.assertEqual((listed[0]["link"], listed[0]["is_duplicate"]), (None, True))


class PriorityAndRatingTests(TwoTickets):
    def test_who_has_the_task_or_all_tickets_sets_the_priority(self) -> None:
        path = f"{self.path}/priority"
        self.assert_problem(self.ask(self.uma, "PUT", path, {"priority": "urgent"}), 403)
        said = self.ask(self.terry, "PUT", path, {"priority": "urgent"}, expect=200).json()
        self.assertEqual(said["priority"], "urgent")
        self.ask(self.terry, "PUT", path, {"priority": "urgent"}, expect=200)
        self.assert_problem(self.ask(self.terry, "PUT", path, {"priority": "now"}), 422)

    def test_one_that_runs_is_not_rated(self) -> None:
        path = f"{self.path}/rating"
        self.assert_problem(self.ask(self.uma, "PUT", path, {"score": "GOOD"}), 409)
        self.assert_problem(self.ask(self.terry, "PUT", path, {"score": "GOOD"}), 403)
        self.assert_problem(self.ask(self.charlie, "PUT", path, {"score": "GOOD"}), 404)


class MessageTests(TwoTickets):
    def setUp(self) -> None:
        super().setUp()
        made = self.ask(
            self.uma, "POST", f"{self.path}/messages", {"text": "Hello"}, expect=201
        ).json()
        self.said = Message.objects.get(pk=made["id"])

    def test_ones_own_is_edited(self) -> None:
        path = f"messages/{self.said.pk}"
        self.ask(self.uma, "PUT", path, {"text": "Good day"}, expect=200)
        self.said.refresh_from_db()
        self.assertEqual(self.said.text, "Good day")
        self.assert_problem(self.ask(self.uma, "PUT", path, {"text": " "}), 409)
        for person in (self.terry, self.charlie):
            self.assert_problem(self.ask(person, "PUT", path, {"text": "Bye"}), 404)

    def test_a_ticket_admin_hides_it_and_shows_it_again(self) -> None:
        path = f"messages/{self.said.pk}"
        self.assert_problem(self.ask(self.uma, "POST", f"{path}/hide", {"reason": "x"}), 403)
        self.assert_problem(self.ask(self.charlie, "POST", f"{path}/hide", {"reason": "x"}), 404)
        self.ask(self.terry, "POST", f"{path}/hide", {"reason": "Rude"}, expect=204)
        timeline = self.ask(self.uma, "GET", f"{self.path}/timeline", expect=200)
        self.assertNotContains(timeline, "Hello")
        self.assert_problem(self.ask(self.uma, "PUT", path, {"text": "Bye"}), 404)
        self.assert_problem(self.ask(self.charlie, "POST", f"{path}/show"), 404)
        self.ask(self.terry, "POST", f"{path}/show", expect=204)
        self.assertContains(self.ask(self.uma, "GET", f"{self.path}/timeline"), "Hello")


class NoticeTests(TwoTickets):
    def setUp(self) -> None:
        super().setUp()
        self.told = Notice.objects.create(
            recipient=self.uma, kind="ticket_ended", ticket=Ticket.objects.get(pk=self.one.pk)
        )

    def test_they_are_read(self) -> None:
        path = f"notices/{self.told.pk}/read"
        for person in (self.terry, self.charlie):
            self.assert_problem(self.ask(person, "POST", path), 404)
        self.ask(self.uma, "POST", path, expect=204)
        self.told.refresh_from_db()
        self.assertIsNotNone(self.told.read_at)
        read = self.ask(self.charlie, "POST", "notices/read", {"up_to": 10**9}, expect=200).json()
        self.assertEqual(read["read"], 0)
        Notice.objects.filter(pk=self.told.pk).update(read_at=None)
        read = self.ask(self.uma, "POST", "notices/read", {"up_to": self.told.pk}).json()
        self.assertEqual(read["read"], 1)
        self.assertLess(self.told.created_at, timezone.now())

    def test_which_come_by_mail_is_chosen(self) -> None:
        wishes = self.ask(self.uma, "GET", "notices/by-mail", expect=200).json()["by_mail"]
        kind = next(iter(wishes))
        wanted = {"by_mail": {kind: "NEVER"}}
        said = self.ask(self.uma, "PUT", "notices/by-mail", wanted, expect=200).json()
        self.assertEqual(said["by_mail"], {**wishes, kind: "NEVER"})
        unknown = {"by_mail": {"nothing_such": "NEVER"}}
        self.assert_problem(self.ask(self.uma, "PUT", "notices/by-mail", unknown), 404)
