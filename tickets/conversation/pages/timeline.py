"""What was written on a ticket, and what happened to it, as one line of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Protocol

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.models import User
from tenants.pages.once import token_of
from tickets.conversation.pages.message_form import MessageForm
from tickets.conversation.rendering import render_message
from tickets.files.pages.files import download_base
from tickets.models import FileUpload, Follower, Message, Ticket
from tickets.taking_part.access import Access, access_to
from workflows.models import TaskInstance

# How many are shown at once; earlier ones are one click away.
MOST_SHOWN: Final = 30
BEFORE, SHOW = "before", "show"
_CURSOR: Final = re.compile(r"(\d{1,18})\.(\d{1,18})")
_NEWEST: Final = 10**18 - 1


@dataclass(frozen=True, slots=True)
class Happened:
    """Something of the history. `pk` is the event's; `shown` is what `template` shows."""

    pk: int
    at: datetime
    shown: Any


class History(Protocol):
    """Where the history comes from: what people see of it differs by page."""

    template: str

    def newest(self, *, before: int, most: int) -> Sequence[Happened]:
        """The newest events with a lower number, the newest first; one statement."""


@dataclass(frozen=True, slots=True)
class MessageFile:
    """A file as it came with a message, and the newest version that somebody has added to it."""

    sent: FileUpload
    newer: FileUpload | None = None


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message as one person sees it."""

    message: Message
    person: User
    access: Access

    @property
    def at(self) -> datetime:
        return self.message.written_at

    @property
    def html(self) -> SafeString:
        return render_message(self.message.text, [each["name"] for each in self.message.mentions])

    @property
    def files(self) -> list[MessageFile]:
        """What its author sent with it, by number; what came later is named beside it."""
        rows: dict[int, list[FileUpload]] = {}
        for each in sorted(self.message.files.all(), key=lambda file: (file.version, file.pk)):
            rows.setdefault(each.first_id or each.pk, []).append(each)
        return [MessageFile(row[0], row[-1] if len(row) > 1 else None) for row in rows.values()]

    @property
    def is_readable(self) -> bool:
        return self.access.may_read(self.message)

    @property
    def is_mine(self) -> bool:
        return self.message.is_by(self.person)

    @property
    def may_edit(self) -> bool:
        return self.is_mine and not self.message.is_hidden

    @property
    def may_hide(self) -> bool:
        return self.access.may_hide and not self.message.is_hidden

    @property
    def may_show_again(self) -> bool:
        return self.access.may_hide and self.message.is_hidden

    @property
    def may_see_earlier(self) -> bool:
        """What it said before an edit is for the team."""
        return self.message.edited_at is not None and self.access.internal and self.is_readable


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    event: Any = None
    message: ShownMessage | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    title: str
    is_current: bool


class Conversation:
    """What the template `conversation/conversation.html` shows of a ticket to one person."""

    def __init__(
        self,
        request: HttpRequest,
        ticket: Ticket,
        person: User,
        *,
        history: History | None = None,
        form: MessageForm | None = None,
        access: Access | None = None,
        task: TaskInstance | None = None,
    ) -> None:
        """`task` is this person's own, which they are working on: from it they may ask."""
        may_ask = ticket.created_by_id != person.pk and ticket.created_by.is_active
        self.task = task if may_ask else None
        self.ticket, self.person = ticket, person
        self.access = access_to(ticket, person) if access is None else access
        self.history = history
        asked = request.GET.get(SHOW, "")
        self.show = asked if asked in ("messages", "history") and history else "all"
        found = _CURSOR.fullmatch(request.GET.get(BEFORE, ""))
        self.is_newest = found is None
        self._before = (int(found[1]), int(found[2])) if found else (_NEWEST, _NEWEST)
        self.form = form or MessageForm(access=self.access, person=person, token=token_of(request))
        self.file_url = download_base()
        self.form_name = f"message.{ticket.pk}"

    @property
    def address(self) -> str:
        return conversation_address(self.ticket)

    @property
    def names_address(self) -> str:
        return reverse("admin:tickets_message_names", args=(self.ticket.pk,))

    @property
    def replies_address(self) -> str:
        """Where the canned replies come from; empty: this person writes not as the team."""
        if not self.access.internal:
            return ""
        return reverse("admin:tickets_message_replies", args=(self.ticket.pk,))

    @property
    def follow_address(self) -> str:
        return reverse("admin:tickets_message_follow", args=(self.ticket.pk,))

    @cached_property
    def is_following(self) -> bool:
        return Follower.objects.filter(ticket=self.ticket, person=self.person).exists()

    @property
    def filters(self) -> list[Filter]:
        if self.history is None:
            return []
        names = (("all", _("All")), ("messages", _("Messages")), ("history", _("History")))
        return [Filter(name, title, name == self.show) for name, title in names]

    @cached_property
    def entries(self) -> list[Entry]:
        """Those of this page, oldest first."""
        return self._page[0]

    @cached_property
    def earlier(self) -> str:
        """The cursor of the page with what was before; empty: nothing was."""
        return self._page[1]

    @cached_property
    def _page(self) -> tuple[list[Entry], str]:
        events, written = self._events(), self._messages()
        event_at, message_at = self._before
        entries: list[Entry] = []
        while len(entries) < MOST_SHOWN and (events or written):
            if written and (not events or written[0].written_at >= events[0].at):
                message = written.pop(0)
                message_at = message.pk
                shown = ShownMessage(message, self.person, self.access)
                entries.append(Entry(message.written_at, message=shown))
            else:
                event = events.pop(0)
                event_at = event.pk
                entries.append(Entry(event.at, event=event.shown))
        more = f"{event_at}.{message_at}" if events or written else ""
        return list(reversed(entries)), more

    def _events(self) -> list[Happened]:
        if self.history is None or self.show == "messages":
            return []
        return list(self.history.newest(before=self._before[0], most=MOST_SHOWN + 1))

    def _messages(self) -> list[Message]:
        if self.show == "history" or not self.access:
            return []
        messages = Message.objects.filter(
            ticket=self.ticket, visibility__in=self.access.visibilities, pk__lt=self._before[1]
        )
        return list(messages.for_display().order_by("-pk")[: MOST_SHOWN + 1])


def conversation_address(ticket: Ticket) -> str:
    """The page of a ticket's messages, for everybody who takes part in it."""
    return reverse("admin:tickets_message_conversation", args=(ticket.pk,))
