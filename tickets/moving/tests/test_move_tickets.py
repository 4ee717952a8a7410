from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.advancing.advance_ticket import advance_ticket
from tickets.advancing.tests.test_concurrent_changes import DECLARED, ConcurrentCase
from tickets.errors import ReasonMissingError, TooManyTicketsError
from tickets.health import company_findings
from tickets.models import ErrorType, SearchEntry, Ticket, TicketError
from tickets.moving.move_tickets import move_tickets, preview_move
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_task_output
from tickets.repairing.errors import MayNotRepairError
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.pages.all_repairs import open_repairs
from tickets.repairing.pages.correcting import CorrectOutput
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import BIG, SmallWorkflow, broken_invariants
from tickets.testing import without_taking_steps
from tickets.working.complete_task import complete_task
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.publishing.retire_workflow import retire_workflow
from workflows.engine.process import Json
from workflows.errors import (
    CannotMoveError,
    InvalidDataError,
    NotPublishedError,
    RenamedTasksError,
    TaskNotWorkableError,
)
from workflows.models import (
    CompanyRole,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.running.events.of_repairs.version_changed import VERSION_CHANGED
from workflows.running.looking_back.visits import count_visits
from workflows.running.people.candidates import candidates_of
from workflows.running.people.candidates_in_sql import for_person

REASON = "The new version asks for less."


class NextVersion(SmallWorkflow):
    """Makes the next version of the small workflow, and moves tickets to it."""

    def draft(self) -> WorkflowDefinition:
        newest = WorkflowDefinition.objects.versions_of("flow").first()
        assert newest is not None
        return new_draft(workflow=newest, user=self.carla)

    def publish_next(self, *, asked: list[Any] | None = None, **check: Any) -> WorkflowDefinition:
        """`asked`: the fields of a ticket; `check`: what is different about that task."""
        draft = self.draft()
        if asked is not None:
            draft.fields = asked
            draft.save(update_fields=["fields"])
        if check:
            draft.tasks.filter(key="check").update(**check)
        if "key" in check:
            draft.transitions.exclude(condition__isnull=True).update(
                condition={"==": [{"var": f"tasks.{check['key']}.big"}, True]}
            )
        return publish_workflow(workflow=draft, user=self.carla)

    def move(
        self,
        *tickets: Ticket,
        to: WorkflowDefinition,
        renamed: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The refusals; empty for what was moved."""
        moves = move_tickets(tickets=tickets, to=to, by=self.terry, reason=REASON, renamed=renamed)
        self.assertEqual([move.ticket_id for move in moves], sorted(each.pk for each in tickets))
        return [move.refusal for move in moves]

    def preview(self, *tickets: Ticket, to: WorkflowDefinition) -> list[str]:
        rows = Ticket.objects.filter(pk__in=[each.pk for each in tickets]).order_by("pk")
        return [move.refusal for move in preview_move(tickets=rows.with_data_for_moving(), to=to)]

    def version_of(self, ticket: Ticket) -> tuple[int, int]:
        """Of the ticket, and of its workflow instance."""
        found = Ticket.objects.select_related("workflow", "workflow_instance__workflow").get(
            pk=ticket.pk
        )
        assert found.workflow_instance is not None
        return found.workflow.version, found.workflow_instance.workflow.version

    def assert_in_order(self, ticket: Ticket) -> None:
        self.assertEqual(broken_invariants(ticket), [])
        self.assertEqual([each.message for each in company_findings()], [])

    assertEqual: Any  # noqa: N815 (unittest's)


def field(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name.title(), "type": "text", **more}


class MoveCase(NextVersion, CompanyTestCase):
    condition: Json = None

    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow(small_condition=type(self).condition)
        self.ticket = self.submit_now()

    def submit_now(self) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            return self.submit()

    def answer_now(self, ticket: Ticket, output: Any) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(ticket, output)

    def assert_refused(self, words: str, *, to: WorkflowDefinition) -> None:
        """The preview and the service say the same, and nothing is changed."""
        before = WorkflowEvent.objects.count(), self.version_of(self.ticket)
        [preview] = self.preview(self.ticket, to=to)
        [refusal] = self.move(self.ticket, to=to)
        self.assertIn(words, refusal)
        self.assertEqual(preview, refusal)
        self.assertEqual((WorkflowEvent.objects.count(), self.version_of(self.ticket)), before)
        self.assert_in_order(self.ticket)


class MoveTicketsTest(MoveCase):
    def test_publishing_moves_the_ticket_types_and_leaves_the_tickets(self) -> None:
        second = self.publish_next()
        self.assertEqual(TicketDefinition.objects.active().get().workflow, second)
        self.assertEqual(self.version_of(self.ticket), (1, 1))
        self.assertEqual(list(Ticket.objects.on_older_versions(second)), [self.ticket])

    def test_it_moves_a_ticket_with_its_task_and_its_worker(self) -> None:
        second = self.publish_next(title="Check it well")
        task = self.current(self.ticket)
        self.assertEqual(self.preview(self.ticket, to=second), [""])
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.assertEqual(self.version_of(self.ticket), (2, 2))
        moved = self.current(self.ticket)
        self.assertEqual((moved.pk, moved.assigned_to), (task.pk, task.assigned_to))
        self.assertEqual(moved.definition.title, "Check it well")
        event = self.last_event(VERSION_CHANGED)
        self.assertEqual(event.actor, self.terry)
        self.assertEqual(event.data, {"from": 1, "to": 2, "reason": REASON})
        self.assertFalse(Ticket.objects.on_older_versions(second).exists())
        self.assert_in_order(self.ticket)

    def test_the_ticket_goes_on_as_the_new_version_says(self) -> None:
        draft = self.draft()
        draft.transitions.filter(to_task__key="sign").update(to_task=draft.tasks.get(key="archive"))
        draft.transitions.filter(from_task__key="sign").delete()
        draft.tasks.get(key="sign").delete()
        second = publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.answer_now(self.ticket, {"big": False})
        self.assertEqual(self.current(self.ticket).definition.key, "archive")
        self.assertEqual(self.current(self.ticket).definition.workflow, second)

    def test_an_earlier_task_cannot_be_completed_again(self) -> None:
        """It belongs to a definition that the ticket does not run on any more."""
        earlier = self.current(self.ticket)
        worker = earlier.assigned_to
        assert worker is not None
        self.answer_now(self.ticket, {"big": False})
        self.assertEqual(self.move(self.ticket, to=self.publish_next()), [""])
        with self.assertRaises(TaskNotWorkableError):
            complete_task(task=earlier, output={"big": True}, user=worker)

    def test_what_earlier_tasks_said_stays(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        second = self.publish_next()
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.assertEqual(self.instance(self.ticket).data, {"check": {"big": False}})
        done = TaskInstance.objects.get(status=TaskStatus.COMPLETED)
        self.assertEqual(done.definition.workflow, self.workflow)
        self.assert_in_order(self.ticket)
        with self.captureOnCommitCallbacks(execute=True):
            correct_task_output(task=done, output={"big": True}, by=self.terry, reason=REASON)
        self.assertEqual(self.instance(self.ticket).data, {"check": {"big": True}})
        self.answer_now(self.ticket, {"signed": "uma"})
        self.assertEqual(self.instance(self.ticket).status, WorkflowStatus.COMPLETED)
        self.assert_in_order(self.ticket)

    def test_an_output_that_a_later_version_has_replaced_is_not_corrected(self) -> None:
        """A task that is visited in both versions has one output that counts: the latest."""
        draft = self.draft()
        draft.transitions.filter(from_task__key="sign").update(
            to_task=draft.tasks.get(key="check"), condition={"==": [1, 1]}
        )
        draft.transitions.create(from_task=draft.tasks.get(key="sign"), priority=5, label="out")
        self.answer_now(self.ticket, {"big": False})
        second = publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.answer_now(self.ticket, {"signed": "uma"})
        self.answer_now(self.ticket, {"big": False})
        first = TaskInstance.objects.filter(definition__key="check").order_by("pk").first()
        assert first is not None
        with self.assertRaises(DECLARED):
            correct_task_output(task=first, output={"big": True}, by=self.terry, reason=REASON)
        self.assert_in_order(self.ticket)

    def test_a_worker_who_may_not_do_it_there_hands_it_on(self) -> None:
        role = CompanyRole.objects.create(name="Checkers")
        had_it = self.current(self.ticket).assigned_to
        other = self.walt if had_it == self.wendy else self.wendy
        role.members.add(other)
        second = self.publish_next(candidate_role=role)
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.assertEqual(self.current(self.ticket).assigned_to, other)
        self.assert_in_order(self.ticket)

    def test_where_nobody_may_do_it_there_the_task_waits(self) -> None:
        second = self.publish_next(candidate_role=CompanyRole.objects.create(name="Nobody"))
        self.assertEqual(self.move(self.ticket, to=second), [""])
        task = self.current(self.ticket)
        self.assertEqual((task.status, task.assigned_to), (TaskStatus.PENDING, None))
        self.assert_in_order(self.ticket)

    def test_a_task_that_waited_is_given_to_who_may_do_it_there(self) -> None:
        waits_in = self.publish_next(candidate_role=CompanyRole.objects.create(name="Nobody"))
        self.move(self.ticket, to=waits_in)
        third = self.publish_next(candidate_role=None)
        self.assertEqual(self.move(self.ticket, to=third), [""])
        self.assertIsNotNone(self.current(self.ticket).assigned_to)
        self.assert_in_order(self.ticket)

    def test_the_new_form_is_what_counts(self) -> None:
        old_task = self.current(self.ticket)
        fields = [
            {"name": "big", "label": "Big?", "type": "boolean", "required": True},
            {"name": "why", "label": "Why", "type": "text", "required": True},
        ]
        self.move(self.ticket, to=self.publish_next(fields=fields))
        assert old_task.assigned_to is not None
        with self.assertRaises(InvalidDataError):
            complete_task(task=old_task, output={"big": True}, user=old_task.assigned_to)

    # Refusals

    def test_a_task_that_is_gone_is_no_place_to_go_on(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        draft = self.draft()
        draft.transitions.filter(to_task__key="sign").update(to_task=None)
        draft.transitions.filter(from_task__key="sign").delete()
        draft.tasks.get(key="sign").delete()
        second = publish_workflow(workflow=draft, user=self.carla)
        self.assert_refused("“Sign”, which version 2 does not have", to=second)

    def test_a_renamed_task_is_where_the_ticket_goes_on(self) -> None:
        had_it = self.current(self.ticket).assigned_to
        second = self.publish_next(key="review", title="Review")
        self.assert_refused("It is at “Check”, which version 2 does not have", to=second)
        self.assertEqual(self.move(self.ticket, to=second, renamed={"check": "review"}), [""])
        task = self.current(self.ticket)
        self.assertEqual((task.definition.key, task.assigned_to), ("review", had_it))
        event = WorkflowEvent.objects.get(kind=VERSION_CHANGED)
        self.assertEqual(event.data["renamed"], {"check": "review"})
        self.assert_in_order(self.ticket)

    def test_what_a_renamed_task_has_said_is_read_and_corrected_under_its_new_name(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        shown = [{**each, "seen_by": "requester"} for each in BIG]
        second = self.publish_next(key="review", title="Review", fields=shown)
        self.assertEqual(self.move(self.ticket, to=second, renamed={"check": "review"}), [""])
        self.assertEqual(self.instance(self.ticket).data, {"review": {"big": False}})
        self.assert_in_order(self.ticket)
        done = TaskInstance.objects.get(status=TaskStatus.COMPLETED)
        found = Ticket.objects.with_progress().select_related("workflow").get(pk=self.ticket.pk)
        self.assertIn("output", [each.verb for each in open_repairs(found, task=done)])
        entry = SearchEntry.objects.get(ticket=self.ticket, source="answers/review")
        self.assertIn("No", entry.text)
        with self.captureOnCommitCallbacks(execute=True):
            correct_task_output(task=done, output={"big": True}, by=self.terry, reason=REASON)
        self.assertEqual(self.instance(self.ticket).data, {"review": {"big": True}})
        self.assert_in_order(self.ticket)
        entry.refresh_from_db()
        self.assertIn("Yes", entry.text)

    def test_a_task_stands_for_no_other_where_the_ticket_has_been_to_both(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        draft = self.draft()
        self.assertTrue(draft.tasks.filter(key="check").update(key="other"))
        draft.transitions.exclude(condition__isnull=True).update(
            condition={"==": [{"var": "ticket.amount"}, 7]}
        )
        second = publish_workflow(workflow=draft, user=self.carla)
        [refusal] = self.move(self.ticket, to=second, renamed={"check": "sign"})
        self.assertIn("“check” cannot become “Sign”: the ticket has been there, too.", refusal)
        self.assertEqual(self.instance(self.ticket).data, {"check": {"big": False}})

    def test_who_did_a_renamed_task_is_who_rules_of_the_new_name_mean(self) -> None:
        checker = self.current(self.ticket).assigned_to
        assert checker is not None
        self.answer_now(self.ticket, {"big": False})
        for rule, may in (
            ({"never": ["tasks.review"]}, False),
            ({"who": "doer", "task": "review"}, True),
        ):
            draft = self.draft()
            draft.tasks.filter(key="sign").update(assign_to=rule)
            draft.tasks.filter(key="check").update(key="review")
            draft.transitions.exclude(condition__isnull=True).update(
                condition={"==": [{"var": "tasks.review.big"}, True]}
            )
            version = publish_workflow(workflow=draft, user=self.carla)
            self.assertEqual(self.move(self.ticket, to=version, renamed={"check": "review"}), [""])
            with self.subTest(rule):
                sign = self.current(self.ticket)
                self.assertEqual(candidates_of(sign).may_have(checker), may)
                found = for_person(checker, TaskInstance.objects.filter(pk=sign.pk))
                self.assertEqual(found.exists(), may)
                self.assertEqual(sign.assigned_to == checker, may)
        self.assertEqual(count_visits(self.instance(self.ticket)), {"review": 1, "sign": 1})

    def test_a_task_stands_for_one_only_and_must_be_there(self) -> None:
        second = self.publish_next(key="review")
        for renamed in ({"check": "review", "sing": "review"}, {"check": "nothing"}):
            with self.subTest(renamed), self.assertRaises(RenamedTasksError):
                self.move(self.ticket, to=second, renamed=renamed)
        [refusal] = self.move(self.ticket, to=second, renamed={"sign": "review"})
        self.assertIn("which version 2 does not have", refusal)

    def test_many_tickets_at_a_renamed_task_move_in_one_go(self) -> None:
        tickets = [self.ticket, *(self.submit_now() for _number in range(54))]
        second = self.publish_next(key="review", title="Check")
        refusals = self.move(*tickets, to=second, renamed={"check": "review"})
        self.assertEqual(refusals, [""] * 55)
        self.assertEqual([each.message for each in company_findings()], [])

    def test_a_task_of_another_type_is_refused(self) -> None:
        second = self.publish_next(
            task_type="SYNC_ACTION",
            action_url="http://accounting.example/check",
            fields=[],
            output_schema={
                "type": "object",
                "properties": {"big": {"type": "boolean"}},
                "required": ["big"],
            },
        )
        self.assert_refused("another type", to=second)

    def test_answers_that_do_not_fit_are_listed(self) -> None:
        asked = [
            field("amount", type="integer", max=5),
            field("site"),
            field("floor", label="Which floor?", required=True),
        ]
        second = self.publish_next(asked=asked)
        self.assert_refused("What was submitted does not fit version 2", to=second)
        [refusal] = self.preview(self.ticket, to=second)
        self.assertIn("Amount: ", refusal)
        self.assertIn("Which floor?: ", refusal)
        self.assertNotIn("Site", refusal)

    def test_a_preset_that_does_not_fit_is_listed(self) -> None:
        asked = [
            field("amount", type="integer"),
            field("site", type="choice", choices=["Brussels", "Ghent"]),
        ]
        draft = self.draft()
        draft.fields = asked
        draft.save(update_fields=["fields"])
        self.assertEqual(
            self.move(self.ticket, to=publish_workflow(workflow=draft, user=None)), [""]
        )
        draft = self.draft()
        draft.fields = [asked[0], field("site", type="choice", choices=["Brussels"])]
        draft.save(update_fields=["fields"])
        draft.ticket_definitions.update(presets={})
        self.assert_refused("Site: ", to=publish_workflow(workflow=draft, user=None))

    def test_an_answer_that_is_not_asked_any_more_is_kept(self) -> None:
        draft = self.draft()
        draft.fields = [field("amount", type="integer")]
        draft.save(update_fields=["fields"])
        draft.ticket_definitions.update(presets={})
        second = publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.ticket.refresh_from_db()
        self.assertEqual(self.ticket.data, {"amount": 7, "site": "Ghent"})

    def test_a_call_that_is_under_way_is_refused(self) -> None:
        self.answer_now(self.ticket, {"big": True})
        second = self.publish_next()
        self.assert_refused("The call of “Archive” is under way", to=second)

    def test_a_call_that_failed_is_moved_and_retried_as_the_new_version_says(self) -> None:
        self.answer_now(self.ticket, {"big": True})
        error = self.fail_call(self.ticket)
        draft = self.draft()
        draft.tasks.filter(key="archive").update(action_url="http://accounting.example/v2")
        second = publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.assertEqual(self.current(self.ticket).status, TaskStatus.ERROR)
        self.assert_in_order(self.ticket)
        retry_step(error=error, by=self.terry, reason=REASON)
        definition = self.current(self.ticket).definition
        self.assertEqual(definition.action_url, "http://accounting.example/v2")
        self.assert_in_order(self.ticket)

    def test_a_step_that_is_just_being_taken_is_refused(self) -> None:
        second = self.publish_next()
        with without_taking_steps():
            self.answer(self.ticket, {"big": False})
        self.assert_refused_while_leaving(second)

    def assert_refused_while_leaving(self, second: WorkflowDefinition) -> None:
        [refusal] = self.move(self.ticket, to=second)
        self.assertIn("just leaving “Check”", refusal)
        self.assertEqual(self.preview(self.ticket, to=second), [refusal])
        self.assertEqual(self.version_of(self.ticket), (1, 1))

    def test_a_ticket_that_has_ended_is_refused(self) -> None:
        second = self.publish_next()
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assert_refused("ended", to=second)

    def test_a_ticket_that_is_there_already_is_refused(self) -> None:
        second = self.publish_next()
        self.move(self.ticket, to=second)
        self.assert_refused_again(second)

    def assert_refused_again(self, second: WorkflowDefinition) -> None:
        self.assertIn("already", self.move(self.ticket, to=second)[0])
        kind = WorkflowEvent.objects.filter(kind=VERSION_CHANGED)
        self.assertEqual(kind.count(), 1)

    def test_a_ticket_of_another_workflow_is_refused(self) -> None:
        other = WorkflowDefinition.objects.create(key="other", title="Other")
        other.publish(by=None)
        other.save()
        self.assert_refused("another workflow: Flow", to=other)

    def test_only_the_published_version_takes_tickets(self) -> None:
        second = self.publish_next()
        draft = self.draft()
        self.publish_next()
        for version in (second, draft):
            with self.assertRaises(NotPublishedError):
                self.move(self.ticket, to=version)
        self.assertEqual(self.version_of(self.ticket), (1, 1))

    def test_one_that_is_refused_does_not_stop_the_rest(self) -> None:
        calling, last = self.submit_now(), self.submit_now()
        self.answer_now(calling, {"big": True})
        second = self.publish_next()
        refusals = self.move(last, calling, self.ticket, to=second)
        self.assertEqual([bool(each) for each in refusals], [False, True, False])
        versions = [self.version_of(each)[0] for each in (self.ticket, calling, last)]
        self.assertEqual(versions, [2, 1, 2])

    def test_a_ticket_on_hold_is_moved_and_goes_on_there(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        second = self.publish_next()
        self.assertEqual(self.move(self.ticket, to=second), [""])
        self.assertEqual(self.instance(self.ticket).status, WorkflowStatus.ON_HOLD)
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.answer_now(self.ticket, {"big": False})
        self.assert_in_order(self.ticket)

    def test_a_ticket_that_has_not_started_starts_there(self) -> None:
        with without_taking_steps():
            waiting = self.submit()
        second = self.publish_next()
        self.assertEqual(self.preview(waiting, to=second), [""])
        self.assertEqual(self.move(waiting, to=second), [""])
        self.assertEqual(self.instance(waiting).status, WorkflowStatus.NOT_STARTED)
        self.assertEqual(broken_invariants(waiting), [])
        advance_ticket(ticket_id=waiting.pk)
        self.assertEqual(self.current(waiting).definition.workflow, second)
        self.assertEqual(broken_invariants(waiting), [])

    def test_it_takes_a_ticket_admin_a_reason_and_no_crowd(self) -> None:
        second = self.publish_next()
        for person in (self.carla, self.uma, self.wendy, self.charlie):
            with self.assertRaises(MayNotRepairError):
                move_tickets(tickets=[self.ticket], to=second, by=person, reason=REASON)
        with self.assertRaises(ReasonMissingError):
            move_tickets(tickets=[self.ticket], to=second, by=self.terry, reason=" ")
        crowd = [Ticket(pk=number) for number in range(1, 102)]
        with self.assertRaises(TooManyTicketsError):
            move_tickets(tickets=crowd, to=second, by=self.terry, reason=REASON)
        gone = Ticket(pk=self.ticket.pk + 1000)
        self.assertIn("no longer there", self.move(gone, to=second)[0])
        self.assertEqual(self.version_of(self.ticket), (1, 1))


class MoveFromABrokenTransitionTest(MoveCase):
    """The first version has a transition whose condition reads what is not there."""

    condition: Json = {"==": [{"var": "tasks.sign.signed"}, "x"]}

    def test_a_way_on_that_failed_is_decided_by_the_new_version(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        error = self.ticket.errors.get()
        draft = self.draft_without_checks()
        self.assertEqual(self.move(self.ticket, to=draft), [""])
        self.assert_in_order(self.ticket)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        self.assertEqual(self.current(self.ticket).definition.key, "sign")
        self.assert_in_order(self.ticket)

    def draft_without_checks(self) -> WorkflowDefinition:
        """The small workflow again, made by hand, for a first version that is broken."""
        first = self.workflow
        first.retire()
        first.save()
        TicketDefinition.objects.update(is_active=False, key="old_thing")
        second = WorkflowDefinition.objects.create(
            key="flow", version=2, title="Flow", fields=first.fields
        )
        tasks = {}
        for task in first.tasks.all():
            old = task.pk
            task.pk, task.workflow = None, second
            task.save()
            tasks[old] = task
        for transition in first.transitions.all():
            broken = transition.pk == self.small_transition.pk
            transition.pk, transition.workflow = None, second
            transition.from_task = (
                tasks[transition.from_task_id] if transition.from_task_id else None
            )
            transition.to_task = tasks[transition.to_task_id] if transition.to_task_id else None
            transition.condition = None if broken else transition.condition
            transition.save()
        second.publish(by=self.carla)
        second.save()
        return second

    def test_an_output_in_error_that_does_not_fit_is_refused(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        self.ticket.errors.get()
        second = self.draft_without_checks()
        second.tasks.filter(key="check").update(fields=[field("big")])
        self.assert_refused("What came of “Check” does not fit version 2: Big: ", to=second)


def address(workflow: WorkflowDefinition) -> str:
    return reverse("admin:workflows_workflowdefinition_move_tickets", args=[workflow.pk])


class MovePageTest(MoveCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.calling = self.submit_now()
        self.answer_now(self.calling, {"big": True})
        self.second = self.publish_next()
        self.log_in(self.terry)

    def post(self, **values: Any) -> Any:
        return self.client.post(address(self.second), {"reason": REASON, **values}, follow=True)

    def test_it_lists_who_can_be_moved_and_why_not(self) -> None:
        answer = self.client.get(address(self.second))
        self.assertContains(answer, "2 tickets still run on older versions")
        self.assertContains(answer, f'value="{self.ticket.pk}"')
        self.assertNotContains(answer, f'value="{self.calling.pk}"')
        self.assertContains(answer, "The call of “Archive” is under way")

    def test_it_moves_those_that_were_chosen(self) -> None:
        other = self.waiting()
        answer = self.post(ticket=[self.ticket.pk, self.calling.pk])
        self.assertContains(answer, "1 ticket was moved to version 2.")
        self.assertContains(answer, f"#{self.calling.pk} was not moved. The call of")
        self.assertEqual(self.version_of(self.ticket), (2, 2))
        self.assertEqual(self.version_of(self.calling), (1, 1))
        self.assertEqual(self.version_of(other), (1, 1))
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[self.ticket.pk]))
        self.assertContains(page, "It was moved from version 1 to version 2.")
        self.assertContains(page, REASON)

    def renamed_version(self) -> WorkflowDefinition:
        self.second = self.publish_next(key="review", title="Checking")
        return self.second

    def test_it_proposes_what_stands_for_a_task_that_is_gone(self) -> None:
        third = self.renamed_version()
        answer = self.client.get(address(third))
        self.assertContains(answer, "Tasks that version 3 does not have")
        self.assertContains(answer, '<option value="review" selected>Checking</option>', html=True)
        self.assertContains(answer, f'value="{self.ticket.pk}"')
        self.post(ticket=[self.ticket.pk], **{"renamed-check": "review"})
        self.assertEqual(self.version_of(self.ticket), (3, 3))

    def test_what_a_renamed_task_has_said_has_a_link_to_correct_it(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        self.renamed_version()
        self.post(ticket=[self.ticket.pk], **{"renamed-check": "review"})
        self.assertEqual(self.version_of(self.ticket), (3, 3))
        done = TaskInstance.objects.get(
            workflow_instance__ticket=self.ticket, status=TaskStatus.COMPLETED
        )
        error = TicketError.objects.create(
            ticket=self.ticket, error_type=ErrorType.values[0], message="Broken"
        )
        page = self.client.get(reverse("admin:tickets_ticketerror_change", args=[error.pk]))
        found = Ticket.objects.with_progress().get(pk=self.ticket.pk)
        self.assertContains(page, CorrectOutput(found, task=done).url)

    def test_without_one_the_ticket_stays_and_what_was_typed_is_kept(self) -> None:
        self.renamed_version()
        answer = self.post(ticket=[self.ticket.pk], look="1", **{"renamed-check": ""})
        self.assertNotContains(answer, f'value="{self.ticket.pk}"')
        self.assertContains(answer, "which version 3 does not have")
        self.assertContains(answer, REASON)
        answer = self.post(ticket=[self.ticket.pk], **{"renamed-check": "sign"})
        self.assertContains(answer, "Choose again which task stands for which.")
        self.assertEqual(self.version_of(self.ticket)[0], 1)

    def waiting(self) -> Ticket:
        """A ticket of the first version that has not started."""
        return Ticket.objects.create(
            title="Waits",
            definition=self.type,
            workflow=self.workflow,
            data={"amount": 1},
            created_by=self.uma,
            workflow_instance=WorkflowInstance.objects.create(workflow=self.workflow),
        )

    def test_the_pages_of_a_moved_ticket_show_it_as_it_is_now(self) -> None:
        self.answer_now(self.ticket, {"big": False})
        draft = self.draft()
        draft.transitions.filter(from_task=None).update(to_task=draft.tasks.get(key="sign"))
        draft.transitions.filter(from_task__key="check").delete()
        draft.tasks.filter(key__in=["check", "archive"]).delete()
        third = publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(self.move(self.ticket, to=third), [""])
        task = self.current(self.ticket)
        assert task.assigned_to is not None
        pages = (
            (self.terry, reverse("admin:tickets_ticket_change", args=[self.ticket.pk])),
            (self.terry, reverse("admin:workflows_taskinstance_change", args=[task.pk])),
            (self.uma, reverse("admin:tickets_myticket_change", args=[self.ticket.pk])),
            (task.assigned_to, reverse("admin:tickets_mytask_change", args=[task.pk])),
        )
        for person, page in pages:
            self.log_in(person)
            self.assertContains(self.client.get(page), "Sign")

    def test_a_ticket_leads_to_its_own_move_and_back(self) -> None:
        page = reverse("admin:tickets_ticket_change", args=[self.ticket.pk])
        link = f"{address(self.second)}?ticket={self.ticket.pk}"
        self.assertContains(self.client.get(page), link)
        answer = self.client.get(link)
        self.assertContains(answer, f'id="ticket-{self.ticket.pk}" checked')
        self.assertNotContains(answer, f"#{self.calling.pk}")
        self.assertRedirects(
            self.client.post(
                address(self.second),
                {"reason": REASON, "ticket": self.ticket.pk, "only": self.ticket.pk},
            ),
            page,
        )
        self.assertNotContains(self.client.get(page), link)

    def test_a_reason_and_a_ticket_are_asked_for(self) -> None:
        answer = self.post(ticket=[self.ticket.pk], reason=" ")
        self.assertContains(answer, "Say why")
        self.assertContains(answer, f'id="ticket-{self.ticket.pk}" checked')
        self.assertContains(self.post(), "Choose the tickets")
        self.assertContains(self.post(ticket=["abc", "9" * 30, "", "-1"]), "Choose the tickets")
        self.post(ticket=[self.ticket.pk + 1000])
        self.assertEqual(self.version_of(self.ticket), (1, 1))

    def test_what_stands_in_the_address_breaks_nothing(self) -> None:
        for each in ("abc", "0", "9" * 30, "%00", "", str(self.ticket.pk + 1000)):
            with self.subTest(each):
                answer = self.client.get(f"{address(self.second)}?ticket={each}")
                self.assertEqual(answer.status_code, 200)

    def test_from_a_version_that_is_retired_it_leads_to_the_published_one(self) -> None:
        third = self.publish_next()
        for send in (self.client.get, self.client.post):
            answer = send(address(self.second), {"ticket": str(self.ticket.pk), "reason": REASON})
            self.assertRedirects(answer, address(third))
        self.assertEqual(self.version_of(self.ticket), (1, 1))
        retire_workflow(workflow=third, user=self.carla)
        answer = self.client.get(address(third))
        self.assertRedirects(answer, reverse("admin:tickets_ticket_changelist"))

    def test_the_page_of_the_published_version_tells_how_many_are_left(self) -> None:
        page = reverse("admin:workflows_workflowdefinition_change", args=[self.second.pk])
        self.log_in(self.carla)
        answer = self.client.get(page)
        self.assertContains(answer, "2 tickets still run on older versions.")
        self.assertNotContains(answer, address(self.second))
        self.give_role(self.carla, SystemRole.TICKET_ADMIN)
        self.assertContains(self.client.get(page), address(self.second))

    def test_many_tickets_take_no_more_queries(self) -> None:
        before = self.count_queries(address(self.second))
        for _number in range(4):
            self.waiting()
        self.assertLessEqual(self.count_queries(address(self.second)), before)

    def test_it_takes_a_ticket_admin_of_the_company(self) -> None:
        people = ((self.carla, 403), (self.uma, 403), (self.wendy, 403), (self.charlie, 404))
        for person, status in people:
            self.log_in(person)
            values = {"ticket": self.ticket.pk, "reason": REASON}
            self.assertEqual(self.client.get(address(self.second)).status_code, status)
            self.assertEqual(self.client.post(address(self.second), values).status_code, status)
        self.assertEqual(self.version_of(self.ticket), (1, 1))


class MoveWhileOthersWorkTest(NextVersion, ConcurrentCase):
    def setUp(self) -> None:
        super().setUp()
        self.second = self.publish_next()

    def moving(self) -> None:
        [move] = move_tickets(tickets=[self.ticket], to=self.second, by=self.terry, reason=REASON)
        if not move.is_moved:
            raise CannotMoveError(move.refusal)

    def test_moving_while_completing_does_one_after_the_other(self) -> None:
        for number in range(6):
            if number:
                self.ticket = self.submit_to_first()
            task = self.current(self.ticket)
            moved, completed = self.at_once(self.moving, self.complete(task, {"big": False}))
            self.assertIsNone(completed)
            self.assertTrue(moved is None or isinstance(moved, CannotMoveError), moved)
            self.assertEqual(broken_invariants(self.ticket), [])
            versions = {2} if moved is None else {1}
            self.assertEqual(set(self.version_of(self.ticket)), versions)
            self.assertEqual(self.current(self.ticket).definition.workflow.version, max(versions))
            done = TaskInstance.objects.get(
                workflow_instance=self.instance(self.ticket), status=TaskStatus.COMPLETED
            )
            self.assertEqual(done.output_data, {"big": False})

    def submit_to_first(self) -> Ticket:
        """Another ticket on the first version, whose type is offered no more."""
        TicketDefinition.objects.update(is_active=False)
        WorkflowDefinition.objects.filter(version=2).update(status="RETIRED")
        WorkflowDefinition.objects.filter(version=1).update(status="PUBLISHED")
        TicketDefinition.objects.filter(pk=self.type.pk).update(is_active=True)
        self.type.refresh_from_db()
        ticket = self.submit()
        TicketDefinition.objects.update(is_active=False)
        WorkflowDefinition.objects.filter(version=1).update(status="RETIRED")
        WorkflowDefinition.objects.filter(version=2).update(status="PUBLISHED")
        return ticket

    def test_whoever_waited_for_the_move_works_in_the_new_version(self) -> None:
        """The completion waits for the instance's lock while the move commits."""
        task = self.current(self.ticket)
        with self.waiting_for(self.moving, self.complete(task, {"big": False})):
            pass
        self.assertEqual(self.version_of(self.ticket), (2, 2))
        self.assertEqual(self.current(self.ticket).definition.key, "sign")
        self.assertEqual(self.current(self.ticket).definition.workflow, self.second)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_moving_while_cancelling_reassigning_and_holding(self) -> None:
        task = self.current(self.ticket)
        other = self.walt if task.assigned_to == self.wendy else self.wendy
        moved, *rest = self.at_once(
            self.moving,
            lambda: reassign_task(task=task, to=other, by=self.terry, reason=REASON),
            lambda: hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON),
            lambda: cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON),
        )
        for error in (moved, *rest):
            self.assertTrue(error is None or isinstance(error, DECLARED), error)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_of_two_who_move_the_same_ticket_one_does(self) -> None:
        raised = self.at_once(self.moving, self.moving)
        self.assertIsInstance(self.assert_one_won(raised), CannotMoveError)
        self.assertEqual(self.count("VERSION_CHANGED"), 1)
