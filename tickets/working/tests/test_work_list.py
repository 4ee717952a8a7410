"""My tasks as a list to work off: its order, the next one, handing over, several at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tickets.errors import ReasonMissingError
from tickets.health import company_findings
from tickets.models import Notice, Ticket
from tickets.seeing import handover_of
from tickets.tests.screens import FIELDS, ScreenTestCase, make_type
from tickets.working.complete_many import MOST_AT_ONCE
from tickets.working.hand_over import hand_over
from workflows.errors import NotYourTaskError, WorkerNotEligibleError
from workflows.models import CompanyRole, TaskDefinition, TaskInstance, TaskStatus, WorkflowEvent

LIST = reverse("admin:tickets_mytask_changelist")
MANY = reverse("admin:tickets_mytask_complete_many")


def page_of(task: TaskInstance) -> str:
    return reverse("admin:tickets_mytask_change", args=(task.pk,))


class ListTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.wendy)

    def listed(self, **query: str) -> list[int]:
        page = self.client.get(LIST, query)
        return [row.workflow_instance.ticket.pk for row in page.context["cl"].result_list]

    def test_what_is_overdue_comes_first_then_by_priority_then_the_oldest(self) -> None:
        old, urgent, low, overdue = (self.submit() for _time in range(4))
        Ticket.objects.filter(pk=urgent.pk).update(priority="urgent")
        Ticket.objects.filter(pk=low.pk).update(priority="low")
        newest = self.submit()
        late = TaskInstance.objects.filter(pk=self.task_of(overdue).pk)
        late.update(due_at=timezone.now() - timedelta(hours=1))
        order = [overdue, urgent, old, newest, low]
        self.assertEqual(self.listed(), [each.pk for each in order])

    def test_it_shows_what_one_needs_to_choose(self) -> None:
        listed: list[Any] = [{**FIELDS[0], "listed": True}, *FIELDS[1:]]
        self.definition = make_type(version=2, fields=listed)
        self.submit(amount=12)
        page = self.client.get(LIST)
        for text in ("Purchase request", str(self.uma), "What do you need?", "A desk", "Normal"):
            self.assertContains(page, text)
        self.assertNotContains(page, "Amount")
        few = self.count_queries(LIST)
        for _time in range(3):
            self.submit()
        self.assertLessEqual(self.count_queries(LIST), few)

    def test_after_one_the_next_is_offered(self) -> None:
        first, second = self.submit(), self.submit()
        sent = {"answers-ok": "false", "answers-reason": "No"}
        answer = self.client.post(page_of(self.task_of(first)), sent, follow=True)
        self.assertContains(answer, "Next: Check it")
        self.assertContains(answer, page_of(self.task_of(second)))
        answer = self.client.post(page_of(self.task_of(second)), sent, follow=True)
        self.assertNotContains(answer, "Next:")

    def test_saved_answers_may_be_filled_in_further_at_once(self) -> None:
        page = page_of(self.task_of(self.submit()))
        sent = {"answers-ok": "false", "_save_for_later": "go_on"}
        self.assertRedirects(self.client.post(page, sent), page)
        self.assertRedirects(self.client.post(page, {**sent, "_save_for_later": "1"}), LIST)


class HandOverTests(ScreenTestCase):
    def test_a_colleague_is_given_it_and_told_why(self) -> None:
        task = self.task_of(self.submit())
        self.log_in(self.wendy)
        page = reverse("admin:tickets_mytask_hand_over", args=(task.pk,))
        self.assertContains(self.client.get(page), "Walt")
        self.assertContains(self.client.post(page, {"worker": self.walt.pk}), "reason")
        sent = {"worker": self.walt.pk, "reason": "I am off to the dentist."}
        self.assertContains(self.client.post(page, sent, follow=True), "is with Walt")
        task.refresh_from_db()
        self.assertEqual((task.assigned_to, task.status), (self.walt, TaskStatus.OPEN))
        event = WorkflowEvent.objects.filter(kind="ASSIGNED").latest("pk")
        self.assertEqual((event.actor, event.data["reason"]), (self.wendy, sent["reason"]))
        self.assertTrue(Notice.objects.filter(recipient=self.walt, kind="TASK_GIVEN").exists())
        self.assertEqual(self.client.get(page).status_code, 404)
        self.log_in(self.walt)
        read = self.client.get(page_of(task))
        self.assertContains(read, "gave you this task")
        self.assertContains(read, "I am off to the dentist.")
        self.assertEqual(company_findings(), [])

    def test_the_reason_is_for_who_has_the_task_alone(self) -> None:
        ticket = self.submit()
        task, now = self.task_of(ticket), timezone.now()
        reason = "The requester calls me <b>daily</b>."
        self.log_in(self.wendy)
        self.assertNotContains(self.client.get(page_of(task)), "gave you this task")
        hand_over(task=task, to=self.walt, by=self.wendy, reason=reason, now=now)
        task.refresh_from_db()
        shown = handover_of(task, to=self.walt)
        assert shown is not None
        self.assertEqual((shown.by, shown.reason), (self.wendy, reason))
        for person in (self.wendy, self.uma, self.terry):
            self.assertIsNone(handover_of(task, to=person))
        self.log_in(self.walt)
        self.assertContains(self.client.get(page_of(task)), "calls me &lt;b&gt;daily")
        self.log_in(self.uma)
        mine = reverse("admin:tickets_myticket_change", args=(ticket.pk,))
        self.assertNotContains(self.client.get(mine), "calls me")
        hand_over(task=task, to=self.wendy, by=self.walt, reason="Back to you.", now=now)
        self.log_in(self.wendy)
        read = self.client.get(page_of(task))
        self.assertContains(read, "Back to you.")
        self.assertNotContains(read, "calls me")

    def test_only_who_may_do_it_is_given_it_and_only_by_who_has_it(self) -> None:
        task, now = self.task_of(self.submit()), timezone.now()
        for person in (self.uma, self.terry, self.charlie):
            with self.subTest(person=str(person)), self.assertRaises(WorkerNotEligibleError):
                hand_over(task=task, to=person, by=self.wendy, reason="Please.", now=now)
        with self.assertRaises(NotYourTaskError):
            hand_over(task=task, to=self.wendy, by=self.walt, reason="Mine.", now=now)
        with self.assertRaises(ReasonMissingError):
            hand_over(task=task, to=self.walt, by=self.wendy, reason=" \x00", now=now)
        task.definition.candidate_role = CompanyRole.objects.create(name="Buyers")
        task.definition.save()
        with self.assertRaises(WorkerNotEligibleError):
            hand_over(task=task, to=self.walt, by=self.wendy, reason="Please.", now=now)
        self.log_in(self.wendy)
        page = reverse("admin:tickets_mytask_hand_over", args=(task.pk,))
        self.assertContains(self.client.get(page), "Nobody else may do this task")
        self.assertContains(self.client.post(page, {"worker": "abc", "reason": "x"}), "Nobody else")


class ManyTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.log_in(self.wendy)

    def hidden(self, page: Any) -> dict[str, Any]:
        """What the form of the page sends back, before anything is typed."""
        names = {"definition": page.context["definition"].pk}
        self.assertContains(page, f'name="definition" value="{names["definition"]}"')
        fitting = [each.pk for each in page.context["fitting"]]
        self.assertContains(page, 'name="task"', count=len(fitting))
        return {**names, "task": fitting}

    def test_one_form_completes_all_that_ask_the_same(self) -> None:
        tasks = [self.task_of(self.submit()) for _time in range(3)]
        chosen = {"action": "complete_chosen", "_selected_action": [each.pk for each in tasks]}
        page = self.client.post(LIST, chosen, follow=True)
        self.assertContains(page, "Complete 3 tasks")
        sent = {**self.hidden(page), "answers-ok": "false"}
        self.assertEqual(sent["task"], [each.pk for each in tasks])
        self.assertContains(self.client.post(MANY, sent), "What is wrong?")
        with self.captureOnCommitCallbacks(execute=True):
            done = self.client.post(MANY, {**sent, "answers-reason": "Too dear"}, follow=True)
        self.assertContains(done, "3 tasks are done.")
        for task in tasks:
            task.refresh_from_db()
            self.assertEqual(task.output_data, {"ok": False, "reason": "Too dear"})
        self.assertEqual(company_findings(), [])

    def test_another_form_is_refused_with_the_reason_and_the_rest_is_done(self) -> None:
        checked, taken, ordered = (self.task_of(self.submit()) for _time in range(3))
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(page_of(ordered), {"answers-ok": "true"})
        order = self.task_of(Ticket.objects.get(workflow_instance=ordered.workflow_instance_id))
        numbers = [checked.pk, taken.pk, order.pk]
        page = self.client.get(MANY, {"task": numbers})
        self.assertContains(page, "Its form is not that of")
        TaskInstance.objects.filter(pk=taken.pk).update(status=TaskStatus.CANCELLED)
        self.assertEqual(self.hidden(page)["task"], [checked.pk, taken.pk])
        # Whatever is sent: what the form is not of stays as it is.
        sent = {**self.hidden(page), "task": numbers, "answers-ok": "true"}
        with self.captureOnCommitCallbacks(execute=True):
            done = self.client.post(MANY, sent, follow=True)
        self.assertContains(done, "1 task is done.")
        self.assertContains(done, "Its form is not that of")
        self.assertContains(done, "Nothing can be done about it now.")
        order.refresh_from_db()
        self.assertTrue(order.is_workable)

    def test_the_form_is_the_one_that_was_shown_whatever_has_become_of_the_first_task(self) -> None:
        first, order = self.task_of(self.submit()), self.ordered()
        page = self.client.get(MANY, {"task": [first.pk, order.pk]})
        sent = {**self.hidden(page), "task": [order.pk, first.pk]}
        self.assertEqual(self.hidden(page)["task"], [first.pk])
        TaskInstance.objects.filter(pk=first.pk).update(status=TaskStatus.CANCELLED)
        done = self.client.post(MANY, sent, follow=True)
        self.assertContains(done, "None of these tasks can be completed together")
        order.refresh_from_db()
        self.assertTrue(order.is_workable)
        # A page of before, and what was made up: it is asked once more.
        for odd in ("", "\x00", "9" * 40, "9" * 18):
            with self.subTest(odd=odd):
                again = self.client.post(MANY, {"task": order.pk, "definition": odd})
                self.assertContains(again, "Check which tasks are completed")
        order.refresh_from_db()
        self.assertTrue(order.is_workable)

    def test_the_first_that_can_be_completed_with_others_gives_the_form(self) -> None:
        gone, upload, task = (self.task_of(self.submit()) for _time in range(3))
        TaskInstance.objects.filter(pk=gone.pk).update(status=TaskStatus.CANCELLED)
        asks = TaskDefinition.objects.get(pk=upload.definition_id)
        fields = [*asks.fields, {"name": "file", "label": "File", "type": "file"}]
        asks = type(asks)(workflow=asks.workflow, key="ask", title="Ask", fields=fields)
        TaskDefinition.objects.bulk_create([asks])
        TaskInstance.objects.filter(pk=upload.pk).update(definition=asks)
        page = self.client.get(MANY, {"task": [gone.pk, upload.pk, task.pk]})
        self.assertEqual(self.hidden(page)["task"], [task.pk])
        self.assertContains(page, "It asks for a file")

    def test_a_task_of_another_workflow_or_title_is_another_form(self) -> None:
        own = self.task_of(self.submit())
        self.definition = make_type("sale")
        other = self.task_of(self.submit())
        self.definition = make_type("sale", version=2)
        newer = self.task_of(self.submit())
        page = self.client.get(MANY, {"task": [own.pk, other.pk]})
        self.assertEqual(self.hidden(page)["task"], [own.pk])
        both = {"task": [other.pk, newer.pk]}
        self.assertEqual(self.hidden(self.client.get(MANY, both))["task"], [other.pk, newer.pk])
        TaskDefinition.objects.filter(pk=newer.definition_id).update(title="Reject it")
        self.assertEqual(self.hidden(self.client.get(MANY, both))["task"], [other.pk])

    def ordered(self) -> TaskInstance:
        """The second task of a ticket, which asks nothing."""
        checked = self.task_of(self.submit())
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(page_of(checked), {"answers-ok": "true"})
        return self.task_of(Ticket.objects.get(workflow_instance=checked.workflow_instance_id))

    def test_nobody_completes_what_is_not_theirs_and_no_number_is_an_error_page(self) -> None:
        task = self.task_of(self.submit())
        User.objects.filter(pk=self.walt.pk).update(is_available=True)
        self.log_in(self.walt)
        for query in ({"task": task.pk}, {"task": "\x00"}, {"task": "9" * 40}, {}):
            with self.subTest(query=query):
                self.assertEqual(self.client.get(MANY, query).status_code, 404)
                self.assertEqual(self.client.post(MANY, query).status_code, 404)
        self.log_in(self.uma)
        self.assertEqual(self.client.get(MANY, {"task": task.pk}).status_code, 403)
        self.assertGreater(MOST_AT_ONCE, 1)
