"""Where in a ticket a search found something, for those tickets that are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Final

from django.db import connection
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tenants.models import User
from tickets.finding.entries import Place, in_words
from tickets.finding.find_tickets import Found, Scope, as_tsquery, like
from tickets.finding.plain_text import plain_text, plain_with_places, words_of
from tickets.finding.query import FEWEST_LETTERS, Query, Term
from tickets.models import Ticket
from workflows.models import TaskInstance

# Letters before what was found, and in all.
BEFORE: Final = 40
LENGTH: Final = 140
# Entries of a ticket that are looked at, and letters of all tickets of a page together.
MOST_ENTRIES: Final = 5
MOST_LETTERS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Hit:
    """`place` says in words where it was found; `text` is a piece of it, with marks."""

    place: str
    text: SafeString

    @property
    def in_words(self) -> str:
        """As plain text."""
        return f"{self.place}: {unescape(strip_tags(self.text))}"


_ENTRIES: Final = """
SELECT asked.id, entry.text, entry.places::text
  FROM unnest(%s::bigint[]) AS asked (id)
 CROSS JOIN LATERAL (
    SELECT text, places FROM tickets_searchentry
     WHERE ticket_id = asked.id AND found_by = ANY(%s)
       AND (words @@ %s::tsquery OR plain LIKE ANY(%s))
     ORDER BY source = 'ticket' DESC, id LIMIT %s) AS entry
"""


def where_found(
    query: Query, tickets: Sequence[Ticket], *, found: Found, scope: Scope
) -> dict[int, Hit]:
    """By the numbers of the tickets. Two queries at most, however many there are."""
    terms = query.terms
    if not terms or not tickets:
        return {}
    best: dict[int, tuple[int, str, list[str]]] = {}
    left = MOST_LETTERS
    for number, text, places in _entries(terms, [each.pk for each in tickets], scope):
        left -= len(text)
        if left < 0:
            break
        for line, place in zip(text.split("\n"), places, strict=False):
            count = _count(terms, line)
            if count > best.get(number, (0,))[0]:
                best[number] = (count, line, place)
    hits = {}
    for number, (_count_of_it, line, (kind, stored)) in best.items():
        label, text = in_words(kind, stored, line)
        hits[number] = Hit(_named(kind, label), marked(text, terms))
    numbers = {term.number for term in terms} - {None}
    for ticket in tickets:
        if ticket.pk in numbers:
            hits[ticket.pk] = Hit(pgettext("which one", "Number"), marked(ticket.number, terms))
    others = [each for each in tickets if each.pk not in hits]
    return {**_of_people(others, terms, found), **hits}


def _entries(
    terms: Iterable[Term], numbers: list[int], scope: Scope
) -> list[tuple[int, str, list[list[str]]]]:
    words = " | ".join(as_tsquery(each, scope.marks) for each in terms)
    parts = [like(each.plain) for each in terms if each.may_be_part]
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [numbers, scope.found_by, words, parts, MOST_ENTRIES])
        return [(number, text, json.loads(places)) for number, text, places in cursor.fetchall()]


def _named(place: str, label: str) -> str:
    match place:
        case Place.TITLE:
            return _("Title")
        case Place.TYPE:
            return _("Type")
        case Place.ANSWER | Place.VOTE:
            return _("Answer “%(question)s”") % {"question": label}
        case Place.MESSAGE:
            return _("Message")
        case Place.NOTE:
            return _("Internal note")
        case Place.FILE:
            return _("File")
        case Place.REASON:
            return _("Reason of the end")
    return ""


def _count(terms: Sequence[Term], line: str) -> int:
    """How many of the terms are in the line."""
    plain = plain_text(line)
    others = [each for each in terms if each.plain not in plain]
    count = len(terms) - len(others)
    if not others:
        return count
    words = words_of(plain)
    return count + sum(_is_in(each, words) for each in others)


def _is_in(term: Term, words: set[str]) -> bool:
    return any(
        set(each[:-1]) <= words and any(word.startswith(each[-1]) for word in words)
        for each in term.alternatives()
        if each
    )


def _of_people(tickets: Sequence[Ticket], terms: Iterable[Term], found: Found) -> dict[int, Hit]:
    wanted = {number for term in terms for number in found.people.get(term, ())}
    if not wanted or not tickets:
        return {}
    hits = {
        ticket.pk: Hit(_("Submitted by"), marked(_named_person(ticket.created_by), terms))
        for ticket in tickets
        if ticket.created_by_id in wanted
    }
    others = {each.workflow_instance_id: each.pk for each in tickets if each.pk not in hits}
    tasks = TaskInstance.objects.filter(
        workflow_instance__in=[each for each in others if each], assigned_to__in=wanted
    )
    for task in tasks.select_related("assigned_to").order_by("pk") if others else []:
        if task.assigned_to is not None:
            text = marked(_named_person(task.assigned_to), terms)
            hits[others[task.workflow_instance_id]] = Hit(_("Worker"), text)
    return hits


def _named_person(person: User) -> str:
    name = person.get_full_name()
    return f"{name} ({person.email})" if name else person.email


def marked(line: str, terms: Iterable[Term]) -> SafeString:
    """A piece of a line in which the terms are marked, escaped: what people typed is no HTML."""
    spots = _spots(line, terms)
    begin = max(0, spots[0][0] - BEFORE) if spots and len(line) > LENGTH else 0
    end = min(len(line), begin + LENGTH)
    pieces = ["… " if begin else ""]
    at = begin
    for first, last in spots:
        if last > end or first < at:
            continue
        pieces += [line[at:first], format_html("<mark>{}</mark>", line[first:last])]
        at = last
    pieces += [line[at:end], " …" if end < len(line) else ""]
    return format_html_join("", "{}", ((each,) for each in pieces))


def _spots(line: str, terms: Iterable[Term]) -> list[tuple[int, int]]:
    """Where the terms stand in the line: the first letter of each, and the one after its last."""
    plain, places = plain_with_places(line)
    found: set[tuple[int, int]] = set()
    for term in terms:
        for words in [[term.plain], *term.alternatives()]:
            for word in words if len(words) == 1 or not term.is_phrase else ():
                found.update(_spots_of(word, plain, places))
    return sorted(found)


def _spots_of(word: str, plain: str, places: list[int]) -> Iterable[tuple[int, int]]:
    at = plain.find(word)
    while at >= 0 and word:
        is_begin = at == 0 or not plain[at - 1].isalnum()
        if is_begin or len(word) >= FEWEST_LETTERS:
            yield places[at], places[at + len(word) - 1] + 1
        at = plain.find(word, at + len(word))
