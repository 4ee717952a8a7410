"""The same done to many tickets, from the list of all."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tickets.errors import ReasonMissingError, TooManyTicketsError
from tickets.health import company_findings
from tickets.job_names import CHANGE_MANY
from tickets.models import BulkChange, Message, Ticket
from tickets.overseeing import bulk_change
from tickets.overseeing.bulk_change import (
    change_many,
    continue_bulk_change,
    work_on_bulk_change,
)
from tickets.overseeing.bulk_verbs import VERBS
from tickets.repairing.errors import MayNotRepairError
from tickets.tests.screens import ScreenTestCase
from workflows.models import WorkflowStatus

LIST = reverse("admin:tickets_ticket_changelist")


class BulkTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.tickets = [self.submit() for _time in range(3)]

    def send(self, verb: str, **sent: Any) -> Any:
        self.log_in(self.terry)
        chosen = {
            "action": f"{verb}_chosen", "_selected_action": [each.pk for each in self.tickets],
        }  # fmt: skip
        return self.answer(self.asked(chosen, verb), **sent)

    def asked(self, chosen: dict[str, Any], verb: str, query: str = "") -> dict[str, Any]:
        """What the form of the question sends back, before anything is typed."""
        page = self.client.post(f"{LIST}{query}", chosen)
        self.assertContains(page, str(VERBS[verb].text))
        hidden = {name: page.context[name] for name in ("token", "until", "asked")}
        for name, value in hidden.items():
            self.assertContains(page, f'name="{name}" value="{value}"')
        return {**chosen, "apply": "1", **hidden}

    def answer(self, form: dict[str, Any], query: str = "", **sent: Any) -> Any:
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(f"{LIST}{query}", {**form, **sent}, follow=True)

    def statuses(self) -> list[str]:
        pks = [each.pk for each in self.tickets]
        found = Ticket.objects.filter(pk__in=pks).order_by("pk")
        return [each.status for each in found.select_related("workflow_instance")]

    def test_each_verb_does_it_to_each_and_says_what_was_left_out(self) -> None:
        self.assertContains(self.send("hold", reason="We move."), "Changed")
        self.assertEqual(self.statuses(), [WorkflowStatus.ON_HOLD] * 3)
        page = self.send("hold", reason="Again.")
        self.assertContains(page, "on hold")
        self.assertEqual(BulkChange.objects.latest("pk").seen_to, 0)
        self.send("resume", reason="We are there.")
        self.assertEqual(self.statuses(), [WorkflowStatus.IN_PROGRESS] * 3)
        self.send("prioritize", priority="urgent")
        self.assertEqual(Ticket.objects.filter(priority="urgent").count(), 3)
        self.send("message", text="It takes a day more.", visibility="PUBLIC")
        self.assertEqual(Message.objects.filter(visibility="PUBLIC").count(), 3)
        self.send("reassign", worker=self.walt.pk, reason="He has time.")
        self.assertEqual({self.task_of(each).assigned_to for each in self.tickets}, {self.walt})
        self.send("cancel", reason="Nobody needs it.")
        self.assertEqual(self.statuses(), [WorkflowStatus.CANCELLED] * 3)
        self.assertEqual(company_findings(), [])

    def test_what_is_missing_is_asked_for_and_nothing_is_done(self) -> None:
        self.assertContains(self.send("cancel", reason=" "), "Say why")
        self.assertContains(self.send("prioritize", priority="huge"), "valid choice")
        self.assertFalse(BulkChange.objects.exists())

    def test_all_are_those_that_the_question_was_about(self) -> None:
        self.log_in(self.terry)
        query = f"?status={WorkflowStatus.IN_PROGRESS}"
        everything = {
            "action": "cancel_chosen", "select_across": "1",
            "_selected_action": [self.tickets[0].pk],
        }  # fmt: skip
        form = self.asked(everything, "cancel", query)
        later = self.submit()
        instance = self.tickets[0].workflow_instance
        assert instance is not None
        type(instance).objects.filter(pk=instance.pk).update(status=WorkflowStatus.ON_HOLD)
        page = self.answer(form, query, reason="The budget is spent.")
        self.assertContains(page, "Other tickets are meant now")
        self.assertContains(page, "The budget is spent.")
        self.assertFalse(BulkChange.objects.exists())
        # It is asked about those of the first question that are left.
        again = {**form, **{name: page.context[name] for name in ("token", "until", "asked")}}
        self.assertEqual(page.context["count"], 2)
        self.assertContains(self.answer(again, query, reason="It is spent."), "Changed")
        self.assertEqual(BulkChange.objects.get().ticket_ids, [t.pk for t in self.tickets[1:]])
        later.refresh_from_db()
        self.assertFalse(later.has_ended)
        # What was sent before leads to what came of it, though nothing fits any more.
        self.assertContains(self.answer(again, query, reason="It is spent."), "Changed")
        self.assertEqual(BulkChange.objects.count(), 1)
        for name in ("until", "asked"):
            for odd in ("", "\x00", "9" * 40):
                with self.subTest(name=name, odd=odd):
                    sent = {**form, name: odd, "reason": "x"}
                    self.assertEqual(self.answer(sent, query).status_code, 200)
        self.assertEqual(BulkChange.objects.count(), 1)

    def test_a_few_have_a_job_too_which_does_what_the_request_could_not(self) -> None:
        dies = patch.object(bulk_change, "_change", side_effect=[None, OperationalError])
        with dies, self.assertLogs("tickets.overseeing", "WARNING"):
            page = self.send("hold", reason="We move.")
        self.assertContains(page, "1 of 3")
        job = ProcrastinateJob.objects.get(task_name=CHANGE_MANY)
        work_on_bulk_change(bulk_change_id=job.args["bulk_change_id"])
        self.assertEqual(self.statuses()[1:], [WorkflowStatus.ON_HOLD] * 2)
        work_on_bulk_change(bulk_change_id=job.args["bulk_change_id"])
        self.assertEqual(BulkChange.objects.get().left_out, 0)

    def test_one_that_has_stopped_says_so_and_is_let_go_on(self) -> None:
        numbers = [each.pk for each in self.tickets]
        change = change_many(
            verb="hold", tickets=numbers, by=self.terry, reason="We move.", arguments={}
        )
        page = reverse("admin:tickets_bulkchange_change", args=(change.pk,))
        state = reverse("admin:tickets_bulkchange_state", args=(change.pk,))
        self.log_in(self.terry)
        self.assertNotContains(self.client.get(page), "It has stopped")
        self.assertFalse(self.client.get(state).json()["over"])
        self.client.post(page)  # nothing to do: its job waits
        self.assertEqual(ProcrastinateJob.objects.filter(task_name=CHANGE_MANY).count(), 1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE public.procrastinate_jobs SET status = 'failed'")
        self.assertContains(self.client.get(page), "It has stopped after 0 of")
        self.assertNotContains(self.client.get(page), f'data-progress-url="{state}"')
        said = self.client.get(state).json()
        self.assertTrue(said["over"])
        self.assertIn("Go on with what is left", said["html"])
        self.assertEqual(self.code_of_post(page, self.wendy), 403)
        self.log_in(self.terry)
        for _time in range(2):
            self.client.post(page)
        job = ProcrastinateJob.objects.get(task_name=CHANGE_MANY, status="todo")
        self.assertNotContains(self.client.get(page), "It has stopped")
        work_on_bulk_change(bulk_change_id=job.args["bulk_change_id"])
        change.refresh_from_db()
        self.assertTrue(change.is_finished)

    def code_of_post(self, page: str, person: User) -> int:
        self.log_in(person)
        return int(self.client.post(page).status_code)

    def test_the_job_speaks_the_language_of_whoever_began_it(self) -> None:
        self.terry.language = "de"
        self.terry.save()
        change = change_many(
            verb="resume", tickets=[2**40], by=self.terry, reason="Go.", arguments={}
        )
        work_on_bulk_change(bulk_change_id=change.pk)
        change.refresh_from_db()
        with translation.override("de"):
            expected = gettext("This ticket is no longer there.")
        self.assertNotEqual(expected, "This ticket is no longer there.")
        self.assertEqual(change.refused, [{"ticket": 2**40, "message": expected}])

    def test_the_first_refusals_are_kept_and_the_others_counted(self) -> None:
        numbers = [2**40 + each for each in range(5)]
        change = change_many(
            verb="hold", tickets=numbers, by=self.terry, reason="We move.", arguments={}
        )
        few = patch.object(BulkChange, "most_refusals", 2)
        with few, CaptureQueriesContext(connection) as queries:
            continue_bulk_change(bulk_change_id=change.pk)
        change.refresh_from_db()
        self.assertEqual([each["ticket"] for each in change.shown_refusals], numbers[:2])
        self.assertEqual((change.refused[2:], change.left_out), ([{"more": 3}], 5))
        self.assertEqual((change.done, change.seen_to), (5, 0))
        self.assertFalse([q for q in queries if '"ticket_ids",' in q["sql"]])
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_bulkchange_change", args=(change.pk,)))
        self.assertContains(page, "<dd>5</dd>")
        self.assertContains(page, "and 3 more")

    def test_many_are_a_job_which_may_run_twice_and_goes_on_where_one_died(self) -> None:
        numbers = [each.pk for each in self.tickets]
        change = change_many(
            verb="message", tickets=numbers, by=self.terry, arguments={"text": "Hello."}
        )
        self.assertTrue(ProcrastinateJob.objects.filter(task_name=CHANGE_MANY).exists())
        self.assertEqual(change.arguments["text"], "Hello.")
        dies = patch.object(bulk_change, "_change", side_effect=[None, OperationalError])
        with dies, self.assertRaises(OperationalError):
            continue_bulk_change(bulk_change_id=change.pk)
        for _time in range(2):
            continue_bulk_change(bulk_change_id=change.pk)
        change.refresh_from_db()
        self.assertEqual((change.done, change.refused), (3, []))
        self.assertEqual(Message.objects.count(), 2)
        self.assertNotIn("text", change.arguments)

    def test_who_may_not_is_refused(self) -> None:
        many: dict[str, Any] = {"verb": "cancel", "tickets": [self.tickets[0].pk], "arguments": {}}
        for person in (self.wendy, self.uma, self.alice, self.charlie):
            with self.subTest(person=str(person)), self.assertRaises(MayNotRepairError):
                change_many(**many, by=person, reason="No.")
        with self.assertRaises(ReasonMissingError):
            change_many(**many, by=self.terry, reason=" ")
        with self.assertRaises(TooManyTicketsError):
            change_many(verb="message", tickets=range(101), by=self.terry, arguments={"text": "Hi"})


class ColumnsTests(ScreenTestCase):
    def test_the_chosen_columns_are_shown_and_cost_nothing_where_they_are_not(self) -> None:
        self.submit()
        self.log_in(self.terry)
        few = self.count_queries(LIST)
        self.submit()
        self.assertLessEqual(self.count_queries(LIST), few)
        page = self.client.get(LIST, {"column": ["status_column", "nothing"]}, follow=True)
        self.assertContains(page, "field-status_column")
        self.assertNotContains(page, "field-type_column")
        for query in ("columns=%00,,x", "columns=", "type=%00", "column=%00", "o=99&columns=a"):
            with self.subTest(query=query):
                page = self.client.get(f"{LIST}?{query}", follow=True)
                self.assertEqual(page.status_code, 200)

    def test_listed_answers_have_columns_where_a_type_is_chosen(self) -> None:
        workflow = self.definition.workflow
        type(workflow).objects.filter(pk=workflow.pk).update(
            fields=[{**workflow.fields[0], "listed": True}, *workflow.fields[1:]]
        )
        self.submit()
        self.log_in(self.terry)
        query = {"type": self.definition.key, "columns": "answer_what,answers_column"}
        page = self.client.get(LIST, query)
        self.assertContains(page, "field-answer_what")
        self.assertContains(page, "A desk", count=None)
        self.assertNotContains(self.client.get(LIST, {"columns": "answer_what"}), "field-answer")

    def test_a_download_has_the_columns_that_are_shown(self) -> None:
        ticket = self.submit()
        self.log_in(self.terry)
        address = f"{reverse('admin:tickets_ticket_export')}?columns=priority_column"
        page = self.client.get(address)
        self.assertContains(page, "Priority")
        self.assertNotContains(page, "Submitted by")
        sent = self.client.post(address, {"format": "2", "resource": "0"})
        row = {"Number": ticket.pk, "Title": ticket.title, "Priority": "Normal"}
        self.assertEqual(json.loads(sent.getvalue()), [row])
