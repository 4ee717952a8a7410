"""Programs repair tickets as the pages of repairs do, with the same refusals."""

from __future__ import annotations

from typing import Any

from tenants.api.tests.api_case import ApiCase
from tenants.audit.acting import acting_as, actor_of
from tenants.audit.models import AuditEvent
from tenants.tokens.scopes import Scope
from tickets.models import BulkChange, BulkRetry, Ticket
from tickets.overseeing.bulk_change import continue_bulk_change
from tickets.repairing.retry_many import continue_bulk_retry
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent
from workflows.running.through import who_in_words

WHY = {"reason": "It was wrong"}


class RepairCase(SmallWorkflow, ApiCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()
        self.ticket = self.submit()
        self.path = f"tickets/{self.ticket.pk}"
        self.task = self.current(self.ticket)

    def fresh(self) -> Ticket:
        return Ticket.objects.get(pk=self.ticket.pk)

    def repair(self, method: str, path: str, body: dict[str, Any], **more: Any) -> Any:
        return self.ask(self.terry, method, f"{self.path}/{path}", {**WHY, **body}, **more)


class CorrectTests(RepairCase):
    def test_answers_are_corrected_with_their_presets_kept(self) -> None:
        done = self.repair("PUT", "answers", {"answers": {"amount": 8}}, expect=200).json()
        self.assertEqual(done["answers"], {"amount": 8, "site": "Ghent"})
        self.assertEqual(self.fresh().data["amount"], 8)
        event = AuditEvent.objects.get(kind="tickets.data_corrected")
        self.assertEqual(event.actor_id, self.terry.pk)
        self.assertIn("through", event.data)

    def test_a_wrong_answer_is_named_with_its_place(self) -> None:
        refused = self.repair("PUT", "answers", {"answers": {"amount": 5_000}})
        said = self.assert_problem(refused, 422)
        self.assertEqual(said["errors"][0]["pointer"], "/answers/amount")
        self.assert_problem(self.repair("PUT", "answers", {"answers": {"amount": 7}}), 409)

    def test_an_output_is_corrected_and_what_failed_is_tried_again(self) -> None:
        self.answer(self.ticket, {"big": True})
        error = self.fail_call(self.ticket)
        path = f"tasks/{self.task.pk}/output"
        self.repair("PUT", path, {"output": {"big": False}, "then_retry": True}, expect=200)
        self.task.refresh_from_db()
        error.refresh_from_db()
        self.assertEqual((self.task.output_data, error.status), ({"big": False}, "RESOLVED"))
        self.assert_problem(self.repair("PUT", path, {"output": {"big": 3}}), 422)

    def test_what_a_call_sends_is_corrected(self) -> None:
        self.answer(self.ticket, {"big": True})
        self.fail_call(self.ticket)
        call = self.current(self.ticket)
        self.repair("PUT", f"tasks/{call.pk}/input", {"input": {"amount": 9}}, expect=200)
        call.refresh_from_db()
        self.assertEqual(call.input_data, {"amount": 9})
        form = f"tasks/{self.task.pk}/input"
        self.assert_problem(self.repair("PUT", form, {"input": {}}), 409)

    def test_what_people_changed_since_it_was_read_counts(self) -> None:
        etag = self.ask(self.terry, "GET", f"{self.path}/repairs", expect=200)["ETag"]
        match = {"If-Match": etag}
        self.repair("PUT", "answers", {"answers": {"amount": 8}}, **match, expect=200)
        stale = self.repair("PUT", "answers", {"answers": {"amount": 9}}, **match)
        self.assert_problem(stale, 412)
        self.assertEqual(self.fresh().data["amount"], 8)


class HandingTests(RepairCase):
    def test_it_is_given_to_somebody_else(self) -> None:
        other = self.walt if self.task.assigned_to == self.wendy else self.wendy
        path = f"tasks/{self.task.pk}/reassign"
        self.repair("POST", path, {"to": other.pk}, expect=200)
        self.task.refresh_from_db()
        self.assertEqual(self.task.assigned_to, other)
        self.assert_problem(self.repair("POST", path, {"to": self.uma.pk}), 409)
        self.assert_problem(self.repair("POST", path, {"to": self.charlie.pk}), 404)

    def test_a_step_is_finished_by_hand_once(self) -> None:
        path, body = f"tasks/{self.task.pk}/finish", {"output": {"big": False}}
        key: dict[str, Any] = {"Idempotency-Key": "a-1"}
        first = self.repair("POST", path, body, **key, expect=200)
        again = self.repair("POST", path, body, **key, expect=200)
        self.assertEqual(first.json(), again.json())
        self.task.refresh_from_db()
        self.assertEqual(self.task.status, TaskStatus.COMPLETED)
        self.assert_problem(self.repair("POST", path, body), 409)
        wrong = f"tasks/{self.current(self.ticket).pk}/finish"
        self.assert_problem(self.repair("POST", wrong, {"output": {"nonsense": 1}}), 422)

    def test_it_says_what_can_be_done(self) -> None:
        listed = self.ask(self.terry, "GET", f"{self.path}/tasks", expect=200).json()["items"]
        self.assertEqual([each["key"] for each in listed], ["check"])
        read = self.ask(self.terry, "GET", f"{self.path}/tasks/{self.task.pk}", expect=200).json()
        repairs = {each["repair"] for each in read["repairs"]}
        self.assertEqual(repairs, {"finish", "reassign"})
        people = {each["id"] for each in read["may_be_given_to"]}
        self.assertEqual(people, {self.wendy.pk, self.walt.pk})
        found = self.ask(self.terry, "GET", f"{self.path}/repairs", expect=200).json()["items"]
        self.assertEqual({each["repair"] for each in found}, {"data", "hold", "cancel"})

    def test_a_task_of_another_ticket_is_none_of_it(self) -> None:
        other = self.submit()
        path = f"tasks/{self.current(other).pk}/finish"
        self.assert_problem(self.repair("POST", path, {"output": {"big": False}}), 404)


class RefusedTests(RepairCase):
    def walk(self) -> list[tuple[str, str, dict[str, Any]]]:
        task = f"{self.path}/tasks/{self.task.pk}"
        return [
            ("GET", f"{self.path}/repairs", {}),
            ("GET", task, {}),
            ("PUT", f"{self.path}/answers", {**WHY, "answers": {"amount": 8}}),
            ("PUT", f"{task}/output", {**WHY, "output": {"big": True}}),
            ("PUT", f"{task}/input", {**WHY, "input": {}}),
            ("POST", f"{task}/finish", {**WHY, "output": {"big": False}}),
            ("POST", f"{task}/reassign", {**WHY, "to": self.walt.pk}),
        ]

    def test_only_ticket_admins_of_the_company_do_it(self) -> None:
        reads = self.token_of(self.terry, [Scope.TICKETS_READ, Scope.TASKS_READ]).raw
        for method, path, body in self.walk():
            with self.subTest(path, method=method):
                sent = body or None
                self.assert_problem(self.ask(self.uma, method, path, sent), 403)
                self.assert_problem(self.ask(self.charlie, method, path, sent), 404)
                self.assert_problem(self.ask(reads, method, path, sent), 403)
        self.assertEqual(self.fresh().data["amount"], 7)
        self.assertEqual(TaskInstance.objects.get().assigned_to, self.task.assigned_to)


class BulkTests(RepairCase):
    def test_many_errors_are_tried_again_by_a_job(self) -> None:
        self.answer(self.ticket, {"big": True})
        error = self.fail_call(self.ticket)
        body = {**WHY, "errors": [error.pk, 999]}
        key: dict[str, Any] = {"Idempotency-Key": "a-1"}
        made = self.ask(self.terry, "POST", "bulk-retries", body, **key, expect=201).json()
        self.ask(self.terry, "POST", "bulk-retries", body, **key, expect=201)
        self.assertEqual(BulkRetry.objects.get().error_ids, [error.pk])
        path = f"bulk-retries/{made['id']}"
        self.assertFalse(self.ask(self.terry, "GET", path, expect=200).json()["is_finished"])
        self.ask(self.terry, "POST", f"{path}/go-on", expect=200)
        self.assert_problem(self.ask(self.charlie, "GET", path), 404)
        self.assert_problem(self.ask(self.charlie, "POST", f"{path}/go-on"), 404)
        self.assert_problem(self.ask(self.uma, "POST", "bulk-retries", body), 403)
        nothing = self.ask(self.charlie, "POST", "bulk-retries", body)
        self.assert_problem(nothing, 409)

    def test_many_tickets_are_held(self) -> None:
        body = {**WHY, "tickets": [self.ticket.pk, 999], "what": "hold"}
        made = self.ask(self.terry, "POST", "bulk-changes", body, expect=201).json()
        continue_bulk_change(bulk_change_id=made["id"])
        self.assertEqual(self.fresh().status, "ON_HOLD")
        path = f"bulk-changes/{made['id']}"
        told = self.ask(self.terry, "GET", path, expect=200).json()
        self.assertEqual((told["is_finished"], told["left_out"]), (True, 1))
        self.assertEqual(told["refusals"][0]["id"], 999)
        for method, address in (("GET", path), ("POST", f"{path}/go-on")):
            self.assert_problem(self.ask(self.charlie, method, address), 404)
            self.assert_problem(self.ask(self.wendy, method, address), 403)

    def test_the_history_says_which_assistant_began_what_a_job_does(self) -> None:
        """Whoever is there when the job is done."""
        self.answer(self.ticket, {"big": True})
        error = self.fail_call(self.ticket)
        raw = self.token_of(self.terry, assistant="Claude").raw
        sent = {**WHY, "errors": [error.pk]}
        made = self.ask(raw, "POST", "bulk-retries", sent, expect=201).json()
        continue_bulk_retry(bulk_retry_id=made["id"])
        sent = {**WHY, "tickets": [self.ticket.pk], "what": "hold"}
        made = self.ask(raw, "POST", "bulk-changes", sent, expect=201).json()
        with acting_as(actor_of(self.alice)):
            continue_bulk_change(bulk_change_id=made["id"])
        for kind in ("RETRIED", "HELD"):
            event = WorkflowEvent.objects.get(kind=kind)
            said = who_in_words(event.actor, event.data)
            self.assertEqual(said, f"Assistant Claude for {self.terry}")

    def test_charlie_changes_none_of_them(self) -> None:
        body = {**WHY, "tickets": [self.ticket.pk], "what": "cancel"}
        made = self.ask(self.charlie, "POST", "bulk-changes", body, expect=201).json()
        self.assertFalse(BulkChange.objects.exists())
        self.assertEqual(made["total"], 1)
        self.assertEqual(self.fresh().status, "IN_PROGRESS")

    def test_people_of_another_company_are_as_those_who_are_not_there(self) -> None:
        said = []
        for number in (self.charlie.pk, self.root.pk, 10**9):
            body = {**WHY, "tickets": [self.ticket.pk], "what": "reassign", "to": number}
            made = self.ask(self.terry, "POST", "bulk-changes", body, expect=201).json()
            continue_bulk_change(bulk_change_id=made["id"])
            path = f"bulk-changes/{made['id']}"
            told = self.ask(self.terry, "GET", path, expect=200).json()
            said.append([each["message"] for each in told["refusals"]])
        self.assertEqual(said, [said[2]] * 3)
        self.assertTrue(said[2])

    def test_what_is_missing_is_named(self) -> None:
        for what, place in (("prioritize", "/priority"), ("message", "/text")):
            body = {"tickets": [self.ticket.pk], "what": what}
            said = self.assert_problem(self.ask(self.terry, "POST", "bulk-changes", body), 422)
            self.assertEqual(said["errors"][0]["pointer"], place)
        hold = {"tickets": [self.ticket.pk], "what": "hold"}
        self.assertEqual(self.ask(self.terry, "POST", "bulk-changes", hold).status_code, 409)

    def test_who_writes_needs_the_scope_of_writing(self) -> None:
        raw = self.token_of(self.terry, [Scope.ERRORS_REPAIR]).raw
        for more in ({"what": "message", "text": "Hi"}, {"what": "prioritize", "priority": "high"}):
            body = {"tickets": [self.ticket.pk], **more}
            refused = self.ask(raw, "POST", "bulk-changes", body)
            self.assert_problem(refused, 403, "tickets:write")
        hold = {**WHY, "tickets": [self.ticket.pk], "what": "hold"}
        self.ask(raw, "POST", "bulk-changes", hold, expect=201)

    def test_a_message_of_an_assistant_says_so(self) -> None:
        raw = self.token_of(self.terry, assistant="Claude").raw
        body = {"tickets": [self.ticket.pk], "what": "message", "text": "Soon"}
        self.ask(raw, "POST", "bulk-changes", body, expect=201)
        self.assertIn("Claude", BulkChange.objects.get().arguments["text"])
