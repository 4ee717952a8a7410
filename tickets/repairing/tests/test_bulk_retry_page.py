"""Trying many errors again from their list, with the page that shows how far it is."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTestCase, outside
from tickets.job_names import RETRY_MANY
from tickets.models import BulkRetry, Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.retry_many import continue_bulk_retry
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from workflows.models import TaskInstance

LIST = reverse("admin:tickets_ticketerror_changelist")


class BulkRetryCase(SmallWorkflow, CompanyTestCase):
    """Three tickets whose calls have failed."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.tickets = [self.failed() for _number in range(3)]
        self.errors = list(TicketError.objects.order_by("pk"))
        self.log_in(self.terry)

    def failed(self) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(ticket, {"big": True})
        self.fail_call(ticket)
        return ticket

    def choose(self, *errors: TicketError, query: str = "", **data: Any) -> Any:
        chosen = {"action": "retry_chosen", "_selected_action": [each.pk for each in errors]}
        return self.client.post(f"{LIST}{query}", {**chosen, "index": "0", **data}, follow=True)

    def start(self, *errors: TicketError, **data: Any) -> Any:
        return self.choose(*errors, **{"apply": "1", "reason": REASON, **data})

    def work(self) -> BulkRetry:
        """As the worker does."""
        progress = BulkRetry.objects.get()
        with self.captureOnCommitCallbacks(execute=True):
            continue_bulk_retry(bulk_retry_id=progress.pk)
        progress.refresh_from_db()
        return progress

    def state(self, progress: BulkRetry) -> Any:
        url = reverse("admin:tickets_bulkretry_state", args=(progress.pk,))
        return self.client.get(url).json()


class ChooseTest(BulkRetryCase):
    def test_it_asks_why_before_it_begins(self) -> None:
        page = self.choose(*self.errors[:2])
        self.assertContains(page, "Try 2 errors again")
        self.assertFalse(BulkRetry.objects.exists())
        page = self.start(*self.errors[:2], reason="  ")
        self.assertContains(page, "Say why")
        self.assertFalse(BulkRetry.objects.exists())

    def test_it_becomes_a_job_and_leads_to_its_progress(self) -> None:
        page = self.start(*self.errors[:2])
        progress = BulkRetry.objects.get()
        self.assertRedirects(page, reverse("admin:tickets_bulkretry_change", args=(progress.pk,)))
        self.assertEqual(progress.error_ids, [each.pk for each in self.errors[:2]])
        self.assertEqual((progress.reason, progress.created_by), (REASON, self.terry))
        self.assertEqual(ProcrastinateJob.objects.filter(task_name=RETRY_MANY).count(), 1)
        self.assertContains(page, "0 of 2")
        self.assertContains(page, REASON)

    def test_one_that_has_stopped_is_let_go_on(self) -> None:
        self.start(*self.errors[:2])
        progress = BulkRetry.objects.get()
        page = reverse("admin:tickets_bulkretry_change", args=(progress.pk,))
        with connection.cursor() as cursor:
            cursor.execute("UPDATE public.procrastinate_jobs SET status = 'failed'")
        self.assertTrue(self.state(progress)["over"])
        self.assertContains(self.client.get(page), "It has stopped after 0 of 2")
        self.assertNotContains(self.client.post(page, follow=True), "It has stopped")
        self.assertEqual(self.work().done, 2)

    def test_all_of_a_filter_are_chosen(self) -> None:
        search = f"?q=%23{self.tickets[0].pk}"
        page = self.choose(self.errors[0], query=search, select_across="1")
        self.assertContains(page, "Try 1 error again")
        page = self.choose(self.errors[0], select_across="1")
        self.assertContains(page, "Try 3 errors again")
        self.start(self.errors[0], select_across="1")
        self.assertEqual(BulkRetry.objects.get().total, 3)

    def test_a_double_click_starts_one(self) -> None:
        first = self.start(*self.errors, token="b" * 32)
        second = self.start(*self.errors, token="b" * 32)
        self.assertEqual(BulkRetry.objects.count(), 1)
        self.assertEqual(first.redirect_chain, second.redirect_chain)

    def test_those_that_are_resolved_are_left_out(self) -> None:
        retry_step(error=self.errors[0], by=self.terry, reason=REASON)
        page = self.choose(*self.errors, query="?status=all")
        self.assertContains(page, "Try 2 errors again")
        self.assertContains(page, "1 that you chose is resolved already")
        page = self.choose(self.errors[0], query="?status=all")
        self.assertContains(page, "None of these errors is open any more")

    def test_none_or_nonsense_chosen_starts_nothing(self) -> None:
        for chosen in ([], ["abc"], ["9" * 40], ["\x00"]):
            page = self.choose(_selected_action=chosen, apply="1", reason=REASON)
            self.assertEqual(page.status_code, 200)
        self.assertFalse(BulkRetry.objects.exists())


