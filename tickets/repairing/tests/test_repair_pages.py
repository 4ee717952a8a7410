"""The pages on which a ticket admin repairs a ticket."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase, outside
from tickets.models import Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.pages.all_repairs import VERBS, open_repairs
from tickets.repairing.pages.repair_verb import RepairVerb
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from workflows.models import (
    ActionAttempt,
    CompanyRole,
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
)
from workflows.models.action_attempt import MOST_SENT
from workflows.running.events.of_repairs.retried import RETRIED


def change_url(obj: Model) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(obj.pk,))


class RepairPageCase(SmallWorkflow, CompanyTestCase):
    """A ticket whose call has failed; Terry looks at it. Only Wendy is there."""

    ticket: Ticket
    task: TaskInstance
    error: TicketError

    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.walt.is_available = False
        self.walt.save(update_fields=["is_available"])
        self.ticket = self.at_check()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        self.error = self.fail_call(self.ticket)
        self.task = self.current(self.ticket)
        self.log_in(self.terry)

    def at_check(self) -> Ticket:
        """A ticket whose form waits to be filled in."""
        with self.captureOnCommitCallbacks(execute=True):
            return self.submit()

    def fresh(self, ticket: Ticket | None = None) -> Ticket:
        return Ticket.objects.get(pk=(ticket or self.ticket).pk)

    def url(self, verb: str, subject: Model | None = None, ticket: Ticket | None = None) -> str:
        ids = ((ticket or self.ticket).pk, verb, subject.pk if subject else 0)
        return reverse("admin:tickets_ticket_repair", args=ids)

    def send(
        self,
        verb: str,
        subject: Model | None = None,
        ticket: Ticket | None = None,
        *,
        answers: dict[str, Any] | None = None,
        **data: Any,
    ) -> Any:
        values = {"reason": REASON, "expected": marker_of(self.fresh(ticket)), **data}
        values |= {f"answers-{name}": value for name, value in (answers or {}).items()}
        url = self.url(verb, subject, ticket)
        return self.client.post(
            url, {k: v for k, v in values.items() if v is not None}, follow=True
        )

    def document(self, **values: Any) -> str:
        return json.dumps(values)


class ButtonsTest(RepairPageCase):
    def verbs(self, ticket: Ticket, **about: Any) -> list[str]:
        found = Ticket.objects.with_progress().select_related("workflow").get(pk=ticket.pk)
        return [page.verb for page in open_repairs(found, **about)]

    def test_a_failed_call_is_retried_corrected_or_finished(self) -> None:
        self.assertEqual(
            self.verbs(self.ticket, task=self.task, error=self.error),
            ["retry", "data", "input", "finish", "hold", "cancel"],
        )

    def test_a_form_is_given_to_somebody_else(self) -> None:
        ticket = self.at_check()
        self.assertEqual(
            self.verbs(ticket, task=self.current(ticket)),
            ["data", "finish", "reassign", "hold", "cancel"],
        )

    def test_a_ticket_on_hold_goes_on_first(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual(
            self.verbs(self.ticket, task=self.task, error=self.error), ["data", "resume", "cancel"]
        )

    def test_nothing_is_done_to_a_ticket_that_has_ended(self) -> None:
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.task.refresh_from_db()
        self.error.refresh_from_db()
        self.assertEqual(self.verbs(self.ticket, task=self.task, error=self.error), [])

    def test_a_ticket_that_could_not_start_is_retried_or_cancelled(self) -> None:
        Ticket.objects.filter(pk=self.ticket.pk).update(workflow_instance=None)
        error = TicketError.objects.create(
            ticket=self.ticket, error_type="WORKFLOW_CREATION", message="No."
        )
        self.assertEqual(self.verbs(self.ticket, error=error), ["retry", "data", "cancel"])

    def test_each_button_is_on_the_pages_and_leads_to_a_page(self) -> None:
        found = Ticket.objects.with_progress().get(pk=self.ticket.pk)
        pages = open_repairs(found, task=self.task, error=self.error)
        for obj in (self.ticket, self.task, self.error):
            shown = self.client.get(change_url(obj))
            for page in pages:
                with self.subTest(type(obj).__name__, verb=page.verb):
                    self.assertContains(shown, page.url)
        for page in pages:
            with self.subTest(verb=page.verb):
                self.assertContains(self.client.get(page.url), page.text)

    def test_the_correction_of_an_earlier_task_is_a_link_beside_its_output(self) -> None:
        earlier = TaskInstance.objects.get(definition=self.check)
        self.assertContains(self.client.get(change_url(self.error)), self.url("output", earlier))
        self.assertContains(self.client.get(change_url(earlier)), self.url("output", earlier))


class WhatWasTriedTest(RepairPageCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.started = timezone.now() - timedelta(minutes=5)
        for number, (status, error) in enumerate(((503, "Busy <b>"), (None, "No answer")), 1):
            attempt = ActionAttempt(task=self.task, number=number, started_at=self.started)
            attempt.record_call(
                status_code=status, now=self.started + timedelta(milliseconds=1_240 * number)
            )
            attempt.fail(error=error, now=self.started)
            attempt.save()

    def test_every_attempt_is_listed_with_what_was_sent(self) -> None:
        for obj in (self.error, self.task):
            page = self.client.get(change_url(obj))
            for words in ("503", "Busy &lt;b&gt;", "No answer", "1.2 s", "2.5 s", "Failed"):
                with self.subTest(type(obj).__name__, words=words):
                    self.assertContains(page, words)
            self.assertContains(page, "What the latest attempt sent")
            self.assertContains(page, "&quot;amount&quot;: 7")
            self.assertContains(page, "http://accounting.example/invoices")

    def test_each_attempt_shows_what_it_sent(self) -> None:
        first, second = ActionAttempt.objects.of_task(self.task)
        third = ActionAttempt(task=self.task, number=3, started_at=self.started)
        for attempt, body in ((first, {"to": "A<b>"}), (second, {"to": "B"}), (third, {"to": "B"})):
            attempt.keep_sent(json.dumps(body).encode())
            attempt.save()
        for obj in (self.error, self.task):
            page = self.client.get(change_url(obj))
            self.assertContains(page, "&quot;to&quot;: &quot;A&lt;b&gt;&quot;", count=1)
            self.assertContains(page, "&quot;to&quot;: &quot;B&quot;", count=1)
            self.assertContains(page, "Sent the same as attempt 2", count=1)
            self.assertNotContains(page, "What the latest attempt sent")
            self.assertNotContains(page, "Only the beginning")

    def test_of_a_large_request_the_beginning_is_kept_and_shown(self) -> None:
        attempt = ActionAttempt.objects.latest_of(self.task.pk)
        assert attempt is not None
        attempt.keep_sent(json.dumps({"text": "x" * 50_000}).encode())
        attempt.save()
        attempt.refresh_from_db()
        self.assertEqual(len(attempt.sent), MOST_SENT)
        self.assertEqual(attempt.sent_bytes, 50_012)
        page = self.client.get(change_url(self.error))
        self.assertContains(page, "Only the beginning of 50012 bytes is kept.")
        self.assertContains(page, "What the latest attempt sent")

    def test_the_data_so_far_is_shown(self) -> None:
        page = self.client.get(change_url(self.error))
        self.assertContains(page, "The data so far")
        self.assertContains(page, "Big?")
        self.assertContains(page, "Ghent")

    def test_queries_do_not_grow_with_attempts_and_outputs(self) -> None:
        urls = [change_url(self.error), change_url(self.task), self.url("retry", self.error)]
        # The sidebar keeps its numbers for a while: all of them are counted anew, and kept.
        cache.clear()
        for url in urls:
            self.client.get(url)
        few = [self.count_queries(url) for url in urls]
        for number in range(3, 30):
            ActionAttempt.objects.create(task=self.task, number=number, started_at=self.started)
        for url, before in zip(urls, few, strict=True):
            self.assertLessEqual(self.count_queries(url), before)
        self.assertLess(max(few), 40)

    def test_only_the_newest_of_very_many_are_shown(self) -> None:
        for number in range(3, 60):
            ActionAttempt.objects.create(task=self.task, number=number, started_at=self.started)
        page = self.client.get(change_url(self.error))
        self.assertContains(page, "9 older attempts are not shown.")


class RetryTest(RepairPageCase):
    def test_it_tries_the_step_again(self) -> None:
        page = self.send("retry", self.error)
        self.assertRedirects(page, change_url(self.ticket))
        self.assertContains(page, "The step is tried again.")
        self.assertContains(page, REASON)
        self.assertEqual(len(self.calls()), 1)
        self.assertTrue(TicketError.objects.get(pk=self.error.pk).is_resolved)
        self.assertEqual(self.last_event(RETRIED).actor, self.terry)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_without_a_reason_it_asks_for_one(self) -> None:
        for reason in ("", "   ", "\x00", "x" * 2_001):
            page = self.send("retry", self.error, reason=reason)
            self.assertEqual(page.status_code, 200)
            self.assertEqual(self.calls(), [])
        self.assertContains(self.send("retry", self.error, reason=""), "Say why")

    def test_a_double_click_acts_once(self) -> None:
        token, expected = "a" * 32, marker_of(self.fresh())
        self.send("retry", self.error, token=token, expected=expected)
        page = self.send("retry", self.error, token=token, expected=expected)
        self.assertContains(page, "It was carried out once.")
        self.assertEqual(len(self.calls()), 1)

    def test_who_comes_second_is_told_what_happened(self) -> None:
        expected = marker_of(self.fresh())
        self.give_role(self.alice, SystemRole.TICKET_ADMIN)
        retry_step(error=self.error, by=self.alice, reason="I called them.")
        page = self.send("retry", self.error, expected=expected, reason="My long reason.")
        self.assertContains(page, "Somebody has already taken care of this error")
        self.assertContains(page, "I called them.")
        self.assertContains(page, "Alice Archer")
        self.assertContains(page, "My long reason.")
        self.assertNotContains(page, 'tk-primary" type="submit"')
        self.assertEqual(len(self.calls()), 1)

    def test_a_page_that_is_old_comes_back_with_what_was_typed(self) -> None:
        expected = marker_of(self.fresh())
        page = self.send("data", expected=expected, answers={"amount": "8"})
        page = self.send("retry", self.error, expected=expected, reason="My long reason.")
        self.assertContains(page, "Somebody changed this ticket after you opened the page")
        self.assertContains(page, "What was submitted was corrected.")
        self.assertContains(page, "My long reason.")
        self.assertContains(page, f'name="expected" value="{marker_of(self.fresh())}"')
        self.assertContains(page, 'tk-primary" type="submit"')
        self.assertEqual(self.calls(), [])

    def test_a_mistake_does_not_hide_what_happened_meanwhile(self) -> None:
        expected = marker_of(self.fresh())
        self.send("data", answers={"amount": "8"})
        page = self.send("retry", self.error, expected=expected, reason="")
        self.assertContains(page, f'name="expected" value="{expected}"')
        page = self.send("retry", self.error, expected=expected)
        self.assertContains(page, "Somebody changed this ticket after you opened the page")

    def test_a_page_without_what_it_showed_changes_nothing(self) -> None:
        for expected in (None, "", "abc", "9" * 90, "1-2-3"):
            page = self.send("retry", self.error, expected=expected)
            self.assertEqual(page.status_code, 200)
            self.assertEqual(self.calls(), [])

    def test_a_page_that_no_longer_applies_leads_to_the_ticket(self) -> None:
        retry_step(error=self.error, by=self.terry, reason="Before.")
        page = self.client.get(self.url("retry", self.error), follow=True)
        self.assertRedirects(page, change_url(self.ticket))
        self.assertContains(page, "Before.")


class CorrectTest(RepairPageCase):
    def test_what_was_submitted_is_corrected_and_the_step_retried(self) -> None:
        page = self.client.get(self.url("data"))
        self.assertContains(page, 'value="7"')
        self.assertContains(page, "Already set")
        page = self.send("data", then_retry="on", answers={"amount": "70"})
        self.assertRedirects(page, change_url(self.ticket))
        self.assertEqual(self.fresh().data, {"amount": 70, "site": "Ghent"})
        self.assertEqual(len(self.calls()), 1)
        self.assertContains(page, "What was submitted was corrected.")

    def test_it_is_corrected_and_not_retried(self) -> None:
        self.send("data", answers={"amount": "70"})
        self.assertEqual(self.fresh().data["amount"], 70)
        self.assertEqual(self.calls(), [])

    def test_wrong_answers_come_back_with_their_problems(self) -> None:
        page = self.send("data", answers={"amount": "5000"})
        self.assertContains(page, "What you typed is still here")
        self.assertContains(page, 'value="5000"')
        self.assertContains(page, REASON)
        self.assertEqual(self.fresh().data["amount"], 7)

    def test_the_same_again_says_that_nothing_was_changed(self) -> None:
        page = self.send("data", answers={"amount": "7"})
        self.assertContains(page, "It was like this already")

    def test_what_a_call_sends_is_corrected(self) -> None:
        page = self.client.get(self.url("input", self.task))
        self.assertContains(page, "&quot;amount&quot;: 7")
        self.send("input", self.task, document=self.document(amount=9), then_retry="on")
        self.assertEqual(TaskInstance.objects.get(pk=self.task.pk).input_data, {"amount": 9})
        self.assertEqual(len(self.calls()), 1)

    def test_the_output_of_an_earlier_task_is_corrected(self) -> None:
        earlier = TaskInstance.objects.get(definition=self.check)
        self.send("output", earlier, answers={"big": "false"})
        self.assertEqual(TaskInstance.objects.get(pk=earlier.pk).output_data, {"big": False})
        page = self.client.get(change_url(self.ticket))
        self.assertContains(page, "What came of Check was corrected.")

    def test_text_that_is_no_json_object_is_refused(self) -> None:
        for text in (
            "", "{", "[]", "1", '"x"', "nul", '{"a": 1e999}', '{"a": "\\u0000"}', "NaN",
            '{"a": "\\ud800"}', "[" * 5_000, '{"a": ' * 100 + "1" + "}" * 100,
            '{"n": ' + "9" * 5_000 + "}", "{\x00}",
        ):  # fmt: skip
            with self.subTest(text[:20]):
                page = self.send("input", self.task, document=text)
                self.assertContains(page, "What you typed is still here")
        self.assertEqual(TaskInstance.objects.get(pk=self.task.pk).input_data, {"amount": 7})


class FinishTest(RepairPageCase):
    def test_a_call_is_finished_with_an_output_that_fits_the_schema(self) -> None:
        page = self.client.get(self.url("finish", self.task))
        self.assertContains(page, "The schema that it must fit")
        page = self.send("finish", self.task, document=self.document(document=5))
        self.assertContains(page, "document")
        self.assertEqual(self.fresh().status, "IN_PROGRESS")
        page = self.send("finish", self.task, document=self.document(document="A-1"))
        self.assertRedirects(page, change_url(self.ticket))
        self.assertContains(page, "Archive was finished by hand.")
        self.assertContains(page, "The workflow ended: archived.")
        self.assertEqual(self.fresh().status, "COMPLETED")
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_a_form_is_finished_with_its_questions(self) -> None:
        ticket = self.at_check()
        task = self.current(ticket)
        self.assertContains(self.client.get(self.url("finish", task, ticket)), "Big?")
        page = self.send("finish", task, ticket)
        self.assertContains(page, "What you typed is still here")
        self.send("finish", task, ticket, answers={"big": "false"})
        self.assertEqual(self.current(ticket).definition, self.sign)

    def test_a_form_asks_which_questions_are_shown(self) -> None:
        task = self.current(self.at_check())
        ticket = Ticket.objects.latest("pk")
        visible = f"{self.url('finish', task, ticket)}visible/"
        self.assertEqual(self.client.post(visible).json(), {"visible": ["big"]})
        self.assertEqual(self.client.get(visible).status_code, 405)
        no_form = f"{self.url('finish', self.task)}visible/"
        self.assertEqual(self.client.post(no_form).status_code, 404)

    def test_a_broken_form_is_said(self) -> None:
        ticket = self.at_check()
        type(self.check).objects.filter(pk=self.check.pk).update(fields=[{"name": 1}])
        url = self.url("finish", self.current(ticket), ticket)
        self.assertContains(self.client.get(url, follow=True), "The form of this step is broken")

    def test_a_file_is_kept(self) -> None:
        fields = [{"name": "scan", "label": "Scan", "type": "file", "required": True}]
        type(self.check).objects.filter(pk=self.check.pk).update(fields=fields)
        ticket = self.at_check()
        task = self.current(ticket)
        scan = SimpleUploadedFile("scan.txt", b"content")
        page = self.send("finish", task, ticket, reason="", answers={"scan": scan})
        self.assertContains(page, "scan.txt")
        self.assertFalse(ticket.files.exists())


class ReassignTest(RepairPageCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.open = self.at_check()
        self.form_task = self.current(self.open)

    def test_the_workers_are_listed_with_their_load(self) -> None:
        page = self.client.get(self.url("reassign", self.form_task, self.open))
        self.assertContains(page, "Wendy Wells: 1 open task, has it now")
        self.assertContains(page, "Walt Wood: 0 open tasks, away")
        self.assertNotContains(page, "Uma Urban:")
        self.assertNotContains(page, "Charlie")

    def test_it_is_given_to_somebody(self) -> None:
        self.send("reassign", self.form_task, self.open, worker=str(self.walt.pk))
        self.assertEqual(self.current(self.open).assigned_to, self.walt)

    def test_it_is_given_to_whoevers_turn_it_is(self) -> None:
        self.wendy.is_available = False
        self.wendy.save(update_fields=["is_available"])
        self.send("reassign", self.form_task, self.open, worker="automatic")
        task = self.current(self.open)
        self.assertEqual((task.assigned_to, task.status), (None, TaskStatus.PENDING))

    def test_others_cannot_be_chosen(self) -> None:
        for worker in (self.uma.pk, self.charlie.pk, "abc", "9" * 30, "", "-1"):
            with self.subTest(worker):
                page = self.send("reassign", self.form_task, self.open, worker=str(worker))
                self.assertEqual(page.status_code, 200)
                self.assertEqual(self.current(self.open).assigned_to, self.wendy)

    def test_only_members_of_the_role_are_offered(self) -> None:
        role = CompanyRole.objects.create(name="Accounting")
        type(self.check).objects.filter(pk=self.check.pk).update(candidate_role=role)
        page = self.client.get(self.url("reassign", self.form_task, self.open))
        self.assertNotContains(page, "Walt Wood:")
        role.members.add(self.walt)
        page = self.client.get(self.url("reassign", self.form_task, self.open))
        self.assertContains(page, "Walt Wood:")

    def test_queries_do_not_grow_with_workers(self) -> None:
        url = self.url("reassign", self.form_task, self.open)
        cache.clear()
        self.client.get(url)
        few = self.count_queries(url)
        self.give_role(self.uma, SystemRole.TASK_WORKER)
        self.give_role(self.carla, SystemRole.TASK_WORKER)
        self.assertLessEqual(self.count_queries(url), few)


class HoldAndCancelTest(RepairPageCase):
    def test_it_is_put_on_hold_let_go_on_and_cancelled(self) -> None:
        self.assertContains(self.send("hold"), "The ticket was put on hold.")
        self.assertEqual(self.fresh().status, "ON_HOLD")
        self.assertContains(self.send("resume"), "The ticket was let go on.")
        self.assertEqual(self.fresh().status, "IN_PROGRESS")
        page = self.send("cancel")
        self.assertContains(page, "The ticket was cancelled.")
        self.assertNotContains(page, "What you can do")
        self.assertEqual(self.fresh().status, "CANCELLED")
        reasons = WorkflowEvent.objects.filter(data__reason=REASON).values_list("kind", flat=True)
        self.assertEqual(sorted(reasons), ["CANCELLED", "HELD", "RESUMED"])

    def test_the_submitter_reads_what_happened_without_the_reasons(self) -> None:
        self.send("hold")
        self.send("resume")
        self.send("data", answers={"amount": "8"})
        self.send("retry", self.error)
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=(self.ticket.pk,)))
        for words in (
            "Terry Tate put the ticket on hold.", "Terry Tate let the ticket go on.",
            "Terry Tate corrected what was submitted.", "Archive is tried again.",
        ):  # fmt: skip
            with self.subTest(words):
                self.assertContains(page, words)
        self.assertNotContains(page, REASON)

    def test_what_is_not_possible_is_said(self) -> None:
        self.assertContains(self.send("resume"), "not possible in the state")
        self.send("hold")
        self.assertContains(self.send("hold"), "This ticket is on hold")
        self.send("cancel")
        self.assertContains(self.send("cancel"), "has ended already")


class WhoMayTest(RepairPageCase):
    def urls(self) -> list[str]:
        earlier = TaskInstance.objects.get(definition=self.check)
        subjects: dict[str, Model | None] = {
            "retry": self.error, "output": earlier, "input": self.task, "finish": self.task,
            "reassign": earlier,
        }  # fmt: skip
        return [self.url(verb, subjects.get(verb)) for verb in VERBS]

    def test_others_are_refused(self) -> None:
        before = WorkflowEvent.objects.count()
        for person in (self.alice, self.wendy, self.carla, self.uma, self.root):
            self.log_in(person)
            for url in self.urls():
                with self.subTest(url=url, person=person.email):
                    data = {"reason": "Mine.", "expected": marker_of(self.fresh())}
                    self.assertEqual(self.client.get(url).status_code, 403)
                    self.assertEqual(self.client.post(url, data).status_code, 403)
                    self.assertEqual(self.client.post(f"{url}visible/").status_code, 403)
        self.assertEqual(WorkflowEvent.objects.count(), before)

    def test_charlie_finds_nothing(self) -> None:
        before = WorkflowEvent.objects.count()
        self.log_in(self.charlie)
        for url in self.urls():
            data = {"reason": "Mine.", "expected": "0-0-0"}
            self.assertEqual(self.client.get(url).status_code, 404)
            self.assertEqual(self.client.post(url, data).status_code, 404)
        self.assertEqual(WorkflowEvent.objects.count(), before)

    def test_who_only_sees_tickets_finds_no_buttons(self) -> None:
        self.log_in(self.terry)
        group = self.terry.groups.get(name=SystemRole.TICKET_ADMIN.value)
        with outside():
            group.permissions.remove(group.permissions.get(codename="change_ticket"))
        for obj in (self.ticket, self.task, self.error):
            self.assertNotContains(self.client.get(change_url(obj)), "/repair/")

    def test_a_link_changes_nothing(self) -> None:
        before = WorkflowEvent.objects.count()
        for url in self.urls():
            self.client.get(url, {"reason": "x", "expected": marker_of(self.fresh())})
        self.assertEqual(WorkflowEvent.objects.count(), before)

    def test_wrong_addresses_are_not_found(self) -> None:
        other = self.at_check()
        base = reverse("admin:tickets_ticket_changelist")
        for path in (
            f"{self.ticket.pk}/repair/retry/0/",
            f"{self.ticket.pk}/repair/retry/999999999/",
            f"{self.ticket.pk}/repair/retry/99999999999999999999/",
            f"{self.ticket.pk}/repair/nonsense/0/",
            f"{self.ticket.pk}/repair/hold/5/",
            f"{self.ticket.pk}/repair/finish/{self.current(other).pk}/",
            f"{other.pk}/repair/retry/{self.error.pk}/",
            "99999999999999999999/repair/hold/0/",
        ):
            with self.subTest(path):
                self.assertEqual(self.client.get(base + path).status_code, 404)
                self.assertEqual(self.client.post(base + path).status_code, 404)

    def test_every_repair_says_what_it_is(self) -> None:
        for verb in VERBS.values():
            self.assertTrue(issubclass(verb, RepairVerb))
            for words in (verb.title, verb.text, verb.button, verb.done, verb.icon):
                self.assertTrue(str(words))
