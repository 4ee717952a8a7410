"""Who sees which answers of a ticket, its files, and the reason of its end."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tickets.files.keep_file import keep_file
from tickets.models import Notice, Ticket
from tickets.notices.words import text_for
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_task_output
from tickets.seeing import (
    Viewer,
    answers_for_requester,
    cancel_reason,
    viewer_of,
    visible_answers,
)
from tickets.tests import screens
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.running.definition_cache import forget_definitions
from workflows.running.events.of_tickets.cancelled import CANCELLED

TOLD, INTERNAL = "It does not fit the budget.", "Uma asks for too much."
QUESTIONS: list[JsonObject] = [
    {"name": "ok", "label": "Is it all right?", "type": "boolean", "required": True},
    {"name": "reason", "label": "What is wrong?", "type": "text", "seen_by": "requester"},
    {"name": "remark", "label": "Remark", "type": "text", "seen_by": "team"},
    {"name": "offer", "label": "Another offer", "type": "file", "seen_by": "requester"},
    {"name": "notes", "label": "Notes", "type": "file"},
]
ANSWERS: JsonObject = {"ok": False, "reason": TOLD, "remark": INTERNAL}


class SeeingCase(ScreenTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        TaskDefinition.objects.filter(key="check").update(fields=QUESTIONS)

    def setUp(self) -> None:
        super().setUp()
        forget_definitions()
        self.addCleanup(forget_definitions)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(override_settings(MEDIA_ROOT=folder))

    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = self.submit()

    def complete(self, output: JsonObject) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=self.task_of(self.ticket), output=output, user=self.wendy)

    def fresh(self) -> Ticket:
        return Ticket.objects.with_progress().select_related("workflow").get(pk=self.ticket.pk)

    def labels_for(self, person: User) -> list[str]:
        found, _is_cut = visible_answers(person, self.fresh())
        return [answer.label for each in found for answer in each.answers]

    def my_ticket(self) -> Any:
        self.log_in(self.uma)
        return self.client.get(reverse("admin:tickets_myticket_change", args=(self.ticket.pk,)))


class AnswersTests(SeeingCase):
    def test_the_requester_sees_the_answers_that_are_for_them(self) -> None:
        self.complete(ANSWERS)
        self.assertEqual(self.labels_for(self.uma), ["What is wrong?"])
        page = self.my_ticket()
        self.assertContains(page, "<h2>Answer</h2>", html=True)
        self.assertContains(page, TOLD)
        self.assertNotContains(page, INTERNAL)
        self.assertNotContains(page, "Remark")

    def test_nothing_is_said_where_nothing_is_for_them(self) -> None:
        self.complete({"ok": False, "remark": INTERNAL})
        self.assertEqual(self.labels_for(self.uma), [])
        self.assertNotContains(self.my_ticket(), "<h2>Answer</h2>", html=True)

    def test_the_team_sees_all_and_others_nothing(self) -> None:
        self.complete(ANSWERS)
        everything = ["Is it all right?", "What is wrong?", "Remark"]
        for person in (self.wendy, self.terry):
            with self.subTest(person=str(person)):
                self.assertEqual(self.labels_for(person), everything)
        for person in (self.walt, self.carla, self.charlie):
            with self.subTest(person=str(person)):
                self.assertEqual(self.labels_for(person), [])

    def test_my_ticket_shows_no_more_to_a_requester_who_is_of_the_team(self) -> None:
        self.complete(ANSWERS)
        self.ticket.created_by = self.terry
        self.assertIs(viewer_of(self.terry, self.ticket), Viewer.TEAM)
        shown = [a.label for each in answers_for_requester(self.fresh()) for a in each.answers]
        self.assertEqual(shown, ["What is wrong?"])

    def test_a_correction_counts_and_what_stood_there_is_gone(self) -> None:
        self.complete({**ANSWERS, "ok": True})
        check = self.fresh().workflow_instance
        assert check is not None
        task = TaskInstance.objects.get(workflow_instance=check, definition__key="check")
        output: JsonObject = {**ANSWERS, "ok": True, "reason": "It does fit."}
        correct_task_output(task=task, output=output, by=self.terry, reason=INTERNAL)
        page = self.my_ticket()
        self.assertContains(page, "It does fit.")
        for gone in (TOLD, INTERNAL):
            self.assertNotContains(page, gone)

    def test_what_has_no_question_is_the_teams(self) -> None:
        self.complete(ANSWERS)
        data = {"check": {**ANSWERS, "secret": INTERNAL}, "gone": {"reason": INTERNAL}}
        WorkflowInstance.objects.update(data=data)
        self.assertEqual(self.labels_for(self.uma), ["What is wrong?"])

    def test_what_a_call_gave_is_the_teams(self) -> None:
        self.complete(ANSWERS)
        TaskDefinition.objects.filter(key="check").update(task_type="SYNC_ACTION")
        forget_definitions()
        self.assertEqual(self.labels_for(self.uma), [])

    def test_the_requester_costs_no_query(self) -> None:
        self.complete(ANSWERS)
        ticket = self.fresh()
        answers_for_requester(ticket)  # the definition is kept from now on
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answers_for_requester(ticket)
        self.assertEqual(len(queries), 0)

    def test_a_version_without_the_key_tells_nothing(self) -> None:
        TaskDefinition.objects.filter(key="check").update(fields=screens.CHECK)
        forget_definitions()
        self.complete({"ok": False, "reason": INTERNAL})
        self.assertNotContains(self.my_ticket(), INTERNAL)


class FilesTests(SeeingCase):
    def keep(self, name: str) -> JsonObject:
        return keep_file(file=SimpleUploadedFile(name, name.encode()), user=self.wendy)

    def code_of(self, value: JsonObject, person: User) -> int:
        self.log_in(person)
        address = reverse("admin:tickets_fileupload_download", args=(value["upload"],))
        return int(self.client.get(address).status_code)

    def test_the_requester_gets_the_files_of_answers_for_them_alone(self) -> None:
        offer, notes = map(self.keep, ("offer.txt", "notes.txt"))
        self.complete({"ok": False, "offer": offer, "notes": notes})
        self.assertEqual(self.code_of(offer, self.uma), 200)
        self.assertEqual(self.code_of(notes, self.uma), 404)
        for person in (self.wendy, self.terry):
            self.assertEqual(self.code_of(notes, person), 200)
        for person in (self.walt, self.charlie):
            self.assertEqual(self.code_of(offer, person), 404)


class CancelTests(SeeingCase):
    def cancel(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            cancel_ticket(ticket=self.ticket, by=self.terry, reason=TOLD)

    def test_the_requester_reads_why_it_was_cancelled(self) -> None:
        self.cancel()
        page = self.my_ticket()
        self.assertContains(page, "Why it was cancelled:")
        self.assertContains(page, TOLD)

    def test_a_reason_that_was_written_before_stays_the_teams(self) -> None:
        WorkflowInstance.objects.update(status=WorkflowStatus.CANCELLED)
        WorkflowEvent.objects.create(
            workflow_instance=WorkflowInstance.objects.get(ticket=self.ticket),
            kind=str(CANCELLED),
            at=timezone.now(),
            data={"reason": TOLD},
        )
        self.assertNotContains(self.my_ticket(), TOLD)
        self.assertEqual(cancel_reason(self.fresh(), viewer=Viewer.TEAM), TOLD)
        self.assertEqual(cancel_reason(self.fresh(), viewer=Viewer.NOBODY), "")

    def test_who_cancels_is_told_who_reads_the_reason(self) -> None:
        self.log_in(self.terry)
        page = self.client.get(
            reverse("admin:tickets_ticket_repair", args=(self.ticket.pk, "cancel", 0))
        )
        self.assertContains(page, "Whoever submitted the ticket reads this reason")


class NoticeTests(SeeingCase):
    def text(self, person: User) -> str:
        notice = Notice.objects.with_words().filter(kind="TICKET_ENDED").latest("pk")
        return text_for(notice, person)

    def test_the_notice_of_the_end_tells_the_answers_for_the_requester(self) -> None:
        self.complete(ANSWERS)
        text = self.text(self.uma)
        self.assertIn(f"What is wrong?: {TOLD}", text)
        self.assertNotIn(INTERNAL, text)
        for person in (self.wendy, self.terry, self.charlie):
            self.assertNotIn(TOLD, self.text(person))

    def test_the_notice_of_a_cancelled_ticket_tells_why(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            cancel_ticket(ticket=self.ticket, by=self.terry, reason=TOLD)
        self.assertIn(f"Why: {TOLD}", self.text(self.uma))
