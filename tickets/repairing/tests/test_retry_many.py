from __future__ import annotations

from unittest import mock

from django.db import OperationalError
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.roles import SystemRole
from tenants.services import set_system_roles
from tenants.testing import CompanyTestCase
from tickets.errors import ReasonMissingError
from tickets.job_names import RETRY_MANY
from tickets.models import BulkRetry, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.errors import BeginnerMayNotRepairError, MayNotRepairError
from tickets.repairing.retry_many import (
    continue_bulk_retry,
    go_on_with_bulk_retry,
    retry_many,
)
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants


class RetryManyTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.tickets = [self.failed() for _ in range(3)]
        self.errors = list(TicketError.objects.order_by("pk"))

    def failed(self) -> object:
        with self.captureOnCommitCallbacks(execute=True):
            ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(ticket, {"big": True})
        self.fail_call(ticket)
        return ticket

    def start(self) -> BulkRetry:
        return retry_many(errors=TicketError.objects.all(), by=self.terry, reason=REASON)

    def go_on(self, progress: BulkRetry) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            continue_bulk_retry(bulk_retry_id=progress.pk)
        progress.refresh_from_db()

    def test_it_is_a_job_for_the_worker(self) -> None:
        progress = self.start()
        self.assertEqual((progress.total, progress.done, progress.is_finished), (3, 0, False))
        job = ProcrastinateJob.objects.get(task_name=RETRY_MANY)
        self.assertEqual(job.args, {"schema": "acme", "bulk_retry_id": progress.pk})

    def test_each_error_is_retried(self) -> None:
        progress = self.start()
        self.go_on(progress)
        self.assertEqual((progress.done, progress.seen_to, progress.refused), (3, 3, []))
        self.assertTrue(progress.is_finished)
        self.assertFalse(TicketError.objects.unresolved().exists())
        self.assertEqual(len(self.calls()), 3)
        for error in self.errors:
            self.assertEqual(broken_invariants(error.ticket), [])

    def test_what_cannot_be_retried_is_noted_and_stops_nothing(self) -> None:
        progress = self.start()
        retry_step(error=self.errors[0], by=self.terry, reason="I was quicker.")
        cancel_ticket(ticket=self.errors[1].ticket, by=self.terry, reason="Not needed.")
        self.go_on(progress)
        self.assertEqual((progress.done, progress.seen_to), (3, 1))
        first, second = progress.refused
        self.assertIn("I was quicker.", first["message"])
        self.assertEqual(second["error"], self.errors[1].pk)
        self.errors[2].refresh_from_db()
        self.assertTrue(self.errors[2].is_resolved)

    def test_it_goes_on_where_a_worker_stopped(self) -> None:
        progress = self.start()
        real = retry_step

        def break_off(*, error: TicketError, **rest: object) -> None:
            if error.pk == self.errors[1].pk:
                raise OperationalError("away")
            real(error=error, by=self.terry, reason=REASON)

        with (
            mock.patch("tickets.repairing.retry_many.retry_step", break_off),
            self.assertRaises(OperationalError),
        ):
            self.go_on(progress)
        progress.refresh_from_db()
        self.assertEqual((progress.done, len(self.calls())), (1, 1))
        self.go_on(progress)
        self.assertEqual((progress.done, progress.refused, len(self.calls())), (3, [], 3))
        self.go_on(progress)
        self.assertEqual(len(self.calls()), 3)

    def test_somebody_who_lost_the_role_in_the_meantime_retries_nothing(self) -> None:
        progress = self.start()
        self.terry.groups.clear()
        self.go_on(progress)
        self.assertEqual((progress.done, progress.seen_to), (3, 0))
        self.assertEqual(TicketError.objects.unresolved().count(), 3)

    def test_it_does_not_go_on_in_the_name_of_who_lost_the_role(self) -> None:
        progress = self.start()
        ProcrastinateJob.objects.all().delete()
        self.terry.groups.clear()
        tina = self.wendy
        set_system_roles(user=tina, roles=[SystemRole.TICKET_ADMIN])
        with self.assertRaisesMessage(BeginnerMayNotRepairError, "begin anew"):
            go_on_with_bulk_retry(progress=progress, by=tina)
        self.assertFalse(ProcrastinateJob.objects.exists())
        progress.refresh_from_db()
        self.assertEqual(progress.done, 0)

    def test_whatever_an_archive_has_put_there_can_be_shown(self) -> None:
        refusal = {"error": 1, "message": "No."}
        progress = BulkRetry(total=3, done=3, refused=["x", 4, None, refusal, {"more": 1}])
        self.assertEqual((progress.shown_refusals, progress.left_out), ([refusal], 2))

    def test_nothing_to_retry_is_finished_at_once(self) -> None:
        progress = retry_many(errors=[], by=self.terry, reason=REASON)
        self.assertTrue(progress.is_finished)
        self.assertFalse(ProcrastinateJob.objects.filter(task_name=RETRY_MANY).exists())

    def test_only_ticket_admins_may_and_they_say_why(self) -> None:
        for person in (self.wendy, self.uma, self.alice, self.charlie):
            with self.assertRaises(MayNotRepairError):
                retry_many(errors=self.errors, by=person, reason=REASON)
        with self.assertRaises(ReasonMissingError):
            retry_many(errors=self.errors, by=self.terry, reason=" ")
