"""Forms for the entries of a list are given out at once, by their rule as one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, ClassVar

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.models import User
from tenants.roles import SystemRole
from tickets.advancing.tests.block_case import BlockCase, block, form
from tickets.advancing.tests.test_statements_of_a_step import NOT_COUNTED
from workflows.engine.process import Json, JsonObject
from workflows.models import CompanyRole, TaskInstance
from workflows.running.people.assignment import assign_by_rule
from workflows.running.people.by_one_rule import are_given_together, assign_by_one_rule

PEOPLE = 6
ROUNDS = 12
WHO: list[JsonObject] = [
    {
        "name": "lines",
        "label": "Lines",
        "type": "records",
        "fields": [{"name": "who", "label": "Who", "type": "person"}],
    }
]


class ByOneRuleTests(BlockCase):
    people: ClassVar[list[User]]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.people = [
            User.objects.create_user(
                email=f"p{number}@acme.example", first_name=f"P{number}", company=cls.acme
            )
            for number in range(PEOPLE)
        ]
        for person in cls.people:
            cls().give_role(person, SystemRole.TASK_WORKER)

    def begin(self, rule: JsonObject, *people: User | None, **more: Any) -> None:
        """A ticket whose block has begun, for as many entries, each with the form of this rule."""
        self.define(
            form("first"),
            block(
                "each",
                starts={"one": "sign"},
                for_each={"var": "ticket.lines"},
            ),
            form("sign", "each.one", assign_to=rule, **more),
            ways=[(None, "first"), ("first", "each"), ("sign", None), ("each", None)],
            fields=WHO,
        )
        lines: list[Json] = [
            {} if each is None else {"who": {"id": each.pk, "name": str(each), "email": each.email}}
            for each in people
        ]
        self.submit({"lines": lines})
        self.complete("first")

    def waiting(self) -> list[TaskInstance]:
        """They begin anew."""
        TaskInstance.objects.filter(pk__in=[each.pk for each in self.tasks("sign")]).update(
            assigned_to=None, assigned_at=None, status="PENDING"
        )
        return self.tasks("sign")

    def one_by_one(self) -> list[JsonObject | None]:
        said = []
        with transaction.atomic():
            for task in self.waiting():
                said.append(assign_by_rule(task, now=timezone.now()))
                task.save(update_fields=["assigned_to", "assigned_at", "status"])
            transaction.set_rollback(True)
        return said

    def together(self) -> list[JsonObject | None]:
        tasks = self.waiting()
        self.assertTrue(are_given_together(tasks))
        return assign_by_one_rule(tasks, now=timezone.now())

    def shuffle_people(self, chance: Random) -> None:
        some = list(User.objects.filter(pk__in=[each.pk for each in self.people]).order_by("pk"))
        for each in some:
            each.is_available, each.is_active = chance.random() < 0.6, chance.random() < 0.9
            each.deputy = chance.choice([None, chance.choice(some), some[-1]])
        User.objects.bulk_update(some, ["is_available", "is_active", "deputy"])
        out = chance.sample(some, 2)
        User.groups.through.objects.filter(user__in=out).delete()

    def test_each_goes_to_whom_its_entry_names(self) -> None:
        chance, named = Random(7), 0
        for never in ([], ["requester"], ["tasks.first"]):
            rule: JsonObject = {"who": "answer", "answer": "item.who", "never": list(never)}
            self.begin(rule, *self.people[:4], None, self.uma)
            for number in range(ROUNDS):
                with self.subTest(never=never, number=number), transaction.atomic():
                    self.shuffle_people(chance)
                    before = self.one_by_one()
                    self.assertEqual(self.together(), before)
                    named += sum(each is not None for each in before) > 1
                    transaction.set_rollback(True)
        self.assertGreater(named, 5)

    def test_one_person_for_all_of_them(self) -> None:
        rules: Sequence[JsonObject] = (
            {"who": "requester"},
            {"who": "task", "task": "first"},
            {"who": "person", "id": self.people[0].pk},
            {"mode": "nobody"},
            {"mode": "nobody", "never": ["requester"]},
        )
        for rule in rules:
            with self.subTest(rule=rule):
                self.begin(rule, *self.people[:3])
                self.assertEqual(self.together(), self.one_by_one())

    def test_those_of_a_group_share_them(self) -> None:
        role = CompanyRole.objects.create(name="Signers")
        role.members.set([*self.people[:3], self.uma])
        rules: Sequence[JsonObject] = (
            {"never": ["requester"]},
            {"mode": "in_turn", "never": ["requester"]},
        )
        for rule in rules:
            with self.subTest(rule=rule):
                self.begin(dict(rule), *[None] * 6, candidate_role=role)
                found = [each for each in self.together() if each is not None]
                self.assertEqual(
                    sorted(Counter(str(each["to"]) for each in found).items()),
                    [("P0", 2), ("P1", 2), ("P2", 2)],
                )
                before = [each for each in self.one_by_one() if each is not None]
                self.assertEqual(
                    [{**each, "to": "", "to_id": 0} for each in found],
                    [{**each, "to": "", "to_id": 0} for each in before],
                )

    def test_where_nobody_is_named_the_group_has_it(self) -> None:
        role = CompanyRole.objects.create(name="Signers")
        role.members.set(self.people[:2])
        rule: JsonObject = {"who": "answer", "answer": "item.who", "fallback": "role"}
        self.begin(rule, self.people[3], None, self.people[4], None, candidate_role=role)
        found = self.together()
        self.assertEqual(
            [each and each["to_id"] for each in found],
            [each.pk for each in (self.people[3], self.people[0], self.people[4], self.people[1])],
        )
        self.assertEqual([bool(each and each.get("fallback")) for each in found],
                         [False, True, False, True])  # fmt: skip

    def test_twelve_entries_take_as_many_statements_as_three(self) -> None:
        rules: Sequence[tuple[JsonObject, int]] = (
            ({"who": "answer", "answer": "item.who", "fallback": "everybody"}, 16),
            ({"mode": "in_turn", "never": ["requester", "tasks.first"]}, 16),
        )
        for rule, most in rules:
            with self.subTest(rule=rule):
                found = []
                for count in (3, 12):
                    people = [*self.people, *self.people][: count - 1]
                    self.begin(dict(rule), *people, None)  # reads what is read once for ever
                    lines = self.ticket.data["lines"]
                    self.submit({"lines": lines})
                    first = self.task("first")
                    found.append(self.count(lambda first=first: self.complete(first)))  # type: ignore[misc]
                    self.assertEqual(len(self.tasks("sign", "OPEN")), count)
                    self.assert_sound()
                self.assertEqual(*found)
                self.assertLessEqual(found[0], most)

    def count(self, act: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as queries:
            act()
        return sum(not each["sql"].startswith(NOT_COUNTED) for each in queries)
