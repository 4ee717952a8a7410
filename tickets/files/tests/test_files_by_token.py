"""A file that a program or an assistant names is called as it is kept, whatever the door."""

from __future__ import annotations

import tempfile
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from tenants.api.tests.api_case import ROOT, ApiCase
from tenants.mcp.tests.assistant import Assistant
from tickets.models import FileUpload, Ticket
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import TaskInstance

PDF = b"%PDF-1.7 an invoice"
INVOICE = {"name": "invoice", "label": "Invoice", "type": "file", "accept": [".pdf"]}
ANYTHING = {"name": "note", "label": "Note", "type": "file"}
DOCUMENT: dict[str, Any] = {
    "format": "ticketflower-bundle",
    "format_version": 1,
    "workflow": {"key": "pay", "title": "Pay", "fields": [INVOICE, ANYTHING]},
    "tasks": [
        {
            "key": "check",
            "title": "Check it",
            "assign_to": {"who": "requester"},
            "edits": [{"field": "invoice"}],
            "fields": [{**INVOICE, "name": "receipt", "label": "Receipt"}],
        }
    ],
    "transitions": [{"from": "start", "to": "check"}, {"from": "check", "to": "end"}],
    "ticket_types": [{"key": "pay", "title": "Pay"}],
}
REFUSED = "bill.html"


class FilesByTokenTests(ApiCase):
    """uma submits, and checks what she has submitted: at either door."""

    def set_up_once(self) -> None:
        draft = import_bundle(document=DOCUMENT, user=self.carla)
        publish_workflow(workflow=draft, user=self.carla, now=timezone.now())

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.enterContext(override_settings(MEDIA_ROOT=folder.name))
        self.assistant = Assistant(self.uma)

    def upload(self, name: str = REFUSED, content: bytes = b"<html>") -> str:
        sent = self.client.post(
            f"{ROOT}files",
            {"file": SimpleUploadedFile(name, content)},
            headers={"Authorization": f"Bearer {self.raw_of(self.uma)}"},
        )
        self.assertEqual(sent.status_code, 201, sent.content)
        key: str = sent.json()["upload"]
        return key

    def pdf(self, key: str, name: str = "invoice.pdf") -> dict[str, str]:
        return {"upload": key, "filename": name}

    def task(self) -> int:
        answers = {"invoice": self.pdf(self.upload("right.pdf", PDF))}
        self.assistant.write("submit_ticket", ticket_type="pay", answers=answers, title="Pay it")
        return TaskInstance.objects.latest("pk").pk

    def assert_both_refuse(self, path: str, tool: str, sent: Any, **more: Any) -> None:
        said = self.assert_problem(self.ask(self.uma, "POST", path, sent), 422)
        self.assertIn(REFUSED, str(said))
        refused = self.assistant.refused(tool, **more, idempotency_key=uuid4().hex)
        self.assertIn(REFUSED, str(refused))
        self.assertFalse(FileUpload.objects.exclude(ticket=None).filter(filename=REFUSED).exists())

    def test_what_is_submitted(self) -> None:
        answers = {"invoice": self.pdf(self.upload())}
        sent = {"type": "pay", "answers": answers, "title": "Pay it"}
        more = {"ticket_type": "pay", "answers": answers, "title": "Pay it"}
        self.assert_both_refuse("tickets", "submit_ticket", sent, **more)
        self.assertFalse(Ticket.objects.exists())

    def test_what_a_task_is_completed_with(self) -> None:
        number, answers = self.task(), {"receipt": self.pdf(self.upload())}
        more = {"task": number, "answers": answers}
        path = f"tasks/{number}/complete"
        self.assert_both_refuse(path, "complete_task", {"answers": answers}, **more)

    def test_what_is_changed_of_earlier_answers(self) -> None:
        number, changes = self.task(), {"ticket.invoice": self.pdf(self.upload())}
        sent: dict[str, Any] = {"answers": {}, "changes": changes}
        path = f"tasks/{number}/complete"
        self.assert_both_refuse(path, "complete_task", sent, task=number, **sent)

    def test_what_a_message_of_the_ticket_has(self) -> None:
        number, key = self.task(), self.upload()
        path = f"tickets/{Ticket.objects.get().pk}/messages"
        self.ask(self.uma, "POST", path, {"text": "See", "files": [key]}, expect=201)
        for sent in (
            {"answers": {"receipt": self.pdf(key)}},
            {"answers": {}, "changes": {"ticket.invoice": self.pdf(key)}},
        ):
            refused = self.ask(self.uma, "POST", f"tasks/{number}/complete", sent)
            self.assertIn(REFUSED, str(self.assert_problem(refused, 422)))

    def test_what_is_taken_is_called_as_it_is_kept(self) -> None:
        false = self.pdf(self.upload(), "letter.txt")
        made = self.assistant.write(
            "submit_ticket", ticket_type="pay", answers={"note": false}, title="Pay it"
        )
        ticket = Ticket.objects.get()
        self.assertEqual(ticket.number, made["number"])
        self.assertEqual(ticket.data["note"]["filename"], REFUSED)
        number = TaskInstance.objects.get().pk
        answers = {"receipt": self.pdf(self.upload("right.pdf", PDF), "false.pdf")}
        changes = {"ticket.invoice": self.pdf(self.upload("new.pdf", PDF), "other.pdf")}
        sent = {"answers": answers, "changes": changes}
        for _time in range(2):  # the answer to the first got lost
            self.ask(self.uma, "POST", f"tasks/{number}/complete", sent, expect=200)
        task = TaskInstance.objects.get()
        self.assertEqual((task.output_data or {})["receipt"]["filename"], "right.pdf")
        ticket.refresh_from_db()
        self.assertEqual(ticket.data["invoice"]["filename"], "new.pdf")
