"""An answer that was kept before anybody looked what its file is called can still be corrected."""

from __future__ import annotations

import tempfile
import unicodedata
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from tenants.testing import CompanyTestCase
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import claim_files, keep_file
from tickets.models import FileUpload, Ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from workflows.engine.process import JsonObject

FIELDS: list[JsonObject] = [
    {"name": "amount", "label": "Amount", "type": "integer"},
    {"name": "bill", "label": "Bill", "type": "file"},
]
DECOMPOSED = unicodedata.normalize("NFD", "Rückgabe.pdf")


class OldNamesTests(SmallWorkflow, CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        self.make_workflow()
        self.workflow.fields = FIELDS
        self.workflow.save()
        self.type.presets = {}
        self.type.save()

    def ticket_with(self, name: str, *, said: str = "") -> tuple[Ticket, str]:
        """A ticket whose answer calls its file so."""
        ticket = self.submit()
        kept = keep_file(file=SimpleUploadedFile(name, b"x"), user=self.uma)
        FileUpload.objects.filter(uuid=UUID(str(kept["upload"]))).update(
            ticket=ticket, filename=name
        )
        bill = {"upload": str(kept["upload"]), "filename": said or name}
        ticket.data = {"amount": 7, "bill": bill}
        ticket.save()
        return ticket, str(kept["upload"])

    def correct(self, ticket: Ticket, **answers: object) -> JsonObject:
        found = Ticket.objects.get(pk=ticket.pk)
        data: JsonObject = {**found.data, **answers}  # type: ignore[dict-item]
        correct_ticket_data(ticket=found, data=data, by=self.terry, reason=REASON)
        kept: JsonObject = Ticket.objects.get(pk=ticket.pk).data
        return kept

    def test_it_stays_as_it_is_called_while_something_else_is_corrected(self) -> None:
        ticket, _key = self.ticket_with("bill.exe", said="invoice.pdf")
        data = self.correct(ticket, amount=8)
        self.assertEqual((data["amount"], data["bill"]["filename"]), (8, "invoice.pdf"))  # type: ignore[index, call-overload]

    def test_it_gets_no_other_false_name(self) -> None:
        ticket, key = self.ticket_with("bill.exe", said="invoice.pdf")
        with self.assertRaises(UnknownUploadError):
            self.correct(ticket, bill={"upload": key, "filename": "other.pdf"})

    def test_what_another_ticket_calls_it_does_not_count(self) -> None:
        ticket, key = self.ticket_with("bill.exe", said="invoice.pdf")
        other = self.submit()
        data: JsonObject = {"bill": {"upload": key, "filename": "invoice.pdf"}}
        with self.assertRaises(UnknownUploadError):
            claim_files(FIELDS, data, ticket=other, user=self.uma)
        self.assertEqual(FileUpload.objects.get().ticket, ticket)

    def test_a_name_is_the_same_in_either_form_of_its_letters(self) -> None:
        """A file from a Mac is called in one form, and answers are kept in the other one."""
        ticket, _key = self.ticket_with(DECOMPOSED)
        kept = Ticket.objects.get(pk=ticket.pk).data["bill"]["filename"]
        self.assertNotEqual(kept, DECOMPOSED)
        self.assertEqual(self.correct(ticket, amount=9)["amount"], 9)
