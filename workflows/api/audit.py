"""The audit log, as its page lists it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.moments import Moment
from tenants.api.operations import operation
from tenants.audit.kinds import LONGEST_NAME, title_of
from tenants.audit.models import AuditEvent
from tenants.tokens.scopes import Scope

router = Router(tags=["Audit log"])
MAY_READ: Final = ("audit.view_auditevent",)


class AuditLine(Schema):
    id: int
    at: datetime
    kind: str = Field(description="Such as people.changed; it never changes.")
    title: str
    actor_kind: str
    actor: int | None
    actor_name: str
    sender: str
    subject_type: str
    subject: str
    subject_name: str
    data: dict[str, Any]

    @classmethod
    def of(cls, event: AuditEvent) -> AuditLine:
        return cls(
            id=event.pk,
            at=event.at,
            kind=event.kind,
            title=title_of(event.kind),
            actor_kind=event.actor_kind,
            actor=event.actor_id,
            actor_name=event.actor_name,
            sender=event.sender,
            subject_type=event.subject_type,
            subject=event.subject_id,
            subject_name=event.subject_name,
            data=event.data if isinstance(event.data, dict) else {},
        )


class AuditLines(Schema):
    items: list[AuditLine]
    next: str | None


@operation(router, "GET", "/audit", scope=Scope.AUDIT_READ, answer=AuditLines, permissions=MAY_READ)
def list_audit_events(
    request: HttpRequest,
    kind: Annotated[str, Field(max_length=LONGEST_NAME)] = "",
    since: Moment | None = None,
    limit: Limit = 50,
    after: Cursor = "",
) -> AuditLines:
    """List the audit log, the newest first."""
    events = AuditEvent.objects.all()
    if kind:
        events = events.filter(kind=kind)
    if since is not None:
        events = events.filter(at__gte=since)
    items, more = listed(events, after=after, limit=limit, show=AuditLine.of)
    return AuditLines(items=items, next=more)
