"""What one was told."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import holder_in, operation
from tenants.tokens.scopes import Scope
from tickets.models import Notice
from tickets.notices.words import sentence_for

router = Router(tags=["Notices"])


class NoticeRow(Schema):
    id: int
    kind: str
    text: str
    ticket: int | None
    created_at: datetime
    read_at: datetime | None


class Notices(Schema):
    items: list[NoticeRow]
    next: str | None


@operation(router, "GET", "/notices", scope=Scope.NOTICES_READ, answer=Notices)
def list_notices(
    request: HttpRequest, unread: bool = False, limit: Limit = 50, after: Cursor = ""
) -> Notices:
    """List what you were told, the newest first."""
    person = holder_in(request).user
    notices = Notice.objects.of(person).with_words()
    if unread:
        notices = notices.unread()

    def row(notice: Notice) -> NoticeRow:
        return NoticeRow(
            id=notice.pk,
            kind=notice.kind,
            text=str(sentence_for(notice, person)),
            ticket=notice.ticket_id,
            created_at=notice.created_at,
            read_at=notice.read_at,
        )

    items, more = listed(notices, after=after, limit=limit, show=row)
    return Notices(items=items, next=more)
