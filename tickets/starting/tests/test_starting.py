from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.errors import TooManyJobsError
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import outside
from tickets.job_names import BEGIN_START, PAUSE_STARTS_OF
from tickets.models import Notice, PauseReason, RecurringStart, StartRun, Ticket
from tickets.starting.begin_start import begin_start
from tickets.starting.look_after_starts import companies_with_late_starts, look_after_starts
from tickets.starting.pause_start import pause_start, pause_starts_of, resume_start
from tickets.tests.screens import ScreenTestCase, make_type
from workflows.authoring.ticket_types.change_starts import change_starts
from workflows.authoring.ticket_types.change_ticket_type import change_ticket_type
from workflows.engine.process import JsonObject
from workflows.engine.starts import StartSpec
from workflows.engine.times.calendar import OFFICE_WEEK
from workflows.errors import StartsRefusedError
from workflows.models import BusinessCalendar, TicketDefinition, WorkflowEvent
from workflows.people.change_people import save_person
from workflows.working_hours.change_calendar import save_business_calendar

ZONE = "Europe/Berlin"
OCTOBER = datetime(2026, 10, 1, 6, tzinfo=UTC)
# Friday the 30th, at eight in Berlin, after the clocks were changed.
DUE = datetime(2026, 10, 30, 7, tzinfo=UTC)
NEXT = datetime(2026, 11, 30, 7, tzinfo=UTC)

HIDDEN: list[JsonObject] = [
    {"name": "what", "label": "How?", "type": "text", "required": True},
    {
        "name": "seats", "label": "Seats?", "type": "integer", "default": 2,
        "visible_when": {"==": [{"var": "what"}, "car"]},
    },
]  # fmt: skip


