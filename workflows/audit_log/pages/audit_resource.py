"""The audit log as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenants.audit.kinds import title_of
from tenants.audit.models import AuditEvent
from workflows.audit_log.pages.words import ACTOR_TITLES, summary_lines
from workflows.flat import FlatResource, FlatRow
from workflows.flat.resource import column


@dataclass
class AuditRow(FlatRow):
    at: datetime | None = None
    kind: str = ""
    what: str = ""
    acted_as: str = ""
    who: str = ""
    who_number: int | None = None
    sender: str = ""
    about_type: str = ""
    about_number: str = ""
    about: str = ""
    details: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class AuditResource(FlatResource[AuditRow]):
    """Events with all that is kept of them: the details in words, and as they are kept."""

    pk = column("pk", "Number")
    at = column("at", "When")
    kind = column("kind", "Kind")
    what = column("what", "What")
    acted_as = column("acted_as", "Acted as")
    who = column("who", "Who")
    who_number = column("who_number", "Number of who acted")
    sender = column("sender", "Address")
    about_type = column("about_type", "Kind of what it is about")
    about_number = column("about_number", "Number of what it is about")
    about = column("about", "About")
    details = column("details", "Details")
    data = column("data", "Data")

    def row_of(self, thing: AuditEvent) -> AuditRow:
        return AuditRow(
            pk=thing.pk,
            at=thing.at,
            kind=thing.kind,
            what=title_of(thing.kind),
            acted_as=str(ACTOR_TITLES.get(thing.actor_kind, thing.actor_kind)),
            who=thing.who,
            who_number=thing.actor_id,
            sender=thing.sender,
            about_type=thing.subject_type,
            about_number=thing.subject_id,
            about=thing.subject_name,
            details="\n".join(summary_lines(thing)),
            data=thing.data,
        )