class ProgressTest(BulkRetryCase):
    def test_it_tells_what_became_of_each(self) -> None:
        self.start(*self.errors)
        cancel_ticket(ticket=self.errors[2].ticket, by=self.terry, reason="Not needed.")
        progress = self.work()
        state = self.state(progress)
        self.assertFalse(state["over"])
        self.assertIn("Left out", state["html"])
        self.assertIn("Not needed.", state["html"])
        # One call fails again, the other comes back.
        self.fail_call(self.tickets[0], "Still <down>.")
        TaskInstance.objects.filter(workflow_instance__ticket=self.tickets[1].pk).update(
            status="COMPLETED"
        )
        state = self.state(progress)
        self.assertTrue(state["over"])
        self.assertIn("Still &lt;down&gt;.", state["html"])
        again = TicketError.objects.unresolved().get()
        self.assertIn(reverse("admin:tickets_ticketerror_change", args=(again.pk,)), state["html"])
        page = self.client.get(reverse("admin:tickets_bulkretry_change", args=(progress.pk,)))
        shown = page.context["state"]
        self.assertEqual((shown.succeeded_count, shown.failed_count, shown.under_way), (1, 1, 0))
        self.assertNotContains(page, "http-equiv")

    def test_queries_do_not_grow_with_errors(self) -> None:
        self.start(self.errors[0])
        progress = self.work()
        url = reverse("admin:tickets_bulkretry_change", args=(progress.pk,))
        cache.clear()
        self.client.get(url)
        few = self.count_queries(url)
        BulkRetry.objects.update(
            error_ids=[each.pk for each in self.errors],
            total=3,
            done=3,
            refused=[{"error": each.pk, "message": "No."} for each in self.errors[1:]],
        )
        for ticket in self.tickets[1:]:
            TicketError.objects.create(ticket=ticket, error_type="TASK_UPDATE", message="No.")
        self.assertLessEqual(self.count_queries(url), few + 1)


class ListTest(BulkRetryCase):
    def found(self, query: str = "") -> int:
        return int(self.client.get(f"{LIST}{query}").context["cl"].result_count)

    def test_what_is_resolved_is_left_out_unless_asked_for(self) -> None:
        retry_step(error=self.errors[0], by=self.terry, reason=REASON)
        self.assertEqual(self.found(), 2)
        self.assertEqual(self.found("?status=RESOLVED"), 1)
        self.assertEqual(self.found("?status=all"), 3)
        self.assertEqual(self.found("?status=nonsense"), 2)


class WhoMayTest(BulkRetryCase):
    def test_others_are_refused(self) -> None:
        self.start(*self.errors)
        progress = BulkRetry.objects.get()
        urls = [
            reverse(f"admin:tickets_bulkretry_{name}", args=(progress.pk,))
            for name in ("change", "state")
        ]
        for person in (self.alice, self.wendy, self.carla, self.uma, self.root):
            self.log_in(person)
            self.assertEqual(self.start(*self.errors).status_code, 403)
            for url in urls:
                self.assertEqual(self.client.get(url).status_code, 403)
        self.log_in(self.charlie)
        self.start(*self.errors)
        for url in urls:
            self.assertEqual(self.client.get(url).status_code, 404)
        self.assertEqual(BulkRetry.objects.count(), 1)

    def test_who_only_sees_errors_is_offered_nothing(self) -> None:
        group = self.terry.groups.get(name="ticket_admin")
        with outside():
            group.permissions.remove(group.permissions.get(codename="change_ticket"))
        self.assertNotContains(self.client.get(LIST), "retry_chosen")
        self.start(*self.errors)
        self.assertFalse(BulkRetry.objects.exists())

    def test_wrong_addresses_are_not_found(self) -> None:
        for number in (0, 999_999_999, "9" * 30):
            for name in ("change", "state"):
                url = reverse(f"admin:tickets_bulkretry_{name}", args=(number,))
                self.assertEqual(self.client.get(url).status_code, 404)
