"""A workflow in numbers: what stands on its picture, and who sees how much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import RequestFactory
from django.urls import reverse

from tickets.models import Ticket
from tickets.reporting.cells import Number
from tickets.reporting.flow import FlowFigures
from tickets.reporting.period import Period
from tickets.reporting.tests.test_report import ReportCase
from workflows.engine.process import EndOutcome
from workflows.models import TaskInstance, WorkflowInstance


class FlowTests(ReportCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        for instance in WorkflowInstance.objects.all():
            instance.current_task = instance.tasks.get()
            instance.save(update_fields=["current_task"])
        first = WorkflowInstance.objects.filter(outcome="good").earliest("pk")
        WorkflowInstance.objects.filter(pk=first.pk).update(end_label="signed")

    def figures(self, *_arguments: Any) -> Any:
        return FlowFigures("flow", Period(self.today - timedelta(days=29), self.today))

    def page(self, person: Any, **query: str) -> Any:
        self.log_in(person)
        address = reverse("admin:workflows_workflowdefinition_flow", args=(self.workflow.pk,))
        return self.client.get(address, query)

    def test_what_they_say(self) -> None:
        figures = self.figures()
        task = figures.tasks["check"]
        self.assertEqual((task.now, task.whole.count), (5, 4))
        self.assertAlmostEqual(task.whole.median, timedelta(days=3.5).total_seconds(), delta=1)
        self.assertEqual(
            figures.ends,
            {
                (EndOutcome.GOOD, "signed"): 1,
                (EndOutcome.GOOD, ""): 1,
                (EndOutcome.BAD, ""): 1,
                (EndOutcome.NEUTRAL, ""): 1,
            },
        )

    def test_a_ticket_admin_is_led_to_what_was_counted(self) -> None:
        page = self.page(self.terry)
        self.assertContains(page, "5 here now")
        self.assertContains(page, "4 times, median 3 days 12 hours.")
        numbers = [
            (cell, section.section.key)
            for section in page.context["sections"]
            for row in section.section.rows
            for cell in row
            if isinstance(cell, Number)
        ]
        self.assertEqual(len(numbers), 6)
        for number, key in numbers:
            with self.subTest(key, url=number.url):
                self.assertContains(page, number.url.replace("&", "&amp;"))
                self.assertEqual(self.count(number.model, number.url), number.count)

    def count(self, model: type[Model], url: str) -> int:
        screen: Any = admin.site._registry[model]
        request = RequestFactory().get(url)
        request.user = self.terry
        request.company = self.acme  # type: ignore[attr-defined]
        found: int = screen.get_changelist_instance(request).result_count
        return found

    def test_a_creator_sees_counts_and_nothing_of_single_tickets(self) -> None:
        page = self.page(self.carla)
        self.assertContains(page, "5 here now")
        self.assertNotContains(page, "median 3 days")
        self.assertContains(page, "fewer than 5 times")
        self.assertNotContains(page, "4 times")
        self.assertNotContains(page, "1 time")
        for each in page.context["sections"]:
            for row in each.rows:
                self.assertFalse({"1", "2", "3", "4"} & {cell.text for cell in row})
        self.assertNotContains(page, "/tickets/ticket/")
        self.assertNotContains(page, "/workflows/taskinstance/")
        self.make_ticket(
            self.now - timedelta(days=4), ended=self.now - timedelta(days=1), outcome="good"
        )
        self.assertContains(self.page(self.carla), "5 times, median")

    def test_a_creator_chooses_no_days(self) -> None:
        page = self.page(self.carla, first=self.today.isoformat())
        self.assertContains(page, "Select a valid choice")
        self.assertNotContains(page, "here now")

    def test_others_do_not_see_it(self) -> None:
        for person in (self.uma, self.wendy, self.alice):
            self.assertEqual(self.page(person).status_code, 403)

    def test_without_tickets_and_with_nonsense_it_is_a_page(self) -> None:
        self.assertContains(self.page(self.terry, first="x"), "Enter a valid date.")
        Ticket.objects.all().delete()
        WorkflowInstance.objects.update(current_task=None)
        TaskInstance.objects.all().delete()
        self.assertContains(self.page(self.terry), "No ticket has come to a task")
