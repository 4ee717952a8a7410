"""The database refuses the ticket itself: whoever submits it is told, and nothing is half saved.

Nothing is mocked: a trigger refuses the rows, as one may that somebody has put there by hand.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import override_settings
from django.urls import reverse

from tenants.pages.once import new_token
from tenants.testing import CompanyClient, CompanyTransactionTestCase
from tickets.models import ErrorType, FileUpload, SavedAnswers, Ticket, TicketError
from tickets.saving.save_answers import save_ticket_answers
from tickets.submitting.errors import SubmissionFailedError
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.refusals import refused
from tickets.tests.screens import make_type
from workflows.engine.process import JsonObject
from workflows.models import WorkflowInstance

TICKETS = "tickets_ticket"
TEXT = "Nothing of it was saved"
FIELDS: list[JsonObject] = [
    {"name": "what", "label": "What do you need?", "type": "text", "required": True},
    {"name": "proof", "label": "Proof", "type": "file"},
]


class SubmissionsThatFailTests(CompanyTransactionTestCase):
    client_class = CompanyClient

    def setUp(self) -> None:
        super().setUp()
        media = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, media, ignore_errors=True)
        self.enterContext(override_settings(MEDIA_ROOT=Path(media)))
        self.definition = make_type(fields=FIELDS)
        self.log_in(self.uma)
        self.token = new_token()

    def send(self, **more: Any) -> Any:
        url = reverse("admin:tickets_myticket_add", query={"definition": self.definition.pk})
        values = {"title": "My desk", "token": self.token, "answers-what": "A desk"}
        return self.client.post(url, {**values, **more})

    def send_refused(self, table: str = TICKETS, **how: Any) -> Any:
        with refused(table, **how), self.assertLogs("tickets", "ERROR"):
            return self.send()

    def assert_nothing_is_saved(self) -> None:
        for model in (Ticket, WorkflowInstance, TicketError):
            self.assertFalse(model._default_manager.exists(), model)

    def test_the_form_comes_back_with_what_was_typed(self) -> None:
        for at_commit in (False, True):
            with self.subTest(at_commit=at_commit):
                page = self.send_refused(at_commit=at_commit)
                self.assertContains(page, TEXT)
                for typed in ("My desk", "A desk", self.token):
                    self.assertContains(page, typed)
                self.assert_nothing_is_saved()

    def test_a_first_task_that_is_refused_at_the_commit_leaves_the_ticket(self) -> None:
        page = self.send_refused("workflows_taskinstance", at_commit=True)
        ticket = Ticket.objects.get()
        self.assertRedirects(page, reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        self.assertEqual(TicketError.objects.get().error_type, ErrorType.TASK_CREATION)

    def test_a_file_is_kept_with_the_form(self) -> None:
        file = SimpleUploadedFile("proof.txt", b"Yes")
        with refused(TICKETS), self.assertLogs("tickets", "ERROR"):
            page = self.send(**{"answers-proof": file})
        self.assertContains(page, "proof.txt")
        upload = FileUpload.objects.get()
        self.assertIsNone(upload.ticket)
        self.send(**{"answers-proof-kept": str(upload.uuid)})
        upload.refresh_from_db()
        self.assertEqual(upload.ticket, Ticket.objects.get())

    def test_what_was_saved_for_later_is_still_there(self) -> None:
        save_ticket_answers(
            definition=self.definition, slot=self.token, answers={"what": "A"}, user=self.uma
        )
        self.send_refused()
        self.assertEqual(SavedAnswers.objects.get().answers, {"what": "A"})

    def test_sent_again_when_it_is_mended_it_is_submitted_once(self) -> None:
        self.send_refused()
        for _time in range(2):
            self.assertEqual(self.send().status_code, 302)
        self.assertEqual(Ticket.objects.get().data["what"], "A desk")

    def test_the_service_says_so(self) -> None:
        with (
            refused(TICKETS),
            self.assertLogs("tickets", "ERROR"),
            self.assertRaises(SubmissionFailedError),
        ):
            submit_ticket(definition=self.definition, data={"what": "A desk"}, user=self.uma)

    def test_a_database_that_cannot_be_reached_is_another_matter(self) -> None:
        with refused(TICKETS, state="57014"), self.assertRaises(OperationalError):
            submit_ticket(definition=self.definition, data={"what": "A desk"}, user=self.uma)
        self.assert_nothing_is_saved()
