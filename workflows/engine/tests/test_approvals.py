"""What votes decide, in a table; and trying approvals."""

from __future__ import annotations

import copy
import unittest
from typing import Any

from workflows.engine import texts
from workflows.engine.process import Json, JsonObject, Process, TaskSpec, TransitionSpec
from workflows.engine.simulate import Simulation, TaskRules, read_answers, simulate
from workflows.engine.steps.approvals import (
    decided,
    needed_of,
    vote_document,
    vote_fields_in_words,
    vote_key,
)
from workflows.engine.steps.blocks import BlockSpec, branch_of
from workflows.engine.task_types import TaskType


class VoteQuestionTests(unittest.TestCase):
    """The questions of ours: stored in one language, read in any."""

    def setUp(self) -> None:
        self.addCleanup(texts.translate_with, texts._look_up)

    def test_a_vote_is_stored_alike_whatever_language_is_active(self) -> None:
        more: JsonObject = {"key": "approve", "fields": [{"name": "limit", "label": "Comment"}]}
        stored = vote_document(more)
        texts.translate_with("*{}*".format)
        self.assertEqual(vote_document(more), stored)
        self.assertEqual(BlockSpec.of_approval("approve", {}).branches[0].title, "")

    def test_it_is_read_in_the_language_of_whoever_reads_it(self) -> None:
        fields = vote_document(
            {"key": "approve", "fields": [{"name": "limit", "label": "Comment"}]}
        )
        published: Any = copy.deepcopy(fields["fields"])
        published[0]["label"] = "Stimme"  # by somebody who reads German, once
        published[0]["choices"][0]["label"] = "Freigeben"
        texts.translate_with("*{}*".format)
        read: Any = vote_fields_in_words(published)
        self.assertEqual(
            [each["label"] for each in read],
            ["*Vote*", "*Why do you refuse?*", "*Comment*", "Comment"],
        )
        self.assertEqual([each["label"] for each in read[0]["choices"]], ["*Approve*", "*Refuse*"])
        self.assertEqual(published[0]["label"], "Stimme")
        self.assertEqual(vote_fields_in_words(None), [])


class DecidedTests(unittest.TestCase):
    def test_it_is_decided_as_soon_as_nothing_can_change_it(self) -> None:
        table: list[tuple[str, int, str, bool | None]] = [
            ("one", 1, "", None),
            ("one", 1, "y", True),
            ("one", 1, "n", False),
            ("one", 3, "nn", None),
            ("one", 3, "nny", True),
            ("one", 3, "nnn", False),
            ("2", 3, "y", None),
            ("2", 3, "yy", True),
            ("2", 3, "yn", None),
            ("2", 3, "nn", False),
            ("2", 3, "yny", True),
            ("2", 3, "ynn", False),
            ("2", 2, "n", False),
            ("all", 3, "yy", None),
            ("all", 3, "yyy", True),
            ("all", 3, "n", False),
            ("all", 1, "y", True),
        ]
        for said, count, votes, expected in table:
            with self.subTest(said=said, count=count, votes=votes):
                spec = BlockSpec.of_approval("a", {"approvers": {"role": "R"}, "needed": said})
                assert spec.approval is not None
                needed = spec.approval.needed_among(count)
                yes, no = votes.count("y"), votes.count("n")
                found = decided(needed=needed, count=count, yes=yes, no=no)
                self.assertEqual(found, expected)

    def test_what_needed_says(self) -> None:
        for said in (None, "", 0, True, "some", 1, "1", "one"):
            self.assertEqual(str(needed_of(said)) in ("one", "1"), True, said)
        self.assertEqual(needed_of("3"), 3)


def process(**more: Any) -> Process:
    said: JsonObject = {"key": "approve", "approvers": {"role": "Managers"}, "needed": 2, **more}
    vote = vote_document(said)
    return Process(
        key="flow",
        tasks={
            "approve": TaskSpec(
                "approve",
                task_type=TaskType.APPROVAL,
                block=BlockSpec.of_approval("approve", said),
            ),
            vote_key("approve"): TaskSpec(
                vote_key("approve"),
                task_type=TaskType.VOTE,
                branch=branch_of(str(vote["branch"])),
            ),
            "order": TaskSpec("order"),
        },
        transitions=(
            TransitionSpec(None, "approve"),
            TransitionSpec("approve", None, None, 0, "late", after="P1D"),
            TransitionSpec(
                "approve", "order", {"==": [{"var": "tasks.approve.approved"}, True]}, 0
            ),
            TransitionSpec("approve", None, None, 1, "refused"),
            TransitionSpec("order", None, None, 0, "ordered"),
        ),
    )


def run(process: Process, *answers: Json, **ticket: Json) -> Simulation:
    rules = {key: TaskRules(task_type=task.task_type) for key, task in process.tasks.items()}
    facts: JsonObject = {"ticket": ticket, "number": 1}
    return simulate(process, facts=facts, tasks=rules, answers=read_answers(list(answers)))


def vote(said: str, **more: Json) -> Json:
    return {"task": "approve", "output": {"vote": said}, **more}


YES, NO = vote("approve"), vote("refuse")


class SimulateTests(unittest.TestCase):
    def test_two_of_three(self) -> None:
        found = run(process(), YES, NO, YES, {"task": "order"})
        self.assertEqual((found.path, found.end_label), (("approve", "order"), "ordered"))
        outcome = found.data["approve"]
        assert isinstance(outcome, dict)
        self.assertEqual((outcome["approved"], outcome["yes"], outcome["no"]), (True, 2, 1))
        found = run(process(), YES, YES, {"task": "order"})
        self.assertTrue(any(step.is_cancelled for step in found.steps if step.is_vote))
        self.assertEqual(run(process(), NO, NO).end_label, "refused")
        self.assertEqual(run(process(), NO).waiting_for, "approve.vote")

    def test_a_time_that_passes_is_the_approvals(self) -> None:
        late: Json = {"task": "approve", "after": "P1D"}
        self.assertEqual(run(process(), YES, late).end_label, "late")

    def test_named_people_vote_by_their_names_and_nobody_twice(self) -> None:
        people: Json = ["ann@a.example", "ben@a.example"]
        flow = process(approvers={"people": people}, needed="all")
        found = run(flow, vote("approve", by="ben@a.example"), vote("refuse", by="ann@a.example"))
        self.assertEqual(found.end_label, "refused")
        twice = vote("approve", by="ben@a.example")
        found = run(flow, twice, twice)
        self.assertEqual((found.waiting_for, len(found.unused)), ("approve.vote", 1))

    def test_people_of_an_answer_one_after_the_other(self) -> None:
        flow = process(approvers={"people": {"var": "ticket.who"}}, order="in_order", needed=1)
        who: Json = [{"id": 1, "email": "a@a.example"}, {"id": 2, "email": "b@a.example"}]
        found = run(flow, NO, YES, {"task": "order"}, who=who)
        self.assertEqual(found.end_label, "ordered")
        self.assertIn("nobody", run(flow, YES, who=[]).error)
