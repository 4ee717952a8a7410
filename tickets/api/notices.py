"""What one was told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.models import User
from tenants.tokens.scopes import Scope
from tickets.models import Notice
from tickets.notices.kinds.kind import ByMail
from tickets.notices.preferences import set_wishes, wishes_of
from tickets.notices.unread import read_all, read_one
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


class UpTo(Sent):
    up_to: Number = Field(description="The number of the newest that you have seen.")


class HowManyRead(Schema):
    read: int = Field(description="How many of them were unread.")


class ByMailOfKinds(Sent):
    by_mail: dict[str, Annotated[ByMail, Field(strict=False)]] = Field(
        max_length=100, description="Of each kind: AT_ONCE, DIGEST or NEVER."
    )


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


@operation(
    router, "POST", "/notices/{notice_id}/read", scope=Scope.NOTICES_WRITE, answer=None, status=204
)
def read_notice(request: HttpRequest, notice_id: Number) -> None:
    """Mark a notice as read. Twice is once."""
    person = holder_in(request).user
    if not Notice.objects.of(person).filter(pk=notice_id).exists():
        raise Http404
    read_one(person=person, notice_id=notice_id, now=timezone.now())


@operation(router, "POST", "/notices/read", scope=Scope.NOTICES_WRITE, answer=HowManyRead)
def read_notices(request: HttpRequest, seen: UpTo) -> HowManyRead:
    """Mark all notices as read but those that came later."""
    person = holder_in(request).user
    return HowManyRead(read=read_all(person=person, up_to=seen.up_to, now=timezone.now()))


@operation(router, "GET", "/notices/by-mail", scope=Scope.NOTICES_READ, answer=ByMailOfKinds)
def get_mail_wishes(request: HttpRequest) -> ByMailOfKinds:
    """Read of which kinds of notices you are told by mail, too."""
    return _wishes(holder_in(request).user)


@operation(router, "PUT", "/notices/by-mail", scope=Scope.NOTICES_WRITE, answer=ByMailOfKinds)
def set_mail_wishes(request: HttpRequest, wanted: ByMailOfKinds) -> ByMailOfKinds:
    """Say of which kinds you are told by mail. Kinds that are not named stay as they are."""
    person = holder_in(request).user
    own = {str(kind): kind for kind in wishes_of(person)}
    if not wanted.by_mail.keys() <= own.keys():
        raise Http404
    set_wishes(person=person, wishes={own[name]: wish for name, wish in wanted.by_mail.items()})
    return _wishes(person)


def _wishes(person: User) -> ByMailOfKinds:
    return ByMailOfKinds(by_mail={str(kind): wish for kind, wish in wishes_of(person).items()})
