"""The report: each number is that of the list behind it, and who sees which of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import RequestFactory, SimpleTestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from tenants.audit.models import AuditEvent
from tenants.testing import CompanyTestCase
from tickets.finding.days import Days
from tickets.models import ErrorStatus, ErrorType, Rating, Ticket, TicketError
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.reporting.cells import Cell, Number, Section, Share, Span, Text, span_in_words
from tickets.reporting.few import without_few
from tickets.reporting.figures import Figures, TicketTypes
from tickets.reporting.period import Period
from tickets.reporting.report import make_report
from workflows.models import TaskInstance, TicketDefinition, WorkflowInstance

REPORT = reverse("admin:tickets_ticket_report")
EXPORT = reverse("admin:tickets_ticket_report_export")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class ReportCase(SmallWorkflow, CompanyTestCase):
    """Tickets of two types: running of several ages, and ended ones with each outcome."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.now = timezone.now()
        self.today = timezone.localdate()

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        case = cls("make_rows")
        case.make_rows()
        cls.workflow, cls.check, cls.type = case.workflow, case.check, case.type

    def make_rows(self) -> None:
        self.make_workflow()
        other = TicketDefinition.objects.create(
            key="other", title="Other thing", workflow=self.workflow, is_active=True
        )
        now = timezone.now()
        for age in (0, 3, 8, 40, 400):
            self.make_ticket(now - age * DAY)
        self.make_ticket(now - 2 * DAY, ended=now - 1 * DAY, outcome="good")
        self.make_ticket(now - 4 * DAY, ended=now - 1 * DAY, outcome="bad", late=True)
        self.make_ticket(now - 9 * DAY, ended=now - 2 * DAY, outcome="")
        self.make_ticket(now - 9 * DAY, ended=now - 5 * DAY, outcome="neutral", kind=other)
        self.make_ticket(now - 2 * DAY, ended=now - 1 * DAY, status="CANCELLED", kind=other)
        self.make_ticket(now - 200 * DAY, ended=now - 190 * DAY, outcome="good")
        never_begun = Ticket.objects.create(
            title="Never", definition=self.type, workflow=self.workflow, created_by=self.uma
        )
        ended = Ticket.objects.filter(workflow_instance__completed_at__gt=now - 3 * DAY)
        for ticket, score in zip(ended.order_by("pk"), ("GOOD", "GOOD", "BAD"), strict=False):
            Rating.objects.create(ticket=ticket, score=score, rated_at=now)
        for kind, status in (
            (ErrorType.TASK_UPDATE, ErrorStatus.NEW),
            (ErrorType.TASK_UPDATE, ErrorStatus.REVIEWED),
            (ErrorType.TASK_UPDATE, ErrorStatus.RESOLVED),
            (ErrorType.WORKFLOW_CREATION, ErrorStatus.NEW),
        ):
            TicketError.objects.create(
                ticket=never_begun, error_type=kind, message="It broke.", status=status
            )

    def make_ticket(
        self,
        at: datetime,
        *,
        ended: datetime | None = None,
        status: str = "COMPLETED",
        outcome: str = "",
        kind: TicketDefinition | None = None,
        late: bool = False,
    ) -> None:
        """Its form was begun an hour after it was submitted, and done at its end."""
        instance = WorkflowInstance.objects.create(
            workflow=self.workflow,
            status=status if ended else "IN_PROGRESS",
            outcome=outcome if ended else "",
            completed_at=ended,
        )
        ticket = Ticket.objects.create(
            title="A thing",
            definition=kind or self.type,
            workflow=self.workflow,
            workflow_instance=instance,
            created_by=self.uma,
        )
        Ticket.objects.filter(pk=ticket.pk).update(created_at=at)
        task = TaskInstance.objects.create(
            workflow_instance=instance,
            definition=self.check,
            status="OPEN" if ended is None else status,
            assigned_to=self.wendy if at.day % 2 else self.walt,
            started_at=None if ended is None else at + HOUR,
            completed_at=ended,
            due_at=at + (HOUR if late else 100 * DAY),
        )
        TaskInstance.objects.filter(pk=task.pk).update(created_at=at)

    def figures(self, days: int = 30, type_key: str = "") -> Figures:
        period = Period(self.today - timedelta(days=days - 1), self.today)
        return Figures(period, TicketTypes(), now=self.now, type_key=type_key)

    def section(self, key: str, **options: Any) -> Section:
        return next(s for s in make_report(self.figures(**options)) if s.key == key)

    def numbers(self, section: Section) -> dict[str, list[int]]:
        return {
            str(row[0]): [cell.count for cell in row if isinstance(cell, Number)]
            for row in section.rows
        }


