"""The page on which a company's admin says when the company works."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.urls import reverse

from tenants.connection import use_company
from tenants.testing import CompanyTestCase
from workflows.engine.times.calendar import Duration, Span
from workflows.models import BusinessCalendar

PAGE = reverse("admin:workflows_businesscalendar")
SENT = {
    "time_zone": "Europe/Brussels",
    **{f"day_{number}": "8-12, 13-17" for number in range(4)},
    "day_4": "8-12",
    "day_5": "",
    "day_6": "",
    "holidays": "12-25 Christmas\n\n2026-04-06 Easter Monday\n02-29",
}


class PageTests(CompanyTestCase):
    def test_it_begins_with_office_hours(self) -> None:
        self.log_in(self.alice)
        page = self.client.get(PAGE)
        self.assertContains(page, 'value="09:00-17:00"', count=5)
        self.assertContains(page, "Nobody has set your company’s hours yet")  # noqa: RUF001

    def test_it_keeps_what_is_sent_in_one_row(self) -> None:
        self.log_in(self.alice)
        for _time in range(2):
            self.assertRedirects(self.client.post(PAGE, SENT), PAGE)
        working = BusinessCalendar.objects.get().working_time()
        self.assertEqual(working.spans(date(2026, 3, 6)), (Span(480, 720),))
        self.assertEqual(working.spans(date(2026, 4, 6)), ())
        self.assertEqual(working.spans(date(2030, 12, 25)), ())
        due = working.after(datetime(2026, 3, 6, 10, tzinfo=UTC), Duration.parse("PT2H"))
        self.assertEqual(due, datetime(2026, 3, 9, 8, tzinfo=UTC))
        page = self.client.get(PAGE)
        self.assertContains(page, "08:00-12:00, 13:00-17:00")
        self.assertContains(page, "2026-04-06 Easter Monday")

    def test_what_cannot_be_read_is_told_and_changes_nothing(self) -> None:
        self.log_in(self.alice)
        for wrong, told in (
            ({"day_0": "nine to five"}, "Write 09:00-17:00"),
            ({"day_2": "17-9"}, "Write 09:00-17:00"),
            ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
            ({"holidays": "2026-02-30"}, "does not begin with a date"),
            ({"holidays": "Christmas"}, "does not begin with a date"),
            ({f"day_{number}": "" for number in range(7)}, "at least one day"),
        ):
            with self.subTest(wrong=wrong):
                self.assertContains(self.client.post(PAGE, {**SENT, **wrong}), told)
        self.assertFalse(BusinessCalendar.objects.exists())
        self.assertEqual(self.client.post(PAGE, {}).status_code, 200)

    def test_only_admins_of_the_company_have_it(self) -> None:
        for person in (self.wendy, self.terry, self.carla, self.uma, self.root):
            with self.subTest(person=str(person)):
                self.log_in(person)
                self.assertEqual(self.client.get(PAGE).status_code, 403)
        self.log_in(self.charlie)
        self.client.post(PAGE, SENT)
        self.assertFalse(BusinessCalendar.objects.exists())
        use_company(self.globex)
        self.assertTrue(BusinessCalendar.objects.exists())
        use_company(self.acme)
