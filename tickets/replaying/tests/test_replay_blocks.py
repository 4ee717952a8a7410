"""Tickets that went through blocks go the same way again, whichever branch came first."""

from __future__ import annotations

from typing import Any

from tickets.advancing.tests.block_case import ROWS, BlockCase, block, form
from tickets.replaying.replay_tickets import Replay, replay_tickets
from workflows.models import WorkflowDefinition


class ReplayOfBlocksTest(BlockCase):
    def replay(self) -> Replay:
        workflow = WorkflowDefinition.objects.get(pk=self.definition.workflow_id)
        return replay_tickets(workflow=workflow, limit=50, by=self.root)

    def assert_same(self, count: int) -> None:
        found = self.replay()
        self.assertEqual((found.divergences, found.refusals, found.errors), ({}, {}, {}))
        self.assertEqual((found.count, found.same), (count, count))

    def test_the_order_in_which_branches_ended_counts(self) -> None:
        prepare: Any = block("prepare", starts={"it": "account", "desk": "desk"}, ends_when="any")
        self.define(
            prepare,
            form("account", "prepare.it"),
            form("laptop", "prepare.it"),
            form("desk", "prepare.desk"),
            form("welcome"),
            ways=[
                (None, "prepare"),
                ("account", "laptop"),
                ("laptop", None),
                ("desk", None),
                ("prepare", "welcome"),
                ("welcome", None, {"label": "here"}),
            ],
        )
        for steps in (("desk", "welcome"), ("account", "laptop", "welcome"), ("account", "desk")):
            self.submit()
            for step in steps:
                self.complete(step)
        self.complete("welcome")
        self.assert_same(3)

    def test_each_entry_is_answered_as_it_was(self) -> None:
        right: Any = {"==": [{"var": "item.article"}, {"var": "tasks.offer.note"}]}
        self.define(
            block("offers", starts={"each": "offer"}, for_each={"var": "ticket.lines"}),
            form("offer", "offers.each"),
            form("again", "offers.each"),
            ways=[
                (None, "offers"),
                ("offer", None, {"condition": right, "priority": 1}),
                ("offer", "again", {"priority": 2}),
                ("again", None),
                ("offers", None, {"label": "done"}),
            ],
            fields=ROWS,
        )
        self.submit({"lines": [{"article": "x"}, {"article": "y"}]})
        first, second = self.tasks("offer")
        self.complete(second, {"note": "y"})
        self.complete(first, {"note": "?"})
        self.complete("again")
        self.assert_same(1)
