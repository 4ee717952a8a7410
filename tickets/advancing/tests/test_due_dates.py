"""When a task is due: from its definition, and the working hours of the company."""

from __future__ import annotations

from datetime import UTC, datetime

from django.urls import reverse

from tickets.advancing.advance_ticket import advance_ticket
from tickets.models import Ticket
from tickets.tests.screens import ScreenTestCase
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import check_bundle
from workflows.models import BusinessCalendar, TaskDefinition, TaskInstance
from workflows.running.definition_cache import forget_definitions

FRIDAY = datetime(2026, 3, 6, 16, tzinfo=UTC)
LIST = reverse("admin:tickets_mytask_changelist")
ALL = reverse("admin:workflows_taskinstance_changelist")


class DueTests(ScreenTestCase):
    def due_in(self, text: str) -> None:
        TaskDefinition.objects.filter(workflow=self.definition.workflow).update(due_in=text)
        forget_definitions()
        self.addCleanup(forget_definitions)

    def make(self, now: datetime = FRIDAY) -> TaskInstance:
        ticket = Ticket.objects.create(
            title="A desk", definition=self.definition, workflow=self.definition.workflow,
            data={"what": "A desk"}, created_by=self.uma,
        )  # fmt: skip
        advance_ticket(ticket_id=ticket.pk, now=now)
        return self.task_of(Ticket.objects.get(pk=ticket.pk))

    def test_office_hours_count_where_nothing_is_said(self) -> None:
        self.due_in("PT2H")
        self.assertEqual(self.make().due_at, datetime(2026, 3, 9, 10, tzinfo=UTC))

    def test_the_companys_hours_zone_and_holidays_count(self) -> None:
        BusinessCalendar.objects.create(
            time_zone="Europe/Brussels",
            week=[[[480, 960]]] * 5 + [[], []],
            holidays=[{"date": "2026-03-09", "name": "Fair"}, {"date": "12-25", "name": ""}],
        )
        self.due_in("PT2H")
        # 16:00 UTC is after hours in Brussels; Monday is a holiday.
        self.assertEqual(self.make().due_at, datetime(2026, 3, 10, 9, tzinfo=UTC))

    def test_without_a_duration_nothing_is_due(self) -> None:
        self.assertIsNone(self.make().due_at)

    def test_what_is_overdue_is_marked_and_sorted(self) -> None:
        self.due_in("P1D")
        later, sooner = self.make(datetime(2199, 1, 7, 12, tzinfo=UTC)), self.make()
        self.log_in(self.wendy)
        page = self.client.get(LIST)
        self.assertContains(page, "(overdue)", count=1)
        columns = list(page.context["cl"].list_display)
        page = self.client.get(LIST, {"o": str(columns.index("due"))})
        self.assertEqual([row.pk for row in page.context["cl"].result_list], [sooner.pk, later.pk])

    def test_ticket_admins_see_it_too(self) -> None:
        self.due_in("P1D")
        self.make()
        self.log_in(self.terry)
        page = self.client.get(ALL)
        self.assertContains(page, "(overdue)", count=1)
        number = list(page.context["cl"].list_display).index("due_column")
        self.assertContains(self.client.get(ALL, {"o": f"-{number}"}), "(overdue)")
        self.log_in(self.carla)
        TaskDefinition.objects.get(workflow=self.definition.workflow, key="check")
        workflow = reverse(
            "admin:workflows_workflowdefinition_change", args=(self.definition.workflow.pk,)
        )
        self.assertContains(self.client.get(workflow), "1 day of working time")

    def test_ticket_admins_filter_by_it(self) -> None:
        without = self.make()
        self.due_in("P1D")
        later, overdue, done = (
            self.make(datetime(2199, 1, 7, 12, tzinfo=UTC)),
            self.make(),
            self.make(),
        )
        done.complete(output={}, now=FRIDAY)
        done.save()
        self.log_in(self.terry)
        for chosen, expected in (
            ("overdue", [overdue]),
            ("later", [later]),
            ("none", [without]),
            ("nonsense", [done, overdue, later, without]),
        ):
            with self.subTest(chosen):
                page = self.client.get(ALL, {"due": chosen})
                self.assertEqual(list(page.context["cl"].result_list), expected)
        self.assertContains(self.client.get(ALL), "Without a due date")

    def test_what_is_finished_is_not_overdue(self) -> None:
        self.due_in("P1D")
        task = self.make()
        overdue = TaskInstance.objects.overdue(now=datetime(2026, 4, 1, tzinfo=UTC))
        self.assertEqual(list(overdue), [task])
        task.complete(output={}, now=FRIDAY)
        task.save()
        self.assertFalse(overdue.all().exists())
        self.assertFalse(task.is_overdue(now=datetime(2026, 4, 1, tzinfo=UTC)))


class BundleTests(ScreenTestCase):
    BUNDLE = {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "w", "title": "W", "fields": [{"name": "a", "type": "text"}]},
        "tasks": [
            {"key": "t", "title": "T", "fields": [{"name": "b", "type": "text"}], "due_in": "P2D"}
        ],
        "transitions": [{"from": "start", "to": "t"}, {"from": "t", "to": "end"}],
        "ticket_types": [{"key": "w", "title": "W"}],
    }

    def test_it_is_kept(self) -> None:
        draft = import_bundle(document=self.BUNDLE, user=self.carla)
        publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(draft.tasks.get().due_in, "P2D")
        again = import_bundle(document=self.BUNDLE, user=self.carla)
        self.assertEqual(again.pk, draft.pk)

    def test_what_is_no_duration_is_refused_in_a_sentence(self) -> None:
        for text in ("2 days", "P0D", "PT90M", "P", "2", "P1W"):
            task = {**self.BUNDLE["tasks"][0], "due_in": text}  # type: ignore[index]
            (problem,) = check_bundle({**self.BUNDLE, "tasks": [task]})
            self.assertIn("Give a time such as P2D", problem.message)
            self.assertEqual(problem.place, "tasks[0].due_in")
