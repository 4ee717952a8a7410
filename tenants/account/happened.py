"""What happened with a person's own account, of what the audit log has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenants.audit.kinds import Group, kinds_of, title_of
from tenants.audit.models import AuditEvent
from tenants.connection import PUBLIC, company_of
from tenants.models import User

MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, as the person is shown it; `by` is empty where it was they, or nobody known."""

    at: datetime
    what: str
    by: str
    sender: str


def happened_to(person: User) -> list[Happened]:
    """The newest events about the person's log-in and password."""
    with company_of(PUBLIC if person.company is None else person.company.schema_name):
        events = list(
            AuditEvent.objects.filter(
                subject_type=User._meta.label_lower,
                subject_id=str(person.pk),
                kind__in=kinds_of(Group.ACCOUNT),
            ).order_by("-at", "-pk")[:MOST_SHOWN]
        )
    return [
        Happened(
            at=each.at,
            what=title_of(each.kind),
            by="" if each.actor_id == person.pk else each.who,
            sender=each.sender,
        )
        for each in events
    ]
