"""Canned replies: texts that teams write often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.api.versions import as_it_was_read, etag_of
from tenants.models import User
from tenants.names import LONGEST_NAME
from tenants.tokens.scopes import Scope
from tickets.canned_replies.save_reply import delete_canned_reply, roles_kept_by, save_canned_reply
from tickets.models import CannedReply
from tickets.models.canned_reply import LONGEST_REPLY

router = Router(tags=["Messages and files"])
MAY_READ: Final = ("tickets.view_cannedreply",)
MAY_ADD: Final = ("tickets.add_cannedreply",)
MAY_CHANGE: Final = ("tickets.change_cannedreply",)
MAY_DELETE: Final = ("tickets.delete_cannedreply",)


class Reply(Schema):
    """`text` is Markdown with placeholders, which its page lists."""

    id: int
    name: str
    text: str
    company_roles: list[int] = Field(description="For whom it is; none: for everybody.")

    @classmethod
    def of(cls, reply: CannedReply) -> Reply:
        return cls(
            id=reply.pk,
            name=reply.name,
            text=reply.text,
            company_roles=sorted(each.pk for each in reply.roles.all()),
        )


class Replies(Schema):
    items: list[Reply]
    next: str | None


class ReplyText(Sent):
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    text: str = Field(min_length=1, max_length=LONGEST_REPLY)
    company_roles: list[Number] = Field(default=[], max_length=1_000)


@operation(
    router, "GET", "/canned-replies", scope=Scope.TICKETS_READ, answer=Replies,
    permissions=MAY_READ,
)  # fmt: skip
def list_canned_replies(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> Replies:
    """List the canned replies of your teams."""
    rows = _seen_by(holder_in(request).user)
    items, more = listed(rows, after=after, limit=limit, show=Reply.of, newest_first=False)
    return Replies(items=items, next=more)


@operation(
    router, "GET", "/canned-replies/{reply_id}", scope=Scope.TICKETS_READ, answer=Reply,
    permissions=MAY_READ,
)  # fmt: skip
def get_canned_reply(request: HttpRequest, response: HttpResponse, reply_id: Number) -> Reply:
    """Read a canned reply."""
    found = Reply.of(_reply(holder_in(request).user, reply_id))
    response["ETag"] = etag_of(found.model_dump_json())
    return found


@operation(
    router, "POST", "/canned-replies", scope=Scope.TICKETS_WRITE, answer=Reply, status=201,
    permissions=MAY_ADD, once=True,
)  # fmt: skip
def add_canned_reply(request: HttpRequest, wanted: ReplyText) -> Reply:
    """Add a canned reply: a ticket admin for anybody, a worker for company roles of their own."""
    return _saved(CannedReply(), wanted, by=holder_in(request).user)


@operation(
    router, "PUT", "/canned-replies/{reply_id}", scope=Scope.TICKETS_WRITE, answer=Reply,
    permissions=MAY_CHANGE, versioned=True,
)  # fmt: skip
def change_canned_reply(request: HttpRequest, reply_id: Number, wanted: ReplyText) -> Reply:
    """Change a canned reply."""
    person = holder_in(request).user
    reply = _reply(person, reply_id)
    return _saved(reply, wanted, by=person, first=_as_read(request, reply_id))


@operation(
    router, "DELETE", "/canned-replies/{reply_id}", scope=Scope.TICKETS_WRITE, answer=None,
    status=204, permissions=MAY_DELETE, versioned=True,
)  # fmt: skip
def remove_canned_reply(request: HttpRequest, reply_id: Number) -> None:
    """Delete a canned reply. Messages that it was put into stay as they are."""
    person = holder_in(request).user
    reply = _reply(person, reply_id)
    delete_canned_reply(reply=reply, user=person, first=_as_read(request, reply_id))


def _saved(
    reply: CannedReply,
    wanted: ReplyText,
    *,
    by: User,
    first: Callable[[], None] | None = None,
) -> Reply:
    """Raises Http404: a company role is not there, or its replies are not theirs to keep."""
    kept = {each.pk: each for each in roles_kept_by(by)}
    if not kept.keys() >= set(wanted.company_roles):
        raise Http404
    roles = [kept[number] for number in dict.fromkeys(wanted.company_roles)]
    saved = save_canned_reply(
        reply=reply, name=wanted.name, text=wanted.text, roles=roles, user=by, first=first
    )
    return Reply.of(_seen_by(by).get(pk=saved.pk))


def _as_read(request: HttpRequest, number: int) -> Callable[[], None]:
    person = holder_in(request).user
    return as_it_was_read(request, lambda: Reply.of(_reply(person, number)).model_dump_json())


def _seen_by(person: User) -> Any:
    return CannedReply.objects.seen_by(person).prefetch_related("roles")


def _reply(person: User, number: int) -> CannedReply:
    """Raises Http404: there is none that this person sees."""
    found: CannedReply | None = _seen_by(person).filter(pk=number).first()
    if found is None:
        raise Http404
    return found
