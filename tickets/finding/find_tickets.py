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
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _
from psycopg.errors import QueryCanceled

from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tenants.models import User
from tickets.finding.entries import mark_of
from tickets.finding.query import Query, Term
from tickets.models import FoundBy, Ticket
from workflows.models import TaskInstance

# Entries of a word that are read at once; where there are more, it is a word of many tickets.
MOST_ENTRIES: Final = 2_000
# Tickets that are listed where each word is in many.
MOST_LISTED: Final = 1_000
MOST_PEOPLE: Final = 50
# How long one statement of a search may take, and how long it looks for parts of words.
MILLISECONDS: Final = 4_000
MILLISECONDS_OF_PARTS: Final = 1_000


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

    `is_cut`: there are more, older ones. `people` are those whose name or address it has: {term:
    their ids}.
    """

    numbers: tuple[int, ...] = ()
    is_cut: bool = False
    people: dict[Term, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Hits:
    """The tickets in which a term was found; None: too many to read."""

    numbers: frozenset[int] | None


def find_tickets(query: Query, *, tickets: QuerySet[Any], scope: Scope) -> Found:
    """Those of these tickets that a query finds.

    Raises:
        SearchTooWideError: the database takes too long.
    """
    if not query:
        return Found()
    try:
        with transaction.atomic():
            return _find(query, tickets, scope, finds_parts=_limit(MILLISECONDS))
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooWideError from error
        raise


def _limit(milliseconds: int) -> bool:
    """Let statements of this transaction take so long. Returns whether there is the index that
    finds parts of words: see 0017_search."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true),"
            " to_regclass('search_entry_parts') IS NOT NULL",
            [str(milliseconds)],
        )
        return bool(cursor.fetchone()[1])


def _find(query: Query, tickets: QuerySet[Any], scope: Scope, *, finds_parts: bool) -> Found:
    people = _people({*query.terms, *query.excluded})
    hits = _hits(query.terms, people, scope, finds_parts=finds_parts)
    candidates: frozenset[int] | None = None
    unread: list[tuple[Term, ...]] = []
    for group in query.groups:
        numbers = [hits[term].numbers for term in group]
        known = [each for each in numbers if each is not None]
        if len(known) < len(numbers):
            unread.append(group)
            continue
        together = frozenset().union(*known)
        candidates = together if candidates is None else candidates & together
    rows = tickets
    if candidates is not None:
        rows = rows.filter(pk__in=candidates)
    for group in unread:
        rows = rows.filter(_any_of(group, people, scope))
    if query.excluded:
        rows = rows.exclude(_any_of(query.excluded, people, scope))
    if candidates is not None and not candidates:
        return Found(people=people)
    found = rows.order_by("-pk").values_list("pk", flat=True)
    if candidates is not None:
        return Found(tuple(found), people=people)
    listed = list(found[: MOST_LISTED + 1])
    return Found(tuple(listed[:MOST_LISTED]), len(listed) > MOST_LISTED, people)


# People


_PEOPLE: Final = """
SELECT asked.nth, u.id FROM unnest(%s::text[]) WITH ORDINALITY AS asked (pattern, nth)
CROSS JOIN LATERAL (
    SELECT id FROM public.tenants_user
     WHERE company_id = (SELECT id FROM public.tenants_company WHERE schema_name = %s)
       AND ' ' || regexp_replace(lower(normalize(
               first_name || ' ' || last_name || ' ' || email, NFKD)), '[\u0300-\u036f]', '', 'g')
           LIKE asked.pattern
     ORDER BY id LIMIT %s) AS u
"""