class StartCase(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = OCTOBER
        clock = mock.patch("django.utils.timezone.now", side_effect=lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        BusinessCalendar.objects.create(time_zone=ZONE)

    def start(self, **said: Any) -> RecurringStart:
        spec: dict[str, Any] = {
            "key": "closing",
            "title": "Monthly closing",
            "working_day": -1,
            "at": "08:00",
            "email": self.uma.email,
            "answers": {"what": "Close the month"},
        }
        change_starts(
            definition=self.definition, starts=[StartSpec(**spec | said)], user=self.carla
        )
        return RecurringStart.objects.get(key="closing")

    def begin(self, start: RecurringStart, now: datetime) -> Ticket | None:
        self.now = now
        with self.captureOnCommitCallbacks(execute=True):
            return begin_start(start_id=start.pk, now=now)

    def jobs(self, name: str = BEGIN_START) -> list[ProcrastinateJob]:
        with outside():
            return list(ProcrastinateJob.objects.filter(task_name=name, status="todo"))


class StartingTests(StartCase):
    def test_it_starts_on_the_last_working_day(self) -> None:
        """31 October 2026 is a Saturday: starts on Friday the 30th."""
        start = self.start()
        self.assertEqual(start.next_at, DUE)
        self.assertEqual([each.scheduled_at for each in self.jobs()], [DUE])
        self.assertIsNone(self.begin(start, DUE - timedelta(seconds=1)))
        ticket = self.begin(start, DUE + timedelta(seconds=2))
        assert ticket is not None
        self.assertEqual(ticket.title, "Monthly closing 2026-10-30")
        self.assertEqual(ticket.created_by, self.uma)
        self.assertEqual(ticket.data["what"], "Close the month")
        self.assertEqual(self.task_of(ticket).definition.key, "check")
        start.refresh_from_db()
        self.assertEqual(start.next_at, NEXT)
        self.assertEqual(len(self.jobs()), 2)
        # The same job once more, and one that comes late, find nothing to do.
        for late in (0, 60, 86_400):
            self.assertIsNone(self.begin(start, DUE + timedelta(seconds=late)))
        self.assertEqual(Ticket.objects.count(), 1)
        event = WorkflowEvent.objects.get(kind="CAME_IN")
        self.assertEqual(event.data["due"], DUE.isoformat())
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk]))
        self.assertContains(page, "The ticket was started by “Monthly closing”")

    def test_the_page_of_the_ticket_type_says_it(self) -> None:
        start = self.start()
        page = reverse("admin:workflows_ticketdefinition_change", args=[self.definition.pk])
        own = reverse(
            "admin:workflows_ticketdefinition_start", args=[self.definition.pk, "closing"]
        )
        self.log_in(self.carla)
        shown = self.client.get(page)
        for text in ("Starts by itself", "On the last working day of each month at 08:00", own,
                     "Next: Fri, 30 Oct 2026", f"On behalf of {self.uma}"):  # fmt: skip
            self.assertContains(shown, text)
        pause_start(start_id=start.pk, user=self.carla, now=OCTOBER)
        shown = self.client.get(page)
        self.assertContains(shown, "Paused")
        self.assertNotContains(shown, "Next: ")
        # A version that is not offered says when it would, and leads nowhere.
        TicketDefinition.objects.filter(pk=self.definition.pk).update(is_active=False)
        shown = self.client.get(page)
        self.assertContains(shown, "On the last working day of each month at 08:00")
        self.assertNotContains(shown, own)
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(page, follow=True), "working day", status_code=404)

    def test_what_was_missed_is_started_once(self) -> None:
        start = self.start(working_day=0, rule="FREQ=DAILY", at="09:00")
        ticket = self.begin(start, OCTOBER + timedelta(days=3, hours=2))
        assert ticket is not None
        self.assertEqual(ticket.title, "Monthly closing 2026-10-04")
        run = StartRun.objects.get()
        self.assertEqual(run.missed_count, 3)
        expected = ["2026-10-01", "2026-10-02", "2026-10-03"]
        self.assertEqual([each[:10] for each in run.missed], expected)
        event = WorkflowEvent.objects.get(kind="CAME_IN")
        self.assertEqual(event.data["missed"], run.missed)
        start.refresh_from_db()
        self.assertEqual(start.next_at, datetime(2026, 10, 5, 7, tzinfo=UTC))

    def test_what_is_not_asked_then_has_no_default(self) -> None:
        self.definition = make_type("trip", fields=HIDDEN)
        ticket = self.begin(self.start(answers={"what": "train"}), DUE)
        assert ticket is not None
        self.assertEqual(ticket.data, {"what": "train"})

    def test_who_left_pauses_it_and_ticket_admins_are_told(self) -> None:
        start = self.start()
        uma = User.objects.get(pk=self.uma.pk)
        uma.is_active = False
        save_person(
            person=uma, roles=[SystemRole.USER], company_roles=None, now=self.now, actor=self.alice
        )
        (job,) = self.jobs(PAUSE_STARTS_OF)
        self.assertEqual(job.args["person_id"], uma.pk)
        for _twice in range(2):
            pause_starts_of(person_id=uma.pk, now=self.now)
        start.refresh_from_db()
        self.assertEqual((start.paused, start.next_at), (PauseReason.LEFT, None))
        told = Notice.objects.get(kind="START_STOPPED")
        self.assertEqual((told.recipient, told.about["reason"]), (self.terry, "LEFT"))
        self.assertIsNone(self.begin(start, DUE))

    def test_whoever_may_not_submit_pauses_it(self) -> None:
        start = self.start(email=self.walt.email)  # who submits no tickets
        self.assertIsNone(self.begin(start, DUE))
        start.refresh_from_db()
        self.assertEqual(start.paused, PauseReason.MAY_NOT)
        self.assertEqual(Notice.objects.get(kind="START_STOPPED").recipient, self.terry)
        self.assertFalse(Ticket.objects.exists())
        self.give_role(self.walt, SystemRole.USER)
        resume_start(start_id=start.pk, user=self.terry, now=DUE)
        start.refresh_from_db()
        self.assertEqual(start.next_at, NEXT)

    def test_what_cannot_be_submitted_is_noted_and_the_next_comes(self) -> None:
        start = self.start()
        with mock.patch(
            "tickets.submitting.submit_ticket.ensure_room_for_work",
            side_effect=TooManyJobsError(most=1),
        ):
            self.assertIsNone(self.begin(start, DUE))
        run = StartRun.objects.get()
        self.assertIsNone(run.ticket_number)
        self.assertTrue(run.error)
        self.assertEqual(Notice.objects.get(kind="START_STOPPED").about["reason"], "")
        start.refresh_from_db()
        self.assertEqual(start.next_at, NEXT)

    def test_it_follows_its_ticket_type(self) -> None:
        start = self.start()
        pause_start(start_id=start.pk, user=self.terry, now=self.now)
        change_ticket_type(definition=self.definition, roles=[], is_active=False)
        change_ticket_type(definition=self.definition, roles=[], is_active=True)
        start.refresh_from_db()
        self.assertEqual((start.paused, start.next_at), (PauseReason.BY_HAND, None))
        resume_start(start_id=start.pk, user=self.terry, now=self.now)
        self.start(at="09:30")
        start.refresh_from_db()
        self.assertEqual(start.next_at, DUE + timedelta(minutes=90))
        save_business_calendar(
            time_zone="America/New_York", week=OFFICE_WEEK, holidays=[("2026-10-30", "Fair")]
        )
        start.refresh_from_db()
        self.assertEqual(start.next_at, datetime(2026, 10, 29, 13, 30, tzinfo=UTC))
        change_ticket_type(definition=self.definition, roles=[], is_active=False)
        start.refresh_from_db()
        self.assertIsNone(start.next_at)
        change_ticket_type(definition=self.definition, roles=[], is_active=True)
        change_starts(definition=self.definition, starts=[], user=self.carla)
        self.assertFalse(RecurringStart.objects.exists())

    def test_answers_are_checked_against_the_form(self) -> None:
        for said in ({}, {"what": 5}, {"what": "x", "no": 1}):
            with self.assertRaises(StartsRefusedError):
                self.start(answers=said)
        with self.assertRaises(StartsRefusedError):
            self.start(rule="FREQ=SECONDLY", working_day=0)
        self.assertFalse(RecurringStart.objects.exists())

    def test_what_has_no_job_is_found(self) -> None:
        start = self.start()
        with outside():
            ProcrastinateJob.objects.filter(task_name=BEGIN_START).delete()
            self.assertEqual(companies_with_late_starts(now=DUE), [])
            late = companies_with_late_starts(now=DUE + timedelta(hours=1))
        self.assertEqual(late, ["acme"])
        self.now = DUE + timedelta(hours=1)
        self.assertEqual(look_after_starts(now=self.now), 1)
        self.assertEqual(look_after_starts(now=self.now), 0)
        self.assertIsNotNone(self.begin(start, self.now))


