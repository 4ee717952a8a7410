"""The votes of an approval are given out at once: to whom they would go one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, ClassVar

from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tickets.advancing.tests.block_case import BlockCase, form
from tickets.advancing.tests.test_statements_of_a_step import NOT_COUNTED
from tickets.repairing.cancel_ticket import cancel_ticket
from workflows.engine.process import JsonObject
from workflows.engine.steps.approvals import with_votes
from workflows.models import Path, TaskInstance
from workflows.running.people.assignment import assign_by_rule
from workflows.running.people.votes import assign_votes

YES: JsonObject = {"vote": "approve"}
ROUNDS = 12


class VotesTogetherTests(BlockCase):
    people: ClassVar[list[User]]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.people = [
            User.objects.create_user(
                email=f"p{number}@acme.example", first_name=f"P{number}", company=cls.acme
            )
            for number in range(13)
        ]
        for person in cls.people:
            cls().give_role(person, SystemRole.TASK_WORKER)

    def ask(self, *people: User, **more: Any) -> None:
        """A ticket that stands at the form before its approval."""
        approval: JsonObject = {
            "key": "approve",
            "title": "Approve",
            "task_type": "APPROVAL",
            "approvers": {"people": [each.email for each in people]},
            "needed": "1",
            **more,
        }
        self.define(
            form("first"),
            *(dict(each) for each in with_votes([approval])),
            form("last"),
            ways=[
                (None, "first"),
                ("first", "approve"),
                ("approve", "last", {"condition": {"var": "tasks.approve.approved"}}),
                ("approve", None, {"label": "refused", "priority": 1}),
                ("last", None),
            ],
        )
        self.submit()

    def open_votes(self) -> list[TaskInstance]:
        return self.tasks("approve.vote", "OPEN", "PENDING")

    def count(self, act: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as queries:
            act()
        return sum(not each["sql"].startswith(NOT_COUNTED) for each in queries)

    def statements(self, count: int) -> dict[str, int]:
        """Of what is done with an approval of so many people, of whom the last one is away."""
        reminders = [{"when": "P1D"}]
        self.ask(*self.people[:count], reminders=reminders, due_in="P2D")
        self.complete("first")  # reads what is read once for ever
        found = {}
        for last in ("deciding", "cancelling"):
            self.submit()
            first = self.task("first")
            found["entering"] = self.count(partial(self.complete, first))
            votes = self.open_votes()
            have = [each.assigned_to for each in votes]
            self.assertEqual(have, [*self.people[: count - 1], self.people[-1]])
            if last == "deciding":
                found[last] = self.count(partial(self.complete, votes[0], YES))
            else:
                found[last] = self.count(
                    lambda: cancel_ticket(ticket=self.ticket, by=self.terry, reason="Not needed.")
                )
            self.assertEqual(self.open_votes(), [])
        return found

    def test_twelve_approvers_take_as_many_statements_as_three(self) -> None:
        self.terry.get_all_permissions()  # they are read once
        for number in (2, 11):
            User.objects.filter(pk=self.people[number].pk).update(deputy=self.people[-1])
        found = []
        for count in (3, 12):
            User.objects.filter(pk=self.people[count - 1].pk).update(is_available=False)
            found.append(self.statements(count))
            User.objects.update(is_available=True)
        self.assertEqual(*found)
        # Two of them for the deputy, three for the times and their jobs.
        self.assertEqual(found[1], {"entering": 16, "deciding": 7, "cancelling": 8})
        self.assert_sound()

    def test_they_go_to_whom_they_would_go_one_after_the_other(self) -> None:
        """Whoever is away, gone or no task worker, and has or had another vote by now."""
        chance = Random(11)
        several = 0
        for never in ([], ["requester"], ["tasks.first"]):
            self.ask(*self.people[:5], never=never)
            self.complete("first")
            # Who did the form before was asked all the same, and so was the requester.
            self.path_of(0).update(item={"id": self.worker_of(self.task("first")).pk})
            self.path_of(1).update(item={"id": self.uma.pk})
            for number in range(ROUNDS):
                with self.subTest(never=never, number=number), transaction.atomic():
                    self.shuffle_people(chance)
                    new = self.begin_some(chance)
                    before = self.said(new, by_rule=True)
                    self.assertEqual(self.said(new, by_rule=False), before)
                    several += sum(each is not None for each in before) > 1
                    transaction.set_rollback(True)
        self.assertGreater(several, 5)

    def path_of(self, number: int) -> QuerySet[Path]:
        return Path.objects.filter(tasks=self.tasks("approve.vote")[number])

    def shuffle_people(self, chance: Random) -> None:
        ids = [each.pk for each in (*self.people[:8], self.uma)]
        some = list(User.objects.filter(pk__in=ids).order_by("pk"))
        deputy = chance.choice(some[-3:])  # of many, and not asked: has one vote, and no second
        for each in some:
            each.is_available, each.is_active = chance.random() < 0.4, chance.random() < 0.9
            each.deputy = chance.choice([None, chance.choice(some), deputy, deputy])
        deputy.is_available = True
        User.objects.bulk_update(some, ["is_available", "is_active", "deputy"])
        no_workers = chance.sample(some, 3)
        User.groups.through.objects.filter(user__in=no_workers).delete()

    def begin_some(self, chance: Random) -> list[int]:
        """The ids of the votes that begin; some others have not begun, or are somebody's."""
        votes = self.tasks("approve.vote")
        begin = sorted(chance.sample(range(5), chance.randint(1, 5)))
        rows = TaskInstance.objects.filter(pk__in=[each.pk for each in votes])
        rows.update(assigned_to=None, assigned_at=None, status="PENDING")
        for number in set(range(5)) - set(begin):
            other = chance.choice([None, *self.people[:8]])
            rows.filter(pk=votes[number].pk).update(assigned_to=other)
            if chance.random() < 0.3:
                self.path_of(number).update(status="CANCELLED")
        return [votes[number].pk for number in begin]

    def said(self, new: list[int], *, by_rule: bool) -> list[JsonObject | None]:
        """What the events would say of each of these votes."""
        votes = [each for each in self.tasks("approve.vote") if each.pk in new]
        if not by_rule:
            return assign_votes(votes, now=timezone.now())
        said = []
        with transaction.atomic():
            for vote in votes:
                said.append(assign_by_rule(vote, now=timezone.now()))
                vote.save(update_fields=["assigned_to", "assigned_at", "status"])
            transaction.set_rollback(True)
        return said
