"""The search of lists of tickets and tasks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.connection import current_schema
from tenants.errors import TooDearError
from tenants.limits.dear import Dear, count_dear
from tickets.finding.find_tickets import (
    Found,
    Scope,
    SearchTooWideError,
    find_tickets,
)
from tickets.finding.query import LONGEST_QUERY, MOST_WORDS, Query, read_query
from tickets.finding.where_found import Hit, where_found
from tickets.models import Ticket
from tickets.models.ticket import ticket_id_in

NOTHING = SafeString("")


def add_number(
    queryset: QuerySet[Any], found: QuerySet[Any], term: str, field: str
) -> QuerySet[Any]:
    """What a search found, and the row of the ticket whose number was typed (12, #12, ACME-12)."""
    number = ticket_id_in(term)
    return found if number is None else found | queryset.filter(Q(**{field: number}))


class FindsInTickets:
    """A list whose search looks into everything of its tickets that the person may read.

    For an admin class of tickets, or of what belongs to one: `ticket_field` leads to the number of
    the ticket. `where_it_is(row)` is shown in a cell of the list.
    """

    search_scope: Scope
    ticket_field = "pk"

    def searched_tickets(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The tickets to search, for the rows that the filters leave."""
        return queryset

    def ticket_of(self, row: Any) -> Ticket:
        found: Ticket = row
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        query = read_query(search_term)
        if not query:
            # Nothing but punctuation is no word of any ticket; nothing at all is no search.
            return (queryset.none() if search_term.strip() else queryset), False
        tickets = self.searched_tickets(request, queryset)
        try:
            # It may take seconds, whatever it finds.
            count_dear(Dear.WHILE_TYPING, person_id=request.user.pk or 0, schema=current_schema())
            found = find_tickets(query, tickets=tickets, scope=self.search_scope)
        except (SearchTooWideError, TooDearError) as refusal:
            messages.warning(request, str(refusal))
            return queryset.none(), False
        _tell_what_is_left_out(request, query, found)
        request.ticket_search = (query, found)  # type: ignore[attr-defined]
        return queryset.filter(**{f"{self.ticket_field}__in": found.numbers}), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)  # type: ignore[misc]
        searched = getattr(request, "ticket_search", None)
        if searched is not None:
            query, found = searched
            rows = list(changes.result_list)
            tickets = [self.ticket_of(row) for row in rows]
            hits = where_found(query, tickets, found=found, scope=self.search_scope)
            for row, ticket in zip(rows, tickets, strict=True):
                row.search_hit = hits.get(ticket.pk)
            changes.result_list = rows
        return changes


def where_it_is(row: Any) -> SafeString:
    """Where the search found something in a row's ticket; empty where nobody has searched."""
    hit: Hit | None = getattr(row, "search_hit", None)
    if hit is None:
        return NOTHING
    return format_html(
        '<span class="tk-hit"><span class="tk-hit-place">{}</span> {}</span>', hit.place, hit.text
    )


def _tell_what_is_left_out(request: HttpRequest, query: Query, found: Found) -> None:
    if query.is_cut:
        text = _("Only the first %(most)s words, within %(letters)s letters, were looked for.")
        messages.info(request, text % {"most": MOST_WORDS, "letters": LONGEST_QUERY})
    if found.lacks_parts:
        text = _(
            "What you typed is a part of more words than are looked through, so that tickets may be"
            " missing: type the beginning of the word, or more of it."
        )
        messages.info(request, text)
    elif found.is_cut:
        text = _(
            "The search finds many tickets. The newest %(most)s are listed: add a word or a filter"
            " to find older ones."
        )
        messages.info(request, text % {"most": len(found.numbers)})
