"""Log-ins that failed, in the audit log: of known accounts, of companies, and of nobody known.

What was typed is never kept. So many of an hour are, and no more: who guesses from many addresses
does not fill the log.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from tenants.audit.acting import visitor
from tenants.audit.kinds import declare
from tenants.audit.record import record, record_in_installation, record_of_person
from tenants.errors import RateLimitedError
from tenants.limits.table import FAILURES_RECORDED
from tenants.models import Company, IdentityProvider, User
from tenants.refusals import refusals

LOG_IN_FAILED = declare("account.log_in_failed", _("A log-in failed"))


class LogInBy(StrEnum):
    """What somebody logs in by. The values stand in the audit log, as `through`."""

    PASSWORD = "password"  # noqa: S105  # nosec B105
    PASSKEY = "passkey"
    PROVIDER = "identity provider"


def record_failed_log_in(person: User | None, *, by: LogInBy, sender: str) -> None:
    """Into the log of whose account it is; of an account that is not, without its name.

    Of both by as many statements: it takes as long.
    """
    actor = visitor(sender=sender)
    with refusals(RateLimitedError):
        _count(None if person is None else person.company)
        if person is None:
            record_in_installation(LOG_IN_FAILED, by=actor, through=by)
        else:
            record_of_person(LOG_IN_FAILED, about=person, by=actor, through=by)


def record_refused_by_provider(provider: IdentityProvider, *, sender: str) -> None:
    """Into the company's log: its provider let in nobody of whom we know."""
    with refusals(RateLimitedError):
        _count(provider.company)
        record(
            LOG_IN_FAILED,
            company=provider.company,
            by=visitor(sender=sender),
            through=LogInBy.PROVIDER,
        )


def _count(company: Company | None) -> None:
    FAILURES_RECORDED.count("" if company is None else company.schema_name)
