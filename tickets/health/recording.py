"""What the doctor puts right stands in the audit log of the company."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tickets.health.finding import Finding

REPAIRED = declare("tickets.doctor_repaired", _("The doctor put something right"))


def record_repair(finding: Finding, done: str) -> None:
    """Where the connection works: in the company, or for what belongs to none in `public`."""
    record(REPAIRED, ticket=finding.ticket_id, found=finding.message, done=done)