class NumbersTests(ReportCase):
    def count_of_list(self, number: Number) -> int:
        """How many rows the list has to which the number leads, for whoever opens the link."""
        screen: Any = admin.site._registry[number.model]
        request = RequestFactory().get(number.url)
        request.user = self.terry
        request.company = self.acme  # type: ignore[attr-defined]
        count: int = screen.get_changelist_instance(request).result_count
        return count

    def all_numbers(self) -> Iterator[tuple[str, Number]]:
        for days, type_key in ((7, ""), (90, ""), (400, "thing")):
            for section in make_report(self.figures(days, type_key)):
                for row in section.rows:
                    for cell in row:
                        if isinstance(cell, Number):
                            yield f"{days} {type_key} {section.key}: {row[0]}", cell

    def test_each_is_that_of_its_list(self) -> None:
        seen = 0
        for name, number in self.all_numbers():
            with self.subTest(name, url=number.url):
                self.assertEqual(self.count_of_list(number), number.count)
            seen += number.count > 0
        self.assertGreater(seen, 60)

    def test_the_filters_are_those_of_the_lists(self) -> None:
        """A list ignores what it does not know: then it would show too much, or all."""
        known: dict[type[Model], set[str]] = {}
        for model in (Ticket, TaskInstance, TicketError):
            filters: Any = admin.site._registry[model].list_filter
            known[model] = {each.parameter_name for each in filters}
        for name, number in self.all_numbers():
            asked = {key for key, _value in parse_qsl(urlsplit(number.url).query)}
            self.assertLessEqual(asked, known[number.model], name)

    def test_what_they_say(self) -> None:
        over_time = self.numbers(self.section("over-time"))
        self.assertEqual(over_time["In all"], [9, 5])
        self.assertEqual(len(over_time), 31)
        running = self.numbers(self.section("running"))
        self.assertEqual(running["In all"], [6])
        self.assertEqual(running["90 days and more"], [1])
        outcomes = self.numbers(self.section("outcomes"))
        self.assertEqual(
            outcomes, {"Completed": [2], "Closed": [1], "Unsuccessful": [1], "Cancelled": [1]}
        )
        self.assertEqual(
            self.numbers(self.section("satisfaction")), {"Satisfied": [2], "Not satisfied": [1]}
        )
        self.assertEqual(
            self.numbers(self.section("overdue")),
            {
                "Finished in time": [3],
                "Finished late": [1],
                "Overdue now": [1],
                "Due later": [4],
            },
        )
        self.assertEqual(
            self.numbers(self.section("errors")),
            {
                "A task could not be done": [2, 1],
                "The workflow could not be started": [1, 0],
            },
        )

    def test_how_long_it_took(self) -> None:
        figures = self.figures()
        # 1, 3, 4 and 7 days.
        self.assertEqual(figures.times.count, 4)
        self.assertAlmostEqual(figures.times.median or 0, 3.5 * DAY.total_seconds(), delta=1)
        self.assertAlmostEqual(figures.times.ninetieth or 0, 6.1 * DAY.total_seconds(), delta=1)
        (task,) = figures.tasks
        self.assertAlmostEqual(task.waiting.median or 0, HOUR.total_seconds(), delta=1)
        self.assertAlmostEqual(task.doing.median or 0, (3.5 * DAY - HOUR).total_seconds(), delta=1)

    def test_without_tickets_it_says_so(self) -> None:
        TicketError.objects.all().delete()
        Ticket.objects.all().delete()
        TaskInstance.objects.all().delete()
        for section in make_report(self.figures()):
            self.assertEqual(len(section.rows), 0, section.key)
            self.assertTrue(section.empty)

    def test_what_is_published_meanwhile_counts_in_totals(self) -> None:
        types = TicketTypes()
        newer = TicketDefinition.objects.create(
            key="newer", title="Newer", workflow=self.workflow, is_active=True
        )
        self.make_ticket(self.now - 2 * DAY, ended=self.now - DAY, outcome="good", kind=newer)
        self.make_ticket(self.now - DAY, kind=newer)
        period = Period(self.today - timedelta(days=29), self.today)
        sections = {each.key: each for each in make_report(Figures(period, types, now=self.now))}
        self.assertEqual(self.numbers(sections["over-time"])["In all"], [11, 6])
        self.assertEqual(self.numbers(sections["running"])["In all"], [7])

    def test_it_asks_as_often_whatever_there_is(self) -> None:
        self.figures()  # enters the company
        with CaptureQueriesContext(connection) as some:
            make_report(self.figures(400))
        Ticket.objects.filter(title="Never").delete()
        with CaptureQueriesContext(connection) as fewer:
            make_report(self.figures(7))
        self.assertEqual(len(some), len(fewer))
        self.assertLessEqual(len(some), 15)


