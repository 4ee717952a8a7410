"""What an assistant suggests where a block hides answers: its files are hidden, too."""

from __future__ import annotations

import tempfile

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from tenants.mcp.tests.assistant import Assistant
from tenants.models import User
from tickets.advancing.tests.block_case import BlockCase, block, form
from tickets.files.access import files_of, may_have, with_what_decides
from tickets.files.keep_file import keep_file
from tickets.models import FileUpload
from tickets.repairing.correct_data import correct_task_output
from tickets.working.answer_offer import answer_offer
from workflows.engine.process import JsonObject
from workflows.people.service_accounts import add_account

SCAN: list[JsonObject] = [{"name": "scan", "label": "Scan", "type": "file"}]


class SuggestedFileTests(BlockCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(override_settings(MEDIA_ROOT=folder))
        now = timezone.now()
        self.account = add_account(name="Bot", roles=[], company_roles=[], by=self.alice, now=now)
        Assistant(self.account)
        self.define(
            block("offers", starts={"a": "one", "b": "two"}, hide_answers=True),
            form("one", "offers.a", fields=SCAN, assistant={"account": "Bot"}),
            form("two", "offers.b"),
            form("choose"),
            ways=[
                (None, "offers"),
                ("one", None),
                ("two", None),
                ("offers", "choose"),
                ("choose", None),
            ],
        )
        self.submit()

    def test_a_file_that_is_suggested_is_hidden_as_one_that_was_answered(self) -> None:
        one, two = self.task("one"), self.task("two")
        has_it, other = self.worker_of(one), self.worker_of(two)
        self.assertNotEqual(has_it, other)
        scan = keep_file(file=SimpleUploadedFile("offer.txt", b"12"), user=self.account)
        answer_offer(task=one, account=self.account, output={"scan": scan}, now=timezone.now())
        self.assertEqual((self.has(has_it), self.has(other)), (True, False))
        self.assertTrue(self.has(self.terry))
        self.assertFalse(self.has(self.charlie))
        self.complete(one, {"scan": scan})
        self.assertFalse(self.has(other))
        self.complete(two, {"note": "known"})
        self.assertTrue(self.has(other))

    def test_so_is_one_that_a_correction_has_taken_away(self) -> None:
        one, other = self.task("one"), self.worker_of(self.task("two"))
        scan = keep_file(file=SimpleUploadedFile("offer.txt", b"12"), user=self.worker_of(one))
        self.complete(one, {"scan": scan})
        correct_task_output(task=self.task("one"), output={}, by=self.terry, reason="It was wrong.")
        self.assertNotIn("offer.txt", str(self.task("one").output_data))
        self.assertFalse(self.has(other))

    def has(self, person: User) -> bool:
        """Whether they may have the file: the list of files and its address say the same."""
        ticket = self.shown_ticket()
        [upload] = with_what_decides(FileUpload.objects.all())
        self.assertEqual(bool(files_of(ticket, person)), may_have(upload, person))
        return may_have(upload, person)
