"""An hour that comes twice, or never, is asked about: nobody's moment is guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.test import SimpleTestCase
from django.utils import timezone, translation

from workflows.engine.times.clock_changes import readings_of
from workflows.fields.datetime.moment_input import MomentInput
from workflows.forms.answers import AnswersForm

BERLIN = ZoneInfo("Europe/Berlin")
TWICE, NEVER, ONCE = "2026-10-25T02:30", "2026-03-29T02:30", "2026-10-25T04:30"
FIELDS = [{"name": "start", "label": "Start", "type": "datetime"}]


class ReadingsTests(SimpleTestCase):
    def test_an_hour_that_comes_twice(self) -> None:
        both = readings_of(datetime.fromisoformat(TWICE), BERLIN)
        self.assertEqual(
            both,
            (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        )

    def test_an_hour_that_is_skipped(self) -> None:
        both = readings_of(datetime.fromisoformat(NEVER), BERLIN)
        self.assertEqual(
            both,
            (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        )

    def test_all_others(self) -> None:
        for text in (ONCE, "2026-10-25T01:59:59", "2026-10-25T03:00", "2026-03-29T03:00"):
            self.assertIsNone(readings_of(datetime.fromisoformat(text), BERLIN), text)
        self.assertIsNone(readings_of(datetime.fromisoformat(TWICE), UTC))


class FormTests(SimpleTestCase):
    def form(self, typed: str, clock: str = "") -> AnswersForm:
        data = QueryDict(mutable=True)
        data["answers-start"] = typed
        if clock:
            data["answers-start-clock"] = clock
        return AnswersForm(FIELDS, data=data)

    def test_it_offers_both_readings_beside_the_question(self) -> None:
        with timezone.override(BERLIN):
            for typed, shown in (
                (
                    TWICE,
                    ("25 Oct 2026, 02:30 (CEST, UTC+02:00)", "25 Oct 2026, 02:30 (CET, UTC+01:00)"),
                ),
                (
                    NEVER,
                    ("29 Mar 2026, 01:30 (CET, UTC+01:00)", "29 Mar 2026, 03:30 (CEST, UTC+02:00)"),
                ),
            ):
                form = self.form(typed)
                self.assertFalse(form.is_valid())
                self.assertEqual(len(form.errors["start"]), 1)
                self.assertIn("choose one of the two", form.errors["start"][0])
                html = str(form["start"])
                self.assertIn(f'value="{typed}', html)
                for text in shown:
                    self.assertIn(text, html)

    def test_the_choice_counts(self) -> None:
        with timezone.override(BERLIN):
            for typed, clock in (
                (TWICE, "2026-10-25T00:30:00Z"),
                (TWICE, "2026-10-25T01:30:00Z"),
                (NEVER, "2026-03-29T01:30:00Z"),
            ):
                form = self.form(typed, clock)
                self.assertTrue(form.is_valid(), form.errors)
                self.assertEqual(form.answers(), {"start": clock})
                html = str(form["start"])
                self.assertIn(f'value="{typed}', html)
                self.assertIn(f'value="{clock}" checked', html)

    def test_a_choice_for_another_time_does_not_count(self) -> None:
        with timezone.override(BERLIN):
            form = self.form(ONCE, "2026-10-25T01:30:00Z")
            self.assertEqual(form.answers(), {"start": "2026-10-25T03:30:00Z"})
            for clock in ("2026-01-01T00:00:00Z", "x", "\x00"):
                self.assertFalse(self.form(TWICE, clock).is_valid())

    def test_what_is_certain_or_no_time_asks_nothing(self) -> None:
        with timezone.override(BERLIN):
            for value in (ONCE, "", None, "x", "9999-12-31T23:59", "0001-01-01T00:00"):
                self.assertNotIn("radio", MomentInput().render("start", value, {}))

    def test_in_german(self) -> None:
        with timezone.override(BERLIN), translation.override("de"):
            self.assertIn("25.10.2026, 02:30", str(self.form(TWICE)["start"]))