class PageTests(ReportCase):
    def test_a_ticket_admin_is_led_to_the_lists(self) -> None:
        self.log_in(self.terry)
        page = self.client.get(REPORT, {"period": "90"})
        self.assertContains(page, "A task could not be done")
        self.assertContains(page, "/tickets/ticket/?submitted=")
        self.assertContains(page, 'class="chart" data-options="{')
        charts = [json.loads(each.chart) for each in page.context["sections"] if each.chart]
        self.assertEqual(len(charts), 4)

    def test_a_company_admin_sees_numbers_and_no_tickets(self) -> None:
        self.log_in(self.alice)
        page = self.client.get(REPORT)
        self.assertContains(page, "Running now")
        self.assertNotContains(page, "/tickets/ticket/?submitted=")
        self.assertNotContains(page, "A thing")

    def test_a_company_admin_reads_nothing_of_few_tickets(self) -> None:
        self.log_in(self.alice)
        page = self.client.get(REPORT, {"period": "90"})
        cells = {
            each.section.key: [[str(cell) for cell in row] for row in each.section.rows]
            for each in page.context["sections"]
        }
        few = "fewer than 5"
        self.assertEqual(cells["satisfaction"][0], ["Satisfied", few, "-"])
        self.assertEqual(cells["outcomes"][0], ["Completed", few, "-"])
        self.assertEqual(cells["tasks"][0][2:], [few, "-", "-", "-", "-"])
        for name in cells["workload"], cells["errors"], cells["overdue"]:
            for row in name:
                self.assertFalse({"1", "2", "3", "4"} & set(row), row)
        self.assertContains(page, "would say something of single tickets")
        for each in page.context["sections"]:
            lines = json.loads(each.chart)["datasets"] if each.chart else []
            for value in [value for line in lines for value in line["data"]]:
                self.assertTrue(value is None or value >= 5)
        answer = self.client.post(f"{EXPORT}?period=90", {"format": "xlsx"})
        book = load_workbook(io.BytesIO(answer.getvalue()))
        self.assertEqual(book["About this report"]["A6"].value, "Not shown")
        self.assertEqual(book["How satisfied people are"]["B2"].value, few)
        for sheet in book:
            for cell in [cell for row in sheet.iter_rows(min_row=2) for cell in row[1:]]:
                small = [number for number in range(5) if cell.value == number]
                self.assertEqual(small, [], f"{sheet.title} {cell.coordinate}")

    def test_who_may_not_see_tickets_chooses_no_days(self) -> None:
        self.log_in(self.alice)
        page = self.client.get(REPORT)
        self.assertNotContains(page, 'name="first"')
        self.assertNotContains(page, "The last 7 days")
        for query in ("first=2026-11-29", "period=own&first=2026-11-29", "period=7"):
            page = self.client.get(f"{REPORT}?{query}")
            self.assertContains(page, "Select a valid choice")
            self.assertEqual(page.context["sections"], [])
            answer = self.client.post(f"{EXPORT}?{query}", {"format": "xlsx"})
            self.assertEqual(answer.status_code, 302)

    def test_others_do_not_see_it(self) -> None:
        for person in (self.uma, self.wendy, self.carla):
            self.log_in(person)
            self.assertEqual(self.client.get(REPORT).status_code, 403)
            self.assertEqual(self.client.post(EXPORT, {"format": "xlsx"}).status_code, 403)

    def test_what_cannot_be_meant_is_said_beside_its_field(self) -> None:
        self.log_in(self.terry)
        for query, text in (
            ({"first": "2026-02-30"}, "Enter a valid date."),
            ({"first": "2026-02-03", "last": "2026-02-01"}, "comes before the first"),
            ({"period": "own"}, "Say from which day on."),
            ({"first": "1500-01-01"}, "after 1970"),
            ({"first": "9999-12-31", "last": "9999-12-31"}, "before the year 9000"),
            ({"first": "2026-01-01", "last": "9999-12-31"}, "before the year 9000"),
            ({"first": "1990-01-01"}, "ten years"),
            ({"type": "nonsense"}, "Select a valid choice"),
            ({"period": "\0"}, "Select a valid choice"),
        ):
            with self.subTest(query):
                page = self.client.get(REPORT, query)
                self.assertContains(page, text)
                self.assertEqual(page.context["sections"], [])
                answer = self.client.post(
                    f"{EXPORT}?{'&'.join(f'{k}={v}' for k, v in query.items())}"
                )
                self.assertEqual(answer.status_code, 302)

    def test_days_of_ones_own(self) -> None:
        self.log_in(self.terry)
        first = (self.today - timedelta(days=3)).isoformat()
        page = self.client.get(REPORT, {"first": first, "type": "thing"})
        self.assertContains(page, f"submitted={first}..{first}&amp;type=thing")

    def test_it_is_downloaded_and_recorded(self) -> None:
        self.log_in(self.terry)
        answer = self.client.post(f"{EXPORT}?period=90", {"format": "xlsx"})
        book = load_workbook(io.BytesIO(answer.getvalue()))
        self.assertEqual(book.sheetnames[:2], ["About this report", "Submitted and ended"])
        self.assertEqual(book["Running now"]["B2"].value, 6)
        self.assertEqual(book["Time of each task"]["D1"].value, "Waited: median (hours)")
        event = AuditEvent.objects.filter(kind="files.list_downloaded").latest("pk")
        self.assertEqual(event.data["list"], "tickets.report")
        self.assertEqual(event.data["filters"]["period"], "90")
        self.assertEqual(self.client.post(EXPORT, {"format": "csv"}).status_code, 200)
        self.assertEqual(self.client.post(EXPORT, {"format": "exe"}).status_code, 302)