class StartPagesTests(StartCase):
    def test_a_start_is_made_on_screen(self) -> None:
        self.log_in(self.carla)
        add = reverse("admin:workflows_ticketdefinition_new_start", args=[self.definition.pk])
        form = self.client.get(add)
        typed = {
            "marker": form.context["marker"],
            "title": "Monthly closing",
            "how": "working_day",
            "working_day": "-1",
            "at": "08:00",
            "person": self.uma.email,
            "answers-what": "Close",
        }
        wrong = self.client.post(add, {**typed, "answers-what": "", "person": "nobody@x.example"})
        self.assertEqual(wrong.status_code, 200)
        self.assertContains(wrong, "nobody@x.example")
        shown = self.client.post(add, {**typed, "preview": "1"})
        self.assertContains(shown, "On the last working day of each month at 08:00")
        self.assertEqual(len(shown.context["next_times"]), 5)
        self.assertIn("30", shown.context["next_times"][0])
        self.assertFalse(RecurringStart.objects.exists())
        self.client.post(add, {**typed, "save": "1"})
        start = RecurringStart.objects.get()
        self.assertEqual((start.next_at, start.person), (DUE, self.uma))
        ticket = self.begin(start, DUE)
        assert ticket is not None
        self.log_in(self.terry)
        address = reverse("admin:workflows_ticketdefinition_starts")
        listed = self.client.get(address)
        self.assertContains(listed, ticket.number)
        self.client.post(address, {"start": start.pk, "pause": "1"})
        start.refresh_from_db()
        self.assertEqual((start.paused, start.paused_by), (PauseReason.BY_HAND, self.terry))
        self.client.post(address, {"start": start.pk, "resume": "1"})
        change = reverse(
            "admin:workflows_ticketdefinition_start", args=[self.definition.pk, start.key]
        )
        self.assertEqual(self.client.get(change).context["form"].initial["how"], "working_day")
        self.client.post(change, {"remove": "1"})
        self.assertFalse(RecurringStart.objects.exists())
        for person in (self.uma, self.wendy):
            self.log_in(person)
            self.assertEqual(self.client.get(address).status_code, 403)
            self.assertEqual(self.client.get(add).status_code, 403)
