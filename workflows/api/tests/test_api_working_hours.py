"""Programs read and change the working hours, with the checks of the page."""

from __future__ import annotations

from typing import Any

from tenants.api.tests.api_case import ApiCase
from workflows.models import BusinessCalendar

WEEK = ["09:00-12:00, 13:00-17:00", "09:00-17:00", "09:00-17:00", "", "09:00-17:00", "", ""]
WANTED: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "week": WEEK,
    "holidays": [{"date": "12-25", "name": "Christmas"}, {"date": "2026-04-06"}],
}


class WorkingHoursTests(ApiCase):
    def test_they_are_changed_unless_they_were_changed(self) -> None:
        etag = self.ask(self.alice, "GET", "working-hours", expect=200)["ETag"]
        match = {"If-Match": etag}
        self.ask(self.alice, "PUT", "working-hours", WANTED, **match, expect=200)
        read = self.ask(self.alice, "GET", "working-hours", expect=200).json()
        self.assertEqual((read["week"], read["time_zone"]), (WEEK, "Europe/Berlin"))
        self.assertEqual(len(read["holidays"]), 2)
        self.ask(self.alice, "PUT", "working-hours", read, expect=200)
        stale = self.ask(self.alice, "PUT", "working-hours", WANTED, **match)
        self.assert_problem(stale, 412)

    def test_what_is_wrong_is_named_with_its_place(self) -> None:
        for more, place in (
            ({"week": ["9 to 5", *WEEK[1:]]}, "/week/0"),
            ({"week": [""] * 7}, "/week/0"),
            ({"time_zone": "Europe/Nowhere"}, "/time_zone"),
            ({"holidays": [{"date": "02-31"}]}, "/holidays"),
            ({"holidays": [{"date": "soon"}]}, "/holidays/0/date"),
            ({"week": WEEK[:6]}, "/week"),
        ):
            with self.subTest(place):
                refused = self.ask(self.alice, "PUT", "working-hours", {**WANTED, **more})
                said = self.assert_problem(refused, 422)
                self.assertEqual(said["errors"][0]["pointer"], place)
        self.assertFalse(BusinessCalendar.objects.exists())

    def test_nobody_else_and_no_assistant(self) -> None:
        assistant = self.token_of(self.alice, assistant="Claude").raw
        for person in (self.uma, assistant):
            self.assert_problem(self.ask(person, "PUT", "working-hours", WANTED), 403)
        self.ask(self.charlie, "PUT", "working-hours", WANTED, expect=200)
        self.assertFalse(BusinessCalendar.objects.exists())
