"""Every kind of event: it is noted when what it tells of happens, and its message can be written.

A new kind needs a method here, called after its key.
"""

from __future__ import annotations

import json
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from tenants.testing import CompanyTestCase
from tickets.conversation.hide_message import hide_message
from tickets.conversation.write_message import write_message
from tickets.models import Message, TicketError, Visibility
from tickets.prioritizing.set_priority import set_priority
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.handle_error import resolve_error
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from tickets.webhooks.kinds import WEBHOOK_KINDS, Subject
from tickets.webhooks.tests.webhook_case import WebhookCase
from tickets.webhooks.write_body import write_body
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.publishing.retire_workflow import retire_workflow
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.priorities import Priority
from workflows.running.pool import release_task
from workflows.running.state_manager import WorkflowStateManager


class EveryKindTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.workflow.transitions.create(from_task=self.check, after="P1D", label="late")
        self.ticket = self.submit()

    def test_each_is_noted_and_can_be_written(self) -> None:
        for key, kind in WEBHOOK_KINDS.items():
            with self.subTest(key), transaction.atomic():
                webhook = self.add_webhook(events=[key])
                getattr(self, key.replace(".", "_"))()
                found = self.deliveries()
                self.assertEqual({each.event for each in found}, {key})
                body = json.loads(write_body(webhook, found[-1]))
                self.assertEqual(body["type"], key)
                self.assertIn(kind.subject.value, body["data"])
                if kind.subject is not Subject.DEFINITION:
                    self.assertEqual(body["data"]["ticket"]["type"]["key"], "thing")
                if kind.status is not None:
                    self.assertEqual(body["data"]["ticket"]["status"], kind.status.value)
                transaction.set_rollback(True)

    def test_none_says_what_people_wrote_unless_it_is_wanted(self) -> None:
        for key in WEBHOOK_KINDS:
            with self.subTest(key), transaction.atomic():
                webhook = self.add_webhook(events=[key])
                getattr(self, key.replace(".", "_"))()
                for each in self.deliveries():
                    body = write_body(webhook, each)
                    for text in (REASON, "What I think", "Ghent", "answers", "Broken"):
                        self.assertNotIn(text, body)
                    self.assertNotIn("title", json.loads(body)["data"])
                transaction.set_rollback(True)

    def ticket_submitted(self) -> None:
        self.submit()

    def ticket_moved(self) -> None:
        self.answer(self.ticket, {"big": False})

    def ticket_completed(self) -> None:
        self.answer(self.ticket, {"big": False})
        self.answer(self.ticket, {"signed": "Me"})

    def ticket_cancelled(self) -> None:
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)

    def ticket_held(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)

    def ticket_resumed(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        resume_ticket(ticket=self.ticket, by=self.terry, reason=REASON)

    def ticket_priority_changed(self) -> None:
        set_priority(ticket=self.ticket, to=Priority.HIGH, by=self.terry)

    def ticket_corrected(self) -> None:
        correct_ticket_data(ticket=self.ticket, data={"amount": 9}, by=self.terry, reason=REASON)

    def task_assigned(self) -> None:
        self.answer(self.ticket, {"big": False})

    def task_released(self) -> None:
        task = self.current(self.ticket)
        assert task.assigned_to is not None
        release_task(task=task, user=task.assigned_to, now=timezone.now())

    def task_completed(self) -> None:
        self.answer(self.ticket, {"big": False})

    def task_timed_out(self) -> None:
        manager = WorkflowStateManager.lock(self.instance(self.ticket).pk, now=timezone.now())
        facts = self.ticket.facts(self.acme)
        manager.time_out(self.current(self.ticket), after="P1D", facts=facts)

    def message_written(self) -> None:
        self._write()

    def message_hidden(self) -> None:
        hide_message(message=self._write(), user=self.terry, reason=REASON, now=timezone.now())

    def error_raised(self) -> None:
        self.answer(self.ticket, {"big": True})
        self.error = self.fail_call(self.ticket)

    def ticket_retried(self) -> None:
        self.error_raised()
        retry_step(error=self.error, by=self.terry, reason=REASON)

    def error_resolved(self) -> None:
        error = TicketError.objects.create(
            ticket=self.ticket, error_type="TASK_UPDATE", message="Broken"
        )
        resolve_error(error=error, by=self.terry, notes=REASON)

    def definition_published(self) -> None:
        draft = WorkflowDefinition.objects.create(key="other", title="Other")
        task = TaskDefinition.objects.create(
            workflow=draft,
            key="do",
            title="Do",
            fields=[{"name": "done", "label": "Done", "type": "text"}],
        )
        draft.transitions.create(to_task=task)
        draft.transitions.create(from_task=task)
        publish_workflow(workflow=draft, user=self.carla)

    def definition_retired(self) -> None:
        retire_workflow(workflow=self.workflow, user=self.carla)

    def _write(self) -> Message:
        return write_message(
            ticket=self.ticket,
            user=self.uma,
            text="What I think",
            visibility=Visibility.PUBLIC,
            token=uuid4().hex,
            now=timezone.now(),
        ).message
