"""Votes, timers, deputies, claims and cancels at the same moment: one of them comes first."""

from __future__ import annotations

from django.test import tag
from django.utils import timezone

from tenants.models import User
from tickets.advancing.tests.at_once_case import MANY_TIMES, AtOnceCase
from tickets.tests.crash.made_up_process import ends_of, form, side_by_side
from tickets.working.complete_task import complete_task
from tickets.working.take_over import take_over
from workflows.engine.process import JsonObject
from workflows.models import TicketDefinition
from workflows.running.pool import claim_task

YES: JsonObject = {"vote": "approve"}
_BRANCHES = [form("one"), form("two")]


class AtOnceTests(AtOnceCase):
    def test_whoever_comes_first(self) -> None:
        both, one = self.approval("both", "all"), self.approval("one", "one")
        block = self.publish(
            "block",
            side_by_side("side", *_BRANCHES),
            [*ends_of(_BRANCHES), {"from": "side", "to": "last"}],
        )
        pooled: JsonObject = {**form("pooled"), "assign_to": {"mode": "nobody"}}
        pool = self.publish("pool", [pooled], [{"from": "pooled", "to": "last"}])
        for _time in range(self.TIMES):
            self.two_votes_of_two(both)
            self.two_votes_of_which_one_is_enough(one)
            self.a_vote_and_the_time(one)
            self.a_vote_and_a_cancel(one)
            self.a_branch_and_a_cancel(block)
            self.a_deputy_and_the_person(one)
            self.a_claim_and_a_cancel(pool)

    def two_votes_of_two(self, definition: TicketDefinition) -> None:
        self.start(definition)
        raised = self.together(*(self.doing(each, YES) for each in self.tasks("ask.vote")))
        self.assertEqual(raised, [None, None])
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))
        self.assertEqual(self.events("BLOCK_ENDED"), 1)

    def two_votes_of_which_one_is_enough(self, definition: TicketDefinition) -> None:
        """One says yes, the other no: what came first counts, and the other is told."""
        self.start(definition)
        yes, no = self.tasks("ask.vote")
        refuse: JsonObject = {"vote": "refuse", "comment": "No."}
        raised = self.together(self.doing(yes, YES), self.doing(no, refuse))
        # A no of one of two changes nothing; after a yes there is nothing left to say.
        self.assertIsNone(raised[0])
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))

    def a_vote_and_the_time(self, definition: TicketDefinition) -> None:
        self.start(definition)
        raised = self.together(self.doing(self.tasks("ask.vote")[0], YES), self.timing_out())
        self.assertIsNone(raised[1])
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))
        self.assertEqual(self.events("TIMED_OUT"), int(raised[0] is not None))

    def a_vote_and_a_cancel(self, definition: TicketDefinition) -> None:
        self.start(definition)
        raised = self.together(self.doing(self.tasks("ask.vote")[0], YES), self.cancelling())
        self.assertIsNone(raised[1])
        self.assertEqual(self.status()[0], "CANCELLED")

    def a_branch_and_a_cancel(self, definition: TicketDefinition) -> None:
        self.start(definition)
        one, two = self.tasks("one", "two")
        self.doing(one, {"again": False})()
        raised = self.together(self.doing(two, {"again": False}), self.cancelling())
        self.assertIsNone(raised[1])
        self.assertEqual(self.status()[0], "CANCELLED")

    def a_deputy_and_the_person(self, definition: TicketDefinition) -> None:
        """The deputy of whoever is away takes the vote over, while they vote themselves."""
        User.objects.filter(pk=self.wendy.pk).update(deputy=self.terry, is_available=True)
        self.start(definition)
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        vote = next(each for each in self.tasks("ask.vote") if each.assigned_to == self.wendy)

        def stand_in() -> None:
            take_over(task=vote, by=self.terry, now=timezone.now())
            complete_task(task=vote, output=YES, user=self.terry)

        raised = self.together(self.doing(vote, YES), stand_in)
        self.assertEqual(sum(each is None for each in raised), 1)
        self.assertEqual(self.events("TASK_COMPLETED"), 1)
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))

    def a_claim_and_a_cancel(self, definition: TicketDefinition) -> None:
        self.start(definition)
        (task,) = self.tasks("pooled")
        claim = self.together(
            lambda: claim_task(task=task, user=self.walt, now=timezone.now()), self.cancelling()
        )
        self.assertIsNone(claim[1])
        self.assertEqual(self.status()[0], "CANCELLED")


@tag("processes")
class ManyTimesTests(AtOnceTests):
    TIMES = MANY_TIMES
