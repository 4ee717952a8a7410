"""What a task changes of earlier answers is the ticket's from then on, and the history says so."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import tampering
from tickets.editing.change_answers import earlier_answers
from tickets.editing.errors import AnswersChangedMeanwhileError
from tickets.editing.kept_changes import kept_changes
from tickets.editing.tests.edit_case import APPROVED, EditCase
from tickets.erasing.erase_person import erase_person
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import keep_file
from tickets.finding.find_tickets import Scope, find_tickets
from tickets.finding.query import read_query
from tickets.health.sealed import vouched
from tickets.models import FileUpload, SavedAnswers, Ticket, TicketError
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.retry_step import retry_step
from tickets.replaying.replay_tickets import replay_tickets
from tickets.saving.save_answers import save_task_answers
from tickets.seeing import Viewer, changed_answers
from tickets.tests.refusals import refused
from tickets.working.complete_many import form_of
from tickets.working.complete_task import complete_task
from tickets.working.errors import CompletionFailedError
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.bundles import run_document_test_cases
from workflows.engine.process import Json, JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.answers.asked_again import AskedAgain
from workflows.models import TaskInstance, WorkflowInstance
from workflows.running.events.kind import event_sentence, kind_named
from workflows.running.events.of_tickets.priority_changed import PRIORITY_CHANGED
from workflows.running.history import replay, stored_state


class ResubmissionTests(EditCase):
    def test_what_is_approved_is_what_the_ticket_says(self) -> None:
        """Refused; the requester changes 900 to 50; the approver sees 50."""
        ticket = self.sent_back()
        correct = self.task(ticket)
        self.assertEqual(correct.assigned_to, self.uma)
        changes: JsonObject = {"ticket.amount": 50, "tasks.estimate.hours": 1}
        decide = self.done(ticket, {"remark": "Fewer"}, changes=changes)
        self.assertEqual(decide.definition.key, "decide")
        ticket, instance = self.fresh(ticket), self.instance(ticket)
        self.assertEqual(ticket.data["amount"], 50)
        self.assertEqual(instance.data["estimate"], {"hours": 1, "guess": "Not at all"})
        self.assertEqual(instance.data["correct"], {"remark": "Fewer"})
        of_ticket, of_task = self.changes(ticket)
        self.assertEqual(of_ticket.data["old"], {"amount": 900})
        self.assertEqual(of_ticket.data["new"], {"amount": 50})
        self.assertEqual((of_ticket.actor, of_ticket.data["in_task"]), (self.uma, correct.pk))
        self.assertEqual(of_task.data["old"]["hours"], 3)
        said = event_sentence(kind_named(of_task.kind).screen.history, of_task)
        self.assertEqual(said, "What came of Estimate it was changed in Correct and resubmit.")
        self.done(ticket, APPROVED)
        instance = self.instance(ticket)
        self.assertEqual(instance.end_label, "small")
        self.assertEqual(replay(instance.events.order_by("pk")), stored_state(instance))
        self.assertEqual(vouched([instance])[instance.pk].problems, [])
        self.give_role(self.carla, SystemRole.TICKET_ADMIN)
        carla = User.objects.get(pk=self.carla.pk)
        replayed = replay_tickets(workflow=self.workflow, limit=10, by=carla)
        self.assertEqual((replayed.count, replayed.same), (1, 1))

    def instance(self, ticket: Ticket) -> WorkflowInstance:
        return WorkflowInstance.objects.select_related("workflow").get(ticket=ticket)

    def test_who_may_see_the_answers_sees_the_change(self) -> None:
        ticket = self.sent_back()
        correct_ticket_data(
            ticket=self.fresh(ticket),
            data={"what": "Chairs", "amount": 800},
            by=self.terry,
            reason="A slip.",
        )
        changes: JsonObject = {"ticket.amount": 50, "tasks.estimate.hours": 1}
        self.done(ticket, {}, changes=changes)
        ticket = self.fresh(ticket)
        found = {
            viewer: [
                [(label, old and old.text, new and new.text) for label, old, new in seen.pairs]
                for event in self.changes(ticket)
                for seen in [
                    changed_answers(event, ticket_fields=ticket.workflow.fields, viewer=viewer)
                ]
            ]
            for viewer in Viewer
        }
        corrected = [("Amount", "900", "800"), ("Reason", "Old ones", None)]
        amount, hours = [("Amount", "800", "50")], [("Hours", "3", "1")]
        self.assertEqual(found[Viewer.TEAM], [corrected, amount, hours])
        self.assertEqual(found[Viewer.REQUESTER], [[], amount, hours])
        self.assertEqual(found[Viewer.NOBODY], [[], [], []])

    def test_title_priority_and_search_follow(self) -> None:
        ticket = self.sent_back(urgency="high")
        Ticket.objects.filter(pk=ticket.pk).update(title="Request: Chairs")
        changes: JsonObject = {"ticket.urgency": "urgent", "ticket.amount": 77}
        self.done(ticket, {}, changes=changes)
        ticket = self.fresh(ticket)
        self.assertEqual((ticket.priority, ticket.title), ("urgent", "Request: Chairs"))
        kinds = self.instance(ticket).events.filter(kind=PRIORITY_CHANGED)
        self.assertEqual([each.data for each in kinds], [{"old": "high", "new": "urgent"}])
        for typed, count in (("77", 1), ("900", 0)):
            found = find_tickets(
                read_query(typed), tickets=Ticket.objects.all(), scope=Scope.REQUESTER
            )
            self.assertEqual(len(found.numbers), count, typed)

    def test_the_test_case_of_the_definition_passes(self) -> None:
        results = run_document_test_cases(export_bundle(workflow=self.workflow))
        self.assertEqual([(each.has_passed, each.reason) for each in results], [(True, "")])


class RefusedTests(EditCase):
    def refusal(self, ticket: Ticket, changes: JsonObject) -> dict[str, str]:
        task = self.task(ticket)
        with self.assertRaises(InvalidDataError) as refused:
            complete_task(task=task, output={}, user=self.uma, changes=changes)
        self.assertEqual(self.fresh(ticket).data["amount"], 900)
        self.assertEqual(self.changes(ticket), [])
        return {each.field: each.message for each in refused.exception.problems}

    def test_the_rules_of_the_form_hold(self) -> None:
        ticket = self.sent_back()
        for changes, field, part in (
            ({"ticket.amount": 0}, "ticket.amount", "1"),
            ({"ticket.amount": None}, "ticket.amount", "required"),
            ({"ticket.amount": 2000}, "ticket.quote", "required"),
            ({"ticket.reason": "x"}, "", "not changed in this task"),
            ({"ticket.what": "x"}, "", "not changed in this task"),
            ({"tasks.decide.comment": "x"}, "", "not changed in this task"),
            ({"nothing": 1}, "", "not changed in this task"),
        ):
            with self.subTest(changes=changes):
                found = self.refusal(ticket, dict[str, Json](changes))
                self.assertEqual(list(found), [field])
                self.assertIn(part, found[field])

    def test_all_is_told_at_once(self) -> None:
        task = self.task(self.sent_back())
        with self.assertRaises(InvalidDataError) as refused:
            complete_task(
                task=task, output={"other": 1}, user=self.uma, changes={"ticket.amount": 0}
            )
        fields = {each.field for each in refused.exception.problems}
        self.assertIn("ticket.amount", fields)
        self.assertEqual(len(fields), 2)

    def test_a_change_of_somebody_else_is_told(self) -> None:
        ticket = self.sent_back()
        task = self.task(ticket)
        seen = self.state(task, ticket)
        data: JsonObject = {"what": "Chairs", "amount": 800, "reason": "Worn"}
        correct_ticket_data(ticket=self.fresh(ticket), data=data, by=self.terry, reason="A slip.")
        changes: JsonObject = {"ticket.amount": 50}
        with self.assertRaises(AnswersChangedMeanwhileError) as told:
            complete_task(task=task, output={}, user=self.uma, changes=changes, seen=seen)
        amount, reason = told.exception.problems
        self.assertEqual((amount.field, reason.field), ("ticket.amount", ""))
        self.assertIn("800", amount.message)
        self.assertIn("Worn", reason.message)
        complete_task(
            task=task,
            output={},
            user=self.uma,
            changes=changes,
            seen=self.state(task, ticket),
        )
        self.assertEqual(self.fresh(ticket).data["amount"], 50)

    def state(self, task: TaskInstance, ticket: Ticket) -> dict[str, str]:
        asked = earlier_answers(task, self.fresh(ticket))
        return {name: text for each in asked for name, text in each.state().items()}

    def asked(self, ticket: Ticket) -> tuple[AskedAgain, ...]:
        return earlier_answers(self.task(ticket), self.fresh(ticket))

    def test_what_the_type_has_set_is_only_seen(self) -> None:
        ticket = self.sent_back()
        task = self.task(ticket)
        task.definition.edits = [{"field": "cost_centre"}, {"field": "amount"}]
        (of_ticket,) = earlier_answers(task, self.fresh(ticket))
        self.assertEqual(of_ticket.rows, (("cost_centre", False), ("amount", True)))

    def test_tampering_is_still_found(self) -> None:
        ticket = self.sent_back()
        self.done(ticket, {}, changes={"ticket.amount": 50})
        instance = WorkflowInstance.objects.get(ticket=ticket)
        with transaction.atomic(), tampering(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE workflows_workflowevent SET data = jsonb_set(data, '{old,amount}', '40')"
                " WHERE kind = 'CHANGED'"
            )
            self.assertNotEqual(vouched([instance])[instance.pk].problems, [])
            transaction.set_rollback(True)


class FileTests(EditCase):
    def upload(self, name: str, user: User) -> JsonObject:
        return keep_file(file=SimpleUploadedFile(name, b"An offer."), user=user)

    def test_a_file_is_added_kept_replaced_and_goes_with_its_question(self) -> None:
        ticket = self.sent_back()
        first = self.upload("one.txt", self.uma)
        changes: JsonObject = {"ticket.amount": 2000, "ticket.quote": first}
        decide = self.done(ticket, {}, changes=changes)
        self.assertEqual(self.fresh(ticket).data["quote"], first)
        owned = FileUpload.objects.get(uuid=str(first["upload"]))
        self.assertEqual(owned.ticket_id, ticket.pk)
        self.done(ticket, {"decision": "refused"})
        self.done(ticket, {}, changes={"ticket.amount": 1500})
        self.assertEqual(self.fresh(ticket).data["quote"], first)
        self.done(ticket, {"decision": "refused"})
        second = self.upload("two.txt", self.uma)
        self.done(ticket, {}, changes={"ticket.quote": second})
        self.assertEqual(self.fresh(ticket).data["quote"], second)
        self.done(ticket, {"decision": "refused"})
        self.done(ticket, {}, changes={"ticket.amount": 50})
        self.assertNotIn("quote", self.fresh(ticket).data)
        self.assertIn("quote", self.changes(ticket)[-1].data["old"])
        self.assertEqual(decide.definition.key, "decide")

    def test_somebody_elses_file_is_refused(self) -> None:
        ticket = self.sent_back()
        theirs = self.upload("one.txt", self.wendy)
        with self.assertRaises(UnknownUploadError):
            self.done(ticket, {}, changes={"ticket.amount": 2000, "ticket.quote": theirs})
        self.assertEqual(self.fresh(ticket).data["amount"], 900)

    def test_what_is_saved_for_later_keeps_its_files(self) -> None:
        ticket = self.sent_back()
        kept = self.upload("one.txt", self.uma)
        changes: JsonObject = {"ticket.amount": 2000, "ticket.quote": kept}
        answers = {"remark": "So far", **kept_changes(changes, {})}
        save_task_answers(task=self.task(ticket), answers=answers, user=self.uma)
        saved = SavedAnswers.objects.get()
        self.assertEqual(saved.answers["ticket.amount"], 2000)
        self.assertEqual([str(each.uuid) for each in saved.files.all()], [kept["upload"]])


class OthersTests(EditCase):
    def test_finished_by_hand_it_leaves_earlier_answers(self) -> None:
        ticket = self.sent_back()
        finish_task_by_hand(
            task=self.task(ticket), output={"remark": "As it is"}, by=self.terry, reason="Away."
        )
        self.assertEqual(self.fresh(ticket).data["amount"], 900)

    def test_it_is_not_completed_together_with_others(self) -> None:
        self.assertIsNone(form_of([self.task(self.sent_back())]))

    def test_what_an_erased_person_typed_is_gone_from_the_history_too(self) -> None:
        ticket = self.sent_back()
        changes: JsonObject = {"ticket.urgency": "high", "ticket.amount": 50}
        self.done(ticket, {"remark": "My flat is at Dock 4"}, changes=changes)
        self.done(ticket, APPROVED)
        erase_person(person_id=self.uma.pk, tickets=[ticket.pk])
        ticket = self.fresh(ticket)
        instance = WorkflowInstance.objects.select_related("workflow").get(ticket=ticket)
        said = json.dumps([instance.data, *(each.data for each in instance.events.all())])
        self.assertNotIn("Dock 4", said)
        self.assertNotIn("Old ones", json.dumps(ticket.data))
        self.assertEqual(replay(instance.events.order_by("pk")).data, instance.data)

    def fail_to_complete(self, ticket: Ticket) -> TicketError:
        """The database refuses the task: what was sent is kept."""
        task = self.task(ticket)
        asked = earlier_answers(task, self.fresh(ticket))
        seen = {name: text for each in asked for name, text in each.state().items()}
        refusing = refused("workflows_taskinstance", on="UPDATE", when="NEW.status = 'COMPLETED'")
        with (
            refusing,
            self.assertLogs("tickets", "ERROR"),
            self.assertRaises(CompletionFailedError),
        ):
            complete_task(
                task=task,
                output={"remark": "Fewer"},
                user=self.uma,
                changes={"ticket.amount": 50},
                seen=seen,
            )
        self.assertEqual(self.fresh(ticket).data["amount"], 900)
        self.assertEqual(SavedAnswers.objects.get().answers["ticket.amount"], 50)
        return TicketError.objects.unresolved().get()

    def test_what_could_not_be_completed_is_tried_again_with_its_changes(self) -> None:
        ticket = self.sent_back()
        error = self.fail_to_complete(ticket)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason="It is mended.")
        ticket = self.fresh(ticket)
        self.assertEqual(ticket.data["amount"], 50)
        (change,) = self.changes(ticket)
        self.assertEqual(change.actor, self.uma)
        self.assertEqual(self.task(ticket).definition.key, "decide")
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_where_somebody_has_changed_them_since_the_worker_is_asked_again(self) -> None:
        ticket = self.sent_back()
        error = self.fail_to_complete(ticket)
        data: JsonObject = {"what": "Chairs", "amount": 800, "reason": "Old ones"}
        correct_ticket_data(ticket=self.fresh(ticket), data=data, by=self.terry, reason="A slip.")
        retry_step(error=error, by=self.terry, reason="It is mended.")
        self.assertEqual(self.fresh(ticket).data["amount"], 800)
        task = self.task(ticket)
        self.assertEqual((task.definition.key, task.assigned_to), ("correct", self.uma))
        self.assertEqual(SavedAnswers.objects.get().answers["ticket.amount"], 50)
