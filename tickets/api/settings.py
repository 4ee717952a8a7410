"""Reports, people outside, and what ticket numbers begin with."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.moments import Day
from tenants.api.operations import holder_in, operation
from tenants.api.sent import Sent
from tenants.models import Company
from tenants.models.company import LONGEST_PREFIX
from tenants.tokens.scopes import Scope
from tickets.errors import TicketsError
from tickets.numbering.set_prefix import set_prefix
from tickets.reporting.few import as_seen_by
from tickets.reporting.figures import Figures, TicketTypes
from tickets.reporting.period import LONGEST_DAYS, Period
from tickets.reporting.report import make_report
from workflows.models import Contact

router = Router(tags=["Settings and reports"])
MOST_ROWS: Final = 1_000
_PREFIX: Final = "^([A-Z][A-Z0-9]+)?$"


class PeriodError(TicketsError):
    message = _("The last day must not be before the first, nor more than ten years after it.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class ContactRow(Schema):
    """Somebody outside the company."""

    id: int
    email: str
    name: str
    created_at: datetime

    @classmethod
    def of(cls, contact: Contact) -> ContactRow:
        return cls(
            id=contact.pk, email=contact.email, name=contact.name, created_at=contact.created_at
        )


class Contacts(Schema):
    items: list[ContactRow]
    next: str | None


class Prefix(Sent):
    prefix: str = Field(
        max_length=LONGEST_PREFIX,
        pattern=_PREFIX,
        description="ACME makes ACME-12 of #12; empty: none.",
    )


class ReportSection(Schema):
    """A part of the report: what its page shows as a table."""

    key: str
    title: str
    headings: list[str]
    rows: list[list[str | int | float | None]]


class Report(Schema):
    first: date
    last: date
    items: list[ReportSection]


@operation(
    router, "GET", "/contacts", scope=Scope.PEOPLE_READ, answer=Contacts,
    permissions=("workflows.view_contact",),
)  # fmt: skip
def list_contacts(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> Contacts:
    """List the people outside who were sent forms or have begun tickets, the newest first."""
    items, more = listed(Contact.objects.all(), after=after, limit=limit, show=ContactRow.of)
    return Contacts(items=items, next=more)


@operation(
    router, "GET", "/report", scope=Scope.REPORTS_READ, answer=Report,
    permissions=("tickets.view_report",), is_dear=True,
)  # fmt: skip
def get_report(
    request: HttpRequest,
    first: Day,
    last: Day,
    ticket_type: Annotated[str, Field(max_length=63)] = "",
) -> Report:
    """Read the numbers of the report for the days from `first` to `last`.

    Who may not see tickets reads of few of them what the page shows: nothing of single ones.
    """
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise PeriodError
    person = holder_in(request).user
    figures = Figures(Period(first, last), TicketTypes(), now=timezone.now(), type_key=ticket_type)
    sections = [as_seen_by(each, person) for each in make_report(figures)]
    return Report(
        first=first,
        last=last,
        items=[
            ReportSection(
                key=each.key,
                title=str(each.title),
                headings=[str(heading) for heading in each.headings],
                rows=[[cell.exported for cell in row] for row in each.rows[:MOST_ROWS]],
            )
            for each in sections
        ],
    )


@operation(
    router, "PUT", "/ticket-numbers", scope=Scope.SETTINGS_WRITE, answer=Prefix,
    permissions=("tenants.change_user",),
)  # fmt: skip
def set_ticket_prefix(request: HttpRequest, wanted: Prefix) -> Prefix:
    """Say what stands before the numbers of tickets."""
    set_prefix(company=Company.objects.current(), prefix=wanted.prefix)
    return Prefix(prefix=Company.objects.current().ticket_prefix)