def _people(terms: Iterable[Term]) -> dict[Term, list[int]]:
    """Of this company, by the beginning of a name or of an address; by a part of it, if longer."""
    asked = [each for each in terms if any(letter.isalpha() for letter in each.plain)]
    if not asked:
        return {}
    patterns = [like(each.plain, start="%" if each.may_be_part else "% ") for each in asked]
    found: dict[Term, list[int]] = {}
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
    terms: Sequence[Term], people: dict[Term, list[int]], scope: Scope, *, finds_parts: bool
) -> dict[Term, _Hits]:
    unread = list(dict.fromkeys(terms))
    if not unread:
        return {}
    words = [f"({_of_words(each)})" for each in unread]
    values: list[Any] = []
    for term in unread:
        values += [*_values_of_words(term, scope), MOST_ENTRIES + 1]
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
        if term.may_be_part and finds_parts:
            with_parts.append(term)
    for term, numbers in zip(with_parts, _parts(with_parts, scope), strict=True):
        sets[term].update(numbers)
    for term, numbers in _of_people({each: people[each] for each in sets if each in people}):
        if len(numbers) > MOST_ENTRIES:
            found[term] = _Hits(None)
        sets[term].update(numbers)
    for term, each in sets.items():
        found.setdefault(term, _Hits(frozenset(each)))
    return found


def _arrays(queries: Sequence[str], values: Sequence[Any]) -> list[list[int]]:
    """The numbers that each of these finds, in one statement."""
    columns = ", ".join(f"ARRAY{each}" for each in queries)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", values)
        return [list(each) for each in cursor.fetchone()]


def _of_words(term: Term) -> str:
    phrase = " AND plain LIKE %s AND found_by = ANY(%s)" if term.is_phrase else ""
    return (
        "SELECT ticket_id FROM tickets_searchentry"  # noqa: S608  # nosec B608
        f" WHERE words @@ %s::tsquery{phrase} LIMIT %s"
    )


def _values_of_words(term: Term, scope: Scope) -> list[Any]:
    found: list[Any] = [as_tsquery(term, scope.marks)]
    return [*found, like(term.plain), scope.found_by] if term.is_phrase else found


def _parts(terms: Sequence[Term], scope: Scope) -> list[list[int]]:
    """Where they are parts of words; none where it takes too long."""
    nothing: list[list[int]] = [[] for _term in terms]
    if not terms:
        return nothing
    query = (
        "(SELECT ticket_id FROM tickets_searchentry"
        " WHERE plain LIKE %s AND found_by = ANY(%s) LIMIT %s)"
    )
    values: list[Any] = []
    for term in terms:
        values += [like(term.plain), scope.found_by, MOST_ENTRIES]
    try:
        with transaction.atomic():
            _limit(MILLISECONDS_OF_PARTS)
            found = _arrays([query] * len(terms), values)
            _limit(MILLISECONDS)
            return found
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return nothing
        raise


_OF_PEOPLE: Final = (
    "(SELECT id FROM tickets_ticket WHERE created_by_id = ANY(%s) LIMIT %s)",
    "(SELECT t.id FROM workflows_taskinstance k JOIN tickets_ticket t"
    " ON t.workflow_instance_id = k.workflow_instance_id"
    " WHERE k.assigned_to_id = ANY(%s) LIMIT %s)",
)


def _of_people(people: dict[Term, list[int]]) -> Iterable[tuple[Term, list[int]]]:
    """The tickets of these requesters and workers."""
    if not people:
        return []
    queries: list[str] = []
    values: list[Any] = []
    for numbers in people.values():
        queries += _OF_PEOPLE
        values += [numbers, MOST_ENTRIES + 1, numbers, MOST_ENTRIES + 1]
    arrays = _arrays(queries, values)
    return [(term, [*arrays[2 * nth], *arrays[2 * nth + 1]]) for nth, term in enumerate(people)]


# Each ticket by itself


def _any_of(terms: Iterable[Term], people: dict[Term, list[int]], scope: Scope) -> Q:
    """Whether one of the terms is in a ticket, asked of one after the other."""
    either, values = [], []
    for term in terms:
        phrase = " AND e.plain LIKE %s AND e.found_by = ANY(%s)" if term.is_phrase else ""
        # As a value, not as EXISTS: that would be turned into a join that reads all entries.
        either.append(
            "coalesce((SELECT true FROM tickets_searchentry e"  # noqa: S608  # nosec B608
            " WHERE e.ticket_id = tickets_ticket.id"
            f" AND e.words @@ %s::tsquery{phrase} LIMIT 1), false)"
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


def tickets_with_task_of(user: User) -> QuerySet[Ticket]:
    """Those of whose tasks this person has or had one in the end: they see them as the team."""
    own = TaskInstance.objects.assigned_to(user)
    return Ticket.objects.filter(workflow_instance__in=own.values("workflow_instance"))
