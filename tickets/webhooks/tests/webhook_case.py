"""Webhooks, and the jobs that deliver what they are told, one by one with their own time."""

from __future__ import annotations

import json
import unittest
from collections.abc import Sequence
from typing import Any
from unittest import mock

from django.db import connection
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tickets.calling.tests.action_case import Clock
from tickets.models import Webhook, WebhookDelivery
from tickets.webhooks.change_webhook import Wanted, create_webhook
from tickets.webhooks.deliver import deliver
from tickets.webhooks.kinds import WEBHOOK_KINDS
from tickets.webhooks.send_test import deliver_test
from workflows.actions.tests.remote_system import Received, RemoteSystem

URL = "http://accounting.example/hooks"
ALL = tuple(WEBHOOK_KINDS)


class WebhookCase(unittest.TestCase):
    alice: User
    clock: Clock
    secret: str

    def add_webhook(
        self,
        *,
        events: Sequence[str] = ALL,
        title: str = "Hook",
        url: str = URL,
        by: User | None = None,
        **more: Any,
    ) -> Webhook:
        wanted = Wanted(title=title, url=url, events=events, **more)
        webhook, self.secret = create_webhook(
            wanted=wanted, user=by or self.alice, now=timezone.now()
        )
        return webhook

    def jobs(self) -> list[ProcrastinateJob]:
        """Those that are due by the clock, in their order."""
        jobs = ProcrastinateJob.objects.filter(task_name="tickets.jobs.deliver_webhook")
        waiting = jobs.filter(status="todo").order_by("pk")
        return [
            each
            for each in waiting
            if each.scheduled_at is None or each.scheduled_at <= self.clock()
        ]

    def run_jobs(self, system: RemoteSystem | None = None) -> None:
        """Until none is due any more."""
        connect_to = system.connect_to if system else []
        # A job that is deferred is due by the same clock.
        its_time = mock.patch("tenants.jobs.timezone.now", self.clock)
        with override_settings(ACTION_CONNECT_TO=connect_to), its_time:
            while jobs := self.jobs():
                for job in jobs:
                    arguments = {key: job.args[key] for key in ("webhook_id", "ticket_id")}
                    deliver(job_id=job.pk, clock=self.clock, chance=lambda: 0.0, **arguments)
                    done(job)

    def run_tests(self, system: RemoteSystem | None = None) -> None:
        jobs = ProcrastinateJob.objects.filter(task_name="tickets.jobs.send_webhook_test")
        with override_settings(ACTION_CONNECT_TO=system.connect_to if system else []):
            for job in jobs.filter(status="todo"):
                deliver_test(delivery_id=job.args["delivery_id"], clock=self.clock)
                done(job)

    def deliveries(self, **conditions: Any) -> list[WebhookDelivery]:
        return list(WebhookDelivery.objects.filter(**conditions).order_by("pk"))

    def noted(self, **conditions: Any) -> list[str]:
        return [each.event for each in self.deliveries(**conditions)]


def done(job: ProcrastinateJob) -> None:
    # Plain SQL: the model of the queue refuses to be changed.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job.pk])


def body_of(received: Received) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(received.body)
    return found


def id_of(received: Received) -> str:
    return received.header("webhook-id")[0]
