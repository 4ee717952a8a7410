"""What the tests of conversations stand on: uma's ticket, which wendy works on."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Collection
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tickets.conversation.write_message import Written, write_message
from tickets.files.keep_file import keep_file
from tickets.models import Message, Ticket, Visibility
from tickets.tests.screens import ScreenTestCase

PUBLIC, INTERNAL = Visibility.PUBLIC, Visibility.INTERNAL


def page_of(ticket: Ticket) -> str:
    return reverse("admin:tickets_message_conversation", args=(ticket.pk,))


def page_about(message: Message, what: str) -> str:
    return reverse(f"admin:tickets_message_{what}", args=(message.pk,))


class TalkCase(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        media = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, media, ignore_errors=True)
        settings = override_settings(MEDIA_ROOT=media)
        settings.enable()
        self.addCleanup(settings.disable)

    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = self.submit()
        self.task = self.task_of(self.ticket)
        self.page = page_of(self.ticket)
        self.my_ticket = reverse("admin:tickets_myticket_change", args=(self.ticket.pk,))
        self.my_task = reverse("admin:tickets_mytask_change", args=(self.task.pk,))
        self.all_tickets = reverse("admin:tickets_ticket_change", args=(self.ticket.pk,))

    def write(
        self,
        user: User,
        text: str = "Hello",
        visibility: Visibility = PUBLIC,
        *,
        files: Collection[uuid.UUID] = (),
        token: str = "",
    ) -> Written:
        return write_message(
            ticket=self.ticket,
            user=user,
            text=text,
            visibility=visibility,
            files=files,
            token=token or uuid.uuid4().hex,
            now=timezone.now(),
        )

    def said(self, user: User, text: str = "Hello", visibility: Visibility = PUBLIC) -> Message:
        return self.write(user, text, visibility).message

    def upload(self, user: User, name: str = "plan.txt") -> uuid.UUID:
        value = keep_file(file=SimpleUploadedFile(name, b"A plan"), user=user)
        return uuid.UUID(str(value["upload"]))

    def post(self, person: User, *, page: str = "", **values: Any) -> Any:
        """Send the form, as from `page`."""
        self.log_in(person)
        headers = {"referer": f"http://testserver{page or self.page}"}
        sent = {
            "text": "Hello", "token": uuid.uuid4().hex, "visibility": "PUBLIC", **values
        }  # fmt: skip
        return self.client.post(self.page, sent, headers=headers)

    def code_of(self, person: User, address: str) -> int:
        self.log_in(person)
        return int(self.client.get(address).status_code)
