"""Which tickets a search finds, by the entries that whoever searches may read.

A word is looked for in everything of a ticket: in its entries, in the names and addresses of its
people, and as its number. Where a word is in few entries, all of them are read, and what is common
to all words is found. Where each word is in many, the tickets are gone through from the newest on,
until there are enough: so a search costs what it shows, and not what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _
from psycopg.errors import QueryCanceled

from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tickets.finding.entries import mark_of
from tickets.finding.index_parts import has_index_of_parts
from tickets.finding.plain_text import plain_in_sql
from tickets.finding.query import Query, Term
from tickets.models import FoundBy

# Entries of a word that are read at once; where there are more, it is a word of many tickets.
MOST_ENTRIES: Final = 2_000
# Tickets that are listed where each word is in many.
MOST_LISTED: Final = 1_000
MOST_PEOPLE: Final = 50
# How long a search may take in the database, and how long of that it looks for parts of words.
MILLISECONDS: Final = 4_000
MILLISECONDS_OF_PARTS: Final = 1_000
# Not each statement is told anew how long it may take: what is left may differ by so much.
_LEEWAY: Final = 100


class Scope(Enum):
    """As what somebody searches. The entries that each reads are others."""

    REQUESTER = (FoundBy.REQUESTER,)
    TEAM = (FoundBy.REQUESTER, FoundBy.TEAM)

    @property
    def found_by(self) -> list[str]:
        return [each.value for each in self.value]

    @property
    def marks(self) -> list[str]:
        return [mark_of(each) for each in self.value]


class SearchTooWideError(TicketFlowerError):
    message = _("This search takes too long. Add a word that fewer tickets have, or a filter.")


@dataclass(frozen=True, slots=True)
class Found:
    """The tickets that a search finds, of those it was given. `numbers` are in no order.

    `is_cut`: there are more: older ones, or (`lacks_parts`) some in which it is but a part of a
    word. `people` are those whose name or address it has: {term:
    their ids}.
    """

    numbers: tuple[int, ...] = ()
    is_cut: bool = False
    people: dict[Term, list[int]] = field(default_factory=dict)
    lacks_parts: bool = False


@dataclass(frozen=True, slots=True)
class _Hits:
    """The tickets in which a term was found; None: too many to read.

    `lacks_parts`: there are more of which it is a part of a word.
    """

    numbers: frozenset[int] | None
    lacks_parts: bool = False


class _Deadline:
    """Until when the statements of one search may go on, all together."""

    def __init__(self) -> None:
        self._until = monotonic() + MILLISECONDS / 1_000
        self._allowed = 0.0

    def begin_statement(self, *, most: float = MILLISECONDS) -> None:
        """Tell Postgres what is left.

        Raises:
            SearchTooWideError: nothing is.
        """
        left = (self._until - monotonic()) * 1_000
        if left < 1:
            raise SearchTooWideError
        allowed = min(left, most)
        if allowed <= self._allowed <= allowed + _LEEWAY:
            return
        self._allowed = allowed
        with connection.cursor() as cursor:
            milliseconds = str(int(allowed))
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [milliseconds])

    def was_undone(self) -> None:
        """A savepoint was rolled back, and what it told Postgres with it."""
        self._allowed = 0.0


@dataclass(frozen=True, slots=True)
class _Search:
    """What all parts of one search need."""

    tickets: QuerySet[Any]
    scope: Scope
    deadline: _Deadline

    def tickets_of_requester(self) -> tuple[str, tuple[Any, ...]] | None:
        """Their numbers as a statement with its values; None where the team searches."""
        if self.scope is not Scope.REQUESTER:
            return None
        numbers = self.tickets.order_by().values("pk")
        found: tuple[str, tuple[Any, ...]] = numbers.query.sql_with_params()
        return found


def find_tickets(query: Query, *, tickets: QuerySet[Any], scope: Scope) -> Found:
    """Those of these tickets that a query finds.

    Raises:
        SearchTooWideError: the database takes too long.
    """
    if not query:
        return Found()
    try:
        with transaction.atomic():
            return _find(query, _Search(tickets, scope, _Deadline()))
    except EmptyResultSet:
        return Found()
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooWideError from error
        raise


def _find(query: Query, search: _Search) -> Found:
    scope = search.scope
    people = _people({*query.terms, *query.excluded}, search)
    hits = _hits(query.terms, people, search)
    candidates: frozenset[int] | None = None
    unread: list[tuple[Term, ...]] = []
    lacks_parts = False
    for group in query.groups:
        numbers = [hits[term].numbers for term in group]
        known = [each for each in numbers if each is not None]
        if len(known) < len(numbers):
            unread.append(group)
            continue
        lacks_parts = lacks_parts or any(hits[term].lacks_parts for term in group)
        together = frozenset().union(*known)
        candidates = together if candidates is None else candidates & together
    rows = search.tickets
    if candidates is not None:
        rows = rows.filter(pk__in=candidates)
    for group in unread:
        rows = rows.filter(_any_of(group, people, scope))
    if query.excluded:
        rows = rows.exclude(_any_of(query.excluded, people, scope))
    if candidates is not None and not candidates:
        return Found((), lacks_parts, people, lacks_parts)
    found = rows.order_by("-pk").values_list("pk", flat=True)
    search.deadline.begin_statement()
    if candidates is not None:
        return Found(tuple(found), lacks_parts, people, lacks_parts)
    listed = list(found[: MOST_LISTED + 1])
    return Found(tuple(listed[:MOST_LISTED]), len(listed) > MOST_LISTED, people)


# People


_PEOPLE: Final = f"""
SELECT asked.nth, u.id FROM unnest(%s::text[]) WITH ORDINALITY AS asked (pattern, nth)
CROSS JOIN LATERAL (
    SELECT id FROM public.tenants_user
     WHERE company_id = (SELECT id FROM public.tenants_company WHERE schema_name = %s)
       AND {plain_in_sql("(' ' || first_name || ' ' || last_name || ' ' || email)")}
           LIKE asked.pattern
     ORDER BY id LIMIT %s) AS u
