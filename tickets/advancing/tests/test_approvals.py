"""Two of three: who may vote, when it is decided, and what is left of the votes."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation

from tenants.models import User
from tenants.roles import SystemRole
from tickets.advancing.tests.block_case import NOTE, BlockCase, block, form
from tickets.erasing.erase_person import erase_person
from tickets.finding.find_tickets import Scope, find_tickets
from tickets.finding.query import read_query
from tickets.finding.where_found import where_found
from tickets.models import Notice, SearchEntry, Ticket, TicketError
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_step import retry_step
from tickets.seeing import Viewer, shown_output, visible_answers
from tickets.working.hand_over import hand_over
from workflows.engine.process import JsonObject
from workflows.engine.steps.approvals import with_votes
from workflows.errors import InvalidDataError, VoteNotYoursError, WorkerNotEligibleError
from workflows.models import CompanyRole, TaskDefinition, TaskInstance, WorkflowEvent
from workflows.running.definition_cache import definition_of, forget_definitions
from workflows.running.pool import claim_task, pool_of

YES: JsonObject = {"vote": "approve"}
NO: JsonObject = {"vote": "refuse", "comment": "Too expensive."}


_OTHERS = ("digest", "seals")


def _plain(value: Any) -> Any:
    """Without what is another one each time: numbers and times."""
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items() if name not in _OTHERS}
        case list() | tuple():
            return [_plain(each) for each in value]
        case bool() | None:
            return value
        case int() | datetime():
            return 0
    return re.sub(r"\d+", "0", str(value))


class ApprovalTests(BlockCase):
    """Ann, Ben, Cleo and the requester are in the role; Dora stands in for Ann."""

    ann: User
    ben: User
    cleo: User
    dora: User
    managers: CompanyRole

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.managers = CompanyRole.objects.create(name="Managers")
        people = {}
        for name in ("ann", "ben", "cleo", "dora"):
            people[name] = User.objects.create_user(
                email=f"{name}@acme.example", first_name=name.title(), company=cls.acme
            )
            cls().give_role(people[name], SystemRole.TASK_WORKER)
        cls.ann, cls.ben, cls.cleo, cls.dora = people.values()
        cls.managers.members.set([cls.ann, cls.ben, cls.cleo, cls.uma])
        User.objects.filter(pk=cls.ann.pk).update(deputy=cls.dora)

    def ask(self, **more: Any) -> None:
        """A ticket that stands at its approval."""
        approval: JsonObject = {
            "key": "approve",
            "title": "Approve",
            "task_type": "APPROVAL",
            "approvers": {"role": True},
            "needed": "2",
            **more,
        }
        rows = [dict(each) for each in with_votes([approval])]
        if approval["approvers"] == {"role": True}:
            rows[0]["candidate_role"] = self.managers  # type: ignore[assignment]
        approved = {"==": [{"var": "tasks.approve.approved"}, True]}
        self.define(
            *rows,
            form("order"),
            ways=[
                (None, "approve"),
                ("approve", "order", {"condition": approved}),
                ("approve", None, {"label": "refused", "outcome": "bad", "priority": 1}),
                ("order", None),
            ],
            fields=[*NOTE, {"name": "people", "label": "People", "type": "text"}],
        )
        self.submit()

    def votes(self, *statuses: str) -> list[TaskInstance]:
        return self.tasks("approve.vote", *statuses)

    def vote_of(self, person: User) -> TaskInstance:
        return next(each for each in self.votes() if each.assigned_to == person)

    def have(self) -> list[User | None]:
        return [each.assigned_to for each in self.votes("OPEN", "IN_PROGRESS", "PENDING")]

    def cast(self, person: User, output: JsonObject) -> None:
        self.complete(self.vote_of(person), output)

    def go_away(self, person: User, *, away: bool = True) -> None:
        User.objects.filter(pk=person.pk).update(is_available=not away)

    def outcome(self) -> dict[str, Any]:
        found = self.instance().data["approve"]
        assert isinstance(found, dict)
        return found

    def test_two_yes_approve_and_the_third_task_is_withdrawn(self) -> None:
        self.ask()
        self.assertEqual(self.have(), [self.ann, self.ben, self.cleo])
        self.assertEqual(self.instance().current_task, self.task("approve"))
        self.cast(self.ben, YES | {"note": "Fine."})
        self.assertEqual(self.have(), [self.ann, self.cleo])
        self.assert_sound()
        self.cast(self.ann, YES)
        self.assertEqual(self.open_keys(), ["order"])
        self.assertEqual([each.status for each in self.votes()][2], "CANCELLED")
        self.assertEqual(
            [each.data["reason"] for each in self.events("BRANCH_CANCELLED")], ["decided"]
        )
        found = self.outcome()
        self.assertEqual((found["approved"], found["yes"], found["no"]), (True, 2, 0))
        said = [(each["by"]["id"], each["vote"], each["comment"]) for each in found["votes"]]
        self.assertEqual(said, [(self.ben.pk, "approve", "Fine."), (self.ann.pk, "approve", "")])
        self.assertEqual(self.whys(self.cleo), ["approved"])
        self.assert_sound()

    def whys(self, person: User) -> list[object]:
        """Why somebody is told that a task is not needed any more."""
        found = Notice.objects.filter(kind="TASK_GONE", recipient=person).order_by("pk")
        return [each.about["why"] for each in found]

    def test_whoever_has_not_voted_is_told_how_it_was_decided(self) -> None:
        self.ask()
        self.cast(self.ann, NO)
        self.cast(self.ben, NO)
        self.assertEqual(self.whys(self.cleo), ["refused"])
        self.ask()
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.task("approve"), output={"approved": True}, by=self.terry, reason="Said."
            )
        self.assertEqual(self.whys(self.cleo), ["refused", "approved"])

    def test_votes_can_be_hidden_until_it_is_decided(self) -> None:
        for is_hidden in (True, False):
            with self.subTest(is_hidden=is_hidden):
                self.ask(hide_answers=is_hidden)
                self.cast(self.ben, YES | {"note": "Fine."})
                self.assertEqual(self.seen_by(self.ben), ["Fine."])
                self.assertEqual(self.seen_by(self.cleo), [] if is_hidden else ["Fine."])
                self.assertEqual(self.seen_by(self.terry), ["Fine."])
                self.cast(self.ann, YES)
                self.assertEqual(self.seen_by(self.cleo), ["Fine."])

    def seen_by(self, person: User) -> list[str]:
        """What they see of Ben's comment."""
        found, _is_cut = visible_answers(person, self.shown_ticket())
        return [
            shown.text for each in found for shown in each.answers if shown.text.startswith("Fine")
        ]

    def test_a_vote_asks_in_the_language_of_whoever_reads_it(self) -> None:
        with translation.override("de"):
            self.ask()
            stored = TaskDefinition.objects.filter(key="approve.vote").values_list("fields")[0][0]
            stored[0]["label"] = "Stimme"  # as versions that were published before have it
            TaskDefinition.objects.filter(key="approve.vote").update(fields=stored)
            forget_definitions()
            self.cast(self.ben, NO)
        vote = self.votes()[0].definition
        texts: dict[str, list[str]] = {}
        for language in ("en", "de", "en"):
            with translation.override(language):
                form = definition_of(vote.workflow_id).task_form(vote)
                shown = shown_output(vote, NO, viewer=Viewer.TEAM)
                hit = self.hits("Too expensive")
                history = " ".join(str(each.label) for each in shown)
                texts[language] = [form.fields["vote"].label, vote.fields[0]["label"], history, hit]
        self.assertEqual(
            texts["en"],
            ["Vote", "Vote", "Vote Why do you refuse?", "Answer “Why do you refuse?”"],
        )
        self.assertEqual(
            texts["de"],
            ["Stimme", "Stimme", "Stimme Warum lehnen Sie ab?", "Antwort „Warum lehnen Sie ab?“"],
        )
        with translation.override("de"):  # what was chosen is found by its word in any language
            self.assertEqual(self.hits("Refuse"), self.hits("Ablehnen"))

    def test_who_is_asked_may_depend_on_the_day(self) -> None:
        people: JsonObject = {
            "if": [{">": [{"var": "today"}, "2020-01-01"]}, ["ben@acme.example"], []]
        }
        self.ask(approvers={"people": people}, needed="1")
        self.assertEqual(self.have(), [self.ben])

    def test_who_is_deactivated_is_not_asked(self) -> None:
        User.objects.filter(pk=self.ben.pk).update(is_active=False)
        self.ask(needed="all")
        self.assertEqual(self.have(), [self.ann, self.cleo])

    def test_an_approval_in_a_branch(self) -> None:
        approval: JsonObject = {
            "key": "approve",
            "title": "Approve",
            "task_type": "APPROVAL",
            "approvers": {"people": ["ann@acme.example", "ben@acme.example"]},
            "needed": "all",
            "branch": "both.one",
        }
        self.define(
            block("both", starts={"one": "approve", "two": "look"}),
            *(dict(each) for each in with_votes([approval])),
            form("look", "both.two"),
            form("order"),
            ways=[
                (None, "both"),
                ("approve", None, {"label": "decided"}),
                ("look", None),
                ("both", "order", {"condition": {"var": "tasks.approve.approved"}}),
                ("both", None, {"priority": 1}),
                ("order", None),
            ],
        )
        self.submit()
        self.cast(self.ann, YES)
        self.complete("look")
        self.assert_sound()
        self.cast(self.ben, YES)
        self.assertEqual(self.open_keys(), ["order"])
        self.assertEqual(self.outcome()["yes"], 2)
        self.assert_sound()

    def test_what_an_erased_approver_said_is_gone_and_that_they_voted_stays(self) -> None:
        self.ask()
        self.cast(self.ann, NO)
        self.cast(self.ben, NO)
        erase_person(person_id=self.ann.pk, tickets=[self.ticket.pk])
        found = self.outcome()
        self.assertEqual((found["approved"], found["no"]), (False, 2))
        self.assertEqual(found["votes"][0]["by"]["id"], self.ann.pk)
        self.assertNotIn("ann@", str(found))
        self.assert_sound()

    def hits(self, text: str) -> str:
        """Where a ticket admin finds it."""
        query = read_query(text)
        found = find_tickets(query, tickets=Ticket.objects.all(), scope=Scope.TEAM)
        hits = where_found(query, [self.ticket], found=found, scope=Scope.TEAM)
        return hits[self.ticket.pk].place

    def test_a_run_is_stored_alike_in_every_language(self) -> None:
        """Events, notices and entries of the search hold no words of ours."""
        stored = []
        for language in ("en", "de"):
            with transaction.atomic(), translation.override(language):
                self.ask()
                self.cast(self.ben, YES)
                self.cast(self.ann, YES)
                self.complete("order")
                stored.append(
                    [
                        _plain([*rows.order_by("pk").values()])
                        for rows in (
                            WorkflowEvent.objects.all(),
                            Notice.objects.all(),
                            SearchEntry.objects.all(),
                            Ticket.objects.all(),
                        )
                    ]
                )
                transaction.set_rollback(True)
        self.assertEqual(*stored)

    def test_two_no_refuse_and_a_no_says_why(self) -> None:
        self.ask()
        with self.assertRaises(InvalidDataError):
            self.cast(self.ann, {"vote": "refuse"})
        self.cast(self.ann, NO)
        self.assertEqual(self.have(), [self.ben, self.cleo])
        self.cast(self.cleo, NO)
        self.assertEqual(self.open_keys(), [])
        self.assertEqual(self.instance().end_label, "refused")
        found = self.outcome()
        self.assertEqual((found["approved"], found["no"]), (False, 2))
        self.assertEqual(found["votes"][0]["comment"], "Too expensive.")
        self.assert_sound()

    def test_all_must_approve_and_one_no_is_enough_to_refuse(self) -> None:
        self.ask(needed="all")
        self.cast(self.ben, NO)
        self.assertEqual(self.instance().end_label, "refused")
        self.assert_sound()

    def test_in_order_the_next_is_asked_when_the_one_before_has_voted(self) -> None:
        self.ask(order="in_order")
        self.assertEqual(self.have(), [self.ann])
        self.cast(self.ann, YES)
        self.assertEqual(self.have(), [self.ben])
        self.cast(self.ben, YES)
        self.assertEqual(self.open_keys(), ["order"])
        self.assertEqual([each[2] for each in self.paths()], ["ENDED", "ENDED", "CANCELLED"])
        self.assert_sound()

    def test_of_one_who_is_away_the_deputy_votes_and_nobody_twice(self) -> None:
        self.go_away(self.ann)
        self.ask()
        self.assertEqual(self.have(), [self.dora, self.ben, self.cleo])
        self.cast(self.dora, YES)
        found = self.task("approve.vote")
        self.assertEqual(found.status, "OPEN")
        # Ben goes away, too, and Dora, who has voted, would stand in for him.
        User.objects.filter(pk=self.ben.pk).update(deputy=self.dora, is_available=False)
        with self.assertRaises(WorkerNotEligibleError):
            self.hand(self.vote_of(self.cleo), self.cleo, self.dora)
        # Ann is back: her vote was cast for her.
        self.go_away(self.ann, away=False)
        with self.assertRaises(WorkerNotEligibleError):
            self.hand(self.vote_of(self.cleo), self.cleo, self.ann)
        self.cast(self.cleo, YES)
        first = self.outcome()["votes"][0]
        self.assertEqual((first["by"]["id"], first["for"]["id"]), (self.dora.pk, self.ann.pk))
        self.assert_sound()

    def test_a_deputy_who_has_a_vote_does_not_stand_in(self) -> None:
        User.objects.filter(pk=self.ann.pk).update(deputy=self.ben, is_available=False)
        self.ask()
        self.assertEqual(self.have(), [None, self.ben, self.cleo])
        waits = self.votes("PENDING")[0]
        self.assertFalse(pool_of(self.ben).filter(pk=waits.pk).exists())
        self.assertTrue(pool_of(self.ann).filter(pk=waits.pk).exists())
        claim_task(task=waits, user=self.ann, now=timezone.now())
        self.assert_sound()

    def hand(self, task: TaskInstance, by: User, to: User) -> User | None:
        return hand_over(task=task, to=to, by=by, reason="On holiday.", now=timezone.now())

    def test_a_vote_is_handed_on_to_somebody_who_has_none_and_may(self) -> None:
        self.ask()
        vote = self.vote_of(self.ann)
        for other in (self.ben, self.uma):
            with self.assertRaises(WorkerNotEligibleError):
                self.hand(vote, self.ann, other)
        self.assertEqual(self.hand(vote, self.ann, self.dora), self.dora)
        self.assertTrue(self.events("ASSIGNED")[-1].data["delegated"])
        self.assert_sound()
        self.cast(self.dora, YES)
        with self.assertRaises(WorkerNotEligibleError):
            reassign_task(
                task=self.vote_of(self.ben),
                to=self.dora,
                by=self.terry,
                reason="Ben is ill.",
                against_rule=True,
            )
        self.assert_sound()

    def test_nobody_votes_by_hand_for_another_but_the_approval_can_be_finished(self) -> None:
        self.ask()
        with self.assertRaises(VoteNotYoursError):
            finish_task_by_hand(
                task=self.vote_of(self.ann), output=YES, by=self.terry, reason="Quick."
            )
        with self.assertRaises(InvalidDataError):
            finish_task_by_hand(
                task=self.task("approve"), output={}, by=self.terry, reason="Said on the phone."
            )
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.task("approve"),
                output={"approved": True},
                by=self.terry,
                reason="Said on the phone.",
            )
        self.assertEqual(self.open_keys(), ["order"])
        self.assert_sound()

    def test_where_fewer_than_needed_may_vote_the_ticket_says_so_and_can_be_tried_again(
        self,
    ) -> None:
        self.managers.members.set([self.ann, self.uma])
        self.ask()
        error = TicketError.objects.get(ticket=self.ticket)
        self.assertIn("only 1 may", error.message)
        self.assertEqual(self.votes(), [])
        self.assert_sound()
        self.managers.members.add(self.ben)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason="Ben joined.")
        self.assertEqual(self.have(), [self.ann, self.ben])
        self.assert_sound()

    def test_the_requester_votes_only_where_the_approval_allows_it(self) -> None:
        self.uma.groups.add(*self.ann.groups.all())
        self.ask()
        self.assertNotIn(self.uma, self.have())
        self.ask(never=[])
        self.assertIn(self.uma, self.have())

    def test_named_people_and_the_manager_of_the_requester(self) -> None:
        self.ask(approvers={"people": ["ben@acme.example", "ann@acme.example", "x@y.example"]})
        self.assertEqual(self.have(), [self.ben, self.ann])
        self.cast(self.ben, YES)
        self.cast(self.ann, YES)
        User.objects.filter(pk=self.uma.pk).update(manager=self.cleo)
        self.ask(approvers={"manager": True}, needed="")
        self.assertEqual(self.have(), [self.cleo])
        self.cast(self.cleo, YES)
        self.assertEqual(self.open_keys(), ["order"])
        self.assert_sound()
