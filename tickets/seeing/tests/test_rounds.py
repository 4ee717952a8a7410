"""A ticket that went round: the last round is shown, those before it are folded."""

from __future__ import annotations

import re
from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tickets.advancing.tests.block_case import NOTE, BlockCase, block, form
from tickets.models import Ticket
from tickets.seeing import answers_in_rounds, rounds
from workflows.models import TaskInstance

AGAIN = {"condition": {"==": [{"var": "tasks.check.note"}, "again"]}}


class RoundsTests(BlockCase):
    def go_round(self, times: int) -> None:
        """Write once; then twice the same beside each other, and a check, again and again."""
        self.define(
            form("write"),
            block("both", starts={"one": "left", "two": "right"}),
            form("left", "both.one"),
            form("right", "both.two"),
            form("check"),
            ways=[
                (None, "write"),
                ("write", "both"),
                ("left", None),
                ("right", None),
                ("both", "check"),
                ("check", "both", AGAIN),
                ("check", None, {"priority": 1}),
            ],
            fields=NOTE,
        )
        self.submit({"note": "A chair"})
        self.complete("write", {"note": "Written once"})
        for number in range(times):
            self.complete("left", {"note": f"Left {number}"})
            self.complete("right", {"note": f"Right {number}"})
            self.complete("check", {"note": "again"})

    def said(self) -> tuple[list[str], list[str], int]:
        task = self.task("left")
        ticket = Ticket.objects.select_related(
            "workflow", "workflow_instance__current_task__definition"
        ).get(pk=self.ticket.pk)
        found = answers_in_rounds(self.worker_of(task), ticket, before=task)

        def notes(listed: list[TaskInstance | None]) -> list[str]:
            return [str(each.output_data["note"]) for each in listed if each and each.output_data]

        last = notes([each.task for each in found.last])
        return last, notes([each.task for each in found.earlier]), found.left_out

    def test_the_newest_of_each_task_is_of_the_last_round(self) -> None:
        self.go_round(3)
        last, earlier, left_out = self.said()
        self.assertEqual(last, ["Written once", "Left 2", "Right 2", "again"])
        self.assertEqual(earlier, ["again", "Right 1", "Left 1", "again", "Right 0", "Left 0"])
        self.assertEqual(left_out, 0)
        with patch.object(rounds, "MOST_VISITS", 4):
            last, earlier, left_out = self.said()
        self.assertEqual(last, ["Written once", "Left 2", "Right 2", "again"])
        self.assertEqual((earlier, left_out), (["again"], 5))

    def test_the_pages_fold_earlier_rounds_and_cost_no_statement_more(self) -> None:
        self.go_round(2)
        counts = [self.cost()]
        for number in (2, 3):
            self.complete("left", {"note": f"Left {number}"})
            self.complete("right", {"note": f"Right {number}"})
            self.complete("check", {"note": "again"})
        counts.append(self.cost())
        self.assertEqual(*counts)
        task = self.task("left")
        self.log_in(self.worker_of(task))
        page = self.client.get(reverse("admin:tickets_mytask_change", args=[task.pk]))
        shown, folded = _halves(page.content.decode())
        self.assertIn("Left 3", shown)
        self.assertNotIn("Left 2", shown)
        self.assertIn("9 answers of earlier rounds", folded)
        self.assertLess(folded.index("Left 2"), folded.index("Left 1"))
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[self.ticket.pk]))
        self.assertContains(page, "tasks of earlier rounds")

    def cost(self) -> tuple[int, int]:
        found = []
        task = self.task("left")
        for person, address in (
            (self.worker_of(task), reverse("admin:tickets_mytask_change", args=[task.pk])),
            (self.terry, reverse("admin:tickets_ticket_change", args=[self.ticket.pk])),
        ):
            self.log_in(person)
            self.client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as caught:
                self.client.get(address)
            found.append(len(caught))
        return found[0], found[1]


def _halves(text: str) -> tuple[str, str]:
    """The column beside the form, and what of it is folded."""
    aside = text[text.index('<aside class="tk-side">') :]
    folded = re.search(r'<details class="tk-rounds">.*?</details>', aside, re.S)
    assert folded is not None
    return aside.replace(folded[0], ""), folded[0]
