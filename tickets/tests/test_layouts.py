"""Layouts on the pages: which one is shown where, and what is handed to it."""

from __future__ import annotations

import json
import re
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.roles import SystemRole
from tickets.models import Ticket
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json
from workflows.layouts.on_page import MOST_FRAMES
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    WorkflowDefinition,
)
from workflows.running.definition_cache import forget_definitions

OWN = re.compile(
    r'data-layout-shown="([^"]+)".*?<script type="application/json">(.*?)</script>', re.S
)
SHARED = re.compile(r'<script id="(layout-\w+)" type="application/json">(.*?)</script>', re.S)
LISTS = {
    "tickets": ("myticket", "ticket", "mytask", "ticketerror"),
    "workflows": ("taskinstance", "taskdefinition", "ticketdefinition"),
}
TELLS = "data-tells-errors"


class LayoutPagesTests(ScreenTestCase):
    def set(self, **layouts: Json) -> None:
        TicketDefinition.objects.filter(pk=self.definition.pk).update(**layouts)

    def set_task(self, **layouts: str) -> None:
        of_workflow = TaskDefinition.objects.filter(workflow=self.definition.workflow)
        of_workflow.filter(key="check").update(**layouts)
        forget_definitions()

    def payloads(self, address: str) -> list[dict[str, Any]]:
        answer = self.client.get(address)
        self.assertEqual(answer.status_code, 200)
        self.answer = answer
        self.content = answer.content.decode()
        shared = {key: json.loads(each) for key, each in SHARED.findall(self.content)}
        return [{**shared[key], **json.loads(own)} for key, own in OWN.findall(self.content)]

    def form(self) -> str:
        return reverse("admin:tickets_myticket_add", query={"definition": self.definition.pk})

    def my_ticket(self, ticket: Ticket) -> str:
        return reverse("admin:tickets_myticket_change", args=(ticket.pk,))

    def test_the_form_of_a_ticket(self) -> None:
        self.log_in(self.uma)
        self.assertEqual(self.payloads(self.form()), [])
        self.set(edit_layout="const a = '</script><b>';", presets={"amount": 5})
        (payload,) = self.payloads(self.form())
        self.assertEqual(payload["source"], "const a = '</script><b>';")
        # What is set is not asked.
        self.assertEqual([each["name"] for each in payload["fields"]], ["what", "doc", "why"])
        self.assertIn(reverse("layout_frame"), self.content)
        # The plain form stands there all the same.
        self.assertIn('name="answers-what"', self.content)
        self.assertNotIn(TELLS, self.content)

    def test_authors_alone_are_told_of_errors(self) -> None:
        self.set(edit_layout="x")
        self.give_role(self.carla, SystemRole.USER)
        self.log_in(self.carla)
        self.assertEqual(len(self.payloads(self.form())), 1)
        self.assertIn(TELLS, self.content)

    def test_what_was_submitted_by_the_type_or_else_by_the_workflow(self) -> None:
        ticket = self.submit(amount=1200.5, why="Oak")
        of_workflow = WorkflowDefinition.objects.filter(pk=self.definition.workflow_id)
        of_workflow.update(display_layout="of the workflow")
        self.log_in(self.uma)
        (payload,) = self.payloads(self.my_ticket(ticket))
        self.assertEqual(payload["source"], "of the workflow")
        self.assertEqual(payload["data"], {"what": "A desk", "amount": 1200.5, "why": "Oak"})
        self.assertEqual(payload["texts"]["amount"], "1200.5")
        self.set(display_layout="of the type")
        self.assertEqual(self.payloads(self.my_ticket(ticket))[0]["source"], "of the type")
        self.log_in(self.terry)
        all_tickets = reverse("admin:tickets_ticket_change", args=(ticket.pk,))
        self.assertEqual(self.payloads(all_tickets)[0]["source"], "of the type")
        self.log_in(self.charlie)
        self.assertIn(self.client.get(self.my_ticket(ticket)).status_code, (302, 403, 404))

    def test_the_form_of_a_task_gets_what_was_submitted_and_what_came_of_it_is_drawn(self) -> None:
        ticket = self.submit()
        task = self.task_of(ticket)
        self.set_task(edit_layout="edit", display_layout="display")
        self.log_in(self.wendy)
        work = reverse("admin:tickets_mytask_change", args=(task.pk,))
        (payload,) = self.payloads(work)
        self.assertEqual((payload["source"], payload["data"]), ("edit", {"what": "A desk"}))
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output={"ok": True}, user=self.wendy)
        (payload,) = self.payloads(work)
        self.assertEqual((payload["source"], payload["data"]), ("display", {"ok": True}))
        # The requester sees none of these answers, and so nothing of the layout.
        self.log_in(self.uma)
        self.assertEqual(self.payloads(self.my_ticket(ticket)), [])

    def test_a_page_of_many_visits_has_each_source_once_and_few_frames(self) -> None:
        ticket = self.submit()
        task = self.task_of(ticket)
        self.set_task(display_layout="of the task")
        visits = [
            TaskInstance(
                workflow_instance=task.workflow_instance,
                definition=task.definition,
                status=TaskStatus.COMPLETED,
                assigned_to=self.wendy,
                output_data={"ok": False, "reason": f"Reason {number}"},
            )
            for number in range(MOST_FRAMES + 2)
        ]
        TaskInstance.objects.bulk_create(visits)
        last = TaskInstance.objects.create(
            workflow_instance=task.workflow_instance,
            definition=task.definition,
            status=TaskStatus.COMPLETED,
            assigned_to=self.wendy,
            output_data={"ok": True},
        )
        self.log_in(self.wendy)
        with CaptureQueriesContext(connection) as statements:
            found = self.payloads(reverse("admin:tickets_mytask_change", args=(last.pk,)))
        self.assertEqual(len(found), MOST_FRAMES)
        self.assertEqual(self.content.count('"of the task"'), 1)
        self.assertContains(self.answer, f"Reason {MOST_FRAMES + 1}")
        rows = [each["sql"] for each in statements if "output_data" in each["sql"]]
        self.assertNotIn('"display_layout"', rows[-1])

    def test_its_page_allows_no_other_frame(self) -> None:
        self.log_in(self.uma)
        self.assertEqual(self.payloads(self.form()), [])
        self.assertIn("frame-src 'self';", self.answer.headers["Content-Security-Policy"])
        self.set(edit_layout="x")
        self.payloads(self.form())
        self.assertNotIn("frame-src 'self'", self.answer.headers["Content-Security-Policy"])
        allowed = f"frame-src http://testserver{reverse('layout_frame')};"
        self.assertIn(allowed, self.answer.headers["Content-Security-Policy"])
        self.assertFalse(reverse("layout_frame").endswith("/"))  # it would allow all below it

    def test_of_a_task_that_was_given_to_somebody_else_nothing_of_the_ticket_is_handed_over(
        self,
    ) -> None:
        ticket = self.submit()
        task = self.task_of(ticket)
        self.set_task(edit_layout="edit")
        self.log_in(self.wendy)
        work = reverse("admin:tickets_mytask_change", args=(task.pk,))
        self.client.post(work, {"answers-ok": "true", "_save_for_later": "1"})
        type(task).objects.filter(pk=task.pk).update(assigned_to=self.walt)
        (payload,) = self.payloads(work)
        self.assertEqual(payload["data"], {})
        self.assertIn("data-read-only", self.content)

    def test_lists_and_histories_do_not_fetch_sources(self) -> None:
        ticket = self.submit()
        self.set(edit_layout="x", display_layout="x")
        self.set_task(edit_layout="x", display_layout="x")
        for person in (self.terry, self.wendy, self.uma, self.carla):
            for role in SystemRole:
                self.give_role(person, role)
        self.log_in(self.wendy)
        lists = [
            f"admin:{app}_{name}_changelist{query}"
            for app, names in LISTS.items()
            for name in names
            for query in ("", "?archive=1", "?pool=1", "?columns=answers_column")
        ]
        found = []
        for name in ("admin:tickets_myticket_submit", *lists):
            label, _mark, query = name.partition("?")
            with CaptureQueriesContext(connection) as statements:
                self.client.get(f"{reverse(label)}?{query}" if query else reverse(label))
            sqls = [each["sql"] for each in statements if '_layout"' in each["sql"]]
            found += [(name, re.findall(r'"\w+"\."\w+_layout"| FROM .{40}', sql)) for sql in sqls]
        self.assertEqual(found, [])
        history = reverse("admin:tickets_ticket_change", args=(ticket.pk,))
        with CaptureQueriesContext(connection) as statements:
            self.assertEqual(self.client.get(history).status_code, 200)
        of_events = [each["sql"] for each in statements if "workflows_workflowevent" in each["sql"]]
        self.assertTrue(of_events)
        self.assertNotIn('_layout"', str(of_events))