"""  # noqa: S608  # nosec B608


def _people(terms: Iterable[Term], search: _Search) -> dict[Term, list[int]]:
    """Of this company, by the beginning of a name or of an address; by a part of it, if longer."""
    asked = [each for each in terms if any(letter.isalpha() for letter in each.plain)]
    if not asked:
        return {}
    patterns = [like(each.plain, start="%" if each.may_be_part else "% ") for each in asked]
    found: dict[Term, list[int]] = {}
    search.deadline.begin_statement()
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [patterns, current_schema(), MOST_PEOPLE])
        for nth, number in cursor.fetchall():
            found.setdefault(asked[nth - 1], []).append(number)
    return found


def like(text: str, *, start: str = "%") -> str:
    """A pattern for LIKE: this text, whatever comes after it."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{start}{escaped}%"


# Entries


def as_tsquery(term: Term, marks: Iterable[str]) -> str:
    """What Postgres looks for in `words`."""
    return " | ".join(
        "(" + " & ".join(_lexemes(mark, words, is_phrase=term.is_phrase)) + ")"
        for mark in marks
        for words in term.alternatives()
    )


def _lexemes(mark: str, words: Sequence[str], *, is_phrase: bool) -> Iterable[str]:
    for nth, word in enumerate(words):
        escaped = f"{mark}{word}".replace("\\", "\\\\").replace("'", "''")
        may_begin = not is_phrase and nth == len(words) - 1
        yield f"'{escaped}':*" if may_begin else f"'{escaped}'"


def _hits(
    terms: Sequence[Term], people: dict[Term, list[int]], search: _Search
) -> dict[Term, _Hits]:
    unread = list(dict.fromkeys(terms))
    if not unread:
        return {}
    scope = search.scope
    words = [f"({_of_words(each, scope)})" for each in unread]
    values: list[Any] = []
    for term in unread:
        values += [*_values_of_words(term, scope), MOST_ENTRIES + 1]
    search.deadline.begin_statement()
    of_words = _arrays(words, values)
    found: dict[Term, _Hits] = {}
    with_parts: list[Term] = []
    sets: dict[Term, set[int]] = {}
    for term, numbers in zip(unread, of_words, strict=True):
        if len(numbers) > MOST_ENTRIES:
            found[term] = _Hits(None)
            continue
        sets[term] = set(numbers)
        if term.number is not None:
            sets[term].add(term.number)
        if term.may_be_part:
            with_parts.append(term)
    cut: set[Term] = set()
    for term, parts in zip(with_parts, _parts(with_parts, search), strict=True):
        if parts is None or len(parts) > MOST_ENTRIES:
            cut.add(term)
        sets[term].update(parts or ())
    having = {each: people[each] for each in sets if each in people}
    for term, numbers in _of_people(having, search):
        if len(numbers) > MOST_ENTRIES:
            found[term] = _Hits(None)
        sets[term].update(numbers)
    for term, each in sets.items():
        found.setdefault(term, _Hits(frozenset(each), lacks_parts=term in cut))
    return found


def _arrays(queries: Sequence[str], values: Sequence[Any]) -> list[list[int]]:
    """The numbers that each of these finds, in one statement."""
    columns = ", ".join(f"ARRAY{each}" for each in queries)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", values)
        return [list(each) for each in cursor.fetchone()]