class FewTests(SimpleTestCase):
    def shown(self, *counts: int, **more: Any) -> list[str]:
        rows: list[list[Cell]] = [[Text("Row"), Number(each, Ticket, {})] for each in counts]
        section = Section(
            "key", "Title", "", ("Row", "Number"), rows, "Nothing.", adds_up=True, **more
        )
        return [str(row[1]) for row in without_few(section).rows]

    def test_what_is_few_cannot_be_computed_from_the_rest(self) -> None:
        few = "fewer than 5"
        for counts, shown in (
            ((12, 7, 5), ["12", "7", "5"]),
            ((12, 10, 2), ["12", "-", few]),
            ((20, 10, 8, 2), ["20", "10", "-", few]),
            ((20, 10, 8, 1, 1), ["20", "10", "-", few, few]),
            ((20, 10, 4, 6 - 2, 2), ["20", "10", few, few, few]),
            ((12, 12, 0), ["12", "-", few]),
            ((3, 2, 1), [few, few, few]),
        ):
            with self.subTest(counts):
                self.assertEqual(self.shown(*counts, has_sum=True), shown)

    def test_shares_and_times_of_few_are_hidden(self) -> None:
        cells: list[Cell] = [Share(8, 10), Share(5, 10), Share(10, 10), Span(60, 4), Span(60, 5)]
        section = Section("key", "Title", "", ("",) * 5, [cells], "Nothing.")
        (row,) = without_few(section).rows
        self.assertEqual([str(each) for each in row], ["-", "50 %", "-", "-", "1 minute"])
        rows = [(Number(each, Ticket, {}), Share(each, 20)) for each in (10, 8, 2)]
        section = Section("key", "Title", "", ("", ""), rows, "Nothing.", adds_up=True)
        shown = [[str(cell) for cell in each] for each in without_few(section).rows]
        self.assertEqual(shown, [["10", "50 %"], ["-", "-"], ["fewer than 5", "-"]])


class PeriodTests(CompanyTestCase):
    def test_steps_cover_each_day_once(self) -> None:
        for first, last in (
            (date(2026, 11, 29), date(2026, 11, 29)),
            (date(2026, 11, 1), date(2026, 11, 30)),
            (date(2026, 9, 3), date(2026, 11, 29)),
            (date(2024, 2, 29), date(2026, 11, 29)),
        ):
            steps = [days for _begin, days in Period(first, last).steps()]
            at = first
            for days in steps:
                self.assertEqual(days.first, at)
                assert days.last is not None
                at = days.last + timedelta(days=1)
            self.assertEqual(at, last + timedelta(days=1))
            self.assertLess(len(steps), 40)

    def test_days_are_those_of_the_pages_zone(self) -> None:
        with timezone.override(ZoneInfo("Pacific/Auckland")):
            days = Days(date(2026, 11, 29), date(2026, 11, 29))
            found: Any = days.within("at").children
        condition = dict(found)
        self.assertEqual(condition["at__gte"].isoformat(), "2026-11-29T00:00:00+13:00")
        self.assertEqual(condition["at__lt"].isoformat(), "2026-11-30T00:00:00+13:00")

    def test_what_is_no_days_is_none(self) -> None:
        for text in ("", "..", "2026-11-29", "2026-11-30..2026-11-29", "x..y", "0001-01-01..",
                     "..9999-12-31", "20261129..", "2026-11-29..\0"):  # fmt: skip
            self.assertIsNone(Days.parse(text), text)
        self.assertEqual(str(Days.parse("..2026-11-29")), "..2026-11-29")

    def test_spans_in_words(self) -> None:
        for seconds, words in (
            (3, "less than a minute"),
            (61, "1 minute"),
            (2 * 86400 + 4 * 3600 + 120, "2 days 4 hours"),
        ):
            self.assertEqual(span_in_words(seconds), words)
