"""Versions that come at the same moment, by the page of the file and with messages."""

from __future__ import annotations

import tempfile
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from tickets.advancing.tests.test_concurrent_changes import Change, ConcurrentCase
from tickets.conversation.write_message import write_message
from tickets.file_versions.add_version import add_version
from tickets.files.access import with_what_decides
from tickets.files.keep_file import keep_file, make_versions
from tickets.models import FileUpload, Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type


class AddedAtOnceTests(ConcurrentCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        submitted = submit_ticket(definition=make_type(), data={"what": "A desk"}, user=self.uma)
        self.ticket = Ticket.objects.get(pk=submitted.pk)
        self.first = FileUpload.objects.get(uuid=self.kept())
        FileUpload.objects.filter(pk=self.first.pk).update(ticket=self.ticket)

    def kept(self) -> UUID:
        value = keep_file(file=SimpleUploadedFile("a.txt", b"x"), user=self.uma)
        return UUID(str(value["upload"]))

    def adding(self) -> Change:
        key = self.kept()

        def add() -> None:
            of = with_what_decides(FileUpload.objects.all()).get(pk=self.first.pk)
            add_version(of=of, upload=key, user=self.uma)

        return add

    def writing(self) -> Change:
        key = self.kept()

        def write() -> None:
            with transaction.atomic():
                ticket = Ticket.objects.get(pk=self.ticket.pk)
                written = write_message(
                    ticket=ticket,
                    user=self.uma,
                    text="Here.",
                    files=[key],
                    token=key.hex,
                    now=timezone.now(),
                )
                make_versions({key: self.first.pk}, message=written.message)

        return write

    def test_each_gets_a_number_of_its_own(self) -> None:
        changes = [self.adding(), self.writing(), self.adding(), self.writing()]
        self.assertEqual(self.at_once(*changes), [None] * 4)
        versions = FileUpload.objects.filter(first=self.first).values_list("version", flat=True)
        self.assertEqual(sorted(versions), [2, 3, 4, 5])