def _of_words(term: Term, scope: Scope) -> str:
    phrase = f" AND {_plain('plain', scope)} LIKE %s AND found_by = ANY(%s)"
    return (
        "SELECT ticket_id FROM tickets_searchentry"  # noqa: S608  # nosec B608
        f" WHERE words @@ %s::tsquery{phrase if term.is_phrase else ''} LIMIT %s"
    )


def _plain(column: str, scope: Scope) -> str:
    """For a requester in a way that no index is of use for: that of parts of words has the internal
    notes of all tickets in it, and how long it takes would tell of them."""
    return f"({column} || '')" if scope is Scope.REQUESTER else column


def _values_of_words(term: Term, scope: Scope) -> list[Any]:
    found: list[Any] = [as_tsquery(term, scope.marks)]
    return [*found, like(term.plain), scope.found_by] if term.is_phrase else found


def _parts(terms: Sequence[Term], search: _Search) -> list[list[int] | None]:
    """Where they are parts of words, one more than is read at most; None: it takes too long.

    A requester's are looked for in the entries of their own tickets that they may read, one by one.
    Everything else by an index, in the entries of all tickets; without that not at all.
    """
    if not terms or not has_index_of_parts():
        return [[] for _term in terms]
    own = search.tickets_of_requester()
    of_tickets, numbers = ("", ()) if own is None else (f"ticket_id IN ({own[0]}) AND ", own[1])
    query = (
        f"(SELECT ticket_id FROM tickets_searchentry WHERE {of_tickets}found_by = ANY(%s)"  # noqa: S608  # nosec B608
        f" AND {_plain('plain', search.scope)} LIKE %s LIMIT %s)"
    )
    values: list[Any] = []
    for term in terms:
        values += [*numbers, search.scope.found_by, like(term.plain), MOST_ENTRIES + 1]
    try:
        with transaction.atomic():
            search.deadline.begin_statement(most=MILLISECONDS_OF_PARTS)
            return list(_arrays([query] * len(terms), values))
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            search.deadline.was_undone()
            return [None for _term in terms]
        raise


_OF_PEOPLE: Final = (
    "(SELECT id FROM tickets_ticket WHERE created_by_id = ANY(%s) LIMIT %s)",
    "(SELECT t.id FROM workflows_taskinstance k JOIN tickets_ticket t"
    " ON t.workflow_instance_id = k.workflow_instance_id"
    " WHERE k.assigned_to_id = ANY(%s) LIMIT %s)",
)


def _of_people(people: dict[Term, list[int]], search: _Search) -> Iterable[tuple[Term, list[int]]]:
    """The tickets of these requesters and workers."""
    if not people:
        return []
    queries: list[str] = []
    values: list[Any] = []
    for numbers in people.values():
        queries += _OF_PEOPLE
        values += [numbers, MOST_ENTRIES + 1, numbers, MOST_ENTRIES + 1]
    search.deadline.begin_statement()
    arrays = _arrays(queries, values)
    return [(term, [*arrays[2 * nth], *arrays[2 * nth + 1]]) for nth, term in enumerate(people)]


# Each ticket by itself


def _any_of(terms: Iterable[Term], people: dict[Term, list[int]], scope: Scope) -> Q:
    """Whether one of the terms is in a ticket, asked of one after the other."""
    either, values = [], []
    for term in terms:
        phrase = f" AND {_plain('e.plain', scope)} LIKE %s AND e.found_by = ANY(%s)"
        # As a value, not as EXISTS: that would be turned into a join that reads all entries.
        either.append(
            "coalesce((SELECT true FROM tickets_searchentry e"  # noqa: S608  # nosec B608
            " WHERE e.ticket_id = tickets_ticket.id"
            f" AND e.words @@ %s::tsquery{phrase if term.is_phrase else ''} LIMIT 1), false)"
        )
        values += _values_of_words(term, scope)
        if term.number is not None:
            either.append("tickets_ticket.id = %s")
            values.append(term.number)
        if numbers := people.get(term):
            either.append("tickets_ticket.created_by_id = ANY(%s)")
            either.append(
                "coalesce((SELECT true FROM workflows_taskinstance k"
                " WHERE k.workflow_instance_id = tickets_ticket.workflow_instance_id"
                " AND k.assigned_to_id = ANY(%s) LIMIT 1), false)"
            )
            values += [numbers, numbers]
    text = f"({' OR '.join(either)})"
    return Q(RawSQL(text, values, output_field=BooleanField()))  # noqa: S611  # nosec B611
