"""A worker is killed while it sends: no mail goes out twice."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from django.test import tag
from django.utils import timezone

from tenants.mail.models import MailStatus, OutgoingMail
from tenants.mail.outbox import NewMail, queue_mails
from tenants.mail.send_mail import GONE_AFTER
from tenants.mail.tests.mail_server import OK, Hanging, MailServer
from tenants.testing import CompanyTransactionTestCase, start_manage
from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import PATIENCE, wait_until


@tag("processes")
class KilledWorkerTests(CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def queue(self, number: int = 1) -> list[int]:
        return queue_mails(
            NewMail(to=f"p{each}@example.com", kind="test", subject=f"Mail {each}", text="Text")
            for each in range(number)
        )

    @contextmanager
    def worker(self, server: MailServer) -> Iterator[subprocess.Popen[str]]:
        worker = start_manage(
            "run_worker",
            WORKER_HEARTBEAT_SECONDS="1",
            WORKER_LOST_SECONDS="2",
            **server.environment(),
        )
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait(timeout=PATIENCE)

    def let_time_pass(self) -> None:
        """As long as it takes until nobody can wait for a server's answer any more."""
        OutgoingMail.objects.filter(status=MailStatus.HANDING_OVER).update(
            changed_at=timezone.now() - GONE_AFTER
        )

    def statuses(self) -> list[str]:
        return list(OutgoingMail.objects.order_by("pk").values_list("status", flat=True))

    def test_before_the_end_it_is_sent_by_the_next(self) -> None:
        hanging = Hanging()
        self.addCleanup(hanging.let_go.set)

        def at_recipient(number: int) -> str:
            if number == 0:
                hanging.wait()
            return OK

        with MailServer(at_recipient=at_recipient) as server:
            self.queue()
            with self.worker(server):
                wait_until(hanging.reached.is_set)
            self.assertEqual(self.statuses(), [MailStatus.WAITING])
            with self.worker(server):
                wait_until(lambda: self.statuses() == [MailStatus.SENT])
            self.assertEqual(len(server.received), 1)

    def test_between_the_servers_answer_and_our_commit_it_is_left_and_shown(self) -> None:
        hanging = Hanging()
        self.addCleanup(hanging.let_go.set)

        def at_end(number: int) -> str:
            """The server has all of the mail, and its answer reaches nobody."""
            hanging.wait()
            return OK

        with MailServer(at_end=at_end) as server:
            self.queue()
            with self.worker(server):
                wait_until(hanging.reached.is_set)
            self.assertEqual(self.statuses(), [MailStatus.HANDING_OVER])
            self.let_time_pass()
            with self.worker(server):
                wait_until(lambda: self.statuses() == [MailStatus.UNSURE])
            self.assertEqual(server.mails, 1)

    @long_run_only  # what both tests above say of one
    def test_of_many_none_is_sent_twice_and_only_those_at_hand_are_unsure(self) -> None:
        with MailServer() as server:
            self.queue(24)
            for taken in (3, 9, 15):
                with self.worker(server):
                    wait_until(lambda taken=taken: server.mails >= taken)  # type: ignore[misc]
                self.let_time_pass()
            with self.worker(server):
                wait_until(lambda: set(self.statuses()) <= {MailStatus.SENT, MailStatus.UNSURE})
            subjects = [message["Subject"] for message in server.received]
            self.assertEqual(len(subjects), len(set(subjects)))
            # One company has at most two slots of a worker.
            self.assertLessEqual(self.statuses().count(MailStatus.UNSURE), 3 * 2)
            sent = OutgoingMail.objects.filter(status=MailStatus.SENT)
            self.assertLessEqual(set(sent.values_list("subject", flat=True)), set(subjects))
